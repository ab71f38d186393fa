create table portal.admin_settings (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  setting text not null
    constraint setting_has_1_to_255_characters check (char_length(setting) between 1 and 255),
  value text
    constraint value_is_at_most_255_characters check (char_length(value) <= 255),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint admin_settings_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint one_value_per_setting unique (customer_id, setting)
);

create table portal.api_keys (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  key_name text not null
    constraint key_name_is_small_letters_digits_and_underscores check (key_name ~ '^[a-z0-9_]{1,100}$'),
  key_ciphertext bytea not null,
  key_last_four text
    constraint key_last_four_is_at_most_4_characters check (char_length(key_last_four) <= 4),
  user_id bigint,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint api_keys_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  -- Never set null: a key without a user is the whole customer's.
  constraint user_is_of_the_same_customer
    foreign key (customer_id, user_id) references portal.users (customer_id, id)
    on delete cascade,
  constraint one_api_key_per_name_and_user unique nulls not distinct (customer_id, key_name, user_id)
);

create index api_keys_by_user on portal.api_keys (customer_id, user_id);

---- create above / drop below ----

drop table portal.api_keys;
drop table portal.admin_settings;
