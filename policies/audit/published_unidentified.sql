-- PostgreSQL refuses to change or delete rows of a published table that the subscriber could not tell apart, or whose filter
-- it could not apply to the old row: log-outs and refreshes of every customer fail then.
select
  'published_unidentified' as lint,
  'warning' as severity,
  t.name as object,
  format('publication %s %s: PostgreSQL refuses %s there', p.pubname,
    case when i.columns is null then 'has changes of it to send, and no replica identity tells its rows apart'
      else format('filters by %s, which the replica identity does not hold', filter.missing) end,
    concat_ws(' and ', case when p.pubupdate then 'updates' end, case when p.pubdelete then 'deletions' end)) as detail,
  format('alter table %s replica identity full', t.name) as remedy
from pg_publication p
join lateral pg_get_publication_tables(p.pubname) g on true
join tenancy.our_tables t on t.oid = g.relid
join pg_class c on c.oid = t.oid
-- The columns of the replica identity; null: there is none.
cross join lateral (
  select case
    when c.relreplident = 'f' then array(select a.attnum from pg_attribute a where a.attrelid = c.oid and a.attnum > 0)
    when c.relreplident = 'n' then null
    else (
      select x.indkey::smallint[]
      from pg_index x
      where x.indrelid = c.oid
        and case c.relreplident when 'i' then x.indisreplident else x.indisprimary end)
  end as columns
) as i
left join pg_publication_rel r on r.prpubid = p.oid and r.prrelid = c.oid
cross join lateral (
  select string_agg(a.attname, ', ' order by a.attnum) as missing
  from pg_depend d
  join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
  where d.classid = 'pg_publication_rel'::regclass
    and d.objid = r.oid
    and d.refclassid = 'pg_class'::regclass
    and d.refobjid = c.oid
    and d.refobjsubid > 0
    and r.prqual is not null
    and d.refobjsubid <> all (coalesce(i.columns, '{}'))
) as filter
where (p.pubupdate or p.pubdelete)
  and (i.columns is null or filter.missing is not null)
