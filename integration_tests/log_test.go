package integration_tests

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
)

// lines returns the access log.
func (p *portal) lines(t *testing.T) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(p.log.String()) {
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
	token := p.token(companyA, auth.Manager)
	user := query[float64](p, `select id from portal.users where email = 'manager@a.example'`)
	before := len(p.lines(t))
	a := p.do("GET", "/properties/?limit=1", token, nil).want(t, http.StatusOK)
	p.do("GET", "/nothing", token, nil).want(t, http.StatusNotFound)
	p.do("POST", "/add-property/", p.token(companyA, auth.SuperAdmin), nil).want(t, http.StatusForbidden)

	var seen []map[string]any
	waitFor(t, "the lines", func() bool { seen = p.lines(t)[before:]; return len(seen) == 4 })
	first := seen[0]
	if first["operation"] != "listProperties" || first["status"] != 200.0 || first["customer"] != companyA || first["user"] != user ||
		first["request_id"] != a.header.Get("X-Request-Id") || first["method"] != "GET" || first["level"] != "INFO" {
		t.Errorf("line %v", first)
	}
	if seen[3]["operator"] != 1.0 || seen[3]["customer"] != nil || seen[3]["status"] != 403.0 {
		t.Errorf("line of the operator %v", seen[3])
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
	s := p.session("admin@a.example")
	secret := "Secret-Of-A-Client"
	p.loginWith("admin@a.example", secret)
	p.loginWith(secret+"@a.example", password)
	p.do("GET", "/properties/?limit=1&note="+secret, s.AccessToken, nil)
	p.do("GET", "/"+secret, s.AccessToken, nil)
	p.do("GET", "/properties/"+secret, s.AccessToken, nil)
	p.do("GET", "/properties/", secret, nil)
	p.do("POST", "/add-property/", s.AccessToken, map[string]string{"name": secret})
	p.do("PUT", "/update-profile", s.AccessToken, map[string]string{"address": secret, "phone_number": "+1 716 555 0100"}).want(t, http.StatusOK)
	p.do("POST", "/api/refresh/", "", url.Values{"refresh_token": {s.RefreshToken}}).want(t, http.StatusOK)
	p.ask("GET", "/properties/", "", map[string]string{"X-Request-Id": secret + " " + secret, "X-Forwarded-For": "198.51.100.77", "User-Agent": secret})

	waitFor(t, "the lines", func() bool { return len(p.lines(t)) == 11 })
	for _, personal := range []string{secret, "@a.example", "One", "5550100", s.AccessToken, s.RefreshToken, claimsOf(t, s.AccessToken)["sid"].(string), "/properties", "limit", "127.0.0.1", "198.51.100.77", password} {
		if strings.Contains(p.log.String(), personal) {
			t.Errorf("the log holds %q:\n%s", personal, p.log)
		}
	}
}

func TestLog_HasTheStackOfAPanic(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *settings) {
		s.routes = func(api endpoint.API) {
			endpoint.Get(api, "/test/panic", "panic", "", func(context.Context, db.Tx, *endpoint.None) (endpoint.Message, error) {
				panic("the handler's own words")
			}, endpoint.Members)
		}
	})
	a := p.do("GET", "/test/panic", p.token(companyA, auth.User), nil)
	wantProblem(t, a, http.StatusInternalServerError)
	if problem := a.problem(t, http.StatusInternalServerError); problem.Type != "/problems/internal" || strings.Contains(string(a.body), "words") {
		t.Errorf("answer %s", a.body)
	}

	var line map[string]any
	waitFor(t, "its line", func() bool {
		for _, l := range p.lines(t) {
			if l["operation"] == "panic" {
				line = l
			}
		}
		return line != nil
	})
	text, _ := line["error"].(string)
	if line["level"] != "ERROR" || line["status"] != 500.0 || line["request_id"] != a.header.Get("X-Request-Id") || !strings.Contains(text, "the handler's own words") || !strings.Contains(text, "log_test.go:") {
		t.Errorf("line %v", line)
	}
	p.do("GET", "/properties/", p.token(companyA, auth.User), nil).want(t, http.StatusOK)
}
