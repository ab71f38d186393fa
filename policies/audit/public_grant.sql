-- What everybody may, every role that will ever exist may.
select
  'public_grant' as lint,
  case when s.canonical or s.kind = 'table' or bool_or(a.privilege_type = 'CREATE') then 'error' else 'warning' end as severity,
  s.object,
  'public has ' || string_agg(distinct a.privilege_type, ', ') as detail,
  format('revoke all on %s %s from public', s.kind, s.object) as remedy
from (
  select 'table' as kind, format('%I.%I', n.nspname, c.relname) as object, c.relacl as acl, d.canonical
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  cross join tenancy.audited d
  where n.nspname = any (d.schemas)
  union all
  select 'table', format('%I.%I', n.nspname, c.relname), col.attacl, d.canonical
  from pg_attribute col
  join pg_class c on c.oid = col.attrelid
  join pg_namespace n on n.oid = c.relnamespace
  cross join tenancy.audited d
  where n.nspname = any (d.schemas)
    and col.attacl is not null
  union all
  select 'schema', n.nspname::text, n.nspacl, d.canonical
  from pg_namespace n
  cross join tenancy.audited d
  where n.nspname = any (d.schemas)
  union all
  select 'routine', f.signature, coalesce(f.acl, acldefault('f', f.owner)), d.canonical
  from tenancy.written_functions f
  cross join tenancy.audited d
  where f.schema = any (d.schemas)
) as s
cross join lateral aclexplode(s.acl) a
where a.grantee = 0
group by s.kind, s.object, s.canonical
