-- A table of platform that no role's access is registered for.
select
  'unregistered_table' as lint,
  'error' as severity,
  c.oid::regclass::text as object,
  'tenancy.platform_access does not name it' as detail,
  'say in policies/after/15_registers.sql which role sees which rows, or move it to schema portal' as remedy
from pg_class c
where c.relnamespace = 'platform'::regnamespace
  and c.relkind in ('r', 'p')
  and not exists (select from tenancy.platform_access a where a.table_name = c.relname)
