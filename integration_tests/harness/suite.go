// Package harness is what the tests of the portal share: a PostgreSQL with a template database, a portal of
// its own for each test, its answers held against what the document promises, and what is read of the document
// and the catalogue, so that tests cover a new operation and a new table by themselves.
package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db/install"
	"contractor-portal/schema"
	"contractor-portal/server/auth"
)

// Suite is what all tests share: one cluster, a template database in it, and the secrets.
var Suite struct {
	Cluster  Cluster
	Keys     *auth.Keys
	keysText string
	Template string            // the database that each test clones
	tokens   map[string]string // what its people logged in for, by e-mail; each clone has their sessions
	programs string            // where the portal is built for the tests that run it
}

// Root is the module, as the packages of tests see it from their folders.
const Root = "../.."

// Full asks for everything: every vector on every table, every caller at every operation. Without it the
// attacks are a choice that still comes to each of them, and does so within minutes.
var Full = os.Getenv("TEST_FULL") == "1"

// Main runs the tests of a package on a PostgreSQL, and then finish, where a run has more to say than which
// test failed. It ends the program.
func Main(m *testing.M, finish ...func() error) {
	code, err := run(m, finish)
	if err != nil {
		fmt.Fprintln(os.Stderr, "integration tests:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

func run(m *testing.M, finish []func() error) (code int, err error) {
	// A hash takes 19 MiB, and with each the collector would look at all that the portals of the tests hold.
	debug.SetGCPercent(400)
	// The race detector takes several times of what it watches.
	debug.SetMemoryLimit(4 << 30)
	if dir := os.Getenv(keeperVariable); dir != "" {
		return 0, keep(dir)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	keys := os.Getenv("TEST_KEYS")
	if running := os.Getenv("TEST_CLUSTER"); running != "" {
		Suite.Cluster, err = runningCluster(ctx, running)
	} else {
		Suite.Cluster, keys, err = joinCluster(ctx)
	}
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(Suite.programs), stopMariaDB()) }()
	Summarize("PostgreSQL under test: %s\n", Suite.Cluster.Description)
	if err := prepare(ctx, keys); err != nil {
		return 1, err
	}
	code = m.Run()
	for _, last := range finish {
		err = errors.Join(err, last())
	}
	return code, err
}

// prepare makes of the cluster what tests begin with; no keys are new keys.
func prepare(ctx context.Context, keys string) (err error) {
	if keys == "" {
		text, err := auth.NewKeys()
		if err != nil {
			return err
		}
		keys = string(text)
	}
	Suite.keysText, Suite.Template = keys, "portal_template"
	if Suite.Keys, err = auth.ParseKeys(keys); err != nil {
		return err
	}
	if err := makeTemplate(ctx); err != nil {
		return err
	}
	Suite.tokens, err = readTokens(ctx)
	return err
}

// Summarize prints a line about the run, and adds it to the file that TEST_SUMMARY names: go test shows
// nothing of a package that passes.
func Summarize(format string, args ...any) {
	fmt.Printf(format, args...)
	name := os.Getenv("TEST_SUMMARY")
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintf(f, format, args...)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		fmt.Println("TEST_SUMMARY:", err)
	}
}

// NotTested ends a test for want of a program, and the summary of the run says of what. Where TEST_POSTGRES says what
// to test on, as in CI, nothing may be wanting.
func NotTested(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("TEST_POSTGRES") != "" {
		t.Fatal("not tested:", what)
	}
	Summarize("NOT TESTED by %s: %s\n", t.Name(), what)
	t.SkipNow()
}

// Options install a database of the cluster with the suite's roles.
func Options(c Cluster, database string) install.Options {
	return install.Options{URL: c.URL("", database), Roles: []string{c.URL("portal_app", database), c.URL("portal_auth", database), c.URL("portal_platform", database), c.URL("portal_worker", database)}}
}

// makeTemplate installs the template and fills it with the two companies that every test finds. One that
// is there already stays as it is: integration_tests/mutate has made a hole in it.
func makeTemplate(ctx context.Context) error {
	there, err := exists(ctx, Suite.Cluster.URL("", "postgres"), Suite.Template)
	if err != nil || there {
		return err
	}
	if err := Execute(ctx, Suite.Cluster.URL("", "postgres"), "create database "+Suite.Template); err != nil {
		return err
	}
	if err := installStrictly(ctx); err != nil {
		return err
	}
	// A role's connections are counted over all databases of the cluster, and each test has one. No installation
	// gives the roles of DBAs a password.
	if err := Execute(ctx, Suite.Cluster.URL("", "postgres"),
		"alter role portal_app connection limit -1", "alter role portal_auth connection limit -1", "alter role portal_platform connection limit -1", "alter role portal_worker connection limit -1",
		"alter role portal_inspector password '"+RolePassword+"'", "alter role portal_auditor password '"+RolePassword+"'"); err != nil {
		return err
	}
	if err := Seed(ctx, Suite.Cluster.URL("", Suite.Template)); err != nil {
		return err
	}
	return logIn(ctx)
}

// installStrictly installs the template, and takes a warning of the audit for an error: what a new table lacks is told
// once and with its remedy, not by the tests that stumble over it.
func installStrictly(ctx context.Context) error {
	var warnings []error
	o := Options(Suite.Cluster, Suite.Template)
	o.Say = func(line string) {
		if strings.HasPrefix(line, "audit: warning") && !strings.Contains(line, "vulnerable_minor") {
			warnings = append(warnings, errors.New(line))
		}
	}
	return cmp.Or(install.Up(ctx, schema.Source(), o), errors.Join(warnings...))
}

// Seed fills an installed database with the two companies, as its installer.
func Seed(ctx context.Context, url string) error {
	chosen, err := auth.HashPassword(ctx, Password)
	if err != nil {
		return err
	}
	return install.Transaction(ctx, url, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, seedSQL); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update platform.logins set password_hash = $1, confirmed_at = now()`, chosen.Hash); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update platform.operators set password_hash = $1`, chosen.Hash)
		return err
	})
}

func exists(ctx context.Context, url, database string) (there bool, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return false, err
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is lost with it
	err = conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", database).Scan(&there)
	return there, err
}

// Execute runs statements, each by itself, on the database at a URL.
func Execute(ctx context.Context, url string, statements ...string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is lost with it
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}
