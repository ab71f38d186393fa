-- A policy that looks at no column decides the same for every row of every customer.
select
  'no_own_column' as lint,
  'warning' as severity,
  e.table_name as object,
  format('policy %s (%s): %s', e.name, e.clause, e.expression) as detail,
  tenancy.policy_remedy(e.table_name, e.name) || ' /* or compare a column of the table, ' || a.tenant_column || ' among them */' as remedy
from tenancy.policy_texts x
join tenancy.policy_expressions e using (text_id)
cross join tenancy.audited a
where x.tree !~ '\{VAR '
  and not tenancy.always_true(x.expression)
  and not tenancy.always_false(x.expression)
