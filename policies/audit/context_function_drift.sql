-- The context functions are what every wall stands on.
select
  'context_function_drift' as lint,
  'error' as severity,
  f.signature as object,
  case when f.volatility <> 's' then 'is not stable' else 'its body is not the installed one' end as detail,
  'run portal migrate' as remedy
from tenancy.written_functions f
join (values
  ('customer_id', 'RETURN NULLIF(current_setting(''app.customer_id''::text, true), ''''::text)'),
  ('user_id',     'RETURN (NULLIF(current_setting(''app.user_id''::text, true), ''''::text))::bigint'),
  ('role',        'RETURN NULLIF(current_setting(''app.role''::text, true), ''''::text)'),
  ('acting_as',   'RETURN (NULLIF(current_setting(''app.acting_as''::text, true), ''''::text))::bigint'),
  ('service_id',  'RETURN (NULLIF(current_setting(''app.service_id''::text, true), ''''::text))::bigint'),
  ('person',      'RETURN COALESCE((''user ''::text || tenancy.user_id()), (''operator ''::text || tenancy.acting_as()), (''service ''::text || tenancy.service_id()))'),
  ('session_id',  'RETURN (NULLIF(current_setting(''app.session_id''::text, true), ''''::text))::uuid')
) as installed (name, body) on f.name = installed.name
where f.schema = 'tenancy'
  and (f.volatility <> 's' or f.body <> installed.body)
