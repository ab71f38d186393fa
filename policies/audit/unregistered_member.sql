-- Whoever is a member of a role of ours may become it, or make himself so by ADMIN: of the owners and the mover, of those that
-- the API logs in as, and of the one that sees every row. What a DBA is given is portal_inspector and portal_auditor. The
-- installer of a managed server is a member of the owners: it made them, and has CREATEROLE.
select
  'unregistered_member' as lint,
  'error' as severity,
  member.rolname::text as object,
  format('is a member of %s%s', g.rolname, case when m.admin_option then ', and may give it to others' else '' end) as detail,
  format('revoke %I from %I', g.rolname, member.rolname) as remedy
from pg_auth_members m
join pg_roles g on g.oid = m.roleid
join pg_roles member on member.oid = m.member
where g.rolname in ('portal_backup', 'portal_owner', 'portal_definer', 'portal_app', 'portal_auth', 'portal_platform', 'portal_worker', 'portal_mover')
  and not member.rolsuper
  and member.rolname not in ('portal_owner', 'portal_definer', 'portal_app', 'portal_auth', 'portal_platform', 'portal_worker', 'portal_mover', 'portal_inspector', 'portal_auditor')
  and not (member.rolcreaterole and not (select i.by_superuser from tenancy.installation i))
