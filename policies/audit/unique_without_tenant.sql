-- A unique key that does not begin with the customer tells one customer what another one has, and
-- through ON CONFLICT DO UPDATE ... WHERE even reads its rows.
select
  'unique_without_tenant' as lint,
  'error' as severity,
  t.name as object,
  format('unique index %s does not begin with customer_id', i.indexrelid::regclass) as detail,
  'make customer_id its first column' as remedy
from tenancy.tenant_tables t
join pg_index i on i.indrelid = t.oid
left join pg_attribute a on a.attrelid = t.oid and a.attname = 'customer_id'
where (i.indisunique or i.indisexclusion)
  and i.indkey[0] is distinct from a.attnum
