-- A table of ours on which row security is not enabled: every granted role reads all customers.
select
  'rls_disabled' as lint,
  'error' as severity,
  t.name as object,
  'row security is not enabled' as detail,
  'run portal migrate, or: alter table ' || t.name || ' enable row level security' as remedy
from tenancy.our_tables t
where not t.enabled
