-- The answers of writes that came with an Idempotency-Key, each written in the transaction of its write. Whose it is, is
-- a default from the verified context, and no role of the API may write it by hand. The person is no foreign key: its
-- lock would come before those of what the person writes.
create table platform.idempotency_keys (
  id bigint generated always as identity primary key,
  customer_id text default tenancy.customer_id(),
  person text not null default tenancy.person()
    constraint person_has_1_to_100_characters check (char_length(person) between 1 and 100),
  key_hash bytea not null
    constraint key_hash_is_32_bytes check (octet_length(key_hash) = 32),
  request_hash bytea not null
    constraint request_hash_is_32_bytes check (octet_length(request_hash) = 32),
  at timestamptz not null default now(),
  -- Of an answer that holds a secret, or is too large, the ids alone are kept.
  whole boolean not null default false,
  media_type text not null default ''
    constraint media_type_is_at_most_100_characters check (char_length(media_type) <= 100),
  file_name text not null default ''
    constraint file_name_is_at_most_255_characters check (char_length(file_name) <= 255),
  body bytea not null default ''
    constraint body_is_at_most_64_kib check (octet_length(body) <= 65536),
  constraint idempotency_keys_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  -- An operator outside of any customer has keys too.
  constraint one_answer_per_key unique nulls not distinct (customer_id, person, key_hash)
);

create index idempotency_keys_by_age on platform.idempotency_keys (customer_id, person, at);

---- create above / drop below ----

drop table platform.idempotency_keys;
