-- The gate: event triggers that look at every change of the schema, by whomever it is made.
--   A new table of portal or platform is closed at once: row security is enabled and forced, and nothing
--   passes before portal migrate puts its wall.
--   What takes isolation away is refused: TN010 row security lifted, or a tenant table moved out of portal;
--   TN011 a policy made, changed or dropped by hand; TN012 a view that reads as its owner; TN013 a definer
--   function without a pinned search_path; TN014 a function that runs statements, for a role of the API; TN016 a
--   definer function that everybody or a role that the walls hold may execute, and that is no door. What else the
--   doors are given to, the audit compares with their register.
-- portal migrate passes, and so does a superuser who says "set tenancy.installing = on". Nobody else's
-- setting counts: it is the session's user who must be a superuser, whatever role acts.
--
-- A superuser could drop the gate. It is against mistakes; the audit sees what went past it, and its absence.
-- The functions run as whoever changes the schema and read pg_catalog alone: everybody's changes pass here. They
-- belong to a superuser, for they run in the sessions of superusers too.
do $install$
declare
  o record;
begin
  if not (select rolsuper from pg_roles where rolname = current_user) then
    if not exists (select from pg_event_trigger where evtname ~ '^portal_gate_') then
      raise warning 'hardening: only a superuser can install the gate, which closes new tables at once and refuses changes that take isolation away';
    end if;
    return;
  end if;

  create or replace function tenancy.gate_drop() returns event_trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
  as $gate$
  declare
    installing constant boolean := current_setting('tenancy.installing', true) is not distinct from 'on'
      and (select rolsuper from pg_roles where rolname = session_user);
    o record;
  begin
    for o in
      select d.object_identity
      from pg_event_trigger_dropped_objects() d
      where d.object_type = 'policy'
        and d.address_names[1] in ('portal', 'platform', 'jobs')
        and to_regclass(format('%I.%I', d.address_names[1], d.address_names[2])) is not null
        and not installing
    loop
      raise exception 'the gate refuses to drop policy %', o.object_identity using errcode = 'TN011',
        hint = 'Policies are what policies/ says: change it there and run portal migrate. A superuser who must do it by hand says first: set tenancy.installing = on.';
    end loop;
  end
  $gate$;

  create or replace function tenancy.gate_change() returns event_trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
  as $gate$
  declare
    installing constant boolean := current_setting('tenancy.installing', true) is not distinct from 'on'
      and (select rolsuper from pg_roles where rolname = session_user);
    advice constant text := 'Write it in policies/ or migrations/ and run portal migrate. A superuser who must do it by hand says first: set tenancy.installing = on.';
    d record;
    o record;
  begin
    -- Each command for itself, from what it changed: the catalogue may be large.
    for d in
      select c.classid, c.objid, c.command_tag, c.object_type, c.object_identity, c.in_extension
      from pg_event_trigger_ddl_commands() c
    loop
      -- A table, and the partitions and heirs that it got.
      for o in
        select
          c.oid::regclass as name,
          d.command_tag = 'ALTER TABLE' as altered,
          c.relnamespace::regnamespace::text in ('portal', 'platform', 'jobs') or exists (
            select from pg_inherits i join pg_class parent on parent.oid = i.inhparent
            where i.inhrelid = c.oid and parent.relnamespace::regnamespace::text in ('portal', 'platform', 'jobs')) as ours,
          c.relrowsecurity and c.relforcerowsecurity as closed,
          exists (select from pg_policy p where p.polrelid = c.oid) as has_policies,
          exists (
            select from pg_policy p
            where p.polrelid = c.oid and p.polname = 'wall' and pg_get_expr(p.polqual, p.polrelid) ~ 'tenancy\.customer_id') as walled
        from (
          select d.objid as oid
          union all
          select i.inhrelid from pg_inherits i where i.inhparent = d.objid
        ) as changed
        join pg_class c on c.oid = changed.oid
        where d.classid = 'pg_class'::regclass
          and c.relkind in ('r', 'p')
      loop
        if not o.ours and o.walled and not installing then
          raise exception 'the gate refuses to move % out of its schema', o.name using errcode = 'TN010', hint = advice;
        end if;
        if not o.ours or o.closed or installing and o.altered then
          continue;
        end if;
        if o.altered and o.has_policies then
          raise exception 'the gate refuses to lift row security of %', o.name using errcode = 'TN010', hint = advice,
            detail = 'It is enabled and forced on every table of portal, platform and jobs.';
        end if;
        execute format('alter table %s enable row level security, force row level security', o.name);
      end loop;
      if installing then
        continue;
      end if;

      if d.classid = 'pg_policy'::regclass and exists (
        select
        from pg_policy p
        join pg_class c on c.oid = p.polrelid
        where p.oid = d.objid
          and c.relnamespace::regnamespace::text in ('portal', 'platform', 'jobs'))
      then
        raise exception 'the gate refuses policy %', d.object_identity using errcode = 'TN011', hint = advice,
          detail = 'Walls and doors are made from policies/ alone.';
      end if;

      if d.classid = 'pg_class'::regclass then
        for o in
          select v.oid::regclass as name, v.relkind, t.oid::regclass as table_name
          from pg_class v
          join pg_rewrite w on w.ev_class = v.oid
          join pg_depend r on r.classid = 'pg_rewrite'::regclass and r.objid = w.oid and r.refclassid = 'pg_class'::regclass
          join pg_class t on t.oid = r.refobjid and t.relkind in ('r', 'p') and t.relnamespace::regnamespace::text in ('portal', 'platform', 'jobs')
          where v.oid = d.objid
            and v.relkind in ('v', 'm')
            and v.relpersistence <> 't' -- a temporary one is its session's own
            and not exists (select from unnest(v.reloptions) as s where s ~* '^security_invoker=(true|on|yes|1)$')
        loop
          raise exception 'the gate refuses view %, which reads % as its owner', o.name, o.table_name using errcode = 'TN012',
            hint = case o.relkind when 'v' then 'Make it with (security_invoker = true).' else 'A materialized view has no row security: read the tables, or keep a table with customer_id.' end;
        end loop;
      end if;

      if d.classid = 'pg_proc'::regclass and not d.in_extension and exists (
        select
        from pg_proc f
        where f.oid = d.objid
          and f.prosecdef
          and not exists (select from unnest(f.proconfig) as s where s ~ '^search_path=(.*, )?"?pg_temp"?$'))
      then
        raise exception 'the gate refuses definer function %, whose search_path is its caller''s', d.object_identity using errcode = 'TN013',
          hint = 'Add: set search_path = pg_catalog, pg_temp (pg_temp last; unnamed it comes first).';
      end if;

      -- Of a new function everybody is given EXECUTE. A door is of tenancy and portal_definer, which none made by hand is.
      if d.classid = 'pg_proc'::regclass or d.command_tag = 'GRANT' and d.object_type in ('FUNCTION', 'PROCEDURE', 'ROUTINE') then
        for o in
          select p.oid::regprocedure as name, p.proowner::regrole as owner, string_agg(distinct w.name, ', ' order by w.name) as callers
          from pg_proc p
          join (
            select 0::oid as oid, 'public'::name as name
            union all
            select r.oid, r.rolname
            from pg_roles r
            where r.rolname in ('portal_app', 'portal_auth', 'portal_platform', 'portal_worker', 'portal_mover', 'portal_inspector', 'portal_auditor')
          ) as w on case w.oid
              when 0 then exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)
              else has_function_privilege(w.oid, p.oid, 'execute')
            end
          where p.oid >= 16384
            and p.prosecdef
            and (p.oid = d.objid or d.command_tag = 'GRANT')
            and (w.oid = 0 or p.pronamespace::regnamespace::text <> 'tenancy' or p.proowner::regrole::text <> 'portal_definer')
          group by p.oid, p.proowner
        loop
          raise exception 'the gate refuses definer function %, by which % would act with the rights of %', o.name, o.callers, o.owner using errcode = 'TN016',
            hint = case when d.in_extension then advice else format('Make it security invoker, then: revoke execute on routine %s from %s; alter routine %s security definer. What a role of the API is to call is a door: write it in policies/, register it in tenancy.definer_functions and run portal migrate.',
              o.name, o.callers, o.name) end;
        end loop;
      end if;

      -- As tenancy.statement_runners has it. What a GRANT gives is not told.
      if d.classid = 'pg_proc'::regclass or d.command_tag ~ 'GRANT|EXTENSION|SCHEMA' then
        for o in
          select p.oid::regprocedure as name, r.rolname as role
          from pg_proc p
          join pg_language l on l.oid = p.prolang
          join pg_roles r on r.rolname in ('portal_app', 'portal_auth', 'portal_platform', 'portal_worker')
            and has_function_privilege(r.oid, p.oid, 'execute') and has_schema_privilege(r.oid, p.pronamespace, 'usage')
          left join pg_depend e on e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e'
          left join pg_extension x on x.oid = e.refobjid
          where p.oid >= 16384
            and p.pronamespace <> pg_my_temp_schema() -- which nobody else can reach
            and p.prokind <> 'p'
            and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
            and (p.oid = d.objid or d.command_tag ~ 'GRANT|EXTENSION|SCHEMA')
            and (x.extname in ('dblink', 'pg_background', 'pg_cron', 'pg_task', 'plproxy')
              or x.extname is null and l.lanname not in ('sql', 'plpgsql')
              or regexp_replace(p.prosrc, '--[^\n]*|/\*.*?\*/', '', 'g') ~* '\m(call|execute)\M|\mdo\s+(language\s+\S+\s+)?(e?''|\$)|\mset\s+(local\s+|session\s+)?"?app"?\.')
        loop
          raise exception 'the gate refuses function %, with which % runs statements from an expression', o.name, o.role using errcode = 'TN014',
            hint = format('From a SELECT it could enter another customer. Revoke execute on it from public and %I first.', o.role);
        end loop;
      end if;
    end loop;
  end
  $gate$;
  comment on function tenancy.gate_change() is 'Closes new tables at once, and refuses changes of the schema that take isolation away.';
  comment on function tenancy.gate_drop() is 'Refuses to drop a policy of a table that stays.';

  for o in
    select w.name, w.event, w.function, e.oid is not null as there, coalesce(e.evtenabled = 'A', false) as always, r.rolsuper as owned,
      e.evtevent = w.event and e.evtfoid = w.function and e.evttags is null as as_wanted
    from (values
      ('portal_gate_change', 'ddl_command_end', 'tenancy.gate_change'::regproc),
      ('portal_gate_drop',   'sql_drop',        'tenancy.gate_drop'::regproc)
    ) as w (name, event, function)
    join pg_proc f on f.oid = w.function
    join pg_roles r on r.oid = f.proowner
    left join pg_event_trigger e on e.evtname = w.name
  loop
    execute format('revoke all on function %s() from public', o.function);
    if not o.owned then
      execute format('alter function %s() owner to %I', o.function, current_user);
    end if;
    if o.there and not o.as_wanted then
      execute format('drop event trigger %I', o.name);
    end if;
    if not o.there or not o.as_wanted then
      execute format('create event trigger %I on %s execute function %s()', o.name, o.event, o.function);
    end if;
    -- Also in a session that plays a replica, whose other triggers rest.
    if not o.always or not o.as_wanted then
      execute format('alter event trigger %I enable always', o.name);
    end if;
  end loop;
end
$install$;
