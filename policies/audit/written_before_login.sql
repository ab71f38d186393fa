-- A permissive policy by which the role of whoever has not logged in yet writes: anybody on the internet, unless a register says what for.
select
  'written_before_login' as lint,
  'error' as severity,
  p.table_name as object,
  format('policy %s lets portal_auth, as which nobody has logged in, %s', p.name,
    case p.command when '*' then 'write' when 'a' then 'insert' when 'w' then 'update' else 'delete' end) as detail,
  tenancy.policy_remedy(p.table_name, p.name) || ' /* or register it in policies/after/15_registers.sql with its reason */' as remedy
from tenancy.policies p
where p.permissive
  and p.command <> 'r'
  and exists (select from pg_roles r where r.oid = any (p.roles) and r.rolname = 'portal_auth')
  and not exists (
    select from tenancy.wanted_policies w
    where (w.table_name, w.name) = (p.table_name, p.name) and 'portal_auth' = any (w.roles))
