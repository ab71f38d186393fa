-- A row without a customer belongs to nobody: no wall shows it, no foreign key checks it.
select
  'tenant_col_nullable' as lint,
  'error' as severity,
  t.name as object,
  'customer_id may be null' as detail,
  'alter table ' || t.name || ' alter customer_id set not null' as remedy
from tenancy.tenant_tables t
join pg_attribute a on a.attrelid = t.oid and a.attname = 'customer_id' and not a.attisdropped
where not a.attnotnull
