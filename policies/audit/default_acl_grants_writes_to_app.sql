-- The next table would be open to the API before its wall stands.
select
  'default_acl_grants_writes_to_app' as lint,
  'warning' as severity,
  format('default privileges of %s%s', d.defaclrole::regrole, coalesce(' in ' || n.nspname, '')) as object,
  format('grant %s to %s', string_agg(a.privilege_type, ', '), w.name) as detail,
  format('alter default privileges for role %s%s revoke %s on tables from %I', d.defaclrole::regrole, coalesce(' in schema ' || quote_ident(n.nspname), ''),
    string_agg(a.privilege_type, ', '), w.name) as remedy
from pg_default_acl d
left join pg_namespace n on n.oid = d.defaclnamespace
cross join lateral aclexplode(d.defaclacl) a
join tenancy.walled_roles w on w.oid = a.grantee
where d.defaclobjtype = 'r'
  and a.privilege_type <> 'SELECT'
group by d.oid, d.defaclrole, n.nspname, w.name
