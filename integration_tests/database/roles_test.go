package database

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"contractor-portal/db"
	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/schema"
	"contractor-portal/server"
)

// The server opens no pool for a role that row security does not hold for. Its roles would be findings
// in every database of a cluster, so this one is the test's own.
func TestRoles_ServerRefusesUnsafeOnes(t *testing.T) {
	t.Parallel()
	c := harness.OwnCluster(t)
	const database = "portal"
	if err := harness.Execute(t.Context(), c.URL("", "postgres"), "create database "+database); err != nil {
		t.Fatal(err)
	}
	up(t, harness.Options(c, database))
	safe := db.Config{App: c.URL("portal_app", database), Auth: c.URL("portal_auth", database), Platform: c.URL("portal_platform", database)}
	d, err := db.Open(t.Context(), safe)
	if err != nil {
		t.Fatalf("the safe roles are refused: %v", err)
	}
	d.Close()

	for _, unsafe := range []struct {
		name    string
		make    []string // %[1]s is the role's name
		refusal string
	}{
		{"bypasses row security", []string{"alter role %[1]s bypassrls"}, "bypasses row security"},
		{"owns a table", []string{"create table public.%[1]s (id int)", "alter table public.%[1]s owner to %[1]s"}, "owns a table"},
		{"is a member of the owner", []string{"grant portal_owner to %[1]s"}, "owns a table, or can become a role that does"},
		{"is a member of the backup role", []string{"grant portal_backup to %[1]s"}, "can become a role that bypasses row security"},
		{"is a member of a superuser", []string{"grant " + c.Superuser + " to %[1]s"}, "can become a role that bypasses row security"},
		{
			"is a member of a member of the owner",
			[]string{"create role %[1]s_between noinherit", "grant portal_owner to %[1]s_between", "grant %[1]s_between to %[1]s"},
			"owns a table, or can become a role that does",
		},
		{"is harmless, and another one", nil, "connects where portal_app is expected"},
	} {
		t.Run(unsafe.name, func(t *testing.T) {
			t.Parallel()
			role := unsafeRole(t, c, database)
			for _, sql := range unsafe.make {
				if err := harness.Execute(t.Context(), c.URL("", database), fmt.Sprintf(sql, role)); err != nil {
					t.Fatal(err)
				}
			}
			refuses(t, safe, c.URL(role, database), unsafe.refusal)
		})
	}

	t.Run("superuser", func(t *testing.T) {
		t.Parallel()
		refuses(t, safe, c.URL("", database), "is a superuser")
	})
	t.Run("another role of ours", func(t *testing.T) {
		t.Parallel()
		refuses(t, safe, safe.Auth, "role portal_auth connects where portal_app is expected")
	})
	t.Run("simple protocol", func(t *testing.T) {
		t.Parallel()
		refuses(t, safe, safe.App+"&default_query_exec_mode=simple_protocol", "stacked statements")
	})
	t.Run("another pool", func(t *testing.T) {
		t.Parallel()
		for _, swap := range []func(*db.Config){
			func(cfg *db.Config) { cfg.Auth = c.URL("", database) },
			func(cfg *db.Config) { cfg.Platform = c.URL("", database) },
			func(cfg *db.Config) { cfg.Auth, cfg.Platform = cfg.Platform, cfg.Auth },
		} {
			wrong := safe
			swap(&wrong)
			if d, err := db.Open(t.Context(), wrong); err == nil {
				d.Close()
				t.Errorf("opened %+v", wrong)
			}
		}
	})
}

// refuses opens the pools with another URL for portal_app.
func refuses(t *testing.T, safe db.Config, app, refusal string) {
	t.Helper()
	safe.App = app
	d, err := db.Open(t.Context(), safe)
	if err == nil {
		d.Close()
		t.Fatal("the pool was opened")
	}
	if !strings.Contains(err.Error(), refusal) {
		t.Errorf("refused with %q, want %q", err, refusal)
	}
	if u, _ := url.Parse(app); strings.Contains(err.Error(), harness.RolePassword) || u != nil && strings.Contains(err.Error(), u.Host) {
		t.Errorf("the refusal shows the connection: %v", err)
	}
}

// PostgreSQL refuses two changes of one database's privileges at once.
var makingRoles sync.Mutex

// unsafeRole makes a role that may log in to the database.
func unsafeRole(t *testing.T, c harness.Cluster, database string) string {
	t.Helper()
	makingRoles.Lock()
	defer makingRoles.Unlock()
	role := harness.UniqueName("stranger")
	err := harness.Execute(t.Context(), c.URL("", database),
		"create role "+role+" login password '"+harness.RolePassword+"'", "grant connect on database "+database+" to "+role)
	if err != nil {
		t.Fatal(err)
	}
	return role
}

// An installation takes from the roles what somebody gave them, and the server does not start meanwhile.
// Roles belong to the whole cluster, so this one is the test's own.
func TestRoles_InstallationPutsThemBack(t *testing.T) {
	t.Parallel()
	c := harness.OwnCluster(t)
	const database = "portal"
	super := c.URL("", database)
	if err := harness.Execute(t.Context(), c.URL("", "postgres"), "create database "+database); err != nil {
		t.Fatal(err)
	}
	o := harness.Options(c, database)
	up(t, o)
	newest := schema.Version()
	d, err := db.Open(t.Context(), db.Config{App: o.Roles[0], Auth: o.Roles[1], Platform: o.Roles[2]})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)

	errorsFound := func() int64 {
		t.Helper()
		state, err := d.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return state.Errors
	}
	// Each hole is one more that the audit sees.
	open := func(holes ...string) {
		t.Helper()
		before := errorsFound()
		for _, sql := range holes {
			if err := harness.Execute(t.Context(), super, sql); err != nil {
				t.Fatal(err)
			}
			after := errorsFound()
			if after <= before {
				t.Errorf("%s: the audit finds %d errors, and %d before", sql, after, before)
			}
			before = after
		}
		if missing := server.Unready(t.Context(), d, newest); !strings.Contains(missing, "audit") {
			t.Errorf("the server is not stopped: %q", missing)
		}
	}

	open(
		"alter role portal_app bypassrls",
		"alter role portal_platform createrole",
		"alter role portal_inspector createdb",
		"alter role portal_auditor replication",
		"alter role portal_app set search_path = pg_temp, portal",
		"grant execute on function pg_catalog.set_config(text, text, boolean) to portal_app",
		"grant execute on function pg_catalog.set_config(text, text, boolean) to public",
		"grant temporary on database "+database+" to public",
		"alter role portal_auth superuser",
	)
	up(t, o)
	if missing := server.Unready(t.Context(), d, newest); missing != "" {
		t.Errorf("after an installation: %s", missing)
	}

	// These are somebody's decision, so they are named and not undone.
	open(
		"grant portal_owner to portal_app",
		"alter role portal_app set app.customer_id = 'AAAA22222'",
		"alter database "+database+" set app.customer_id = 'AAAA22222'",
		"alter role all set row_security = off",
	)
	if err := install.Up(t.Context(), schema.Source(), o); err == nil || !strings.Contains(err.Error(), "the audit refuses this schema") {
		t.Errorf("an installation says %v", err)
	}
	err = harness.Execute(t.Context(), super, "revoke portal_owner from portal_app", "alter role portal_app reset app.customer_id",
		"alter database "+database+" reset app.customer_id", "alter role all reset row_security")
	if err != nil {
		t.Fatal(err)
	}
	up(t, o)
	if missing := server.Unready(t.Context(), d, newest); missing != "" {
		t.Errorf("after the remedies: %s", missing)
	}
}
