-- Without the default a statement must name the customer, which no role of the API may write.
select
  'tenant_col_default_missing' as lint,
  'warning' as severity,
  t.name as object,
  'customer_id has not the default tenancy.customer_id()' as detail,
  'alter table ' || t.name || ' alter customer_id set default tenancy.customer_id()' as remedy
from tenancy.tenant_tables t
join pg_attribute a on a.attrelid = t.oid and a.attname = 'customer_id' and not a.attisdropped
left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
where tenancy.expression(d.adbin, d.adrelid) is distinct from 'tenancy.customer_id()'
