-- A door to everyone: roles that nobody thought of come in.
select
  'to_public' as lint,
  'error' as severity,
  t.name as object,
  format('permissive policy %s is to public', p.polname) as detail,
  format('drop policy %I on %s; a door names its roles', p.polname, t.name) as remedy
from pg_policy p
join tenancy.our_tables t on t.oid = p.polrelid
where p.polpermissive
  and 0 = any (p.polroles)
