-- The doors of portal are exactly those registered: one for portal_app and portal_worker, one for portal_mover, one for
-- portal_inspector, those of tenancy.narrow_doors and tenancy.other_doors. So are the bars before them, those of tenancy.bars.
select
  'door_drift' as lint,
  'error' as severity,
  coalesce(have.table_name, want.table_name) as object,
  format('have: %s; registered: %s', coalesce(have.door, 'none'), coalesce(want.door, 'none')) as detail,
  'run portal migrate' as remedy
from (
  select p.table_name, format('%s for %s to %s using %s check %s', p.name, p.command,
    (select string_agg(coalesce(r.rolname, 'public'), ',' order by r.rolname) from unnest(p.roles) as o left join pg_roles r on r.oid = o),
    coalesce(p.using_expr, 'nothing'), coalesce(p.check_expr, 'nothing')) as door
  from tenancy.policies p
  where p.schema = 'portal'
    and p.permissive
  union all
  select p.table_name, format('%s restrictive for %s to %s using %s', p.name, p.command,
    (select string_agg(coalesce(r.rolname, 'public'), ',' order by r.rolname) from unnest(p.roles) as o left join pg_roles r on r.oid = o), p.using_expr)
  from tenancy.policies p
  where p.schema = 'portal'
    and not p.permissive
    and p.name in (select b.name from tenancy.bars b)
) as have
full join (
  select t.name as table_name, format('app_door for * to portal_app,portal_worker using %s check %s',
    case when n.reads_all then tenancy.wall() else coalesce(n.expression, tenancy.wall()) end,
    coalesce(n.expression, tenancy.wall())) as door
  from tenancy.tenant_tables t
  left join tenancy.narrow_doors n on n.table_name = t.name
  union all
  select t.name, format('mover_door for * to portal_mover using %1$s check %1$s', tenancy.wall())
  from tenancy.tenant_tables t
  union all
  select t.name, format('inspector_door for r to portal_inspector using %s check nothing', tenancy.wall())
  from tenancy.tenant_tables t
  union all
  select o.table_name, format('%s for %s to %s using %s check %s', o.name,
    case o.command when 'all' then '*' when 'select' then 'r' when 'insert' then 'a' when 'update' then 'w' else 'd' end, o.role,
    case o.command when 'insert' then 'nothing' else tenancy.wall() end, case o.command when 'select' then 'nothing' else tenancy.wall() end)
  from tenancy.other_doors o
  union all
  select b.table_name, format('%s restrictive for %s to %s using %s', b.name,
    case b.command when 'select' then 'r' when 'insert' then 'a' when 'update' then 'w' when 'delete' then 'd' else '*' end,
    array_to_string(b.roles, ','), b.expression)
  from tenancy.bars b
  where b.table_name ~ '^portal\.'
) as want on (have.table_name, have.door) = (want.table_name, want.door)
where have.door is null
  or want.door is null
