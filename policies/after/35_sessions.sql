-- Sessions, as people of a customer see and end them. What an entry rests on is no table of theirs: none of them reads a
-- hash, and nobody brings a session back that has ended.

-- Those that live: for an Admin all of the customer, for everybody else his own.
create or replace function tenancy.sessions() returns table (
  id uuid, kind text, customer_id text, user_id bigint, service_token_id bigint, role text,
  created_at timestamptz, refreshed_at timestamptz, expires_at timestamptz)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select s.id,
      case when s.user_id is not null then 'member' when s.operator_id is not null then 'operator' else 'service' end,
      s.customer_id, s.user_id, s.service_token_id, s.role, s.created_at, s.refreshed_at, s.expires_at
    from platform.sessions s
    where s.customer_id = tenancy.customer_id()
      and (tenancy.role() = 'Admin' or s.user_id = tenancy.user_id())
      and s.revoked_at is null
      and s.expires_at > now();
end
$$;

comment on function tenancy.sessions is 'The sessions of the own customer that live: all of them for an Admin, else the person''s own.';

-- Ends one of these, and answers whose it was; no row where it is none of them.
create or replace function tenancy.end_session(p_session uuid) returns table (kind text, user_id bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    update platform.sessions s
    set revoked_at = now()
    where s.id = p_session
      and s.customer_id = tenancy.customer_id()
      and (tenancy.role() = 'Admin' or s.user_id = tenancy.user_id())
      and s.revoked_at is null
      and s.expires_at > now()
    returning
      case when s.user_id is not null then 'member' when s.operator_id is not null then 'operator' else 'service' end,
      s.user_id;
end
$$;

comment on function tenancy.end_session is 'Ends a session of the own customer: any of them for an Admin, else one of the person''s own.';
