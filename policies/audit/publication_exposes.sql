-- A publication sends the rows of every customer, and asks for no privilege on it.
select
  'publication_exposes' as lint,
  'error' as severity,
  t.name as object,
  format('publication %s sends its rows of all customers', p.pubname) as detail,
  format('alter publication %I drop table %s, or give it a row filter', p.pubname, t.name) as remedy
from pg_publication_tables p
join tenancy.our_tables t on t.name = format('%I.%I', p.schemaname, p.tablename)
where p.rowfilter is null
