-- Who may do what on each column of each tenant table: by rules, and a few exceptions to them.
begin;
-- In a schema that nobody else may use: its functions run SQL given as text.
create schema if not exists pgtap;
create extension if not exists pgtap schema pgtap;
set local search_path = pgtap, public;

create temporary table cols on commit drop as
select c.relname::text as tab, a.attname::text as col, a.attgenerated <> '' as made
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'portal'::regnamespace
  and c.relkind in ('r', 'p');

create temporary table shapes on commit drop as
select c.relname::text as tab
from pg_class c
where c.relnamespace = 'portal'::regnamespace
  and c.relkind = 'v';

-- Without a column: the privilege on the whole table.
create temporary table granted (tab text, col text, role text, privilege text) on commit drop;

-- portal_app reads all, deletes, and writes everything but the row's identity, the time it was made, and what PostgreSQL
-- makes of other columns.
insert into granted
select distinct tab, null, 'portal_app', p from cols, unnest(array['SELECT', 'DELETE']) as p
union all
select tab, col, 'portal_app', 'SELECT' from cols
union all
select tab, col, 'portal_app', 'INSERT' from cols where col not in ('customer_id', 'id') and not made
union all
select tab, col, 'portal_app', 'UPDATE' from cols where col not in ('customer_id', 'id', 'created_at') and not made;

-- A job may inside its customer what a request may.
insert into granted
select tab, col, 'portal_worker', privilege from granted where role = 'portal_app';

-- portal_inspector reads all but the secrets of other services.
insert into granted
select tab, col, 'portal_inspector', 'SELECT' from cols where col !~ '_ciphertext$';

-- portal_mover brings rows along with their ids, but not the customer: that one is the context's. Mail that waits it leaves.
insert into granted
select tab, null, 'portal_mover', 'DELETE' from cols group by tab
union all
select tab, col, 'portal_mover', 'SELECT' from cols where (tab, col) <> ('outbox', 'message_ciphertext')
union all
select tab, col, 'portal_mover', 'INSERT' from cols where col <> 'customer_id' and not made
union all
select tab, col, 'portal_mover', 'UPDATE' from cols where col not in ('customer_id', 'id', 'created_at') and not made;

-- portal_backup reads all, and portal_owner may do what an owner may.
insert into granted
select distinct tab, null, 'portal_backup', 'SELECT' from cols
union all
select tab, col, 'portal_backup', 'SELECT' from cols;

-- portal_auth, of the people: recognise, sign up, stamp a log-in. Mail that a sign-up sends.
insert into granted
select 'users', c, 'portal_auth', 'SELECT' from unnest(array['customer_id', 'id', 'name', 'email', 'role', 'status']) as c
union all
select 'users', c, 'portal_auth', 'INSERT'
from unnest(array['name', 'username', 'email', 'phone', 'role', 'requested_role', 'status', 'last_login_at', 'display_name', 'avatar_url']) as c
union all
values ('users', 'last_login_at', 'portal_auth', 'UPDATE')
union all
select 'outbox', c, 'portal_auth', 'INSERT'
from unnest(array['channel', 'kind', 'message_name', 'message_ciphertext', 'reference', 'max_attempts', 'next_try_at']) as c;

-- And for a webhook: the inbox, and what became of a message.
insert into granted
select 'sms_messages', c, 'portal_auth', 'SELECT' from unnest(array['customer_id', 'id', 'direction', 'phone_number', 'twilio_sid', 'twilio_status', 'created_at']) as c
union all
select 'sms_messages', c, 'portal_auth', 'INSERT' from unnest(array['conversation_id', 'phone_number', 'direction', 'message_body', 'twilio_sid', 'twilio_status', 'waits']) as c
union all
select 'sms_messages', c, 'portal_auth', 'UPDATE' from unnest(array['twilio_status', 'twilio_error_code']) as c;

-- portal_definer answers a webhook the token that signs its calls, and whose telephone a number is.
insert into granted
select 'users', c, 'portal_definer', 'SELECT' from unnest(array['customer_id', 'id', 'phone', 'status', 'sms_notifications_enabled']) as c
union all
values ('users', 'sms_notifications_enabled', 'portal_definer', 'UPDATE')
union all
select 'sms_context', c, 'portal_definer', 'SELECT' from unnest(array['customer_id', 'user_id', 'phone_number', 'last_message_at']) as c
union all
select 'api_keys', c, 'portal_definer', 'SELECT' from unnest(array['customer_id', 'key_name', 'user_id', 'key_ciphertext']) as c;

-- portal_definer gives a new customer its starter sets.
insert into granted
select 'equipment_rates', c, 'portal_definer', 'INSERT' from unnest(array['equipment_name', 'hourly_rate', 'description']) as c
union all
select t, c, 'portal_definer', 'INSERT' from unnest(array['winter_products', 'landscape_products']) as t, unnest(array['name', 'unit']) as c;

-- And deletes what is over.
insert into granted
values
  ('outbox', null, 'portal_definer', 'DELETE'),
  ('weather_data', null, 'portal_definer', 'DELETE'),
  ('customer_export_parts', null, 'portal_definer', 'DELETE')
union all
select 'outbox', c, 'portal_definer', 'SELECT' from unnest(array['customer_id', 'id', 'finished_at']) as c
union all
select 'weather_data', c, 'portal_definer', 'SELECT' from unnest(array['customer_id', 'id', 'expires_at']) as c
union all
select 'customer_exports', c, 'portal_definer', 'SELECT' from unnest(array['customer_id', 'id', 'expires_at']) as c
union all
select 'customer_export_parts', c, 'portal_definer', 'SELECT' from unnest(array['customer_id', 'id', 'export_id']) as c;

-- A view is read by whoever reads its tables, and written by nobody.
insert into granted
select tab, null, r, 'SELECT' from shapes, unnest(array['portal_app', 'portal_worker', 'portal_inspector', 'portal_backup']) as r;

create temporary table roles on commit drop as
select r.role
from unnest(array['portal_app', 'portal_auth', 'portal_platform', 'portal_worker', 'portal_mover', 'portal_inspector', 'portal_auditor', 'portal_definer', 'portal_backup', 'public']) as r (role)
where r.role = 'public' or exists (select from pg_roles where rolname = r.role);

select plan((((select count(*) + count(distinct tab) from cols) + (select count(*) from shapes)) * (select count(*) from roles))::int);

select table_privs_are('portal', t.tab, r.role,
  (select coalesce(array_agg(g.privilege::name), '{}') from granted g where (g.tab, g.role) = (t.tab, r.role) and g.col is null),
  format('%s on portal.%I', r.role, t.tab))
from (select tab from cols union select tab from shapes) as t, roles r;

select column_privs_are('portal', c.tab, c.col, r.role,
  (select coalesce(array_agg(g.privilege::name), '{}') from granted g where (g.tab, g.col, g.role) = (c.tab, c.col, r.role)),
  format('%s on portal.%I.%I', r.role, c.tab, c.col))
from cols c, roles r;

select * from finish();
rollback;
