-- The roles of the API obey row security, own nothing, and cannot become a role that does not.
select
  'role_unsafe' as lint,
  'error' as severity,
  r.rolname::text as object,
  case
    when r.rolsuper then 'is a superuser'
    when r.rolbypassrls then 'bypasses row security'
    when r.rolcreaterole or r.rolcreatedb or r.rolreplication then 'may create roles or databases, or replicate'
    when up.rolname is not null then 'can become ' || up.rolname
    else 'owns ' || owned.name
  end as detail,
  'alter role ' || r.rolname || ' nosuperuser nobypassrls nocreaterole nocreatedb noreplication; revoke its memberships; reassign what it owns' as remedy
from pg_roles r
left join pg_roles up on up.oid <> r.oid and pg_has_role(r.oid, up.oid, 'member') and not r.rolsuper
left join lateral (
  select c.oid::regclass::text as name
  from pg_class c
  where c.relowner = r.oid
  union all
  select n.nspname from pg_namespace n where n.nspowner = r.oid
  union all
  select p.oid::regprocedure::text from pg_proc p where p.proowner = r.oid
) as owned on true
where r.rolname in ('portal_app', 'portal_auth', 'portal_platform', 'portal_inspector', 'portal_auditor')
  and (r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolreplication or up.rolname is not null or owned.name is not null)
