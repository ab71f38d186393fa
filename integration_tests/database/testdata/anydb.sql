-- A database of another house: bookings of holiday homes for many agencies. Its tenants are agencies, tenant_id is a uuid, the
-- setting is app.tenant_id, and web is who serves them. Twelve tables are as they should be.
create schema booking;
create schema helpers;

-- Everybody may call what he may see, but nobody sees anything by default.
alter default privileges revoke execute on functions from public;
revoke all on schema public from public;
revoke temporary on database :database from public;

create function helpers.tenant() returns uuid
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select nullif(current_setting('app.tenant_id', true), '')::uuid $$;
revoke execute on function helpers.tenant() from public;
grant execute on function helpers.tenant() to web, reporting;
grant usage on schema booking, helpers to web, reporting;

create table booking.agencies (
  tenant_id uuid primary key default gen_random_uuid(),
  name text not null
);
alter table booking.agencies enable row level security, force row level security;
create policy own on booking.agencies using (tenant_id = (select helpers.tenant()));

-- Homes: the setting read in the policy itself, and one policy for each command.
create table booking.homes (
  tenant_id uuid not null references booking.agencies,
  home_id bigint generated always as identity,
  title text not null,
  primary key (tenant_id, home_id),
  unique (tenant_id, title)
);
alter table booking.homes enable row level security, force row level security;
create policy reads on booking.homes for select using (tenant_id = (select current_setting('app.tenant_id')::uuid));
create policy adds on booking.homes for insert with check (tenant_id = (select current_setting('app.tenant_id')::uuid));
create policy changes on booking.homes for update using (tenant_id = (select current_setting('app.tenant_id')::uuid));
create policy removes on booking.homes for delete using (tenant_id = (select current_setting('app.tenant_id')::uuid));

-- Guests: a wall with another setting beside it.
create table booking.guests (
  tenant_id uuid not null references booking.agencies,
  guest_id uuid not null default gen_random_uuid(),
  email text not null,
  hidden boolean not null default false,
  primary key (tenant_id, guest_id),
  unique (tenant_id, email)
);
alter table booking.guests enable row level security, force row level security;
create policy wall on booking.guests as restrictive using (tenant_id = (select helpers.tenant()));
create policy door on booking.guests to web using (not hidden);

-- Stays: a condition with OR beside the comparison.
create table booking.stays (
  tenant_id uuid not null references booking.agencies,
  stay_id bigint generated always as identity,
  home_id bigint not null,
  guest_id uuid,
  cancelled boolean not null default false,
  arrival date not null,
  primary key (tenant_id, stay_id),
  foreign key (tenant_id, home_id) references booking.homes (tenant_id, home_id) on delete cascade,
  foreign key (tenant_id, guest_id) references booking.guests (tenant_id, guest_id) on delete set null (guest_id)
);
create index on booking.stays (tenant_id, arrival);
alter table booking.stays enable row level security, force row level security;
create policy own on booking.stays to web using (tenant_id = (select helpers.tenant()) and (not cancelled or arrival > '2020-01-01'));

-- Prices: a surrogate key of the table's own, besides the tenant's index.
create table booking.prices (
  price_id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references booking.agencies,
  amount numeric not null
);
create index on booking.prices (tenant_id, price_id);
alter table booking.prices enable row level security, force row level security;
create policy own on booking.prices to web, reporting using (tenant_id = (select helpers.tenant()));

-- Invoices: the comparison the other way round.
create table booking.invoices (
  tenant_id uuid not null references booking.agencies,
  number bigint not null,
  primary key (tenant_id, number)
);
alter table booking.invoices enable row level security, force row level security;
create policy own on booking.invoices to web using ((select helpers.tenant()) = tenant_id) with check ((select helpers.tenant()) = tenant_id);

-- Messages: in each operand of the OR.
create table booking.messages (
  tenant_id uuid not null references booking.agencies,
  message_id bigint generated always as identity,
  draft boolean not null,
  sent date,
  primary key (tenant_id, message_id)
);
alter table booking.messages enable row level security, force row level security;
create policy own on booking.messages to web
  using ((tenant_id = (select helpers.tenant()) and draft) or (tenant_id = (select helpers.tenant()) and sent is not null))
  with check (tenant_id = (select helpers.tenant()));

-- Payments: nobody of the application but through a view of its caller.
create table booking.payments (
  tenant_id uuid not null references booking.agencies,
  payment_id bigint generated always as identity,
  amount numeric not null,
  card_token text,
  primary key (tenant_id, payment_id)
);
alter table booking.payments enable row level security, force row level security;
create policy own on booking.payments to web using (tenant_id = (select helpers.tenant()));
create view booking.sums with (security_invoker = true) as select tenant_id, sum(amount) as total from booking.payments group by tenant_id;

-- Visits: partitioned, and read through its parent alone.
create table booking.visits (
  tenant_id uuid not null references booking.agencies,
  day date not null,
  n int not null,
  primary key (tenant_id, day)
) partition by range (day);
create table booking.visits_2026 partition of booking.visits for values from ('2026-01-01') to ('2027-01-01');
alter table booking.visits enable row level security, force row level security;
create policy own on booking.visits to web using (tenant_id = (select helpers.tenant()));

-- Settings of an agency, and keys that only the owner reads.
create table booking.preferences (
  tenant_id uuid not null references booking.agencies,
  key text not null,
  value text,
  primary key (tenant_id, key)
);
alter table booking.preferences enable row level security, force row level security;
create policy own on booking.preferences to web using (tenant_id::text = (select current_setting('app.tenant_id')));

create table booking.documents (
  tenant_id uuid not null references booking.agencies,
  document_id bigint generated always as identity,
  title text not null,
  primary key (tenant_id, document_id)
);
alter table booking.documents enable row level security, force row level security;
create policy own on booking.documents to web using (tenant_id = helpers.tenant());

-- What all agencies share.
create table booking.countries (code text primary key, name text not null);

grant select, insert, update, delete on booking.agencies, booking.homes, booking.guests, booking.stays, booking.prices, booking.invoices,
  booking.messages, booking.payments, booking.visits, booking.preferences, booking.documents to web;
grant select on booking.countries, booking.sums to web;
