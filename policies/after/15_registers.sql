-- The registers: what the walls, doors, grants and hardening are made from, and what the audit
-- compares them with. A DBA reads them as views.

-- The tenant tables.
call tenancy.ensure_view('tenant_tables', $view$
select c.oid, c.oid::regclass::text as name, c.relname
from pg_class c
where c.relnamespace = 'portal'::regnamespace
  and c.relkind in ('r', 'p')
$view$);

comment on view tenancy.tenant_tables is 'Every ordinary or partitioned table of schema portal.';

call tenancy.ensure_view('narrow_doors', $view$
select *
from (values
  -- A role is changed by an Admin only; everybody else writes himself, as he is.
  ('portal.users'::text,
   '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND ((( SELECT tenancy.role() AS role) = ''Admin''::text) OR ((id = ( SELECT tenancy.user_id() AS user_id)) AND (role = ( SELECT tenancy.role() AS role)) AND (status = ''active''::text))))'::text,
   true,
   'a role is changed by an Admin only'::text),
  -- Keys of other services: nobody who acts inside a customer from outside may use them.
  ('portal.api_keys',        '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND (( SELECT tenancy.acting_as() AS acting_as) IS NULL))', false, 'an acting operator uses none of the customer''s keys'),
  ('portal.jobber_auth',     '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND (( SELECT tenancy.acting_as() AS acting_as) IS NULL))', false, 'an acting operator uses none of the customer''s keys'),
  ('portal.quickbooks_auth', '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND (( SELECT tenancy.acting_as() AS acting_as) IS NULL))', false, 'an acting operator uses none of the customer''s keys')
) as door (table_name, expression, reads_all, reason)
$view$);

comment on view tenancy.narrow_doors is 'Doors of portal_app that are narrower than the wall. reads_all: the expression limits writes only.';

call tenancy.ensure_view('other_doors', $view$
select *
from (values
  -- Grants say which columns.
  ('portal.users'::text,         'guest_door'::text, 'portal_auth'::text, 'all'::text, 'stamping a log-in, a public sign-up, accepting an invitation'::text),
  ('portal.equipment_rates',     'starter_door', 'portal_definer', 'insert', 'the starter sets of a new customer'),
  ('portal.winter_products',     'starter_door', 'portal_definer', 'insert', 'the starter sets of a new customer'),
  ('portal.landscape_products',  'starter_door', 'portal_definer', 'insert', 'the starter sets of a new customer')
) as door (table_name, name, role, command, reason)
$view$);

comment on view tenancy.other_doors is 'Doors beside those of portal_app and portal_inspector. Each is as wide as the wall.';

call tenancy.ensure_view('platform_access', $view$
select *
from (values
  ('customers',         'portal_app', 'own'),
  ('customers',         'portal_auth', 'all'),
  ('customers',         'portal_platform', 'all'),
  ('customers',         'portal_definer', 'all'),
  ('usage',             'portal_app', 'own'),
  ('usage',             'portal_platform', 'all'),
  ('usage',             'portal_definer', 'all'),
  ('operators',         'portal_auth', 'all'),
  ('operators',         'portal_platform', 'all'),
  ('operators',         'portal_definer', 'all'),
  ('logins',            'portal_app', 'own'),
  ('logins',            'portal_auth', 'all'),
  ('logins',            'portal_definer', 'all'),
  ('identities',        'portal_app', 'own'),
  ('identities',        'portal_auth', 'all'),
  ('sessions',          'portal_auth', 'all'),
  ('sessions',          'portal_platform', 'all'),
  ('sessions',          'portal_definer', 'all'),
  ('invitations',       'portal_app', 'own'),
  ('invitations',       'portal_auth', 'all'),
  ('invitations',       'portal_platform', 'all'),
  ('service_tokens',    'portal_app', 'own'),
  ('service_tokens',    'portal_auth', 'all'),
  ('receiving_numbers', 'portal_auth', 'all'),
  ('login_states',      'portal_auth', 'all'),
  ('login_attempts',    'portal_auth', 'all'),
  ('audit_log',         'portal_app', 'own'),
  ('audit_log',         'portal_auth', 'all'),
  ('audit_log',         'portal_platform', 'all')
) as access (table_name, role, rows)
$view$);

comment on view tenancy.platform_access is 'Which role sees which rows of the tables of platform.';

-- Columns that hold another service's secret (as ciphertext): a DBA who inspects a customer has no
-- business with them.
call tenancy.ensure_view('secret_columns', $view$
select *
from (values
  ('portal.api_keys'::text, 'key_ciphertext'::text),
  ('portal.jobber_auth', 'access_token_ciphertext'),
  ('portal.jobber_auth', 'refresh_token_ciphertext'),
  ('portal.quickbooks_auth', 'access_token_ciphertext'),
  ('portal.quickbooks_auth', 'refresh_token_ciphertext')
) as secret (table_name, column_name)
$view$);

-- The functions: whoever may call them can switch the context in an expression, end or watch other
-- sessions, sleep, write files or large objects, or run SQL given as text.
call tenancy.ensure_view('dangerous_functions', $view$
select p.oid::regprocedure as function
from pg_proc p
where p.pronamespace = 'pg_catalog'::regnamespace
  and (
    p.proname in ('set_config', 'pg_terminate_backend', 'pg_cancel_backend', 'pg_stat_get_activity', 'pg_notify', 'loread', 'lowrite',
      'ts_stat', 'pg_export_snapshot', 'pg_logical_emit_message', 'pg_advisory_lock', 'pg_advisory_lock_shared',
      'pg_try_advisory_lock', 'pg_try_advisory_lock_shared')
    or p.proname ~ '^(pg_sleep|lo_)'
    or p.proname ~ '_to_xml'
  )
$view$);

comment on view tenancy.dangerous_functions is 'Functions of PostgreSQL that no role of the API may execute.';

call tenancy.ensure_view('role_settings', $view$
select s.role, s.setting, s.value
from (values
  ('portal_app',       'search_path', 'portal, pg_temp'),
  ('portal_app',       'statement_timeout', '10s'),
  ('portal_app',       'lock_timeout', '5s'),
  ('portal_app',       'idle_in_transaction_session_timeout', '15s'),
  ('portal_app',       'temp_file_limit', '262144'),
  ('portal_auth',      'search_path', 'platform, pg_temp'),
  ('portal_auth',      'statement_timeout', '5s'),
  ('portal_auth',      'lock_timeout', '5s'),
  ('portal_auth',      'idle_in_transaction_session_timeout', '15s'),
  ('portal_auth',      'temp_file_limit', '65536'),
  ('portal_platform',  'search_path', 'platform, pg_temp'),
  ('portal_platform',  'statement_timeout', '10s'),
  ('portal_platform',  'lock_timeout', '5s'),
  ('portal_platform',  'idle_in_transaction_session_timeout', '15s'),
  ('portal_platform',  'temp_file_limit', '65536'),
  ('portal_inspector', 'search_path', 'portal, pg_temp'),
  ('portal_inspector', 'statement_timeout', '60s'),
  ('portal_inspector', 'default_transaction_read_only', 'on'),
  ('portal_auditor',   'search_path', 'tenancy, pg_temp'),
  ('portal_auditor',   'statement_timeout', '60s'),
  ('portal_auditor',   'default_transaction_read_only', 'on')
) as s (role, setting, value)
$view$);

comment on view tenancy.role_settings is 'What each role starts a session with; the audit compares pg_db_role_setting with it.';
