-- Holes in the database of anydb.sql, each in a table of its own; anydb_test.go says what names each.
create table booking.off (tenant_id uuid not null, n bigint, primary key (tenant_id, n));

create table booking.unforced (tenant_id uuid not null, n bigint, primary key (tenant_id, n));
alter table booking.unforced enable row level security;
create policy own on booking.unforced to web using (tenant_id = (select helpers.tenant()));

create table booking.open (tenant_id uuid not null, n bigint, primary key (tenant_id, n));
alter table booking.open enable row level security, force row level security;
create policy own on booking.open to web using (tenant_id = (select helpers.tenant()));
create policy helpdesk on booking.open to web using (true);

create table booking.unchecked (tenant_id uuid not null, n bigint, primary key (tenant_id, n));
alter table booking.unchecked enable row level security, force row level security;
create policy own on booking.unchecked to web using (tenant_id = (select helpers.tenant()));
create policy adds on booking.unchecked for insert to web;

create table booking.weak (tenant_id uuid not null, n bigint, primary key (tenant_id, n));
alter table booking.weak enable row level security, force row level security;
create policy own on booking.weak to web using (tenant_id = (select helpers.tenant())) with check (n > 0);

create table booking.unset (tenant_id uuid not null, n bigint, primary key (tenant_id, n));
alter table booking.unset enable row level security, force row level security;
create policy own on booking.unset to web
  using (tenant_id = (select helpers.tenant()) or coalesce(current_setting('app.tenant_id', true), '') = '');

create table booking.anybody (tenant_id uuid not null, n bigint, primary key (tenant_id, n));
alter table booking.anybody enable row level security, force row level security;
create policy own on booking.anybody using (tenant_id = (select helpers.tenant()) or true);

create table booking.admins (tenant_id uuid not null, n bigint, primary key (tenant_id, n));
alter table booking.admins enable row level security, force row level security;
create policy own on booking.admins to web using (tenant_id = (select helpers.tenant()) or current_setting('app.is_admin', true) = 'yes');

create view booking.all_payments as select * from booking.payments;
grant select on booking.all_payments to web;

create materialized view booking.totals as select tenant_id, sum(amount) as total from booking.payments group by tenant_id;
grant select on booking.totals to web;

create function helpers.total(agency uuid) returns numeric
language plpgsql security definer
as $$ begin return (select sum(amount) from booking.payments where tenant_id = agency); end $$;
grant execute on function helpers.total(uuid) to public;

create table booking.texts (tenant_id text not null, n bigint, primary key (tenant_id, n));
alter table booking.texts enable row level security, force row level security;
create policy own on booking.texts to web using (tenant_id = (select helpers.tenant())::text);

create table booking.slow (id uuid primary key default gen_random_uuid(), tenant_id uuid not null);
alter table booking.slow enable row level security, force row level security;
create policy own on booking.slow to web using (tenant_id = (select helpers.tenant()));

create table booking.nobodys (tenant_id uuid, n bigint);
create index on booking.nobodys (tenant_id);
alter table booking.nobodys enable row level security, force row level security;
create policy own on booking.nobodys to web using (tenant_id = (select helpers.tenant()));

create table booking.oracle (tenant_id uuid not null, n bigint, email text unique, primary key (tenant_id, n));
alter table booking.oracle enable row level security, force row level security;
create policy own on booking.oracle to web using (tenant_id = (select helpers.tenant()));

create table booking.pointers (tenant_id uuid not null, n bigint, price_id uuid references booking.prices, primary key (tenant_id, n));
alter table booking.pointers enable row level security, force row level security;
create policy own on booking.pointers to web using (tenant_id = (select helpers.tenant()));

create table booking.misnamed (tenant_id uuid not null, n bigint, primary key (tenant_id, n));
alter table booking.misnamed enable row level security, force row level security;
create policy own on booking.misnamed to web using (tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid));

create table booking.emptied (tenant_id uuid not null, n bigint, primary key (tenant_id, n));
alter table booking.emptied enable row level security, force row level security;
create policy own on booking.emptied to web using (tenant_id = (select helpers.tenant()));
grant truncate on booking.emptied to web;

create table booking.parted (tenant_id uuid not null, day date not null, primary key (tenant_id, day)) partition by range (day);
create table booking.parted_2026 partition of booking.parted for values from ('2026-01-01') to ('2027-01-01');
alter table booking.parted enable row level security, force row level security;
create policy own on booking.parted to web using (tenant_id = (select helpers.tenant()));
grant select on booking.parted_2026 to web;

grant select, insert, update on booking.off, booking.unforced, booking.open, booking.unchecked, booking.weak, booking.unset, booking.anybody,
  booking.admins, booking.texts, booking.slow, booking.nobodys, booking.oracle, booking.pointers, booking.misnamed, booking.emptied to web;

create table booking.own (tenant_id uuid not null, n bigint, primary key (tenant_id, n));
alter table booking.own enable row level security, force row level security;
create policy own on booking.own to web using (tenant_id = (select helpers.tenant()));
alter table booking.own owner to web;

grant select (card_token) on booking.payments to reporting;

alter role reporting bypassrls;
