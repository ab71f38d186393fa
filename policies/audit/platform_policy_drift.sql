-- The policies of platform and of jobs are exactly those registered.
select
  'platform_policy_drift' as lint,
  'error' as severity,
  coalesce(have.table_name, want.table_name) as object,
  format('have: %s; registered: %s', coalesce(have.policy, 'none'), coalesce(want.policy, 'none')) as detail,
  'run portal migrate' as remedy
from (
  select p.table_name, format('%s%s for %s to %s using %s check %s', p.name, case when p.permissive then '' else ' restrictive' end, p.command,
    (select string_agg(coalesce(r.rolname, 'public'), ',' order by r.rolname) from unnest(p.roles) as o left join pg_roles r on r.oid = o),
    coalesce(p.using_expr, 'nothing'), coalesce(p.check_expr, 'nothing')) as policy
  from tenancy.policies p
  where p.schema in ('platform', 'jobs')
) as have
full join (
  select a.schema || '.' || a.table_name as table_name, format('%s_%s for * to %s using %s check %s', a.role, a.rows, a.role, a.expression, a.expression) as policy
  from tenancy.platform_access a
  union all
  select b.table_name, format('%s restrictive for %s to %s using %s check %s', b.name,
    case b.command when 'select' then 'r' when 'insert' then 'a' when 'update' then 'w' when 'delete' then 'd' else '*' end, array_to_string(b.roles, ','),
    case when b.command <> 'insert' then b.expression else 'nothing' end,
    case when b.command = 'insert' then b.expression else 'nothing' end)
  from tenancy.bars b
  where b.table_name ~ '^platform\.'
) as want on (have.table_name, have.policy) = (want.table_name, want.policy)
where have.policy is null
  or want.policy is null
