-- PostgreSQL's own roles read files, run programs, or see and end other sessions.
select
  'app_role_member_of_predefined' as lint,
  'error' as severity,
  w.name as object,
  'is a member of ' || up.rolname as detail,
  tenancy.membership_remedy(w.oid, up.oid) as remedy
from tenancy.walled_roles w
join pg_roles r on r.oid = w.oid and not r.rolsuper
join pg_roles up on up.rolname ~ '^pg_' and up.rolname <> 'pg_database_owner'
where pg_has_role(w.oid, up.oid, 'member')
