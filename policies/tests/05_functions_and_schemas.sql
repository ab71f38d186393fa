-- Ways in, and what stands around them.
begin;
-- In a schema that nobody else may use: its functions run SQL given as text.
create schema if not exists pgtap;
create extension if not exists pgtap schema pgtap;
set local search_path = pgtap, public;

create temporary table roles on commit drop as
select r.role
from unnest(array['portal_app', 'portal_auth', 'portal_platform', 'portal_worker', 'portal_mover', 'portal_inspector', 'portal_auditor', 'portal_definer', 'portal_backup', 'public']) as r (role)
where r.role = 'public' or exists (select from pg_roles where rolname = r.role);

create temporary table entries (name text, args text[], caller text) on commit drop;
insert into entries values
  ('enter', '{text,text,bigint,text,bigint,uuid,boolean}', 'portal_app'),
  ('enter_guest', '{text,text}', 'portal_auth'),
  ('enter_operator', '{bigint,uuid,boolean}', 'portal_platform'),
  ('enter_job', '{text,bigint}', 'portal_worker'),
  ('enter_webhook', '{text,text}', 'portal_auth'),
  ('enter_callback', '{text,text,text,bytea,boolean}', 'portal_app');

-- What shows the audit, whole or in parts, and what calls it for others; portal_definer owns the latter.
create temporary table audit (name text, args text[], callers text[]) on commit drop;
insert into audit values
  ('isolation', '{}', '{portal_platform}'),
  ('audit', '{text}', '{portal_auditor,portal_definer}'),
  ('posture_facts', '{text[]}', '{portal_auditor,portal_definer}'),
  ('posture_hash', '{}', '{portal_auditor,portal_definer}'),
  ('effective_policy', '{text,name,text}', '{portal_auditor}');

-- What people see of sessions, and end of them: through these alone.
create temporary table doors (name text, args text[]) on commit drop;
insert into doors values
  ('sessions', '{}'),
  ('end_session', '{uuid}');

select plan((
  select (select count(*) from roles) * (4 + (select count(*) from entries) + 1) + (select count(*) from entries) * 4 + 7
    + (select count(*) from roles) * (select count(*) from audit) - (select count(*) from roles where role = 'portal_definer') + 2
    + (select count(*) from doors) * ((select count(*) from roles) + 1) + 4)::int);

-- Schemas: portal, platform and jobs are for whom something there is granted; nobody makes anything.
select schema_privs_are('portal', role, case when role in ('portal_app', 'portal_auth', 'portal_worker', 'portal_mover', 'portal_inspector', 'portal_definer', 'portal_backup')
  then array['USAGE'] else array[]::text[] end, role || ' on schema portal')
from roles;
select schema_privs_are('platform', role, case when role in ('portal_app', 'portal_auth', 'portal_platform', 'portal_worker', 'portal_mover', 'portal_definer', 'portal_backup')
  then array['USAGE'] else array[]::text[] end, role || ' on schema platform')
from roles;
select schema_privs_are('jobs', role, case when role in ('portal_worker', 'portal_mover', 'portal_definer', 'portal_backup')
  then array['USAGE'] else array[]::text[] end, role || ' on schema jobs')
from roles;
select schema_privs_are('tenancy', role, case when role = 'public' then array[]::text[] else array['USAGE'] end, role || ' on schema tenancy')
from roles;

-- The database: to connect, and nothing temporary.
select database_privs_are(current_database(), role, case when role in ('public', 'portal_definer', 'portal_mover') then array[]::text[] else array['CONNECT'] end,
  role || ' on the database')
from roles;

-- Each way in is a procedure, which no expression calls, has one caller, runs as portal_definer, and sets its own search_path.
select function_privs_are('tenancy', e.name, e.args, r.role, case r.role when e.caller then array['EXECUTE'] else array[]::text[] end,
  format('%s on tenancy.%s', r.role, e.name))
from entries e, roles r
where r.role <> 'portal_definer';
select function_owner_is('tenancy', name, args, 'portal_definer', format('tenancy.%s runs as portal_definer', name)) from entries;
select is_procedure('tenancy', name, args, format('tenancy.%s is a procedure', name)) from entries;
select is_definer('tenancy', name, args, format('tenancy.%s is security definer', name)) from entries;
select ok('search_path=pg_catalog, pg_temp' = any (p.proconfig), format('tenancy.%s has a search_path of its own', e.name))
from entries e
join pg_proc p on p.pronamespace = 'tenancy'::regnamespace and p.proname = e.name;
select ok(has_function_privilege('portal_definer', p.oid, 'EXECUTE'), format('portal_definer owns tenancy.%s', e.name))
from entries e
join pg_proc p on p.pronamespace = 'tenancy'::regnamespace and p.proname = e.name;

-- Operators are shown the audit, by one function; nobody else of the API is.
select function_privs_are('tenancy', a.name, a.args, r.role, case when r.role = any (a.callers) then array['EXECUTE'] else array[]::text[] end,
  format('%s on tenancy.%s', r.role, a.name))
from audit a, roles r
where (a.name, r.role) <> ('isolation', 'portal_definer');
select function_owner_is('tenancy', 'isolation', array[]::name[], 'portal_definer', 'tenancy.isolation runs as portal_definer');
select is_empty(
  $$ select r.role, c.relname from pg_class c, roles r
     where c.relnamespace = 'tenancy'::regnamespace and c.relkind in ('r', 'p', 'v')
       and r.role in ('portal_app', 'portal_auth', 'portal_platform', 'portal_worker', 'portal_mover', 'portal_inspector', 'public')
       and has_any_column_privilege(r.role, c.oid, 'SELECT, INSERT, UPDATE') $$,
  'no role of the API reads a view of the audit');
select function_privs_are('tenancy', d.name, d.args, r.role, case r.role when 'portal_app' then array['EXECUTE'] else array[]::text[] end,
  format('%s on tenancy.%s', r.role, d.name))
from doors d, roles r
where r.role <> 'portal_definer';
select is_definer('tenancy', name, args, format('tenancy.%s is security definer', name)) from doors;
select function_owner_is('tenancy', name, args, 'portal_definer', format('tenancy.%s runs as portal_definer', name)) from doors;
select table_privs_are('platform', 'sessions', role, array[]::name[], role || ' on platform.sessions')
from unnest(array['portal_app', 'portal_worker']) as role;
select ok(pg_get_function_result('tenancy.sessions()'::regprocedure) !~ 'hash|bytea', 'tenancy.sessions shows no hash');
select ok(pg_get_functiondef('tenancy.end_session(uuid)'::regprocedure) !~* 'revoked_at *= *null', 'tenancy.end_session brings none back');

-- The context functions answer by the statement, never by the plan.
select volatility_is('tenancy', f, array[]::name[], 'stable', format('tenancy.%s is stable', f))
from unnest(array['customer_id', 'user_id', 'role', 'acting_as', 'service_id', 'person', 'session_id']) as f;

select * from finish();
rollback;
