-- portal_backup sees every row of every customer, so it changes none and cannot become anybody.
select
  'backup_role_writes' as lint,
  'error' as severity,
  'portal_backup' as object,
  s.detail,
  s.remedy
from pg_roles r
cross join lateral (
  select format('may write %s', t.name) as detail,
    format('revoke insert, update, delete, truncate on %s from public, portal_backup', t.name) as remedy
  from tenancy.our_tables t
  where has_any_column_privilege(r.oid, t.oid, 'INSERT, UPDATE')
    or has_table_privilege(r.oid, t.oid, 'DELETE, TRUNCATE')
  union all
  select 'can become ' || up.rolname, tenancy.membership_remedy(r.oid, up.oid)
  from pg_roles up
  where up.oid <> r.oid and pg_has_role(r.oid, up.oid, 'member')
  union all
  select 'may create roles', 'alter role portal_backup nocreaterole'
  where r.rolcreaterole
) as s
where r.rolname = 'portal_backup'
  and not r.rolsuper
