package main

// Keys, references and the columns that carry the company.
var keyMutants = []mutant{
	{
		name: "winter-log-submitted-twice", sql: `drop index portal.one_winter_log_per_submission`,
		by: []string{"TestLogs_SubmittedAtOnceAreOne"}, lints: []string{"policy_drift"},
	},
	{
		name: "green-log-submitted-twice", sql: `drop index portal.one_green_log_per_submission`,
		by: []string{"TestLogs_SubmittedAtOnceAreOne"}, lints: []string{"policy_drift"},
	},
	{
		name: "pk-without-tenant", sql: `alter table portal.winter_products drop constraint winter_products_pkey, add primary key (id)`,
		by: []string{"TestLayers_KeysTellNothing"}, lints: []string{"unique_without_tenant"},
	},
	{
		name: "unique-without-tenant",
		sql:  `alter table portal.routes add constraint one_name unique (name)`,
		by:   []string{"TestLayers_KeysTellNothing"}, lints: []string{"unique_without_tenant"},
	},
	{
		name: "fk-without-tenant",
		sql: `create unique index everybodys on portal.locations (id);
			alter table portal.property_contractors add constraint lax foreign key (property_id) references portal.locations (id);
			do $$ declare c name; begin
			  select conname into strict c from pg_constraint where conrelid = 'portal.property_contractors'::regclass and confrelid = 'portal.locations'::regclass and conname <> 'lax';
			  execute format('alter table portal.property_contractors drop constraint %I', c);
			end $$`,
		by: []string{"TestAttack/SQL/walls/78_a_reference_to_the_other's_row"}, lints: []string{"fk_without_tenant", "unique_without_tenant"},
	},
	{
		name: "fk-dropped",
		sql: `do $$ declare c name; begin
			  select conname into strict c from pg_constraint where conrelid = 'portal.property_contractors'::regclass and confrelid = 'portal.locations'::regclass;
			  execute format('alter table portal.property_contractors drop constraint %I', c);
			end $$`,
		by: []string{"TestLayers_IDsPointAtRows"}, lints: []string{"policy_drift"},
	},
	{
		name: "fk-sets-the-company-null",
		sql: `do $$ declare c name; begin
			  select conname into strict c from pg_constraint where conrelid = 'portal.winter_ops_logs'::regclass and confrelid = 'portal.routes'::regclass;
			  execute format('alter table portal.winter_ops_logs drop constraint %I', c);
			end $$;
			alter table portal.winter_ops_logs add constraint careless foreign key (customer_id, route_id) references portal.routes (customer_id, id) on delete set null`,
		by: []string{"TestLayers_NoRowWithoutACompany"}, lints: []string{"fk_set_null_without_columns"},
	},
	{
		name: "tenant-column-nullable", sql: `alter table portal.property_list_items drop constraint property_list_items_pkey, alter customer_id drop not null`,
		by: []string{"TestLayers_NoRowWithoutACompany"}, lints: []string{"tenant_col_nullable", "no_primary_key"},
	},
	{
		name: "tenant-column-updatable", sql: `grant update (customer_id) on portal.locations to portal_app`,
		by: []string{"TestAttack/SQL/walls/92_a_row_given_away"}, lints: []string{"tenant_col_updatable"},
	},
	{
		name: "tenant-column-default-lost", sql: `alter table portal.routes alter customer_id drop default`,
		by: []string{"TestRoutes_BuildChangeDelete"}, lints: []string{"policy_drift"},
	},
	{
		name: "tenant-column-default-fixed", sql: `alter table portal.routes alter customer_id set default 'BBBB33333'`,
		by: []string{"TestRoutes_BuildChangeDelete"}, lints: []string{"policy_drift"},
	},
	{
		name: "login-apart-from-user",
		sql: `do $$ declare c name; begin
			  select conname into strict c from pg_constraint where conrelid = 'platform.logins'::regclass and confrelid = 'portal.users'::regclass;
			  execute format('alter table platform.logins drop constraint %I', c);
			end $$`,
		by: []string{"TestState_HoldsFromTheNextRequestOn"}, lints: []string{"policy_drift"},
	},
	{
		name: "session-apart-from-login", sql: `alter table platform.sessions drop constraint session_equals_its_login`,
		by: []string{"TestState_HoldsFromTheNextRequestOn"}, lints: []string{"policy_drift"},
	},
	{
		name: "session-apart-from-operator", sql: `alter table platform.sessions drop constraint session_equals_its_operator`,
		by: []string{"TestSessions_AreEqualToTheirPeople"}, lints: []string{"policy_drift"},
	},
	{
		name: "session-of-no-kind", sql: `alter table platform.sessions drop constraint session_is_of_a_kind`,
		by: []string{"TestSessions_AreOfAKind"}, lints: []string{"changed_by_hand"},
	},
	{
		name: "switch-outlives-its-parent", sql: `drop trigger end_switches on platform.sessions`,
		by: []string{"TestSwitching_EndsWithItsParent"}, lints: []string{"policy_drift"},
	},
	{
		name: "switch-in-anybodys-name", sql: `drop policy own_switch on platform.sessions`,
		by: []string{"TestDoors_OfSecretsOfOperators"}, lints: []string{"platform_policy_drift"},
	},
	{
		name: "operator-outlives-suspension", sql: `drop trigger end_operator_sessions on platform.operators`,
		by: []string{"TestSwitching_EndsWithItsParent"}, lints: []string{"policy_drift"},
	},
	{
		name: "usage-not-counted", sql: `drop trigger count_added on portal.locations`,
		by: []string{"TestProperties_LimitOfThePlan"}, lints: []string{"policy_drift"},
	},
	{
		name: "usage-counted-without-lock",
		function: []edit{
			{"tenancy.count_usage(text, bigint, bigint)", "  insert into platform.usage", "  select u.users + p_users as users, u.properties + p_properties as properties into used from platform.usage u where u.customer_id = p_customer;\n  insert into platform.usage"},
			{"tenancy.count_usage(text, bigint, bigint)", "  returning u.users, u.properties into used;", ";"},
		},
		by: []string{"TestUsers_LimitHoldsBetweenTransactions"}, lints: []string{"rls_helper_drift"},
	},
	{
		name: "last-admin-may-go", sql: `drop trigger keep_an_admin_changed on portal.users`,
		by: []string{"TestUsers_LastAdminStaysWhoeverTries", "TestDoors_OfUsers"}, lints: []string{"policy_drift"},
	},
	{
		name: "sessions-outlive-suspension", sql: `drop trigger end_sessions on platform.logins`,
		by: []string{"TestSessions_EndWithSuspensionAndNewPassword"}, lints: []string{"policy_drift"},
	},
	{
		name: "confirmation-outlives-address", sql: `drop trigger unconfirm_login on platform.logins`,
		by: []string{"TestLogin_StrangersCannotCrowdAnybodyOut"}, lints: []string{"policy_drift"},
	},
}
