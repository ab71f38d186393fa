-- A setting that nothing of ours sets: a slip of the pen shuts the table, a foreign one opens it, and one without a dot cannot be set.
select
  'wrong_guc_name' as lint,
  'error' as severity,
  s.object,
  format('reads the setting %s%s', m.names[1], case when m.names[1] not like '%.%' then ', which PostgreSQL does not have' end) as detail,
  s.remedy || (select string_agg(c.setting, ', ') from tenancy.context_settings c) || s.remedy_end as remedy
from (
  select distinct e.table_name as object, x.expression as text,
    tenancy.policy_remedy(e.table_name, e.name) || ' /* or read one of ' as remedy, ' */' as remedy_end
  from tenancy.policy_texts x
  join tenancy.policy_expressions e using (text_id)
  where x.expression ~ 'current_setting'
  union all
  select f.signature, f.body, 'no statement does: read in its body one of ', ''
  from tenancy.written_functions f
  cross join tenancy.audited a
  where f.schema = any (a.schemas)
) as s
cross join lateral regexp_matches(s.text, 'current_setting\(''([^'']+)''', 'gi') as m (names)
where (m.names[1] like '%.%'
    or lower(m.names[1]) not in ('role', 'session_authorization') -- which pg_settings does not show
      and not exists (select from pg_settings g where g.name = lower(m.names[1])))
  and not exists (select from tenancy.context_settings c where c.setting = lower(m.names[1]))
