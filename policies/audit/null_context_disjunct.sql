-- "No context, or mine", however it is put: whoever has entered nothing sees everything.
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
        and d ~ '( IS NULL| = ''''::text|^\(*NOT .*( IS NOT NULL| <> ''''::text| IS DISTINCT FROM NULL::\w+))\)*(::boolean| IS TRUE)?\)*$'
        and d !~ ' AND ')
  -- What is null is not known, and here taken for true.
  or x.code ~ ('(current_setting|' || a.readers || ')\(((?! AND | OR ).)* IS NOT FALSE\M')
  or x.code ~ ('\mCOALESCE\(((?!, true\)).)*(current_setting|' || a.readers || ')\(.*, true\)')
