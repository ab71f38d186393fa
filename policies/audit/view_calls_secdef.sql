-- A view that calls a definer function hides whose rights it reads with.
select distinct
  'view_calls_secdef' as lint,
  'warning' as severity,
  format('%I.%I', n.nspname, v.relname) as object,
  'calls ' || f.signature as detail,
  format('drop %s %I.%I /* call the function by name, where its grant is seen */', case v.relkind when 'm' then 'materialized view' else 'view' end, n.nspname, v.relname) as remedy
from pg_class v
join pg_namespace n on n.oid = v.relnamespace
join pg_rewrite w on w.ev_class = v.oid
join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_proc'::regclass
join tenancy.written_functions f on f.oid = d.refobjid
where v.relkind in ('v', 'm')
  and f.definer
