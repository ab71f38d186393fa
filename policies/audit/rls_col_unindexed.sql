-- The wall compares customer_id in every query.
select
  'rls_col_unindexed' as lint,
  'warning' as severity,
  t.name as object,
  'no index begins with customer_id' as detail,
  'create index on ' || t.name || ' (customer_id, ...)' as remedy
from tenancy.tenant_tables t
join pg_attribute a on a.attrelid = t.oid and a.attname = 'customer_id' and not a.attisdropped
where not exists (
  select from pg_index i where i.indrelid = t.oid and i.indisvalid and i.indpred is null and i.indkey[0] = a.attnum)
