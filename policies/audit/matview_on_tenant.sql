-- A materialized view keeps the rows of every customer, and has no row security.
select distinct
  'matview_on_tenant' as lint,
  'error' as severity,
  format('%I.%I', n.nspname, v.relname) as object,
  'holds rows of ' || string_agg(distinct t.name, ', ') as detail,
  format('drop materialized view %I.%I', n.nspname, v.relname) as remedy
from pg_class v
join pg_namespace n on n.oid = v.relnamespace
join pg_rewrite w on w.ev_class = v.oid
join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
join tenancy.our_tables t on t.oid = d.refobjid
where v.relkind = 'm'
group by n.nspname, v.relname
