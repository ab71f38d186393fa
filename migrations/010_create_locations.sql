create table portal.locations (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  name text not null
    constraint name_has_1_to_255_characters check (char_length(name) between 1 and 255),
  address text not null
    constraint address_has_1_to_255_characters check (char_length(address) between 1 and 255),
  sqft integer
    constraint sqft_is_not_negative check (sqft >= 0),
  area_manager text
    constraint area_manager_is_at_most_100_characters check (char_length(area_manager) <= 100),
  plow boolean not null default false,
  salt boolean not null default false,
  notes text,
  trigger_type text not null default 'two_inch'
    constraint trigger_type_is_known check (
      trigger_type in ('zero_tolerance', 'half_inch', 'one_inch', 'two_inch', 'custom')
    ),
  trigger_amount numeric(4, 2) not null default 2.00
    constraint trigger_amount_is_0_to_12_inches check (trigger_amount between 0 and 12),
  contract_tier text not null default 'Standard'
    constraint contract_tier_is_known check (contract_tier in ('Premium', 'Standard', 'Basic')),
  open_by_time time,
  billing_type text not null default 'hourly'
    constraint billing_type_is_known check (billing_type in ('hourly', 'per_occurrence')),
  plow_rate numeric(10, 2)
    constraint plow_rate_is_not_negative check (plow_rate >= 0),
  salt_rate numeric(10, 2)
    constraint salt_rate_is_not_negative check (salt_rate >= 0),
  sidewalk_deice_rate numeric(10, 2)
    constraint sidewalk_deice_rate_is_not_negative check (sidewalk_deice_rate >= 0),
  sidewalk_snow_rate numeric(10, 2)
    constraint sidewalk_snow_rate_is_not_negative check (sidewalk_snow_rate >= 0),
  latitude numeric(10, 7)
    constraint latitude_is_on_the_globe check (latitude between -90 and 90),
  longitude numeric(10, 7)
    constraint longitude_is_on_the_globe check (longitude between -180 and 180),
  show_on_weather_dashboard boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint locations_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint one_property_per_address unique (customer_id, address),
  constraint trigger_amount_matches_its_type check (
    case trigger_type
      when 'zero_tolerance' then trigger_amount = 0
      when 'half_inch' then trigger_amount = 0.5
      when 'one_inch' then trigger_amount = 1
      when 'two_inch' then trigger_amount = 2
      else true
    end
  ),
  constraint coordinates_come_in_pairs check ((latitude is null) = (longitude is null))
);

create index locations_by_name on portal.locations (customer_id, name);

---- create above / drop below ----

drop table portal.locations;
