package main

import "strings"

const (
	gateChange   = "tenancy.gate_change()"
	gateRefuses  = "TestGate_RefusesWhatTakesIsolationAway"
	signs        = "tenancy.sign_exception()"
	signedTest   = "TestExceptions_AreSigned"
	ownGo        = "db/audit/own.go"
	tamperedTest = "TestTampering_IsFound"
)

// What looks after the walls: the audit, what it compares with, and the gate.
var auditMutants = []mutant{
	{
		name: "baseline-without-columns",
		sql: `delete from tenancy.baseline where kind = 'column';
			alter function tenancy.posture_facts(text[]) rename to all_facts;
			create function tenancy.posture_facts(kinds text[]) returns table (kind text, object text, fact text) language sql stable
			as $$ select * from tenancy.all_facts(kinds) f where f.kind <> 'column' $$`,
		by: []string{"TestDrift_StaysAfterMigrate"}, lints: []string{"rls_helper_drift"},
	},
	{
		name: "exceptions-signed-by-anybody", function: []edit{{signs, "new.made_by := session_user;", ""}},
		by: []string{signedTest}, lints: []string{"rls_helper_drift"},
	},
	{
		name: "exceptions-of-any-day", function: []edit{{signs, "new.made_on := current_date;", ""}},
		by: []string{signedTest}, lints: []string{"rls_helper_drift"},
	},
	{
		name: "exceptions-of-everything", function: []edit{{signs, "new.object ~ '%'", "false"}},
		by: []string{signedTest}, lints: []string{"rls_helper_drift"},
	},
	{
		name: "exceptions-unsigned", sql: "drop trigger sign on tenancy.audit_exceptions",
		by: []string{signedTest}, lints: []string{"policy_drift"},
	},
	reachWithout("rules", "rule"),
	reachWithout("memberships", "set role"),
	reachWithout("views", "view"),
	reachWithout("functions", "function"),
	{
		name: "gate-lets-definers-be", function: []edit{{gateChange, "and p.prosecdef", "and false"}},
		by: []string{gateRefuses}, lints: []string{"rls_helper_drift"},
	},
	{
		name: "gate-looks-away-from-grants", function: []edit{{gateChange, "(p.oid = d.objid or d.command_tag = 'GRANT')", "p.oid = d.objid"}},
		by: []string{gateRefuses}, lints: []string{"rls_helper_drift"},
	},
	{
		name: "gate-forgets-what-a-table-gets", function: []edit{{gateChange, "where i.inhparent = d.objid", "where false"}},
		by: []string{"TestGate_ClosesWhatATableGets"}, lints: []string{"rls_helper_drift"},
	},
	{
		name: "audit-takes-any-text-for-its-own", source: []edit{{ownGo, "case !same:", "case !same && !MUTANT:"}},
		by: []string{tamperedTest},
	},
	{
		name: "audit-lets-others-be-added", source: []edit{{ownGo, "_, err = pgx.ForEachRow(rows, []any{&kind, &name}, func() error {", "_, err = pgx.ForEachRow(rows, []any{&kind, &name}, func() error {\n\t\tif MUTANT {\n\t\t\treturn nil\n\t\t}"}},
		by: []string{tamperedTest},
	},
}

// reachWithout leaves one way of reaching a table out.
func reachWithout(what, how string) mutant {
	return mutant{
		name: "reach-without-" + what,
		sql: strings.ReplaceAll(`do $$ begin execute 'create or replace view tenancy.reach as select * from (' || rtrim(pg_get_viewdef('tenancy.reach'::regclass), ';')
			|| ') as r where r.how <> ''HOW'''; end $$`, "HOW", how),
		by: []string{"TestReach_IsWhatRolesCanDo"}, lints: []string{"policy_drift"},
	}
}
