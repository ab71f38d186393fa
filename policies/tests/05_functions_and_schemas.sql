-- Ways in, and what stands around them.
begin;
-- In a schema that nobody else may use: its functions run SQL given as text.
create schema if not exists pgtap;
create extension if not exists pgtap schema pgtap;
set local search_path = pgtap, public;

create temporary table roles on commit drop as
select r.role
from unnest(array['portal_app', 'portal_auth', 'portal_platform', 'portal_inspector', 'portal_auditor', 'portal_definer', 'portal_backup', 'public']) as r (role)
where r.role = 'public' or exists (select from pg_roles where rolname = r.role);

create temporary table entries (name text, args text[], caller text) on commit drop;
insert into entries values
  ('enter', '{text,text,bigint,text,bigint,uuid,boolean}', 'portal_app'),
  ('enter_guest', '{text,text}', 'portal_auth'),
  ('enter_operator', '{bigint,uuid,boolean}', 'portal_platform');

select plan((
  select (select count(*) from roles) * (3 + (select count(*) from entries) + 1) + (select count(*) from entries) * 4 + 6)::int);

-- Schemas: portal and platform are for whom something there is granted; nobody makes anything.
select schema_privs_are('portal', role, case when role in ('portal_app', 'portal_auth', 'portal_inspector', 'portal_definer', 'portal_backup')
  then array['USAGE'] else array[]::text[] end, role || ' on schema portal')
from roles;
select schema_privs_are('platform', role, case when role in ('portal_app', 'portal_auth', 'portal_platform', 'portal_definer', 'portal_backup')
  then array['USAGE'] else array[]::text[] end, role || ' on schema platform')
from roles;
select schema_privs_are('tenancy', role, case when role = 'public' then array[]::text[] else array['USAGE'] end, role || ' on schema tenancy')
from roles;

-- The database: to connect, and nothing temporary.
select database_privs_are(current_database(), role, case when role in ('public', 'portal_definer') then array[]::text[] else array['CONNECT'] end,
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

-- The context functions answer by the statement, never by the plan.
select volatility_is('tenancy', f, array[]::name[], 'stable', format('tenancy.%s is stable', f))
from unnest(array['customer_id', 'user_id', 'role', 'acting_as', 'person', 'session_id']) as f;

select * from finish();
rollback;
