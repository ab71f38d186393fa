-- A materialized view keeps the rows of every customer that its owner saw, through whatever views, and has no row security.
select
  'matview_on_tenant' as lint,
  'error' as severity,
  format('%I.%I', n.nspname, v.relname) as object,
  'holds rows of ' || string_agg(t.name, ', ' order by t.name) as detail,
  format('drop materialized view if exists %I.%I cascade', n.nspname, v.relname) as remedy
from (
  with recursive reads (matview, relation) as (
    select c.oid, c.oid
    from pg_class c
    where c.relkind = 'm'
    union
    select r.matview, d.refobjid
    from reads r
    join pg_rewrite w on w.ev_class = r.relation and w.ev_type = '1'
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
  )
  select * from reads
) as r
join tenancy.our_tables t on t.oid = r.relation
join pg_class v on v.oid = r.matview
join pg_namespace n on n.oid = v.relnamespace
group by n.nspname, v.relname
