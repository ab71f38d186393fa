-- Row security without a policy shuts everybody out: safe, but hardly meant. (Of a table of platform or jobs that is not
-- registered unregistered_table says it.)
select
  'rls_no_policy' as lint,
  'warning' as severity,
  t.name as object,
  'row security is enabled and there is no policy' as detail,
  case when d.canonical then 'run portal migrate, which makes the policies' else format('create policy wall on %s as restrictive using (%s); create policy door on %1$s using (%2$s)', t.name, d.wall) end as remedy
from tenancy.our_tables t
cross join tenancy.audited d
where t.enabled
  and (t.schema = any (d.tenant_schemas) or exists (select from tenancy.platform_access a where (a.schema, a.table_name) = (t.schema, t.relname)))
  and not exists (select from pg_policy p where p.polrelid = t.oid)
