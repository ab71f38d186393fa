-- A cache, one per customer: each asks the provider with a key of its own.
create table portal.weather_data (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  location_key text not null
    constraint location_key_is_at_most_100_characters check (char_length(location_key) <= 100)
    constraint location_key_is_a_coordinate_or_a_zip check (location_key ~ '^(coord|zip):.'),
  latitude numeric(10, 7)
    constraint latitude_is_on_the_globe check (latitude between -90 and 90),
  longitude numeric(10, 7)
    constraint longitude_is_on_the_globe check (longitude between -180 and 180),
  zip_code text
    constraint zip_code_is_at_most_20_characters check (char_length(zip_code) <= 20),
  provider text not null
    constraint provider_has_1_to_50_characters check (char_length(provider) between 1 and 50),
  kind text not null
    constraint kind_is_known check (kind in ('current', 'forecast', 'history')),
  payload jsonb not null,
  snow_24h_inches numeric(5, 2)
    constraint snow_24h_inches_is_not_negative check (snow_24h_inches >= 0),
  fetched_at timestamptz not null default now(),
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint weather_data_belongs_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint one_weather_answer_per_place_and_kind unique (customer_id, location_key, kind),
  constraint coordinates_come_in_pairs check ((latitude is null) = (longitude is null)),
  constraint expires_at_not_before_fetched_at check (expires_at >= fetched_at)
);

create index weather_data_by_expiry on portal.weather_data (customer_id, expires_at);

---- create above / drop below ----

drop table portal.weather_data;
