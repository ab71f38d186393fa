-- With another type than customers.customer_id the wall casts, and its index is lost.
select
  'tenant_col_type_mismatch' as lint,
  'error' as severity,
  t.name as object,
  'customer_id is ' || format_type(a.atttypid, a.atttypmod) || ', not text' as detail,
  'alter table ' || t.name || ' alter customer_id type text' as remedy
from tenancy.tenant_tables t
join pg_attribute a on a.attrelid = t.oid and a.attname = 'customer_id' and not a.attisdropped
where a.atttypid <> 'text'::regtype
