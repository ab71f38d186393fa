-- A door to everyone: roles that nobody thought of come in.
select
  'to_public' as lint,
  'error' as severity,
  p.polrelid::regclass::text as object,
  format('permissive policy %s is to public', p.polname) as detail,
  format('drop policy %I on %s; a door names its roles', p.polname, p.polrelid::regclass) as remedy
from pg_policy p
join pg_class c on c.oid = p.polrelid
where c.relnamespace in ('portal'::regnamespace, 'platform'::regnamespace)
  and p.polpermissive
  and p.polroles = '{0}'
