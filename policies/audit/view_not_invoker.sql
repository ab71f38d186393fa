-- A view reads its tables as its owner, unless it says otherwise.
select distinct
  'view_not_invoker' as lint,
  'error' as severity,
  format('%I.%I', n.nspname, v.relname) as object,
  'reads tables of ours as its owner' as detail,
  format('alter view %I.%I set (security_invoker = true)', n.nspname, v.relname) as remedy
from pg_class v
join pg_namespace n on n.oid = v.relnamespace
join pg_rewrite w on w.ev_class = v.oid
join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
join tenancy.our_tables t on t.oid = d.refobjid
where v.relkind = 'v'
  and not exists (select from unnest(v.reloptions) as o where o ~* '^security_invoker=(true|on|yes|1)$')
