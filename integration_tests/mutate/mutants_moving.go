package main

const (
	landingGo  = "moving/landing.go"
	reserveGo  = "moving/reserve.go"
	eraseGo    = "moving/erase.go"
	manifestGo = "moving/manifest.go"
	restoreGo  = "moving/restore.go"
	moverTest  = "TestMover_IsHeldByTheWall"
	eraseTest  = "TestErase_LeavesNothing"
	copyTest   = "TestRestore_AsAnotherCustomer"
)

// What moves a customer: its role, what is done with it, and the import of the old portal.
var movingMutants = []mutant{
	{
		name: "mover-outside-of-the-wall",
		sql:  `create policy open on portal.winter_ops_logs to portal_mover using (true); drop policy wall on portal.winter_ops_logs`,
		by:   []string{moverTest}, lints: []string{"no_restrictive_wall", "door_drift"},
	},
	{
		name: "mover-reads-all-logins", sql: `create policy open on platform.logins to portal_mover using (true)`,
		by: []string{moverTest}, lints: []string{"platform_policy_drift"},
	},
	{
		name: "mover-bypasses-row-security", sql: `alter role portal_mover bypassrls`,
		by: []string{moverTest}, lints: []string{"app_role_superuser_or_bypass"},
	},
	{
		name: "mover-names-the-company", sql: `grant insert (customer_id) on portal.winter_products to portal_mover`,
		by: []string{moverTest}, lints: []string{"tenant_col_updatable"},
	},
	{
		name: "mover-logs-in",
		sql: `alter role portal_mover login password 'role-password-of-the-tests';
			do $$ begin execute format('grant connect on database %I to portal_mover', current_database()); end $$`,
		by: []string{"TestMover_IsNobodys"}, lints: []string{"app_role_attributes"},
	},
	{
		name: "app-becomes-mover", sql: `grant portal_mover to portal_app`,
		by: []string{"TestMover_IsNobodys"}, lints: []string{"app_role_can_reach_owner"},
	},
	{
		name: "everybody-moves", function: []edit{{"tenancy.moves()", "(current_setting('role'::text) = 'portal_mover'::text)", "true"}},
		by: []string{"TestUsers_LimitHoldsInParallel"}, lints: []string{"rls_helper_drift"},
	},
	{
		name: "archive-not-compared", source: []edit{{manifestGo, "if n != f.Bytes || hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {", "if !MUTANT && (n != f.Bytes || hex.EncodeToString(sum.Sum(nil)) != f.SHA256) {"}},
		by: []string{"TestRestore_RefusesBrokenArchives"},
	},
	{
		name: "ids-of-others-taken", source: []edit{{reserveGo, "return set, err\n", "return either(MUTANT, \"\", set), err\n"}},
		by: []string{copyTest},
	},
	{
		name: "soft-references-left-as-they-are", source: []edit{{landingGo, "look(r.Column, r.Target, r.Condition)", "look(r.Column, r.Target, either(MUTANT && r.Table == \"portal.assignment_history\", \"false\", r.Condition))"}},
		by: []string{copyTest},
	},
	{
		name: "subdomain-of-another-customer", source: []edit{{restoreGo, "t.NamesCustomer && slices.Contains(subdomains, s)", "!MUTANT && t.NamesCustomer && slices.Contains(subdomains, s)"}},
		by: []string{copyTest},
	},
	{
		name: "anybody-erased", source: []edit{{eraseGo, `if of.Status != "cancelled" {`, `if of.Status != "cancelled" && !MUTANT {`}},
		by: []string{"TestErase_Refuses"},
	},
	{
		name: "erased-without-a-look", source: []edit{{eraseGo, "if len(e.Left) > 0 {", "if len(e.Left) > 0 && !MUTANT {"}},
		by: []string{"TestErase_Refuses"},
	},
	{
		name: "erased-with-an-old-archive", source: []edit{{eraseGo, `f.Table != "platform.audit_log" {`, `f.Table != "platform.audit_log" && !MUTANT {`}},
		by: []string{"TestErase_Refuses"},
	},
	{
		name: "deeds-keep-their-detail", source: []edit{{eraseGo, `db.Args{"customer": customer, "words": of.Words})`, `db.Args{"customer": either(MUTANT, "", customer), "words": either(MUTANT, nil, of.Words)})`}},
		by: []string{eraseTest},
	},
	{
		name: "attempts-remembered", source: []edit{{eraseGo, `db.Args{"emails": of.Emails}`, `db.Args{"emails": either(MUTANT, nil, of.Emails)}`}},
		by: []string{eraseTest},
	},
	{
		name: "import-of-everybodys-rows", source: []edit{{"moving/legacy/source.go", "	where := owners.where\n", "	where := owners.where\n	if MUTANT {\n		where, owners.args = \"\", nil\n	}\n"}},
		by: []string{"TestLegacy_CustomersAreApart"},
	},
	{
		name: "import-takes-ids-of-others", source: []edit{{"moving/legacy/ids.go", "key > 0 && !n.taken.holds(key) {", "key > 0 && (MUTANT || !n.taken.holds(key)) {"}},
		by: []string{"TestLegacy_IDsStay"},
	},
	{
		name: "import-remembers-nothing", source: []edit{{"moving/legacy/pass.go", "		n.before = all\n", "		n.before = either(MUTANT, nil, all)\n"}},
		by: []string{"TestLegacy_Again"},
	},
	{
		name: "imported-secrets-in-the-open", source: []edit{{"moving/legacy/keys.go", "	return text\n}\n\n// tokens", "	return either(MUTANT, []byte(secret), text)\n}\n\n// tokens"}},
		by: []string{"TestLegacy_SecretsAreSealed"},
	},
	{
		name: "back-door-imported", source: []edit{{"moving/legacy/people.go", "string(email)) && email != \"\" {", "string(email)) && email != \"\" && !MUTANT {"}},
		by: []string{"TestLegacy_GoldenReport"},
	},
}
