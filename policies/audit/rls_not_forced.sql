-- Without FORCE the owner of the table, and whoever can become it, sees every customer.
select
  'rls_not_forced' as lint,
  'error' as severity,
  t.name as object,
  'row security does not hold for the owner' as detail,
  'alter table ' || t.name || ' force row level security' as remedy
from tenancy.our_tables t
where t.enabled
  and not t.forced
