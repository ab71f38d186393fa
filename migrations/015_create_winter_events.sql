create table portal.winter_events (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  event_name text not null
    constraint event_name_has_1_to_255_characters check (char_length(event_name) between 1 and 255),
  description text,
  start_date timestamptz not null,
  end_date timestamptz,
  status text not null default 'active'
    constraint status_is_known check (status in ('active', 'completed', 'cancelled')),
  created_by bigint,
  completed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint winter_events_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint creator_is_of_the_same_customer
    foreign key (customer_id, created_by) references portal.users (customer_id, id)
    on delete set null (created_by),
  constraint end_date_not_before_start_date check (end_date >= start_date),
  constraint completed_event_has_an_end check (status <> 'completed' or end_date is not null)
);

create unique index one_active_winter_event_per_customer
  on portal.winter_events (customer_id)
  where status = 'active';
create index winter_events_by_start on portal.winter_events (customer_id, start_date desc, id desc);
create index winter_events_by_creator on portal.winter_events (customer_id, created_by);

create table portal.event_checkins (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  winter_event_id bigint not null,
  user_id bigint not null,
  checked_in_at timestamptz not null default now(),
  checked_out_at timestamptz,
  equipment_in_use text
    constraint equipment_in_use_is_at_most_255_characters check (char_length(equipment_in_use) <= 255),
  status text not null default 'checked_in'
    constraint status_is_known check (status in ('checked_in', 'working', 'completed', 'unavailable')),
  current_property_id bigint,
  last_location_lat numeric(10, 7)
    constraint last_location_lat_is_on_the_globe check (last_location_lat between -90 and 90),
  last_location_lon numeric(10, 7)
    constraint last_location_lon_is_on_the_globe check (last_location_lon between -180 and 180),
  last_location_update timestamptz,
  notes text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint event_checkins_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint winter_event_is_of_the_same_customer
    foreign key (customer_id, winter_event_id) references portal.winter_events (customer_id, id)
    on delete cascade,
  constraint user_is_of_the_same_customer
    foreign key (customer_id, user_id) references portal.users (customer_id, id)
    on delete cascade,
  constraint current_property_is_of_the_same_customer
    foreign key (customer_id, current_property_id) references portal.locations (customer_id, id)
    on delete set null (current_property_id),
  constraint checked_out_not_before_checked_in check (checked_out_at >= checked_in_at),
  constraint coordinates_come_in_pairs check ((last_location_lat is null) = (last_location_lon is null))
);

create unique index one_open_checkin_per_person_and_event
  on portal.event_checkins (customer_id, winter_event_id, user_id)
  where checked_out_at is null;
create index event_checkins_by_event on portal.event_checkins (customer_id, winter_event_id, checked_in_at desc);
create index event_checkins_by_user on portal.event_checkins (customer_id, user_id);
create index event_checkins_by_current_property on portal.event_checkins (customer_id, current_property_id);

---- create above / drop below ----

drop table portal.event_checkins;
drop table portal.winter_events;
