-- A policy that compares a function or a cast of customer_id cannot use the index on it.
select
  'index_defeated_by_function' as lint,
  'warning' as severity,
  e.table_name as object,
  format('policy %s (%s): %s', e.name, e.clause, e.expression) as detail,
  'compare the bare column customer_id' as remedy
from tenancy.policy_expressions e
where e.code ~ '\w\(+customer_id\M(?!\()'
  or e.code ~ '\(customer_id\)::'
  or e.code ~ '\(customer_id \|\|'
