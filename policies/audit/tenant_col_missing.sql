-- A tenant table without the column that the wall compares.
select
  'tenant_col_missing' as lint,
  case when a.canonical then 'error' else 'warning' end as severity,
  t.name as object,
  'there is no column ' || a.tenant_column as detail,
  case when a.canonical then format('alter table %s add customer_id text not null default tenancy.customer_id() references platform.customers', t.name) else format('alter table %s add %I %s not null', t.name, a.tenant_column, a.tenant_type) end as remedy
from tenancy.our_tables t
cross join tenancy.audited a
where t.schema = any (a.tenant_schemas)
  and not exists (
    select from pg_attribute c where c.attrelid = t.oid and c.attname = a.tenant_column and not c.attisdropped)
