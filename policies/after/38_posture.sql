-- What a DBA reads to prove isolation.

-- Who makes an exception, and when, is not for him to say; and it names one object.
create or replace function tenancy.sign_exception() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if new.object ~ '%' then
    raise exception 'an exception names one object, as its finding does, and not %', new.object using errcode = 'check_violation';
  end if;
  new.made_by := session_user;
  new.made_on := current_date;
  return new;
end
$$;

call tenancy.ensure_trigger('tenancy.audit_exceptions',
  'CREATE TRIGGER sign BEFORE INSERT OR UPDATE ON tenancy.audit_exceptions FOR EACH ROW EXECUTE FUNCTION tenancy.sign_exception()');

-- The findings of every lint, or of one severity, without those that somebody answers for. What is wrong with a stray
-- table is a warning: it holds nothing that anybody could see, so no server need stop for it. Each lint is
-- a query of its own, but for those that share one (37_audit.sql.tmpl): one query of a hundred lints takes four times as long to plan, and more
-- than a minute where PostgreSQL compiles it.
create or replace function tenancy.audit(p_severity text default null)
returns table (lint text, severity text, object text, detail text, remedy text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
  view regclass;
  strays constant text[] := array(select s.name from tenancy.stray_tables s);
begin
  for view in
    select 'tenancy.' || quote_ident(q.name) from tenancy.audit_queries q
  loop
    for lint, severity, object, detail, remedy in
      execute format('select lint, severity, object, detail, remedy from %s where $1 is null or severity = $1 or severity = ''error'' and $2', view)
      using p_severity, strays <> '{}'
    loop
      if severity = 'error' and exists (
        select from unnest(strays) as s
        where starts_with(object, s) and substr(object, length(s) + 1, 1) !~ '[[:alnum:]_$]')
      then
        severity := 'warning';
      end if;
      if (p_severity is null or severity = p_severity) and not exists (
        select from tenancy.audit_exceptions e
        where (e.lint, e.object) = (audit.lint, audit.object) and e.lint <> 'exception_expired'
          and e.expires_on > current_date and e.expires_on <= current_date + 366)
      then
        return next;
      end if;
    end loop;
  end loop;
end
$$;

call tenancy.ensure_view('findings', $view$
select f.lint, f.severity, f.object, f.detail, f.remedy from tenancy.audit() f
$view$);

comment on view tenancy.findings is 'What the audit finds; severity error stops the server. tenancy.lints says what it looks for.';

-- One row for each table of ours.
call tenancy.ensure_view('posture', $view$
select
  t.name as table_name,
  case
    when c.attnum is null then 'no customer_id'
    else format('customer_id %s%s', format_type(c.atttypid, c.atttypmod), case when c.attnotnull then ' not null' else '' end)
  end as customer_column,
  case
    when not t.enabled then 'row security is off'
    when not t.forced then 'not forced'
    when w.name is not null then w.name || ', forced'
    when t.schema in ('platform', 'jobs') then 'a policy per role, forced'
    else 'no wall'
  end as wall,
  (select string_agg(format('%s (%s)', p.polname, r.roles), ', ' order by p.polname)
    from pg_policy p
    cross join lateral (
      select string_agg(coalesce(g.rolname, 'public'), ', ' order by g.rolname) as roles
      from unnest(p.polroles) as id left join pg_roles g on g.oid = id) as r
    where p.polrelid = t.oid and p.polpermissive) as doors,
  (select string_agg(format('%s: %s', g.grantee, g.privileges), '; ' order by g.grantee)
    from (
      select coalesce(r.rolname, 'public') as grantee, string_agg(distinct lower(a.privilege_type), ', ') as privileges
      from (
        select x.grantee, x.privilege_type from aclexplode(t.acl) x
        union all
        select x.grantee, x.privilege_type
        from pg_attribute col
        cross join lateral aclexplode(col.attacl) x
        where col.attrelid = t.oid
      ) as a
      left join pg_roles r on r.oid = a.grantee
      where a.grantee <> t.owner
      group by r.rolname) as g) as grants,
  (select string_agg(format('(%s)', k.column_list), ', ' order by k.index_name) from tenancy.unique_keys k where k.table_oid = t.oid) as keys,
  (select format('%s of %s carry the customer', count(*) filter (where r.paired), count(*)) from tenancy.tenant_references r where r.child_oid = t.oid)
    as foreign_keys,
  coalesce(e.lints, 'walled') as verdict
from tenancy.our_tables t
left join pg_attribute c on c.attrelid = t.oid and c.attname = 'customer_id' and not c.attisdropped
left join lateral (select min(w.name) as name from tenancy.walls w where w.table_oid = t.oid) as w on true
left join (
  select f.object, string_agg(distinct f.lint, ', ') as lints
  from tenancy.audit('error') f
  group by f.object
) as e on e.object = t.name
$view$);

comment on view tenancy.posture is 'One row for each table of portal and platform: its column, wall, doors, grants, keys, and what the audit says.';

-- Everybody for whom the walls do not hold, who could make them fall, or who could pass for the portal.
call tenancy.ensure_view('who_can_bypass', $view$
select
  r.rolname::text as role,
  b.reason,
  r.rolcanlogin as logs_in
from pg_roles r
cross join lateral (
  select 'superuser' as reason where r.rolsuper
  union all
  select 'BYPASSRLS' where r.rolbypassrls and not r.rolsuper
  union all
  select 'may make and change roles' where r.rolcreaterole and not r.rolsuper
  union all
  select 'copies the whole cluster (REPLICATION)' where r.rolreplication and not r.rolsuper
  union all
  select 'owns the tables, and could lift FORCE' where r.rolname = 'portal_owner'
  union all
  select 'owns tenancy.enter, and could change it' where r.rolname = 'portal_definer'
  union all
  select 'can become ' || up.rolname
  from pg_roles up
  where up.oid <> r.oid
    and not r.rolsuper
    and pg_has_role(r.oid, up.oid, 'member')
    and (up.rolsuper or up.rolbypassrls or up.rolcreaterole
      or up.rolname in ('portal_owner', 'portal_definer', 'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')
      or exists (select from tenancy.unregistered_members m where m.role_oid = up.oid and pg_has_role(r.oid, m.member_oid, 'member')))
) as b
where r.rolname !~ '^pg_'
$view$);

comment on view tenancy.who_can_bypass is 'Roles that the walls do not hold, roles that could take them down, and whoever can become one of the portal''s.';

-- The lints, with what each is about.
call tenancy.ensure_view('lints', $view$
select substr(c.relname, 6) as lint, obj_description(c.oid, 'pg_class') as about
from pg_class c
where c.relnamespace = 'tenancy'::regnamespace
  and c.relkind = 'v'
  and c.relname ~ '^lint_'
$view$);

comment on view tenancy.lints is 'What the audit looks for.';

-- The policies that hold a role in a command, as one expression: permissive ones OR'ed, restrictive ones
-- AND'ed. Without a permissive one nothing passes.
create or replace function tenancy.combined_policy(p_table oid, p_role name, p_command "char", p_check boolean) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
select concat_ws(' AND ',
  coalesce('(' || string_agg(e.expression, ' OR ' order by p.polname) filter (where p.polpermissive) || ')', 'false'),
  string_agg(e.expression, ' AND ' order by p.polname) filter (where not p.polpermissive))
from pg_policy p
cross join lateral (
  select tenancy.expression(case when p_check then coalesce(p.polwithcheck, p.polqual) else p.polqual end, p.polrelid) as expression) as e
where p.polrelid = p_table
  and p.polcmd in (p_command, '*')
  and (0 = any (p.polroles) or exists (select from unnest(p.polroles) as o where o <> 0 and pg_has_role(p_role, o, 'usage')))
  and e.expression is not null
$$;

-- The whole expression that PostgreSQL applies when a role runs select, insert, update or delete on a
-- table: using_expr decides which rows are found, check_expr which may be written; null where the
-- command does neither. An update or deletion that reads columns, as each with a WHERE does, touches
-- only rows that a select would find. The table is named as in tenancy.posture.
create or replace function tenancy.effective_policy(p_table text, p_role name, p_command text, out using_expr text, out check_expr text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  command constant text := lower(p_command);
  target oid;
  held boolean;
  found text;
begin
  select t.oid, c.relrowsecurity and not r.rolsuper and not r.rolbypassrls and (c.relforcerowsecurity or not pg_has_role(r.oid, c.relowner, 'usage'))
  into target, held
  from tenancy.our_tables t
  join pg_class c on c.oid = t.oid
  join pg_roles r on r.rolname = p_role
  where t.name = p_table;
  if target is null then
    raise exception 'there is no role % or no table % of ours', p_role, p_table using errcode = 'undefined_object';
  end if;
  found := tenancy.combined_policy(target, p_role, 'r', false);
  case command
    when 'select' then
      using_expr := found;
    when 'insert' then
      check_expr := tenancy.combined_policy(target, p_role, 'a', true);
    when 'update' then
      using_expr := tenancy.combined_policy(target, p_role, 'w', false);
      check_expr := tenancy.combined_policy(target, p_role, 'w', true);
    when 'delete' then
      using_expr := tenancy.combined_policy(target, p_role, 'd', false);
    else
      raise exception 'command % is none of select, insert, update, delete', p_command using errcode = 'invalid_parameter_value';
  end case;
  if not held then
    using_expr := case when using_expr is not null then 'true' end;
    check_expr := case when check_expr is not null then 'true' end;
  elsif command in ('update', 'delete') and using_expr <> found then
    using_expr := using_expr || ' AND ' || found;
  end if;
end
$$;

comment on function tenancy.effective_policy is 'The whole expression that row security puts on a command of a role; true: nothing.';

-- One line for all of it, to be compared after a restore or between two servers.
create or replace function tenancy.posture_hash() returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
select encode(sha256(convert_to(string_agg(concat_ws(e'\t', f.kind, f.object, f.fact), e'\n' order by f.kind collate "C", f.object collate "C", f.fact collate "C"), 'UTF8')), 'hex')
from tenancy.posture_facts('{role,schema,table,policy,grant,key,trigger,view,function,gate}') f
$$;

comment on function tenancy.posture_hash is 'A hash of roles, tables, policies, grants, keys, triggers, functions and the gate, without oids.';

-- All of it in one picture, for an operator who has no psql. It is the one thing of the audit that portal_platform may
-- ask: it runs as portal_definer, so that its caller reads no view and calls none of the functions in them.
create or replace function tenancy.isolation(
  out schema_version int, out posture text, out lints jsonb, out findings jsonb, out tables jsonb, out bypassers jsonb, out exceptions jsonb)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
-- The audit runs once: the verdicts are those of tenancy.posture, whose own are not asked for.
with found as materialized (
  select * from tenancy.findings
)
select
  (select v.version from tenancy.schema_version v),
  tenancy.posture_hash(),
  (select jsonb_agg(to_jsonb(l) order by l.lint) from tenancy.lints l),
  (select coalesce(jsonb_agg(to_jsonb(f) || jsonb_build_object('about', coalesce(l.about, ''))
      order by array_position(array['error', 'warning', 'info'], f.severity), f.lint, f.object, f.detail), '[]')
    from found f
    left join tenancy.lints l on l.lint = f.lint),
  (select coalesce(jsonb_agg(to_jsonb(t) order by t.table_name), '[]')
    from (
      select p.table_name, p.customer_column, p.wall, p.doors, p.grants, p.keys, p.foreign_keys,
        coalesce((select string_agg(distinct f.lint, ', ') from found f where f.severity = 'error' and f.object = p.table_name), 'walled') as verdict
      from tenancy.posture p) as t),
  (select coalesce(jsonb_agg(to_jsonb(b) order by b.role, b.reason), '[]') from tenancy.who_can_bypass b),
  (select coalesce(jsonb_agg(jsonb_build_object('lint', e.lint, 'object', e.object, 'reason', e.reason, 'expires_on', e.expires_on,
      'made_by', e.made_by, 'made_on', e.made_on, 'expired', e.expires_on <= current_date) order by e.lint, e.object), '[]')
    from tenancy.audit_exceptions e)
$$;

comment on function tenancy.isolation is 'Findings, tables, exceptions and who can bypass the walls, for operators.';
