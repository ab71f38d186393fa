package database

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/schema"
	"contractor-portal/server"
	"contractor-portal/server/auth"
)

func TestInstall_UpDownUp(t *testing.T) {
	t.Parallel()
	database := emptyDatabase(t, harness.Suite.Cluster)
	o := harness.Options(harness.Suite.Cluster, database)
	up(t, o)
	first := dumpSchema(t, harness.Suite.Cluster, database)
	to(t, o, 0)
	bare := dumpSchema(t, harness.Suite.Cluster, database)
	up(t, o)
	again := dumpSchema(t, harness.Suite.Cluster, database)

	for _, schema := range []string{"portal", "platform"} {
		if strings.Contains(bare, "CREATE TABLE "+schema+".") {
			t.Errorf("at version 0 schema %s has tables", schema)
		}
		if !strings.Contains(first, "CREATE TABLE "+schema+".") {
			t.Errorf("at the newest version schema %s has no tables", schema)
		}
	}
	if diff := cmp.Diff(strings.Split(first, "\n"), strings.Split(again, "\n")); diff != "" {
		t.Errorf("up, down to 0 and up again is not up (-first +again):\n%s", diff)
	}
}

// Below the newest version policies/after never ran, so the schemas of one version compare as they are. Without
// harness.Full three migrations at a time are taken back.
func TestInstall_EveryDownUndoesItsUp(t *testing.T) {
	t.Parallel()
	database := emptyDatabase(t, harness.Suite.Cluster)
	o := harness.Options(harness.Suite.Cluster, database)
	step := int32(3)
	if harness.Full {
		step = 1
	}
	versions := []int32{0}
	for v := (schema.Version()-2)%step + 1; v < schema.Version(); v += step {
		versions = append(versions, v)
	}
	onTheWayUp := make([]string, len(versions))
	for i, v := range versions {
		to(t, o, v)
		onTheWayUp[i] = dumpSchema(t, harness.Suite.Cluster, database)
		if i > 0 && onTheWayUp[i] == onTheWayUp[i-1] {
			t.Errorf("from version %d to %d nothing changes", versions[i-1], v)
		}
	}
	for i, v := range slices.Backward(versions[:len(versions)-1]) {
		to(t, o, v)
		if diff := cmp.Diff(strings.Split(onTheWayUp[i], "\n"), strings.Split(dumpSchema(t, harness.Suite.Cluster, database), "\n")); diff != "" {
			t.Fatalf("the way down from version %d to %d does not undo the way up (-reached from below +from above):\n%s", versions[i+1], v, diff)
		}
	}
	t.Logf("taken back to versions %d", versions)
}

// Three installers at once: the first is held in its first migration until the second has given up and
// the third has begun to wait.
func TestInstall_TwoAtOnce(t *testing.T) {
	t.Parallel()
	database := emptyDatabase(t, harness.Suite.Cluster)
	gaveUp, waits := make(chan struct{}), make(chan struct{})
	var first, third lines
	firstEnded := make(chan error, 1)
	started := make(chan struct{})
	go func() {
		o := harness.Options(harness.Suite.Cluster, database)
		o.Say = func(line string) {
			first.add(line)
			if len(first.with("migration ")) == 1 && strings.HasPrefix(line, "migration ") {
				close(started)
				<-gaveUp
				<-waits
			}
		}
		firstEnded <- install.Up(t.Context(), schema.Source(), o)
	}()
	select {
	case <-started:
	case err := <-firstEnded:
		t.Fatalf("the first installer ended at once: %v", err)
	}

	o := harness.Options(harness.Suite.Cluster, database)
	o.Wait = 300 * time.Millisecond
	start := time.Now()
	err := install.Up(t.Context(), schema.Source(), o)
	if err == nil || err.Error() != "another portal migrate has been at work for 300ms; nothing was changed" {
		t.Errorf("the second installer gave up with: %v", err)
	}
	if waited := time.Since(start); waited < o.Wait || waited > 10*time.Second {
		t.Errorf("the second installer waited %s instead of %s", waited, o.Wait)
	}
	close(gaveUp)

	var once sync.Once
	o = harness.Options(harness.Suite.Cluster, database)
	o.Say = func(line string) {
		third.add(line)
		if strings.HasPrefix(line, "another portal migrate is at work; waiting up to 1m") {
			once.Do(func() { close(waits) })
		}
	}
	if err := install.Up(t.Context(), schema.Source(), o); err != nil {
		t.Errorf("the third installer: %v", err)
	}
	if err := <-firstEnded; err != nil {
		t.Errorf("the first installer: %v", err)
	}
	if n := len(first.with("migration ")); n != int(schema.Version()) {
		t.Errorf("the first installer ran %d of %d migrations", n, schema.Version())
	}
	if again := third.with("migration "); len(again) > 0 {
		t.Errorf("the third installer ran them again: %q", again)
	}
}

func TestInstall_BelowNewestVersionNothingIsServed(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	o := harness.Options(harness.Suite.Cluster, p.Database)
	newest := schema.Version()
	reads := map[string]string{
		"portal_app":       "select count(*) from portal.locations",
		"portal_auth":      "select count(*) from platform.logins",
		"portal_platform":  "select count(*) from platform.customers",
		"portal_worker":    "select count(*) from jobs.river_job",
		"portal_inspector": "select count(*) from portal.locations",
	}
	serves := func(wantCode string) {
		t.Helper()
		for role, sql := range reads {
			conn := harness.ConnectAs(t, role, p.Database)
			var n int
			if err := conn.QueryRow(t.Context(), sql).Scan(&n); harness.SQLState(err) != wantCode {
				t.Errorf("%s reads with %v, want SQLSTATE %q", role, err, wantCode)
			}
		}
	}

	serves("")
	to(t, o, newest-1)
	serves("42501")
	if missing := server.Unready(t.Context(), p.DB, newest); !strings.Contains(missing, "another version") {
		t.Errorf("below the newest version the server is ready: %q", missing)
	}
	if s, err := install.Read(t.Context(), schema.Source(), o); err != nil || s.Version != newest-1 || s.Newest != newest {
		t.Errorf("status %+v, %v", s, err)
	}
	up(t, o)
	serves("")
	if missing := server.Unready(t.Context(), p.DB, newest); missing != "" {
		t.Errorf("after up the server is not ready: %s", missing)
	}
	if err := install.Down(t.Context(), schema.Source(), o); err != nil {
		t.Fatal(err)
	}
	serves("42501")
}

// A second installation changes nothing, and nobody who reads any table or view waits for it.
func TestInstall_SecondUpDisturbsNobody(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	before := dumpSchema(t, harness.Suite.Cluster, p.Database)
	reader, err := p.Super.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Rollback(t.Context()) //nolint:errcheck // it only read
	rows, _ := reader.Query(t.Context(), `
		select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where n.nspname in ('portal', 'platform', 'tenancy') and c.relkind in ('r', 'p', 'v')`)
	relations, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range relations {
		if _, err := reader.Exec(t.Context(), "lock table "+r+" in access share mode"); err != nil {
			t.Fatal(err)
		}
	}

	// Who waited for the reader would do so for ever; the audit takes its time on a busy machine.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var said lines
	o := harness.Options(harness.Suite.Cluster, p.Database)
	o.Say = said.add
	if err := install.Up(ctx, schema.Source(), o); err != nil {
		t.Fatalf("while somebody reads %d tables and views: %v", len(relations), err)
	}
	if diff := cmp.Diff(strings.Split(before, "\n"), strings.Split(dumpSchema(t, harness.Suite.Cluster, p.Database), "\n")); diff != "" {
		t.Errorf("a second installation changed (-before +after):\n%s", diff)
	}
	// What this PostgreSQL lacks is said every time.
	if all := slices.DeleteFunc(said.all(), func(line string) bool { return strings.HasPrefix(line, "audit: warning vulnerable_minor") }); len(all) > 0 {
		t.Errorf("a second installation said: %q", all)
	}
}

// What stands in server.Unready is what the program asks before it serves.
func TestInstall_ServerRefusesUnsafeSchema(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	newest := schema.Version()
	if missing := server.Unready(t.Context(), p.DB, newest); missing != "" {
		t.Fatalf("not ready at first: %s", missing)
	}
	for _, v := range []int32{newest - 1, newest + 1} {
		if missing := server.Unready(t.Context(), p.DB, v); !strings.Contains(missing, "another version") {
			t.Errorf("a program that expects version %d of %d: %q", v, newest, missing)
		}
	}
	p.Exec(harness.PastTheGate("alter table portal.locations no force row level security"))
	if missing := server.Unready(t.Context(), p.DB, newest); !strings.Contains(missing, "audit") {
		t.Errorf("with an error-level finding: %q", missing)
	}
	if n := harness.Query[int64](p, "select count(*) from tenancy.findings where severity = 'error' and lint = 'rls_not_forced'"); n != 1 {
		t.Errorf("%d findings of rls_not_forced", n)
	}
	up(t, harness.Options(harness.Suite.Cluster, p.Database))
	if missing := server.Unready(t.Context(), p.DB, newest); missing != "" {
		t.Errorf("not ready after an installation mended it: %s", missing)
	}
	p.Exec(harness.PastTheGate("drop schema tenancy cascade"))
	if missing := server.Unready(t.Context(), p.DB, newest); !strings.Contains(missing, "not installed") {
		t.Errorf("without a schema: %q", missing)
	}
}

// emptyDatabase makes a database with nothing of ours in it, dropped when the test ends.
func emptyDatabase(t *testing.T, c harness.Cluster) string {
	t.Helper()
	name := harness.UniqueName("portal")
	if err := harness.Execute(t.Context(), c.URL("", "postgres"), "create database "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
		defer cancel()
		if err := harness.Execute(ctx, c.URL("", "postgres"), "drop database "+name+" with (force)"); err != nil {
			t.Error(err)
		}
	})
	return name
}

func up(t *testing.T, o install.Options) {
	t.Helper()
	if err := install.Up(t.Context(), schema.Source(), o); err != nil {
		t.Fatal(err)
	}
}

func to(t *testing.T, o install.Options, version int32) {
	t.Helper()
	if err := install.To(t.Context(), schema.Source(), o, version); err != nil {
		t.Fatalf("to version %d: %v", version, err)
	}
}

// Each dump has a key of its own against replaced objects (CVE-2025-8714).
var restrictKey = regexp.MustCompile(`(?m)^\\(un)?restrict .*$`)

func dumpSchema(t *testing.T, c harness.Cluster, database string) string {
	t.Helper()
	text, err := c.Client(t.Context(), "", database, "", "pg_dump", "--schema-only")
	if err != nil {
		t.Fatal(err)
	}
	return restrictKey.ReplaceAllString(text, "")
}

// lines are what an installer said.
type lines struct {
	mu   sync.Mutex
	said []string
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, line)
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.said)
}

// with returns the lines that contain a text.
func (l *lines) with(text string) (found []string) {
	for _, line := range l.all() {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

// Somebody publishes all tables: the next installation says what that exposes, and no more than that is amiss; what the API
// writes is not held up.
func TestInstall_BesideAPublicationOfAllTables(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	o := harness.Options(harness.Suite.Cluster, p.Database)
	up(t, o)
	p.Exec(`create publication everything for all tables`)
	if err := install.Up(t.Context(), schema.Source(), o); err == nil || !strings.Contains(err.Error(), "publication_exposes") || strings.Contains(err.Error(), "replica identity") {
		t.Errorf("portal migrate says %v", err)
	}
	s := p.Session(harness.Email(harness.CompanyA, auth.Admin))
	p.Do("POST", "/api/logout/", s.AccessToken, nil).Want(t, http.StatusOK)
	p.Do("GET", "/properties/", s.AccessToken, nil).Want(t, http.StatusUnauthorized)
	p.Exec(`drop publication everything`)
	up(t, o)
}
