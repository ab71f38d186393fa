-- Each member has a login from the beginning; a password comes later. A customer that moves in brings its logins.
create or replace function tenancy.create_login() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if tenancy.moves() then
    return null;
  end if;
  insert into platform.logins (customer_id, user_id, email, role, status)
  values (new.customer_id, new.id, new.email, new.role, new.status);
  return null;
end
$$;

-- A confirmation is of an address: with another address it is void.
create or replace function tenancy.unconfirm_login() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.confirmed_at := null;
  return new;
end
$$;

-- Who is no longer active is out, and stays out when reactivated. A new password, whoever set it, puts
-- out all who came in with the old one; the session that set it goes on.
create or replace function tenancy.end_sessions() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update platform.sessions s
  set revoked_at = now()
  where (s.customer_id, s.user_id) = (new.customer_id, new.user_id)
    and s.revoked_at is null
    and (new.status <> 'active' or s.id is distinct from tenancy.session_id());
  return null;
end
$$;

-- The same of operators.
create or replace function tenancy.end_operator_sessions() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update platform.sessions s
  set revoked_at = now()
  where s.operator_id = new.id
    and s.revoked_at is null
    and (new.status <> 'active' or s.id is distinct from tenancy.session_id());
  return null;
end
$$;

-- A switch ends with the session that it was made in.
create or replace function tenancy.end_switches() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  update platform.sessions s
  set revoked_at = new.revoked_at
  where s.parent_id = new.id
    and s.revoked_at is null;
  return null;
end
$$;

-- A key that is revoked, whoever revokes it, takes all that came in by it along.
create or replace function tenancy.end_service_sessions() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update platform.sessions s
  set revoked_at = now()
  where (s.customer_id, s.service_token_id) = (new.customer_id, new.id)
    and s.revoked_at is null;
  return null;
end
$$;

do $$
begin
  call tenancy.ensure_trigger('portal.users',
    'CREATE TRIGGER create_login AFTER INSERT ON portal.users FOR EACH ROW EXECUTE FUNCTION tenancy.create_login()');
  call tenancy.ensure_trigger('platform.logins',
    'CREATE TRIGGER unconfirm_login BEFORE UPDATE ON platform.logins FOR EACH ROW WHEN ((old.email IS DISTINCT FROM new.email)) EXECUTE FUNCTION tenancy.unconfirm_login()');
  call tenancy.ensure_trigger('platform.logins',
    'CREATE TRIGGER end_sessions AFTER UPDATE ON platform.logins FOR EACH ROW WHEN ((((old.status = ''active''::text) AND (new.status <> ''active''::text)) OR (old.password_set_at IS DISTINCT FROM new.password_set_at))) EXECUTE FUNCTION tenancy.end_sessions()');
  call tenancy.ensure_trigger('platform.operators',
    'CREATE TRIGGER end_operator_sessions AFTER UPDATE ON platform.operators FOR EACH ROW WHEN ((((old.status = ''active''::text) AND (new.status <> ''active''::text)) OR (old.password_set_at IS DISTINCT FROM new.password_set_at))) EXECUTE FUNCTION tenancy.end_operator_sessions()');
  call tenancy.ensure_trigger('platform.service_tokens',
    'CREATE TRIGGER end_service_sessions AFTER UPDATE ON platform.service_tokens FOR EACH ROW WHEN (((old.revoked_at IS NULL) AND (new.revoked_at IS NOT NULL))) EXECUTE FUNCTION tenancy.end_service_sessions()');
  call tenancy.ensure_trigger('platform.sessions',
    'CREATE TRIGGER end_switches AFTER UPDATE ON platform.sessions FOR EACH ROW WHEN (((old.revoked_at IS NULL) AND (new.revoked_at IS NOT NULL))) EXECUTE FUNCTION tenancy.end_switches()');
end
$$;
