package database

import (
	"slices"
	"testing"

	"contractor-portal/integration_tests/harness"
)

// A table that somebody left in schema portal stops no server, as long as nobody can reach it; then it does.
func TestAudit_StrayTable(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	errors := func() int {
		t.Helper()
		return harness.Query[int](p, `select count(*) from tenancy.audit('error')`)
	}
	p.Exec(`create table portal.scratch (id int)`)
	p.Exec(`create table portal.scratch_two (id int, customer_id int)`)
	if n := errors(); n != 0 {
		t.Errorf("two tables that nobody can reach are %d errors: %q", n,
			harness.Query[[]string](p, `select array_agg(lint || ' ' || object) from tenancy.audit('error')`))
	}
	const warnings = `select array_agg(distinct object order by object) from tenancy.audit('warning') where lint = $1`
	for _, lint := range []string{"stray_table", "no_restrictive_wall"} {
		want := []string{"portal.scratch", "portal.scratch_two"}
		if found := harness.Query[[]string](p, warnings, lint); !slices.Equal(found, want) {
			t.Errorf("%s warns of %q, want %q", lint, found, want)
		}
	}

	p.Exec(`grant select on portal.scratch to portal_app`)
	const found = `select array_agg(distinct object order by object) from tenancy.audit('error') where object like 'portal.scratch%'`
	if objects := harness.Query[[]string](p, found); errors() == 0 || !slices.Equal(objects, []string{"portal.scratch"}) {
		t.Errorf("one that portal_app can read: %d errors, about %q", errors(), objects)
	}
}
