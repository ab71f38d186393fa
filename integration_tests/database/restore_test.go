package database

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"contractor-portal/db"
	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/integration_tests/report"
	"contractor-portal/schema"
	"contractor-portal/server"
)

// What docs/operations.md says is done here, by its own commands, from one server to another one that has
// none of our roles: everybody's rows are there again, and so is all that isolates them.
func TestRestore(t *testing.T) {
	t.Parallel()
	one, other := harness.OwnCluster(t), harness.OwnCluster(t)
	// One after the other: roles are of the whole cluster. An older version is restored by a newer program, with
	// harness.Full.
	versions := []int32{schema.Version()}
	if harness.Full {
		versions = append(versions, schema.Version()-1)
	}
	tables := map[string]bool{}
	for _, version := range versions {
		old, fresh := newHouse(t, one), newHouse(t, other)
		old.fill()
		to(t, old.options, version)
		dump := old.dump(version)
		to(t, fresh.options, version)
		if err := fresh.restore(dump, runbook(t, "pg_restore")...); err != nil {
			t.Fatal(err)
		}
		restored := harness.TakeSnapshot(t, fresh.Portal).Sums
		if diff := cmp.Diff(harness.TakeSnapshot(t, old.Portal).Sums, restored); diff != "" {
			t.Errorf("rows of version %d (-old +restored):\n%s", version, diff)
		}
		fresh.Exec(letBackupIn)
		up(t, fresh.options)
		up(t, old.options)
		sameFacts(t, old, fresh)
		fresh.serves()
		for at := range restored {
			tables[at.Table] = true
		}
	}
	if t.Failed() {
		return
	}
	head := struct {
		report.Head
		Versions []int32 `json:"versions_restored"`
		Tables   int     `json:"tables_equal"`
	}{report.NewHead(other.Version(t.Context())), versions, len(tables)}
	if err := report.Write("restore-summary.json", head); err != nil {
		t.Error(err)
	}
}

// What the page gives as its reasons is so: triggers want to make rows that the backup has already, and
// rows that point at nothing come in unseen but do not pass portal migrate.
func TestRestore_ReasonsOfThePage(t *testing.T) {
	t.Parallel()
	c := harness.OwnCluster(t)
	old, fresh := newHouse(t, c), newHouse(t, c)
	old.fill()
	dump := old.dump(schema.Version())
	up(t, fresh.options)
	args := runbook(t, "pg_restore")
	firing := slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return arg == "--disable-triggers" })
	if err := fresh.restore(dump, firing...); err == nil || len(firing) == len(args) || !strings.Contains(err.Error(), "give_starter_sets") {
		t.Errorf("with triggers: %v", err)
	}
	if n := harness.Query[int](fresh.Portal, `select count(*) from platform.customers`); n != 0 {
		t.Errorf("a failed restore leaves %d customers", n)
	}
	if err := fresh.restore(dump, args...); err != nil {
		t.Fatal(err)
	}
	fresh.Run("an orphan", `set local session_replication_role = replica; delete from platform.customers where customer_id = 'BBBB33333'`)
	if err := install.Up(t.Context(), schema.Source(), fresh.options); err == nil || !strings.Contains(err.Error(), "point at nothing in platform.customers") {
		t.Errorf("with rows of a customer that is not there: %v", err)
	}
}

// sameFacts compares what isolates, and what rows alone do not show.
func sameFacts(t *testing.T, old, fresh house) {
	t.Helper()
	for what, sql := range map[string]string{
		"posture": `select tenancy.posture_hash()`,
		"sequences": `select string_agg(format('%I.%I: %s', schemaname, sequencename, last_value), e'\n' order by schemaname, sequencename)
			from pg_sequences where schemaname in ('portal', 'platform', 'jobs')`,
		"exceptions": `select string_agg(e::text, e'\n') from tenancy.audit_exceptions e`,
		"findings":   `select string_agg(severity || ' ' || lint, e'\n' order by lint) from tenancy.findings`,
	} {
		if diff := cmp.Diff(strings.Split(harness.Query[string](old.Portal, sql), "\n"), strings.Split(harness.Query[string](fresh.Portal, sql), "\n")); diff != "" {
			t.Errorf("%s (-old +restored):\n%s", what, diff)
		}
	}
	if n := harness.Query[int](fresh.Portal, `select count(*) from pg_trigger where tgenabled <> 'O'`); n != 0 {
		t.Errorf("%d triggers do not fire", n)
	}
}

// A house is a database of its own with the portal of one version.
type house struct {
	*harness.Portal
	cluster harness.Cluster
	options install.Options
}

func newHouse(t *testing.T, c harness.Cluster) house {
	t.Helper()
	database := emptyDatabase(t, c)
	o := harness.Options(c, database)
	pool, err := pgxpool.New(t.Context(), o.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return house{&harness.Portal{T: t, Database: database, Super: pool, Keys: harness.Suite.Keys}, c, o}
}

const letBackupIn = `alter role portal_backup login password '` + harness.RolePassword + `'`

// fill installs the newest version with rows of every table, and lets portal_backup log in.
func (h house) fill() {
	h.T.Helper()
	if err := install.Up(h.T.Context(), schema.Source(), h.options); err != nil {
		h.T.Fatal(err)
	}
	if err := harness.Seed(h.T.Context(), h.options.URL); err != nil {
		h.T.Fatal(err)
	}
	h.Populate()
	h.Exec(`insert into jobs.river_job (customer_id, kind, args, max_attempts) select customer_id, 'drain_mail', '{}', 1 from platform.customers`)
	h.Exec(`insert into tenancy.audit_exceptions (lint, object, reason, expires_on)
		values ('no_primary_key', 'public.nothing', 'for the test of restoring', current_date + 30)`)
	h.Exec(letBackupIn)
}

// dump is what portal_backup saves.
func (h house) dump(version int32) string {
	h.T.Helper()
	said, err := h.cluster.Client(h.T.Context(), "portal_backup", h.Database, "", "psql", runbook(h.T, "psql")...)
	if err != nil || strings.TrimSpace(said) != strconv.Itoa(int(version)) {
		h.T.Errorf("the version to be saved is %q, want %d (%v)", said, version, err)
	}
	dump, err := h.cluster.Client(h.T.Context(), "portal_backup", h.Database, "", "pg_dump", runbook(h.T, "pg_dump")...)
	if err != nil {
		h.T.Fatal(err)
	}
	return dump
}

func (h house) restore(dump string, args ...string) error {
	_, err := h.cluster.Client(h.T.Context(), "", h.Database, dump, "pg_restore", args...)
	return err
}

// serves: the server starts on it, and a new row is counted on from the last one of the backup.
func (h house) serves() {
	h.T.Helper()
	d, err := db.Open(h.T.Context(), db.Config{App: h.options.Roles[0], Auth: h.options.Roles[1], Platform: h.options.Roles[2]})
	if err != nil {
		h.T.Fatal(err)
	}
	defer d.Close()
	if missing := server.Unready(h.T.Context(), d, schema.Version()); missing != "" {
		h.T.Error(missing)
	}
	last := harness.Query[int64](h.Portal, `select max(id) from portal.locations`)
	id := harness.Query[int64](h.Portal, `insert into portal.locations (customer_id, name, address) values ($1, 'New', 'New Street 1') returning id`, harness.CompanyA)
	if id <= last {
		h.T.Errorf("a new property has number %d, and the last of the backup %d", id, last)
	}
}

var runbookArgs = regexp.MustCompile(` (--[a-z-]+)(?:=('[^']*'|\S+))?`)

// runbook returns how docs/operations.md calls a program, but for the file and the database.
func runbook(t testing.TB, program string) (args []string) {
	t.Helper()
	text, err := os.ReadFile(harness.Root + "/docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile(`(?m)^ {4,}` + program + ` .*$`).FindString(string(text))
	for _, arg := range runbookArgs.FindAllStringSubmatch(command, -1) {
		switch name, value := arg[1], strings.Trim(arg[2], "'"); {
		case name == "--file" || name == "--dbname":
		case value == "":
			args = append(args, name)
		default:
			args = append(args, name+"="+value)
		}
	}
	if len(args) == 0 {
		t.Fatalf("docs/operations.md does not call %s", program)
	}
	return args
}
