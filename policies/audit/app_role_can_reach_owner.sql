-- A membership, however indirect, lets a role become another: SET ROLE and the wall is not its own.
select
  'app_role_can_reach_owner' as lint,
  'error' as severity,
  w.name as object,
  'can become ' || up.rolname as detail,
  tenancy.membership_remedy(w.oid, up.oid) as remedy
from tenancy.walled_roles w
join pg_roles r on r.oid = w.oid and not r.rolsuper
join pg_roles up on up.oid <> w.oid and up.rolname !~ '^pg_'
where pg_has_role(w.oid, up.oid, 'member')
