-- Who may do what on each column of platform. What is not said here nobody may.
begin;
-- In a schema that nobody else may use: its functions run SQL given as text.
create schema if not exists pgtap;
create extension if not exists pgtap schema pgtap;
set local search_path = pgtap, public;

create temporary table cols on commit drop as
select c.relname::text as tab, a.attname::text as col
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'platform'::regnamespace
  and c.relkind in ('r', 'p');

-- * is the whole table; "* but a b" is each column except these.
create temporary table said (role text, privilege text, tab text, columns text) on commit drop;

-- Inside a customer: its own row, its people's log-ins, its invitations and tokens; never a hash, never an id
-- by hand, and of the audit log only what happened, not who did it.
insert into said values
  ('portal_app', 'SELECT', 'customers', '*'),
  ('portal_app', 'UPDATE', 'customers', 'contact_name contact_email contact_phone address billing_email timezone sign_on_only'),
  ('portal_app', 'SELECT', 'usage', '*'),
  ('portal_app', 'SELECT', 'logins', '* but password_hash password_set_at'),
  ('portal_app', 'INSERT', 'logins', 'customer_id user_id email role status'),
  ('portal_app', 'UPDATE', 'logins', 'password_hash password_set_at confirmed_at'),
  ('portal_app', 'SELECT', 'identities', '* but subject email_verified updated_at'),
  ('portal_app', 'DELETE', 'identities', '*'),
  ('portal_app', 'SELECT', 'invitations', '* but token_hash'),
  ('portal_app', 'INSERT', 'invitations', '* but id invited_by_operator accepted_at revoked_at created_at'),
  ('portal_app', 'UPDATE', 'invitations', 'revoked_at'),
  ('portal_app', 'SELECT', 'service_tokens', '* but token_hash'),
  ('portal_app', 'INSERT', 'service_tokens', '* but id last_used_at revoked_at created_at'),
  ('portal_app', 'UPDATE', 'service_tokens', 'revoked_at'),
  ('portal_app', 'SELECT', 'audit_log', '*'),
  ('portal_app', 'INSERT', 'audit_log', 'action object_type object_id detail request_id'),
  ('portal_app', 'SELECT', 'idempotency_keys', '*'),
  ('portal_app', 'INSERT', 'idempotency_keys', 'key_hash request_hash'),
  ('portal_app', 'UPDATE', 'idempotency_keys', '* but id customer_id person key_hash'),
  ('portal_app', 'DELETE', 'idempotency_keys', '*');

-- Before a customer is known: whatever a log-in needs, and of a customer whether it is open.
insert into said values
  ('portal_auth', 'SELECT', 'customers', 'customer_id company_name status trial_ends_at subdomain timezone sign_on_only'),
  ('portal_auth', 'SELECT', 'operators', 'id email name status password_hash password_set_at'),
  ('portal_auth', 'UPDATE', 'operators', 'password_hash last_login_at'),
  ('portal_auth', 'SELECT', 'logins', '*'),
  ('portal_auth', 'INSERT', 'logins', 'customer_id user_id email role status'),
  ('portal_auth', 'UPDATE', 'logins', 'password_hash password_set_at confirmed_at'),
  ('portal_auth', 'SELECT', 'identities', '*'),
  ('portal_auth', 'INSERT', 'identities', '* but id created_at updated_at'),
  ('portal_auth', 'UPDATE', 'identities', 'email email_verified'),
  ('portal_auth', 'SELECT', 'sessions', '*'),
  ('portal_auth', 'INSERT', 'sessions', '* but id parent_id created_at refreshed_at revoked_at previous_hash'),
  ('portal_auth', 'UPDATE', 'sessions', 'refresh_hash previous_hash refreshed_at revoked_at'),
  ('portal_auth', 'SELECT', 'invitations', '*'),
  ('portal_auth', 'UPDATE', 'invitations', 'accepted_at'),
  ('portal_auth', 'SELECT', 'service_tokens', '*'),
  ('portal_auth', 'UPDATE', 'service_tokens', 'last_used_at'),
  ('portal_auth', 'SELECT', 'receiving_numbers', '*'),
  ('portal_auth', 'SELECT', 'login_states', '*'),
  ('portal_auth', 'INSERT', 'login_states', '*'),
  ('portal_auth', 'DELETE', 'login_states', '*'),
  ('portal_auth', 'SELECT', 'login_attempts', '*'),
  ('portal_auth', 'INSERT', 'login_attempts', 'email address device outcome'),
  ('portal_auth', 'DELETE', 'login_attempts', '*'),
  ('portal_auth', 'INSERT', 'audit_log', 'action object_type object_id detail request_id');

-- Operators: the register of customers, their own account, invitations of first Admins, their sessions.
insert into said values
  ('portal_platform', 'SELECT', 'customers', '*'),
  ('portal_platform', 'INSERT', 'customers', '* but id sign_on_only created_at updated_at'),
  ('portal_platform', 'UPDATE', 'customers', '* but customer_id id sign_on_only created_at updated_at'),
  ('portal_platform', 'SELECT', 'usage', '*'),
  ('portal_platform', 'SELECT', 'operators', '* but password_hash password_set_at'),
  ('portal_platform', 'UPDATE', 'operators', 'phone address default_equipment password_hash password_set_at'),
  ('portal_platform', 'SELECT', 'invitations', '* but token_hash invited_by'),
  ('portal_platform', 'INSERT', 'invitations', '* but id invited_by accepted_at revoked_at created_at'),
  ('portal_platform', 'UPDATE', 'invitations', 'revoked_at'),
  ('portal_platform', 'SELECT', 'sessions', 'id operator_id parent_id status created_at refreshed_at expires_at revoked_at'),
  ('portal_platform', 'INSERT', 'sessions', 'customer_id role operator_id parent_id status expires_at'),
  ('portal_platform', 'UPDATE', 'sessions', 'revoked_at'),
  ('portal_platform', 'SELECT', 'audit_log', '*'),
  ('portal_platform', 'INSERT', 'audit_log', 'customer_id action object_type object_id detail request_id'),
  ('portal_platform', 'SELECT', 'idempotency_keys', '*'),
  ('portal_platform', 'INSERT', 'idempotency_keys', 'key_hash request_hash'),
  ('portal_platform', 'UPDATE', 'idempotency_keys', '* but id customer_id person key_hash'),
  ('portal_platform', 'DELETE', 'idempotency_keys', '*');

-- A job reads whose it is and whether he may, and is recorded.
insert into said values
  ('portal_worker', 'SELECT', 'customers', '*'),
  ('portal_worker', 'SELECT', 'logins', '* but password_hash password_set_at created_at updated_at'),
  ('portal_worker', 'SELECT', 'audit_log', '*'),
  ('portal_worker', 'INSERT', 'audit_log', 'action object_type object_id detail request_id');

-- A customer that moves brings its people along with their hashes; what does not move may be deleted, and is not read.
insert into said values
  ('portal_mover', 'SELECT', 'customers', '*'),
  ('portal_mover', 'INSERT', 'customers', '* but id'),
  ('portal_mover', 'UPDATE', 'customers', '* but customer_id id created_at updated_at'),
  ('portal_mover', 'SELECT', 'logins', '* but'),
  ('portal_mover', 'INSERT', 'logins', '* but customer_id'),
  ('portal_mover', 'UPDATE', 'logins', 'password_hash password_set_at confirmed_at'),
  ('portal_mover', 'SELECT', 'identities', '*'),
  ('portal_mover', 'INSERT', 'identities', '* but customer_id'),
  ('portal_mover', 'SELECT', 'service_tokens', '* but'),
  ('portal_mover', 'INSERT', 'service_tokens', '* but customer_id'),
  ('portal_mover', 'SELECT', 'audit_log', '*'),
  ('portal_mover', 'INSERT', 'audit_log', '* but customer_id');
insert into said
select 'portal_mover', 'DELETE', tab, '*'
from unnest(array['customers', 'usage', 'logins', 'identities', 'sessions', 'login_states', 'invitations', 'service_tokens', 'receiving_numbers', 'audit_log', 'idempotency_keys']) as tab;

-- tenancy.enter looks whether everybody may still come in; the triggers count, and end sessions.
insert into said values
  ('portal_definer', 'SELECT', 'customers', 'customer_id status trial_ends_at timezone max_users max_properties'),
  ('portal_definer', 'SELECT', 'logins', 'customer_id user_id role status'),
  ('portal_definer', 'SELECT', 'operators', 'id name'),
  ('portal_definer', 'SELECT', 'sessions', 'id customer_id user_id role operator_id parent_id service_token_id status created_at refreshed_at expires_at revoked_at'),
  ('portal_definer', 'UPDATE', 'sessions', 'revoked_at'),
  ('portal_definer', 'DELETE', 'sessions', '*'),
  ('portal_definer', 'SELECT', 'invitations', 'customer_id id accepted_at revoked_at expires_at'),
  ('portal_definer', 'DELETE', 'invitations', '*'),
  ('portal_definer', 'SELECT', 'login_states', 'state purpose customer_id user_id browser_hash expires_at'),
  ('portal_definer', 'INSERT', 'login_states', 'state purpose customer_id user_id browser_hash expires_at'),
  ('portal_definer', 'DELETE', 'login_states', '*'),
  ('portal_definer', 'SELECT', 'login_attempts', 'id at'),
  ('portal_definer', 'DELETE', 'login_attempts', '*'),
  ('portal_definer', 'SELECT', 'idempotency_keys', 'id at'),
  ('portal_definer', 'DELETE', 'idempotency_keys', '*'),
  ('portal_definer', 'SELECT', 'usage', '*'),
  ('portal_definer', 'INSERT', 'usage', 'customer_id users properties'),
  ('portal_definer', 'UPDATE', 'usage', 'users properties'),
  ('portal_definer', 'SELECT', 'receiving_numbers', '*'),
  ('portal_definer', 'INSERT', 'receiving_numbers', '* but created_at'),
  ('portal_definer', 'UPDATE', 'receiving_numbers', 'customer_id proven_at'),
  ('portal_definer', 'DELETE', 'receiving_numbers', '*');

insert into said
select distinct 'portal_backup', 'SELECT', tab, '*' from cols;

create temporary table roles on commit drop as
select r.role
from unnest(array['portal_app', 'portal_auth', 'portal_platform', 'portal_worker', 'portal_mover', 'portal_inspector', 'portal_auditor', 'portal_definer', 'portal_backup', 'public']) as r (role)
where r.role = 'public' or exists (select from pg_roles where rolname = r.role);

select plan((select 1 + (count(*) + count(distinct tab)) * (select count(*) from roles) from cols)::int);

select is_empty(
  $$ select tab, c from said, regexp_split_to_table(columns, ' ') as c
     where c not in ('*', 'but') and (tab, c) not in (select tab, col from cols) $$,
  'every column that is named here exists');

select table_privs_are('platform', t.tab, r.role,
  (select coalesce(array_agg(s.privilege::name), '{}') from said s where (s.tab, s.role, s.columns) = (t.tab, r.role, '*')),
  format('%s on platform.%I', r.role, t.tab))
from (select distinct tab from cols) as t, roles r;

select column_privs_are('platform', c.tab, c.col, r.role,
  (select coalesce(array_agg(s.privilege::name), '{}')
   from said s
   where (s.tab, s.role) = (c.tab, r.role)
     and s.privilege <> 'DELETE'
     and (s.columns like '*%') <> (c.col = any (regexp_split_to_array(s.columns, ' ')))),
  format('%s on platform.%I.%I', r.role, c.tab, c.col))
from cols c, roles r;

select * from finish();
rollback;
