-- A tenant table without the column that the wall compares.
select
  'tenant_col_missing' as lint,
  'error' as severity,
  t.name as object,
  'there is no column customer_id' as detail,
  'customer_id text not null default tenancy.customer_id() references platform.customers' as remedy
from tenancy.tenant_tables t
where not exists (
  select from pg_attribute a where a.attrelid = t.oid and a.attname = 'customer_id' and not a.attisdropped)
