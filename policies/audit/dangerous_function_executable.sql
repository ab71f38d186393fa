-- set_config in an injected expression switches the customer; the others end, watch or delay other
-- sessions, or run SQL given as text. Only a superuser can revoke them from everybody, so on a managed
-- server this is a warning that stays.
select
  'dangerous_function_executable' as lint,
  case when (select by_superuser from tenancy.installation) then 'error' else 'warning' end as severity,
  r.rolname::text as object,
  format('may execute %s, which %s', d.function, d.danger) as detail,
  format('revoke execute on function %s from public, %s', d.function, r.rolname) as remedy
from tenancy.dangerous_functions d
cross join pg_roles r
where r.rolname in ('portal_app', 'portal_auth', 'portal_platform', 'portal_worker')
  and has_function_privilege(r.oid, d.function, 'execute')
  and not exists (select from tenancy.needed_functions n where (n.role, n.function) = (r.rolname, d.function))
