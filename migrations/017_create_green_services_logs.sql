create table portal.green_services_logs (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  property_id bigint not null,
  contractor_id bigint,
  contractor_name text
    constraint contractor_name_is_at_most_255_characters check (char_length(contractor_name) <= 255),
  user_id bigint,
  worker_name text not null
    constraint worker_name_is_at_most_255_characters check (char_length(worker_name) <= 255),
  time_in timestamptz not null,
  time_out timestamptz not null,
  -- Free text: the mowing form joins several services by commas.
  service_type text not null
    constraint service_type_is_at_most_100_characters check (char_length(service_type) <= 100),
  products_used text
    constraint products_used_is_at_most_255_characters check (char_length(products_used) <= 255),
  quantity_used numeric(10, 2) not null default 0
    constraint quantity_used_is_not_negative check (quantity_used >= 0),
  notes text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint green_services_logs_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  -- No cascade: logs are what customers are billed by.
  constraint property_is_of_the_same_customer
    foreign key (customer_id, property_id) references portal.locations (customer_id, id),
  constraint contractor_is_of_the_same_customer
    foreign key (customer_id, contractor_id) references portal.users (customer_id, id),
  constraint user_is_of_the_same_customer
    foreign key (customer_id, user_id) references portal.users (customer_id, id),
  constraint time_out_not_before_time_in check (time_out >= time_in)
);

create index green_services_logs_by_time_in on portal.green_services_logs (customer_id, time_in desc, id desc);
create index green_services_logs_by_property on portal.green_services_logs (customer_id, property_id, time_in desc);
create index green_services_logs_by_contractor on portal.green_services_logs (customer_id, contractor_id);
create index green_services_logs_by_user on portal.green_services_logs (customer_id, user_id);

---- create above / drop below ----

drop table portal.green_services_logs;
