-- A hundred rows more, beside those of every_table.sql, of whatever an operation lists or loops over: of
-- each kind itself, and below each parent that a request may name. The same for every company.

update platform.customers set max_users = 1000, max_properties = 1000;

insert into portal.users (customer_id, name, username, email, role, status, default_equipment)
select c.customer_id, initcap(v.status) || ' ' || n, v.status || n, v.status || n || '@crew.example', 'User', v.status, 'Plow truck'
from platform.customers c
cross join (values ('active'), ('pending')) as v (status)
cross join generate_series(1, 100) as n
order by c.customer_id, v.status, n;

insert into portal.locations (customer_id, name, address, plow, salt)
select c.customer_id, 'Site ' || n, n || ' Site Road, Springfield, NY 14201', true, true
from platform.customers c
cross join generate_series(1, 100) as n
order by c.customer_id, n;

create view pg_temp.staff as
select customer_id, id, name, role from portal.users where name like '% One';

create view pg_temp.crew as
select customer_id, id, row_number() over (partition by customer_id order by id) as n from portal.users where name like 'Active %';

create view pg_temp.sites as
select customer_id, id, row_number() over (partition by customer_id order by id) as n from portal.locations where name like 'Site %';

create view pg_temp.old_places as
select customer_id, id from portal.locations where name not like 'Site %';

insert into portal.property_contractors (customer_id, property_id, contractor_id)
select p.customer_id, p.id, w.id from pg_temp.old_places p join pg_temp.crew w on w.customer_id = p.customer_id
union all
select s.customer_id, p.id, s.id from pg_temp.staff s join pg_temp.sites p on p.customer_id = s.customer_id;

insert into portal.property_list_items (customer_id, list_id, property_id)
select l.customer_id, l.id, p.id from portal.property_lists l join pg_temp.sites p on p.customer_id = l.customer_id;

insert into portal.property_lists (customer_id, name, user_id, is_shared)
select s.customer_id, 'Shared ' || n, s.id, true
from pg_temp.staff s
cross join generate_series(1, 100) as n
where s.role = 'Admin';

insert into portal.route_properties (customer_id, route_id, property_id, sequence_order)
select r.customer_id, r.id, p.id, 10 + p.n from portal.routes r join pg_temp.sites p on p.customer_id = r.customer_id;

insert into portal.route_assignments (customer_id, route_id, user_id)
select r.customer_id, r.id, w.id from portal.routes r join pg_temp.crew w on w.customer_id = r.customer_id;

insert into portal.routes (customer_id, user_id, name)
select s.customer_id, s.id, 'Way ' || n from pg_temp.staff s cross join generate_series(1, 100) as n where s.role = 'Admin';

insert into portal.route_assignments (customer_id, route_id, user_id)
select s.customer_id, r.id, s.id from pg_temp.staff s join portal.routes r on r.customer_id = s.customer_id and r.name like 'Way %';

insert into portal.event_checkins (customer_id, winter_event_id, user_id, checked_in_at, checked_out_at, status)
select e.customer_id, e.id, w.id, e.start_date, e.end_date, case when e.end_date is null then 'checked_in' else 'completed' end
from portal.winter_events e
join pg_temp.crew w on w.customer_id = e.customer_id;

-- Tickets of each person in the running storm: open, and queued on the own route.
insert into portal.winter_ops_logs (customer_id, property_id, contractor_id, user_id, worker_name, time_in, status, winter_event_id)
select s.customer_id, p.id, s.id, s.id, s.name, e.start_date + interval '1 hour', 'open', e.id
from pg_temp.staff s
join pg_temp.sites p on p.customer_id = s.customer_id
join portal.winter_events e on e.customer_id = s.customer_id and e.status = 'active';

insert into portal.winter_ops_logs (customer_id, property_id, contractor_id, user_id, worker_name, status, winter_event_id, route_id, route_sequence, route_status)
select s.customer_id, p.id, s.id, s.id, 'On the way', 'open', e.id, r.id, 10 + p.n, 'queued'
from pg_temp.staff s
join pg_temp.sites p on p.customer_id = s.customer_id
join portal.winter_events e on e.customer_id = s.customer_id and e.status = 'active'
join portal.routes r on (r.customer_id, r.user_id) = (s.customer_id, s.id) and r.name like 'Route%';

-- And what no storm has, until all logs are matched.
insert into portal.winter_ops_logs (customer_id, property_id, contractor_id, user_id, worker_name, equipment, time_in, time_out, status)
select w.customer_id, p.id, w.id, w.id, 'Crew', 'Machine ' || w.n, '2026-01-06 10:00+00', '2026-01-06 11:00+00', 'closed'
from pg_temp.crew w
join pg_temp.sites p on (p.customer_id, p.n) = (w.customer_id, w.n);

insert into portal.winter_events (customer_id, event_name, start_date, end_date, status, completed_at)
select c.customer_id, 'Storm ' || n, '2024-01-01 00:00+00'::timestamptz + make_interval(days => n), '2024-01-01 12:00+00'::timestamptz + make_interval(days => n),
  'completed', now()
from platform.customers c
cross join generate_series(1, 100) as n;

insert into platform.identities (customer_id, user_id, provider, subject, email, email_verified)
select s.customer_id, s.id, 'google', format('another %s %s', s.id, n), 'somebody@example.com', true from pg_temp.staff s cross join generate_series(1, 100) as n;

insert into portal.sms_context (customer_id, user_id, phone_number)
select w.customer_id, w.id, '+1716556' || lpad(w.n::text, 4, '0') from pg_temp.crew w;

insert into jobs.river_job (customer_id, kind, args, max_attempts, state, finalized_at)
select c.customer_id, 'drain_mail', '{}', 1, 'completed', now() from platform.customers c cross join generate_series(1, 100);

insert into portal.quickbooks_invoices (customer_id, property_id, winter_event_id, total_amount, status)
select p.customer_id, p.id, e.id, 120, 'pending'
from portal.locations p
join portal.winter_events e on e.customer_id = p.customer_id and e.event_name like 'Storm %'
where p.name = 'Property 1';

insert into portal.jobber_sync_logs (customer_id, sync_type, status)
select c.customer_id, 'full', 'completed' from platform.customers c cross join generate_series(1, 100) as n;

insert into portal.green_services_logs (customer_id, property_id, contractor_id, contractor_name, user_id, worker_name, time_in, time_out, service_type, products_used, quantity_used)
select w.customer_id, p.id, w.id, 'Crew', w.id, 'Crew', '2025-10-01 12:00+00', '2025-10-01 14:00+00', 'Mowing', 'Product ' || w.n, 1
from pg_temp.crew w
join pg_temp.sites p on (p.customer_id, p.n) = (w.customer_id, w.n);

insert into portal.equipment_rates (customer_id, equipment_name, hourly_rate)
select c.customer_id, 'Machine ' || n, n from platform.customers c cross join generate_series(1, 100) as n;

insert into portal.winter_products (customer_id, name, unit)
select c.customer_id, 'Salt ' || n, 'bags' from platform.customers c cross join generate_series(1, 100) as n;

insert into portal.landscape_products (customer_id, name, unit)
select c.customer_id, 'Mulch ' || n, 'yards' from platform.customers c cross join generate_series(1, 100) as n;

insert into platform.audit_log (customer_id, action)
select c.customer_id, 'user.created' from platform.customers c cross join generate_series(1, 100) as n;

insert into platform.invitations (customer_id, email, role, token_hash, invited_by, expires_at)
select s.customer_id, 'guest' || n || '@invited.example', 'User', sha256(convert_to(s.customer_id || n, 'UTF8')), s.id, now() + interval '7 days'
from pg_temp.staff s
cross join generate_series(1, 100) as n
where s.role = 'Admin';

insert into platform.sessions (customer_id, user_id, role, status, family_hash, refresh_hash, expires_at)
select l.customer_id, l.user_id, l.role, l.status, sha256('family'), sha256('refresh'), now() + interval '1 day'
from pg_temp.staff s
join platform.logins l on (l.customer_id, l.user_id) = (s.customer_id, s.id)
cross join generate_series(1, 100) as n
order by l.customer_id, l.user_id;

insert into platform.service_tokens (customer_id, name, token_hash, scopes)
select c.customer_id, 'Robot ' || n, sha256(convert_to(c.customer_id || 'robot' || n, 'UTF8')), '["events"]' from platform.customers c cross join generate_series(1, 100) as n;

drop view pg_temp.staff, pg_temp.crew, pg_temp.sites, pg_temp.old_places;
