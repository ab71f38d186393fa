-- A path past the walls: a rule, a function or a table beside our schemas gives a role rows of other customers, or a secret.
-- tenancy.reach follows each role through grants, views, rules, functions, triggers and inheritance. Here is what no other
-- lint names: a view is view_not_invoker's, a materialized one matview_on_tenant's, a definer function that the API may call
-- secdef_executable_by_app's, a membership unregistered_member's.
select
  'reached_around_wall' as lint,
  'error' as severity,
  r.through as object,
  format('%s %s %s%s', string_agg(distinct r.role, ', '), string_agg(distinct r.access, ' and '), min(r.object),
    case when count(distinct r.object) > 1 then format(' and %s more', count(distinct r.object) - 1) end)
    || format(': %s', min(r.path)) as detail,
  case r.how
    when 'rule' then 'drop rule ' || r.through
    when 'function' then format('alter routine %s security invoker', r.through)
    when 'setting' then (
      select string_agg(format('alter routine %s reset %s', f.signature, c.setting), '; ' order by c.setting)
      from tenancy.written_functions f
      cross join unnest(f.config) as s
      join tenancy.context_settings c on c.setting = lower(split_part(s, '=', 1))
      where f.signature = r.through)
    else format('revoke all on table %s from public, %s', r.through, string_agg(distinct r.role, ', '))
  end as remedy
from tenancy.reach r
where not r.held
  and case r.how
    when 'rule' then true
    when 'setting' then true
    when 'grant' then r.object <> 'every table'
      and r.object not in (select t.name from tenancy.our_tables t)
      and r.object not in (select format('%s.%I', s.table_name, s.column_name) from tenancy.secret_columns s)
    when 'function' then r.certain
      and not exists (
        select
        from tenancy.written_functions f
        where f.signature = r.through
          and (f.schema = 'tenancy' and exists (select from tenancy.definer_functions d where d.name = f.name)
            or exists (select from tenancy.walled_roles w where has_function_privilege(w.oid, f.oid, 'EXECUTE'))))
    else false
  end
group by r.how, r.through
