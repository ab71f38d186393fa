-- A view of tenant tables runs as its owner unless it says otherwise.
select
  'view_not_invoker' as lint,
  'error' as severity,
  v.oid::regclass::text as object,
  case v.relkind when 'm' then 'a materialized view holds all customers'' rows' else 'runs as its owner' end as detail,
  case v.relkind when 'm' then 'drop it' else format('alter view %s set (security_invoker = true)', v.oid::regclass) end as remedy
from pg_class v
where v.relkind in ('v', 'm')
  and (v.relkind = 'm' or not coalesce('security_invoker=true' = any (v.reloptions), false))
  and exists (
    select
    from pg_rewrite w
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
    join tenancy.tenant_tables t on t.oid = d.refobjid
    where w.ev_class = v.oid)
