-- Logs name equipment and products as text and never point here: renaming or deleting one leaves the past as it was.
create table portal.equipment_rates (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  equipment_name text not null
    constraint equipment_name_has_1_to_255_characters check (char_length(equipment_name) between 1 and 255),
  hourly_rate numeric(10, 2) not null default 0
    constraint hourly_rate_is_not_negative check (hourly_rate >= 0),
  description text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint equipment_rates_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint one_rate_per_equipment unique (customer_id, equipment_name)
);

create table portal.winter_products (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  name text not null
    constraint name_has_1_to_255_characters check (char_length(name) between 1 and 255),
  unit text not null
    constraint unit_is_at_most_50_characters check (char_length(unit) <= 50),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint winter_products_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id)
);

create index winter_products_by_name on portal.winter_products (customer_id, name);

create table portal.landscape_products (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  name text not null
    constraint name_has_1_to_255_characters check (char_length(name) between 1 and 255),
  unit text not null
    constraint unit_is_at_most_50_characters check (char_length(unit) <= 50),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint landscape_products_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id)
);

create index landscape_products_by_name on portal.landscape_products (customer_id, name);

---- create above / drop below ----

drop table portal.landscape_products;
drop table portal.winter_products;
drop table portal.equipment_rates;
