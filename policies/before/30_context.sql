-- Who acts, as tenancy.enter set it for this transaction. Outside of one every answer is null, and a
-- comparison with null lets no row through.
--
-- nullif: after a commit a setting made transaction-locally is '' and not null.
-- stable: the value may differ between two statements of one cached plan, so never immutable.

create or replace function tenancy.customer_id() returns text
  language sql stable parallel safe
  return nullif(current_setting('app.customer_id', true), '');

create or replace function tenancy.user_id() returns bigint
  language sql stable parallel safe
  return nullif(current_setting('app.user_id', true), '')::bigint;

create or replace function tenancy.role() returns text
  language sql stable parallel safe
  return nullif(current_setting('app.role', true), '');

-- The operator who acts inside a customer, or null.
create or replace function tenancy.acting_as() returns bigint
  language sql stable parallel safe
  return nullif(current_setting('app.acting_as', true), '')::bigint;

-- The key by which a service acts inside a customer, or null.
create or replace function tenancy.service_id() returns bigint
  language sql stable parallel safe
  return nullif(current_setting('app.service_id', true), '')::bigint;

-- Whoever acts, in one text.
create or replace function tenancy.person() returns text
  language sql stable parallel safe
  return coalesce('user ' || tenancy.user_id(), 'operator ' || tenancy.acting_as(), 'service ' || tenancy.service_id());

-- The session that acts, in a transaction that may write; null for a guest.
create or replace function tenancy.session_id() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('app.session_id', true), '')::uuid;

-- Is it the installer who moves a customer in or out? Nobody else can become portal_mover. What triggers add to a customer's
-- rows, such a move brings along; what they refuse to its people, it may.
create or replace function tenancy.moves() returns boolean
  language sql stable parallel safe
  return current_setting('role') = 'portal_mover';

-- Operators are nobody's to read but the platform's: inside a customer, of the one who acts, the name.
create or replace function tenancy.operator_name() returns text
  language plpgsql stable parallel safe security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  return (select o.name from platform.operators o where o.id = (select tenancy.acting_as()));
end
$$;

create or replace function tenancy.actor_name() returns text
  language plpgsql stable parallel safe
  set search_path = pg_catalog, pg_temp
as $$
begin
  if tenancy.acting_as() is not null then
    return tenancy.operator_name();
  end if;
  if tenancy.user_id() is not null then
    return (select coalesce(u.name, u.email) from portal.users u where u.id = (select tenancy.user_id()));
  end if;
  if tenancy.service_id() is not null then
    return (select t.name from platform.service_tokens t where t.id = (select tenancy.service_id()));
  end if;
  return null;
end
$$;

comment on function tenancy.operator_name() is 'The name of the operator who acts, or null.';
comment on function tenancy.moves() is 'Does portal_mover act?';
comment on function tenancy.actor_name() is 'The name of whoever acts, or null (guest).';
comment on function tenancy.customer_id() is 'The customer that this transaction entered, or null.';
comment on function tenancy.user_id() is 'The member who acts, or null (guest, operator).';
comment on function tenancy.role() is 'The role of the member who acts, Admin for an acting operator, Service for a service, or null.';
comment on function tenancy.acting_as() is 'The operator who acts inside the customer, or null.';
comment on function tenancy.service_id() is 'The key of the service that acts inside the customer, or null.';
comment on function tenancy.person() is 'The member, the operator or the service that acts, or null (guest).';
comment on function tenancy.session_id() is 'The session of whoever acts, in a transaction that may write, or null.';

-- The one expression of every wall and default door, as PostgreSQL prints it.
create or replace function tenancy.wall() returns text
  language sql immutable
  return '(customer_id = ( SELECT tenancy.customer_id() AS customer_id))';

comment on function tenancy.wall() is 'The canonical tenant expression; the installer and the audit compare with it.';
