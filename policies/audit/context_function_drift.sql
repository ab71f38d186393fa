-- The context functions are what every wall stands on.
select
  'context_function_drift' as lint,
  'error' as severity,
  p.oid::regprocedure::text as object,
  case when p.provolatile <> 's' then 'is not stable' else 'its body is not the installed one' end as detail,
  'run portal migrate' as remedy
from pg_proc p
join (values
  ('customer_id', 'RETURN NULLIF(current_setting(''app.customer_id''::text, true), ''''::text)'),
  ('user_id',     'RETURN (NULLIF(current_setting(''app.user_id''::text, true), ''''::text))::bigint'),
  ('role',        'RETURN NULLIF(current_setting(''app.role''::text, true), ''''::text)'),
  ('acting_as',   'RETURN (NULLIF(current_setting(''app.acting_as''::text, true), ''''::text))::bigint'),
  ('session_id',  'RETURN (NULLIF(current_setting(''app.session_id''::text, true), ''''::text))::uuid')
) as installed (name, body) on p.proname = installed.name
where p.pronamespace = 'tenancy'::regnamespace
  and (p.provolatile <> 's' or pg_get_function_sqlbody(p.oid) is distinct from installed.body)
