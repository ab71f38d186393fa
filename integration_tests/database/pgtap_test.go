package database

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
)

// The pages of policies/tests, which a DBA runs with pg_prove: each assertion is a subtest here.
func TestPgTAP(t *testing.T) {
	t.Parallel()
	database := tapDatabase(t)
	for _, file := range tapFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".sql"), func(t *testing.T) {
			t.Parallel()
			assertions, err := tap(t, harness.ConnectAs(t, "", database), script(t, file))
			if err != nil {
				t.Error(err)
			}
			if len(assertions) < 50 {
				t.Errorf("only %d assertions", len(assertions))
			}
			for _, a := range assertions {
				t.Run(a.description, func(t *testing.T) {
					t.Parallel()
					if !a.ok {
						t.Error(a.diagnostics)
					}
				})
			}
		})
	}
}

// Each page fails where something of it is not as it says.
func TestPgTAP_SeesFaults(t *testing.T) {
	t.Parallel()
	database := tapDatabase(t)
	conn := harness.ConnectAs(t, "", database)
	for _, fault := range []struct{ sql, file, seen string }{
		{dropWall, "01", `portal.locations has these policies`},
		{`alter policy app_door on portal.locations to portal_app, portal_platform`, "01", `app_door on portal.locations is to portal_app portal_worker`},
		{door(mine), "01", `portal.locations has these policies`},
		{`alter policy wall on portal.locations using (true)`, "01", `the wall of portal.locations compares the customer, when rows are read and when they are written`},
		{`alter table portal.locations no force row level security`, "01", `row security of portal.locations is enabled and forced`},
		{`grant truncate on portal.locations to portal_app`, "02", `portal_app on portal.locations`},
		{`grant update (customer_id) on portal.locations to portal_app`, "02", `portal_app on portal.locations.customer_id`},
		{`grant select (key_ciphertext) on portal.api_keys to portal_inspector`, "02", `portal_inspector on portal.api_keys.key_ciphertext`},
		{`revoke delete on portal.locations from portal_app`, "02", `portal_app on portal.locations`},
		{`create table portal.planted (id int)`, "02", `portal_app on portal.planted`},
		{`create policy planted on platform.sessions to portal_app using (true)`, "03", `platform.sessions has these policies`},
		{`alter policy portal_app_own on platform.logins using (true)`, "03", `portal_app sees own rows of platform.logins`},
		{`create table platform.planted (id int)`, "03", `platform has these tables`},
		{`grant select (password_hash) on platform.logins to portal_app`, "04", `portal_app on platform.logins.password_hash`},
		{`revoke select on platform.sessions from portal_auth`, "04", `portal_auth on platform.sessions`},
		{`grant execute on procedure tenancy.enter_guest(text, text) to portal_app`, "05", `portal_app on tenancy.enter_guest`},
		{`grant create on schema portal to portal_app`, "05", `portal_app on schema portal`},
		{`alter function tenancy.role() immutable`, "05", `tenancy.role is stable`},
	} {
		files := slices.DeleteFunc(tapFiles(t), func(f string) bool { return !strings.HasPrefix(filepath.Base(f), fault.file) })
		if len(files) != 1 {
			t.Fatalf("%d pages %s", len(files), fault.file)
		}
		text := script(t, files[0])
		assertions, err := tap(t, conn, strings.Replace(text, "begin;", "begin; "+harness.PastTheGate(fault.sql)+";", 1))
		if err != nil && !strings.Contains(err.Error(), "assertions were planned") {
			t.Errorf("%s: %v", fault.sql, err)
		}
		if !slices.ContainsFunc(assertions, func(a assertion) bool { return !a.ok && a.description == fault.seen }) {
			t.Errorf("page %s does not see: %s", fault.file, fault.sql)
		}
	}
	if _, err := tap(t, conn, strings.Replace(script(t, tapFiles(t)[0]), "select * from finish();", "select 1 / 0;", 1)); harness.SQLState(err) != "22012" {
		t.Errorf("an error of SQL: %v", err)
	}
	if _, err := tap(t, conn, strings.Replace(script(t, tapFiles(t)[0]), "select policy_cmd_is", "select 'nothing' || policy_cmd_is", 1)); err == nil {
		t.Error("a short plan is passed over")
	}
}

func TestPgTAP_Reader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"1..2\nok 1 - a\nok 2 - b", "true a [], true b []; <nil>"},
		{"1..2\nok 1 - a\nnot ok 2 - b\n# Failed test 2: \"b\"\n# why", "true a [], false b [Failed test 2: \"b\" why]; <nil>"},
		{"ok 1 - a\n1..1", "true a []; <nil>"},
		{"1..2\nok 1 - a", "true a []; 1 of 2 assertions were planned"},
		{"1..1\nok 1 - a\nok 2 - b", "true a [], true b []; 2 of 1 assertions were planned"},
		{"ok 1 - a", "true a []; no plan"},
		{"1..2\nok 1 - a\nok 3 - b", "true a [], true b []; assertion 2 has number 3"},
		{"", "; no plan"},
		{"1..1\nok 1 - a\nsomething else", "true a []; line: something else"},
		{"1..1\nok 1 - a # TODO later", "true a # TODO later []; <nil>"},
		{"1..1\nok 1", "true  []; <nil>"},
		{"1..1\nnot ok 1 - a # SKIP no server", "false a # SKIP no server []; <nil>"},
	} {
		assertions, err := readTAP(strings.Split(c.text, "\n"))
		var parts []string
		for _, a := range assertions {
			parts = append(parts, fmt.Sprint(a.ok, " ", a.description, " ", a.diagnostics))
		}
		if got := strings.Join(parts, ", ") + fmt.Sprintf("; %v", err); got != c.want {
			t.Errorf("%q\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}

func tapFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(harness.Root + "/policies/tests/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("policies/tests: %v", err)
	}
	return files
}

func script(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tapDatabase is a clone with pgTAP in it: the server's extension, or else the file of a package on this
// machine, which is plain SQL. An embedded server gets the package first where it can be installed.
func tapDatabase(t *testing.T) string {
	t.Helper()
	database := harness.CloneDatabase(t)
	conn := harness.ConnectAs(t, "", database)
	must(t, conn, `create schema pgtap`)
	const extend = `create extension pgtap schema pgtap`
	if _, err := conn.Exec(t.Context(), extend); err == nil {
		return database
	}
	if binaries := harness.Suite.Cluster.Binaries; binaries != nil {
		if err := installPgTAP(t.Context(), binaries.Major); err != nil {
			t.Log(err)
		} else if _, err := conn.Exec(t.Context(), extend); err == nil {
			return database
		}
	}
	files, _ := filepath.Glob("/usr/share/postgresql/*/extension/pgtap--*.sql")
	files = slices.DeleteFunc(files, func(f string) bool { return strings.Count(filepath.Base(f), "--") > 1 })
	if len(files) > 0 {
		if _, err := conn.PgConn().Exec(t.Context(), "set search_path = pgtap, public;"+script(t, slices.Max(files))).ReadAll(); err != nil {
			t.Fatal(err)
		}
		return database
	}
	harness.NotTested(t, "policies/tests, since there is no pgTAP, neither in PostgreSQL nor on this machine (Debian: postgresql-NN-pgtap)")
	return ""
}

var installing sync.Mutex

// installPgTAP installs Debian's package for a server of this machine, where that takes no decision of the user's.
func installPgTAP(ctx context.Context, major int) error {
	name := fmt.Sprintf("postgresql-%d-pgtap", major)
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return fmt.Errorf("install pgTAP (on Debian and Ubuntu the package %s)", name)
	}
	installing.Lock()
	defer installing.Unlock()
	fmt.Printf("pgTAP is not installed: installing the distribution's package %q with apt-get\n", name)
	for _, args := range [][]string{{"update", "-q"}, {"install", "-q", "-y", "--no-install-recommends", name}} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}

// tap runs a page in a transaction that is rolled back.
func tap(t *testing.T, conn *pgx.Conn, text string) ([]assertion, error) {
	t.Helper()
	results, err := conn.PgConn().Exec(t.Context(), strings.Replace(text, "create extension if not exists pgtap schema pgtap;", "", 1)).ReadAll()
	if err != nil {
		if _, rollback := conn.Exec(t.Context(), "rollback"); rollback != nil {
			t.Fatal(rollback)
		}
		return nil, err
	}
	var lines []string
	for _, r := range results {
		for _, row := range r.Rows {
			lines = append(lines, strings.Split(string(row[0]), "\n")...)
		}
	}
	return readTAP(lines)
}

// An assertion is one line of TAP, the Test Anything Protocol, with the comments behind it.
type assertion struct {
	ok          bool
	description string
	diagnostics []string
}

var (
	tapPlan   = regexp.MustCompile(`^1\.\.(\d+)$`)
	tapResult = regexp.MustCompile(`^(not )?ok (\d+)(?: - (.*))?$`)
)

// readTAP returns what was asserted, and an error where more or less was planned.
func readTAP(lines []string) (all []assertion, err error) {
	planned := -1
	for _, line := range lines {
		if m := tapPlan.FindStringSubmatch(line); m != nil {
			planned, _ = strconv.Atoi(m[1])
			continue
		}
		if m := tapResult.FindStringSubmatch(line); m != nil {
			all = append(all, assertion{ok: m[1] == "", description: m[3]})
			if n := strconv.Itoa(len(all)); m[2] != n {
				err = fmt.Errorf("assertion %s has number %s", n, m[2])
			}
			continue
		}
		comment, isComment := strings.CutPrefix(line, "#")
		switch {
		case isComment && len(all) > 0:
			last := &all[len(all)-1]
			last.diagnostics = append(last.diagnostics, strings.TrimSpace(comment))
		case !isComment && line != "":
			err = fmt.Errorf("line: %s", line)
		}
	}
	switch {
	case err != nil:
		return all, err
	case planned < 0:
		return all, errors.New("no plan")
	case planned != len(all):
		return all, fmt.Errorf("%d of %d assertions were planned", len(all), planned)
	}
	return all, nil
}
