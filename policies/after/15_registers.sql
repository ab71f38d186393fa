-- The registers: what the walls, doors, grants and hardening are made from, and what the audit
-- compares them with. A DBA reads them as views.

-- The tenant tables.
call tenancy.ensure_view('tenant_tables', $view$
select c.oid, format('portal.%I', c.relname) as name, c.relname
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

call tenancy.ensure_view('bars', $view$
select *
from (values
  -- A door narrows by its check what is written, but not what is deleted.
  ('portal.users'::text, 'admin_deletes'::text, 'delete'::text,
   '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND (( SELECT tenancy.role() AS role) = ''Admin''::text))'::text,
   'people are deleted by an Admin only'::text, 'portal_app'::text),
  -- Whoever writes another person's secret becomes that person, and by an invitation or a token an Admin.
  ('platform.logins', 'own_login', 'update',
   '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND ((( SELECT tenancy.role() AS role) = ''Admin''::text) OR (user_id = ( SELECT tenancy.user_id() AS user_id))))',
   'a password is set by an Admin, or by whose it is', 'portal_app'),
  ('platform.invitations', 'admin_invites', 'insert',
   '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND (( SELECT tenancy.role() AS role) = ''Admin''::text))',
   'an invitation into any role is an Admin''s', 'portal_app'),
  ('platform.service_tokens', 'admin_issues', 'insert',
   '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND (( SELECT tenancy.role() AS role) = ''Admin''::text))',
   'a token of any scope is an Admin''s', 'portal_app'),
  ('platform.operators', 'own_account', 'update', '(id = ( SELECT tenancy.acting_as() AS acting_as))',
   'an operator changes his own account only', 'portal_platform'),
  ('platform.invitations', 'own_invitation', 'insert', '(invited_by_operator = ( SELECT tenancy.acting_as() AS acting_as))',
   'an operator invites in his own name', 'portal_platform'),
  ('platform.sessions', 'own_switch', 'insert',
   '((operator_id = ( SELECT tenancy.acting_as() AS acting_as)) AND (parent_id = ( SELECT tenancy.session_id() AS session_id)))',
   'an operator switches in the session that he is in', 'portal_platform')
) as bar (table_name, name, command, expression, reason, role)
$view$);

comment on view tenancy.bars is 'Restrictive policies beside the walls and the policies of platform: what a role must fulfil for a command, whatever lets it in.';

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
select access.*, case access.rows
    when 'own' then tenancy.wall()
    when 'persons' then format('(%s AND (person = ( SELECT tenancy.person() AS person)))', tenancy.wall())
    when 'operators' then '((customer_id IS NULL) AND (person = ( SELECT tenancy.person() AS person)))'
    else 'true'
  end as expression
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
  ('audit_log',         'portal_platform', 'all'),
  ('idempotency_keys',  'portal_app', 'persons'),
  ('idempotency_keys',  'portal_platform', 'operators')
) as access (table_name, role, rows)
$view$);

comment on view tenancy.platform_access is 'Which role sees which rows of the tables of platform, and the expression of its policy.';

-- Secrets of other services (as ciphertext), and what stands for a password or a token. A DBA who
-- inspects a customer has no business with them, and nor has any role that is not named here.
call tenancy.ensure_view('secret_columns', $view$
select *
from (values
  ('portal.api_keys'::text,     'key_ciphertext'::text, 'portal_app'::text),
  ('portal.jobber_auth',        'access_token_ciphertext', 'portal_app'),
  ('portal.jobber_auth',        'refresh_token_ciphertext', 'portal_app'),
  ('portal.quickbooks_auth',    'access_token_ciphertext', 'portal_app'),
  ('portal.quickbooks_auth',    'refresh_token_ciphertext', 'portal_app'),
  ('platform.logins',           'password_hash', 'portal_auth'),
  ('platform.operators',        'password_hash', 'portal_auth'),
  ('platform.sessions',         'family_hash', 'portal_auth'),
  ('platform.sessions',         'refresh_hash', 'portal_auth'),
  ('platform.sessions',         'previous_hash', 'portal_auth'),
  ('platform.invitations',      'token_hash', 'portal_auth'),
  ('platform.service_tokens',   'token_hash', 'portal_auth')
) as secret (table_name, column_name, reader)
$view$);

comment on view tenancy.secret_columns is 'Columns with secrets, and the one role that may read each.';

-- Unique keys of platform. What portal_app may write is led by customer_id there too; the others are
-- of tables or columns that no customer writes.
call tenancy.ensure_view('platform_keys', $view$
select *
from (values
  ('customers'::text,   'customer_id'::text, 'the customer'::text),
  ('customers',         'id', 'counted by the platform; no customer writes it'),
  ('customers',         'subdomain', 'given by operators; no customer writes it'),
  ('usage',             'customer_id', 'one row for each customer'),
  ('operators',         'id', 'operators belong to no customer'),
  ('operators',         'id, status', 'operators belong to no customer'),
  ('operators',         'email', 'operators belong to no customer'),
  ('logins',            'customer_id, user_id', 'led by the customer'),
  ('logins',            'customer_id, user_id, role, status', 'led by the customer'),
  ('logins',            'customer_id, email', 'led by the customer'),
  ('identities',        'customer_id, id', 'led by the customer'),
  ('identities',        'provider, subject, customer_id', 'carries the customer, which a sign-on page does not know yet'),
  ('sessions',          'id', 'a random uuid; no customer reads or writes it'),
  ('sessions',          'id, operator_id', 'a random uuid; no customer reads or writes it'),
  ('invitations',       'customer_id, id', 'led by the customer'),
  ('invitations',       'customer_id, token_hash', 'led by the customer'),
  ('service_tokens',    'customer_id, id', 'led by the customer'),
  ('service_tokens',    'customer_id, token_hash', 'led by the customer'),
  ('receiving_numbers', 'phone_number', 'leads from the number to the customer; operators write it'),
  ('login_states',      'state', 'random; written before a customer is known'),
  ('login_attempts',    'id', 'counted; written before a customer is known'),
  ('audit_log',         'id', 'counted; nobody of the API writes it'),
  ('idempotency_keys',  'id', 'counted; nobody of the API writes it'),
  ('idempotency_keys',  'customer_id, person, key_hash', 'led by the customer')
) as key (table_name, columns, reason)
$view$);

comment on view tenancy.platform_keys is 'The unique keys that the tables of platform may have, and why each is no oracle.';

-- Foreign keys of platform that do not carry the customer.
call tenancy.ensure_view('other_references', $view$
select *
from (values
  ('platform.sessions'::text, 'switch_has_its_operators_session'::text, 'carries the operator, whose both rows are; his own session is of no customer'::text)
) as reference (table_name, constraint_name, reason)
$view$);

comment on view tenancy.other_references is 'Foreign keys between tables with a customer that do not carry it, and why each is safe.';

-- The definer functions of tenancy: who may call each, and why one may go by the settings of its
-- caller, which a role of the API could have set by hand.
call tenancy.ensure_view('definer_functions', $view$
select *
from (values
  ('enter'::text,       array['portal_app'], null::text),
  ('enter_guest',       array['portal_auth'], null),
  ('enter_operator',    array['portal_platform'], null),
  ('state',             array['portal_app', 'portal_auth', 'portal_platform', 'portal_auditor'], null),
  ('operator_name',     array['portal_app', 'portal_platform'], 'tells the name of the operator who acts, and nothing else'),
  ('lock_properties',   array['portal_app'], 'locks and counts for the customer that entered, and changes nothing'),
  ('end_sessions',      '{}', 'spares the session that acts, and ends the others'),
  ('end_operator_sessions', '{}', 'spares the session that acts, and ends the others'),
  ('give_starter_sets', '{}', 'enters the new customer, and goes back to where its caller was'),
  ('keep_an_admin',     '{}', null),
  ('count_usage',       '{}', null),
  ('count_users',       '{}', null),
  ('count_properties',  '{}', null)
) as definer (name, callers, reads_context)
$view$);

comment on view tenancy.definer_functions is 'Security definer functions of tenancy, who may call each, and why one may read the context.';

-- Functions of PostgreSQL by what makes each dangerous; a pattern is of names.
call tenancy.ensure_view('dangerous_functions', $view$
select p.oid::regprocedure as function, d.danger
from (values
  ('switches the context'::text,       '^set_config$'::text),
  ('runs SQL given as text',           '_to_xml(schema|_and_xmlschema)?$|^ts_(stat|rewrite)$'),
  ('shows other sessions',             '^pg_stat_get_(activity|backend_.*|progress_info|wal_(senders|receiver)|subscription|replication_slot)$'),
  ('shows other sessions',             '^pg_(lock_status|(safe_snapshot_)?blocking_pids|isolation_test_session_is_blocked|prepared_xact|get_replication_slots|get_aios)$'),
  ('shows other sessions',             '^pg_(last_committed_xact|xact_commit_timestamp.*)$|^(pg|txid)_current_snapshot$'),
  ('ends or holds up other sessions',  '^pg_(terminate_backend|cancel_backend|sleep.*)$'),
  ('holds locks that others wait for', '^pg_(try_)?advisory_'),
  ('speaks to other sessions',         '^pg_notify$'),
  ('writes into the log of changes',   '^pg_logical_emit_message$'),
  ('shares a snapshot',                '^pg_export_snapshot$'),
  ('writes files or large objects',    '^lo_|^loread$|^lowrite$')
) as d (danger, pattern)
join pg_proc p on p.pronamespace = 'pg_catalog'::regnamespace and p.proname ~ d.pattern
$view$);

comment on view tenancy.dangerous_functions is 'Functions of PostgreSQL that no role of the API may execute, and why.';

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

-- The roles that must obey row security: those of the API, and those of DBAs that are ours.
call tenancy.ensure_view('walled_roles', $view$
select r.oid, r.rolname::text as name
from pg_roles r
where r.rolname in ('portal_app', 'portal_auth', 'portal_platform', 'portal_inspector', 'portal_auditor')
$view$);

comment on view tenancy.walled_roles is 'Roles that own nothing, bypass nothing and can become nobody.';

-- Tables without a customer, outside of platform.
call tenancy.ensure_view('global_tables', $view$
select *
from (values
  ('tenancy.installation'::text, 'how this database was installed'::text),
  ('tenancy.schema_version',    'written by the migrations'),
  ('tenancy.baseline',          'what the installer left behind, for the audit'),
  ('tenancy.audit_exceptions',  'findings that somebody answers for')
) as global (table_name, reason)
$view$);

comment on view tenancy.global_tables is 'Tables that belong to no customer and are not in platform, each with its reason.';

-- Settings that carry the context; tenancy.enter sets them.
call tenancy.ensure_view('context_settings', $view$
select *
from (values
  ('app.customer_id'::text),
  ('app.user_id'),
  ('app.role'),
  ('app.acting_as'),
  ('app.session_id'),
  ('tenancy.installing')
) as context (setting)
$view$);

comment on view tenancy.context_settings is 'The settings of our own that functions and policies may read.';

-- Vulnerabilities that touch isolation, and the first minor version of each major one without them.
call tenancy.ensure_view('fixed_minors', $view$
select *
from (values
  ('CVE-2023-2454',   'CREATE SCHEMA defeats a pinned search_path', 15, 3),
  ('CVE-2023-2455',   'policies disregard a change of user after inlining', 15, 3),
  ('CVE-2023-39418',  'MERGE skips policies of UPDATE and SELECT', 15, 4),
  ('CVE-2024-0985',   'REFRESH MATERIALIZED VIEW CONCURRENTLY keeps privileges too long', 15, 6),
  ('CVE-2024-4317',   'statistics of expressions are shown to everybody', 15, 7),
  ('CVE-2024-4317',   'statistics of expressions are shown to everybody', 16, 3),
  ('CVE-2024-7348',   'pg_dump runs a replaced object', 15, 8),
  ('CVE-2024-7348',   'pg_dump runs a replaced object', 16, 4),
  ('CVE-2024-10976',  'row security below a subquery ignores a change of user', 15, 9),
  ('CVE-2024-10976',  'row security below a subquery ignores a change of user', 16, 5),
  ('CVE-2024-10976',  'row security below a subquery ignores a change of user', 17, 1),
  ('CVE-2025-1094',   'quoting functions miss invalid encodings', 15, 11),
  ('CVE-2025-1094',   'quoting functions miss invalid encodings', 16, 7),
  ('CVE-2025-1094',   'quoting functions miss invalid encodings', 17, 3),
  ('CVE-2025-8713',   'statistics show rows behind row security', 15, 14),
  ('CVE-2025-8713',   'statistics show rows behind row security', 16, 10),
  ('CVE-2025-8713',   'statistics show rows behind row security', 17, 6),
  ('CVE-2026-14666',  'cached plans ignore changed memberships', 15, 19),
  ('CVE-2026-14666',  'cached plans ignore changed memberships', 16, 15),
  ('CVE-2026-14666',  'cached plans ignore changed memberships', 17, 11),
  ('CVE-2026-14666',  'cached plans ignore changed memberships', 18, 6),
  ('CVE-2026-120154', 'INSERT ... ON CONFLICT DO UPDATE reads every row', 15, 20),
  ('CVE-2026-120154', 'INSERT ... ON CONFLICT DO UPDATE reads every row', 16, 16),
  ('CVE-2026-120154', 'INSERT ... ON CONFLICT DO UPDATE reads every row', 17, 12),
  ('CVE-2026-120154', 'INSERT ... ON CONFLICT DO UPDATE reads every row', 18, 7)
) as fixed (cve, what, major, minor)
$view$);

comment on view tenancy.fixed_minors is 'The first minor versions without each known vulnerability of row security.';
