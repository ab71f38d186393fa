-- Without FORCE the owner of the table, and whoever can become it, sees every customer.
select
  'rls_not_forced' as lint,
  'error' as severity,
  c.oid::regclass::text as object,
  'row security does not hold for the owner' as detail,
  'run portal migrate, or: alter table ' || c.oid::regclass || ' force row level security' as remedy
from pg_class c
where c.relnamespace in ('portal'::regnamespace, 'platform'::regnamespace)
  and c.relkind in ('r', 'p')
  and c.relrowsecurity
  and not c.relforcerowsecurity
