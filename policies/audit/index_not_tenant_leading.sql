-- The wall compares the customer in every query: an index that begins with another column mixes the rows of all
-- customers, and is read past those of one.
select
  'index_not_tenant_leading' as lint,
  'warning' as severity,
  t.name as object,
  format('index %s does not begin with %I', x.relname, t.tenant_column) as detail,
  coalesce(tenancy.tenant_first(i.indexrelid), 'no statement does: give the table the column ' || t.tenant_column || ' first') as remedy
from tenancy.tenant_tables t
join pg_index i on i.indrelid = t.oid and not i.indisunique and not i.indisexclusion
join pg_class x on x.oid = i.indexrelid
where i.indkey[0] is distinct from t.tenant_attnum
