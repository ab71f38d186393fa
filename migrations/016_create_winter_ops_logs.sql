create table portal.winter_ops_logs (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  property_id bigint not null,
  contractor_id bigint,
  contractor_name text
    constraint contractor_name_is_at_most_255_characters check (char_length(contractor_name) <= 255),
  user_id bigint,
  worker_name text
    constraint worker_name_is_at_most_255_characters check (char_length(worker_name) <= 255),
  equipment text
    constraint equipment_is_at_most_255_characters check (char_length(equipment) <= 255),
  time_in timestamptz,
  time_out timestamptz,
  status text not null default 'closed'
    constraint status_is_known check (status in ('open', 'closed')),
  bulk_salt_qty numeric(10, 2) not null default 0
    constraint bulk_salt_qty_is_not_negative check (bulk_salt_qty >= 0),
  bag_salt_qty numeric(10, 2) not null default 0
    constraint bag_salt_qty_is_not_negative check (bag_salt_qty >= 0),
  calcium_chloride_qty numeric(10, 2) not null default 0
    constraint calcium_chloride_qty_is_not_negative check (calcium_chloride_qty >= 0),
  customer_provided boolean not null default false,
  notes text,
  winter_event_id bigint,
  event_assigned_manually boolean not null default false,
  route_id bigint,
  route_sequence integer
    constraint route_sequence_is_not_negative check (route_sequence >= 0),
  route_status text
    constraint route_status_is_known check (route_status in ('queued', 'active', 'complete')),
  estimated_minutes integer
    constraint estimated_minutes_is_not_negative check (estimated_minutes >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint winter_ops_logs_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  -- No cascade: logs are what customers are billed by.
  constraint property_is_of_the_same_customer
    foreign key (customer_id, property_id) references portal.locations (customer_id, id),
  constraint contractor_is_of_the_same_customer
    foreign key (customer_id, contractor_id) references portal.users (customer_id, id),
  constraint user_is_of_the_same_customer
    foreign key (customer_id, user_id) references portal.users (customer_id, id),
  constraint winter_event_is_of_the_same_customer
    foreign key (customer_id, winter_event_id) references portal.winter_events (customer_id, id)
    on delete set null (winter_event_id),
  constraint route_is_of_the_same_customer
    foreign key (customer_id, route_id) references portal.routes (customer_id, id)
    on delete set null (route_id),
  constraint time_in_is_absent_only_while_queued check (time_in is not null or route_status is not distinct from 'queued'),
  constraint time_out_follows_a_time_in check (time_out is null or time_in is not null),
  constraint time_out_not_before_time_in check (time_out >= time_in),
  -- A queued ticket is open too: it is work still to be done, it must hold up the invoice and forbid a second ticket.
  constraint status_follows_time_out check ((status = 'closed') = (time_out is not null))
);

-- Not by user_id alone, which is who typed it in: a manager may open tickets for two crews.
create unique index one_open_ticket_per_worker_and_property
  on portal.winter_ops_logs (
    customer_id,
    property_id,
    coalesce(contractor_id, user_id),
    lower(coalesce(worker_name, ''))
  )
  where status = 'open';
create index winter_ops_logs_by_time_in on portal.winter_ops_logs (customer_id, time_in desc, id desc);
create index winter_ops_logs_by_property on portal.winter_ops_logs (customer_id, property_id, time_in desc);
create index winter_ops_logs_by_contractor on portal.winter_ops_logs (customer_id, contractor_id, time_in desc);
create index winter_ops_logs_by_user on portal.winter_ops_logs (customer_id, user_id, time_out desc);
create index winter_ops_logs_by_event on portal.winter_ops_logs (customer_id, winter_event_id, property_id);
create index winter_ops_logs_by_route
  on portal.winter_ops_logs (customer_id, route_id, winter_event_id, user_id, route_sequence);

---- create above / drop below ----

drop table portal.winter_ops_logs;
