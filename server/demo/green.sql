-- Landscaping of the weeks before the first snow, on working days.

with place as (
  select p.customer_id, p.id, p.sqft, row_number() over (partition by p.customer_id order by p.id) as n
  from portal.locations p
),
worker as (
  select u.customer_id, u.id, u.name, row_number() over (partition by u.customer_id order by u.id) as no, count(*) over (partition by u.customer_id) as workers
  from portal.users u
  where u.status = 'active'
    and u.role in ('Contractor', 'User')
),
service (no, service, product, per_sqft, notes) as (
  values
    (0, 'Mowing', null, 0, null),
    (1, 'Mowing and Trim', null, 0, null),
    (2, 'Mowing, Weed Eat/Edging', null, 0, 'Edged along the walks.'),
    (3, 'Bulk install', 'Mulch', 1 / 8000.0, 'Beds at the entrance and around the sign.'),
    (4, 'Labor', 'Fertilizer', 1 / 15000.0, null),
    (5, 'Mowing, Pull Weeds', 'Herbicide', 1 / 40000.0, null),
    (6, 'Labor', 'Grass Seed', 1 / 5000.0, 'Bare spots where the snow piles were.'),
    (7, 'Labor', null, 0, 'Leaves and branches hauled away.')
)
insert into portal.green_services_logs (
  customer_id, property_id, contractor_id, contractor_name, user_id, worker_name, time_in, time_out,
  service_type, products_used, quantity_used, notes, created_at
)
select
  p.customer_id, p.id, w.id, w.name, w.id, regexp_replace(w.name, '^(\S+) (.+)$', '\2, \1'), t.time_in, t.time_out,
  s.service, s.product, ceil(p.sqft * s.per_sqft), s.notes, t.time_out
from place p
join platform.customers c on c.customer_id = p.customer_id
join worker w on w.customer_id = p.customer_id and w.no = 1 + p.n % w.workers
join service s on s.no = p.n % 8
cross join lateral (
  select date_trunc('day', now() at time zone c.timezone) - make_interval(days => 40 + p.n::integer) as day
) as d
cross join lateral (
  -- What would be on a Saturday or Sunday is on the Friday before.
  select (d.day - make_interval(days => greatest(extract(isodow from d.day)::integer - 5, 0))
    + time '07:30' + make_interval(mins => 30 * (p.n % 12)::integer)) at time zone c.timezone as time_in
) as i
cross join lateral (
  select i.time_in, i.time_in + make_interval(mins => 15 * (2 + least(p.sqft / 15000, 8) + p.n % 3)::integer) as time_out
) as t
where p.n % 3 < 2
order by t.time_in, p.customer_id;

select format('%s green logs', count(*)) from portal.green_services_logs;
