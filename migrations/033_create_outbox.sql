-- Whose a job is. The queue itself is river's, and comes before the migrations. No default: a door says it, and what the
-- queue makes by itself is the platform's.
alter table jobs.river_job add column customer_id text;
alter table jobs.river_job add column user_id bigint;
-- Of jobs with the same key one waits at a time.
alter table jobs.river_job add column single_key text;
alter table jobs.river_job
  add constraint jobs_belong_to_a_customer foreign key (customer_id) references platform.customers (customer_id),
  add constraint user_comes_with_his_customer check (user_id is null or customer_id is not null);

create index river_job_by_customer on jobs.river_job (customer_id, id);
create index river_job_waiting on jobs.river_job (customer_id, kind, single_key)
  where single_key is not null and state in ('available', 'scheduled', 'retryable');

-- Messages to be sent. What a message says is sealed, and erased when it is sent or given up: it may hold a link that lets
-- its reader in.
create table portal.outbox (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  channel text not null
    constraint channel_is_known check (channel in ('mail', 'sms', 'webhook')),
  kind text not null
    constraint kind_has_1_to_50_characters check (char_length(kind) between 1 and 50),
  -- Sealed under this name, so that a copy in another row does not open.
  message_name uuid not null,
  message_ciphertext bytea
    constraint message_is_at_most_1_mib check (octet_length(message_ciphertext) <= 1048576),
  -- The row of the channel's own table that notes what became of it.
  reference bigint,
  status text not null default 'queued'
    constraint status_is_known check (status in ('queued', 'sending', 'sent', 'failed')),
  attempts integer not null default 0
    constraint attempts_is_not_negative check (attempts >= 0),
  max_attempts integer not null default 20
    constraint max_attempts_is_1_to_100 check (max_attempts between 1 and 100),
  next_try_at timestamptz not null default now(),
  -- A try that has not come to its end within its time was cut off, and is made again.
  claimed_until timestamptz,
  provider_id text
    constraint provider_id_is_at_most_255_characters check (char_length(provider_id) <= 255),
  failure text
    constraint failure_is_at_most_50_characters check (char_length(failure) <= 50),
  created_by bigint default tenancy.user_id(),
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint outbox_belongs_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint creator_is_of_the_same_customer
    foreign key (customer_id, created_by) references portal.users (customer_id, id)
    on delete set null (created_by),
  constraint next_try_at_is_a_time check (isfinite(next_try_at)),
  constraint claimed_until_is_a_time check (isfinite(claimed_until)),
  constraint created_at_is_a_time check (isfinite(created_at)),
  constraint finished_at_is_a_time check (isfinite(finished_at)),
  constraint updated_at_is_a_time check (isfinite(updated_at)),
  constraint finished_messages_are_erased check ((status in ('sent', 'failed')) = (message_ciphertext is null)),
  constraint finished_messages_have_an_end check ((status in ('sent', 'failed')) = (finished_at is not null)),
  constraint a_try_has_its_time check ((status = 'sending') = (claimed_until is not null))
);

create index outbox_due on portal.outbox (customer_id, channel, next_try_at, id) where status in ('queued', 'sending');
create index outbox_by_end on portal.outbox (customer_id, channel, finished_at desc, id desc);
create index outbox_by_creator on portal.outbox (customer_id, created_by);

---- create above / drop below ----

drop table portal.outbox;
drop index jobs.river_job_waiting;
drop index jobs.river_job_by_customer;
alter table jobs.river_job
  drop constraint user_comes_with_his_customer,
  drop constraint jobs_belong_to_a_customer,
  drop column single_key,
  drop column user_id,
  drop column customer_id;
