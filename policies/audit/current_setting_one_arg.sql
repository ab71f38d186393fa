-- A setting that is read without saying that it may be missing: where nobody has entered, the query fails, and does not find nothing.
select
  'current_setting_one_arg' as lint,
  'warning' as severity,
  e.table_name as object,
  format('policy %s (%s) reads %s without true as the second argument: an error, and no empty answer, where it is not set', e.name, e.clause, m.names[1]) as detail,
  tenancy.policy_remedy(e.table_name, e.name) || ' /* or write current_setting(..., true) */' as remedy
from tenancy.policy_expressions e
cross join lateral (
  select regexp_match(e.expression, 'current_setting\(''([^'']*\.[^'']*)''(?:::text)?\)', 'i') as names) as m
where m.names is not null
