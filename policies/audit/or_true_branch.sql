-- OR true: the rest of the expression no longer counts.
select
  'or_true_branch' as lint,
  'error' as severity,
  e.table_name as object,
  format('policy %s (%s): %s', e.name, e.clause, e.expression) as detail,
  tenancy.policy_remedy(e.table_name, e.name) || ' /* or take the branch that is always true away */' as remedy
from tenancy.policy_texts x
join tenancy.policy_expressions e using (text_id)
where x.expression ~ ' OR '
  and exists (select from unnest(tenancy.disjuncts(x.expression)) as d where tenancy.always_true(d))
