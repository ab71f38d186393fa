-- What each role can reach: every path by which a role that is not the installer's reads or writes a table with a customer
-- or a secret column, in whatever schema the objects on the way stand, and whether the table's row security holds at its end.
--
-- PostgreSQL says where a view, a rule and a function with an SQL-standard body lead, and as whom each asks for rights: a
-- rule and a view as its owner, a view with security_invoker as whoever called, even inside of another one. What a body given
-- as a string does it does not say: such a function may do whatever the role may as which it runs, and the path is not
-- certain. A row that was copied into another table leads nowhere: the lint unregistered_table looks for such tables.
call tenancy.ensure_view('reach', $view$
with recursive
-- Whoever may become the owner of it all is the installer, or another lint names him.
starting as materialized (
  select r.oid
  from pg_roles r
  cross join tenancy.audited a
  where not r.rolsuper
    and r.rolname !~ '^pg_'
    and r.rolname is distinct from a.definer
    and not exists (select from pg_roles o where o.rolname = a.owner and pg_has_role(r.oid, o.oid, 'MEMBER'))
),
-- Whom each may become by SET ROLE. Before PostgreSQL 16 each membership allows it.
acting (role, actor) as (
  select s.oid, s.oid from starting s
  union
  select a.role, m.roleid
  from acting a
  join pg_auth_members m on m.member = a.actor
  where coalesce((to_jsonb(m) ->> 'set_option')::boolean, true)
),
-- Who reads a parent reads the rows of its children by the parent's rights and policies, and a child itself by its own.
descent as materialized (
  select i.inhrelid as from_oid, i.inhparent as to_oid, true as upward from pg_inherits i
  union all
  select i.inhparent, i.inhrelid, false from pg_inherits i
),
kin (oid, upward) as (
  select t.oid, way.upward
  from tenancy.our_tables t
  cross join (values (true), (false)) as way (upward)
  union
  select d.to_oid, k.upward
  from kin k
  join descent d on (d.from_oid, d.upward) = (k.oid, k.upward)
),
targets as materialized (
  select distinct k.oid from kin k
),
-- The policies on them that let through rows of the entered customer alone, in reading and in writing.
held as materialized (
  select p.oid
  from targets t
  join pg_policy p on p.polrelid = t.oid
  cross join tenancy.audited a
  cross join lateral (values (tenancy.expression(p.polqual, p.polrelid)), (tenancy.expression(p.polwithcheck, p.polrelid))) as e (expression)
  where e.expression is not null
  group by p.oid
  having bool_and(case
    when a.canonical then e.expression = a.wall or starts_with(e.expression, '(' || a.wall || ' AND ')
    else e.expression ~ a.compares and (
      select not bool_or(d ~ a.compares) or bool_and(d ~ a.compares) from unnest(tenancy.disjuncts(e.expression)) as d)
  end)
),
-- What holds a command on a target: open_to are the roles (0: everybody) for which a policy lets through more than rows of
-- the entered customer.
guards as materialized (
  select
    c.oid,
    format('%I.%I', n.nspname, c.relname) as name,
    c.relnamespace as schema,
    c.relowner as owner,
    c.relrowsecurity as enabled,
    c.relforcerowsecurity as forced,
    g.access,
    g.privilege,
    case when not walled.holds then array(
      select unnest(p.polroles)
      from pg_policy p
      where p.polrelid = c.oid
        and p.polpermissive
        and p.polcmd in (g.access, '*')
        and not exists (select from held h where h.oid = p.oid))
    end as open_to
  from targets t
  join pg_class c on c.oid = t.oid
  join pg_namespace n on n.oid = c.relnamespace
  cross join lateral (
    select exists (
      select
      from pg_policy p
      join held h on h.oid = p.oid
      where p.polrelid = c.oid
        and not p.polpermissive
        and p.polcmd = '*'
        and p.polroles = '{0}') as holds
  ) as walled
  cross join (values ('r'::"char", 'SELECT'), ('a', 'INSERT'), ('w', 'UPDATE'), ('d', 'DELETE')) as g (access, privilege)
),
-- Functions that somebody made, in whatever schema or extension. enters: it sets the context for its body.
functions as materialized (
  select
    p.oid,
    p.proowner as owner,
    p.prosecdef as definer,
    p.prosqlbody is null as opaque,
    p.prosqlbody::text as tree,
    exists (
      select
      from unnest(p.proconfig) as s
      join tenancy.context_settings c on c.setting = lower(split_part(s, '=', 1))) as enters,
    p.pronamespace as schema,
    n.nspname = 'tenancy' as is_known
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  where p.oid >= 16384
),
depends as materialized (
  select d.classid, d.objid, d.refclassid, d.refobjid, array_agg(d.refobjsubid) as columns
  from pg_depend d
  where d.classid in ('pg_rewrite'::regclass, 'pg_proc'::regclass)
    and d.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass)
    and d.deptype = 'n'
    and d.objid >= 16384
  group by d.classid, d.objid, d.refclassid, d.refobjid
),
-- Where each relation and function may lead on to, and what is relevant: it leads to a target, or to a function of which nobody knows.
-- Those of tenancy that run as their caller are known. All else is left out before any long tree is read.
leads as materialized (
  select 'pg_class'::regclass as class, w.ev_class as oid, d.refclassid as to_class, d.refobjid as to_oid
  from depends d
  join pg_rewrite w on w.oid = d.objid
  where d.classid = 'pg_rewrite'::regclass
  union all
  select 'pg_proc'::regclass, d.objid, d.refclassid, d.refobjid from depends d where d.classid = 'pg_proc'::regclass
  union all
  select 'pg_class'::regclass, g.tgrelid, 'pg_proc'::regclass, g.tgfoid from pg_trigger g where not g.tgisinternal
),
relevant (class, oid) as (
  select 'pg_class'::regclass, t.oid from targets t
  union
  select 'pg_proc'::regclass, f.oid from functions f where f.opaque and (f.definer or f.enters or not f.is_known)
  union
  select s.class, s.oid
  from relevant l
  join leads s on (s.to_class, s.to_oid) = (l.class, l.oid)
),
-- The relations of rules and of functions with an SQL-standard body, and which rights each asks for (1 insert, 2 select,
-- 4 update, 8 delete). What is only written, with nothing returned, is not read.
touched as materialized (
  select
    b.class,
    b.oid,
    m.relation,
    bit_or(m.needs) & case when bit_or(m.needs) & 13 > 0 and not b.returns then 13 else 15 end as needs
  from (
    select 'pg_rewrite'::regclass as class, w.oid, w.ev_action::text as tree, strpos(w.ev_action::text, ':returningList (') > 0 as returns
    from pg_rewrite w
    join relevant l on (l.class, l.oid) = ('pg_class'::regclass, w.ev_class)
    where w.oid >= 16384
      and w.ev_type <> '1'
    union all
    select 'pg_proc'::regclass, f.oid, f.tree, strpos(f.tree, ':returningList (') > 0
    from functions f
    join relevant l on (l.class, l.oid) = ('pg_proc'::regclass, f.oid)
    where not f.opaque
  ) as b
  -- No expression: in a long tree those take their time.
  cross join lateral (
    select split_part(t.part, ' ', 1)::oid as relation, split_part(split_part(t.part, ':requiredPerms ', 2), ' ', 1)::int as needs
    from string_to_table(b.tree, ':relid ') with ordinality as t (part, place)
    where t.place > 1
      and strpos(t.part, ':requiredPerms ') > 0
  ) as m
  group by b.class, b.oid, m.relation, b.returns
),
commands (access, event, bit, updatable, fires) as (
  values ('r'::"char", '1'::"char", 2, 0, 0), ('w', '2', 4, 4, 16), ('a', '3', 1, 8, 4), ('d', '4', 8, 16, 8)
),
views as materialized (
  select
    w.oid as rule,
    v.oid,
    v.relowner as owner,
    w.ev_action,
    case
      when v.relkind = 'm' then 'copy'
      when exists (select from unnest(v.reloptions) as o where o ~* '^security_invoker=(true|on|yes|1)$') then 'caller'
      else 'owner'
    end as runs,
    case when v.relkind = 'v' then pg_relation_is_updatable(v.oid, false) else 0 end as updatable
  from pg_rewrite w
  join pg_class v on v.oid = w.ev_class and v.relkind in ('v', 'm')
  join relevant l on (l.class, l.oid) = ('pg_class'::regclass, v.oid)
  where w.oid >= 16384
    and w.ev_type = '1'
),
-- From what leads on, to where, and as whom: its owner, its caller, or (copy, definer) its owner with all that is called
-- from there. asked: PostgreSQL asks whether that role may.
steps as materialized (
  select
    'pg_class'::regclass as class, v.oid, 'r'::"char" as access, d.refclassid as to_class, d.refobjid as to_oid,
    case d.refclassid when 'pg_class'::regclass then 'r' else 'x' end::"char" as to_access,
    d.columns, case when d.refclassid = 'pg_proc'::regclass and v.runs = 'owner' then 'caller' else v.runs end as runs, v.owner,
    case v.runs when 'copy' then 'materialized view' else 'view' end as how, v.oid as through, false as enters, v.runs <> 'copy' as asked
  from views v
  join depends d on d.classid = 'pg_rewrite'::regclass and d.objid = v.rule and d.refobjid <> v.oid
  union all
  -- A simple view is written through: its first table is the one.
  select 'pg_class'::regclass, v.oid, c.access, 'pg_class'::regclass, base.oid, c.access, null, v.runs, v.owner, 'view', v.oid, false, true
  from views v
  join commands c on v.updatable & c.updatable > 0
  cross join lateral (
    select split_part(t.part, ' ', 1)::oid as oid
    from string_to_table(v.ev_action::text, ':relid ') with ordinality as t (part, place)
    where t.place > 1
      and split_part(t.part, ' ', 1) <> v.oid::text
    order by t.place
    limit 1
  ) as base
  where not exists (select from pg_rewrite w where w.ev_class = v.oid and w.is_instead and w.ev_type = c.event)
  union all
  select 'pg_class'::regclass, w.ev_class, c.access, 'pg_class'::regclass, t.relation, n.access, d.columns, 'owner', r.relowner, 'rule', w.oid, false, true
  from touched t
  join pg_rewrite w on w.oid = t.oid
  join pg_class r on r.oid = w.ev_class
  join commands c on c.event = w.ev_type
  join commands n on t.needs & n.bit > 0
  left join depends d on d.classid = t.class and d.objid = t.oid and d.refclassid = 'pg_class'::regclass and d.refobjid = t.relation and n.access = 'r'
  where t.class = 'pg_rewrite'::regclass
    and t.relation <> w.ev_class
  union all
  select 'pg_class'::regclass, w.ev_class, c.access, 'pg_proc'::regclass, d.refobjid, 'x', null, 'caller', r.relowner, 'rule', w.oid, false, true
  from pg_rewrite w
  join pg_class r on r.oid = w.ev_class
  join commands c on c.event = w.ev_type
  join depends d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_proc'::regclass
  where w.ev_type <> '1'
  union all
  select 'pg_class'::regclass, g.tgrelid, c.access, 'pg_proc'::regclass, g.tgfoid, 'x', null, 'caller', null, 'trigger', g.oid, false, false
  from pg_trigger g
  join commands c on g.tgtype & c.fires > 0
  where not g.tgisinternal
    and g.tgenabled <> 'D'
  union all
  select 'pg_proc'::regclass, f.oid, 'x', 'pg_class'::regclass, t.relation, n.access, d.columns,
    case when f.definer then 'definer' else 'caller' end, f.owner, case when f.enters then 'setting' else 'function' end, f.oid, f.enters, true
  from functions f
  join touched t on t.class = 'pg_proc'::regclass and t.oid = f.oid
  join commands n on t.needs & n.bit > 0
  left join depends d on d.classid = t.class and d.objid = t.oid and d.refclassid = 'pg_class'::regclass and d.refobjid = t.relation and n.access = 'r'
  union all
  select 'pg_proc'::regclass, f.oid, 'x', 'pg_proc'::regclass, d.refobjid, 'x', null,
    case when f.definer then 'definer' else 'caller' end, f.owner, case when f.enters then 'setting' else 'function' end, f.oid, f.enters, true
  from functions f
  join depends d on d.classid = 'pg_proc'::regclass and d.objid = f.oid and d.refclassid = 'pg_proc'::regclass
  where not f.opaque
),
-- Those that lead to what is relevant, and whether one ends at a target.
ways as materialized (
  select s.*, t.oid is not null as arrives
  from steps s
  join relevant l on (l.class, l.oid) = (s.to_class, s.to_oid)
  left join targets t on s.to_class = 'pg_class'::regclass and t.oid = s.to_oid
),
-- From where a role sets out: what it may name and use itself, and leads on.
doors (class, oid, access, schema) as (
  select distinct w.class, w.oid, w.access, c.relnamespace
  from ways w
  join pg_class c on w.class = 'pg_class'::regclass and c.oid = w.oid
  union
  select 'pg_proc'::regclass, f.oid, 'x', f.schema
  from functions f
  join relevant l on l.class = 'pg_proc'::regclass and l.oid = f.oid
  where f.definer
    or f.enters
    or not f.opaque
),
-- columns: null where all that may be read may be meant. runs_as: who calls, as_role: whose rights and policies count, and
-- what lent them (how, through). forged: the context was set, or rows were copied, on the way; whoever copied them then had the
-- rights, so nobody is asked for them now.
walk (role, actor, entry_class, entry, class, oid, access, columns, runs_as, runs_how, runs_through, as_role, how, through, forged, copied, arrives) as (
  select a.role, a.actor, e.class, e.oid, e.class, e.oid, e.access, null::int[], a.actor, null::text, null::oid, a.actor, null::text, null::oid, false, false, false
  from acting a
  join pg_roles r on r.oid = a.actor and not r.rolsuper
  cross join doors e
  where has_schema_privilege(a.actor, e.schema, 'USAGE')
    and case e.access
      when 'x' then has_function_privilege(a.actor, e.oid, 'EXECUTE')
      when 'd' then has_table_privilege(a.actor, e.oid, 'DELETE')
      else has_any_column_privilege(a.actor, e.oid, case e.access when 'r' then 'SELECT' when 'a' then 'INSERT' else 'UPDATE' end)
    end
  union
  select
    w.role, w.actor, w.entry_class, w.entry, s.to_class, s.to_oid, s.to_access, s.columns,
    t.runs_as, case when t.becomes then s.how else w.runs_how end, case when t.becomes then s.through else w.runs_through end,
    t.as_role, case when t.becomes or t.lends then s.how when t.returns then w.runs_how else w.how end,
    case when t.becomes or t.lends then s.through when t.returns then w.runs_through else w.through end,
    w.forged or s.enters or s.runs = 'copy',
    w.copied or s.runs = 'copy',
    s.arrives
  from walk w
  join ways s on (s.class, s.oid, s.access) = (w.class, w.oid, w.access)
  cross join lateral (
    select
      case when s.runs in ('copy', 'definer') then s.owner else w.runs_as end as runs_as,
      case when s.runs = 'caller' then w.runs_as else s.owner end as as_role,
      not w.forged and (s.enters or s.runs = 'copy' or s.runs = 'definer' and s.owner <> w.runs_as) as becomes,
      not w.forged and s.runs = 'owner' and s.owner <> w.runs_as as lends,
      not w.forged and s.runs = 'caller' and w.runs_as <> w.as_role as returns
  ) as t
  where not s.asked
    or w.copied
    or case s.to_access
      when 'x' then has_function_privilege(t.runs_as, s.to_oid, 'EXECUTE')
      when 'd' then has_table_privilege(t.as_role, s.to_oid, 'DELETE')
      else has_any_column_privilege(t.as_role, s.to_oid, case s.to_access when 'r' then 'SELECT' when 'a' then 'INSERT' else 'UPDATE' end)
        and not exists (
          select from unnest(s.columns) as col where col > 0 and not has_column_privilege(t.as_role, s.to_oid, col::smallint, 'SELECT'))
    end
),
-- The paths that end at a target: of one step, and of several. held: row security holds that role in that command.
arrived as materialized (
  select
    p.*,
    p.enabled
      and not p.forged
      and not r.rolsuper
      and not r.rolbypassrls
      and (p.forced or not pg_has_role(p.as_role, p.owner, 'USAGE'))
      and not exists (select from unnest(p.open_to) as o where o = 0 or pg_has_role(p.as_role, o, 'USAGE')) as held
  from (
    select a.role, a.actor, null::regclass as entry_class, null::oid as entry, a.actor as as_role, null::int[] as columns, null::text as how, null::oid as through,
      false as forged, g.oid, g.access, g.name, g.owner, g.enabled, g.forced, g.open_to
    from acting a
    join pg_roles r on r.oid = a.actor and not r.rolsuper
    cross join guards g
    where has_schema_privilege(a.actor, g.schema, 'USAGE')
      and (has_table_privilege(a.actor, g.oid, g.privilege)
        or g.access <> 'd'
          and exists (select from pg_attribute col where col.attrelid = g.oid and col.attacl is not null)
          and has_any_column_privilege(a.actor, g.oid, g.privilege))
    union all
    select w.role, w.actor, w.entry_class, w.entry, w.as_role, w.columns, w.how, w.through,
      w.forged, g.oid, g.access, g.name, g.owner, g.enabled, g.forced, g.open_to
    from walk w
    join guards g on (g.oid, g.access) = (w.oid, w.access)
    where w.arrives
  ) as p
  join pg_roles r on r.oid = p.as_role
),
ends (role, actor, entry_class, entry, target, as_role, how, through, object, does, held, certain) as (
  select a.role, a.actor, a.entry_class, a.entry, a.oid, a.as_role, a.how, a.through,
    a.name, case a.access when 'r' then 'reads' else 'writes' end, a.held, true
  from arrived a
  union all
  -- A secret is for its readers, whosever row it is in.
  select a.role, a.actor, a.entry_class, a.entry, a.oid, a.as_role, a.how, a.through,
    format('%s.%I', a.name, s.column_name), 'reads', a.held and r.rolname = any (s.readers), true
  from arrived a
  join tenancy.secret_columns s on s.table_name = a.name
  join pg_attribute col on col.attrelid = a.oid and col.attname = s.column_name
  join pg_roles r on r.oid = a.role
  where a.access = 'r'
    and (a.columns is null or a.columns && array[0, col.attnum::int])
    and has_column_privilege(a.as_role, a.oid, col.attnum, 'SELECT')
  union all
  -- A body given as a string that runs as somebody else, or in another context.
  select w.role, w.actor, w.entry_class, w.entry, w.oid, o.as_role,
    case when f.enters then 'setting' when f.definer then 'function' else w.how end, case when f.definer or f.enters then f.oid else w.through end,
    'whatever ' || o.as_role::regrole || ' may', 'reads or writes', false, false
  from walk w
  join functions f on w.class = 'pg_proc'::regclass and f.oid = w.oid and f.opaque
  cross join lateral (select case when f.definer then f.owner else w.runs_as end as as_role) as o
  where f.enters
    or w.forged
    or not exists (select from acting a where (a.role, a.actor) = (w.role, o.as_role))
  union all
  select a.role, a.actor, null, null, null, a.actor, null, null, 'every table', d.does, false, true
  from acting a
  join pg_roles r on r.oid = a.actor
  join (values ('reads'), ('writes')) as d (does) on r.rolsuper or r.rolreplication and r.rolcanlogin and d.does = 'reads'
)
select
  e.role::regrole::text as role,
  e.object,
  e.does as access,
  concat_ws(' -> ', e.role::regrole, case when e.actor <> e.role then 'set role ' || e.actor::regrole end, min(entry.name),
    nullif(min(lent.name), min(entry.name)), format('%s as %s', e.object, e.as_role::regrole)) as path,
  e.as_role::regrole::text as as_role,
  bool_and(e.held) as held,
  e.certain,
  coalesce(e.how, case when e.actor <> e.role then 'set role' else 'grant' end) as how,
  coalesce(min(lent.object), case when e.actor <> e.role then e.actor::regrole::text else e.object end) as through
from ends e
left join lateral (
  select format('%s %I.%I', case k.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end, n.nspname, k.relname) as name
  from pg_class k
  join pg_namespace n on n.oid = k.relnamespace
  where e.entry_class = 'pg_class'::regclass
    and k.oid = e.entry
    and k.oid <> e.target
  union all
  select format('function %I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  where e.entry_class = 'pg_proc'::regclass
    and p.oid = e.entry
) as entry on true
left join lateral (
  select format('%s %I.%I', e.how, n.nspname, k.relname) as name, format('%I.%I', n.nspname, k.relname) as object
  from pg_class k
  join pg_namespace n on n.oid = k.relnamespace
  where e.how in ('view', 'materialized view')
    and k.oid = e.through
  union all
  select format('rule %I on %I.%I', w.rulename, n.nspname, k.relname), format('%I on %I.%I', w.rulename, n.nspname, k.relname)
  from pg_rewrite w
  join pg_class k on k.oid = w.ev_class
  join pg_namespace n on n.oid = k.relnamespace
  where e.how = 'rule'
    and w.oid = e.through
  union all
  select format('function %I.%I(%s)', n.nspname, p.proname, a.arguments), format('%I.%I(%s)', n.nspname, p.proname, a.arguments)
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  cross join lateral (select pg_get_function_identity_arguments(p.oid) as arguments) as a
  where e.how in ('function', 'setting')
    and p.oid = e.through
) as lent on true
group by e.role, e.actor, e.entry_class, e.entry, e.object, e.does, e.as_role, e.certain, e.how, e.through
$view$);

comment on view tenancy.reach is 'What each role reads and writes of the tables with a customer or a secret, by which path, as whom, and whether row security holds there.';
