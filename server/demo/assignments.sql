-- Who serves which property: one lead for each, somebody for the walks of every other, a stand-in here
-- and there. Neighbouring properties have the same lead. The depots in Ohio are Sam Rivera's.

with crew as (
  select
    u.customer_id, u.id, u.default_equipment = 'Sidewalk Plow' as walks,
    row_number() over (w order by u.email = 'sam.rivera@example.com', u.id) as no,
    count(*) over w as crews
  from portal.users u
  where u.status = 'active'
    and u.default_equipment is not null
  window w as (partition by u.customer_id, u.default_equipment = 'Sidewalk Plow')
),
place as (
  select
    p.customer_id, p.id, p.plow, p.address like '%, OH %' as far,
    row_number() over (w order by p.address like '%, OH %', p.area_manager, p.longitude) as n,
    count(*) filter (where p.address not like '%, OH %') over w as near
  from portal.locations p
  window w as (partition by p.customer_id)
),
-- The last crew, who is Sam, has what is far; the others share the rest in equal slices.
lead as (
  select p.*, c.id as crew_id, c.no, c.crews
  from place p
  join crew c on c.customer_id = p.customer_id and not c.walks
    and c.no = case when p.far then c.crews else 1 + (p.n - 1) * (c.crews - 1) / p.near end
),
wanted (customer_id, property_id, crew_id, is_primary, status, days, n, notes) as (
  select l.customer_id, l.id, l.crew_id, true, case when l.n % 9 = 4 then 'pending' else 'accepted' end,
    case when l.n % 9 = 4 then 2 else 45 end, l.n, null
  from lead l
  where l.plow
  union all
  select p.customer_id, p.id, c.id, not p.plow, case when p.n % 12 = 4 then 'pending' else 'accepted' end,
    case when p.n % 12 = 4 then 3 else 44 end, p.n, 'Walks, steps and ramps.'
  from place p
  join crew c on c.customer_id = p.customer_id and c.walks and c.no = 1 + p.n / 2 % c.crews
  where not p.plow or p.n % 2 = 0
  union all
  select l.customer_id, l.id, c.id, false, case when l.n % 12 = 0 then 'declined' else 'pending' end,
    case when l.n % 12 = 0 then 20 else 1 end, l.n,
    case when l.n % 12 = 0 then 'Declined: no room for another stop on that side of town.' else 'Stand-in for the lead.' end
  from lead l
  join crew c on c.customer_id = l.customer_id and not c.walks and c.no = 1 + l.no % (l.crews - 1)
  where l.plow and l.n % 6 = 0
)
insert into portal.property_contractors (
  customer_id, property_id, contractor_id, assigned_date, is_primary, acceptance_status, accepted_at, declined_at, notes, created_at
)
select
  w.customer_id, w.property_id, w.crew_id, t.assigned, w.is_primary, w.status,
  case w.status when 'accepted' then t.answered end,
  case w.status when 'declined' then t.answered end,
  w.notes, t.assigned
from wanted w
join platform.customers c on c.customer_id = w.customer_id
cross join lateral (
  select
    (date_trunc('day', now() at time zone c.timezone) - make_interval(days => w.days) + time '08:30'
      + make_interval(mins => 5 * w.n::integer)) at time zone c.timezone as assigned
) as a
cross join lateral (select a.assigned, a.assigned + make_interval(mins => 20 + 7 * w.n::integer) as answered) as t
order by w.customer_id, w.days desc, w.n, w.is_primary desc;

insert into portal.assignment_history (
  customer_id, assignment_type, assignment_id, user_id, property_id, action, action_timestamp, notes, created_at
)
select a.customer_id, 'property', a.id, a.contractor_id, a.property_id, h.action, h.at, h.notes, h.at
from portal.property_contractors a
cross join lateral (
  values
    ('assigned', a.assigned_date, null),
    ('accepted', a.accepted_at, null),
    ('declined', a.declined_at, a.notes)
) as h (action, at, notes)
where h.at is not null
order by h.at, a.id;

insert into portal.property_lists (customer_id, name, user_id, is_shared, filters, created_at)
select u.customer_id, l.name, u.id, l.shared, l.filters::jsonb, now() - make_interval(days => l.days)
from (
  values
    ('LEGACY001', 'morgan.hale@example.com', 'Zero tolerance sites', true, '{"trigger_type": "zero_tolerance"}', 60),
    ('LEGACY001', 'dana.whitlock@example.com', 'Open by half past six', true, null, 52),
    ('LEGACY001', 'terrence.boyle@example.com', 'Southtowns', false, '{"area_manager": "Terrence Boyle"}', 41),
    ('LEGACY001', 'sam.rivera@example.com', 'My Ohio stops', false, null, 30),
    ('TEST0001', 'ellen.sorensen@example.net', 'Zero tolerance sites', true, '{"trigger_type": "zero_tolerance"}', 58),
    ('TEST0001', 'marcus.reed@example.net', 'Open by half past six', true, null, 50),
    ('TEST0001', 'joanna.kowalczyk@example.net', 'Premium south of the state line', false, '{"contract_tier": "Premium"}', 37),
    ('TEST0001', 'sam.rivera@example.com', 'My Ohio stops', false, null, 29)
) as l (customer_id, owner, name, shared, filters, days)
join portal.users u on (u.customer_id, u.email) = (l.customer_id, l.owner);

insert into portal.property_list_items (customer_id, list_id, property_id, added_at)
select l.customer_id, l.id, p.id, l.created_at
from portal.property_lists l
join portal.locations p on p.customer_id = l.customer_id
where case l.name
    when 'Zero tolerance sites' then p.trigger_type = 'zero_tolerance'
    when 'Open by half past six' then p.open_by_time <= '06:30'
    when 'Southtowns' then p.area_manager = 'Terrence Boyle' and p.address like '%, NY %'
    when 'Premium south of the state line' then p.contract_tier = 'Premium' and p.address like '%, IL %'
    when 'My Ohio stops' then p.address like '%, OH %'
  end;

select format('%s assignments, %s property lists',
  (select count(*) from portal.property_contractors), (select count(*) from portal.property_lists));
