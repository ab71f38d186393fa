-- The wall is the policy that no other policy can widen: restrictive, to everyone, for every command.
select
  'no_restrictive_wall' as lint,
  'error' as severity,
  t.name as object,
  'no restrictive policy to everyone covers all commands' as detail,
  'run portal migrate, which installs the wall' as remedy
from tenancy.tenant_tables t
where not exists (
  select
  from pg_policy p
  where p.polrelid = t.oid
    and not p.polpermissive
    and p.polcmd = '*'
    and p.polroles = '{0}')
