package main

// Attributes, memberships and settings of the roles, which belong to the whole cluster.
var roleMutants = []mutant{
	{
		name: "app-bypasses-row-security", sql: `alter role portal_app bypassrls`,
		by: []string{"TestAttack/SQL/context/1_never_entered"}, lints: []string{"app_role_superuser_or_bypass"},
	},
	{
		name: "app-is-superuser", sql: `alter role portal_app superuser`,
		by: []string{"TestInjection_SwitchesNoCompany"}, lints: []string{"app_role_superuser_or_bypass"},
	},
	{
		name: "inspector-bypasses-row-security", sql: `alter role portal_inspector bypassrls`,
		by: []string{"TestDoors_OfDBAs"}, lints: []string{"app_role_superuser_or_bypass"},
	},
	{
		name: "owner-bypasses-row-security", sql: `alter role portal_owner bypassrls`,
		by: []string{"TestAttack/SQL/objects/36_the_owner,_under_force"}, lints: []string{"owner_role_unsafe"},
	},
	{
		name: "app-makes-roles", sql: `alter role portal_app createrole`,
		by: []string{"TestAttack/SQL/objects/35_attributes_of_the_role"}, lints: []string{"app_role_attributes"},
	},
	{
		name: "app-becomes-owner", sql: `grant portal_owner to portal_app`,
		by: []string{"TestInjection_SwitchesNoCompany"}, lints: []string{"app_role_can_reach_owner"},
	},
	{
		name: "app-becomes-backup", sql: `grant portal_backup to portal_app`,
		by: []string{"TestAttack/SQL/objects/37_becoming_another_role"}, lints: []string{"app_role_can_reach_owner"},
	},
	{
		name: "app-reads-everything", sql: `grant pg_read_all_data to portal_app`,
		by: []string{"TestAttack/SQL/objects/121_what_others_were_told"}, lints: []string{"app_role_member_of_predefined"},
	},
	{
		name: "app-owns-a-table", sql: `alter table portal.locations owner to portal_app`,
		by: []string{"TestAttack/SQL/objects/36_the_wall_taken_away"}, lints: []string{"app_role_owns", "wrong_owner"},
	},
	{
		name: "company-planted-in-a-role", sql: `alter role portal_app set app.customer_id = 'BBBB33333'`,
		by: []string{"TestAttack/SQL/context/1_never_entered"}, lints: []string{"role_config_tampered"},
	},
	{
		name: "company-planted-in-all-roles", sql: `alter role all set app.customer_id = 'BBBB33333'`,
		by: []string{"TestAttack/SQL/context/1_never_entered"}, lints: []string{"role_config_tampered"},
	},
}
