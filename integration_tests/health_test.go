package integration_tests

import (
	"net/http"
	"testing"

	"contractor-portal/server"
	"contractor-portal/server/auth"
)

// /healthz says that the process is alive, whatever the database does; /readyz that it can be served
// from.
func TestHealth_OfADatabaseThatIsNotFit(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		break_, mend func(*portal)
		says         string
	}{
		"audit finds an error": {
			func(p *portal) { p.exec(pastTheGate(`alter table portal.locations no force row level security`)) },
			func(p *portal) { p.exec(`alter table portal.locations force row level security`) },
			"the audit has error-level findings; run portal audit",
		},
		"older schema": {
			func(p *portal) { p.exec(`update tenancy.schema_version set version = version - 1`) },
			func(p *portal) { p.exec(`update tenancy.schema_version set version = version + 1`) },
			"the schema has another version than this program; run portal migrate",
		},
		"newer schema": {
			func(p *portal) { p.exec(`update tenancy.schema_version set version = version + 1`) },
			func(p *portal) { p.exec(`update tenancy.schema_version set version = version - 1`) },
			"the schema has another version than this program; run portal migrate",
		},
		"database gone": {
			func(p *portal) { p.allowConnections(false) },
			func(p *portal) { p.allowConnections(true) },
			"the database cannot be reached or is not installed; run portal migrate",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t)
			status := func() (a answer, says string) {
				var r server.Readiness
				a = p.do("GET", "/readyz", "", nil)
				a.json(t, &r)
				return a, r.Status
			}
			if a, says := status(); a.status != http.StatusOK || says != "ready" {
				t.Fatalf("before: %d %s", a.status, says)
			}

			tt.break_(p)
			waitFor(t, "the server to see it", func() bool { a, says := status(); return a.status == http.StatusServiceUnavailable && says == tt.says })
			p.do("GET", "/healthz", "", nil).want(t, http.StatusOK)

			tt.mend(p)
			waitFor(t, "the server to recover", func() bool { a, _ := status(); return a.status == http.StatusOK })
		})
	}
}

// While the database is away, requests say so, and nothing of where it is.
func TestHealth_RequestsWithoutADatabase(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.token(companyA, auth.Admin)
	p.allowConnections(false)
	for _, a := range []answer{
		p.do("GET", "/properties/", token, nil),
		p.do("POST", "/update-property-coordinates/", token, map[string]any{"property_id": 1, "latitude": 1, "longitude": 1}),
		p.login(email(companyA, auth.Admin), ""),
	} {
		wantProblem(t, a, http.StatusServiceUnavailable)
		if a.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	p.allowConnections(true)
	p.do("GET", "/properties/", token, nil).want(t, http.StatusOK)
}

// allowConnections opens the portal's database to everybody, or shuts it and puts everybody out.
func (p *portal) allowConnections(allowed bool) {
	p.t.Helper()
	statements := []string{
		"alter database " + p.database + " with allow_connections false",
		"select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + p.database + "'",
	}
	if allowed {
		statements = []string{"alter database " + p.database + " with allow_connections true"}
	}
	if err := execute(p.t.Context(), suite.cluster.url("", "postgres"), statements...); err != nil {
		p.t.Fatal(err)
	}
}
