create table portal.quickbooks_auth (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  realm_id text not null
    constraint realm_id_has_1_to_255_characters check (char_length(realm_id) between 1 and 255),
  access_token_ciphertext bytea not null,
  refresh_token_ciphertext bytea not null,
  token_expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint quickbooks_auth_belongs_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint one_quickbooks_connection_per_customer unique (customer_id)
);

create table portal.quickbooks_customer_mapping (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  property_id bigint not null,
  quickbooks_customer_id text not null
    constraint quickbooks_customer_id_has_1_to_255_characters check (char_length(quickbooks_customer_id) between 1 and 255),
  quickbooks_display_name text
    constraint quickbooks_display_name_is_at_most_255_characters check (char_length(quickbooks_display_name) <= 255),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint quickbooks_customer_mapping_belongs_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint property_is_of_the_same_customer
    foreign key (customer_id, property_id) references portal.locations (customer_id, id)
    on delete cascade,
  constraint one_quickbooks_customer_per_property unique (customer_id, property_id)
);

-- A pending row reserves the pair before QuickBooks is called, so that two calls cannot both bill it.
create table portal.quickbooks_invoices (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  property_id bigint not null,
  winter_event_id bigint not null,
  quickbooks_invoice_id text
    constraint quickbooks_invoice_id_has_1_to_255_characters check (char_length(quickbooks_invoice_id) between 1 and 255),
  quickbooks_invoice_number text
    constraint quickbooks_invoice_number_is_at_most_100_characters check (char_length(quickbooks_invoice_number) <= 100),
  total_amount numeric(10, 2) not null
    constraint total_amount_is_not_negative check (total_amount >= 0),
  status text not null default 'sent'
    constraint status_is_known check (status in ('pending', 'sent', 'failed')),
  created_by bigint,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint quickbooks_invoices_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint property_is_of_the_same_customer
    foreign key (customer_id, property_id) references portal.locations (customer_id, id),
  constraint winter_event_is_of_the_same_customer
    foreign key (customer_id, winter_event_id) references portal.winter_events (customer_id, id),
  constraint creator_is_of_the_same_customer
    foreign key (customer_id, created_by) references portal.users (customer_id, id)
    on delete set null (created_by),
  constraint one_invoice_per_property_and_event unique (customer_id, property_id, winter_event_id),
  constraint sent_invoice_has_its_quickbooks_id check (status <> 'sent' or quickbooks_invoice_id is not null)
);

create index quickbooks_invoices_by_event on portal.quickbooks_invoices (customer_id, winter_event_id);
create index quickbooks_invoices_by_creator on portal.quickbooks_invoices (customer_id, created_by);
create index quickbooks_invoices_by_creation on portal.quickbooks_invoices (customer_id, created_at desc, id desc);

---- create above / drop below ----

drop table portal.quickbooks_invoices;
drop table portal.quickbooks_customer_mapping;
drop table portal.quickbooks_auth;
