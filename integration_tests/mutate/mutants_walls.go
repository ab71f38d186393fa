package main

// The walls, the doors, and what they ask.

const wall = "(customer_id = (select tenancy.customer_id()))"

var wallMutants = []mutant{
	{
		name: "wall-dropped", sql: `drop policy wall on portal.locations`,
		by: []string{"TestLayers_EachHoldsAlone/walls"}, lints: []string{"no_restrictive_wall"},
	},
	{
		name: "wall-permissive",
		sql: `drop policy wall on portal.routes;
			create policy wall on portal.routes as permissive using ` + wall + ` with check ` + wall,
		by: []string{"TestLayers_EachHoldsAlone/walls"}, lints: []string{"no_restrictive_wall", "to_public"},
	},
	{
		name: "wall-using-true", sql: `alter policy wall on portal.winter_ops_logs using (true)`,
		by: []string{"TestLayers_EachHoldsAlone/walls"}, lints: []string{"always_true", "wall_not_canonical"},
	},
	{
		name: "wall-check-true", sql: `alter policy wall on portal.locations with check (true)`,
		by: []string{"TestLayers_EachHoldsAlone/walls"}, lints: []string{"with_check_weaker_than_using", "wall_not_canonical"},
	},
	{
		name: "wall-check-omitted",
		sql: `drop policy wall on portal.winter_products;
			create policy wall on portal.winter_products as restrictive for select using ` + wall,
		by: []string{"TestLayers_EachHoldsAlone/walls"}, lints: []string{"no_restrictive_wall"},
	},
	{
		name: "wall-open-without-context", sql: `alter policy wall on portal.locations using (customer_id = (select tenancy.customer_id()) or (select tenancy.customer_id()) is null)`,
		by: []string{"TestLayers_EachHoldsAlone/walls"}, lints: []string{"null_context_disjunct", "wall_not_canonical"},
	},
	{
		name: "wall-or-admin", sql: `alter policy wall on portal.routes using (customer_id = (select tenancy.customer_id()) or (select tenancy.role()) = 'Admin')`,
		by: []string{"TestLayers_EachHoldsAlone/walls"}, lints: []string{"guc_admin_bypass"},
	},
	{
		name: "wall-by-pattern", sql: `alter policy wall on portal.locations using (customer_id like (select tenancy.customer_id()))`,
		by: []string{"TestLayers_EachHoldsAlone/walls"}, lints: []string{"pattern_match_on_context"},
	},
	{
		name: "wall-by-prefix", sql: `alter policy wall on portal.locations using (starts_with(customer_id, (select tenancy.customer_id())))`,
		by: []string{"TestLayers_EachHoldsAlone/walls"}, lints: []string{"wall_not_canonical"},
	},
	{
		name: "wall-for-the-api-only", sql: `alter policy wall on portal.locations to portal_app`,
		by: []string{"TestLayers_EachHoldsAlone/walls"}, lints: []string{"no_restrictive_wall"},
	},
	{
		name: "door-using-true", sql: `alter policy app_door on portal.locations using (true)`,
		by: []string{"TestLayers_EachHoldsAlone/doors"}, lints: []string{"door_drift", "always_true"},
	},
	{
		name: "door-check-true", sql: `alter policy app_door on portal.equipment_rates with check (true)`,
		by: []string{"TestLayers_EachHoldsAlone/doors"}, lints: []string{"door_drift", "with_check_weaker_than_using"},
	},
	{
		name: "door-of-inspector-true", sql: `alter policy inspector_door on portal.locations using (true)`,
		by: []string{"TestLayers_EachHoldsAlone/doors"}, lints: []string{"door_drift", "always_true"},
	},
	{
		name: "door-of-guest-true", sql: `alter policy guest_door on portal.users using (true)`,
		by: []string{"TestLayers_EachHoldsAlone/doors"}, lints: []string{"door_drift", "always_true"},
	},
	{
		name: "answers-read-by-colleagues", sql: `alter policy portal_app_persons on platform.idempotency_keys using ` + wall + ` with check ` + wall,
		by: []string{"TestDoors_OfIdempotencyKeys"}, lints: []string{"platform_policy_drift"},
	},
	{
		name: "answers-read-by-operators", sql: `alter policy portal_platform_operators on platform.idempotency_keys using (true)`,
		by: []string{"TestDoors_OfIdempotencyKeys"}, lints: []string{"platform_policy_drift", "always_true"},
	},
	{
		name: "door-of-users-opened", sql: `alter policy app_door on portal.users with check ` + wall,
		by: []string{"TestDoors_OfUsers"}, lints: []string{"door_drift"},
	},
	{
		name: "bar-of-logins-lifted", sql: `drop policy own_login on platform.logins`,
		by: []string{"TestDoors_OfSecrets"}, lints: []string{"platform_policy_drift", "secret_written_by_all"},
	},
	{
		name: "bar-of-logins-of-the-company", sql: `alter policy own_login on platform.logins using ` + wall,
		by: []string{"TestDoors_OfSecrets"}, lints: []string{"platform_policy_drift", "secret_written_by_all"},
	},
	{
		name: "bar-of-invitations-lifted", sql: `drop policy admin_invites on platform.invitations`,
		by: []string{"TestDoors_OfSecrets"}, lints: []string{"platform_policy_drift", "secret_written_by_all"},
	},
	{
		name: "bar-of-service-tokens-lifted", sql: `drop policy admin_issues on platform.service_tokens`,
		by: []string{"TestDoors_OfSecrets"}, lints: []string{"platform_policy_drift", "secret_written_by_all"},
	},
	{
		name: "bar-of-operators-lifted", sql: `drop policy own_account on platform.operators`,
		by: []string{"TestDoors_OfSecretsOfOperators"}, lints: []string{"platform_policy_drift", "secret_written_by_all"},
	},
	{
		name: "bar-of-operators-invitations-lifted", sql: `drop policy own_invitation on platform.invitations`,
		by: []string{"TestDoors_OfSecretsOfOperators"}, lints: []string{"platform_policy_drift", "secret_written_by_all"},
	},
	{
		name: "door-of-keys-opened", sql: `alter policy app_door on portal.api_keys using ` + wall + ` with check ` + wall,
		by: []string{"TestDoors_OfAnActingOperator"}, lints: []string{"door_drift"},
	},
	{
		name: "no-force", sql: `alter table portal.locations no force row level security`,
		by: []string{"TestAttack/SQL/objects/36_the_owner,_under_force"}, lints: []string{"rls_not_forced"},
	},
	{
		name: "no-force-on-platform", sql: `alter table platform.invitations no force row level security`,
		by: []string{"TestAttack/SQL/objects/36_the_owner,_under_force"}, lints: []string{"rls_not_forced"},
	},
	{
		name: "rls-disabled", sql: `alter table portal.property_lists disable row level security`,
		by: []string{"TestAttack/SQL/context/1_never_entered", "TestAmnesia_ReadsOwnCompanyOnly"}, lints: []string{"rls_disabled", "policy_but_rls_off"},
	},
	{
		name: "rls-disabled-on-platform", sql: `alter table platform.service_tokens disable row level security`,
		by: []string{"TestAttack/SQL/context/1_never_entered"}, lints: []string{"rls_disabled"},
	},
	{
		name: "platform-logins-widened", sql: `alter policy portal_app_own on platform.logins using (true)`,
		by: []string{"TestAttack/SQL/context/1_never_entered"}, lints: []string{"platform_policy_drift"},
	},
	{
		name: "platform-customers-widened", sql: `alter policy portal_app_own on platform.customers using (true)`,
		by: []string{"TestAttack/SQL/context/1_never_entered"}, lints: []string{"platform_policy_drift"},
	},
	{
		name: "platform-invitations-widened", sql: `alter policy portal_app_own on platform.invitations using (true) with check (true)`,
		by: []string{"TestAttack/SQL/context/1_never_entered"}, lints: []string{"platform_policy_drift"},
	},
	{
		name: "audit-log-widened", sql: `alter policy portal_app_own on platform.audit_log using (true)`,
		by: []string{"TestAttack/SQL/context/1_never_entered"}, lints: []string{"platform_policy_drift"},
	},
	{
		name: "operators-granted", sql: `grant select (name, email) on platform.operators to portal_app`,
		by: []string{"TestAttack/SQL/objects/121_what_others_were_told"}, lints: []string{"policy_drift"},
	},
}
