package database

const (
	definer    = `create function public.planted() returns int language sql security definer set search_path = pg_catalog, pg_temp return 1`
	stringBody = `create function public.planted() returns int language plpgsql security definer set search_path = pg_catalog, pg_temp as $$ begin return 1; end $$`
	stranger   = `create role stranger; create schema apart; grant usage on schema apart to stranger; alter default privileges in schema apart revoke execute on functions from public;
		alter default privileges revoke execute on functions from public; `
	nobodyCalls = `; revoke execute on function public.planted() from public`
)

var codeFaults = []fault{
	{
		lint:  "view_not_invoker",
		plant: `create view public.planted as select * from portal.locations; grant select on public.planted to portal_app`,
		mend:  `alter view public.planted set (security_invoker = true)`,
		also: []string{
			`create view portal.planted with (security_invoker = false) as select * from portal.locations; grant select on portal.planted to portal_inspector`,
			`create view public.planted as select email from platform.logins; create role stranger; grant select on public.planted to stranger`,
			`create view public.planted with (security_barrier) as select 1 as one where exists (select from portal.users); grant update (one) on public.planted to public;
			grant select on public.planted to public`,
			`create schema apart; create view apart.inner_one as select * from portal.locations; create view apart.planted as select * from apart.inner_one;
			create role stranger; grant usage on schema apart to stranger; grant select on apart.planted to stranger`,
			`create view public.planted as select * from portal.locations; grant update (name) on public.planted to portal_app`,
			`create view public.planted as select * from portal.locations; create role lent; create role stranger; grant lent to stranger; grant select on public.planted to lent`,
			`create view public.planted as select * from portal.locations`,
		},
		near: []string{
			`create view public.planted with (security_invoker = on) as select * from portal.locations; grant select on public.planted to public`,
			`create view public.planted as select relname from pg_class; grant select on public.planted to public`,
			`create view public.inner_one with (security_invoker) as select * from portal.locations; create view public.planted as select * from public.inner_one;
			grant select on public.planted to public`,
		},
	},
	{
		lint:  "matview_on_tenant",
		plant: `create materialized view public.planted as select l.name, u.email from portal.locations l, portal.users u`,
		mend:  `drop materialized view public.planted`,
		also: []string{
			`create materialized view public.planted as select name from portal.properties`,
			`create view public.inner_one as select * from platform.logins; create view public.outer_one with (security_invoker) as select * from public.inner_one;
			create materialized view public.planted as select * from public.outer_one with no data`,
			`create materialized view public.inner_one as select * from portal.users; create materialized view public.planted as select count(*) from public.inner_one`,
		},
		near: []string{
			`create materialized view public.planted as select relname from pg_class`,
			`create view public.planted with (security_invoker) as select * from portal.locations`,
			`create view public.inner_one as select relname from pg_class; create materialized view public.planted as select * from public.inner_one`,
		},
	},
	{
		lint: "reached_around_wall",
		plant: `create view public.planted with (security_invoker) as select * from portal.locations;
			create rule planted as on update to public.planted do instead update portal.locations set name = new.name where id = old.id;
			create role stranger; grant select, update on public.planted to stranger`,
		mend: `drop rule planted on public.planted`,
		also: []string{
			// Rules: on a view, on a table, and one that calls a function.
			`create view public.planted as select 'a' as name; create rule planted as on insert to public.planted do instead
			insert into portal.locations (customer_id, name, address) values ('AAAA22222', new.name, 'a'); grant insert on public.planted to portal_app`,
			`create table public.planted (id bigint); create rule planted as on delete to public.planted do also delete from portal.routes where id = old.id;
			grant delete on public.planted to public`,
			// Functions that run as somebody else, and that enter.
			stranger + `create function apart.planted() returns setof text language sql security definer set search_path = pg_catalog, pg_temp
			begin atomic select email from portal.users; end; grant execute on function apart.planted() to stranger`,
			stranger + `create function apart.inner_one() returns bigint language sql begin atomic select count(*) from platform.sessions; end;
			create function apart.planted() returns bigint language sql security definer set search_path = pg_catalog, pg_temp return apart.inner_one();
			grant execute on function apart.inner_one(), apart.planted() to stranger`,
			stranger + `set local allow_system_table_mods = on; create procedure information_schema.planted() language sql security definer set search_path = pg_catalog, pg_temp
			begin atomic delete from portal.users; end; revoke execute on procedure information_schema.planted() from public;
			grant execute on procedure information_schema.planted() to stranger`,
			`create function public.planted() returns setof text language sql set app.customer_id = 'AAAA22222' begin atomic select email from portal.users; end`,
			`create function public.planted() returns setof text language plpgsql set app.role = 'Admin' as $$ begin return query select email from portal.users; end $$`,
			`create function public.planted() returns setof text language plpgsql as $$ begin return query select email from portal.users; end $$; alter function public.planted() set "App".customer_ID = 'AAAA22222'`,
			// Tables of the family, beside our schemas.
			`create table portal.planted (customer_id text) partition by list (customer_id);
			create table public.planted_a partition of portal.planted for values in ('AAAA22222');
			alter table public.planted_a no force row level security, disable row level security; grant select on public.planted_a to portal_app`,
			`create table public.planted () inherits (portal.locations); alter table public.planted disable row level security; grant update (name) on public.planted to portal_app`,
			`create table public.planted () inherits (portal.locations); create policy planted on public.planted using (true); grant select (name) on public.planted to public`,
			`create table public.planted (customer_id text not null); alter table portal.weather_data inherit public.planted; grant select on public.planted to portal_inspector`,
		},
		near: []string{
			`create table public.planted () inherits (portal.locations)`,
			`create table public.planted () inherits (portal.locations); grant select on public.planted to portal_app`,
			`create table portal.planted (customer_id text) partition by list (customer_id);
			create table public.planted_a partition of portal.planted for values in ('AAAA22222'); grant select on public.planted_a to portal_app`,
			`create table public.planted (id int) partition by list (id); create table public.planted_a partition of public.planted for values in (1);
			grant select on public.planted_a to portal_app`,
			`create table public.planted (like portal.locations); grant select on public.planted to portal_app`,
			`create view public.planted with (security_invoker) as select * from portal.locations; grant select, update on public.planted to portal_app`,
			`create view public.planted with (security_invoker) as select * from portal.locations; grant select, update on public.planted to portal_app;
			create rule planted as on delete to public.planted do instead nothing`,
			`create table public.planted (id bigint); create rule planted as on delete to public.planted do also delete from portal.routes where id = old.id`,
			`create function public.planted() returns setof text language sql begin atomic select email from portal.users; end`,
			`create function public.planted() returns setof text language sql set app.customer_id = 'AAAA22222' begin atomic select email from portal.users; end;
			revoke execute on function public.planted() from public`,
			`create function public.planted() returns int language sql set work_mem = '8MB' return 1`,
			stranger + `create function apart.planted() returns int language sql security definer set search_path = pg_catalog, pg_temp return 1;
			grant execute on function apart.planted() to stranger`,
			stranger + `create function apart.planted() returns setof text language sql security definer set search_path = pg_catalog, pg_temp
			begin atomic select email from portal.users; end; revoke usage on schema apart from stranger`,
			stranger + `grant create on schema apart to portal_owner; create function apart.planted() returns setof text language sql security definer
			set search_path = pg_catalog, pg_temp begin atomic select email from portal.users; end; alter function apart.planted() owner to portal_owner`,
			`grant portal_app to portal_owner`,
		},
	},
	{
		lint: "body_unknown", severity: "warning",
		plant: stringBody,
		mend:  `alter function public.planted() security invoker`,
		also: []string{
			stranger + `create procedure apart.planted() language plpgsql security definer as $$ begin end $$; grant execute on procedure apart.planted() to stranger`,
			`create function public.inner_one() returns int language sql security definer as 'select 1'; revoke execute on function public.inner_one() from public;
			create role lent; create role stranger; grant lent to stranger; grant execute on function public.inner_one() to lent`,
			`create function public.planted() returns trigger language plpgsql security definer as $$ begin return new; end $$; revoke execute on function public.planted() from public;
			create table public.of_all (id int); grant insert on public.of_all to public; create trigger planted before insert on public.of_all for each row execute function public.planted()`,
			`set local allow_system_table_mods = on; create function pg_catalog.planted() returns int language plpgsql security definer as $$ begin return 1; end $$`,
			`create extension citext; ` + stringBody + `; alter extension citext add function public.planted()`,
			`alter procedure tenancy.enter_guest(text, text) owner to portal_owner`,
		},
		near: []string{
			stringBody + `; revoke execute on function public.planted() from public`,
			stringBody + `; alter function public.planted() security invoker`,
			`create function public.planted() returns int language sql security definer return 1`,
			`create schema hidden; create function hidden.planted() returns int language plpgsql security definer as $$ begin return 1; end $$`,
		},
	},
	{
		lint: "view_calls_secdef", severity: "warning",
		plant: `create view public.planted as select * from tenancy.state()`,
		mend:  `drop view public.planted`,
		near:  []string{`create view public.planted as select tenancy.wall()`, definer},
	},
	{
		lint: "rule_on_tenant_table", severity: "warning",
		plant: `create rule planted as on delete to portal.locations do instead nothing`,
		mend:  `drop rule planted on portal.locations`,
		also:  []string{`create rule planted as on insert to platform.audit_log do also select 1`},
		near: []string{
			`create table public.planted (id int); create rule planted as on delete to public.planted do instead nothing`,
			`create view public.planted with (security_invoker) as select * from portal.locations`,
		},
	},
	{
		lint: "secdef_function", severity: "warning",
		plant: definer,
		mend:  `alter function public.planted() security invoker`,
		also: []string{
			`alter function tenancy.wall() security definer`, `create function public.enter() returns int language sql security definer return 1`,
			stringBody + nobodyCalls, `create extension citext; ` + definer + `; alter extension citext add function public.planted()`,
		},
		near: []string{`create function public.planted() returns int language sql return 1`, `alter function tenancy.state() cost 7`, stringBody},
	},
	{
		lint:  "secdef_executable_by_app",
		plant: definer,
		mend:  `revoke execute on function public.planted() from public`,
		also: []string{
			`grant execute on procedure tenancy.enter_guest(text, text) to portal_app`,
			`grant execute on function tenancy.count_usage(text, bigint, bigint) to portal_app`,
			`set local allow_system_table_mods = on; create function pg_catalog.planted(text, text) returns text language sql security definer
			set search_path = pg_catalog, pg_temp return set_config($1, $2, true)`,
			`set local allow_system_table_mods = on; create function information_schema.planted() returns int language plpgsql security definer as $$ begin return 1; end $$`,
			`create extension citext; ` + definer + `; alter extension citext add function public.planted()`,
		},
		near: []string{definer + nobodyCalls, `create function public.planted() returns int language sql return 1`, definer + nobodyCalls + `; grant execute on function public.planted() to portal_backup`},
	},
	{
		lint:  "statement_runner",
		plant: runner,
		mend:  `revoke execute on function public.planted(text) from public`,
		also: []string{
			`create function portal.planted() returns void language plpgsql as $$ begin call tenancy.enter_guest(null, 'AAAA22222'); end $$; grant execute on function portal.planted() to portal_auth`,
			`create function public.planted() returns void language sql volatile as 'call tenancy.enter_operator(1, null, false)'`,
			`create function public.planted() returns void language plpgsql as $$ begin Set  "app".customer_id = 'AAAA22222'; end $$`,
			`create function public.planted() returns int language internal as 'pg_backend_pid'`,
			`create extension dblink`,
		},
		near: []string{
			runner + nobodyRuns, runner + nobodyRuns + `; grant execute on function public.planted(text) to portal_auditor, portal_backup`,
			`create schema hidden; create function hidden.planted(text) returns void language plpgsql as $$ begin execute $1; end $$`,
			`create function public.planted() returns text language plpgsql as $$ begin /* call it, or
				execute it */ return 'recall'; end $$`,
			`create procedure public.planted() language plpgsql as $$ begin execute 'select 1'; end $$`,
			`create function public.planted() returns trigger language plpgsql as $$ begin insert into portal.routes (name) values ('a') on conflict do nothing; return new; end $$`,
			`create extension pg_trgm`,
		},
	},
	{
		lint:  "secdef_search_path",
		plant: `create function public.planted() returns int language sql security definer return 1`,
		mend:  `alter function public.planted() set search_path = pg_catalog, pg_temp`,
		also: []string{
			`create function public.planted() returns int language sql security definer set search_path = pg_catalog return 1`,
			`create function public.planted() returns int language sql security definer set search_path = pg_temp, pg_catalog return 1`,
			`alter function tenancy.state() reset search_path`,
			`create procedure public.planted() language sql security definer begin atomic end`,
		},
		near: []string{definer, `create function public.planted() returns int language sql return 1`, `create function public.planted() returns int language sql security definer set search_path = portal, "pg_temp" return 1`},
	},
	{
		lint:  "secdef_trusts_guc",
		plant: `create function public.planted() returns text language sql security definer set search_path = pg_catalog, pg_temp return current_setting('app.role', true)`,
		mend:  `alter function public.planted() security invoker`,
		also:  []string{`create function tenancy.planted() returns text language plpgsql security definer as $$ begin return tenancy.role(); end $$`},
		near:  []string{definer, `create function public.planted() returns text language sql return current_setting('app.role', true)`},
	},
	{
		lint: "secdef_owner_not_minimal", severity: "warning",
		plant: definer,
		mend:  `grant create on schema public to portal_definer; alter function public.planted() owner to portal_definer`,
		also:  []string{`create role planted login; grant create on schema public to planted; ` + definer + `; alter function public.planted() owner to planted`},
		near: []string{
			`create function public.planted() returns int language sql return 1`,
			`grant create on schema public to portal_owner; ` + definer + `; alter function public.planted() owner to portal_owner`,
		},
	},
	{
		lint: "trigger_secdef", severity: "warning",
		plant: `create function public.planted() returns trigger language plpgsql security definer as $$ begin return new; end $$;
			create trigger planted before insert on portal.locations for each row execute function public.planted()`,
		mend: `alter function public.planted() security invoker`,
		near: []string{
			`create function public.planted() returns trigger language plpgsql as $$ begin return new; end $$;
			create trigger planted before insert on portal.locations for each row execute function public.planted()`,
			`create function public.planted() returns trigger language plpgsql security definer as $$ begin return new; end $$;
			create table public.planted (id int); create trigger planted before insert on public.planted for each row execute function public.planted()`,
			`create trigger planted after insert on portal.locations referencing new table as added for each statement execute function tenancy.count_properties()`,
		},
	},
	{
		lint:  "leakproof_user_function",
		plant: `create function public.planted(x int) returns boolean language sql immutable leakproof return x > 1`,
		mend:  `alter function public.planted(int) not leakproof`,
		near:  []string{`create function public.planted(x int) returns boolean language sql immutable return x > 1`, `create function public.leakproof() returns int language sql return 1`},
	},
	{
		lint:  "untrusted_language",
		plant: `create function public.planted(text) returns int language internal as 'textlen'`,
		mend:  `revoke execute on function public.planted(text) from public`,
		near: []string{
			`create function public.planted(text) returns int language internal as 'textlen'; revoke execute on function public.planted(text) from public;
			grant execute on function public.planted(text) to portal_owner`,
			`create function public.planted() returns int language sql return 1`,
		},
	},
	{
		lint: "foreign_table",
		plant: `create foreign data wrapper planted; create server planted foreign data wrapper planted;
			create foreign table portal.planted (id int) server planted`,
		mend: `drop foreign table portal.planted`,
		also: []string{
			`create foreign data wrapper planted; create server planted foreign data wrapper planted;
			create foreign table public.planted (id int) server planted; grant select on public.planted to portal_app`,
			`create foreign data wrapper planted; create server planted foreign data wrapper planted; create user mapping for portal_app server planted`,
			`create foreign data wrapper planted; create server planted foreign data wrapper planted; create user mapping for public server planted`,
		},
		near: []string{
			`create foreign data wrapper planted; create server planted foreign data wrapper planted; create foreign table public.planted (id int) server planted`,
			`create foreign data wrapper planted; create server planted foreign data wrapper planted; create user mapping for portal_backup server planted`,
		},
	},
	{
		lint: "published_unidentified", severity: "warning",
		plant: `create publication planted for table platform.sessions where (customer_id = 'AAAA22222')`,
		mend:  `alter table platform.sessions replica identity full`,
		also: []string{
			`create publication planted for table portal.locations where (customer_id = 'AAAA22222' and name <> '')`,
			`alter table portal.locations replica identity nothing; create publication planted for all tables`,
		},
		near: []string{
			`create publication planted for table portal.locations where (customer_id = 'AAAA22222')`,
			`create publication planted for table platform.sessions where (customer_id = 'AAAA22222') with (publish = 'insert')`,
			`create publication planted for all tables`,
		},
	},
	{
		lint:  "publication_exposes",
		plant: `create publication planted for table portal.locations`,
		mend:  `alter publication planted set table portal.locations where (customer_id = 'AAAA22222')`,
		also: []string{
			`create publication planted for all tables`, `create publication planted for tables in schema portal`, `create publication planted for table platform.logins`,
			`create publication planted for table portal.locations where (name <> '')`, `create publication planted for table portal.locations where (customer_id <> 'AAAA22222')`,
			`create publication planted for table portal.locations where (customer_id = 'AAAA22222' or name <> '')`,
			`create publication planted for table portal.locations where (not (customer_id = 'AAAA22222'))`,
		},
		near: []string{
			`create publication planted for table portal.locations where (customer_id = 'AAAA22222' and name <> '')`,
			`create table public.planted (id int); create publication planted for table public.planted`,
			`create publication planted`,
		},
	},
	{
		lint: "risky_extension", severity: "warning",
		plant: `create extension pgstattuple`,
		mend:  `drop extension pgstattuple`,
		near:  []string{`create extension citext`, `create extension btree_gist`},
	},
	{
		lint: "large_objects_present", severity: "warning",
		plant: `select lo_create(4711)`,
		mend:  `select lo_unlink(4711)`,
		also:  []string{`set local lo_compat_privileges = on`, `select lo_from_bytea(4711, 'a'), lo_create(4712)`},
		near:  []string{`set local lo_compat_privileges = off`, `create table public.planted (picture bytea); insert into public.planted values ('\x00')`, `create table public.planted (picture oid); insert into public.planted values (4711)`},
	},
}

var serverFaults = []fault{
	{
		lint: "stat_views_readable", severity: "warning",
		plant: `create view public.pg_stat_statements as select 1 as query; grant select on public.pg_stat_statements to public`,
		mend:  `revoke select on public.pg_stat_statements from public`,
		also:  []string{`create view tenancy.pg_stat_statements as select 1 as query; grant select on tenancy.pg_stat_statements to portal_app`},
		near: []string{
			`create view public.pg_stat_statements as select 1 as query`,
			`create view public.statistics_of_statements as select 1 as query; grant select on public.statistics_of_statements to public`,
		},
	},
	{
		lint: "pg_stats_ext_legacy", severity: "warning",
		plant: `set local allow_system_table_mods = on;
			create temporary table kept as select pg_get_viewdef('pg_catalog.pg_stats_ext_exprs'::regclass) as text;
			do $$ begin
				execute 'create or replace view pg_catalog.pg_stats_ext_exprs as '
					|| (select regexp_replace(text, 'pg_has_role\([^()]*(\([^()]*\))?[^()]*\)', 'true', 'g') from kept);
			end $$`,
		mend: `do $$ begin execute 'create or replace view pg_catalog.pg_stats_ext_exprs as ' || (select text from kept); end $$`,
		near: []string{
			`create view public.pg_stats_ext as select 1 as one`,
			`set local allow_system_table_mods = on; alter view pg_catalog.pg_stats_ext set (security_barrier = off)`,
		},
	},
	{
		lint: "vulnerable_minor", severity: "warning",
		setup: minors(`current_setting('server_version_num')::int / 10000`, `0`),
		plant: minors(`current_setting('server_version_num')::int / 10000`, `9999`),
		mend:  minors(`current_setting('server_version_num')::int / 10000`, `current_setting('server_version_num')::int % 10000`),
		near: []string{
			minors(`current_setting('server_version_num')::int / 10000 + 1`, `9999`),
			minors(`current_setting('server_version_num')::int / 10000 - 1`, `9999`),
		},
	},
	{
		lint: "row_security_off_default", severity: "warning",
		plant: `set local row_security = off`,
		mend:  `set local row_security = on`,
		near:  []string{here(`alter database %I set row_security = off`), `set local check_function_bodies = off`},
	},
	{
		lint: "event_trigger_gate_missing", severity: "warning",
		plant: `alter event trigger portal_gate_drop disable`,
		mend:  `alter event trigger portal_gate_drop enable always`,
		also: []string{
			`drop event trigger portal_gate_change`, `alter event trigger portal_gate_change enable replica`, `drop function tenancy.gate_change() cascade`,
			`drop event trigger portal_gate_drop; create event trigger portal_gate_drop on ddl_command_end execute function tenancy.gate_drop()`,
			`drop event trigger portal_gate_change; create event trigger portal_gate_change on ddl_command_end when tag in ('CREATE TABLE') execute function tenancy.gate_change()`,
			`alter function tenancy.gate_drop() owner to portal_owner`,
			`create role planted superuser; alter role planted set tenancy.installing = on`,
		},
		near: []string{
			`alter event trigger portal_gate_drop enable`, `create role planted; alter role planted set tenancy.installing = on`,
			`create event trigger planted on ddl_command_end execute function tenancy.gate_drop(); alter event trigger planted disable`,
		},
	},
	{
		lint:  "context_function_drift",
		plant: `alter function tenancy.customer_id() volatile`,
		mend:  `alter function tenancy.customer_id() stable`,
		also: []string{
			`create or replace function tenancy.customer_id() returns text language sql stable parallel safe return current_setting('app.customer_id', true)`,
			`create or replace function tenancy.role() returns text language sql stable parallel safe return 'Admin'`,
			`alter function tenancy.user_id() immutable`,
		},
		near: []string{`alter function tenancy.customer_id() cost 7`, `alter function tenancy.is_open(text, timestamptz) volatile`},
	},
	{
		lint:  "rls_helper_drift",
		plant: `alter function tenancy.is_open(text, timestamptz) volatile`,
		mend:  `alter function tenancy.is_open(text, timestamptz) stable`,
		also: []string{
			`create function tenancy.planted() returns int language sql return 1`,
			`drop procedure tenancy.enter_guest(text, text)`,
			`create or replace function tenancy.is_open(p_status text, p_trial_ends_at timestamptz) returns boolean language sql stable parallel safe return true`,
			`alter procedure tenancy.enter_guest(text, text) set work_mem = '1MB'`,
			`grant execute on function tenancy.wall() to portal_app`,
		},
		near: []string{`comment on function tenancy.wall() is 'a comment'`, `create function public.planted() returns int language sql return 1`},
	},
	{
		lint:  "policy_drift",
		plant: `grant select (name) on portal.locations to portal_platform`,
		mend:  `revoke select (name) on portal.locations from portal_platform`,
		also: []string{
			`alter table portal.locations no force row level security`,
			`create unique index planted on portal.locations (customer_id, name)`, `alter table portal.locations drop constraint one_property_per_address`,
			`drop trigger touch on portal.locations`, `alter table portal.locations disable trigger touch`,
			`create table platform.planted (id int)`, `drop table portal.weather_data`, `create view portal.planted as select 1 as one`,
			`alter table portal.locations alter customer_id drop default`,
			`alter table portal.locations drop constraint locations_belong_to_a_customer`,
			`do $$ begin execute 'create or replace view portal.properties with (security_invoker = true) as select * from (' || rtrim(pg_get_viewdef('portal.properties'::regclass), ';') || ') as p where p.plow'; end $$`,
			`do $$ begin execute 'create or replace view tenancy.lint_orphan as select * from (' || rtrim(pg_get_viewdef('tenancy.lint_orphan'::regclass), ';') || ') as l where false'; end $$`,
			`grant select on sequence portal.locations_id_seq to portal_platform`, `create role planted; grant select on platform.logins to planted`,
			`alter table portal.locations enable always trigger touch`, `create unique index planted on portal.locations (customer_id, lower(name))`,
		},
		near: []string{
			dropDoors, door(mine), dropWall, `drop policy portal_auth_all on platform.identities`,
			`create index planted on portal.locations (customer_id, plow)`, `comment on table portal.locations is 'a comment'`,
			`alter table portal.locations add column planted text`, `alter table portal.locations replica identity full`, `insert into portal.locations (customer_id, name, address) values ('AAAA22222', 'n', 'a')`,
		},
	},
	{
		lint: "changed_by_hand", severity: "warning",
		plant: `alter table portal.locations alter notes set default 'x'`,
		mend:  `alter table portal.locations alter notes drop default`,
		also: []string{
			`alter table portal.locations add column planted text`, `alter table portal.locations add column planted bigint generated always as (id + 1) stored`,
			`alter table portal.jobber_property_mapping drop column sync_enabled`, `alter table portal.winter_products alter created_at type timestamptz(3)`,
			`alter table portal.winter_ops_logs alter notes type text collate "C"`, `alter table portal.locations alter name drop not null`,
			`alter table portal.customer_exports alter taken_until set not null`, `alter table portal.locations alter plow drop default`,
			`alter table platform.audit_log alter id drop identity`, `alter table portal.locations alter id set generated by default`,
			`alter table portal.locations drop constraint name_has_1_to_255_characters`, `alter table portal.locations add constraint planted check (id <> 13)`,
			`alter table portal.locations drop constraint name_has_1_to_255_characters; alter table portal.locations add constraint name_has_1_to_255_characters check (true)`,
			`create index planted on portal.locations (customer_id, plow)`, `create index planted on portal.locations (customer_id, lower(name)) where plow`,
			`alter table portal.locations replica identity nothing`, `alter table platform.sessions replica identity using index sessions_pkey`,
			`alter sequence portal.locations_id_seq maxvalue 7000000`, `alter sequence portal.locations_id_seq increment 2`, `create sequence portal.planted`,
			`create statistics portal.planted on plow, salt from portal.locations`, `create rule planted as on insert to portal.properties do instead nothing`,
			`create type portal.planted as enum ('a')`, `alter type jobs.river_job_state rename value 'running' to 'planted'`, `create domain platform.planted as text`,
			`create function public.planted() returns event_trigger language plpgsql as $$ begin end $$; create event trigger planted on ddl_command_end execute function public.planted()`,
		},
		near: []string{
			`create table portal.planted (id bigint generated always as identity, note text default 'x' check (note <> ''))`, `drop table portal.weather_data`,
			`alter table portal.locations replica identity full`, `select nextval('portal.locations_id_seq')`, `analyze portal.locations`,
			`comment on column portal.locations.notes is 'a comment'`, `create unique index planted on portal.locations (customer_id, name)`,
			`create table public.planted (id int); create index on public.planted (id)`,
		},
	},
	{
		lint: "exception_expired", severity: "warning",
		plant: `insert into tenancy.audit_exceptions (lint, object, reason, made_on, expires_on)
			values ('rls_disabled', 'portal.locations', 'for the tests of the audit', current_date - 9, current_date)`,
		mend: `delete from tenancy.audit_exceptions`,
		also: []string{
			`set local session_replication_role = replica; insert into tenancy.audit_exceptions (lint, object, reason, made_on, expires_on)
			values ('rls_disabled', 'portal.locations', 'for the tests of the audit', '2198-01-01', '2198-12-31')`,
			`set local session_replication_role = replica; insert into tenancy.audit_exceptions (lint, object, reason, expires_on)
			values ('rls_disabled', '%', 'for the tests of the audit', current_date + 1)`,
		},
		near: []string{
			`insert into tenancy.audit_exceptions (lint, object, reason, expires_on) values ('rls_disabled', 'portal.locations', 'for the tests of the audit', current_date + 366)`,
			`create table public.audit_exceptions (like tenancy.audit_exceptions); insert into public.audit_exceptions values ('a', 'b', 'c', '2020-01-01', 'd', '2020-01-01')`,
		},
	},
}

// minors puts one known vulnerability in the place of all, mended in that version.
func minors(major, minor string) string {
	return `create or replace view tenancy.fixed_minors as
		select 'CVE-0000-0'::text as cve, 'a hole'::text as what, (` + major + `)::int as major, (` + minor + `)::int as minor`
}
