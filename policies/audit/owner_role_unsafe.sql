-- portal_owner and portal_definer own everything and are nobody: they do not log in and obey row security.
select
  'owner_role_unsafe' as lint,
  'error' as severity,
  r.rolname::text as object,
  concat_ws(', ', case when r.rolcanlogin then 'may log in' end, case when r.rolsuper then 'is a superuser' end,
    case when r.rolbypassrls then 'bypasses row security' end, case when r.rolcreaterole then 'may create roles' end) as detail,
  format('alter role %I nologin nosuperuser nobypassrls nocreaterole', r.rolname) as remedy
from pg_roles r
where r.rolname in ('portal_owner', 'portal_definer')
  and (r.rolcanlogin or r.rolsuper or r.rolbypassrls or r.rolcreaterole)
