-- Roles of the API create nothing, neither in a schema nor temporarily.
select
  'create_or_temp' as lint,
  'error' as severity,
  r.rolname::text as object,
  'may create in ' || n.nspname as detail,
  format('revoke create on schema %I from public, %s', n.nspname, r.rolname) as remedy
from pg_roles r
cross join pg_namespace n
where r.rolname in ('portal_app', 'portal_auth', 'portal_platform', 'portal_inspector', 'portal_auditor')
  and n.nspname !~ '^pg_'
  and has_schema_privilege(r.oid, n.oid, 'create')
union all
select
  'create_or_temp',
  'error',
  r.rolname::text,
  'may create temporary tables',
  format('revoke temporary on database %I from public, %s', current_database(), r.rolname)
from pg_roles r
where r.rolname in ('portal_app', 'portal_auth', 'portal_platform', 'portal_inspector', 'portal_auditor')
  and has_database_privilege(r.oid, current_database(), 'temporary')
