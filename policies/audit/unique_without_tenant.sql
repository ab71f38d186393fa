-- A unique key without the customer tells one customer what another one has, and through ON CONFLICT
-- DO UPDATE ... WHERE even reads its rows.
select
  'unique_without_tenant' as lint,
  'error' as severity,
  k.table_name as object,
  format('unique index %s (%s) does not contain customer_id', k.index_name, k.column_list) as detail,
  'make customer_id its first column' as remedy
from tenancy.unique_keys k
where k.schema = 'portal'
  and 'customer_id' <> all (k.columns)
