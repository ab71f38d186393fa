-- A table of ours on which row security is not enabled: every granted role reads all customers.
select
  'rls_disabled' as lint,
  'error' as severity,
  c.oid::regclass::text as object,
  'row security is not enabled' as detail,
  'run portal migrate, or: alter table ' || c.oid::regclass || ' enable row level security' as remedy
from pg_class c
where c.relnamespace in ('portal'::regnamespace, 'platform'::regnamespace)
  and c.relkind in ('r', 'p')
  and not c.relrowsecurity
