create table portal.assignment_history (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  assignment_type text not null
    constraint assignment_type_is_known check (assignment_type in ('property', 'route')),
  -- No foreign key: the type says which table is meant, and the entry outlives the assignment.
  assignment_id bigint not null,
  user_id bigint not null,
  property_id bigint,
  route_id bigint,
  action text not null
    constraint action_is_known check (action in ('assigned', 'accepted', 'declined', 'started', 'completed')),
  action_timestamp timestamptz not null default now(),
  notes text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint assignment_history_belongs_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint user_is_of_the_same_customer
    foreign key (customer_id, user_id) references portal.users (customer_id, id)
    on delete cascade,
  constraint property_is_of_the_same_customer
    foreign key (customer_id, property_id) references portal.locations (customer_id, id)
    on delete set null (property_id),
  constraint route_is_of_the_same_customer
    foreign key (customer_id, route_id) references portal.routes (customer_id, id)
    on delete set null (route_id),
  constraint property_assignment_names_no_route check (assignment_type <> 'property' or route_id is null)
);

create index assignment_history_by_assignment on portal.assignment_history (customer_id, assignment_type, assignment_id);
create index assignment_history_by_user on portal.assignment_history (customer_id, user_id);
create index assignment_history_by_property on portal.assignment_history (customer_id, property_id);
create index assignment_history_by_route on portal.assignment_history (customer_id, route_id);

---- create above / drop below ----

drop table portal.assignment_history;
