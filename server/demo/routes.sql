-- Three routes for each company. A route is made of the stops of the driver who accepted it, earliest
-- opening first; a driver with a ticket open at one of them is there on the route too.

insert into portal.routes (customer_id, user_id, name, description, is_template, created_at)
select r.customer_id, u.id, r.name, r.description, r.is_template, now() - make_interval(days => r.days)
from (
  values
    ('LEGACY001', 'dana.whitlock@example.com', 'Amherst Loop', 'From the boulevard east; refill salt at the shop.', false, 40),
    ('LEGACY001', 'priya.raman@example.com', 'West Side Morning', 'Clinic and market before the school buses.', false, 38),
    ('LEGACY001', 'terrence.boyle@example.com', 'Ohio Depots', 'Gates open at four. Copy it for a second truck.', true, 30),
    ('TEST0001', 'joanna.kowalczyk@example.net', 'State Line Run', 'Racine to Northbrook; the clinics first.', false, 39),
    ('TEST0001', 'marcus.reed@example.net', 'Milwaukee West', null, false, 36),
    ('TEST0001', 'joanna.kowalczyk@example.net', 'Ohio Depots', 'Gates open at four. Copy it for a second truck.', true, 29)
) as r (customer_id, owner, name, description, is_template, days)
join portal.users u on (u.customer_id, u.email) = (r.customer_id, r.owner);

insert into portal.route_assignments (
  customer_id, route_id, user_id, assigned_at, acceptance_status, accepted_at, declined_at, created_at
)
select
  r.customer_id, r.id, u.id, t.assigned, a.status,
  case a.status when 'accepted' then t.assigned + interval '95 minutes' end,
  case a.status when 'declined' then t.assigned + interval '3 hours' end,
  t.assigned
from (
  values
    ('LEGACY001', 'Amherst Loop', 'lena.fischer@example.org', 'accepted', 39),
    ('LEGACY001', 'Amherst Loop', 'carl.okafor@example.org', 'pending', 2),
    ('LEGACY001', 'West Side Morning', 'joey.bianchi@example.com', 'accepted', 37),
    ('LEGACY001', 'Ohio Depots', 'sam.rivera@example.com', 'accepted', 29),
    ('LEGACY001', 'Ohio Depots', 'luis.delgado@example.com', 'declined', 28),
    ('TEST0001', 'State Line Run', 'maria.esposito@example.org', 'accepted', 38),
    ('TEST0001', 'State Line Run', 'becky.thorson@example.net', 'declined', 35),
    ('TEST0001', 'Milwaukee West', 'aisha.warsame@example.net', 'accepted', 35),
    ('TEST0001', 'Milwaukee West', 'omar.haddad@example.net', 'pending', 1),
    ('TEST0001', 'Ohio Depots', 'sam.rivera@example.com', 'accepted', 28)
) as a (customer_id, route, email, status, days)
join portal.routes r on (r.customer_id, r.name) = (a.customer_id, a.route)
join portal.users u on (u.customer_id, u.email) = (a.customer_id, a.email)
join platform.customers c on c.customer_id = a.customer_id
cross join lateral (
  select (date_trunc('day', now() at time zone c.timezone) - make_interval(days => a.days) + time '10:15') at time zone c.timezone as assigned
) as t
order by t.assigned, u.id;

insert into portal.route_properties (customer_id, route_id, property_id, sequence_order, estimated_time_minutes, notes)
select
  a.customer_id, a.route_id, p.id,
  row_number() over (partition by a.customer_id, a.route_id order by p.open_by_time nulls last, p.longitude),
  least(5 * (5 + p.sqft / 12000), 80),
  case when p.trigger_type = 'zero_tolerance' then 'Salt on every pass.' when p.sqft > 120000 then 'Two trucks when it is more than six inches.' end
from portal.route_assignments a
join portal.property_contractors s on (s.customer_id, s.contractor_id) = (a.customer_id, a.user_id) and s.is_primary
join portal.locations p on (p.customer_id, p.id) = (s.customer_id, s.property_id)
where a.acceptance_status = 'accepted';

update portal.route_assignments a
set current_property_id = l.property_id, current_property_started_at = l.time_in
from portal.winter_ops_logs l
join portal.route_properties s on (s.customer_id, s.property_id) = (l.customer_id, l.property_id)
where (a.customer_id, a.user_id) = (l.customer_id, l.user_id)
  and (a.customer_id, a.route_id) = (s.customer_id, s.route_id)
  and a.acceptance_status = 'accepted'
  and l.status = 'open';

insert into portal.assignment_history (
  customer_id, assignment_type, assignment_id, user_id, property_id, route_id, action, action_timestamp, notes, created_at
)
select a.customer_id, 'route', a.id, a.user_id, h.property_id, a.route_id, h.action, h.at, h.notes, h.at
from portal.route_assignments a
cross join lateral (
  values
    ('assigned', a.assigned_at, null, null),
    ('accepted', a.accepted_at, null, null),
    ('declined', a.declined_at, null, 'Too far for my machine.'),
    ('started', a.current_property_started_at, a.current_property_id, null)
) as h (action, at, property_id, notes)
where h.at is not null
order by h.at, a.id;

select format('%s routes with %s stops', (select count(*) from portal.routes), (select count(*) from portal.route_properties));
