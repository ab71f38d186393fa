package database

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/policies"
	"contractor-portal/schema"
)

// A fault is what one lint is there for.
type fault struct {
	lint     string
	severity string   // of the finding; "": error
	since    int      // the PostgreSQL that knows the fault; below it only silence can be shown
	setup    string   // before all, where the lint is not silent on every server
	plant    string   // makes exactly one finding
	mend     string   // takes it away again
	also     []string // other forms of the fault, each found, too
	near     []string // what looks like it and is none
}

// faults of one part of the database each; a file for each part.
var faults = slices.Concat(tableFaults, keyFaults, policyFaults, roleFaults, grantFaults, codeFaults, serverFaults)

// Each lint is silent, sees the planted fault and nothing else, and is silent again when it is mended;
// what its remedy says ends the finding, and it is silent about what looks similar. All in one transaction that is rolled back, roles too.
func TestAudit_EveryLintSeesItsFault(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	conn := harness.ConnectAs(t, "", database)
	var major int
	if err := conn.QueryRow(t.Context(), `select current_setting('server_version_num')::int / 10000`).Scan(&major); err != nil {
		t.Fatal(err)
	}
	// One after the other: the faults lock tables and roles.
	var turn sync.Mutex
	t.Cleanup(func() {
		for _, k := range kinds {
			harness.Summarize("audit, %s: %d shapes planted, %d seen, %d ended by their remedies; %d near-misses\n", k.name, k.planted, k.seen, k.remedied, k.near)
		}
	})
	for _, f := range faults {
		t.Run(f.lint, func(t *testing.T) {
			t.Parallel()
			turn.Lock()
			defer turn.Unlock()
			tx, err := conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback(t.Context()) //nolint:errcheck // the connection ends with the test
			plantation{t, tx, f, kindOf(f.lint)}.check(major)
		})
	}
}

// A plantation is the transaction in which a fault is planted.
type plantation struct {
	t  *testing.T
	tx pgx.Tx
	fault
	kind *kind
}

func (p plantation) check(major int) {
	p.t.Helper()
	p.run(harness.PastTheGate(``))
	p.run(p.setup)
	p.silent("on a fresh database")
	if major >= p.since {
		p.aside(func() {
			found := p.see(p.plant)
			if len(found) != 1 {
				p.t.Errorf("planted: %d findings: %q\n%s", len(found), found, p.plant)
			} else if want := cmp.Or(p.severity, "error"); !strings.HasPrefix(found[0].Said, want+" ") {
				p.t.Errorf("planted: %s, want severity %s", found[0].Said, want)
			}
			p.aside(func() { p.follow(found) })
			p.run(p.mend)
			p.silent("mended by: " + p.mend)
		})
		for _, sql := range p.also {
			p.aside(func() {
				p.follow(p.see(sql))
			})
		}
	}
	for _, sql := range p.near {
		p.aside(func() {
			p.kind.near++
			p.run(sql)
			p.silent("after: " + sql)
		})
	}
}

// see plants a shape of the fault.
func (p plantation) see(sql string) []finding {
	p.t.Helper()
	p.run(sql)
	p.kind.planted++
	found := p.findings()
	if len(found) == 0 {
		p.t.Errorf("not seen: %s", sql)
	} else {
		p.kind.seen++
	}
	return found
}

// aside takes back what fn does.
func (p plantation) aside(fn func()) {
	p.t.Helper()
	p.run("savepoint clean")
	fn()
	p.run("rollback to clean; release clean")
}

// What a remedy begins with that is no statement. TestAudit_PlantedInAMigrationAndBeforeOne runs portal migrate.
var noStatement = regexp.MustCompile(`^(run portal migrate|no statement does: )`)

// follow runs the remedies of findings, each of which ends its own.
func (p plantation) follow(found []finding) {
	p.t.Helper()
	var followed []string
	for _, f := range found {
		if !noStatement.MatchString(f.Remedy) && !slices.Contains(followed, f.Remedy) {
			followed = append(followed, f.Remedy)
			p.run(f.Remedy)
		}
	}
	left := p.findings()
	for _, f := range left {
		if !noStatement.MatchString(f.Remedy) {
			p.t.Errorf("%s after %q", f.Said, followed)
		}
	}
	if len(found) > 0 && len(left) == 0 {
		p.kind.remedied++
	}
}

func (p plantation) run(sql string) {
	p.t.Helper()
	if sql == "" {
		return
	}
	if _, err := p.tx.Conn().PgConn().Exec(p.t.Context(), sql).ReadAll(); err != nil {
		p.t.Fatalf("%v: %s", err, sql)
	}
}

func (p plantation) silent(when string) {
	p.t.Helper()
	if found := p.findings(); len(found) > 0 {
		p.t.Errorf("%q %s", found, when)
	}
}

type finding struct{ Said, Remedy string } // of one row

func (p plantation) findings() []finding {
	p.t.Helper()
	rows, _ := p.tx.Query(p.t.Context(), "select severity || ' ' || object || ': ' || detail, remedy from tenancy.lint_"+p.lint)
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[finding])
	if err != nil {
		p.t.Fatal(err)
	}
	return found
}

func TestAudit_EveryLintHasItsFault(t *testing.T) {
	t.Parallel()
	entries := map[string]int{}
	shapes, nearMisses := 0, 0
	for _, f := range faults {
		entries[f.lint]++
		shapes, nearMisses = shapes+1+len(f.also), nearMisses+len(f.near)
		if len(f.near) < 2 {
			t.Errorf("%s: %d near-misses", f.lint, len(f.near))
		}
	}
	lints := policies.Lints()
	for _, l := range lints {
		if entries[l.Name] != 1 {
			t.Errorf("policies/audit/%s.sql has %d entries here", l.Name, entries[l.Name])
		}
		if l.About == "" || !strings.Contains(l.SQL, "'"+l.Name+"'") {
			t.Errorf("policies/audit/%s.sql does not begin with what it is about, or names another lint", l.Name)
		}
	}
	if len(lints) != len(entries) {
		t.Errorf("%d lints, %d with a fault", len(lints), len(entries))
	}
	t.Logf("%d lints, %d shapes of faults, %d near-misses", len(lints), shapes, nearMisses)
}

// All lints answer the same columns of the same types, and what they say can be acted upon.
func TestAudit_LintsAreUnionable(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	rows, _ := p.Super.Query(t.Context(), `
		select c.relname, string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum)
		from pg_class c
		join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
		where c.relnamespace = 'tenancy'::regnamespace and c.relname ~ '^lint_'
		group by c.relname
		order by c.relname`)
	var name, columns string
	var names []string
	_, err := pgx.ForEachRow(rows, []any{&name, &columns}, func() error {
		names = append(names, strings.TrimPrefix(name, "lint_"))
		if columns != "lint text, severity text, object text, detail text, remedy text" {
			t.Errorf("%s: %s", name, columns)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, l := range policies.Lints() {
		files = append(files, l.Name)
	}
	if !slices.Equal(names, files) {
		t.Errorf("views %q\nfiles %q", names, files)
	}
}

var stillVulnerable = regexp.MustCompile(`^warning vulnerable_minor PostgreSQL 1[0-9]\.[0-9]+$`)

// Whoever asks, and with whatever search_path, gets the same answer: nothing, but for what this server's
// version and the absent sight of rows say.
func TestAudit_FreshDatabaseIsClean(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	for role, path := range map[string]string{"": "portal, platform, tenancy, public", "portal_auditor": "tenancy, pg_temp", "postgres-default": ""} {
		conn := harness.ConnectAs(t, strings.TrimPrefix(role, "postgres-default"), p.Database)
		if path != "" {
			if _, err := conn.Exec(t.Context(), "set search_path = "+path); err != nil {
				t.Fatal(err)
			}
		}
		rows, _ := conn.Query(t.Context(), `select severity || ' ' || lint || ' ' || object from tenancy.findings order by 1`)
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", role, err)
		}
		found = slices.DeleteFunc(found, stillVulnerable.MatchString)
		if want := []string{"info id_in_two_customers ids", "info orphan foreign keys"}; !slices.Equal(found, want) {
			t.Errorf("%q with search_path %q: %q", role, path, found)
		}
	}
}

// An exception silences exactly what it names, until its day; then it is a finding itself.
func TestAudit_Exceptions(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	found := func() string {
		t.Helper()
		return harness.Query[string](p, `
			select coalesce(string_agg(lint || ' ' || object, ', ' order by lint, object), '')
			from tenancy.findings
			where lint in ('no_primary_key', 'exception_expired')`)
	}
	p.Exec(`alter table portal.weather_data drop constraint weather_data_pkey`)
	p.Exec(`alter table portal.admin_settings drop constraint admin_settings_pkey`)
	p.Exec(`insert into tenancy.audit_exceptions (lint, object, reason, expires_on)
		values ('no_primary_key', 'portal.weather_data', 'for the tests of the audit', current_date + 1)`)
	if got, want := found(), "no_primary_key portal.admin_settings"; got != want {
		t.Errorf("with an exception: %q, want %q", got, want)
	}
	for _, past := range []string{`expires_on = made_on + 366, made_on = current_date + 1`, `expires_on = current_date + 367`, `object = 'portal.%'`} {
		p.Run("an exception past the trigger", `set local session_replication_role = replica;
			alter table tenancy.audit_exceptions drop constraint if exists exception_lasts_at_most_a_year; update tenancy.audit_exceptions set `+past)
		if got := found(); !strings.HasPrefix(got, "exception_expired portal.") || !strings.HasSuffix(got, "no_primary_key portal.admin_settings, no_primary_key portal.weather_data") && !strings.Contains(past, "made_on + 366") {
			t.Errorf("with an exception past the trigger, %s: %q", past, got)
		}
		p.Exec(`update tenancy.audit_exceptions set object = 'portal.weather_data', expires_on = current_date + 1`)
	}
	p.Exec(`alter table tenancy.audit_exceptions add constraint exception_lasts_at_most_a_year check (expires_on <= made_on + 366)`)
	p.Exec(`update tenancy.audit_exceptions set object = 'portal.weatherXdata'`)
	if got, want := found(), "no_primary_key portal.admin_settings, no_primary_key portal.weather_data"; got != want {
		t.Errorf("with an exception for another name: %q, want %q", got, want)
	}
	p.Exec(`update tenancy.audit_exceptions set object = 'portal.weather_data', made_on = current_date - 9, expires_on = current_date`)
	if got, want := found(), "exception_expired portal.weather_data, no_primary_key portal.admin_settings, no_primary_key portal.weather_data"; got != want {
		t.Errorf("with an expired exception: %q, want %q", got, want)
	}

	for what, values := range map[string]string{
		"without a reason":     `'no_primary_key', 'x', '', current_date + 1`,
		"for longer than that": `'no_primary_key', 'x', 'for the tests of the audit', current_date + 400`,
	} {
		if _, err := p.Super.Exec(t.Context(), `insert into tenancy.audit_exceptions (lint, object, reason, expires_on) values (`+values+`)`); harness.SQLState(err) != "23514" {
			t.Errorf("an exception %s: %v", what, err)
		}
	}
	for _, role := range []string{"portal_app", "portal_auth", "portal_platform", "portal_worker", "portal_inspector", "portal_auditor"} {
		conn := harness.ConnectAs(t, role, p.Database)
		for _, sql := range []string{
			`insert into tenancy.audit_exceptions (lint, object, reason, expires_on) values ('rls_disabled', '%', 'because I say so', current_date + 1)`,
			`delete from tenancy.audit_exceptions`, `update tenancy.audit_exceptions set lint = 'rls_disabled'`, `delete from tenancy.baseline`,
		} {
			if _, err := conn.Exec(t.Context(), sql); !slices.Contains([]string{"42501", "25006"}, harness.SQLState(err)) {
				t.Errorf("%s: %s: %v", role, sql, err)
			}
		}
	}
}

// Whoever makes or changes an exception does not say who he is and when it was, and silences one object.
func TestExceptions_AreSigned(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	for _, sql := range []string{
		`insert into tenancy.audit_exceptions (lint, object, reason, made_on, made_by, expires_on)
			values ('no_primary_key', 'portal.weather_data', 'for the tests of the audit', current_date - 1, 'somebody', current_date + 1)`,
		`update tenancy.audit_exceptions set made_on = current_date - 1, made_by = 'somebody'`,
	} {
		p.Exec(sql)
		if signed := harness.Query[[]bool](p, `select array[bool_and(made_on = current_date), bool_and(made_by = session_user)] from tenancy.audit_exceptions`); !signed[0] || !signed[1] {
			t.Errorf("%s: dated %t, signed %t", sql, signed[0], signed[1])
		}
	}
	if _, err := p.Super.Exec(t.Context(), `update tenancy.audit_exceptions set object = 'portal.%'`); harness.SQLState(err) != "23514" {
		t.Errorf("an exception for all objects: %v", err)
	}
}

// Rows that point at nothing are only seen by who sees all rows, and everybody else is told so.
func TestAudit_OrphansAreNotPassedOver(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	said := func(conn *pgx.Conn) (said string) {
		t.Helper()
		err := conn.QueryRow(t.Context(), `select string_agg(severity || ': ' || detail, '; ') from tenancy.findings where lint = 'orphan'`).Scan(&said)
		if err != nil {
			t.Fatal(err)
		}
		return said
	}
	auditor, super := harness.ConnectAs(t, "portal_auditor", p.Database), harness.ConnectAs(t, "", p.Database)
	clean := fmt.Sprintf("info: not checked here; portal migrate found none at version %d of the schema", schema.Version())
	if got := said(auditor); got != clean {
		t.Errorf("portal_auditor: %q", got)
	}
	p.Exec(`update tenancy.installation set references_checked = references_checked - 1`)
	if got := said(auditor); !strings.HasPrefix(got, "warning: not checked here") {
		t.Errorf("with a migration since the last check: %q", got)
	}
	up(t, harness.Options(harness.Suite.Cluster, p.Database))
	if got := said(auditor); got != clean {
		t.Errorf("after portal migrate: %q", got)
	}

	for _, sql := range []string{
		`set session_replication_role = replica`,
		`insert into portal.locations (customer_id, name, address) values ('ZZZZ99999', 'Nobody''s', 'Nowhere')`,
		`set tenancy.installing = 'on'`,
	} {
		if _, err := super.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := said(super), "error: locations_belong_to_a_customer: 1 rows point at nothing in platform.customers"; got != want {
		t.Errorf("with an orphan: %q, want %q", got, want)
	}
	if _, err := auditor.Exec(t.Context(), `set tenancy.installing = 'on'`); err != nil {
		t.Fatal(err)
	}
	if got := said(auditor); got != clean {
		t.Errorf("portal_auditor, who sees no row, says of them: %q", got)
	}
}

// portal audit ends with 1 for an error, with --strict for a warning, and with 2 where it cannot ask; it says the same in every
// format, and who answers for what it does not count.
func TestCommandLine_Audit(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	url := harness.Suite.Cluster.URL("", p.Database)
	ends := func(want string, args ...string) string {
		t.Helper()
		out, err := harness.Command(t, url, append([]string{"audit"}, args...)...)
		var exit *exec.ExitError
		if (err == nil) != (want == "well") || err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
			t.Errorf("%q: %v: %s", args, err, out)
		}
		return out
	}
	p.Exec(`insert into tenancy.audit_exceptions (lint, object, reason, expires_on)
		select 'vulnerable_minor', object, 'the server of these tests', current_date + 1 from tenancy.lint_vulnerable_minor`)
	ends("well", "--strict")
	p.Exec(`alter table portal.weather_data drop constraint weather_data_pkey`)
	p.Exec(`insert into tenancy.audit_exceptions (lint, object, reason, expires_on)
		values ('policy_drift', 'portal.weather_data', 'a key that the test takes away', current_date + 1)`)
	ends("ill", "--strict")
	if out := ends("well"); !strings.Contains(out, "no_primary_key") || !strings.Contains(out, "a key that the test takes away") || !strings.Contains(out, "0 errors, 1 warnings") {
		t.Error(out)
	}
	var said struct {
		Errors, Warnings int
		Findings         []struct{ Lint, Object string }
		Exceptions       []struct{ Lint string }
	}
	if out := ends("well", "--format", "json"); json.Unmarshal([]byte(out), &said) != nil || said.Errors != 0 || said.Warnings != 1 || len(said.Findings) != 3 || len(said.Exceptions) < 1 {
		t.Errorf("%+v: %s", said, out)
	}
	var log struct{ Runs []struct{ Results []any } }
	if out := ends("well", "--format", "sarif"); json.Unmarshal([]byte(out), &log) != nil || len(log.Runs) != 1 || len(log.Runs[0].Results) != 3 {
		t.Errorf("%+v: %s", log, out)
	}
	p.Exec(harness.PastTheGate(dropWall))
	if out := ends("ill"); !strings.Contains(out, "no_restrictive_wall") {
		t.Error(out)
	}
	var exit *exec.ExitError
	if out, err := harness.Command(t, harness.Suite.Cluster.URL("", "no_such_database"), "audit"); !errors.As(err, &exit) || exit.ExitCode() != 2 {
		t.Errorf("without a database: %v: %s", err, out)
	}
}
