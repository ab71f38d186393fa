-- A policy that compares a function or a cast of the tenant's column cannot use the index on it.
select
  'index_defeated_by_function' as lint,
  'warning' as severity,
  e.table_name as object,
  format('policy %s (%s): %s', e.name, e.clause, e.expression) as detail,
  'compare the bare column ' || a.tenant_column as remedy
from tenancy.policy_expressions e
cross join tenancy.audited a
where e.code ~ ('\w\(+' || a.tenant_column || '\M(?!\()')
  or e.code ~ ('\(' || a.tenant_column || '\)::')
  or e.code ~ ('\(' || a.tenant_column || ' \|\|')
