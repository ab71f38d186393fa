-- Without the foreign key a row can name a customer that does not exist.
select
  'tenant_col_not_fk' as lint,
  'warning' as severity,
  t.name as object,
  'customer_id does not reference platform.customers' as detail,
  'alter table ' || t.name || ' add foreign key (customer_id) references platform.customers' as remedy
from tenancy.tenant_tables t
join pg_attribute a on a.attrelid = t.oid and a.attname = 'customer_id' and not a.attisdropped
where not exists (
  select from pg_constraint k
  where k.conrelid = t.oid
    and k.contype = 'f'
    and k.confrelid = (select c.oid from tenancy.our_tables c where c.name = 'platform.customers')
    and k.conkey = array[a.attnum])
