-- A setting that nothing of ours sets: a slip of the pen shuts the table, a foreign one opens it.
select
  'wrong_guc_name' as lint,
  'error' as severity,
  s.object,
  format('reads the setting %s', m.names[1]) as detail,
  'read one of ' || (select string_agg(c.setting, ', ') from tenancy.context_settings c) as remedy
from (
  select distinct e.table_name as object, e.expression as text
  from tenancy.policy_expressions e
  union all
  select f.signature, f.body
  from tenancy.written_functions f
  cross join tenancy.audited a
  where f.schema = any (a.schemas)
) as s
cross join lateral regexp_matches(s.text, 'current_setting\(''([^'']+)''', 'gi') as m (names)
where m.names[1] like '%.%'
  and not exists (select from tenancy.context_settings c where c.setting = lower(m.names[1]))
