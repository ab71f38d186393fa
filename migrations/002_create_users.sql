create table portal.users (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  name text
    constraint name_is_at_most_255_characters check (char_length(name) <= 255),
  username text
    constraint username_is_at_most_100_characters check (char_length(username) <= 100),
  email text not null
    constraint email_is_at_most_255_characters check (char_length(email) <= 255)
    constraint email_is_an_address check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$')
    constraint email_is_in_lower_case check (email = lower(email)),
  phone text
    constraint phone_is_in_e164_form check (phone ~ '^\+[1-9][0-9]{1,14}$'),
  sms_notifications_enabled boolean not null default true,
  address text,
  role text not null default 'User'
    constraint role_is_known check (role in ('Admin', 'Manager', 'Contractor', 'Subcontractor', 'User')),
  requested_role text
    constraint requested_role_is_known check (requested_role in ('Admin', 'Manager', 'Contractor', 'Subcontractor', 'User')),
  contractor_id bigint
    constraint user_is_not_his_own_contractor check (contractor_id <> id),
  default_equipment text
    constraint default_equipment_is_at_most_255_characters check (char_length(default_equipment) <= 255),
  available_for_assignment boolean not null default true,
  status text not null default 'pending'
    constraint status_is_known check (status in ('pending', 'active', 'suspended')),
  display_name text
    constraint display_name_is_at_most_255_characters check (char_length(display_name) <= 255),
  avatar_url text
    constraint avatar_url_is_at_most_512_characters check (char_length(avatar_url) <= 512),
  last_login_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint users_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint contractor_is_of_the_same_customer
    foreign key (customer_id, contractor_id) references portal.users (customer_id, id)
    on delete set null (contractor_id),
  constraint one_user_per_email unique (customer_id, email),
  -- Adds nothing to the primary key: it is what the foreign key of platform.logins points at.
  constraint logins_may_reference_these unique (customer_id, id, email, role, status)
);

create index users_by_contractor on portal.users (customer_id, contractor_id);
create index users_by_phone on portal.users (customer_id, phone);

---- create above / drop below ----

drop table portal.users;
