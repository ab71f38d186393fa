-- The wall is the policy that no other one can widen: restrictive, to everyone, for every command, and
-- nothing but the entered customer.
select
  'no_restrictive_wall' as lint,
  'error' as severity,
  t.name as object,
  'no restrictive policy to everyone compares every command with the entered customer' as detail,
  'run portal migrate, which installs the wall' as remedy
from tenancy.tenant_tables t
where not exists (select from tenancy.walls w where w.table_oid = t.oid)
