-- All data of a company as one file, which an Admin has asked for. There is one at a time, the latest; that it has failed
-- or expired no column says: the queue and the clock do.
create table portal.customer_exports (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  state text not null default 'waiting'
    constraint state_is_known check (state in ('waiting', 'running', 'ready', 'downloaded')),
  requested_by bigint,
  requested_at timestamptz not null,
  finished_at timestamptz,
  expires_at timestamptz,
  bytes bigint,
  rows bigint,
  parts integer,
  -- A download that is under way holds the file, so that there are no two. One whose time is over was cut off.
  taken_by uuid,
  taken_until timestamptz,
  downloaded_at timestamptz,
  primary key (customer_id, id),
  constraint customer_exports_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint requester_is_of_the_same_customer
    foreign key (customer_id, requested_by) references portal.users (customer_id, id)
    on delete set null (requested_by),
  constraint one_export_at_a_time unique (customer_id),
  constraint times_are_finite
    check (isfinite(requested_at) and isfinite(finished_at) and isfinite(expires_at) and isfinite(taken_until) and isfinite(downloaded_at)),
  constraint a_ready_export_is_whole
    check (state in ('waiting', 'running') or num_nulls(finished_at, expires_at, bytes, rows, parts) = 0)
);

create index customer_exports_by_requester on portal.customer_exports (customer_id, requested_by);

-- Its file, in pieces. They are there while it is ready.
create table portal.customer_export_parts (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  export_id bigint not null,
  part integer not null
    constraint part_is_not_negative check (part >= 0),
  content bytea not null
    constraint part_has_1_byte_to_1_mib check (octet_length(content) between 1 and 1048576),
  primary key (customer_id, id),
  constraint customer_export_parts_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint export_is_of_the_same_customer
    foreign key (customer_id, export_id) references portal.customer_exports (customer_id, id)
    on delete cascade,
  constraint one_part_of_a_number unique (customer_id, export_id, part)
);

-- It is compressed already.
alter table portal.customer_export_parts alter column content set storage external;

---- create above / drop below ----

drop table portal.customer_export_parts;
drop table portal.customer_exports;
