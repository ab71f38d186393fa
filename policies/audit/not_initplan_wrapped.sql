-- Without (select ...) the context is read again for every row, and the index on customer_id is not used.
select
  'not_initplan_wrapped' as lint,
  'warning' as severity,
  e.table_name as object,
  format('policy %s (%s): %s', e.name, e.clause, e.expression) as detail,
  'write (select tenancy.customer_id())' as remedy
from tenancy.policy_expressions e
where regexp_replace(e.code, 'SELECT (tenancy\.\w+|current_setting)\(', '', 'g') ~ '(tenancy\.\w+|current_setting)\('
