-- BYPASSRLS is for backups and for nobody else. Further superusers, roles that copy the whole cluster and roles that make
-- roles get past row security too, and somebody should answer for each.
select
  'bypass_role_unregistered' as lint,
  'warning' as severity,
  r.rolname::text as object,
  b.detail,
  format('alter role %I %s', r.rolname, b.without) || case when a.canonical then ' /* or say in tenancy.audit_exceptions who answers for it */' else '' end as remedy
from pg_roles r
cross join tenancy.audited a
cross join lateral (values
  (r.rolbypassrls and not r.rolsuper, 'bypasses row security', 'nobypassrls'),
  (a.canonical and r.rolsuper and r.oid <> 10, 'is a superuser beside the one that the cluster was made with', 'nosuperuser nobypassrls noreplication nocreaterole'),
  (a.canonical and r.rolreplication and not r.rolsuper, 'copies the whole cluster (REPLICATION)', 'noreplication'),
  (a.canonical and r.rolcreaterole and not r.rolsuper and not exists (select from pg_roles o where o.rolname = a.owner and pg_has_role(r.oid, o.oid, 'MEMBER')),
    'makes and changes roles (CREATEROLE)', 'nocreaterole')
) as b (has, detail, without)
where b.has
  and r.rolname !~ '^pg_'
  and r.rolname <> all (a.backup_roles)
  and r.rolname not in (select w.name from tenancy.walled_roles w)
