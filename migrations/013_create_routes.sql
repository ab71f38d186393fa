create table portal.routes (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  user_id bigint not null,
  name text not null
    constraint name_has_1_to_255_characters check (char_length(name) between 1 and 255),
  description text,
  is_template boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint routes_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  -- No cascade: others drive the route. Its owner is given away before he is deleted.
  constraint owner_is_of_the_same_customer
    foreign key (customer_id, user_id) references portal.users (customer_id, id)
);

create index routes_by_owner on portal.routes (customer_id, user_id);
create index routes_by_creation on portal.routes (customer_id, created_at desc, id desc);

create table portal.route_properties (
  customer_id text not null default tenancy.customer_id(),
  route_id bigint not null,
  property_id bigint not null,
  -- Not unique: stops trade places one row at a time.
  sequence_order integer not null
    constraint sequence_order_is_not_negative check (sequence_order >= 0),
  estimated_time_minutes integer
    constraint estimated_time_minutes_is_not_negative check (estimated_time_minutes >= 0),
  notes text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, route_id, property_id),
  constraint route_properties_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint route_is_of_the_same_customer
    foreign key (customer_id, route_id) references portal.routes (customer_id, id)
    on delete cascade,
  constraint property_is_of_the_same_customer
    foreign key (customer_id, property_id) references portal.locations (customer_id, id)
    on delete cascade
);

create index route_properties_by_sequence on portal.route_properties (customer_id, route_id, sequence_order);
create index route_properties_by_property on portal.route_properties (customer_id, property_id);

create table portal.route_assignments (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  route_id bigint not null,
  user_id bigint not null,
  assigned_at timestamptz not null default now(),
  acceptance_status text not null default 'pending'
    constraint acceptance_status_is_known check (acceptance_status in ('pending', 'accepted', 'declined')),
  accepted_at timestamptz,
  declined_at timestamptz,
  current_property_id bigint,
  current_property_started_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint route_assignments_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint route_is_of_the_same_customer
    foreign key (customer_id, route_id) references portal.routes (customer_id, id)
    on delete cascade,
  constraint user_is_of_the_same_customer
    foreign key (customer_id, user_id) references portal.users (customer_id, id)
    on delete cascade,
  constraint current_property_is_of_the_same_customer
    foreign key (customer_id, current_property_id) references portal.locations (customer_id, id)
    on delete set null (current_property_id),
  constraint one_assignment_per_route_and_user unique (customer_id, route_id, user_id),
  constraint accepted_at_is_of_an_accepted_one check (accepted_at is null or acceptance_status = 'accepted'),
  constraint declined_at_is_of_a_declined_one check (declined_at is null or acceptance_status = 'declined'),
  -- Not the other way round: a deleted property leaves its start behind.
  constraint current_property_has_a_start check (current_property_id is null or current_property_started_at is not null)
);

create index route_assignments_by_user on portal.route_assignments (customer_id, user_id);
create index route_assignments_by_current_property on portal.route_assignments (customer_id, current_property_id);

---- create above / drop below ----

drop table portal.route_assignments;
drop table portal.route_properties;
drop table portal.routes;
