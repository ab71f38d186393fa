package service

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
)

// lines returns the access log.
func (p *portal) lines(t *testing.T) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(p.Log.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, fields)
	}
	return all
}

func TestLog_OneLinePerRequest(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token, operator := p.Token(harness.CompanyA, auth.Manager), p.Token(harness.CompanyA, auth.SuperAdmin)
	user := harness.Query[float64](p.Portal, `select id from portal.users where email = 'manager@a.example'`)
	before := len(p.lines(t))
	a := p.Do("GET", "/properties/?limit=1", token, nil).Want(t, http.StatusOK)
	p.Do("GET", "/nothing", token, nil).Want(t, http.StatusNotFound)
	p.Do("POST", "/add-property/", operator, nil).Want(t, http.StatusForbidden)

	var seen []map[string]any
	harness.WaitFor(t, "the lines", func() bool { seen = p.lines(t)[before:]; return len(seen) == 3 })
	first := seen[0]
	if first["operation"] != "listProperties" || first["status"] != 200.0 || first["customer"] != harness.CompanyA || first["user"] != user ||
		first["request_id"] != a.Header.Get("X-Request-Id") || first["method"] != "GET" || first["level"] != "INFO" {
		t.Errorf("line %v", first)
	}
	if seen[2]["operator"] != 1.0 || seen[2]["customer"] != nil || seen[2]["status"] != 403.0 {
		t.Errorf("line of the operator %v", seen[2])
	}
	for _, line := range seen {
		for name := range line {
			if !slices.Contains([]string{"time", "level", "msg", "operation", "method", "status", "ms", "request_id", "customer", "user", "operator"}, name) {
				t.Errorf("field %s in %v", name, line)
			}
		}
	}
}

// Nothing personal, no secret and nothing of what was asked is in the log.
func TestLog_TellsNothingOfPersons(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	s := p.Session("admin@a.example")
	secret := "Secret-Of-A-Client"
	p.LoginWith("admin@a.example", secret)
	p.LoginWith(secret+"@a.example", harness.Password)
	p.Do("GET", "/properties/?limit=1&note="+secret, s.AccessToken, nil)
	p.Do("GET", "/"+secret, s.AccessToken, nil)
	p.Do("GET", "/properties/"+secret, s.AccessToken, nil)
	p.Do("GET", "/properties/", secret, nil)
	p.Do("POST", "/add-property/", s.AccessToken, map[string]string{"name": secret})
	p.Do("PUT", "/update-profile", s.AccessToken, map[string]string{"address": secret, "phone_number": "+1 716 555 0100"}).Want(t, http.StatusOK)
	p.Do("POST", "/api/refresh/", "", url.Values{"refresh_token": {s.RefreshToken}}).Want(t, http.StatusOK)
	p.Ask("GET", "/properties/", "", map[string]string{"X-Request-Id": secret + " " + secret, "X-Forwarded-For": "198.51.100.77", "User-Agent": secret})

	harness.WaitFor(t, "the lines", func() bool { return len(p.lines(t)) == 11 })
	for _, personal := range []string{secret, "@a.example", " One", "5550100", s.AccessToken, s.RefreshToken, harness.ClaimsOf(t, s.AccessToken)["sid"].(string), "/properties", "limit", "127.0.0.1", "198.51.100.77", harness.Password} {
		if strings.Contains(p.Log.String(), personal) {
			t.Errorf("the log holds %q:\n%s", personal, p.Log)
		}
	}
}

func TestLog_HasTheStackOfAPanic(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) {
		s.Routes = func(api endpoint.API) {
			endpoint.Get(api, "/test/panic", "panic", "", func(context.Context, db.Tx, *endpoint.None) (endpoint.Message, error) {
				panic("the handler's own words")
			}, endpoint.Members)
		}
	})
	a := p.Do("GET", "/test/panic", p.Token(harness.CompanyA, auth.User), nil)
	wantProblem(t, a, http.StatusInternalServerError)
	if problem := a.Problem(t, http.StatusInternalServerError); problem.Type != "/problems/internal" || strings.Contains(string(a.Body), "words") {
		t.Errorf("answer %s", a.Body)
	}

	var line map[string]any
	harness.WaitFor(t, "its line", func() bool {
		for _, l := range p.lines(t) {
			if l["operation"] == "panic" {
				line = l
			}
		}
		return line != nil
	})
	text, _ := line["error"].(string)
	if line["level"] != "ERROR" || line["status"] != 500.0 || line["request_id"] != a.Header.Get("X-Request-Id") || !strings.Contains(text, "the handler's own words") || !strings.Contains(text, "log_test.go:") {
		t.Errorf("line %v", line)
	}
	p.Do("GET", "/properties/", p.Token(harness.CompanyA, auth.User), nil).Want(t, http.StatusOK)
}
