-- A publication sends the rows of every customer, and asks for no privilege on it.
select
  'publication_exposes' as lint,
  'error' as severity,
  t.name as object,
  format('publication %s sends its rows of all customers', p.pubname) as detail,
  case
    when b.puballtables then format('drop publication %I', p.pubname)
    when exists (select from pg_publication_namespace s where s.pnpubid = b.oid and s.pnnspid::regnamespace::text = quote_ident(p.schemaname))
      then format('alter publication %I drop tables in schema %I', p.pubname, p.schemaname)
    else format('alter publication %I drop table %s /* or give it a row filter */', p.pubname, t.name)
  end as remedy
from pg_publication_tables p
join pg_publication b on b.pubname = p.pubname
join tenancy.our_tables t on t.name = format('%I.%I', p.schemaname, p.tablename)
where p.rowfilter is null
