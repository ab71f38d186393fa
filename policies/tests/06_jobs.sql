-- The job queue: nobody of the API but portal_worker has any right there, and its doors are for whom they are meant.
begin;
-- In a schema that nobody else may use: its functions run SQL given as text.
create schema if not exists pgtap;
create extension if not exists pgtap schema pgtap;
set local search_path = pgtap, public;

create temporary table others on commit drop as
select r.role
from unnest(array['portal_app', 'portal_auth', 'portal_platform', 'portal_inspector', 'portal_auditor', 'public']) as r (role);

create temporary table tabs on commit drop as
select c.oid, c.relname::text as tab
from pg_class c
where c.relnamespace = 'jobs'::regnamespace
  and c.relkind in ('r', 'p');

create temporary table doors (name text, args text[], callers text[]) on commit drop;
insert into doors values
  ('enqueue', '{text,bigint,text,timestamp with time zone,bigint}', '{portal_app,portal_auth,portal_worker}'),
  ('jobs', '{}', '{portal_app}'),
  ('retry_job', '{bigint}', '{portal_app}'),
  ('discard_job', '{bigint}', '{portal_app}'),
  ('prune', '{text,timestamp with time zone,integer}', '{portal_worker}');

select plan((
  select (select count(*) from tabs) * ((select count(*) from others) + 1) + (select count(*) from doors) * ((select count(*) from others) + 2) + 3)::int);

select table_privs_are('jobs', t.tab, r.role, array[]::name[], format('%s on jobs.%I', r.role, t.tab))
from tabs t, others r;

select ok(c.relrowsecurity and c.relforcerowsecurity, format('row security of jobs.%I is enabled and forced', t.tab))
from tabs t
join pg_class c on c.oid = t.oid;

-- Whose a job is, a door says and no worker.
select column_privs_are('jobs', 'river_job', c, 'portal_worker', array['SELECT'], 'portal_worker on jobs.river_job.' || c)
from unnest(array['customer_id', 'user_id', 'single_key']) as c;

select function_privs_are('tenancy', d.name, d.args, r.role, case when r.role = any (d.callers) then array['EXECUTE'] else array[]::text[] end,
  format('%s on tenancy.%s', r.role, d.name))
from doors d, (select role from others union all values ('portal_worker')) as r
where r.role <> 'public';
select function_privs_are('tenancy', d.name, d.args, 'public', array[]::text[], format('public on tenancy.%s', d.name)) from doors d;
select is_definer('tenancy', name, args, format('tenancy.%s is security definer', name)) from doors;

select * from finish();
rollback;
