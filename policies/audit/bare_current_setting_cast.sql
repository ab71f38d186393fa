-- After a commit a setting made transaction-locally is '' and not null, and its cast fails.
select
  'bare_current_setting_cast' as lint,
  case when (select a.canonical from tenancy.audited a) then 'error' else 'warning' end as severity,
  s.object,
  s.detail,
  s.remedy || 'write nullif(current_setting(..., true), '''')' || s.remedy_end as remedy
from (
  select e.table_name as object, format('policy %s (%s): %s', e.name, e.clause, e.expression) as detail, x.expression as text,
    tenancy.policy_remedy(e.table_name, e.name) || ' /* or ' as remedy, ' */' as remedy_end
  from tenancy.policy_texts x
  join tenancy.policy_expressions e using (text_id)
  union all
  select f.signature, 'its body casts a setting that may be empty', f.body, 'no statement does: in its body ', ''
  from tenancy.written_functions f
  cross join tenancy.audited a
  where f.schema = any (a.schemas)
) as s
where s.text like '%current_setting%'
  and s.text ~* 'current_setting\(''[^'']*''(::text)?(, *\w+)?\)\)*::(?!text)'
