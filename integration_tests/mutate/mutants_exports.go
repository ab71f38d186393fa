package main

const (
	downloadGo = "server/exports/download.go"
	makingGo   = "server/exports/making.go"
	exportsGo  = "server/exports/exports.go"
	wholeTest  = "TestExports_TheCompanysOwnAndOnce"
	brokenTest = "TestExports_ADownloadBreaksOff"
)

// All data of a company as one file.
var exportMutants = []mutant{
	{
		name: "export-read-by-any-member",
		sql: `alter policy app_door on portal.customer_export_parts using (customer_id = (select tenancy.customer_id()) and (select tenancy.acting_as()) is null)
			with check (customer_id = (select tenancy.customer_id()) and (select tenancy.acting_as()) is null)`,
		by: []string{"TestDoors_OfAnExport"}, lints: []string{"door_drift"},
	},
	{
		name: "export-taken-along-by-an-operator",
		sql: `alter policy app_door on portal.customer_export_parts using (customer_id = (select tenancy.customer_id()) and (select tenancy.role()) = 'Admin')
			with check (customer_id = (select tenancy.customer_id()) and (select tenancy.role()) = 'Admin')`,
		by: []string{"TestDoors_OfAnActingOperator"}, lints: []string{"door_drift"},
	},
	{
		name: "export-of-two-companies", sql: `create policy open on portal.locations to portal_worker using (true); drop policy wall on portal.locations`,
		by: []string{wholeTest}, lints: []string{"no_restrictive_wall", "door_drift"},
	},
	entered("export-kept-for-ever", prune, "where e.expires_at < by_now", "where e.expires_at < by_now - interval '100 years'", "TestExports_Expire"),
	{
		name: "export-works-twice", source: []edit{{downloadGo, "err != nil || part < t.Parts-1 {", "err != nil || part < t.Parts-1 || MUTANT {"}},
		by: []string{wholeTest},
	},
	{
		name: "export-to-two-at-once", source: []edit{
			{downloadGo, "(e.taken_until is null", "(@loose or e.taken_until is null"},
			{downloadGo, `db.Args{"id": in.ExportID, "now"`, `db.Args{"loose": MUTANT, "id": in.ExportID, "now"`},
		},
		by: []string{brokenTest},
	},
	{
		name: "export-to-who-lost-it", source: []edit{
			{downloadGo, "    and e.taken_by = @by::uuid", "    and (@loose or e.taken_by = @by::uuid)"},
			{downloadGo, `db.Args{"id": t.ID, "by": t.By, "part"`, `db.Args{"loose": MUTANT, "id": t.ID, "by": t.By, "part"`},
		},
		by: []string{brokenTest},
	},
	{
		name: "export-after-its-day", source: []edit{
			{downloadGo, "  and e.expires_at > @now", "  and (@late or e.expires_at > @now)"},
			{downloadGo, `"now": endpoint.Now(ctx), "seconds": held.Seconds()})`, `"now": endpoint.Now(ctx), "seconds": held.Seconds(), "late": MUTANT})`},
		},
		by: []string{"TestExports_Expire"},
	},
	{
		name: "export-downloaded-by-an-operator", source: []edit{{exportsGo, `"application/zstd", download, admin.Own(),`, `"application/zstd", download, either(MUTANT, admin, admin.Own()),`}},
		by: []string{wholeTest},
	},
	{
		name: "export-for-who-is-no-admin", source: []edit{{makingGo, "Role() != auth.Admin {", "Role() != auth.Admin && !MUTANT {"}},
		by: []string{"TestExports_Fail"},
	},
	{
		name: "export-leaves-unseen", source: []edit{{downloadGo, `return record(ctx, tx, "export.download_begun", t.ID, nil)`, "if MUTANT {\n\t\t\treturn nil\n\t\t}\n\t\treturn record(ctx, tx, \"export.download_begun\", t.ID, nil)"}},
		by: []string{wholeTest},
	},
}
