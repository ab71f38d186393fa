package database

import (
	"strings"
	"testing"

	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
)

// A migration that takes away what a shape shows says how it is done, and one that does it so finds the shape made
// anew, by the caller's rights as before.
func TestShapes_AreMadeAnewAfterMigrations(t *testing.T) {
	t.Parallel()
	database := emptyDatabase(t, harness.Suite.Cluster)
	o := harness.Options(harness.Suite.Cluster, database)
	up(t, o)
	const taken = `alter table portal.locations drop column sqft; alter table portal.locations add column sqft bigint;`
	err := install.Up(t.Context(), extended(t, []string{taken}), o)
	if err == nil || !strings.Contains(err.Error(), "portal.properties") || !strings.Contains(err.Error(), "drops first the view") {
		t.Errorf("got %v", err)
	}
	if err := install.Up(t.Context(), extended(t, []string{`drop view portal.properties; ` + taken}), o); err != nil {
		t.Fatal(err)
	}
	var anew bool
	err = harness.ConnectAs(t, "", database).QueryRow(t.Context(), `
		select c.reloptions = array['security_invoker=true'] and c.relowner = 'portal_owner'::regrole and a.atttypid = 'bigint'::regtype
		from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'sqft'
		where c.oid = 'portal.properties'::regclass`).Scan(&anew)
	if err != nil || !anew {
		t.Errorf("the shape is not as it was: %v", err)
	}
}
