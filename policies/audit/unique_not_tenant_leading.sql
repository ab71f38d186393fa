-- The customer comes first in a unique key: the wall's comparison is then its index condition.
select
  'unique_not_tenant_leading' as lint,
  'warning' as severity,
  k.table_name as object,
  format('unique index %s (%s) does not begin with customer_id', k.index_name, k.column_list) as detail,
  'make customer_id its first column' as remedy
from tenancy.unique_keys k
where k.schema = 'portal'
  and 'customer_id' = any (k.columns)
  and k.columns[1] <> 'customer_id'
