package main

// Views and functions: the context, what is made beside the walls, and the pins of the definer's functions.
var codeMutants = []mutant{
	{
		name: "view-of-a-superuser",
		sql: `create view portal.all_properties as select * from portal.locations;
			grant select on portal.all_properties to portal_app`,
		by: []string{"TestOutside_NothingSpeaks"}, lints: []string{"view_not_invoker", "wrong_owner"},
	},
	{
		name: "view-without-the-company",
		sql: `create view public.people as select name, email from portal.users;
			grant usage on schema public to portal_app; grant select on public.people to portal_app`,
		by: []string{"TestOutside_NothingSpeaks"}, lints: []string{"view_not_invoker"},
	},
	{
		name: "shape-as-its-owner", sql: `alter view portal.properties reset (security_invoker)`,
		by: []string{"TestShapes_ReadAsTheirCaller"}, lints: []string{"view_not_invoker"},
	},
	{
		name: "materialized-view",
		sql: `create materialized view portal.totals as select customer_id, count(*) from portal.locations group by customer_id;
			grant select on portal.totals to portal_app`,
		by: []string{"TestOutside_NothingSpeaks"}, lints: []string{"matview_on_tenant"},
	},
	{
		name: "function-of-a-superuser",
		sql: `create function portal.all_properties() returns setof portal.locations language sql stable security definer
			  set search_path = pg_catalog, pg_temp begin atomic select * from portal.locations; end;
			grant execute on function portal.all_properties() to portal_app`,
		by: []string{"TestOutside_NothingSpeaks"}, lints: []string{"secdef_function", "secdef_executable_by_app"},
	},
	{
		name: "inherited-child",
		sql: `create table portal.old_locations () inherits (portal.locations);
			insert into portal.old_locations (customer_id, id, name, address) select customer_id, id, name, address from portal.locations;
			alter table portal.old_locations disable row level security;
			grant select on portal.old_locations to portal_app`,
		by: []string{"TestOutside_NothingSpeaks"}, lints: []string{"rls_disabled"},
	},
	{
		name: "table-without-a-wall",
		sql: `create table portal.notices as select customer_id, name from portal.users;
			alter table portal.notices disable row level security;
			grant select on portal.notices to portal_app`,
		by: []string{"TestOutside_NothingSpeaks"}, lints: []string{"rls_disabled", "no_restrictive_wall"},
	},
	{
		name: "enter-unpinned", sql: `alter procedure tenancy.enter(text, text, bigint, text, bigint, uuid, boolean) reset search_path`,
		by: []string{"TestOutside_DefinersAreNotFooled"}, lints: []string{"secdef_search_path"},
	},
	{
		name: "enter-guest-unpinned", sql: `alter procedure tenancy.enter_guest(text, text) reset search_path`,
		by: []string{"TestOutside_DefinersAreNotFooled"}, lints: []string{"secdef_search_path"},
	},
	{
		name: "enter-operator-unpinned", sql: `alter procedure tenancy.enter_operator(bigint, uuid, boolean) reset search_path`,
		by: []string{"TestOutside_DefinersAreNotFooled"}, lints: []string{"secdef_search_path"},
	},
	{
		name: "audit-for-companies", sql: `grant execute on function tenancy.isolation() to portal_app`,
		by: []string{"TestOutside_AuditIsForOperators"}, lints: []string{"secdef_executable_by_app"},
	},
	{
		name: "audit-for-guests", sql: `grant execute on function tenancy.isolation() to portal_auth`,
		by: []string{"TestOutside_AuditIsForOperators"}, lints: []string{"secdef_executable_by_app"},
	},
	{
		name: "audit-views-for-companies", sql: `grant select on tenancy.posture, tenancy.audit_exceptions to portal_app`,
		by: []string{"TestOutside_AuditIsForOperators"}, lints: []string{"policy_drift"},
	},
	{
		name: "audit-unpinned", sql: `alter function tenancy.isolation() reset search_path`,
		by: []string{"TestOutside_AuditIsForOperators"}, lints: []string{"secdef_search_path"},
	},
	{
		name: "enter-is-a-function-too",
		sql: `create function tenancy.enter(text, bigint, text, bigint, uuid, boolean) returns text language plpgsql security definer
			  set search_path = pg_catalog, pg_temp as $$ declare zone text; begin call tenancy.enter(zone, $1, $2, $3, $4, $5, $6); return zone; end $$;
			grant execute on function tenancy.enter(text, bigint, text, bigint, uuid, boolean) to portal_app`,
		by: []string{"TestInjection_SwitchesNoCompany"}, lints: []string{"statement_runner"},
	},
	{
		name: "function-that-runs-statements",
		sql: `create function portal.run(text) returns text language plpgsql as $$ begin execute $1; return 'done'; end $$;
			grant execute on function portal.run(text) to portal_app`,
		by: []string{"TestInjection_NoFunctionRunsAStatement"}, lints: []string{"statement_runner"},
	},
	{
		name: "context-immutable", sql: `alter function tenancy.customer_id() immutable`,
		by: []string{"TestPool_AlternatingCompanies"}, lints: []string{"immutable_reads_session", "context_function_drift"},
	},
	{
		name: "context-without-nullif", sql: `create or replace function tenancy.customer_id() returns text language sql stable parallel safe return current_setting('app.customer_id', true)`,
		by: []string{"TestEntry_OfAnOperator"}, lints: []string{"context_function_drift"},
	},
	{
		name: "context-of-user-without-nullif", sql: `create or replace function tenancy.user_id() returns bigint language sql stable parallel safe return current_setting('app.user_id', true)::bigint`,
		by: []string{"TestEntry_OfAnOperator", "TestLogin_ListsOwnPropertiesOnly"}, lints: []string{"context_function_drift", "bare_current_setting_cast"},
	},
	{
		name: "context-falls-back-to-a-company", sql: `create or replace function tenancy.customer_id() returns text language sql stable parallel safe return coalesce(nullif(current_setting('app.customer_id', true), ''), 'AAAA22222')`,
		by: []string{"TestAttack/SQL/context/1_never_entered"}, lints: []string{"context_function_drift"},
	},
	{
		name: "context-of-another-setting", sql: `create or replace function tenancy.acting_as() returns bigint language sql stable parallel safe return nullif(current_setting('app.acting', true), '')::bigint`,
		by: []string{"TestDoors_OfAnActingOperator"}, lints: []string{"wrong_guc_name", "context_function_drift"},
	},
	{
		name: "context-role-everybody-admin", sql: `create or replace function tenancy.role() returns text language sql stable parallel safe return 'Admin'`,
		by: []string{"TestDoors_OfUsers"}, lints: []string{"context_function_drift"},
	},
	{
		name: "gate-dropped", sql: `drop event trigger portal_gate_change`,
		by: []string{"TestGate_RefusesWhatTakesIsolationAway", "TestGate_NewTableIsClosedAtOnce"}, lints: []string{"event_trigger_gate_missing"},
	},
	{
		name: "gate-disabled", sql: `alter event trigger portal_gate_drop disable`,
		by: []string{"TestGate_RefusesWhatTakesIsolationAway"}, lints: []string{"event_trigger_gate_missing"},
	},
	{
		name: "gate-passes-anybody", function: []edit{{"tenancy.gate_change()", "and (select rolsuper from pg_roles where rolname = session_user)", ""}},
		by: []string{"TestGate_SettingCountsForSuperusersAlone"}, lints: []string{"rls_helper_drift"},
	},
	{
		name: "gate-leaves-new-tables-open", function: []edit{{"tenancy.gate_change()", "execute format('alter table %s enable row level security, force row level security', o.name)", "null"}},
		by: []string{"TestGate_NewTableIsClosedAtOnce"}, lints: []string{"rls_helper_drift"},
	},
}
