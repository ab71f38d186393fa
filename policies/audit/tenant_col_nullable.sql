-- A row without a customer belongs to nobody: no wall shows it, no foreign key checks it.
select
  'tenant_col_nullable' as lint,
  'error' as severity,
  t.name as object,
  t.tenant_column || ' may be null' as detail,
  format('alter table %s alter %I set not null', t.name, t.tenant_column) as remedy
from tenancy.tenant_tables t
join pg_attribute a on a.attrelid = t.oid and a.attnum = t.tenant_attnum
where not a.attnotnull
