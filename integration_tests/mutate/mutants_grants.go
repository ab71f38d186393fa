package main

// What each role may do.
var grantMutants = []mutant{
	{
		name: "truncate-granted", sql: `grant truncate on portal.locations to portal_app`,
		by: []string{"TestAttack/SQL/objects/39_truncate"}, lints: []string{"truncate_granted"},
	},
	{
		name: "trigger-granted", sql: `grant trigger on portal.locations to portal_app`,
		by: []string{"TestAttack/SQL/objects/56_a_trigger_on_the_table"}, lints: []string{"references_or_trigger_granted"},
	},
	{
		name: "references-granted", sql: `grant references on portal.locations to portal_app; grant create on schema portal to portal_app`,
		by: []string{"TestAttack/SQL/objects/23_objects_of_one's_own"}, lints: []string{"references_or_trigger_granted", "create_on_schema"},
	},
	{
		name: "create-in-schema-granted", sql: `grant create on schema public to public`,
		by: []string{"TestAttack/SQL/objects/23_objects_of_one's_own"}, lints: []string{"create_on_schema"},
	},
	{
		name: "temporary-tables-granted", sql: `do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$`,
		by: []string{"TestAttack/SQL/objects/23_objects_of_one's_own"}, lints: []string{"temp_on_database"},
	},
	{
		name: "languages-granted", sql: `grant usage on language plpgsql to public`,
		by: []string{"TestAttack/SQL/objects/43_functions_of_one's_own"}, unseen: "a block of code writes nothing that its caller could not",
	},
	{
		name: "default-privileges-opened", sql: `alter default privileges in schema portal grant select, insert on tables to portal_app`,
		by: []string{"TestGate_NewTableIsOutOfReachWithoutIt"}, lints: []string{"default_acl_grants_writes_to_app"},
	},
	{
		name: "default-privileges-public", sql: `alter default privileges in schema portal grant select on tables to public`,
		by: []string{"TestGate_NewTableIsOutOfReachWithoutIt"}, lints: []string{"default_acl_public"},
	},
	{
		name: "set-config-granted", sql: `grant execute on function pg_catalog.set_config(text, text, boolean) to portal_app`,
		by: []string{"TestInjection_SwitchesNoCompany", "TestAttack/SQL/objects/10_set_config"}, lints: []string{"dangerous_function_executable"},
	},
	{
		name: "set-config-public", sql: `grant execute on function pg_catalog.set_config(text, text, boolean) to public`,
		by: []string{"TestInjection_SwitchesNoCompany"}, lints: []string{"dangerous_function_executable"},
	},
	{
		name: "terminate-granted", sql: `grant execute on function pg_catalog.pg_terminate_backend(int, bigint) to portal_app`,
		by: []string{"TestAttack/SQL/objects/129_holding_up_others"}, lints: []string{"dangerous_function_executable"},
	},
	{
		name: "large-objects-granted", sql: `grant execute on function pg_catalog.lo_create(oid) to public`,
		by: []string{"TestAttack/SQL/objects/59_large_objects"}, lints: []string{"dangerous_function_executable"},
	},
	{
		name: "notify-granted", sql: `grant execute on function pg_catalog.pg_notify(text, text) to portal_app`,
		by: []string{"TestAttack/SQL/objects/60_notifications_by_a_function"}, lints: []string{"dangerous_function_executable"},
	},
	{
		name: "session-locks-granted", sql: `grant execute on function pg_catalog.pg_advisory_lock(bigint) to portal_app`,
		by: []string{"TestAttack/SQL/objects/25_advisory_locks"}, lints: []string{"dangerous_function_executable"},
	},
	{
		name: "try-locks-granted", sql: `grant execute on function pg_catalog.pg_try_advisory_xact_lock(bigint) to portal_app`,
		by: []string{"TestAttack/SQL/objects/25_advisory_locks"}, lints: []string{"dangerous_function_executable"},
	},
	{
		name: "rewriting-granted", sql: `grant execute on function pg_catalog.ts_rewrite(tsquery, text) to portal_app`,
		by: []string{"TestAttack/SQL/objects/69_SQL_given_as_text", "TestDangerous_NoFunctionRunsText"}, lints: []string{"dangerous_function_executable"},
	},
	{
		name: "statements-of-others-shown", sql: `grant execute on function pg_catalog.pg_stat_get_backend_activity(integer) to portal_app`,
		by: []string{"TestAttack/SQL/objects/62_what_other_sessions_do", "TestDangerous_NoFunctionShowsOtherSessions"}, lints: []string{"dangerous_function_executable"},
	},
	{
		name: "sql-from-text-granted", sql: `grant execute on function pg_catalog.query_to_xml(text, boolean, boolean, text) to public`,
		by: []string{"TestAttack/SQL/objects/69_SQL_given_as_text"}, lints: []string{"dangerous_function_executable"},
	},
	{
		name: "secrets-shown-to-inspector", sql: `grant select (key_ciphertext) on portal.api_keys to portal_inspector`,
		by: []string{"TestDoors_OfDBAs"}, lints: []string{"column_grant_leak"},
	},
	{
		name: "inspector-writes", sql: `grant insert, delete on portal.locations to portal_inspector`,
		by: []string{"TestDoors_OfDBAs"}, lints: []string{"policy_drift"},
	},
	{
		name: "auditor-reads-data", sql: `grant usage on schema portal to portal_auditor; grant select on portal.users to portal_auditor`,
		by: []string{"TestDoors_OfDBAs"}, lints: []string{"policy_drift"},
	},
	{
		name: "hashes-shown-to-app", sql: `grant select (password_hash) on platform.logins to portal_app`,
		by: []string{"TestAttack/SQL/objects/121_what_others_were_told"}, lints: []string{"column_grant_leak"},
	},
	{
		name: "sessions-shown-to-app", sql: `grant select on platform.sessions to portal_app`,
		by: []string{"TestAttack/SQL/objects/121_what_others_were_told"}, lints: []string{"policy_drift"},
	},
	{
		name: "audit-log-updatable", sql: `grant update on platform.audit_log to portal_app`,
		by: []string{"TestAuditLog_IsAppendOnlyAndNamesNobodyElse"}, lints: []string{"policy_drift"},
	},
	{
		name: "audit-log-deletable", sql: `grant delete on platform.audit_log to portal_app`,
		by: []string{"TestAuditLog_IsAppendOnlyAndNamesNobodyElse"}, lints: []string{"policy_drift"},
	},
	{
		name: "audit-log-names-anybody", sql: `grant insert (actor_user_id, actor_name) on platform.audit_log to portal_app`,
		by: []string{"TestAuditLog_IsAppendOnlyAndNamesNobodyElse"}, lints: []string{"policy_drift"},
	},
	{
		name: "sequence-settable", sql: `grant update on sequence portal.locations_id_seq to portal_app`,
		by: []string{"TestAttack/SQL/objects/58_sequences"}, lints: []string{"sequence_granted_update"},
	},
	{
		name: "limits-changed-by-customer", sql: `grant update (max_users) on platform.customers to portal_app`,
		by: []string{"TestAttack/SQL/objects/110_opening_a_company"}, lints: []string{"policy_drift"},
	},
	{
		name: "usage-written-by-customer", sql: `grant update on platform.usage to portal_app`,
		by: []string{"TestAttack/SQL/objects/110_opening_a_company"}, lints: []string{"policy_drift"},
	},
	{
		name: "login-role-changed-by-customer", sql: `grant update (role) on platform.logins to portal_app`,
		by: []string{"TestDoors_OfUsers"}, lints: []string{"policy_drift"},
	},
	{
		name: "guest-reads-properties",
		sql: `create policy guests on portal.locations to portal_auth using ` + wall + `;
			grant select on portal.locations to portal_auth`,
		by: []string{"TestEntry_OfAGuest"}, lints: []string{"policy_drift"},
	},
	{
		name: "guest-changes-roles", sql: `grant update (role) on portal.users to portal_auth`,
		by: []string{"TestEntry_OfAGuest"}, lints: []string{"policy_drift"},
	},
	{
		name: "platform-reads-tenants",
		sql: `grant usage on schema portal to portal_platform;
			grant select on portal.users to portal_platform`,
		by: []string{"TestAttack/SQL/objects/42_tables,_as_portal_platform"}, lints: []string{"policy_drift"},
	},
	{
		name: "enter-by-the-log-in-pool", sql: `grant execute on procedure tenancy.enter(text, text, bigint, text, bigint, uuid, boolean) to portal_auth`,
		by: []string{"TestContext_EachEntryIsOfOneRole"}, lints: []string{"secdef_executable_by_app"},
	},
	{
		name: "enter-guest-by-the-app", sql: `grant execute on procedure tenancy.enter_guest(text, text) to portal_app`,
		by: []string{"TestContext_EachEntryIsOfOneRole"}, lints: []string{"secdef_executable_by_app"},
	},
	{
		name: "enter-operator-by-anybody", sql: `grant execute on procedure tenancy.enter_operator(bigint, uuid, boolean) to public`,
		by: []string{"TestContext_EachEntryIsOfOneRole"}, lints: []string{"public_grant"},
	},
	{
		name: "usage-counted-by-anybody", sql: `grant execute on function tenancy.count_usage(text, bigint, bigint) to portal_app`,
		by: []string{"TestAttack/SQL/objects/110_opening_a_company"}, lints: []string{"secdef_executable_by_app"},
	},
}
