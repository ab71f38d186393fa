-- The ways into a tenant. They are procedures: CALL is a statement, and no expression contains one, so SQL
-- injected into an expression enters nowhere. What runs SQL given as text (query_to_xml, ts_stat) is not volatile
-- and may not CALL; a volatile function that says CALL or EXECUTE would reopen the door, and no role of the API may
-- execute one (lint statement_runner, and the gate).
--
-- Two rows decide: the session's, which PostgreSQL keeps equal to its person by foreign keys, and the customer's.
--
-- Refusals: TN002 person not active, or of another role; TN003 session unknown, of somebody else, revoked or over;
-- TN004 customer suspended, cancelled, or its trial over; TN007 customer not in this database; TN008 customer on its move
-- to another one.
--
-- A read-only entry makes its transaction read only until it ends. (PostgreSQL 15 still lets RESET
-- transaction_read_only undo that. It is a statement, which no expression and no handler can say.)
--
-- Everything is set transaction-locally, in one expression: each statement of its own costs more than
-- the setting.

-- May anybody work in this customer now?
create or replace function tenancy.is_open(p_status text, p_trial_ends_at timestamptz) returns boolean
  language sql stable parallel safe
  return p_status = 'active' or (p_status = 'trial' and p_trial_ends_at > now());

-- The refusal of a customer that is not open; null: of one that is not there.
create or replace function tenancy.closed(p_status text) returns text
  language sql immutable parallel safe
  return case p_status when 'moving' then 'TN008' else 'TN004' end;

-- A session with a customer and neither a person nor an operator is a service's: its row says of which key.
create or replace procedure tenancy.enter(
  inout p_zone text, p_customer text, p_user bigint, p_role text, p_acting bigint, p_session uuid, p_read_only boolean)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  f record;
  ignored text;
begin
  select
    s.status = 'active' and s.role = p_role as person_ok,
    s.revoked_at is null and s.expires_at > now() as session_live,
    -- An operator who acts comes in until the customer is cancelled.
    tenancy.is_open(c.status, c.trial_ends_at) or (p_acting is not null and c.status not in ('cancelled', 'moving')) as customer_open,
    c.status, c.timezone, s.service_token_id
  into f
  from platform.sessions s
  join platform.customers c on c.customer_id = s.customer_id
  where s.id = p_session
    and s.customer_id = p_customer
    and s.user_id is not distinct from p_user
    and s.operator_id is not distinct from p_acting;

  if not found then
    raise exception 'entry refused: session or customer' using errcode =
      case when exists (select from platform.customers c where c.customer_id = p_customer) then 'TN003' else 'TN007' end;
  end if;
  if f.person_ok is not true then
    raise exception 'entry refused: person' using errcode = 'TN002';
  end if;
  if f.session_live is not true then
    raise exception 'entry refused: session' using errcode = 'TN003';
  end if;
  if f.customer_open is not true then
    raise exception 'entry refused: customer' using errcode = tenancy.closed(f.status);
  end if;

  ignored := concat(
    set_config('app.customer_id', p_customer, true),
    set_config('app.user_id', coalesce(p_user::text, ''), true),
    set_config('app.role', p_role, true),
    set_config('app.acting_as', coalesce(p_acting::text, ''), true),
    set_config('app.service_id', coalesce(f.service_token_id::text, ''), true),
    case when p_read_only
      then set_config('transaction_read_only', 'on', true)
      else set_config('app.session_id', p_session::text, true)
    end);
  p_zone := f.timezone;
end
$$;

comment on procedure tenancy.enter is 'Enters a customer as a member, an acting operator or a service for this transaction; answers its time zone.';

-- Guests: a caller without a token (public sign-up, accepting an invitation, stamping a log-in).
-- The wall is the same; what a guest can do is what portal_auth is granted.
create or replace procedure tenancy.enter_guest(inout p_zone text, p_customer text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  f record;
  ignored text;
begin
  select c.status, tenancy.is_open(c.status, c.trial_ends_at) as customer_open, c.timezone
  into f
  from platform.customers c
  where c.customer_id = p_customer;

  if f.customer_open is not true then
    raise exception 'entry refused: customer' using errcode = tenancy.closed(f.status);
  end if;

  ignored := concat(
    set_config('app.customer_id', p_customer, true),
    set_config('app.user_id', '', true),
    set_config('app.role', '', true),
    set_config('app.acting_as', '', true),
    set_config('app.service_id', '', true),
    set_config('app.session_id', '', true));
  p_zone := f.timezone;
end
$$;

comment on procedure tenancy.enter_guest is 'Enters a customer without a member, for portal_auth alone; answers its time zone.';

-- A provider that brings something. What it calls names the number that was called; whether it is the provider is
-- decided by its signature, whose token tenancy.webhook_token answers. A number that is nobody's and a customer that is
-- not open are refused alike. The role is no person's, and what it may do is what portal_auth is granted and no bar forbids.
create or replace procedure tenancy.enter_webhook(inout p_zone text, p_number text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  f record;
  ignored text;
begin
  select n.customer_id, c.status, tenancy.is_open(c.status, c.trial_ends_at) as customer_open, c.timezone
  into f
  from platform.receiving_numbers n
  join platform.customers c on c.customer_id = n.customer_id
  where n.phone_number = p_number;

  if f.customer_open is not true then
    raise exception 'entry refused: customer' using errcode = tenancy.closed(f.status);
  end if;

  ignored := concat(
    set_config('app.customer_id', f.customer_id, true),
    set_config('app.user_id', '', true),
    set_config('app.role', 'webhook', true),
    set_config('app.acting_as', '', true),
    set_config('app.service_id', '', true),
    set_config('app.session_id', '', true));
  p_zone := f.timezone;
end
$$;

comment on procedure tenancy.enter_webhook is 'Enters the customer that a receiving number belongs to, for portal_auth alone; answers its time zone.';

-- Operators, outside of any customer. Whoever switched into one may come back in the session of the switch.
create or replace procedure tenancy.enter_operator(p_operator bigint, p_session uuid, p_read_only boolean)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  f record;
  ignored text;
begin
  select s.status = 'active' as person_ok, s.revoked_at is null and s.expires_at > now() as session_live
  into f
  from platform.sessions s
  where s.id = p_session
    and s.operator_id = p_operator;

  if not found then
    raise exception 'entry refused: session' using errcode = 'TN003';
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
    set_config('app.acting_as', p_operator::text, true),
    set_config('app.service_id', '', true),
    case when p_read_only
      then set_config('transaction_read_only', 'on', true)
      else set_config('app.session_id', p_session::text, true)
    end);
end
$$;

comment on procedure tenancy.enter_operator is 'Opens a unit of work of an operator, for portal_platform alone.';
