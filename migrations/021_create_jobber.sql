create table portal.jobber_auth (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  access_token_ciphertext bytea not null,
  refresh_token_ciphertext bytea not null,
  token_expires_at timestamptz not null,
  scope text,
  account_id text
    constraint account_id_is_at_most_255_characters check (char_length(account_id) <= 255),
  account_name text
    constraint account_name_is_at_most_255_characters check (char_length(account_name) <= 255),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint jobber_auth_belongs_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint one_jobber_connection_per_customer unique (customer_id)
);

create table portal.jobber_client_mapping (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  jobber_client_id text not null
    constraint jobber_client_id_has_1_to_255_characters check (char_length(jobber_client_id) between 1 and 255),
  jobber_client_name text
    constraint jobber_client_name_is_at_most_255_characters check (char_length(jobber_client_name) <= 255),
  last_synced_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint jobber_client_mapping_belongs_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint one_mapping_per_jobber_client unique (customer_id, jobber_client_id)
);

create table portal.jobber_property_mapping (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  -- No foreign key: a sync of properties alone may meet a client that is not mapped yet.
  jobber_client_id text
    constraint jobber_client_id_has_1_to_255_characters check (char_length(jobber_client_id) between 1 and 255),
  jobber_property_id text not null
    constraint jobber_property_id_has_1_to_255_characters check (char_length(jobber_property_id) between 1 and 255),
  jobber_property_address text,
  property_id bigint,
  sync_enabled boolean not null default true,
  auto_create_property boolean not null default false,
  last_synced_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint jobber_property_mapping_belongs_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint property_is_of_the_same_customer
    foreign key (customer_id, property_id) references portal.locations (customer_id, id)
    on delete set null (property_id),
  constraint one_mapping_per_jobber_property unique (customer_id, jobber_property_id)
);

create index jobber_property_mapping_by_client on portal.jobber_property_mapping (customer_id, jobber_client_id);
create index jobber_property_mapping_by_property on portal.jobber_property_mapping (customer_id, property_id);

create table portal.jobber_sync_logs (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  sync_type text not null
    constraint sync_type_is_known check (sync_type in ('clients', 'properties', 'full')),
  status text not null default 'started'
    constraint status_is_known check (status in ('started', 'completed', 'failed')),
  items_processed integer not null default 0
    constraint items_processed_is_not_negative check (items_processed >= 0),
  items_created integer not null default 0
    constraint items_created_is_not_negative check (items_created >= 0),
  items_updated integer not null default 0
    constraint items_updated_is_not_negative check (items_updated >= 0),
  items_skipped integer not null default 0
    constraint items_skipped_is_not_negative check (items_skipped >= 0),
  error_message text,
  started_at timestamptz not null default now(),
  completed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint jobber_sync_logs_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id)
);

create index jobber_sync_logs_by_start on portal.jobber_sync_logs (customer_id, started_at desc, id desc);

---- create above / drop below ----

drop table portal.jobber_sync_logs;
drop table portal.jobber_property_mapping;
drop table portal.jobber_client_mapping;
drop table portal.jobber_auth;
