-- A secret granted to somebody who is none of its readers. The role of the definer functions has what they need, a backup's copies all.
select
  'column_grant_leak' as lint,
  'error' as severity,
  s.table_name as object,
  format('%s may read %s', coalesce(r.rolname, 'public'), string_agg(s.column_name, ', ' order by s.column_name)) as detail,
  format('revoke select%s on %s from %s', case when g.by_column then format(' (%s)', string_agg(quote_ident(s.column_name), ', ' order by s.column_name)) end,
    s.table_name, coalesce(quote_ident(r.rolname), 'public')) as remedy
from tenancy.secret_columns s
join tenancy.our_tables t on t.name = s.table_name
join pg_attribute a on a.attrelid = t.oid and a.attname = s.column_name
cross join tenancy.audited d
cross join lateral (
  select x.grantee, false as by_column from aclexplode(t.acl) x where x.privilege_type = 'SELECT'
  union
  select x.grantee, true from aclexplode(a.attacl) x where x.privilege_type = 'SELECT'
) as g
left join pg_roles r on r.oid = g.grantee
where g.grantee <> t.owner
  and coalesce(r.rolname, 'public') <> all (s.readers || d.backup_roles || array_remove(array[d.definer], null))
group by s.table_name, r.rolname, g.by_column
