-- Two storms that are over and one that began last evening, with the work done in and between them.
-- All times are the company's own: a crew that starts at four does so at four in each zone.

insert into portal.winter_events (customer_id, event_name, description, start_date, end_date, status, created_by, completed_at, created_at)
select e.customer_id, e.name, e.description, t.starts, t.ends, e.status, u.id, t.ends, t.starts
from (
  values
    ('LEGACY001', 'First Lake-Effect Band', 'Nine inches south of the city, four in the north.', 26, time '21:00', 37, 'completed', 'terrence.boyle@example.com'),
    ('LEGACY001', 'Morning Clipper', 'Three fast inches, then sun.', 11, '03:00', 15, 'completed', 'dana.whitlock@example.com'),
    ('LEGACY001', 'Lake-Effect Warning', 'Bands are forecast to move north and back again.', 1, '19:00', null, 'active', 'dana.whitlock@example.com'),
    ('TEST0001', 'Prairie Snow', 'Six inches with wind; drifts on open lots.', 26, '21:00', 37, 'completed', 'marcus.reed@example.net'),
    ('TEST0001', 'Wet Snow before Work', 'Two heavy inches, freezing at sunrise.', 11, '03:00', 15, 'completed', 'joanna.kowalczyk@example.net'),
    ('TEST0001', 'Lakeshore Snowfall', 'Steady snow along the lake.', 1, '19:00', null, 'active', 'marcus.reed@example.net')
) as e (customer_id, name, description, days, starts, hours, status, creator)
join platform.customers c on c.customer_id = e.customer_id
join portal.users u on (u.customer_id, u.email) = (e.customer_id, e.creator)
cross join lateral (
  select (date_trunc('day', now() at time zone c.timezone) - make_interval(days => e.days) + e.starts) at time zone c.timezone as starts
) as s
cross join lateral (select s.starts, s.starts + make_interval(hours => e.hours) as ends) as t
order by s.starts, e.customer_id;

-- The past. A run begins on a day at a time and sends each crew round its stops, one after the other.
-- A run without a storm salts some icy sites; one was before its storm and was given to it by hand.
with run (run, days, starts, storm, salting, by_hand) as (
  values
    (1, 33, time '04:00', null, true, false),
    (2, 26, '23:00', 1, false, false),
    (3, 25, '17:00', 1, false, false),
    (4, 19, '04:00', null, true, false),
    (5, 15, '03:30', null, true, false),
    (6, 12, '20:30', 2, true, true),
    (7, 11, '04:00', 2, false, false),
    (8, 6, '04:30', null, true, false)
),
storm as (
  select e.customer_id, e.id, row_number() over (partition by e.customer_id order by e.start_date) as no
  from portal.winter_events e
),
stop as (
  select
    a.customer_id, a.property_id, a.contractor_id as user_id, u.default_equipment as equipment, p.sqft, p.salt, p.trigger_amount,
    u.default_equipment = 'Sidewalk Plow' as walks, u.default_equipment like '%Spreader' as spreads,
    dense_rank() over (partition by a.customer_id order by a.contractor_id) as crew,
    row_number() over (partition by a.customer_id, a.contractor_id order by p.open_by_time nulls last, a.property_id) as n
  from portal.property_contractors a
  join portal.users u on (u.customer_id, u.id) = (a.customer_id, a.contractor_id)
  join portal.locations p on (p.customer_id, p.id) = (a.customer_id, a.property_id)
  where a.acceptance_status = 'accepted'
),
visit as (
  select
    s.*, r.run, r.days, r.starts, r.storm, r.salting, r.by_hand,
    5 * (case
      when r.salting then 3 + s.n % 3
      when s.walks then 3 + (s.n + r.run) % 5
      else least(5 + s.sqft / 12000, 16) + (s.n + r.run) % 3
    end)::integer as minutes
  from stop s
  join run r on not r.salting or (s.spreads and s.salt and s.trigger_amount < 2 and (s.n + r.run) % 3 < 2)
),
timed as (
  select
    v.*,
    (date_trunc('day', now() at time zone c.timezone) - make_interval(days => v.days) + v.starts) at time zone c.timezone
      + make_interval(mins => 5 * (v.crew % 4)::integer)
      + make_interval(mins => (sum(v.minutes + 10) over (partition by v.customer_id, v.run, v.user_id order by v.n))::integer - 10) as time_out
  from visit v
  join platform.customers c on c.customer_id = v.customer_id
)
insert into portal.winter_ops_logs (
  customer_id, property_id, contractor_id, contractor_name, user_id, worker_name, equipment, time_in, time_out, status,
  bulk_salt_qty, bag_salt_qty, calcium_chloride_qty, customer_provided, notes, winter_event_id, event_assigned_manually, created_at
)
select
  t.customer_id, t.property_id, coalesce(b.id, u.id), coalesce(b.name, u.name), u.id,
  regexp_replace(u.name, '^(\S+) (.+)$', '\2, \1'), t.equipment,
  t.time_out - make_interval(mins => t.minutes), t.time_out, 'closed',
  case when t.spreads and t.salt and (t.salting or t.run <> 2) then greatest(round(t.sqft / 15000.0) / 4, 0.25) else 0 end,
  case when t.walks then 1 + (t.n + t.run) % 4 else 0 end,
  case when t.walks and t.trigger_amount < 1 then 1 + t.n % 2 else 0 end,
  t.walks and t.n % 5 = 0,
  case
    when t.salting and t.n = 1 then 'Black ice on the entrance, the rest was dry.'
    when t.salting then null
    when (t.n + 3 * t.run + t.crew) % 19 = 3 then 'Cars parked along the curb; could not reach the last row.'
    when (t.n + 3 * t.run + t.crew) % 19 = 8 then 'Pile at the back is getting high, needs hauling.'
    when (t.n + 3 * t.run + t.crew) % 19 = 12 then 'Hydrant dug out.'
    when (t.n + 3 * t.run + t.crew) % 19 = 16 then 'Drifts at the loading dock, second pass needed.'
  end,
  e.id, t.by_hand, t.time_out
from timed t
join portal.users u on (u.customer_id, u.id) = (t.customer_id, t.user_id)
left join portal.users b on (b.customer_id, b.id) = (u.customer_id, u.contractor_id)
left join storm e on (e.customer_id, e.no) = (t.customer_id, t.storm)
order by t.time_out, t.customer_id, t.user_id;

-- The storm of now, reckoned backwards: every other crew is at a stop, the others have left theirs a
-- while ago, and who went home did so hours ago. Nobody has worked for longer than ten hours.
with stop as (
  select
    a.customer_id, a.property_id, a.contractor_id as user_id, u.default_equipment as equipment, u.available_for_assignment as here,
    p.sqft, p.salt, p.trigger_amount, u.default_equipment = 'Sidewalk Plow' as walks, u.default_equipment like '%Spreader' as spreads,
    dense_rank() over (partition by a.customer_id order by a.contractor_id) as crew,
    row_number() over (partition by a.customer_id, a.contractor_id order by p.open_by_time desc nulls first, a.property_id desc) as n
  from portal.property_contractors a
  join portal.users u on (u.customer_id, u.id) = (a.customer_id, a.contractor_id)
  join portal.locations p on (p.customer_id, p.id) = (a.customer_id, a.property_id)
  where a.acceptance_status = 'accepted'
),
visit as (
  select
    s.*, s.here and s.n = 1 and s.crew % 2 = 0 as open,
    5 * (case
      when s.here and s.n = 1 and s.crew % 2 = 0 then 2 + s.crew % 7
      when s.walks then 3 + s.n % 5
      else least(5 + s.sqft / 12000, 16) + s.n % 3
    end)::integer as minutes,
    case when not s.here then 180 when s.crew % 2 = 0 then 0 else 10 + 5 * (s.crew % 6) end::integer as idle
  from stop s
),
timed as (
  select
    v.*,
    date_bin('5 minutes', now(), '2000-01-01') - make_interval(mins => v.idle + 10 * (v.n::integer - 1)
      + (sum(v.minutes) over (partition by v.customer_id, v.user_id order by v.n))::integer) as time_in
  from visit v
)
insert into portal.winter_ops_logs (
  customer_id, property_id, contractor_id, contractor_name, user_id, worker_name, equipment, time_in, time_out, status,
  bulk_salt_qty, bag_salt_qty, calcium_chloride_qty, notes, winter_event_id, created_at
)
select
  t.customer_id, t.property_id, coalesce(b.id, u.id), coalesce(b.name, u.name), u.id,
  regexp_replace(u.name, '^(\S+) (.+)$', '\2, \1'), t.equipment,
  t.time_in, case when not t.open then t.time_in + make_interval(mins => t.minutes) end, case when t.open then 'open' else 'closed' end,
  case when t.spreads and t.salt and not t.open then greatest(round(t.sqft / 15000.0) / 4, 0.25) else 0 end,
  case when t.walks and not t.open then 1 + t.n % 4 else 0 end,
  case when t.walks and not t.open and t.trigger_amount < 1 then 1 else 0 end,
  case when (t.n + t.crew) % 17 = 5 and not t.open then 'Still snowing when we left.' end,
  e.id, t.time_in
from timed t
join portal.winter_events e on e.customer_id = t.customer_id and e.status = 'active'
join portal.users u on (u.customer_id, u.id) = (t.customer_id, t.user_id)
left join portal.users b on (b.customer_id, b.id) = (u.customer_id, u.contractor_id)
where t.time_in >= greatest(e.start_date + interval '30 minutes', now() - interval '10 hours')
order by t.time_in, t.customer_id, t.user_id;

select format('%s winter events, %s winter logs',
  (select count(*) from portal.winter_events), (select count(*) from portal.winter_ops_logs));
