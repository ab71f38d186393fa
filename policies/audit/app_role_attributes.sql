-- Roles of the API make no roles and no databases, and copy none. As some nobody logs in.
select
  'app_role_attributes' as lint,
  'error' as severity,
  w.name as object,
  concat_ws(', ', case when r.rolcreaterole then 'may create roles' end, case when r.rolcreatedb then 'may create databases' end,
    case when r.rolreplication then 'may replicate' end,
    case when r.rolcanlogin and w.name = any (a.silent_roles) then 'may log in' end) as detail,
  format('alter role %I nocreaterole nocreatedb noreplication%s', w.name, case when w.name = any (a.silent_roles) then ' nologin' end) as remedy
from tenancy.walled_roles w
cross join tenancy.audited a
join pg_roles r on r.oid = w.oid
where r.rolcreaterole
  or r.rolcreatedb
  or r.rolreplication
  or r.rolcanlogin and w.name = any (a.silent_roles)
