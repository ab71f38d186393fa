-- Whoever reads the pads can sign an entry into any customer; whoever writes them, too.
select
  'pads_readable' as lint,
  'error' as severity,
  'tenancy.mac_keys' as object,
  format('%s has %s on it', coalesce(r.rolname, 'public'), string_agg(a.privilege_type, ', ' order by a.privilege_type)) as detail,
  format('revoke all on tenancy.mac_keys from %s; then portal keys rotate mac', coalesce(quote_ident(r.rolname), 'public')) as remedy
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join lateral (
  select grantee, privilege_type from aclexplode(c.relacl)
  union
  select x.grantee, x.privilege_type
  from pg_attribute col
  cross join lateral aclexplode(col.attacl) x
  where col.attrelid = c.oid
) as a
left join pg_roles r on r.oid = a.grantee
where (n.nspname, c.relname) = ('tenancy', 'mac_keys')
  and a.grantee <> c.relowner
  and not (coalesce(r.rolname, 'public') = 'portal_definer' and a.privilege_type = 'SELECT')
group by r.rolname
