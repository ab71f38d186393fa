-- A policy for a role that no policy holds: whoever wrote it believed otherwise.
select
  'to_bypass_role' as lint,
  'warning' as severity,
  t.name as object,
  format('policy %s is to %s, which row security does not hold', p.polname, r.rolname) as detail,
  tenancy.policy_remedy(t.name, p.polname::text) as remedy
from pg_policy p
join tenancy.our_tables t on t.oid = p.polrelid
join pg_roles r on r.oid = any (p.polroles)
where r.rolbypassrls
  or r.rolsuper
