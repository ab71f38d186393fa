-- A unique key of platform that nobody has thought about: it may be an oracle. (Of a table that is not registered
-- unregistered_table says it.)
select
  'platform_key_drift' as lint,
  'error' as severity,
  k.table_name as object,
  format('unique index %s (%s) is not registered', k.index_name, k.column_list) as detail,
  tenancy.index_dropped(k.index_oid) || ' /* or say in tenancy.platform_keys (policies/after/15_registers.sql) why it is no oracle */' as remedy
from tenancy.unique_keys k
where k.schema = 'platform'
  and exists (select from tenancy.platform_access a where (a.schema, a.table_name) = ('platform', k.relname))
  and not exists (
    select from tenancy.platform_keys r where (r.table_name, r.columns) = (k.relname, k.column_list))
