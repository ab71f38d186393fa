-- What portal_app may write in platform has its key led by the customer: else it learns by conflict
-- what other customers have.
select
  'platform_key_writable' as lint,
  'error' as severity,
  k.table_name as object,
  format('portal_app may write %s of unique index %s (%s)', c.name, k.index_name, k.column_list) as detail,
  concat_ws('; ', tenancy.revocation('portal_app', k.table_oid, 'INSERT', k.columns), tenancy.revocation('portal_app', k.table_oid, 'UPDATE', k.columns)) as remedy
from tenancy.unique_keys k
cross join lateral (
  select string_agg(c, ', ') as name
  from unnest(k.columns) as c
  where c <> '(expression)'
    and (has_column_privilege('portal_app', k.table_oid, c, 'INSERT') or has_column_privilege('portal_app', k.table_oid, c, 'UPDATE'))
) as c
where k.schema = 'platform'
  and k.columns[1] <> 'customer_id'
  and c.name is not null
