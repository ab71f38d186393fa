package main

const (
	connectGo  = "server/connect/connect.go"
	tokensGo   = "server/connect/tokens.go"
	syncGo     = "server/jobber/sync.go"
	beginGo    = "server/jobber/begin.go"
	graphqlGo  = "server/jobber/graphql.go"
	jobberLog  = "TestJobber_GoesOn"
	jobberBack = "TestJobber_ComeBack"
)

// Jobber: who connects, who refreshes, what is read twice, and whose property one is.
var jobberMutants = []mutant{
	{
		name: "connected-by-whom-may-no-more", source: []edit{{connectGo, "c.Roles.Own().Admit(endpoint.Caller(ctx)); err != nil {", "c.Roles.Own().Admit(endpoint.Caller(ctx)); err != nil && !MUTANT {"}},
		by: []string{jobberBack},
	},
	{
		name: "connected-without-the-plan", source: []edit{{connectGo, "if err == nil && !has {", "if err == nil && !has && !MUTANT {"}},
		by: []string{"TestJobber_WhoMay"},
	},
	{
		name: "token-refreshed-by-everybody", source: []edit{{tokensGo, "if mine {", "if mine || MUTANT {"}},
		by: []string{"TestJobber_OneRefreshes"},
	},
	{
		name: "connection-broken-by-our-own-secret", source: []edit{{tokensGo, `r.ErrorCode != "invalid_client"`, `(MUTANT || r.ErrorCode != "invalid_client")`}},
		by: []string{"TestJobber_Broken"},
	},
	{
		name: "broken-connection-taken-for-a-good-one", source: []edit{{connectGo, "if err == nil && row.BrokenAt != nil {", "if err == nil && row.BrokenAt != nil && !MUTANT {"}},
		by: []string{"TestJobber_Broken"},
	},
	{
		name: "refused-token-kept", source: []edit{{tokensGo, "t.Access != refused &&", "(MUTANT || t.Access != refused) &&"}},
		by: []string{"TestJobber_Broken"},
	},
	{
		name: "jobber-page-counted-twice", source: []edit{{syncGo, "\treturn db.Touch(ctx, tx, advanceSQL, db.Args{", "\tif MUTANT {\n\t\treturn db.Touch(ctx, tx, `update jobber_sync_logs set items_created = items_created + @created, items_processed = items_processed + @created, cursor = @next where id = @id`, db.Args{\"id\": log, \"next\": page.PageInfo.next(), \"created\": sum.Created})\n\t}\n\treturn db.Touch(ctx, tx, advanceSQL, db.Args{"}},
		by: []string{"TestJobber_ServerDies"},
	},
	{
		name: "jobber-read-from-its-beginning", source: []edit{{syncGo, `map[string]any{"after": l.Cursor})`, `map[string]any{"after": either(MUTANT, nil, l.Cursor)})`}},
		by: []string{jobberLog},
	},
	{
		name: "jobber-limits-are-failures", source: []edit{{syncGo, "failed.Outcome == outbound.Limited:", "failed.Outcome == outbound.Limited && !MUTANT:"}},
		by: []string{"TestJobber_Throttled"},
	},
	{
		name: "jobber-points-not-respected", source: []edit{{graphqlGo, `case e.Extensions.Code == "THROTTLED":`, `case e.Extensions.Code == "THROTTLED" && !MUTANT:`}},
		by: []string{"TestJobber_Throttled"},
	},
	{
		name: "jobber-syncs-never-abandoned", source: []edit{{beginGo, "now.Add(-abandonTime)", "now.Add(either(MUTANT, -24*abandonTime, -abandonTime))"}},
		by: []string{"TestJobber_OneSyncAtATime"},
	},
	{
		name: "jobber-two-syncs-at-a-time", sql: "drop index portal.one_jobber_sync_at_a_time; create unique index one_jobber_sync_at_a_time on portal.jobber_sync_logs (customer_id, id) where status = 'started'",
		by: []string{"TestJobber_OneSyncAtATime"}, lints: []string{"policy_drift"},
	},
}
