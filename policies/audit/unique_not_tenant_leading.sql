-- The customer comes first in a unique key: the wall's comparison is then its index condition.
select
  'unique_not_tenant_leading' as lint,
  'warning' as severity,
  k.table_name as object,
  format('unique index %s (%s) does not begin with %I', k.index_name, k.column_list, t.tenant_column) as detail,
  tenancy.tenant_first(k.index_oid) as remedy
from tenancy.unique_keys k
join tenancy.tenant_tables t on t.oid = k.table_oid
where t.tenant_column = any (k.columns)
  and k.columns[1] <> t.tenant_column
