-- The ways into a tenant. Each is checked against an HMAC-SHA256 that only the server can make, over
-- the function's own name and all fields, each preceded by its length: a value cannot be taken for
-- another one, nor an entry of one kind for one of another.
--
-- Refusals: TN001 signature, key or expiry; TN002 person unknown, not active, or of another role;
-- TN003 session revoked or over; TN004 customer suspended, cancelled, or its trial over.
--
-- A read-only entry makes its transaction read only until it ends. (PostgreSQL 15 still lets RESET
-- transaction_read_only undo that. It is a statement, which no expression and no handler can say.)
--
-- Everything is set transaction-locally, in one expression: each statement of its own costs more than
-- the setting. The settings pinned on each function keep a caller from printing its plans, and with
-- them what it reads.

-- An entry is good for at most 30 seconds from the moment it was made. (date_part: extract would count
-- in numerics, which cost as much as reading a table.)
create or replace function tenancy.expiry_is_near(p_expiry bigint) returns boolean
  language sql volatile parallel safe
  return p_expiry between date_part('epoch', clock_timestamp()) * 1000 and date_part('epoch', clock_timestamp()) * 1000 + 30000;

-- May anybody work in this customer now?
create or replace function tenancy.is_open(p_status text, p_trial_ends_at timestamptz) returns boolean
  language sql stable parallel safe
  return p_status = 'active' or (p_status = 'trial' and p_trial_ends_at > now());

create or replace function tenancy.enter(
  p_key_id int, p_customer text, p_user bigint, p_role text, p_acting bigint, p_session uuid,
  p_read_only boolean, p_expiry bigint, p_mac bytea)
returns text
language plpgsql volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set client_min_messages = warning
set debug_print_parse = off
set debug_print_rewritten = off
set debug_print_plan = off
as $$
declare
  f record;
  ignored text;
begin
  select
    sha256(k.outer_pad || sha256(k.inner_pad || convert_to(concat(
      '5:enter',
      octet_length(p_customer), ':', p_customer,
      octet_length(p_user::text), ':', p_user,
      octet_length(p_role), ':', p_role,
      octet_length(p_acting::text), ':', p_acting,
      octet_length(p_session::text), ':', p_session,
      octet_length(p_read_only::text), ':', p_read_only::text,
      octet_length(p_expiry::text), ':', p_expiry), 'UTF8'))) = p_mac
      and tenancy.expiry_is_near(p_expiry) as genuine,
    c.timezone,
    c.status as customer_status,
    tenancy.is_open(c.status, c.trial_ends_at) as customer_open,
    case
      when p_acting is null then l.status = 'active' and l.role = p_role
      else o.status = 'active' and p_user is null and p_role = 'Admin'
    end as person_ok,
    s.revoked_at is null and s.expires_at > now() as session_live
  into f
  from tenancy.mac_keys k
  left join platform.customers c on c.customer_id = p_customer
  left join platform.logins l on l.customer_id = p_customer and l.user_id = p_user
  left join platform.operators o on o.id = p_acting
  left join platform.sessions s on s.id = p_session
    and case when p_acting is null then s.customer_id = p_customer and s.user_id = p_user else s.operator_id = p_acting end
  where k.key_id = p_key_id;

  if f.genuine is not true then
    raise exception 'entry refused: signature, key or expiry' using errcode = 'TN001';
  end if;
  if f.person_ok is not true then
    raise exception 'entry refused: person' using errcode = 'TN002';
  end if;
  if f.session_live is not true then
    raise exception 'entry refused: session' using errcode = 'TN003';
  end if;
  -- An operator who acts comes in until the customer is cancelled.
  if f.customer_open is not true and (p_acting is null or coalesce(f.customer_status, 'cancelled') = 'cancelled') then
    raise exception 'entry refused: customer' using errcode = 'TN004';
  end if;

  ignored := concat(
    set_config('app.customer_id', p_customer, true),
    set_config('app.user_id', coalesce(p_user::text, ''), true),
    set_config('app.role', p_role, true),
    set_config('app.acting_as', coalesce(p_acting::text, ''), true));
  if p_read_only then
    ignored := set_config('transaction_read_only', 'on', true);
  else
    ignored := set_config('app.session_id', p_session::text, true);
  end if;
  return f.timezone;
end
$$;

comment on function tenancy.enter is 'Enters a customer as a member or an acting operator for this transaction; answers its time zone.';

-- Guests: a caller without a token (public sign-up, accepting an invitation, stamping a log-in).
-- The wall is the same; what a guest can do is what portal_auth is granted.
create or replace function tenancy.enter_guest(p_key_id int, p_customer text, p_expiry bigint, p_mac bytea)
returns text
language plpgsql volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set client_min_messages = warning
set debug_print_parse = off
set debug_print_rewritten = off
set debug_print_plan = off
as $$
declare
  f record;
  ignored text;
begin
  select
    sha256(k.outer_pad || sha256(k.inner_pad || convert_to(concat(
      '5:guest',
      octet_length(p_customer), ':', p_customer,
      octet_length(p_expiry::text), ':', p_expiry), 'UTF8'))) = p_mac
      and tenancy.expiry_is_near(p_expiry) as genuine,
    c.timezone,
    tenancy.is_open(c.status, c.trial_ends_at) as customer_open
  into f
  from tenancy.mac_keys k
  left join platform.customers c on c.customer_id = p_customer
  where k.key_id = p_key_id;

  if f.genuine is not true then
    raise exception 'entry refused: signature, key or expiry' using errcode = 'TN001';
  end if;
  if f.customer_open is not true then
    raise exception 'entry refused: customer' using errcode = 'TN004';
  end if;

  ignored := concat(
    set_config('app.customer_id', p_customer, true),
    set_config('app.user_id', '', true),
    set_config('app.role', '', true),
    set_config('app.acting_as', '', true),
    set_config('app.session_id', '', true));
  return f.timezone;
end
$$;

comment on function tenancy.enter_guest is 'Enters a customer without a member, for portal_auth alone.';

-- Operators, outside of any customer.
create or replace function tenancy.enter_operator(p_key_id int, p_operator bigint, p_session uuid, p_read_only boolean, p_expiry bigint, p_mac bytea)
returns void
language plpgsql volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set client_min_messages = warning
set debug_print_parse = off
set debug_print_rewritten = off
set debug_print_plan = off
as $$
declare
  f record;
  ignored text;
begin
  select
    sha256(k.outer_pad || sha256(k.inner_pad || convert_to(concat(
      '8:operator',
      octet_length(p_operator::text), ':', p_operator,
      octet_length(p_session::text), ':', p_session,
      octet_length(p_read_only::text), ':', p_read_only::text,
      octet_length(p_expiry::text), ':', p_expiry), 'UTF8'))) = p_mac
      and tenancy.expiry_is_near(p_expiry) as genuine,
    o.status = 'active' as person_ok,
    s.revoked_at is null and s.expires_at > now() as session_live
  into f
  from tenancy.mac_keys k
  left join platform.operators o on o.id = p_operator
  left join platform.sessions s on s.id = p_session and s.operator_id = p_operator
  where k.key_id = p_key_id;

  if f.genuine is not true then
    raise exception 'entry refused: signature, key or expiry' using errcode = 'TN001';
  end if;
  if f.person_ok is not true then
    raise exception 'entry refused: person' using errcode = 'TN002';
  end if;
  if f.session_live is not true then
    raise exception 'entry refused: session' using errcode = 'TN003';
  end if;

  ignored := concat(
    set_config('app.customer_id', '', true),
    set_config('app.user_id', '', true),
    set_config('app.role', '', true),
    set_config('app.acting_as', p_operator::text, true));
  if p_read_only then
    ignored := set_config('transaction_read_only', 'on', true);
  end if;
end
$$;

comment on function tenancy.enter_operator is 'Opens a unit of work of an operator, for portal_platform alone.';
