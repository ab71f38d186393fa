-- Row security without a policy shuts everybody out: safe, but hardly meant.
select
  'rls_no_policy' as lint,
  'warning' as severity,
  t.name as object,
  'row security is enabled and there is no policy' as detail,
  'run portal migrate' as remedy
from tenancy.our_tables t
where t.enabled
  and not exists (select from pg_policy p where p.polrelid = t.oid)
