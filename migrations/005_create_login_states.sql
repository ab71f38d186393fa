create table platform.login_states (
  state text primary key
    constraint state_has_1_to_255_characters check (char_length(state) between 1 and 255),
  purpose text not null
    constraint purpose_is_known check (purpose in ('google', 'microsoft', 'jobber', 'quickbooks')),
  customer_id text,
  user_id bigint,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  constraint login_states_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint login_states_belong_to_a_login
    foreign key (customer_id, user_id) references platform.logins (customer_id, user_id)
    on delete cascade,
  -- A foreign key with a null column is not looked at.
  constraint user_comes_with_his_customer check (user_id is null or customer_id is not null)
);

create index login_states_by_user on platform.login_states (customer_id, user_id);
create index login_states_by_expiry on platform.login_states (expires_at);

-- Log-ins, and requests for an account. Names no login: an attempt must leave the same trace whether the person exists or
-- not.
create table platform.login_attempts (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  email text not null
    constraint email_is_at_most_255_characters check (char_length(email) <= 255),
  address inet,
  outcome text not null
    constraint outcome_is_known check (outcome in ('refused', 'admitted', 'requested'))
);

create index login_attempts_by_email on platform.login_attempts (email, at);
create index login_attempts_by_address on platform.login_attempts (address, at);
create index login_attempts_by_time on platform.login_attempts (at);

---- create above / drop below ----

drop table platform.login_attempts;
drop table platform.login_states;
