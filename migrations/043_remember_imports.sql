-- Which rows of an old portal's database are here: a second import of it adds what is new there. Rows whose numbers there
-- follow each other, and whose ids here do so too, are one row of this table.
create table portal.imported_rows (
  customer_id text not null default tenancy.customer_id(),
  source_table text not null
    constraint source_table_has_1_to_64_characters check (char_length(source_table) between 1 and 64),
  first_key bigint not null,
  -- How many keys follow each other from there on.
  keys bigint not null
    constraint keys_are_some check (keys > 0),
  -- What the row of first_key is here; those after it follow.
  first_id bigint not null,
  created_at timestamptz not null default now(),
  primary key (customer_id, source_table, first_key),
  constraint imported_rows_belong_to_a_customer
    foreign key (customer_id) references platform.customers (customer_id),
  constraint times_are_finite check (isfinite(created_at))
);

---- create above / drop below ----

drop table portal.imported_rows;
