-- A definer function lends everything that its owner may; portal_definer may little.
select
  'secdef_owner_not_minimal' as lint,
  'warning' as severity,
  f.signature as object,
  format('runs as %s, which %s', r.rolname, case when r.rolsuper then 'is a superuser' when r.rolbypassrls then 'bypasses row security' else 'logs in' end) as detail,
  format('alter function %s owner to portal_definer', f.signature) as remedy
from tenancy.written_functions f
join pg_roles r on r.oid = f.owner
where f.definer
  and (r.rolsuper or r.rolbypassrls or r.rolcanlogin)
