-- Rows that nothing tells apart can be neither replicated nor pointed at.
select
  'no_primary_key' as lint,
  'warning' as severity,
  t.name as object,
  'there is no primary key' as detail,
  'alter table ' || t.name || ' add primary key (customer_id, id)' as remedy
from tenancy.our_tables t
where not exists (select from pg_index i where i.indrelid = t.oid and i.indisprimary)
