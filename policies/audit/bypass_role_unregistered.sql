-- BYPASSRLS is for backups and for nobody else.
select
  'bypass_role_unregistered' as lint,
  'warning' as severity,
  r.rolname::text as object,
  'bypasses row security' as detail,
  format('alter role %I nobypassrls, or say in tenancy.audit_exceptions who answers for it', r.rolname) as remedy
from pg_roles r
where r.rolbypassrls
  and not r.rolsuper
  and r.rolname <> 'portal_backup'
  and r.rolname not in (select w.name from tenancy.walled_roles w)
