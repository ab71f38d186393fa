-- Ways in, and what stands around them.
begin;
create extension if not exists pgtap;

create temporary table roles on commit drop as
select r.role
from unnest(array['portal_app', 'portal_auth', 'portal_platform', 'portal_inspector', 'portal_auditor', 'portal_definer', 'portal_backup', 'public']) as r (role)
where r.role = 'public' or exists (select from pg_roles where rolname = r.role);

create temporary table entries (name text, args text[], caller text) on commit drop;
insert into entries values
  ('enter', '{integer,text,bigint,text,bigint,uuid,boolean,bigint,bytea}', 'portal_app'),
  ('enter_guest', '{integer,text,bigint,bytea}', 'portal_auth'),
  ('enter_operator', '{integer,bigint,uuid,boolean,bigint,bytea}', 'portal_platform');

select plan((
  select (select count(*) from roles) * (3 + (select count(*) from entries) + 2) + (select count(*) from entries) * 3 + 6)::int);

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

-- The pads of the keys.
select table_privs_are('tenancy', 'mac_keys', role, case role when 'portal_definer' then array['SELECT'] else array[]::text[] end, role || ' on tenancy.mac_keys')
from roles;

-- Each way in has one caller, runs as portal_definer, and sets its own search_path.
select function_privs_are('tenancy', e.name, e.args, r.role, case r.role when e.caller then array['EXECUTE'] else array[]::text[] end,
  format('%s on tenancy.%s', r.role, e.name))
from entries e, roles r
where r.role <> 'portal_definer';
select function_owner_is('tenancy', name, args, 'portal_definer', format('tenancy.%s runs as portal_definer', name)) from entries;
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
