-- A publication sends rows to whoever subscribes, and asks for no privilege on the table: of all customers, unless its filter
-- is one customer and then, perhaps, more.
select
  'publication_exposes' as lint,
  'error' as severity,
  t.name as object,
  format('publication %s sends its rows of all customers%s', p.pubname, ', where ' || p.rowfilter) as detail,
  case
    when b.puballtables then format('drop publication %I', p.pubname)
    when n.pnnspid is not null then format('alter publication %I drop tables in schema %I', p.pubname, t.schema)
    else format('alter publication %I drop table %s /* or filter it by one customer */', p.pubname, t.name)
  end as remedy
from pg_publication_tables p
join pg_publication b on b.pubname = p.pubname
join tenancy.our_tables t on (t.schema, t.relname) = (p.schemaname::text, p.tablename)
left join pg_publication_namespace n on n.pnpubid = b.oid and n.pnnspid = (select c.relnamespace from pg_class c where c.oid = t.oid)
cross join tenancy.audited a
where p.rowfilter is null
  or p.rowfilter !~ format('^\(+%s = ''[^'']+''::%s\)($| AND )', a.tenant_column, a.tenant_type)
  or p.rowfilter ~ ' OR '
