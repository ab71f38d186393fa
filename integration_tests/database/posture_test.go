package database

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
)

// What tenancy.effective_policy says a role finds is what the role finds, in every table, with the rows
// of two companies in all of them.
func TestPosture_EffectivePolicyIsWhatPostgreSQLApplies(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	p.Populate()
	rows, _ := p.Super.Query(t.Context(), `
		select t.name, r.name as role, e.using_expr
		from tenancy.our_tables t
		cross join tenancy.walled_roles r
		cross join lateral tenancy.effective_policy(t.name, r.name, 'select') e
		where has_any_column_privilege(r.oid, t.oid, 'select')
		order by 1, 2`)
	type combination struct{ Name, Role, Using string }
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[combination])
	if err != nil {
		t.Fatal(err)
	}
	conns := map[string]*pgx.Conn{}
	for _, role := range []string{"", "portal_app", "portal_auth", "portal_platform", "portal_worker", "portal_mover", "portal_inspector"} {
		conns[role] = harness.ConnectAs(t, role, p.Database)
		if _, err := conns[role].Exec(t.Context(), `set app.customer_id = '`+harness.CompanyA+`'`); err != nil {
			t.Fatal(err)
		}
	}
	count := func(role, sql string) (n int) {
		t.Helper()
		if err := conns[role].QueryRow(t.Context(), "select count(*) from "+sql).Scan(&n); err != nil {
			t.Fatalf("%s: %s: %v", role, sql, err)
		}
		return n
	}
	filtered := 0
	for _, c := range all {
		said, found, there := count("", c.Name+" where "+c.Using), count(c.Role, c.Name), count("", c.Name)
		if said != found {
			t.Errorf("%s finds %d of %d rows in %s, and effective_policy says %d: %s", c.Role, found, there, c.Name, said, c.Using)
		}
		if found > 0 && found < there {
			filtered++
		}
	}
	if len(all) < 70 || filtered < 50 {
		t.Errorf("%d combinations, %d of them found some rows and not others", len(all), filtered)
	}
}

// The same for what may be written, where a narrow door decides.
func TestPosture_EffectiveCheckIsWhatPostgreSQLApplies(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	check := harness.Query[string](p, `select check_expr from tenancy.effective_policy('portal.users', 'portal_app', 'UPDATE')`)
	app := p.As("portal_app")
	for _, role := range harness.Roles {
		id := harness.Query[int64](p, `select id from portal.users where (customer_id, role) = ($1, $2)`, harness.CompanyA, role)
		settings := fmt.Sprintf(`set app.customer_id = '%s'; set app.role = '%s'; set app.user_id = '%d'`, harness.CompanyA, role, id)
		super := harness.ConnectAs(t, "", p.Database)
		for _, conn := range []*pgx.Conn{app, super} {
			if _, err := conn.PgConn().Exec(t.Context(), settings).ReadAll(); err != nil {
				t.Fatal(err)
			}
		}
		rows, _ := super.Query(t.Context(), `select id, `+check+` from portal.users where customer_id = $1 order by id`, harness.CompanyA)
		var other int64
		var allowed bool
		permitted, refused := 0, 0
		_, err := pgx.ForEachRow(rows, []any{&other, &allowed}, func() error {
			_, err := app.Exec(t.Context(), `update portal.users set display_name = 'x' where id = $1`, other)
			if allowed != (err == nil) || !allowed && harness.SQLState(err) != "42501" {
				t.Errorf("%s %d writes user %d: %v, and effective_policy says %t", role, id, other, err, allowed)
			}
			if allowed {
				permitted++
			} else {
				refused++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if permitted == 0 || (refused == 0) != (role == "Admin") {
			t.Errorf("%s may write %d users, and not %d others", role, permitted, refused)
		}
	}
}

func TestPosture_EffectivePolicyOfThoseWhoAreNotHeld(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	effective := func(table, role, command string) (using, check string) {
		t.Helper()
		err := p.Super.QueryRow(t.Context(), `select coalesce(using_expr, '-'), coalesce(check_expr, '-') from tenancy.effective_policy($1, $2, $3)`,
			table, role, command).Scan(&using, &check)
		if err != nil {
			t.Fatal(err)
		}
		return using, check
	}
	const wall = `(customer_id = ( SELECT tenancy.customer_id() AS customer_id))`
	for _, c := range [][5]string{
		{"portal.locations", "portal_backup", "select", "true", "-"},
		{"portal.locations", "portal_backup", "insert", "-", "true"},
		{"portal.locations", harness.Suite.Cluster.Superuser, "update", "true", "true"},
		{"portal.locations", "portal_owner", "delete", "false AND " + wall, "-"},
		{"portal.locations", "portal_platform", "select", "false AND " + wall, "-"},
		{"portal.locations", "portal_inspector", "insert", "-", "false AND " + wall},
		{"platform.sessions", "portal_auth", "select", "(true)", "-"},
		{"platform.sessions", "portal_app", "select", "false", "-"},
		{"platform.customers", "portal_app", "update", "(" + wall + ")", "(" + wall + ")"},
	} {
		if using, check := effective(c[0], c[1], c[2]); using != c[3] || check != c[4] {
			t.Errorf("%s %s %s: using %s, check %s", c[1], c[2], c[0], using, check)
		}
	}
	p.Exec(harness.PastTheGate(`alter table portal.locations no force row level security`))
	if using, _ := effective("portal.locations", "portal_owner", "select"); using != "true" {
		t.Errorf("without FORCE the owner is held by %s", using)
	}
	if using, _ := effective("portal.locations", "portal_app", "select"); using == "true" {
		t.Error("without FORCE portal_app is not held")
	}
	p.Exec(harness.PastTheGate(`alter table portal.locations disable row level security`))
	if using, _ := effective("portal.locations", "portal_app", "select"); using != "true" {
		t.Errorf("without row security portal_app is held by %s", using)
	}
	for _, wrong := range []string{
		`'portal.nothing', 'portal_app', 'select'`, `'portal.users', 'nobody', 'select'`, `'portal.users', 'portal_app', 'truncate'`,
	} {
		if _, err := p.Super.Exec(t.Context(), `select tenancy.effective_policy(`+wrong+`)`); err == nil {
			t.Errorf("effective_policy(%s) answers", wrong)
		}
	}
}

func TestPosture_OneRowForEachTable(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	verdicts := func() map[string]string {
		t.Helper()
		rows, _ := p.Super.Query(t.Context(), `select table_name, verdict from tenancy.posture`)
		found := map[string]string{}
		var name, verdict string
		if _, err := pgx.ForEachRow(rows, []any{&name, &verdict}, func() error { found[name] = verdict; return nil }); err != nil {
			t.Fatal(err)
		}
		return found
	}
	want := map[string]string{}
	for _, table := range harness.Query[[]string](p, `
		select array_agg(schemaname || '.' || tablename) from pg_tables where schemaname in ('portal', 'platform', 'jobs')`) {
		want[table] = "walled"
	}
	if diff := cmp.Diff(want, verdicts()); diff != "" || len(want) < 40 {
		t.Errorf("%d tables (-want +got):\n%s", len(want), diff)
	}
	p.Exec(harness.PastTheGate(dropWall))
	p.Exec(`grant truncate on platform.sessions to portal_app`)
	want["portal.locations"], want["platform.sessions"] = "no_restrictive_wall", "policy_drift, truncate_granted"
	if diff := cmp.Diff(want, verdicts()); diff != "" {
		t.Errorf("with two faults (-want +got):\n%s", diff)
	}
}

func TestPosture_WhoCanBypass(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	conn := harness.ConnectAs(t, "", database)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // the connection ends with the test
	bypass := func() map[string]string {
		t.Helper()
		rows, _ := tx.Query(t.Context(), `select role, string_agg(reason, ', ' order by reason) from tenancy.who_can_bypass group by role`)
		found := map[string]string{}
		var role, reason string
		if _, err := pgx.ForEachRow(rows, []any{&role, &reason}, func() error { found[role] = reason; return nil }); err != nil {
			t.Fatal(err)
		}
		return found
	}
	want := map[string]string{
		harness.Suite.Cluster.Superuser: "superuser",
		"portal_backup":                 "BYPASSRLS",
		"portal_owner":                  "owns the tables, and could lift FORCE",
		"portal_definer":                "owns tenancy.enter, and could change it",
	}
	if diff := cmp.Diff(want, bypass()); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}
	for _, sql := range []string{
		`create role harmless login`,
		`create role copier replication`, `create role maker createrole`, `create role member`, `grant portal_owner to member`,
		`create role through`, `grant member to through`, `create role reader`, `grant pg_read_server_files to reader`,
		`create role impostor noinherit`, `grant portal_app to impostor`, `create role accomplice`, `grant impostor to accomplice`, `grant portal_app to portal_owner`,
	} {
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	maps.Copy(want, map[string]string{
		"copier": "copies the whole cluster (REPLICATION)", "maker": "may make and change roles",
		"member": "can become portal_owner", "through": "can become portal_owner", "reader": "can become pg_read_server_files",
		"impostor": "can become portal_app", "accomplice": "can become portal_app",
	})
	if diff := cmp.Diff(want, bypass()); diff != "" {
		t.Errorf("with more roles (-want +got):\n%s", diff)
	}
}

// The hash is of the posture and of nothing else: two installations have the same, data and oids do not
// count, and each kind of change does.
func TestPosture_Hash(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	hash := func() string { return harness.Query[string](p, `select tenancy.posture_hash()`) }
	first := hash()
	fresh := emptyDatabase(t, harness.Suite.Cluster)
	up(t, harness.Options(harness.Suite.Cluster, fresh))
	var other string
	if err := harness.ConnectAs(t, "", fresh).QueryRow(t.Context(), `select tenancy.posture_hash()`).Scan(&other); err != nil {
		t.Fatal(err)
	}
	if other != first {
		t.Errorf("two installations: %s and %s", first, other)
	}
	p.Exec(harness.PastTheGate(dropWall))
	p.Exec(harness.PastTheGate(putWall))
	p.Exec(`delete from portal.locations`)
	p.Exec(`create table public.planted (id int)`)
	if again := hash(); again != first {
		t.Errorf("with a wall of another oid and other rows: %s", again)
	}
	seen := map[string]string{first: "nothing"}
	for _, sql := range []string{
		`alter policy app_door on portal.locations using (true)`,
		`grant select (name) on portal.locations to portal_platform`,
		`alter table portal.locations no force row level security`,
		`create unique index planted on portal.locations (id)`,
		`drop trigger touch on portal.locations`,
		`alter event trigger portal_gate_drop disable`,
		`alter function tenancy.role() immutable`,
		`grant usage on schema portal to portal_platform`,
		`create view portal.planted_view as select 1 as one`,
		here(`alter role portal_backup in database %I set work_mem = '8MB'`),
	} {
		p.Exec(harness.PastTheGate(sql))
		now := hash()
		if by := seen[now]; by != "" {
			t.Errorf("%s: the hash is that of %s", sql, by)
		}
		seen[now] = sql
	}
}

// portal_auditor reads every view of the audit, and not a row of anybody.
func TestPosture_AuditorReadsNoData(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	conn := harness.ConnectAs(t, "portal_auditor", p.Database)
	objects := func(kinds, schemas string) []string {
		return harness.Query[[]string](p, `
			select array_agg(format('%I.%I', n.nspname, c.relname) order by 1)
			from pg_class c join pg_namespace n on n.oid = c.relnamespace
			where c.relkind = any ($1::"char"[]) and n.nspname = any ($2)`, kinds, schemas)
	}
	for _, view := range objects("{v}", "{tenancy}") {
		if _, err := conn.Exec(t.Context(), `select * from `+view); err != nil {
			t.Errorf("%s: %v", view, err)
		}
	}
	of := []string{"tenancy.audit_exceptions", "tenancy.baseline"}
	tables := append(objects("{r,p,S}", "{portal,platform,tenancy}"), objects("{v}", "{portal}")...)
	for _, table := range tables {
		if _, err := conn.Exec(t.Context(), `select * from `+table); (harness.SQLState(err) == "42501") == slices.Contains(of, table) {
			t.Errorf("%s: %v", table, err)
		}
	}
	if len(tables) < 60 {
		t.Errorf("only %d tables and sequences", len(tables))
	}
	for _, call := range []string{`tenancy.posture_hash()`, `tenancy.effective_policy('portal.users', 'portal_app', 'update')`, `tenancy.state()`} {
		if _, err := conn.Exec(t.Context(), `select `+call); err != nil {
			t.Errorf("%s: %v", call, err)
		}
	}
}

// The report is for a DBA who has psql and nothing else: one screen on a clean database, and what is
// wrong on another one.
func TestPosture_ReportOfPsql(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(harness.Root + "/policies/audit.sql")
	if err != nil {
		t.Fatal(err)
	}
	p := harness.NewPortal(t)
	harness.ConnectAs(t, "portal_auditor", p.Database)
	for _, role := range []string{"", "portal_auditor"} {
		text, err := harness.Suite.Cluster.Client(t.Context(), role, p.Database, string(script), "psql", "-X", "-f", "-")
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(text, "\n")
		if len(lines) > 50 {
			t.Errorf("%d lines as %q:\n%s", len(lines), role, text)
		}
		for _, line := range lines {
			if len(line) > 120 {
				t.Errorf("a line of %d characters: %s", len(line), line)
			}
		}
		for _, wanted := range []string{
			"PostgreSQL ", "portal_inspector", "BYPASSRLS", " 0 errors", harness.Query[string](p, `select tenancy.posture_hash()`),
		} {
			if !strings.Contains(text, wanted) {
				t.Errorf("as %q it does not say %q:\n%s", role, wanted, text)
			}
		}
		t.Log("\n" + text)
	}
	p.Exec(harness.PastTheGate(dropWall))
	text, err := harness.Suite.Cluster.Client(t.Context(), "portal_auditor", p.Database, string(script), "psql", "-X", "-f", "-")
	if err != nil || !strings.Contains(text, "no_restrictive_wall") || !strings.Contains(text, " 1 errors") {
		t.Errorf("without a wall: %v\n%s", err, text)
	}
}
