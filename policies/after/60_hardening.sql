-- What PostgreSQL lets everybody do and no role of the API needs. Where the installer may not take it
-- away (a managed server), it says so, and so does the audit.

do $$
declare
  f record;
  r record;
  superuser constant boolean := (select rolsuper from pg_roles where rolname = current_user);
  refused text[] := '{}';
begin
  for f in
    select d.function
    from tenancy.dangerous_functions d
    where exists (
      select
      from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
      where p.oid = d.function
        and (a.grantee = 0
          or exists (select from tenancy.walled_roles w where w.oid = a.grantee)
            and not exists (select from tenancy.needed_functions n where n.role = a.grantee::regrole::text and n.function = p.oid)))
  loop
    if superuser then
      execute format('revoke execute on function %s from public, portal_app, portal_auth, portal_platform, portal_worker, portal_mover, portal_inspector, portal_auditor', f.function);
    else
      refused := refused || f.function::text;
    end if;
  end loop;

  -- What our own functions, pg_dump, maintenance and monitoring need of them.
  if superuser then
    for r in
      select n.role, n.function
      from tenancy.needed_functions n
      join pg_roles p on p.rolname = n.role
      where not has_function_privilege(p.oid, n.function, 'execute')
    loop
      execute format('grant execute on function %s to %I', r.function, r.role);
    end loop;
  end if;
  if refused <> '{}' then
    raise warning 'hardening: only a superuser can revoke % functions of PostgreSQL from everybody, % among them: a query with injected SQL could switch customers', array_length(refused, 1), 'set_config';
  end if;

  -- Languages: nobody of the API writes functions.
  for f in
    select l.lanname
    from pg_language l, aclexplode(coalesce(l.lanacl, acldefault('l', l.lanowner))) a
    where l.lanname in ('plpgsql', 'sql')
      and a.grantee = 0
  loop
    if superuser then
      execute format('grant usage on language %I to portal_owner, portal_definer', f.lanname);
      execute format('revoke usage on language %I from public', f.lanname);
    else
      raise warning 'hardening: only a superuser can revoke the language % from everybody', f.lanname;
    end if;
  end loop;

  -- Temporary tables outlive a transaction on a pooled connection, and hold functions and operators.
  for f in
    select d.datname, a.privilege_type
    from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
    where d.datname = current_database()
      and a.grantee = 0
      and a.privilege_type in ('TEMPORARY', 'CONNECT')
  loop
    execute format('revoke %s on database %I from public', f.privilege_type, f.datname);
  end loop;
  for r in
    select rolname as name
    from pg_roles
    where rolname in ('portal_app', 'portal_auth', 'portal_platform', 'portal_worker', 'portal_inspector', 'portal_auditor', 'portal_backup')
      and not has_database_privilege(oid, current_database(), 'connect')
  loop
    execute format('grant connect on database %I to %I', current_database(), r.name);
  end loop;
  if has_schema_privilege('public', 'public', 'create') then
    revoke create on schema public from public;
  end if;
exception when insufficient_privilege then
  raise warning 'hardening: %', sqlerrm;
end
$$;

-- Settings of the roles, changed only where they differ.

do $$
declare
  s record;
begin
  for s in
    select w.role, w.setting, w.value
    from tenancy.role_settings w
    join pg_roles r on r.rolname = w.role
    where not exists (
      select
      from pg_db_role_setting d, unnest(d.setconfig) as c
      where d.setrole = r.oid and d.setdatabase = 0 and c = w.setting || '=' || w.value)
  loop
    begin
      execute format('alter role %I set %s = %s', s.role, s.setting,
        case s.setting when 'search_path' then s.value else quote_literal(s.value) end);
    exception when insufficient_privilege then
      raise warning 'hardening: only a superuser can set % for %', s.setting, s.role;
    end;
  end loop;
end
$$;
