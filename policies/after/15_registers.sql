-- The registers: what the walls, doors, grants and hardening are made from, and what the audit
-- compares them with. A DBA reads them as views.

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
  ('portal.quickbooks_auth', '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND (( SELECT tenancy.acting_as() AS acting_as) IS NULL))', false, 'an acting operator uses none of the customer''s keys'),
  -- All that the company has, in one file.
  ('portal.customer_export_parts', '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND (( SELECT tenancy.role() AS role) = ''Admin''::text) AND (( SELECT tenancy.acting_as() AS acting_as) IS NULL))', false, 'the data of the whole company is for its own Admins')
) as door (table_name, expression, reads_all, reason)
$view$);

comment on view tenancy.narrow_doors is 'Doors of portal_app and portal_worker that are narrower than the wall. reads_all: the expression limits writes only.';

call tenancy.ensure_view('bars', $view$
select *
from (values
  -- A door narrows by its check what is written, but not what is deleted.
  ('portal.users'::text, 'admin_deletes'::text, 'delete'::text,
   '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND (( SELECT tenancy.role() AS role) = ''Admin''::text))'::text,
   'people are deleted by an Admin only'::text, array['portal_app', 'portal_worker']),
  -- Whoever writes another person's secret becomes that person, and by an invitation or a token an Admin.
  ('platform.logins', 'own_login', 'update',
   '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND ((( SELECT tenancy.role() AS role) = ''Admin''::text) OR (user_id = ( SELECT tenancy.user_id() AS user_id))))',
   'a password is set by an Admin, or by whose it is', array['portal_app']),
  ('platform.identities', 'own_identity', 'delete',
   '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND ((( SELECT tenancy.role() AS role) = ''Admin''::text) OR (user_id = ( SELECT tenancy.user_id() AS user_id))))',
   'a sign-on is unlinked by an Admin, or by whose it is', array['portal_app']),
  ('platform.invitations', 'admin_invites', 'insert',
   '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND (( SELECT tenancy.role() AS role) = ''Admin''::text))',
   'an invitation into any role is an Admin''s', array['portal_app']),
  ('platform.service_tokens', 'admin_issues', 'insert',
   '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND (( SELECT tenancy.role() AS role) = ''Admin''::text))',
   'a token of any scope is an Admin''s', array['portal_app']),
  ('platform.service_tokens', 'admin_revokes', 'update',
   '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND (( SELECT tenancy.role() AS role) = ''Admin''::text))',
   'a token is revoked by an Admin, and nobody else brings one back', array['portal_app']),
  ('platform.operators', 'own_account', 'update', '(id = ( SELECT tenancy.acting_as() AS acting_as))',
   'an operator changes his own account only', array['portal_platform']),
  ('platform.invitations', 'own_invitation', 'insert', '(invited_by_operator = ( SELECT tenancy.acting_as() AS acting_as))',
   'an operator invites in his own name', array['portal_platform']),
  ('platform.sessions', 'own_switch', 'insert',
   '((operator_id = ( SELECT tenancy.acting_as() AS acting_as)) AND (parent_id = ( SELECT tenancy.session_id() AS session_id)))',
   'an operator switches in the session that he is in', array['portal_platform']),
  -- A guest, too, is portal_auth.
  ('portal.sms_messages', 'webhook_messages', 'all',
   '((customer_id = ( SELECT tenancy.customer_id() AS customer_id)) AND (( SELECT tenancy.role() AS role) = ''webhook''::text))',
   'text messages are brought, and told what became of, by their provider', array['portal_auth'])
) as bar (table_name, name, command, expression, reason, roles)
$view$);

comment on view tenancy.bars is 'Restrictive policies beside the walls and the policies of platform: what roles must fulfil for a command, whatever lets them in.';

call tenancy.ensure_view('other_doors', $view$
select *
from (values
  -- Grants say which columns.
  ('portal.users'::text,         'guest_door'::text, 'portal_auth'::text, 'all'::text, 'stamping a log-in, a public sign-up, accepting an invitation'::text),
  ('portal.outbox',              'guest_door', 'portal_auth', 'insert', 'mail that a public sign-up sends'),
  ('portal.outbox',              'upkeep_door', 'portal_definer', 'all', 'deleting what is over'),
  ('portal.weather_data',        'upkeep_door', 'portal_definer', 'all', 'deleting what is over'),
  ('portal.customer_exports',    'upkeep_door', 'portal_definer', 'select', 'which exports are over'),
  ('portal.customer_export_parts', 'upkeep_door', 'portal_definer', 'all', 'deleting what is over'),
  ('portal.sms_messages',        'webhook_door', 'portal_auth', 'all', 'a text message that comes in; what became of one that went out'),
  ('portal.users',               'webhook_door', 'portal_definer', 'all', 'whose telephone a text message comes from; who has stopped them with the provider'),
  ('portal.sms_context',         'webhook_door', 'portal_definer', 'select', 'whose conversation it continues'),
  ('portal.api_keys',            'webhook_door', 'portal_definer', 'select', 'the token that signs the calls of a provider'),
  ('portal.equipment_rates',     'starter_door', 'portal_definer', 'insert', 'the starter sets of a new customer'),
  ('portal.winter_products',     'starter_door', 'portal_definer', 'insert', 'the starter sets of a new customer'),
  ('portal.landscape_products',  'starter_door', 'portal_definer', 'insert', 'the starter sets of a new customer')
) as door (table_name, name, role, command, reason)
$view$);

comment on view tenancy.other_doors is 'Doors beside those of portal_app, portal_worker and portal_inspector. Each is as wide as the wall.';

--   own        rows of the customer that was entered
--   persons    those of them that belong to the person who acts
--   operators  rows of the operator who acts, outside of any customer
--   all        every row, limited by the columns and commands granted
call tenancy.ensure_view('platform_access', $view$
select access.*, case access.rows
    when 'own' then tenancy.wall()
    when 'persons' then format('(%s AND (person = ( SELECT tenancy.person() AS person)))', tenancy.wall())
    when 'operators' then '((customer_id IS NULL) AND (person = ( SELECT tenancy.person() AS person)))'
    else 'true'
  end as expression
from (
  select 'platform'::text as schema, p.*
  from (values
  ('customers',         'portal_app', 'own'),
  ('customers',         'portal_worker', 'own'),
  ('customers',         'portal_mover', 'own'),
  ('customers',         'portal_auth', 'all'),
  ('customers',         'portal_platform', 'all'),
  ('customers',         'portal_definer', 'all'),
  ('usage',             'portal_app', 'own'),
  ('usage',             'portal_mover', 'own'),
  ('usage',             'portal_platform', 'all'),
  ('usage',             'portal_definer', 'all'),
  ('operators',         'portal_auth', 'all'),
  ('operators',         'portal_platform', 'all'),
  ('operators',         'portal_definer', 'all'),
  ('logins',            'portal_app', 'own'),
  ('logins',            'portal_worker', 'own'),
  ('logins',            'portal_mover', 'own'),
  ('logins',            'portal_auth', 'all'),
  ('logins',            'portal_definer', 'all'),
  ('identities',        'portal_app', 'own'),
  ('identities',        'portal_mover', 'own'),
  ('identities',        'portal_auth', 'all'),
  ('sessions',          'portal_mover', 'own'),
  ('sessions',          'portal_auth', 'all'),
  ('sessions',          'portal_platform', 'all'),
  ('sessions',          'portal_definer', 'all'),
  ('invitations',       'portal_app', 'own'),
  ('invitations',       'portal_mover', 'own'),
  ('invitations',       'portal_auth', 'all'),
  ('invitations',       'portal_platform', 'all'),
  ('invitations',       'portal_definer', 'all'),
  ('service_tokens',    'portal_app', 'own'),
  ('service_tokens',    'portal_mover', 'own'),
  ('service_tokens',    'portal_auth', 'all'),
  ('receiving_numbers', 'portal_mover', 'own'),
  ('receiving_numbers', 'portal_auth', 'all'),
  ('receiving_numbers', 'portal_definer', 'all'),
  ('login_states',      'portal_mover', 'own'),
  ('login_states',      'portal_auth', 'all'),
  ('login_states',      'portal_definer', 'all'),
  ('login_attempts',    'portal_auth', 'all'),
  ('login_attempts',    'portal_definer', 'all'),
  ('audit_log',         'portal_app', 'own'),
  ('audit_log',         'portal_worker', 'own'),
  ('audit_log',         'portal_mover', 'own'),
  ('audit_log',         'portal_auth', 'all'),
  ('audit_log',         'portal_platform', 'all'),
  ('idempotency_keys',  'portal_app', 'persons'),
  ('idempotency_keys',  'portal_mover', 'own'),
  ('idempotency_keys',  'portal_platform', 'operators'),
  ('idempotency_keys',  'portal_definer', 'all')
  ) as p (table_name, role, rows)
  union all
  -- The queue: of all customers, for whoever works it and for the doors.
  select 'jobs', j.*
  from (values
  ('river_job',          'portal_worker', 'all'),
  ('river_job',          'portal_mover', 'own'),
  ('river_job',          'portal_definer', 'all'),
  ('river_leader',       'portal_worker', 'all'),
  ('river_queue',        'portal_worker', 'all'),
  ('river_notification', 'portal_worker', 'all'),
  ('river_migration',    'portal_owner', 'all')
  ) as j (table_name, role, rows)
) as access
$view$);

comment on view tenancy.platform_access is 'Which role sees which rows of the tables of platform and of jobs, and the expression of its policy.';

-- Secrets of other services (as ciphertext), and what stands for a password or a token. A DBA who
-- inspects a customer has no business with them, and nor has any role that is not named here.
call tenancy.ensure_view('secret_columns', $view$
select *
from (values
  ('portal.api_keys'::text,     'key_ciphertext'::text, array['portal_app', 'portal_worker', 'portal_mover'], true),
  ('portal.jobber_auth',        'access_token_ciphertext', array['portal_app', 'portal_worker', 'portal_mover'], true),
  ('portal.jobber_auth',        'refresh_token_ciphertext', array['portal_app', 'portal_worker', 'portal_mover'], true),
  ('portal.quickbooks_auth',    'access_token_ciphertext', array['portal_app', 'portal_worker', 'portal_mover'], true),
  ('portal.quickbooks_auth',    'refresh_token_ciphertext', array['portal_app', 'portal_worker', 'portal_mover'], true),
  -- A message may hold a link that lets its reader in. Whoever writes one becomes nobody.
  ('portal.outbox',             'message_ciphertext', array['portal_app', 'portal_worker'], false),
  ('platform.logins',           'password_hash', array['portal_auth', 'portal_mover'], true),
  ('platform.operators',        'password_hash', array['portal_auth'], true),
  ('platform.sessions',         'family_hash', array['portal_auth'], true),
  ('platform.sessions',         'refresh_hash', array['portal_auth'], true),
  ('platform.sessions',         'previous_hash', array['portal_auth'], true),
  ('platform.invitations',      'token_hash', array['portal_auth'], true),
  ('platform.service_tokens',   'token_hash', array['portal_auth', 'portal_mover'], true)
) as secret (table_name, column_name, readers, is_credential)
$view$);

comment on view tenancy.secret_columns is 'Columns with secrets, and the roles that may read each. is_credential: whoever writes it may be somebody else.';

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
  ('receiving_numbers', 'phone_number', 'leads from the number to the customer; a customer claims one, and learns whether another has it'),
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
  ('enter_job',         array['portal_worker'], null),
  ('enter_webhook',     array['portal_auth'], null),
  ('webhook_token',     array['portal_auth'], 'answers, of the customer that a webhook entered, one sealed token'),
  ('webhook_person',    array['portal_auth'], 'answers, in the customer that a webhook entered, whose telephone a number is'),
  ('stop_messages',     array['portal_app', 'portal_auth', 'portal_worker'], 'switches text messages off, in the customer that entered'),
  ('claim_number',      array['portal_app'], 'claims a number for the customer that its Admin entered'),
  ('prove_number',      array['portal_app', 'portal_worker'], 'proves a claim of the customer that entered'),
  ('enter_callback',    array['portal_app'], null),
  ('begin_connection',  array['portal_app'], 'notes who leaves, for the customer that entered'),
  ('enqueue',           array['portal_app', 'portal_auth', 'portal_worker'], 'makes a job of the customer that entered'),
  ('jobs',              array['portal_app'], 'shows an Admin the jobs of the customer that entered'),
  ('retry_job',         array['portal_app'], 'for an Admin, a job of the customer that entered'),
  ('discard_job',       array['portal_app'], 'for an Admin, a job of the customer that entered'),
  ('sessions',          array['portal_app'], 'shows the sessions of the customer that entered, to an Admin all of them'),
  ('end_session',       array['portal_app'], 'ends a session of the customer that entered'),
  ('prune',             array['portal_worker'], 'refuses inside of a customer, and enters each where a table is of customers'),
  ('state',             array['portal_app', 'portal_auth', 'portal_platform', 'portal_worker', 'portal_auditor'], null),
  ('replay',            array['portal_app'], null),
  ('isolation',         array['portal_platform'], null),
  ('moving',            array['portal_worker', 'portal_mover'], null),
  ('operator_name',     array['portal_app', 'portal_platform'], 'tells the name of the operator who acts, and nothing else'),
  ('lock_properties',   array['portal_app', 'portal_worker', 'portal_mover'], 'locks and counts for the customer that entered, and changes nothing'),
  ('end_sessions',      '{}', 'spares the session that acts, and ends the others'),
  ('end_operator_sessions', '{}', 'spares the session that acts, and ends the others'),
  ('end_service_sessions', '{}', null),
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

-- Of these, what somebody needs after all.
call tenancy.ensure_view('needed_functions', $view$
select n.role, d.function, n.reason
from (values
  ('portal_owner'::text, '^set_config\('::text, 'owns functions that enter'::text),
  ('portal_definer',     '^set_config\(', 'owns the procedures that enter'),
  ('portal_definer',     '^pg_stat_get_wal_receiver\(', 'tells whether a standby receives'),
  ('portal_worker',      '^pg_notify\(', 'tells the other workers of the queue'),
  ('portal_backup',      '^set_config\(', 'pg_dump'),
  ('pg_monitor',         '^pg_(stat_get|lock_status|get_replication_slots)', 'monitoring')
) as n (role, pattern, reason)
join tenancy.dangerous_functions d on d.function::text ~ n.pattern
$view$);

comment on view tenancy.needed_functions is 'Dangerous functions that a role may execute after all, and what for.';

-- The kinds of jobs: which roles of the API may ask for one, whether it runs in the name of a person, and in which line it
-- waits.
call tenancy.ensure_view('job_kinds', $view$
select *
from (values
  -- A drain that stops leaves messages behind: it does not give up.
  ('drain_mail'::text, array['portal_app', 'portal_auth', 'portal_worker'], false, 'messages'::text, 10000::smallint, 'sends the mail of one customer'::text),
  ('drain_sms',        array['portal_app', 'portal_auth', 'portal_worker'], false, 'messages', 10000, 'sends the text messages of one customer'),
  ('drain_webhooks',   array['portal_app', 'portal_worker'], false, 'messages', 10000, 'sends one customer''s events to its own address'),
  ('inbound_sms',      array['portal_auth'], true, 'inbound', 12, 'answers one text message, in the name of whose it is'),
  ('sync_jobber',      array['portal_app'], true, 'errands', 6, 'reads clients and properties from Jobber, in the name of who asked'),
  ('invoice_event',    array['portal_app'], true, 'errands', 12, 'makes the invoices of an event that its request did not come to'),
  ('reconcile_invoices', array['portal_app', 'portal_worker'], false, 'errands', 1000, 'asks what became of invoices whose answer was lost'),
  ('export_customer',  array['portal_app'], true, 'errands', 6, 'writes all data of a company into one file, for the Admin who asked')
) as kind (kind, askers, is_personal, queue, max_attempts, what)
$view$);

comment on view tenancy.job_kinds is 'The kinds of jobs that customers have. is_personal: it runs as a person, with what this one may at that time.';

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
  ('portal_worker',    'search_path', 'portal, pg_temp'),
  ('portal_worker',    'statement_timeout', '30s'),
  ('portal_worker',    'lock_timeout', '5s'),
  ('portal_worker',    'idle_in_transaction_session_timeout', '15s'),
  ('portal_worker',    'temp_file_limit', '65536'),
  ('portal_inspector', 'search_path', 'portal, pg_temp'),
  ('portal_inspector', 'statement_timeout', '60s'),
  ('portal_inspector', 'default_transaction_read_only', 'on'),
  ('portal_auditor',   'search_path', 'tenancy, pg_temp'),
  ('portal_auditor',   'statement_timeout', '60s'),
  ('portal_auditor',   'default_transaction_read_only', 'on')
) as s (role, setting, value)
$view$);

comment on view tenancy.role_settings is 'What each role starts a session with; the audit compares pg_db_role_setting with it.';

-- What a DBA is given is portal_inspector and portal_auditor. The installer of a managed server is a member of the owners: it made
-- them, and has CREATEROLE.
call tenancy.ensure_view('unregistered_members', $view$
select m.member as member_oid, member.rolname::text as member, m.roleid as role_oid, g.rolname::text as role, m.admin_option
from pg_auth_members m
join pg_roles g on g.oid = m.roleid
join pg_roles member on member.oid = m.member
where g.rolname in ('portal_backup', 'portal_owner', 'portal_definer', 'portal_app', 'portal_auth', 'portal_platform', 'portal_worker', 'portal_mover')
  and not member.rolsuper
  and member.rolname not in ('portal_owner', 'portal_definer', 'portal_app', 'portal_auth', 'portal_platform', 'portal_worker', 'portal_mover', 'portal_inspector', 'portal_auditor')
  and not (member.rolcreaterole and not (select i.by_superuser from tenancy.installation i))
$view$);

comment on view tenancy.unregistered_members is 'Members of the roles that nobody else is to become: the owners, the mover, those that the API logs in as, and the one that sees every row.';

-- What a customer does not take along when it moves.
call tenancy.ensure_view('unmoved_tables', $view$
select *
from (values
  ('platform.usage'::text,         'counted anew, by triggers'::text),
  ('platform.sessions',          'people log in again'),
  ('platform.login_states',      'a log-in that has begun ends here'),
  ('platform.invitations',       'a link leads to where it was made: whoever has not accepted is invited again'),
  ('platform.receiving_numbers', 'a number is claimed where the messages come in'),
  ('platform.idempotency_keys',  'answers kept for the repeats of a day'),
  ('portal.weather_data',        'a cache'),
  ('portal.imported_rows',       'which rows of another database are here, by the ids that they have here'),
  ('portal.outbox',              'what waits is sent from here, and what was sent has no text any more'),
  ('portal.assistant_actions',   'proposals for the sessions that are'),
  ('portal.customer_exports',    'the data itself moves, and not the files that were made of it'),
  ('portal.customer_export_parts', 'the data itself moves, and not the files that were made of it')
) as unmoved (table_name, reason)
$view$);

comment on view tenancy.unmoved_tables is 'Tables with a customer whose rows are not moved in or out, each with its reason.';

-- References that no foreign key can hold: where a condition says so, the column names a row of the target. An operator is of
-- the database and does not move.
call tenancy.ensure_view('soft_references', $view$
select *
from (values
  ('portal.assignment_history'::text, 'assignment_id'::text, 'portal.property_contractors'::text, 'assignment_type = ''property'''::text),
  ('portal.assignment_history', 'assignment_id', 'portal.route_assignments', 'assignment_type = ''route'''),
  ('platform.audit_log', 'actor_user_id', 'portal.users', 'true'),
  ('platform.audit_log', 'actor_service_id', 'platform.service_tokens', 'true'),
  ('platform.audit_log', 'actor_operator_id', 'platform.operators', 'true')
) as soft (table_name, column_name, target, condition)
$view$);

comment on view tenancy.soft_references is 'Columns that name a row of another table without a foreign key, and when.';

-- Tables without a customer, outside of platform.
call tenancy.ensure_view('global_tables', $view$
select *
from (values
  ('tenancy.installation'::text, 'how this database was installed'::text),
  ('tenancy.schema_version',    'written by the migrations'),
  ('tenancy.baseline',          'what the installer left behind, for the audit'),
  ('tenancy.facts_before',      'what stood when an installation began'),
  ('tenancy.audit_exceptions',  'findings that somebody answers for')
) as global (table_name, reason)
$view$);

comment on view tenancy.global_tables is 'Tables that belong to no customer and are not in platform, each with its reason.';

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
