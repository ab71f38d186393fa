-- Roles of the API make no objects: what they make shadows what others call.
select
  'create_on_schema' as lint,
  'error' as severity,
  w.name as object,
  'may create in schema ' || n.nspname as detail,
  format('revoke create on schema %I from public, %I', n.nspname, w.name) as remedy
from tenancy.walled_roles w
cross join pg_namespace n
where n.nspname !~ '^pg_(toast|temp)'
  and has_schema_privilege(w.oid, n.oid, 'CREATE')
