-- A view reads its tables as its owner, unless it says otherwise. Whoever reads through it sees what the owner sees; where
-- nobody does, it waits for a grant.
select distinct
  'view_not_invoker' as lint,
  case when v.name in (select r.through from tenancy.reach r where r.how = 'view') then 'error' else 'warning' end as severity,
  v.name as object,
  'reads tables of ours as its owner' as detail,
  format('alter view %s set (security_invoker = true)', v.name) as remedy
from (
  select c.oid, format('%I.%I', n.nspname, c.relname) as name
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'v'
    and not exists (select from unnest(c.reloptions) as o where o ~* '^security_invoker=(true|on|yes|1)$')
) as v
join pg_rewrite w on w.ev_class = v.oid
join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
join tenancy.our_tables t on t.oid = d.refobjid
where w.ev_type = '1'
