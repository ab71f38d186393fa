create table portal.property_lists (
  customer_id text not null default tenancy.customer_id(),
  id bigint generated always as identity,
  name text not null
    constraint name_has_1_to_255_characters check (char_length(name) between 1 and 255),
  user_id bigint not null,
  is_shared boolean not null default false,
  filters jsonb
    constraint filters_is_an_object check (jsonb_typeof(filters) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (customer_id, id),
  constraint property_lists_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  -- No cascade: a shared list is other people's too. Its owner is given away before he is deleted.
  constraint owner_is_of_the_same_customer
    foreign key (customer_id, user_id) references portal.users (customer_id, id)
);

create index property_lists_by_owner on portal.property_lists (customer_id, user_id);
create index property_lists_by_creation on portal.property_lists (customer_id, created_at desc, id desc);

create table portal.property_list_items (
  customer_id text not null default tenancy.customer_id(),
  list_id bigint not null,
  property_id bigint not null,
  added_at timestamptz not null default now(),
  primary key (customer_id, list_id, property_id),
  constraint property_list_items_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint list_is_of_the_same_customer
    foreign key (customer_id, list_id) references portal.property_lists (customer_id, id)
    on delete cascade,
  constraint property_is_of_the_same_customer
    foreign key (customer_id, property_id) references portal.locations (customer_id, id)
    on delete cascade
);

create index property_list_items_by_property on portal.property_list_items (customer_id, property_id);

---- create above / drop below ----

drop table portal.property_list_items;
drop table portal.property_lists;
