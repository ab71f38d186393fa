-- A definer function lends everything that its owner may; one that does not log in may little.
select
  'secdef_owner_not_minimal' as lint,
  'warning' as severity,
  f.signature as object,
  format('runs as %s, which %s', r.rolname, case when r.rolsuper then 'is a superuser' when r.rolbypassrls then 'bypasses row security' else 'logs in' end) as detail,
  coalesce(format('alter routine %s owner to ', f.signature) || quote_ident(a.definer), 'no statement does: give it to a role that does not log in and may little') as remedy
from tenancy.written_functions f
join pg_roles r on r.oid = f.owner
cross join tenancy.audited a
where f.definer
  and (r.rolsuper or r.rolbypassrls or r.rolcanlogin)
