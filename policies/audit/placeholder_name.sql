-- A name from an example or an experiment: nobody knows what the policy is for.
select
  'placeholder_name' as lint,
  'warning' as severity,
  t.name as object,
  format('a policy is named %s', p.polname) as detail,
  tenancy.policy_remedy(t.name, p.polname::text) || ' /* or name it after whom it lets in */' as remedy
from pg_policy p
join tenancy.our_tables t on t.oid = p.polrelid
where p.polname::text ~* '^((my|new|test|temp|tmp|example|untitled|enable|allow)[ _]?)*(policy|test|temp|tmp|foo|bar|access|all)[ _]?[0-9]*$'
