-- A policy that compares a function or a cast of the tenant's column cannot use the index on it.
select
  'index_defeated_by_function' as lint,
  'warning' as severity,
  e.table_name as object,
  format('policy %s (%s): %s', e.name, e.clause, e.expression) as detail,
  tenancy.policy_remedy(e.table_name, e.name) || ' /* or compare the bare column ' || a.tenant_column || ' */' as remedy
from tenancy.policy_texts x
join tenancy.policy_expressions e using (text_id)
cross join tenancy.audited a
-- The columns of a function in FROM are no arguments of one.
cross join lateral (select regexp_replace(x.code, '\) \w+\([\w, ]*\)', ')', 'g') as text) as code
where code.text ~ ('\w\(+' || a.tenant_column || '\M(?!\()')
  or code.text ~ ('\(' || a.tenant_column || '\)::')
  or code.text ~ ('\(' || a.tenant_column || ' \|\|')
