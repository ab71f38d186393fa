-- Policies and views are compared with what stands in the catalogue and only replaced where they
-- differ: a second installation takes no lock that a reader would feel. Expressions of policies are
-- therefore written as PostgreSQL prints them; a view is printed beside the one that stands.
create or replace procedure tenancy.ensure_view(name text, query text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('tenancy.' || quote_ident(name)) is not null then
    execute 'create view tenancy.candidate as ' || query;
    if pg_get_viewdef('tenancy.candidate'::regclass) = pg_get_viewdef(('tenancy.' || quote_ident(name))::regclass) then
      drop view tenancy.candidate;
      return;
    end if;
    drop view tenancy.candidate;
  end if;
  begin
    execute format('create or replace view tenancy.%I as %s', name, query);
  exception when invalid_table_definition then
    -- It has other columns. What reads it is made after it, and so again.
    execute format('drop view tenancy.%I cascade', name);
    execute format('create view tenancy.%I as %s', name, query);
  end;
  -- At once: one that stood before reads it as its owner.
  execute format('alter view tenancy.%I owner to portal_owner', name);
end
$$;

-- A view of schema portal, which reads as its caller.
create or replace procedure tenancy.ensure_shape(name text, query text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  standing constant regclass := to_regclass('portal.' || quote_ident(name));
begin
  execute 'create view portal.candidate with (security_invoker = true) as ' || query;
  if standing is not null then
    if pg_get_viewdef('portal.candidate'::regclass) = pg_get_viewdef(standing)
      and exists (select from pg_class where oid = standing and reloptions = array['security_invoker=true'])
    then
      drop view portal.candidate;
      return;
    end if;
    execute format('drop view %s', standing);
  end if;
  execute format('alter view portal.candidate rename to %I', name);
end
$$;

create or replace procedure tenancy.ensure_policy(
  target regclass, name text, kind text, command text, roles text[], using_expr text, check_expr text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  wanted_roles constant oid[] := (
    select array_agg(case r when 'public' then 0 else r::regrole::oid end order by case r when 'public' then 0 else r::regrole::oid end)
    from unnest(roles) as r);
begin
  if exists (
    select
    from pg_policy p
    where p.polrelid = target
      and p.polname = name
      and p.polpermissive = (kind = 'permissive')
      and p.polcmd = (case command when 'all' then '*' when 'select' then 'r' when 'insert' then 'a' when 'update' then 'w' when 'delete' then 'd' end)::"char"
      and (select array_agg(o order by o) from unnest(p.polroles) as o) = wanted_roles
      and pg_get_expr(p.polqual, p.polrelid) is not distinct from using_expr
      and pg_get_expr(p.polwithcheck, p.polrelid) is not distinct from check_expr
  ) then
    return;
  end if;
  execute format('drop policy if exists %I on %s', name, target);
  execute format('create policy %I on %s as %s for %s to %s %s %s', name, target, kind, command,
    (select string_agg(case r when 'public' then 'public' else quote_ident(r) end, ', ') from unnest(roles) as r),
    case when using_expr is not null then format('using (%s)', using_expr) end,
    case when check_expr is not null then format('with check (%s)', check_expr) end);
end
$$;

create or replace procedure tenancy.ensure_row_security(target regclass)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if not (select relrowsecurity from pg_class where oid = target) then
    execute format('alter table %s enable row level security', target);
  end if;
  if not (select relforcerowsecurity from pg_class where oid = target) then
    execute format('alter table %s force row level security', target);
  end if;
end
$$;

-- Policies of a table that no file names are dropped: what is not written here does not hold.
create or replace procedure tenancy.drop_other_policies(target regclass, keep text[])
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  stray text;
begin
  for stray in
    select polname from pg_policy where polrelid = target and polname <> all (keep)
  loop
    execute format('drop policy %I on %s', stray, target);
    raise warning 'policy % on % is not one of ours and was dropped', stray, target;
  end loop;
end
$$;

-- Triggers are written as PostgreSQL prints them, and left alone where they already stand so.
create or replace procedure tenancy.ensure_trigger(target regclass, definition text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  name constant text := substring(definition from '^CREATE TRIGGER (\S+) ');
begin
  if exists (
    select
    from pg_trigger t
    where t.tgrelid = target
      and t.tgname = name
      and pg_get_triggerdef(t.oid) = definition
      and t.tgenabled = 'O'
  ) then
    return;
  end if;
  execute format('drop trigger if exists %I on %s', name, target);
  execute definition;
end
$$;
