-- A foreign key is checked past row security: unless it carries the customer, it can point into
-- another customer, and tells which ids exist there.
select
  'fk_without_tenant' as lint,
  'error' as severity,
  k.conrelid::regclass::text as object,
  format('%s references %s without (customer_id) -> (customer_id)', k.conname, k.confrelid::regclass) as detail,
  'foreign key (customer_id, ...) references ... (customer_id, id)' as remedy
from pg_constraint k
join tenancy.tenant_tables child on child.oid = k.conrelid
join tenancy.tenant_tables parent on parent.oid = k.confrelid
where k.contype = 'f'
  and not exists (
    select
    from unnest(k.conkey, k.confkey) as pair (child_column, parent_column)
    join pg_attribute c on c.attrelid = k.conrelid and c.attnum = pair.child_column and c.attname = 'customer_id'
    join pg_attribute p on p.attrelid = k.confrelid and p.attnum = pair.parent_column and p.attname = 'customer_id')
