-- TRUNCATE ignores row security: it empties the table of every customer.
select
  'truncate_granted' as lint,
  'error' as severity,
  format('%I.%I', n.nspname, c.relname) as object,
  coalesce(r.rolname, 'public') || ' may truncate it' as detail,
  format('revoke truncate on %I.%I from %s', n.nspname, c.relname, coalesce(quote_ident(r.rolname), 'public')) as remedy
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join lateral aclexplode(c.relacl) a
left join pg_roles r on r.oid = a.grantee
cross join tenancy.audited s
where n.nspname = any (s.schemas)
  and c.relkind in ('r', 'p')
  and a.grantee <> c.relowner
  and a.privilege_type = 'TRUNCATE'
