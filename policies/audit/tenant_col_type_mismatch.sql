-- With another type than the others' the wall casts, and its index is lost.
select
  'tenant_col_type_mismatch' as lint,
  'error' as severity,
  t.name as object,
  format('%s is %s, not %s', t.tenant_column, format_type(a.atttypid, a.atttypmod), d.tenant_type) as detail,
  format('alter table %s alter %I type %s', t.name, t.tenant_column, d.tenant_type) as remedy
from tenancy.tenant_tables t
join pg_attribute a on a.attrelid = t.oid and a.attnum = t.tenant_attnum
cross join tenancy.audited d
where format_type(a.atttypid, a.atttypmod) <> d.tenant_type
