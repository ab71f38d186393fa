-- A policy that lets nothing through: a permissive one is useless, a restrictive one shuts the table.
select
  'constant_false' as lint,
  'warning' as severity,
  e.table_name as object,
  format('policy %s (%s): %s', e.name, e.clause, e.expression) as detail,
  tenancy.policy_remedy(e.table_name, e.name) as remedy
from tenancy.policy_texts x
join tenancy.policy_expressions e using (text_id)
where tenancy.always_false(x.expression)
