package database

import (
	"strings"
)

// here runs a statement that must name the database: %I stands for it.
func here(statement string) string {
	return `do $$ begin execute format('` + strings.ReplaceAll(statement, `'`, `''`) + `', current_database()); end $$`
}

var roleFaults = []fault{
	{
		lint:  "app_role_superuser_or_bypass",
		plant: `alter role portal_app superuser`,
		mend:  `alter role portal_app nosuperuser`,
		also:  []string{`alter role portal_auth bypassrls`, `alter role portal_inspector bypassrls`},
		near:  []string{`create role planted superuser`, `alter role portal_owner bypassrls`},
	},
	{
		lint:  "app_role_attributes",
		plant: `alter role portal_app createdb`,
		mend:  `alter role portal_app nocreatedb`,
		also:  []string{`alter role portal_platform createrole`, `alter role portal_auditor replication`},
		near:  []string{`create role planted createdb createrole`, `alter role portal_app connection limit 3`},
	},
	{
		lint:  "app_role_owns",
		plant: `create table public.planted (id int); alter table public.planted owner to portal_app`,
		mend:  `alter table public.planted owner to portal_owner`,
		also: []string{
			`create schema planted authorization portal_auth`,
			`alter function tenancy.wall() owner to portal_auditor`,
			here(`alter database %I owner to portal_app`),
		},
		near: []string{`grant all on portal.locations to portal_app`, `create schema planted authorization portal_owner`},
	},
	{
		lint:  "app_role_can_reach_owner",
		plant: `grant portal_owner to portal_app`,
		mend:  `revoke portal_owner from portal_app`,
		also:  []string{`create role planted; grant portal_definer to planted; grant planted to portal_auth`, `grant portal_backup to portal_inspector`},
		near:  []string{`create role planted; grant portal_app to planted`, `grant portal_app to portal_owner`},
	},
	{
		lint:  "unregistered_member",
		plant: `create role planted; grant portal_app to planted`,
		mend:  `revoke portal_app from planted`,
		also: []string{
			`create role planted login; grant portal_backup to planted`, `create role planted noinherit; grant portal_owner to planted with admin option`,
			`create role lent; create role planted; grant lent to planted; grant portal_definer to lent`, `create role planted createrole; grant portal_mover to planted`,
		},
		near: []string{
			`create role planted; grant portal_inspector, portal_auditor to planted`, `create role planted superuser; grant portal_owner to planted`,
			`create role planted; grant planted to portal_app`,
		},
	},
	{
		lint:  "app_role_member_of_predefined",
		plant: `grant pg_read_server_files to portal_app`,
		mend:  `revoke pg_read_server_files from portal_app`,
		also:  []string{`create role planted; grant pg_monitor to planted; grant planted to portal_auditor`},
		near:  []string{`grant pg_monitor to portal_backup`, `create role planted; grant pg_read_all_data to planted`},
	},
	{
		lint:  "owner_role_unsafe",
		plant: `alter role portal_owner login`,
		mend:  `alter role portal_owner nologin`,
		also:  []string{`alter role portal_definer bypassrls`},
		near:  []string{`alter role portal_backup login`, `alter role portal_owner connection limit 0`},
	},
	{
		lint:  "wrong_owner",
		plant: `alter view tenancy.posture owner to current_user`,
		mend:  `alter view tenancy.posture owner to portal_owner`,
		also: []string{
			`alter table portal.locations owner to current_user`, `alter schema portal owner to current_user`,
			`alter function tenancy.state() owner to portal_owner`, `alter function tenancy.wall() owner to portal_definer`,
		},
		near: []string{`create table public.planted (id int)`, `create function public.planted() returns int language sql return 1`},
	},
	{
		lint: "bypass_role_unregistered", severity: "warning",
		plant: `create role planted bypassrls`,
		mend:  `alter role planted nobypassrls`,
		also: []string{
			`create role planted superuser bypassrls`, `create role planted login replication`, `create role planted createrole`,
			`create role planted superuser nologin`,
		},
		near: []string{`create role planted createdb login`, `alter role portal_backup login`, `create role planted; grant pg_read_all_data to planted`},
	},
	{
		lint:  "backup_role_writes",
		plant: `grant insert on portal.locations to portal_backup`,
		mend:  `revoke insert on portal.locations from portal_backup`,
		also:  []string{`grant truncate on platform.logins to portal_backup`, `grant portal_owner to portal_backup`, `alter role portal_backup createrole`},
		near:  []string{`grant select on portal.locations to portal_backup`, `grant insert on portal.locations to portal_owner`},
	},
	{
		lint:  "role_config_tampered",
		plant: `alter role portal_app set app.customer_id = 'AAAA22222'`,
		mend:  `alter role portal_app reset app.customer_id`,
		also: []string{
			`alter role portal_app set search_path = pg_temp, portal`, `alter role portal_app set statement_timeout = 0`,
			`alter role portal_auth set row_security = off`, `alter role portal_inspector reset default_transaction_read_only`,
			here(`alter database %I set app.customer_id = 'AAAA22222'`), here(`alter role portal_app in database %I set plan_cache_mode = force_generic_plan`),
			here(`alter database %I set session_preload_libraries = 'x'`), `alter role all set row_security = off`,
			`create role planted; alter role planted set app.customer_id = 'AAAA22222'`, `create role planted; alter role planted set session_replication_role = replica`,
			here(`alter database %I set search_path = public`), `alter role all set log_statement = 'all'`,
			`alter role all set lo_compat_privileges = on`, here(`alter database %I set lo_compat_privileges = on`),
		},
		near: []string{
			`create role planted; alter role planted set work_mem = '8MB'`,
			here(`alter database %I set work_mem = '8MB'`),
			here(`alter database %I set application_name = 'app.customer_id=1'`),
		},
	},
}

var grantFaults = []fault{
	{
		lint:  "truncate_granted",
		plant: `grant truncate on portal.locations to portal_app`,
		mend:  `revoke truncate on portal.locations from portal_app`,
		also:  []string{`grant all on portal.locations to portal_app`, `grant truncate on platform.sessions to public`, `create role planted; grant truncate on portal.users to planted`},
		near:  []string{`grant delete on portal.locations to portal_app`, `create table public.planted (id int); grant truncate on public.planted to portal_app`},
	},
	{
		lint:  "references_or_trigger_granted",
		plant: `grant references on portal.locations to portal_app`,
		mend:  `revoke references on portal.locations from portal_app`,
		also:  []string{`grant trigger on platform.logins to portal_auth`, `grant references (id) on portal.locations to portal_app`},
		near:  []string{`grant update (name) on portal.locations to portal_app`, `create table public.planted (id int); grant trigger on public.planted to portal_app`},
	},
	{
		lint: "maintain_granted", severity: "warning", since: 17,
		plant: `grant maintain on portal.locations to portal_app`,
		mend:  `revoke maintain on portal.locations from portal_app`,
		also:  []string{`grant all on portal.locations to portal_app`},
		near:  []string{`grant select, insert, update, delete, truncate, references, trigger on portal.locations to portal_app`, `create table public.planted (id int); grant all on public.planted to portal_app`},
	},
	{
		lint:  "public_grant",
		plant: `grant select on portal.locations to public`,
		mend:  `revoke select on portal.locations from public`,
		also: []string{
			`grant select (name) on portal.locations to public`, `grant usage on schema portal to public`,
			`grant execute on procedure tenancy.enter_guest(text, text) to public`, `grant select on tenancy.findings to public`,
			`create function tenancy.planted() returns int language sql return 1`,
		},
		near: []string{
			`create table public.planted (id int); grant select on public.planted to public`,
			`create function public.planted() returns int language sql return 1`,
			`grant select on portal.locations to portal_auditor`,
		},
	},
	{
		lint:  "default_acl_public",
		plant: `alter default privileges in schema portal grant select on tables to public`,
		mend:  `alter default privileges in schema portal revoke select on tables from public`,
		also:  []string{`alter default privileges grant usage on schemas to public`, `alter default privileges in schema tenancy grant execute on functions to public`},
		near: []string{
			`alter default privileges in schema portal grant select on tables to portal_backup`,
			`alter default privileges revoke execute on functions from public`,
			`alter default privileges grant execute on functions to portal_app`,
		},
	},
	{
		lint: "default_acl_grants_writes_to_app", severity: "warning",
		plant: `alter default privileges in schema portal grant insert on tables to portal_app`,
		mend:  `alter default privileges in schema portal revoke insert on tables from portal_app`,
		also:  []string{`alter default privileges grant all on tables to portal_auth`},
		near: []string{
			`alter default privileges in schema portal grant select on tables to portal_app`,
			`alter default privileges in schema portal grant insert on tables to portal_owner`,
		},
	},
	{
		lint:  "create_on_schema",
		plant: `grant create on schema public to portal_app`,
		mend:  `revoke create on schema public from portal_app`,
		also:  []string{`grant create on schema portal to portal_app`, `create schema planted; grant all on schema planted to public`},
		near:  []string{`grant usage on schema public to portal_app`, `create role planted; grant create on schema public to planted`},
	},
	{
		lint:  "right_beside_tables",
		plant: `grant set on parameter session_replication_role to portal_inspector`,
		mend:  `revoke set on parameter session_replication_role from portal_inspector`,
		also: []string{
			`grant alter system on parameter log_statement to portal_inspector`, `create role planted; grant set, alter system on parameter row_security to planted`,
			`grant set on parameter app.customer_id to public`,
			`grant execute on function pg_catalog.pg_read_file(text) to public`, `create role planted; grant execute on function pg_catalog.pg_ls_dir(text) to planted`,
			`create role planted; grant execute on function pg_catalog.pg_reload_conf() to planted`,
			here(`grant create on database %I to portal_app`), `create role planted; ` + here(`grant create on database %I to planted`),
			`create role planted; grant create on schema public to planted`, `create role planted; grant create on schema tenancy to planted`,
			`grant select on portal.locations to portal_inspector with grant option`, `grant select (name) on portal.users to portal_app with grant option`,
			`grant execute on function tenancy.state() to portal_app with grant option`, `grant usage on schema portal to portal_auth with grant option`,
			`grant select on sequence portal.locations_id_seq to portal_backup with grant option`,
			`create role planted; alter default privileges in schema portal grant select on tables to planted`, `alter default privileges grant select on tables to portal_app`,
			`alter default privileges in schema portal grant usage on sequences to portal_app`, `create role planted; alter default privileges grant execute on functions to planted`,
			`create foreign data wrapper planted; create role stranger; grant usage on foreign data wrapper planted to stranger`,
			`create foreign data wrapper planted; create server planted foreign data wrapper planted; grant usage on foreign server planted to portal_app`,
			`select lo_create(4711), lo_create(4712); grant select, update on large object 4711, 4712 to portal_app`, `select lo_create(4711); grant select on large object 4711 to public`,
			`select lo_create(4711); create role planted; grant update on large object 4711 to planted with grant option`,
		},
		near: []string{
			`create role planted superuser; grant set on parameter session_replication_role to planted`, `grant execute on function pg_catalog.pg_sleep(double precision) to portal_owner`,
			`create role planted; ` + here(`grant connect, temporary on database %I to planted`), `create role planted; grant usage on schema public to planted`,
			`alter default privileges in schema portal grant select on tables to portal_backup`, `create schema planted; create role stranger; grant create on schema planted to stranger`,
			`create table public.planted (id int); create role stranger; grant select on public.planted to stranger with grant option`,
			`select lo_create(4711); create role planted superuser; grant select on large object 4711 to planted`, `select lo_create(4711); grant update on large object 4711 to portal_owner`,
		},
	},
	{
		lint:  "temp_on_database",
		plant: here(`grant temporary on database %I to portal_app`),
		mend:  here(`revoke temporary on database %I from portal_app`),
		also:  []string{here(`grant temporary on database %I to public`)},
		near:  []string{here(`grant connect on database %I to portal_app`), `create role planted; ` + here(`grant temporary on database %I to planted`)},
	},
	{
		lint:  "column_grant_leak",
		plant: `grant select (password_hash) on platform.logins to portal_app`,
		mend:  `revoke select (password_hash) on platform.logins from portal_app`,
		also: []string{
			`grant select on portal.api_keys to portal_inspector`, `grant select on platform.operators to portal_platform`,
			`grant select (token_hash) on platform.invitations to public`,
			`create role stranger; grant select on platform.sessions to stranger`, `create role stranger; grant select (key_ciphertext) on portal.api_keys to stranger`,
		},
		near: []string{
			`grant select (email) on platform.logins to portal_platform`, `grant update (password_hash) on platform.logins to portal_app`,
			`grant select (key_ciphertext) on portal.api_keys to portal_app`,
		},
	},
	{
		lint: "sequence_granted_update", severity: "warning",
		plant: `grant update on sequence portal.locations_id_seq to portal_app`,
		mend:  `revoke update on sequence portal.locations_id_seq from portal_app`,
		also:  []string{`grant usage on all sequences in schema platform to portal_auth`, `grant select on sequence portal.locations_id_seq to public`},
		near:  []string{`grant select on sequence portal.locations_id_seq to portal_backup`, `create sequence public.planted; grant all on sequence public.planted to portal_app`},
	},
	{
		lint:  "dangerous_function_executable",
		plant: `grant execute on function pg_catalog.pg_sleep(double precision) to portal_app`,
		mend:  `revoke execute on function pg_catalog.pg_sleep(double precision) from portal_app`,
		also:  []string{`grant execute on function pg_catalog.set_config(text, text, boolean) to portal_auth`, `grant execute on function pg_catalog.lo_create(oid) to public`},
		near: []string{
			`grant execute on function pg_catalog.pg_sleep(double precision) to portal_owner`,
			`grant execute on function pg_catalog.lower(text) to portal_app`,
		},
	},
}
