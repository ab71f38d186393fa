-- Rows that nothing tells apart can be neither replicated nor pointed at.
select
  'no_primary_key' as lint,
  'warning' as severity,
  t.name as object,
  'there is no primary key' as detail,
  case
    when 2 = (select count(*) from pg_attribute c where c.attrelid = t.oid and c.attname in (a.tenant_column, 'id') and not c.attisdropped)
      then format('alter table %s add primary key (%I, id)', t.name, a.tenant_column)
    else format('no statement does: choose the columns that tell its rows apart, %s first', a.tenant_column)
  end as remedy
from tenancy.our_tables t
cross join tenancy.audited a
where not exists (select from pg_index i where i.indrelid = t.oid and i.indisprimary)
