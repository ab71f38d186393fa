package database

import (
	"slices"
	"strings"
	"testing"

	"contractor-portal/db/audit"
	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/policies"
)

// ownAudit is what portal audit says of itself: the objects that are not what the program installs.
func ownAudit(t *testing.T, url string) (objects []string) {
	t.Helper()
	var own []audit.Definition
	for _, d := range policies.Definitions() {
		own = append(own, audit.Definition(d))
	}
	report, err := install.Audit(t.Context(), url, own...)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		if f.Lint == audit.Tampered.Name {
			objects = append(objects, f.Severity+" "+f.Object)
		}
	}
	return objects
}

// Whoever bends the audit itself, so that it finds nothing, is found by the program.
func TestTampering_IsFound(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	url := harness.Suite.Cluster.URL("", p.Database)
	if found := ownAudit(t, url); len(found) != 0 {
		t.Fatalf("on a fresh database: %q", found)
	}
	const empty = `do $$ begin execute 'create or replace view tenancy.NAME as select * from (' || rtrim(pg_get_viewdef('tenancy.NAME'::regclass), ';') || ') as v where false'; end $$`
	var want []string
	for object, sql := range map[string]string{
		"lint_rls_disabled": strings.ReplaceAll(empty, "NAME", "lint_rls_disabled"),
		"findings":          strings.ReplaceAll(empty, "NAME", "findings"),
		"needed_functions":  strings.ReplaceAll(empty, "NAME", "needed_functions"),
		"our_tables":        strings.ReplaceAll(empty, "NAME", "our_tables"),
		"lint_orphan":       `drop view tenancy.lint_orphan`,
		"audit": `create or replace function tenancy.audit(p_severity text default null) returns table (lint text, severity text, object text, detail text, remedy text)
			language plpgsql stable set search_path = pg_catalog, pg_temp set jit = off as $$ begin end $$`,
		"posture_facts":    `alter function tenancy.posture_facts(text[]) volatile`,
		"wall":             `create or replace function tenancy.wall() returns text language sql immutable parallel safe return 'true'`,
		"sign_exception":   `alter function tenancy.sign_exception() reset search_path`,
		"lint_planted":     `create view tenancy.lint_planted as select 1 as one`,
		"planted(integer)": `create function tenancy.planted(int) returns int language sql return 1`,
	} {
		p.Run(sql, harness.PastTheGate(sql))
		want = append(want, "error tenancy."+object)
	}
	found := ownAudit(t, url)
	for _, w := range want {
		if !slices.Contains(found, w) {
			t.Errorf("%s is not found: %q", w, found)
		}
	}
	if auditor := ownAudit(t, harness.Suite.Cluster.URL("portal_auditor", p.Database)); !slices.Equal(auditor, []string{"info schema tenancy"}) {
		t.Errorf("portal_auditor, who can make nothing, is told %q", auditor)
	}
}
