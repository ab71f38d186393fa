-- A pattern instead of an equation: % in a setting matches everybody, and no index helps.
select
  'pattern_match_on_context' as lint,
  'warning' as severity,
  e.table_name as object,
  format('policy %s (%s): %s', e.name, e.clause, e.expression) as detail,
  tenancy.policy_remedy(e.table_name, e.name) || ' /* or compare with = */' as remedy
from tenancy.policy_texts x
join tenancy.policy_expressions e using (text_id)
where x.code ~ ' (!?~~?\*?|\^@) '
