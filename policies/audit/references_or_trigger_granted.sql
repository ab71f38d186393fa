-- REFERENCES plants an oracle for ids, TRIGGER plants code that runs in other customers' sessions.
select
  'references_or_trigger_granted' as lint,
  'error' as severity,
  format('%I.%I', n.nspname, c.relname) as object,
  format('%s has %s on it', coalesce(r.rolname, 'public'), a.privilege_type) as detail,
  format('revoke %s on %I.%I from %s', lower(a.privilege_type), n.nspname, c.relname, coalesce(quote_ident(r.rolname), 'public')) as remedy
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join lateral (
  select grantee, privilege_type from aclexplode(c.relacl)
  union
  select x.grantee, x.privilege_type
  from pg_attribute col
  cross join lateral aclexplode(col.attacl) x
  where col.attrelid = c.oid
) a
left join pg_roles r on r.oid = a.grantee
cross join tenancy.audited s
where n.nspname = any (s.schemas)
  and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and a.grantee <> c.relowner
  and a.privilege_type in ('REFERENCES', 'TRIGGER')
