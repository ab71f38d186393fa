-- Rows of every table, in the states that operations ask for, the same for every company: the row that
-- is n-th by id in one company is like the n-th in each other. A feature whose operation finds no row
-- that it can work on adds one here.

-- A feature that is not in every plan.
update platform.customers set features = features || '{"sms": true, "jobber": true, "quickbooks": true}';

-- People beside the five of the seed: somebody to approve, to reactivate, to delete, and an Admin more
-- than the last one.
insert into portal.users (customer_id, name, username, email, role, status, contractor_id, requested_role, phone)
select c.customer_id, u.name, u.username, u.username || substring(a.email from '@.*$'), u.role, u.status,
  case when u.role = 'Subcontractor' then l.id end,
  case when u.status = 'pending' then 'Contractor' end,
  '+1716555' || lpad((100 + u.n)::text, 4, '0')
from platform.customers c
join portal.users a on a.customer_id = c.customer_id and a.role = 'Admin'
join portal.users l on l.customer_id = c.customer_id and l.role = 'Contractor'
cross join (
  values
    (1, 'Second Admin', 'admin2', 'Admin', 'active'),
    (2, 'Pending Person', 'pending', 'User', 'pending'),
    (3, 'Suspended Person', 'suspended', 'User', 'suspended'),
    (4, 'Led Person', 'led', 'Subcontractor', 'active'),
    (5, 'Idle Person', 'idle', 'User', 'active')
) as u (n, name, username, role, status)
order by c.customer_id, u.n;

-- Properties 1 to 3 of the seed have logs and invoices; these have none.
insert into portal.locations (customer_id, name, address, sqft, area_manager, plow, salt, latitude, longitude)
select c.customer_id, 'Spare ' || n, n || ' Spare Lane, Springfield, NY 14201', 500 * n, 'Lee Park', true, true, 42.8 + n / 100.0, -78.8
from platform.customers c
cross join generate_series(1, 3) as n
order by c.customer_id, n;

-- Everything below is made for "staff", the five people who log in in tests, and "busy", properties 1 to 3.
create view pg_temp.staff as
select u.customer_id, u.id, u.name, u.role, row_number() over (partition by u.customer_id order by u.id) as n
from portal.users u
where u.name like '% One';

create view pg_temp.busy as
select p.customer_id, p.id, row_number() over (partition by p.customer_id order by p.id) as n
from portal.locations p
where p.name like 'Property %';

insert into portal.admin_settings (customer_id, setting, value)
select customer_id, 'signup_notification_email', 'office@example.com' from platform.customers order by customer_id;

-- One key of the whole company, and one of each person's own.
insert into portal.api_keys (customer_id, key_name, key_ciphertext, key_last_four, user_id)
select customer_id, 'openai_api_key', '\x01', '1234', null from platform.customers order by customer_id;
insert into portal.api_keys (customer_id, key_name, key_ciphertext, key_last_four, user_id)
select customer_id, 'openai_api_key', '\x02', '5678', id from pg_temp.staff order by id;

-- Each person is asked to serve every busy property: one answer of each kind.
insert into portal.property_contractors (customer_id, property_id, contractor_id, is_primary, acceptance_status, accepted_at, declined_at)
select s.customer_id, b.id, s.id, s.n = b.n, v.status,
  case v.status when 'accepted' then now() end,
  case v.status when 'declined' then now() end
from pg_temp.staff s
join pg_temp.busy b on b.customer_id = s.customer_id
join (values (1, 'pending'), (2, 'accepted'), (3, 'declined')) as v (n, status) on v.n = b.n
order by s.customer_id, s.n, b.n;

insert into portal.assignment_history (customer_id, assignment_type, assignment_id, user_id, property_id, action)
select customer_id, 'property', id, contractor_id, property_id, 'assigned' from portal.property_contractors order by id;

insert into portal.property_lists (customer_id, name, user_id, is_shared)
select s.customer_id, case when v.shared then 'Shared' else 'Own' end || ' list of ' || s.name, s.id, v.shared
from pg_temp.staff s
cross join (values (false), (true)) as v (shared)
order by s.id, v.shared;

insert into portal.property_list_items (customer_id, list_id, property_id)
select l.customer_id, l.id, b.id
from portal.property_lists l
join pg_temp.busy b on b.customer_id = l.customer_id and b.n < 3;

insert into portal.routes (customer_id, user_id, name, is_template)
select customer_id, id, 'Route of ' || name, false from pg_temp.staff order by id;

insert into portal.route_properties (customer_id, route_id, property_id, sequence_order)
select r.customer_id, r.id, b.id, b.n
from portal.routes r
join pg_temp.busy b on b.customer_id = r.customer_id and b.n < 3;

insert into portal.route_assignments (customer_id, route_id, user_id, acceptance_status, accepted_at, current_property_id, current_property_started_at)
select r.customer_id, r.id, s.id,
  case when driven then 'accepted' else 'pending' end,
  case when driven then now() end,
  case when driven then b.id end,
  case when driven then now() end
from portal.routes r
join pg_temp.staff s on s.customer_id = r.customer_id
join pg_temp.busy b on b.customer_id = r.customer_id and b.n = 1
cross join lateral (select r.user_id = s.id as driven) as d
order by r.id, s.n;

-- One more for each, that nothing is queued on: accepted, and at no stop.
insert into portal.routes (customer_id, user_id, name, is_template)
select customer_id, id, 'Idle route of ' || name, false from pg_temp.staff order by id;

insert into portal.route_properties (customer_id, route_id, property_id, sequence_order)
select r.customer_id, r.id, b.id, b.n
from portal.routes r
join pg_temp.busy b on b.customer_id = r.customer_id and b.n < 3
where r.name like 'Idle%';

insert into portal.route_assignments (customer_id, route_id, user_id, acceptance_status, accepted_at)
select customer_id, id, user_id, 'accepted', now() from portal.routes where name like 'Idle%' order by id;

-- A storm of each status. Their times are before those of the examples in the document.
insert into portal.winter_events (customer_id, event_name, start_date, end_date, status, created_by, completed_at)
select a.customer_id, initcap(e.status) || ' storm', e.start_date, e.end_date, e.status, a.id, case e.status when 'completed' then e.end_date end
from pg_temp.staff a
cross join (
  values
    (1, 'completed', '2025-12-01 00:00+00'::timestamptz, '2025-12-03 00:00+00'::timestamptz),
    (2, 'cancelled', '2025-12-10 00:00+00', null),
    (3, 'active', '2026-01-05 00:00+00', null)
) as e (n, status, start_date, end_date)
where a.role = 'Admin'
order by a.customer_id, e.n;

insert into portal.event_checkins (customer_id, winter_event_id, user_id, checked_in_at, checked_out_at, status, current_property_id, equipment_in_use)
select s.customer_id, e.id, s.id, e.start_date, e.end_date,
  case e.status when 'active' then 'checked_in' else 'completed' end,
  case when e.status = 'active' and s.role <> 'User' then b.id end, 'Plow truck'
from pg_temp.staff s
join portal.winter_events e on e.customer_id = s.customer_id and e.status <> 'cancelled'
join pg_temp.busy b on b.customer_id = s.customer_id and b.n = 1
order by s.customer_id, s.n, e.id;

-- Each person has a ticket open, and one closed.
insert into portal.winter_ops_logs (
  customer_id, property_id, contractor_id, contractor_name, user_id, worker_name, equipment, time_in, time_out, status,
  bulk_salt_qty, bag_salt_qty, winter_event_id)
select s.customer_id, b.id, s.id, s.name, s.id, s.name, 'Plow truck', e.start_date + make_interval(hours => 1),
  case when closed then e.start_date + make_interval(hours => 2) end,
  case when closed then 'closed' else 'open' end,
  1, 2, e.id
from pg_temp.staff s
join pg_temp.busy b on b.customer_id = s.customer_id and b.n = 1
join portal.winter_events e on e.customer_id = s.customer_id and e.status = 'active'
cross join (values (false), (true)) as v (closed)
order by s.customer_id, s.n, v.closed;

-- One that can be billed: closed, of an event that is over, with equipment that has a rate.
insert into portal.winter_ops_logs (customer_id, property_id, user_id, worker_name, equipment, time_in, time_out, winter_event_id)
select p.customer_id, p.id, s.id, s.name, (select min(r.equipment_name) from portal.equipment_rates r where r.customer_id = p.customer_id and r.hourly_rate > 0),
  e.start_date + interval '1 hour', e.start_date + interval '2 hours', e.id
from portal.locations p
join pg_temp.staff s on s.customer_id = p.customer_id and s.role = 'Manager'
join portal.winter_events e on e.customer_id = p.customer_id and e.status = 'completed'
where p.name = 'Spare 3'
order by p.id, e.id;

-- Two on a route: one to be completed, one that is still to be opened.
insert into portal.winter_ops_logs (
  customer_id, property_id, contractor_id, user_id, worker_name, time_in, status, route_id, route_sequence, route_status, winter_event_id)
select s.customer_id, b.id, s.id, s.id, s.name, case v.status when 'active' then e.start_date + make_interval(hours => 3) end, 'open',
  r.id, b.n, v.status, e.id
from pg_temp.staff s
join pg_temp.busy b on b.customer_id = s.customer_id
join (values (2, 'queued'), (3, 'active')) as v (n, status) on v.n = b.n
join portal.routes r on (r.customer_id, r.user_id) = (s.customer_id, s.id) and r.name like 'Route%'
join portal.winter_events e on e.customer_id = s.customer_id and e.status = 'active'
order by s.customer_id, s.n, b.n;

insert into portal.green_services_logs (customer_id, property_id, contractor_id, contractor_name, user_id, worker_name, time_in, time_out, service_type, products_used, quantity_used)
select s.customer_id, b.id, s.id, s.name, s.id, s.name, '2025-10-01 12:00+00', '2025-10-01 14:00+00', 'Mowing', 'Mulch', 3
from pg_temp.staff s
join pg_temp.busy b on b.customer_id = s.customer_id and b.n = 1
order by s.customer_id, s.n;

-- Rates and products: a new customer has the starter sets.

insert into portal.weather_data (customer_id, location_key, latitude, longitude, provider, kind, payload, expires_at)
select customer_id, 'coord:42.8,-78.8', 42.8, -78.8, 'openweather', 'current', '{}', now() + interval '1 hour'
from platform.customers
order by customer_id;

insert into portal.sms_context (customer_id, user_id, phone_number, active_property_id)
select s.customer_id, s.id, '+1716556' || lpad(s.n::text, 4, '0'), b.id
from pg_temp.staff s
join pg_temp.busy b on b.customer_id = s.customer_id and b.n = 1
order by s.customer_id, s.n;

insert into portal.sms_messages (customer_id, conversation_id, phone_number, direction, message_body)
select customer_id, id, phone_number, 'inbound', 'START' from portal.sms_context order by id;

insert into portal.sms_notification_preferences (customer_id, user_id)
select customer_id, id from pg_temp.staff order by id;

insert into portal.jobber_auth (customer_id, access_token_ciphertext, refresh_token_ciphertext, token_expires_at)
select customer_id, '\x03', '\x04', now() + interval '1 hour' from platform.customers order by customer_id;

insert into portal.jobber_client_mapping (customer_id, jobber_client_id, jobber_client_name)
select customer_id, 'client-1', 'Springfield Malls' from platform.customers order by customer_id;

insert into portal.jobber_property_mapping (customer_id, jobber_client_id, jobber_property_id, property_id)
select customer_id, 'client-1', 'property-' || n, case when n < 3 then id end from pg_temp.busy order by id;

insert into portal.jobber_sync_logs (customer_id, sync_type, status)
select customer_id, 'full', 'completed' from platform.customers order by customer_id;

insert into portal.quickbooks_auth (customer_id, realm_id, access_token_ciphertext, refresh_token_ciphertext, token_expires_at)
select customer_id, '1', '\x05', '\x06', now() + interval '1 hour' from platform.customers order by customer_id;

insert into portal.quickbooks_customer_mapping (customer_id, property_id, quickbooks_customer_id)
select customer_id, id, 'qb-' || n from pg_temp.busy where n < 3 order by id;

insert into portal.quickbooks_invoices (customer_id, property_id, winter_event_id, quickbooks_invoice_id, total_amount, status)
select b.customer_id, b.id, e.id, 'invoice-' || b.n, 120, v.status
from pg_temp.busy b
join portal.winter_events e on e.customer_id = b.customer_id and e.status = 'completed'
join (values (1, 'sent'), (2, 'failed'), (3, 'pending')) as v (n, status) on v.n = b.n
order by b.customer_id, b.n;

insert into platform.identities (customer_id, user_id, provider, subject, email, email_verified)
select customer_id, id, 'google', 'subject-' || n, 'somebody@example.com', true from pg_temp.staff order by id;

insert into platform.invitations (customer_id, email, role, token_hash, invited_by, expires_at, accepted_at, revoked_at)
select s.customer_id, v.state || '@invited.example', 'User', sha256(convert_to(s.customer_id || v.state, 'UTF8')), s.id, now() + interval '7 days',
  case v.state when 'accepted' then now() end,
  case v.state when 'revoked' then now() end
from pg_temp.staff s
cross join (values ('open'), ('accepted'), ('revoked')) as v (state)
where s.role = 'Admin'
order by s.customer_id, v.state;

insert into platform.service_tokens (customer_id, name, token_hash, scopes, created_by)
select customer_id, 'n8n', sha256(convert_to(customer_id, 'UTF8')), '["events"]', id from pg_temp.staff where role = 'Admin' order by id;

insert into platform.receiving_numbers (phone_number, customer_id)
select '+1716557' || lpad(row_number() over (order by customer_id)::text, 4, '0'), customer_id from platform.customers;

insert into platform.login_states (state, purpose, customer_id, user_id, expires_at)
select 'state-' || id, 'google', customer_id, id, now() + interval '10 minutes' from pg_temp.staff where role = 'Admin' order by id;

insert into platform.login_states (state, purpose, customer_id, user_id, email, expires_at)
select 'link-' || u.id, 'forgotten_password', u.customer_id, u.id, u.email, now() + interval '1 hour' from pg_temp.staff s join portal.users u using (customer_id, id) where s.role = 'Admin' order by u.id;
insert into platform.login_states (state, purpose, customer_id, provider, subject, email, browser_hash, expires_at)
select 'code-' || id, 'signed_on', customer_id, 'google', 'subject-' || n, 'somebody@example.com', sha256('browser'), now() + interval '10 minutes' from pg_temp.staff where role = 'Admin' order by id;

insert into platform.audit_log (customer_id, actor_user_id, actor_role, action)
select customer_id, id, role, 'user.created' from pg_temp.staff order by id;

insert into platform.idempotency_keys (customer_id, person, key_hash, request_hash, whole, media_type, body)
select customer_id, 'user ' || id, sha256('key'), sha256('request'), true, 'application/json', '{}' from pg_temp.staff order by id;

-- The address of the examples is one that the company's people may write to.
update platform.customers set billing_email = 'pat.doyle@example.com';

drop view pg_temp.staff, pg_temp.busy;

-- A message that waits. It opens nowhere.
insert into portal.outbox (customer_id, channel, kind, message_name, message_ciphertext, next_try_at)
select customer_id, 'mail', 'message', '00000000-0000-4000-8000-000000000001', '\x07', now() + interval '1 day' from platform.customers order by customer_id;

insert into portal.assistant_actions (customer_id, session_id, tool, arguments, sentence, expires_at)
select customer_id, gen_random_uuid(), 'send_test_sms', '{"phone_number": "+17165550100"}', 'Send a test text message', now() + interval '10 minutes' from platform.customers order by customer_id;

insert into portal.assistant_usage (customer_id, day, tokens)
select customer_id, current_date, 100 from platform.customers order by customer_id;

insert into portal.customer_exports (customer_id, state, requested_by, requested_at, finished_at, expires_at, bytes, rows, parts)
select customer_id, 'ready', id, now(), now(), now() + interval '1 day', 2, 1, 1 from portal.users where role = 'Admin' and email like 'admin@%' order by customer_id;

insert into portal.customer_export_parts (customer_id, export_id, part, content)
select customer_id, id, 0, '\x0102' from portal.customer_exports order by customer_id;

-- What came from an old portal.
insert into portal.imported_rows (customer_id, source_table, first_key, keys, first_id)
select c.customer_id, 'users', 1, 5, 1
from platform.customers c;
