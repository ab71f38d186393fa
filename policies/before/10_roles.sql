-- The roles. What each may do is granted in after/; here they only come to exist, harmless.
-- A role that already is as it should be is not touched, so that two databases of one cluster
-- can be installed side by side.
do $$
declare
  r record;
  superuser constant boolean := (select rolsuper from pg_roles where rolname = current_user);
begin
  for r in
    select *
    from (values
      ('portal_owner',     false, -1,  'owns schemas and tables; walled like all others'),
      ('portal_definer',   false, -1,  'owns the definer functions of tenancy'),
      ('portal_app',       true,  80,  'the API inside a customer'),
      ('portal_auth',      true,  20,  'the API before a customer is known: log-in, refresh, log-out'),
      ('portal_platform',  true,  10,  'the API for operators: customers, switching'),
      ('portal_worker',    true,  40,  'the API''s workers: claims jobs, and works inside the customer of each'),
      ('portal_mover',     false, -1,  'moves one customer''s rows in and out, for the installer, who becomes it'),
      ('portal_inspector', true,  5,   'DBAs: reads one customer that they name'),
      ('portal_auditor',   true,  5,   'DBAs and CI: reads the audit views and no data')
    ) as wanted (name, login, connections, purpose)
  loop
    if not exists (select from pg_roles where rolname = r.name) then
      execute format('create role %I %s nosuperuser nobypassrls nocreaterole nocreatedb noreplication connection limit %s',
        r.name, case when r.login then 'login' else 'nologin' end, r.connections);
      execute format('comment on role %I is %L', r.name, r.purpose);
    end if;
  end loop;

  -- Attributes that somebody changed since are put back: an unsafe role must not survive a migration.
  for r in
    select rolname, rolname = 'portal_mover' as only_become
    from pg_roles
    where rolname in ('portal_owner', 'portal_definer', 'portal_app', 'portal_auth', 'portal_platform', 'portal_worker', 'portal_mover', 'portal_inspector', 'portal_auditor')
      and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication or rolcanlogin and rolname = 'portal_mover')
  loop
    if superuser then
      execute format('alter role %I nosuperuser nobypassrls nocreaterole nocreatedb noreplication %s', r.rolname, case when r.only_become then 'nologin' end);
    end if;
  end loop;

  if superuser then
    if not exists (select from pg_roles where rolname = 'portal_backup') then
      create role portal_backup nologin bypassrls nosuperuser nocreaterole nocreatedb noreplication;
      comment on role portal_backup is 'pg_dump: reads all rows; may log in only when a DBA gives it a password';
    end if;
  elsif not exists (select from pg_roles where rolname = 'portal_backup') then
    raise warning 'hardening: role portal_backup is absent, because only a superuser can make a role that bypasses row security';
  end if;

  -- Without superuser the installer must be able to act as the owners of what it installs, and as the one who moves customers.
  if not superuser then
    for r in
      select o.name
      from (values ('portal_owner'), ('portal_definer'), ('portal_mover')) as o (name)
      where not pg_has_role(current_user, o.name, 'usage')
        or not pg_has_role(current_user, o.name, 'member')
    loop
      execute format('grant %I to current_user', r.name);
    end loop;
  end if;
end
$$;
