-- Policies that look like protection and are not applied.
select
  'policy_but_rls_off' as lint,
  'error' as severity,
  t.name as object,
  format('has %s policies, and row security is off', count(*)) as detail,
  'alter table ' || t.name || ' enable row level security' as remedy
from tenancy.our_tables t
join pg_policy p on p.polrelid = t.oid
where not t.enabled
group by t.name
