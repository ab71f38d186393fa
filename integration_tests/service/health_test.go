package service

import (
	"net/http"
	"testing"

	"contractor-portal/integration_tests/harness"
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
			func(p *portal) {
				p.Exec(harness.PastTheGate(`alter table portal.locations no force row level security`))
			},
			func(p *portal) { p.Exec(`alter table portal.locations force row level security`) },
			"the audit has error-level findings; run portal audit",
		},
		"older schema": {
			func(p *portal) { p.Exec(`update tenancy.schema_version set version = version - 1`) },
			func(p *portal) { p.Exec(`update tenancy.schema_version set version = version + 1`) },
			"the schema has another version than this program; run portal migrate",
		},
		"newer schema": {
			func(p *portal) { p.Exec(`update tenancy.schema_version set version = version + 1`) },
			func(p *portal) { p.Exec(`update tenancy.schema_version set version = version - 1`) },
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
			status := func() (a harness.Answer, says string) {
				var r server.Readiness
				a = p.Do("GET", "/readyz", "", nil)
				a.JSON(t, &r)
				return a, r.Status
			}
			if a, says := status(); a.Status != http.StatusOK || says != "ready" {
				t.Fatalf("before: %d %s", a.Status, says)
			}

			tt.break_(p)
			harness.WaitFor(t, "the server to see it", func() bool { a, says := status(); return a.Status == http.StatusServiceUnavailable && says == tt.says })
			p.Do("GET", "/healthz", "", nil).Want(t, http.StatusOK)

			tt.mend(p)
			harness.WaitFor(t, "the server to recover", func() bool { a, _ := status(); return a.Status == http.StatusOK })
		})
	}
}

// While the database is away, requests say so, and nothing of where it is.
func TestHealth_RequestsWithoutADatabase(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token(harness.CompanyA, auth.Admin)
	p.allowConnections(false)
	for _, a := range []harness.Answer{
		p.Do("GET", "/properties/", token, nil),
		p.Do("POST", "/update-property-coordinates/", token, map[string]any{"property_id": 1, "latitude": 1, "longitude": 1}),
		p.Login(harness.Email(harness.CompanyA, auth.Admin), ""),
	} {
		wantProblem(t, a, http.StatusServiceUnavailable)
		if a.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	p.allowConnections(true)
	p.Do("GET", "/properties/", token, nil).Want(t, http.StatusOK)
}

// allowConnections opens the portal's database to everybody, or shuts it and puts everybody out.
func (p *portal) allowConnections(allowed bool) {
	p.T.Helper()
	statements := []string{
		"alter database " + p.Database + " with allow_connections false",
		"select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + p.Database + "'",
	}
	if allowed {
		statements = []string{"alter database " + p.Database + " with allow_connections true"}
	}
	if err := harness.Execute(p.T.Context(), harness.Suite.Cluster.URL("", "postgres"), statements...); err != nil {
		p.T.Fatal(err)
	}
}
