-- Everything that will be made is open to everybody.
select
  'default_acl_public' as lint,
  'error' as severity,
  format('default privileges of %s%s', d.defaclrole::regrole, coalesce(' in ' || n.nspname, '')) as object,
  format('grant %s to public', string_agg(a.privilege_type, ', ')) as detail,
  format('alter default privileges for role %s%s revoke %s on %s from public', d.defaclrole::regrole, coalesce(' in schema ' || quote_ident(n.nspname), ''),
    string_agg(a.privilege_type, ', '),
    case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end) as remedy
from pg_default_acl d
left join pg_namespace n on n.oid = d.defaclnamespace
cross join lateral aclexplode(d.defaclacl) a
where a.grantee = 0
  -- Of functions and types everybody has this anyway; what is ours is revoked one by one.
  and not (d.defaclobjtype in ('f', 'T') and d.defaclnamespace = 0)
group by d.oid, d.defaclrole, n.nspname
