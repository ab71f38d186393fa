-- Counts what a customer uses, and refuses growth beyond its limit. The upsert locks the customer's
-- row of usage until the transaction ends, so that two inserts at limit - 1 cannot both pass. A count
-- that does not grow is never refused: lowering a limit stops new rows only. Nor is a customer that moves in.
create or replace function tenancy.count_usage(p_customer text, p_users bigint, p_properties bigint) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  used record;
  allowed record;
begin
  if p_users = 0 and p_properties = 0 then
    return;
  end if;
  -- The row proposed is checked before the conflict is seen, so it must not be negative.
  insert into platform.usage as u (customer_id, users, properties)
  values (p_customer, greatest(p_users, 0), greatest(p_properties, 0))
  on conflict (customer_id) do update
    set users = u.users + p_users, properties = u.properties + p_properties
  returning u.users, u.properties into used;
  if tenancy.moves() then
    return;
  end if;

  select c.max_users, c.max_properties into allowed
  from platform.customers c
  where c.customer_id = p_customer;

  if p_users > 0 and used.users > allowed.max_users then
    raise exception 'limit reached: users' using errcode = 'TN005',
      detail = format('%s of %s in use', used.users - p_users, allowed.max_users || case allowed.max_users when 1 then ' user is' else ' users are' end);
  end if;
  if p_properties > 0 and used.properties > allowed.max_properties then
    raise exception 'limit reached: properties' using errcode = 'TN005',
      detail = format('%s of %s in use', used.properties - p_properties, allowed.max_properties || case allowed.max_properties when 1 then ' property is' else ' properties are' end);
  end if;
end
$$;

-- Users count unless they are pending.
create or replace function tenancy.count_users() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    perform tenancy.count_usage(a.customer_id, count(*), 0)
    from added a where a.status <> 'pending' group by a.customer_id order by a.customer_id;
  elsif tg_op = 'DELETE' then
    perform tenancy.count_usage(r.customer_id, -count(*), 0)
    from removed r where r.status <> 'pending' group by r.customer_id order by r.customer_id;
  else
    perform tenancy.count_usage(d.customer_id, sum(d.n)::bigint, 0)
    from (
      select a.customer_id, 1 as n from added a where a.status <> 'pending'
      union all
      select r.customer_id, -1 from removed r where r.status <> 'pending'
    ) as d
    group by d.customer_id order by d.customer_id;
  end if;
  return null;
end
$$;

create or replace function tenancy.count_properties() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    perform tenancy.count_usage(a.customer_id, 0, count(*)) from added a group by a.customer_id order by a.customer_id;
  else
    perform tenancy.count_usage(r.customer_id, 0, -count(*)) from removed r group by r.customer_id order by r.customer_id;
  end if;
  return null;
end
$$;

-- Locks the customer's count until the transaction ends, and says how many properties there are and may
-- be. Whoever inserts several rows takes it first: a transaction that held new rows while it waited for
-- the count could be waited for by the one that has it.
create or replace function tenancy.lock_properties(out used bigint, out allowed bigint)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  company constant text := tenancy.customer_id();
begin
  insert into platform.usage (customer_id, users, properties)
  values (company, 0, 0)
  on conflict (customer_id) do nothing;

  select u.properties into used from platform.usage u where u.customer_id = company for update;
  select c.max_properties into allowed from platform.customers c where c.customer_id = company;
end
$$;

comment on function tenancy.lock_properties is 'Makes other additions of properties wait; how many there are and may be.';

create or replace function tenancy.lock_properties_first() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if tenancy.customer_id() is not null then
    perform tenancy.lock_properties();
  end if;
  return null;
end
$$;

do $$
begin
  call tenancy.ensure_trigger('portal.users',
    'CREATE TRIGGER count_added AFTER INSERT ON portal.users REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tenancy.count_users()');
  call tenancy.ensure_trigger('portal.users',
    'CREATE TRIGGER count_removed AFTER DELETE ON portal.users REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION tenancy.count_users()');
  call tenancy.ensure_trigger('portal.users',
    'CREATE TRIGGER count_changed AFTER UPDATE ON portal.users REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tenancy.count_users()');
  call tenancy.ensure_trigger('portal.locations',
    'CREATE TRIGGER lock_first BEFORE INSERT ON portal.locations FOR EACH STATEMENT EXECUTE FUNCTION tenancy.lock_properties_first()');
  call tenancy.ensure_trigger('portal.locations',
    'CREATE TRIGGER count_added AFTER INSERT ON portal.locations REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tenancy.count_properties()');
  call tenancy.ensure_trigger('portal.locations',
    'CREATE TRIGGER count_removed AFTER DELETE ON portal.locations REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION tenancy.count_properties()');
end
$$;
