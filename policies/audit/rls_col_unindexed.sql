-- The wall compares the tenant's column in every query.
select
  'rls_col_unindexed' as lint,
  'warning' as severity,
  t.name as object,
  'no index begins with ' || t.tenant_column as detail,
  format('create index on %s (%I)', t.name, t.tenant_column) as remedy
from tenancy.tenant_tables t
where t.tenant_attnum is not null
  and not exists (
    select from pg_index i where i.indrelid = t.oid and i.indisvalid and i.indpred is null and i.indkey[0] = t.tenant_attnum)
