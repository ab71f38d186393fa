-- A unique key without the customer tells one customer what another one has, and through ON CONFLICT
-- DO UPDATE ... WHERE even reads its rows. Elsewhere a key of one id that the database counts or draws tells less.
select
  'unique_without_tenant' as lint,
  case
    when not a.canonical and cardinality(k.columns) = 1 and exists (
      select
      from pg_attribute c
      left join pg_attrdef d on d.adrelid = c.attrelid and d.adnum = c.attnum
      where c.attrelid = k.table_oid
        and c.attname = k.columns[1]
        and (c.atttypid = 'uuid'::regtype or c.attidentity <> '' or tenancy.expression(d.adbin, d.adrelid) ~ '^nextval\('))
      then 'warning'
    else 'error'
  end as severity,
  k.table_name as object,
  format('unique index %s (%s) does not contain %I', k.index_name, k.column_list, t.tenant_column) as detail,
  coalesce(tenancy.tenant_first(k.index_oid), 'no statement does: give the table the column ' || t.tenant_column || ' first') as remedy
from tenancy.unique_keys k
join tenancy.tenant_tables t on t.oid = k.table_oid
cross join tenancy.audited a
where t.tenant_column <> all (k.columns)
