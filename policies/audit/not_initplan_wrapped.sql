-- Without (select ...) the context is read again for every row, and the index on the tenant's column is not used.
select
  'not_initplan_wrapped' as lint,
  'warning' as severity,
  e.table_name as object,
  format('policy %s (%s): %s', e.name, e.clause, e.expression) as detail,
  tenancy.policy_remedy(e.table_name, e.name) || ' /* or call it in (select ...), as in ' || a.wall || ' */' as remedy
from tenancy.policy_texts x
join tenancy.policy_expressions e using (text_id)
cross join tenancy.audited a
-- What is within a (select ...) without FROM is asked once.
where regexp_replace(x.code, '\( SELECT ((?! FROM ).)*? AS ("[^"]*"|\w+)\)', '', 'g') ~ ('(' || a.readers || '|current_setting)\(')
