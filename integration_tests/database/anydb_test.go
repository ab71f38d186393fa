package database

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"contractor-portal/db/audit"
	"contractor-portal/integration_tests/harness"
)

// holes are those of testdata/anydb_holes.sql: the lint that names each, of severity error but where it says otherwise.
var holes = []struct{ lint, object string }{
	{"rls_disabled", "booking.off"},
	{"rls_not_forced", "booking.unforced"},
	{"always_true", "booking.open"},
	{"cross_policy_check_union", "booking.open"},
	{"no_restrictive_wall", "booking.open"},
	{"with_check_missing", "booking.unchecked"},
	{"with_check_weaker_than_using", "booking.weak"},
	{"null_context_disjunct", "booking.unset"},
	{"or_true_branch", "booking.anybody"},
	{"to_public", "booking.anybody"},
	{"guc_admin_bypass", "booking.admins"},
	{"view_not_invoker", "booking.all_payments"},
	{"matview_on_tenant", "booking.totals"},
	{"secdef_search_path", "helpers.total(agency uuid)"},
	{"tenant_col_type_mismatch", "booking.texts"},
	{"rls_col_unindexed", "booking.slow"}, // a warning
	{"tenant_col_nullable", "booking.nobodys"},
	{"unique_without_tenant", "booking.oracle"},
	{"fk_without_tenant", "booking.pointers"},
	{"wrong_guc_name", "booking.misnamed"},
	{"truncate_granted", "booking.emptied"},
	{"reached_around_wall", "booking.parted_2026"},
	{"app_role_owns", "web"},
	{"app_role_superuser_or_bypass", "reporting"},
	{"column_grant_leak", "booking.payments"},
}

// portal audit --database asks a database of another house: what is well there has no error, every hole is named by its lint, in
// words of that house, and a hot standby says the same. A cluster of its own, for the roles.
func TestCommandLine_AuditElsewhere(t *testing.T) {
	t.Parallel()
	c := harness.OwnCluster(t)
	run := func(database, file string) {
		t.Helper()
		sql, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		conn := harness.ConnectTo(t, c.URL("", database))
		if _, err := conn.PgConn().Exec(t.Context(), strings.ReplaceAll(string(sql), ":database", database)).ReadAll(); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	admin := harness.ConnectTo(t, c.URL("", "postgres"))
	for _, sql := range []string{"create role web login password '" + harness.RolePassword + "'", "create role reporting", "create database rentals"} {
		if _, err := admin.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	run("rentals", "anydb.sql")
	manners := []string{
		"--schema", "booking", "--tenant-column", "tenant_id", "--context", "app.tenant_id", "--app-role", "web", "--app-role", "reporting",
		"--secret", "payments.card_token=web", "--secret", "booking.documents.title=web,reporting",
	}
	type report struct {
		Errors, Lints int
		Findings      []audit.Finding
		NotAsked      []audit.Unasked `json:"not_asked"`
	}
	ask := func(url string, status int) (r report) {
		t.Helper()
		cmd := harness.Program(t, nil, append([]string{"audit", "--database", url, "--format", "json"}, manners...)...)
		out, err := cmd.Output()
		if got := exitStatus(err); got != status {
			t.Fatalf("ended with %d, not %d: %v: %s", got, status, err, out)
		}
		if err := json.Unmarshal(out, &r); err != nil {
			t.Fatal(err)
		}
		return r
	}

	// As the application's own role, which may do nothing but read the catalogue.
	r := ask(c.URL("web", "rentals"), 0)
	if r.Errors != 0 {
		t.Errorf("where all is well: %+v", r.Findings)
	}
	if r.Lints < 80 || len(r.NotAsked) == 0 {
		t.Errorf("%d lints were asked, %d not", r.Lints, len(r.NotAsked))
	}
	t.Logf("%d lints asked, %d not", r.Lints, len(r.NotAsked))
	for _, u := range r.NotAsked {
		if u.Name == "" || u.Reason == "" {
			t.Errorf("not asked: %+v", u)
		}
	}

	run("rentals", "anydb_holes.sql")
	r = ask(c.URL("web", "rentals"), 1)
	ours := regexp.MustCompile(`(?i)customer|portal|platform|tenancy`)
	for _, hole := range holes {
		if !slices.ContainsFunc(r.Findings, func(f audit.Finding) bool { return f.Lint == hole.lint && f.Object == hole.object }) {
			t.Errorf("%s does not name %s", hole.lint, hole.object)
		}
	}
	for _, f := range r.Findings {
		planted := slices.ContainsFunc(holes, func(hole struct{ lint, object string }) bool { return hole.object == f.Object })
		if f.Severity == audit.Error && !planted {
			t.Errorf("nothing was planted there: %v", f)
		}
		if ours.MatchString(f.Object + f.Detail + f.Remedy) {
			t.Errorf("in our words: %v", f)
		}
	}

	standby := c.NewStandby(t)
	harness.WaitFor(t, "the standby", func() bool {
		conn, err := pgx.Connect(t.Context(), standby.URL("web", "rentals"))
		if err != nil {
			return false
		}
		defer conn.Close(t.Context()) //nolint:errcheck // it has only read
		var there bool
		err = conn.QueryRow(t.Context(), `select pg_is_in_recovery() and to_regclass('booking.own') is not null`).Scan(&there)
		return err == nil && there
	})
	if diff := cmp.Diff(r.Findings, ask(standby.URL("web", "rentals"), 1).Findings); diff != "" {
		t.Errorf("a standby says otherwise (-primary +standby):\n%s", diff)
	}
}

func exitStatus(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

// What --database cannot ask it says by name, and ends with 2.
func TestCommandLine_AuditElsewhereNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	url := harness.Suite.Cluster.URL("", harness.CloneDatabase(t))
	for _, c := range []struct {
		want string
		args []string
	}{
		{"no schema nowhere", []string{"--database", url, "--schema", "nowhere", "--tenant-column", "customer_id", "--context", "app.x", "--app-role", "portal_app"}},
		{"no role nobody", []string{"--database", url, "--schema", "portal", "--tenant-column", "customer_id", "--context", "app.x", "--app-role", "nobody"}},
		{"no column tenant_id in a table of portal", []string{"--database", url, "--schema", "portal", "--tenant-column", "tenant_id", "--context", "app.x", "--app-role", "portal_app"}},
		{"no column users.no_such", []string{
			"--database", url, "--schema", "portal", "--tenant-column", "customer_id", "--context", "app.x", "--app-role", "portal_app",
			"--secret", "portal.users.email", "--secret", "users.no_such",
		}},
		{"needs --tenant-column", []string{"--database", url}},
		{"go with --database", []string{"--tenant-column", "tenant_id"}},
		{"cannot be read", []string{"--database", "postgres://:not a URL", "--tenant-column", "x", "--context", "app.x", "--app-role", "x"}},
		{"no_such_database", []string{"--database", harness.Suite.Cluster.URL("", "no_such_database"), "--tenant-column", "x", "--context", "app.x", "--app-role", "x"}},
	} {
		out, err := harness.Command(t, url, append([]string{"audit"}, c.args...)...)
		if exitStatus(err) != 2 || !strings.Contains(out, c.want) || strings.Contains(out, harness.RolePassword) {
			t.Errorf("%q: %v: %s", c.want, err, out)
		}
	}
}
