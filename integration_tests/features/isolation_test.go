package features

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

type finding struct{ Lint, Severity, About, Object, Detail, Remedy string }

type walled struct {
	Table   string `json:"table_name"`
	Wall    string
	Verdict string
}

type examined struct {
	AskedAt       string `json:"asked_at"`
	SchemaVersion int32  `json:"schema_version"`
	PostgreSQL    string
	Errors        int
	Posture       string
	Lints         []struct{ Lint, About string }
	Findings      []finding
	Tables        []walled
	Bypassers     []struct{ Role, Reason string }
	Exceptions    []struct {
		Lint, Object, Reason string
		ExpiresOn            string `json:"expires_on"`
		Expired              bool
	}
	AttackReport *struct {
		Vectors, Cells, Leaked   int
		Made, Commit, PostgreSQL string
	} `json:"attack_report"`
	Fault *string `json:"attack_report_fault"`
}

func (p *portal) examine() (e examined) {
	p.T.Helper()
	p.Do("GET", "/api/isolation", p.Token(harness.CompanyA, auth.SuperAdmin), nil).Want(p.T, http.StatusOK).JSON(p.T, &e)
	return e
}

// A clean database has no error, and every table has its wall or its policies.
func TestIsolation_OfACleanDatabase(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	e := p.examine()
	if e.Errors != 0 || slices.ContainsFunc(e.Findings, func(f finding) bool { return f.Severity == "error" }) {
		t.Errorf("%d errors: %+v", e.Errors, e.Findings)
	}
	if want := harness.Query[int](p.Portal, `select count(*) from tenancy.lints`); len(e.Lints) != want || want < 50 {
		t.Errorf("%d lints, want %d", len(e.Lints), want)
	}
	if want := harness.Query[int](p.Portal, `select count(*) from tenancy.posture`); len(e.Tables) != want || want < 30 {
		t.Errorf("%d tables, want %d", len(e.Tables), want)
	}
	for _, table := range e.Tables {
		if table.Verdict != "walled" || strings.HasPrefix(table.Table, "portal.") && table.Wall != "wall, forced" {
			t.Errorf("%+v", table)
		}
	}
	if len(e.Bypassers) == 0 || len(e.Exceptions) != 0 || e.AttackReport != nil || e.Fault != nil || e.AskedAt == "" ||
		e.Posture != harness.Query[string](p.Portal, `select tenancy.posture_hash()`) ||
		e.SchemaVersion != harness.Query[int32](p.Portal, `select version from tenancy.schema_version`) ||
		!strings.HasPrefix(harness.Query[string](p.Portal, `select current_setting('server_version')`), e.PostgreSQL) || e.PostgreSQL == "" {
		t.Errorf("%+v", e)
	}
}

// A hole is told with what to do about it, at the table that has it; one that somebody answers for is told as that.
func TestIsolation_TellsAHole(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	found := func(e examined, lint string) (detail, remedy string) {
		for _, f := range e.Findings {
			if f.Lint == lint && f.Object == "portal.locations" && f.Severity == "error" && f.About != "" {
				return f.Detail, f.Remedy
			}
		}
		return "", ""
	}
	before := p.examine()
	p.Exec(harness.PastTheGate(`alter table portal.locations disable row level security`))
	p.Exec(harness.PastTheGate(`create policy everybody on portal.users for select to portal_app using (true)`))
	after := p.examine()
	if detail, remedy := found(after, "rls_disabled"); after.Errors == 0 || detail == "" || !strings.Contains(remedy, "portal.locations") || after.Findings[0].Severity != "error" {
		t.Errorf("%d errors: %+v", after.Errors, after.Findings)
	}
	if after.Posture == before.Posture || !slices.ContainsFunc(after.Tables, func(r walled) bool {
		return r.Table == "portal.locations" && strings.Contains(r.Verdict, "rls_disabled") && r.Wall == "row security is off"
	}) {
		t.Errorf("%+v", after.Tables)
	}
	if !slices.ContainsFunc(after.Findings, func(f finding) bool {
		return f.Object == "portal.users" && strings.Contains(f.Detail, "everybody") && f.Remedy != ""
	}) {
		t.Errorf("nothing is said of the policy: %+v", after.Findings)
	}

	p.Exec(`insert into tenancy.audit_exceptions (lint, object, reason, expires_on) values ('rls_disabled', 'portal.locations', 'for this test alone', current_date + 1),
		('rls_not_forced', 'portal.routes', 'was for another test', current_date)`)
	e := p.examine()
	if detail, _ := found(e, "rls_disabled"); detail != "" || len(e.Exceptions) != 2 || e.Exceptions[0].Reason != "for this test alone" || e.Exceptions[0].Expired || !e.Exceptions[1].Expired {
		t.Errorf("%s: %+v", detail, e.Exceptions)
	}
}

// It is for operators outside of any company, and for nobody else.
func TestIsolation_IsForOperators(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, c := range []struct {
		who, token string
		status     int
	}{
		{"an Admin", p.Token(harness.CompanyA, auth.Admin), 403},
		{"a User", p.Token(harness.CompanyB, auth.User), 403},
		{"an operator who acts inside a company", p.ActingToken(), 403},
		{"a service", p.ServiceToken(harness.CompanyA, harness.Scopes...), 403},
		{"a guest", "", 401},
		{"the operator", p.Token(harness.CompanyA, auth.SuperAdmin), 200},
	} {
		a := p.Do("GET", "/api/isolation", c.token, nil)
		if a.Status != c.status || c.status != 200 && strings.Contains(string(a.Body), "posture") {
			t.Errorf("%s: %d %s", c.who, a.Status, a.Body)
		}
	}
	// Not after he has left.
	operator := p.Session(harness.Operator)
	p.Do("POST", "/api/logout/", operator.AccessToken, nil).Want(t, http.StatusOK)
	p.Do("GET", "/api/isolation", operator.AccessToken, nil).Problem(t, http.StatusUnauthorized)
}

// Several who ask at once wait for each other, and not for a connection.
func TestIsolation_InTurn(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	ok, others := p.Parallel(4, func(int) (string, string, any) { return "GET", "/api/isolation", nil }, p.Token(harness.CompanyA, auth.SuperAdmin))
	if ok != 4 {
		t.Errorf("%d of 4 are answered: %+v", ok, others)
	}
}

// The last attack's head is shown where there is one, and a file that is none is a fault and no failure.
func TestIsolation_AttackReport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "attack-summary.json")
	p := newPortal(t, func(s *harness.Settings) { s.Server.AttackReport = path })
	if e := p.examine(); e.AttackReport != nil || e.Fault != nil {
		t.Errorf("without a file: %+v, %v", e.AttackReport, e.Fault)
	}
	good := `{"postgresql":"17.12","made":"2026-11-30 22:51 UTC","commit":"abc","vectors":130,"cells":20000,"held":20000,"leaked":0,"empty":0,"controls":19000,"statements":70000,"routes":["SQL 15000","HTTP 5000"]}`
	for text, shown := range map[string]bool{
		good: true, "": false, "{}": false, "null": false, "<html>": false, good + good: false,
		strings.Replace(good, `"held":20000`, `"held":1`, 1):         false,
		strings.Replace(good, `"cells":20000`, `"cells":"many"`, 1):  false,
		strings.Replace(good, "abc", strings.Repeat("a", 70<<10), 1): false,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		e := p.examine()
		if (e.AttackReport != nil) != shown || (e.Fault == nil) != shown || e.Fault != nil && strings.Contains(*e.Fault, dir) {
			t.Errorf("%.80s: %+v, %v", text, e.AttackReport, e.Fault)
		}
		if shown && (e.AttackReport.Vectors != 130 || e.AttackReport.Commit != "abc" || e.AttackReport.PostgreSQL != "17.12" || e.AttackReport.Made == "") {
			t.Errorf("%+v", e.AttackReport)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if e := p.examine(); e.AttackReport != nil || e.Fault == nil || strings.Contains(*e.Fault, dir) {
		t.Errorf("a directory: %+v, %v", e.AttackReport, e.Fault)
	}
}
