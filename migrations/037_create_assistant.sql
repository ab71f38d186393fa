-- What the assistant would write: it is done when the person says so, in the session in which it was proposed.
create table portal.assistant_actions (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  session_id uuid not null,
  confirmation uuid not null default gen_random_uuid(),
  tool text not null
    constraint tool_is_known check (tool in ('update_winter_log', 'create_winter_log', 'send_test_sms')),
  arguments jsonb not null
    constraint arguments_are_an_object check (jsonb_typeof(arguments) = 'object')
    constraint arguments_are_at_most_16_kib check (octet_length(arguments::text) <= 16384),
  sentence text not null
    constraint sentence_has_1_to_16000_characters check (char_length(sentence) between 1 and 16000),
  expires_at timestamptz not null,
  done_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint assistant_actions_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint one_action_per_confirmation unique (customer_id, confirmation),
  constraint expires_at_is_a_time check (isfinite(expires_at)),
  constraint done_at_is_a_time check (isfinite(done_at)),
  constraint created_at_is_a_time check (isfinite(created_at)),
  constraint updated_at_is_a_time check (isfinite(updated_at))
);

create index assistant_actions_by_expiry on portal.assistant_actions (customer_id, expires_at);

-- How many tokens of a provider a company has used on a day of its own.
create table portal.assistant_usage (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  day date not null,
  tokens bigint not null
    constraint tokens_are_not_negative check (tokens >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint assistant_usage_belongs_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint one_usage_per_day unique (customer_id, day),
  constraint day_is_a_day check (isfinite(day)),
  constraint created_at_is_a_time check (isfinite(created_at)),
  constraint updated_at_is_a_time check (isfinite(updated_at))
);

---- create above / drop below ----

drop table portal.assistant_usage;
drop table portal.assistant_actions;
