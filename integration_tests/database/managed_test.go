package database

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"contractor-portal/db"
	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/schema"
	"contractor-portal/server"
	"contractor-portal/server/auth"
)

// managedDatabase makes what a managed server gives: a database of one's own, owned by a role that may
// create roles and is no superuser. The cluster should have none of our roles yet.
func managedDatabase(t *testing.T, c harness.Cluster) install.Options {
	t.Helper()
	const name = "managed"
	err := harness.Execute(t.Context(), c.URL("", "postgres"),
		"create role installer login createrole password '"+harness.RolePassword+"'", "create database "+name+" owner installer",
		// Whatever a DBA likes to see without its schema.
		"alter role installer set search_path = portal, platform, tenancy, public")
	if err != nil {
		t.Fatal(err)
	}
	o := harness.Options(c, name)
	o.URL = c.URL("installer", name)
	return o
}

func TestManaged_InstallsWhatItMayAndSaysTheRest(t *testing.T) {
	t.Parallel()
	c := harness.OwnCluster(t)
	o := managedDatabase(t, c)
	var said lines
	o.Say = said.add
	up(t, o)

	for _, hardening := range []string{
		"portal_backup is absent", "the gate", "set_config among them", "the language plpgsql", "the language sql", "temp_file_limit for portal_app",
	} {
		if len(said.with(hardening)) == 0 {
			t.Errorf("nothing was said of %q in:\n%s", hardening, strings.Join(said.all(), "\n"))
		}
	}
	if found := ownAudit(t, o.URL); len(found) != 0 {
		t.Errorf("the audit of itself: %q", found)
	}
	report, err := install.Audit(t.Context(), o.URL)
	if err != nil {
		t.Fatal(err)
	}
	setConfig := 0
	expected := []string{"warning dangerous_function_executable", "warning event_trigger_gate_missing", "warning vulnerable_minor", "info orphan", "info id_in_two_customers"}
	for _, f := range report.Findings {
		if !slices.Contains(expected, f.Severity+" "+f.Lint) {
			t.Errorf("finding: %s", f)
		}
		if strings.Contains(f.Detail, "set_config") {
			setConfig++
		}
	}
	if setConfig != 4 {
		t.Errorf("%d warnings of set_config, want one for each role of the API", setConfig)
	}

	before := dumpSchema(t, c, "managed")
	up(t, o)
	if dumpSchema(t, c, "managed") != before {
		t.Error("a second installation changed the schema")
	}
	to(t, o, 0)
	up(t, o)
	if dumpSchema(t, c, "managed") != before {
		t.Error("up, down to 0 and up again is not up")
	}
}

// The server opens on a managed database, people log in, and the walls stand there as elsewhere.
func TestManaged_ServesOneCompanyOnly(t *testing.T) {
	t.Parallel()
	c := harness.OwnCluster(t)
	o := managedDatabase(t, c)
	up(t, o)
	if err := harness.Seed(t.Context(), o.URL); err != nil {
		t.Fatal(err)
	}

	d, err := db.Open(t.Context(), db.Config{App: o.Roles[0], Auth: o.Roles[1], Platform: o.Roles[2]})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	if missing := server.Unready(t.Context(), d, schema.Version()); missing != "" {
		t.Fatal(missing)
	}
	e, err := server.New(server.Config{
		DB: d, Auth: auth.New(d, harness.Suite.Keys, auth.Config{}), Log: slog.New(slog.DiscardHandler), SchemaVersion: schema.Version(),
		Vault: harness.VaultOf(harness.Suite.Keys),
	})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(e)
	t.Cleanup(web.Close)
	p := &harness.Portal{T: t, URL: web.URL, Log: &harness.SyncBuffer{}, Tokens: map[string]string{}}
	p.Do("GET", "/readyz", "", nil).Want(t, http.StatusOK)
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		var list []struct {
			CustomerID string `json:"customer_id"`
		}
		p.Do("GET", "/properties/", p.Token(company, auth.Admin), nil).Want(t, http.StatusOK).JSON(t, &list)
		if len(list) != 3 {
			t.Errorf("%s sees %d properties", company, len(list))
		}
		for _, row := range list {
			if row.CustomerID != company {
				t.Errorf("%s sees a property of %s", company, row.CustomerID)
			}
		}
	}

	// A customer is made there too, and its first Admin comes in.
	out, err := harness.Command(t, o.URL, "customers", "create", "--company-name", "Cedar Grounds", "--admin-email", "cleo@cedar.example")
	if err != nil {
		t.Fatal(out)
	}
	p.Accept(strings.Fields(out)[3]).Want(t, http.StatusOK)

	// The installer owns everything through portal_owner, and is walled like all others.
	installer := harness.ConnectTo(t, o.URL)
	var n int
	if err := installer.QueryRow(t.Context(), "select count(*) from portal.locations").Scan(&n); err != nil || n != 0 {
		t.Errorf("the installer sees %d properties outside of a migration, %v", n, err)
	}
}
