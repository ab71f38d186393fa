create table platform.operators (
  id bigint generated always as identity primary key,
  email text not null
    constraint one_operator_per_email unique
    constraint email_is_at_most_255_characters check (char_length(email) <= 255)
    constraint email_is_an_address check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$')
    constraint email_is_in_lower_case check (email = lower(email)),
  name text not null
    constraint name_has_1_to_255_characters check (char_length(name) between 1 and 255),
  phone text
    constraint phone_is_in_e164_form check (phone ~ '^\+[1-9][0-9]{1,14}$'),
  address text,
  default_equipment text
    constraint default_equipment_is_at_most_255_characters check (char_length(default_equipment) <= 255),
  status text not null default 'active'
    constraint status_is_known check (status in ('active', 'suspended')),
  password_hash text,
  password_set_at timestamptz,
  last_login_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table platform.sessions (
  id uuid primary key default gen_random_uuid(),
  customer_id text,
  user_id bigint,
  operator_id bigint,
  family_hash bytea not null
    constraint family_hash_is_32_bytes check (octet_length(family_hash) = 32),
  refresh_hash bytea not null
    constraint refresh_hash_is_32_bytes check (octet_length(refresh_hash) = 32),
  created_at timestamptz not null default now(),
  refreshed_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  constraint sessions_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint session_is_of_a_login
    foreign key (customer_id, user_id) references platform.logins (customer_id, user_id)
    on delete cascade,
  constraint session_is_of_an_operator
    foreign key (operator_id) references platform.operators (id)
    on delete cascade,
  constraint session_belongs_to_a_member_or_an_operator check (
    (customer_id is not null and user_id is not null and operator_id is null)
    or (customer_id is null and user_id is null and operator_id is not null)
  ),
  constraint session_expires_after_it_began check (expires_at > created_at)
);

create index sessions_by_user on platform.sessions (customer_id, user_id);
create index sessions_by_operator on platform.sessions (operator_id);

---- create above / drop below ----

drop table platform.sessions;
drop table platform.operators;
