create table platform.customers (
  customer_id text primary key
    constraint customer_id_is_8_or_9_capitals_or_digits check (customer_id ~ '^[A-Z0-9]{8,9}$')
    constraint platform_is_no_customer check (customer_id <> 'PLATFORM'),
  id bigint generated always as identity
    constraint one_customer_per_number unique,
  company_name text not null
    constraint company_name_has_1_to_255_characters check (char_length(company_name) between 1 and 255),
  contact_name text
    constraint contact_name_is_at_most_255_characters check (char_length(contact_name) <= 255),
  contact_email text
    constraint contact_email_is_at_most_255_characters check (char_length(contact_email) <= 255),
  contact_phone text
    constraint contact_phone_is_at_most_50_characters check (char_length(contact_phone) <= 50),
  address text,
  status text not null default 'active'
    constraint status_is_known check (status in ('trial', 'active', 'suspended', 'cancelled')),
  subscription_tier text not null default 'basic'
    constraint subscription_tier_is_known check (subscription_tier in ('free', 'basic', 'professional', 'enterprise')),
  max_users integer not null default 10
    constraint max_users_is_at_least_1 check (max_users >= 1),
  max_properties integer not null default 100
    constraint max_properties_is_at_least_1 check (max_properties >= 1),
  features jsonb not null default '{"jobber": false, "quickbooks": false, "sms": false, "weather": true, "ai": false}'
    constraint features_is_an_object check (jsonb_typeof(features) = 'object'),
  billing_email text
    constraint billing_email_is_at_most_255_characters check (char_length(billing_email) <= 255),
  timezone text not null default 'America/New_York'
    constraint timezone_has_1_to_50_characters check (char_length(timezone) between 1 and 50),
  subdomain text
    constraint one_customer_per_subdomain unique
    constraint subdomain_has_3_to_100_characters check (char_length(subdomain) between 3 and 100)
    constraint subdomain_is_small_letters_digits_and_hyphens check (subdomain ~ '^[a-z0-9-]+$'),
  trial_ends_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint trial_has_an_end check (status <> 'trial' or trial_ends_at is not null),
  constraint primary_customer_stays_open check (customer_id <> 'LEGACY001' or status in ('trial', 'active'))
);

-- Counted beside the customer, not in its row: adding a user must not wait for someone who edits the address.
create table platform.usage (
  customer_id text primary key,
  users integer not null default 0
    constraint users_is_not_negative check (users >= 0),
  properties integer not null default 0
    constraint properties_is_not_negative check (properties >= 0),
  updated_at timestamptz not null default now(),
  constraint usage_belongs_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id)
);

---- create above / drop below ----

drop table platform.usage;
drop table platform.customers;
