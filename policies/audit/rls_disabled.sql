-- A table of ours on which row security is not enabled: every granted role reads all customers.
select
  'rls_disabled' as lint,
  case when a.canonical or t.oid in (select h.oid from tenancy.tenant_tables h) then 'error' else 'warning' end as severity,
  t.name as object,
  'row security is not enabled' as detail,
  'alter table ' || t.name || ' enable row level security' as remedy
from tenancy.our_tables t
cross join tenancy.audited a
where not t.enabled
