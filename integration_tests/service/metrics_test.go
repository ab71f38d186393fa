package service

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/jobs"
)

// A scrape is what Prometheus is told, by series as it is written.
type scrape map[string]float64

func scraped(t *testing.T, metrics http.Handler) scrape {
	t.Helper()
	w := httptest.NewRecorder()
	metrics.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	all := scrape{}
	for line := range strings.Lines(w.Body.String()) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "} "); ok && !strings.HasPrefix(line, "#") {
			all[name+"}"], _ = strconv.ParseFloat(value, 64)
		} else if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && !strings.HasPrefix(line, "#") {
			all[name], _ = strconv.ParseFloat(value, 64)
		}
	}
	return all
}

// label is every value of a label of a metric.
func (s scrape) label(metric, label string) (values []string) {
	for series := range s {
		if _, rest, ok := strings.Cut(series, label+`="`); ok && strings.HasPrefix(series, metric+"{") {
			value, _, _ := strings.Cut(rest, `"`)
			values = append(values, value)
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

func metricsOf(t *testing.T, p *harness.Portal, workers *jobs.Workers) http.Handler {
	t.Helper()
	metrics, err := server.NewMetrics(p.DB, workers)
	if err != nil {
		t.Fatal(err)
	}
	return metrics
}

// Requests, refused entries, waiting and jobs are counted, each for what it was.
func TestMetrics_CountWhatHappens(t *testing.T) {
	t.Parallel()
	var workers *jobs.Workers
	p := newPortal(t, func(s *harness.Settings) {
		s.Routes = func(api endpoint.API) {
			endpoint.Get(api, "/test/measured", "measured", "", func(ctx context.Context, tx db.Tx, _ *endpoint.None) (whoami, error) {
				return db.One[whoami](ctx, tx, whoamiSQL)
			}, endpoint.Members)
		}
		s.Own = func(w *jobs.Workers) {
			w.Handle(jobs.InboundSMS, func(context.Context, *jobs.Job) error { return nil })
			workers = w
		}
	})
	metrics := metricsOf(t, p.Portal, workers)
	before := scraped(t, metrics)
	a, b := p.Token(harness.CompanyA, auth.User), p.Token(harness.CompanyB, auth.User)
	for range 3 {
		p.Do("GET", "/test/measured", a, nil).Want(t, http.StatusOK)
	}
	p.Exec(`update platform.customers set status = 'suspended' where customer_id = $1`, harness.CompanyB)
	for range 2 {
		p.Do("GET", "/test/measured", b, nil).Problem(t, http.StatusForbidden)
	}
	job := ask(p, harness.CompanyA, auth.User, 1)
	harness.WaitFor(t, "the job", func() bool { return stateOf(p, job) == "completed" })

	after := scraped(t, metrics)
	for series, want := range map[string]float64{
		`portal_requests_total{operation="measured",status="200"}`:    3,
		`portal_requests_total{operation="measured",status="403"}`:    2,
		`portal_request_duration_seconds_count{operation="measured"}`: 5,
		`portal_entry_refusals_total{sqlstate="TN004"}`:               2,
		`portal_pool_connections_max{pool="app"}`:                     4,
		`portal_pool_connections{pool="app",state="in_use"}`:          0,
		`portal_admission_waiting`:                                    0,
		`portal_admission_refused_total{reason="crowded"}`:            0,
		`portal_jobs_oldest_seconds`:                                  0,
	} {
		got, ok := after[series]
		if strings.Contains(series, "measured") {
			got -= before[series] // of this process
		}
		if !ok || got != want {
			t.Errorf("%s is %v, want %v", series, got, want)
		}
	}
	if n := after[`portal_job_duration_seconds_count{kind="inbound_sms",outcome="done"}`]; n < 1 {
		t.Errorf("%v jobs are counted", n)
	}
	for _, name := range []string{"go_goroutines", "process_resident_memory_bytes"} {
		if after[name] == 0 {
			t.Errorf("there is no %s", name)
		}
	}

	// Whose pool is one of workers alone says of the queue; and the public address says nothing.
	p.Exec(`insert into jobs.river_job (customer_id, kind, args, max_attempts, state, scheduled_at)
		select 'AAAA22222', 'drain_nothing', '{}', 1, 'available', now() - interval '90 seconds' from generate_series(1, 7)`)
	if s := scraped(t, metrics); s[`portal_jobs{state="available"}`] < 7 || s["portal_jobs_oldest_seconds"] < 89 {
		t.Errorf("of 7 jobs %v are seen, the oldest of %v s", s[`portal_jobs{state="available"}`], s["portal_jobs_oldest_seconds"])
	}
	if s := scraped(t, metricsOf(t, p.Portal, nil)); len(s.label("portal_jobs", "state")) > 0 {
		t.Error("without workers the queue is looked at")
	}
	p.Do("GET", "/metrics", "", nil).Problem(t, http.StatusNotFound)
}

// A full line and a full pool are counted apart.
func TestMetrics_CountWhoWasTurnedAway(t *testing.T) {
	t.Parallel()
	f := newFlood(t, 2, 20, 1, func(s *harness.Settings) { s.DB.CustomerLine = 5 })
	harness.WaitFor(t, "the refusals", func() bool { return f.crowded.Load() == 14 })
	s := scraped(t, metricsOf(t, f.p.Portal, nil))
	if s[`portal_admission_refused_total{reason="crowded"}`] != 14 || s[`portal_admission_refused_total{reason="busy"}`] != 0 || s["portal_admission_waiting"] != 5 {
		t.Errorf("of 14 that were turned away and 5 that wait: %v, %v", s[`portal_admission_refused_total{reason="crowded"}`], s["portal_admission_waiting"])
	}
	f.ends(t, 6)
}

// Whatever was asked and by whom, labels name what the program has a name for.
func TestMetrics_NameNobody(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.LoginWith(harness.Email(harness.CompanyA, auth.Admin), "planted password").Problem(t, http.StatusUnauthorized)
	p.LoginWith("planted@a.example", harness.Password).Problem(t, http.StatusUnauthorized)
	token := p.Token(harness.CompanyA, auth.Admin)
	for path, status := range map[string]int{
		"/properties/?search=planted": http.StatusOK, "/planted/path": http.StatusNotFound, "/properties/planted": http.StatusUnprocessableEntity,
		"/api/customers/" + harness.CompanyB + "/": http.StatusForbidden, "/openapi.json?planted=1": http.StatusOK, "/pages/planted.html": http.StatusNotFound,
	} {
		if a := p.Do("GET", path, token, nil); a.Status != status {
			t.Errorf("%s: %d, want %d", path, a.Status, status)
		}
	}
	p.Do("PLANTED", "/properties/", token, nil)
	s := scraped(t, metricsOf(t, p.Portal, nil))
	for series := range s {
		for _, planted := range []string{"planted", "PLANTED", "example", harness.CompanyA, harness.CompanyB, "127.0.0.1", "admin@"} {
			if strings.Contains(series, planted) {
				t.Errorf("%s has %s", series, planted)
			}
		}
	}
	operations := s.label("portal_requests_total", "operation")
	if len(operations) < 3 {
		t.Errorf("there are requests of %q", operations)
	}
	for _, o := range operations {
		if !operationForm.MatchString(o) {
			t.Errorf("%q is no operation", o)
		}
	}
}

var operationForm = regexp.MustCompile(`^[A-Za-z]*$`)

// The dashboard asks for what there is, and docs/operations.md tells of all of it.
func TestMetrics_HaveReaders(t *testing.T) {
	t.Parallel()
	var made []string
	for _, file := range []string{"metrics.go", "jobs/metrics.go", "outbound/outbound.go"} {
		for _, m := range regexp.MustCompile(`(?:Name: |NewDesc\()"(portal_\w+)"`).FindAllStringSubmatch(read(t, "server/"+file), -1) {
			made = append(made, m[1])
		}
	}
	if len(made) < 12 {
		t.Errorf("only %q were found", made)
	}
	page, dashboard := read(t, "docs/operations.md"), read(t, "deploy/dashboard.json")
	for _, name := range made {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("docs/operations.md does not name %s", name)
		}
	}
	if !json.Valid([]byte(dashboard)) {
		t.Error("the dashboard is no JSON")
	}
	for _, name := range regexp.MustCompile(`portal_\w+`).FindAllString(dashboard, -1) {
		histogram := strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count")
		if !slices.Contains(made, name) && !slices.Contains(made, histogram) {
			t.Errorf("the dashboard asks for %s", name)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
