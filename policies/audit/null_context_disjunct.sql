-- "No context, or mine": whoever has entered nothing sees everything.
select
  'null_context_disjunct' as lint,
  'error' as severity,
  e.table_name as object,
  format('policy %s (%s): %s', e.name, e.clause, e.expression) as detail,
  tenancy.policy_remedy(e.table_name, e.name) || ' /* or take the branch away: without a context no row may be seen */' as remedy
from tenancy.policy_texts x
join tenancy.policy_expressions e using (text_id)
cross join tenancy.audited a
where x.expression ~ ' OR '
  and exists (
    select from unnest(tenancy.disjuncts(x.expression)) as d
    where d ~ ('(current_setting|' || a.readers || ')\(')
      and d ~ '( IS NULL| = ''''::text)\)*$'
      and d !~ ' AND ')
