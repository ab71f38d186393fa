-- Whoever owns an object of ours can alter it and give it away.
select
  'wrong_owner' as lint,
  'error' as severity,
  o.name as object,
  'belongs to ' || o.owner::regrole as detail,
  format('alter %s %s owner to %s', o.kind, o.name, o.wanted) as remedy
from (
  select 'schema' as kind, n.nspname::text as name, n.nspowner as owner, 'portal_owner' as wanted
  from pg_namespace n
  where n.nspname in ('portal', 'platform', 'jobs', 'tenancy')
  union all
  select 'table', format('%I.%I', n.nspname, c.relname), c.relowner, 'portal_owner'
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('portal', 'platform', 'jobs', 'tenancy')
    and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
    -- A sequence of a column belongs to whom its table does, always.
    and not (c.relkind = 'S' and exists (
      select
      from pg_depend d
      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')))
  union all
  select 'routine', f.signature, f.owner, case when f.definer then 'portal_definer' else 'portal_owner' end
  from tenancy.written_functions f
  join pg_proc p on p.oid = f.oid
  where f.schema in ('portal', 'platform', 'jobs', 'tenancy')
    and p.prorettype <> 'event_trigger'::regtype
) as o
where o.owner::regrole::text <> o.wanted
