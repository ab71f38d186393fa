-- BYPASSRLS is for backups and for nobody else.
select
  'bypass_role_unregistered' as lint,
  'warning' as severity,
  r.rolname::text as object,
  'bypasses row security' as detail,
  format('alter role %I nobypassrls', r.rolname) || case when a.canonical then ' /* or say in tenancy.audit_exceptions who answers for it */' else '' end as remedy
from pg_roles r
cross join tenancy.audited a
where r.rolbypassrls
  and not r.rolsuper
  and r.rolname <> all (a.backup_roles)
  and r.rolname not in (select w.name from tenancy.walled_roles w)
