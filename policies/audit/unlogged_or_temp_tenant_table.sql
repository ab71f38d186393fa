-- An unlogged table is empty after a crash and on every replica.
select
  'unlogged_or_temp_tenant_table' as lint,
  'warning' as severity,
  t.name as object,
  'is not logged: lost with a crash, absent from replicas' as detail,
  'alter table ' || t.name || ' set logged' as remedy
from tenancy.our_tables t
where t.persistence <> 'p'
  and t.schema <> 'jobs' -- who leads the workers is found anew
