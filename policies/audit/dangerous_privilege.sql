-- TRUNCATE ignores row security; REFERENCES and TRIGGER plant oracles and code in other customers' sessions.
select
  'dangerous_privilege' as lint,
  'error' as severity,
  c.oid::regclass::text as object,
  format('%s may %s', case a.grantee when 0 then 'public' else a.grantee::regrole::text end, a.privilege_type) as detail,
  format('revoke %s on %s from %s', lower(a.privilege_type), c.oid::regclass, case a.grantee when 0 then 'public' else a.grantee::regrole::text end) as remedy
from pg_class c
cross join lateral aclexplode(c.relacl) a
where c.relnamespace in ('portal'::regnamespace, 'platform'::regnamespace, 'tenancy'::regnamespace)
  and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and a.grantee <> c.relowner
  and (a.grantee = 0 or a.privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN'))
