-- Rows that nothing tells apart can be neither replicated nor pointed at.
select
  'no_primary_key' as lint,
  'warning' as severity,
  t.name as object,
  'there is no primary key' as detail,
  format('alter table %s add primary key (%I, id)', t.name, a.tenant_column) as remedy
from tenancy.our_tables t
cross join tenancy.audited a
where not exists (select from pg_index i where i.indrelid = t.oid and i.indisprimary)
