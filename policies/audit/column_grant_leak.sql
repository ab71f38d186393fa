-- A secret that a role may read which is none of its readers.
select
  'column_grant_leak' as lint,
  'error' as severity,
  s.table_name as object,
  format('%s may read %s', w.name, s.column_name) as detail,
  tenancy.revocation(w.name, t.oid, 'SELECT', array[s.column_name]) as remedy
from tenancy.secret_columns s
join tenancy.our_tables t on t.name = s.table_name
join pg_attribute a on a.attrelid = t.oid and a.attname = s.column_name
cross join tenancy.walled_roles w
where w.name <> all (s.readers)
  and has_column_privilege(w.oid, t.oid, a.attnum, 'SELECT')
