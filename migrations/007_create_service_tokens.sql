create table platform.service_tokens (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  name text not null
    constraint name_has_1_to_255_characters check (char_length(name) between 1 and 255),
  token_hash bytea not null
    constraint token_hash_is_32_bytes check (octet_length(token_hash) = 32),
  scopes jsonb not null default '[]'
    constraint scopes_is_an_array check (jsonb_typeof(scopes) = 'array'),
  created_by bigint,
  last_used_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint service_tokens_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint creator_is_of_the_same_customer
    foreign key (customer_id, created_by) references portal.users (customer_id, id)
    on delete set null (created_by),
  constraint one_service_token_per_hash unique (customer_id, token_hash)
);

create index service_tokens_by_hash on platform.service_tokens (token_hash);
create index service_tokens_by_creator on platform.service_tokens (customer_id, created_by);

-- Tells which customer an incoming message is for.
create table platform.receiving_numbers (
  phone_number text primary key
    constraint phone_number_is_in_e164_form check (phone_number ~ '^\+[1-9][0-9]{1,14}$'),
  customer_id text not null default tenancy.customer_id(),
  created_at timestamptz not null default now(),
  constraint receiving_numbers_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id)
);

create index receiving_numbers_by_customer on platform.receiving_numbers (customer_id);

---- create above / drop below ----

drop table platform.receiving_numbers;
drop table platform.service_tokens;
