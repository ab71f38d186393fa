package integration_tests

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/server/auth"
)

// signUpForm is what a stranger sends; company is how he names it.
func signUpForm(email string, company url.Values) url.Values {
	form := url.Values{"name": {"Rae Request"}, "email": {email}, "phone": {"716 555 0100"}, "role": {auth.Admin}, "password": {password}}
	maps.Copy(form, company)
	return form
}

func TestSignUp_NamesItsCompany(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.exec(`update platform.customers set subdomain = 'alder' where customer_id = $1`, companyA)
	var invited struct{ Token string }
	p.do("POST", "/api/invitations/", p.token(companyB, auth.Admin), map[string]any{"email": "guest@example.com", "role": auth.User}).want(t, http.StatusOK).json(t, &invited)
	token := invited.Token

	for i, c := range []struct {
		company url.Values
		status  int
		want    string
	}{
		{url.Values{"subdomain": {" Alder "}}, http.StatusOK, companyA},
		{url.Values{"customer_id": {strings.ToLower(companyB)}}, http.StatusOK, companyB},
		{url.Values{"invitation": {token}}, http.StatusOK, companyB},
		// The first of the three counts.
		{url.Values{"invitation": {token}, "subdomain": {"alder"}, "customer_id": {companyA}}, http.StatusOK, companyB},
		{url.Values{"subdomain": {"alder"}, "customer_id": {companyB}}, http.StatusOK, companyA},
		{url.Values{}, http.StatusUnprocessableEntity, ""},
		{url.Values{"customer_id": {"ZZZZ99999"}}, http.StatusNotFound, ""},
		{url.Values{"customer_id": {"PLATFORM"}}, http.StatusNotFound, ""},
		{url.Values{"subdomain": {"birch"}}, http.StatusNotFound, ""},
		{url.Values{"invitation": {token[1:]}}, http.StatusNotFound, ""},
		{url.Values{"invitation": {"?"}}, http.StatusNotFound, ""},
	} {
		path := []string{"/signup-request/", "/request-user/"}[i%2]
		mail := fmt.Sprintf("rae%d@example.com", i)
		if a := p.do("POST", path, "", signUpForm(mail, c.company)); a.status != c.status {
			t.Errorf("%v: status %d, want %d: %s", c.company, a.status, c.status, a.body)
		}
		have := query[string](p, `select coalesce((select customer_id || ' ' || role || ' ' || status || ' ' || requested_role || ' ' || phone from portal.users where email = $1), '')`, mail)
		want := c.want
		if want != "" {
			want += " User pending Admin +17165550100"
		}
		if have != want {
			t.Errorf("%v: stored %q, want %q", c.company, have, want)
		}
	}

	// A closed company takes none, and is not told from an absent one.
	p.exec(`update platform.customers set status = 'suspended' where customer_id = $1`, companyA)
	closed := p.do("POST", "/signup-request/", "", signUpForm("late@example.com", url.Values{"customer_id": {companyA}})).problem(t, http.StatusNotFound)
	absent := p.do("POST", "/signup-request/", "", signUpForm("late@example.com", url.Values{"customer_id": {"ZZZZ99999"}})).problem(t, http.StatusNotFound)
	if closed.Detail != absent.Detail {
		t.Errorf("%q, %q", closed.Detail, absent.Detail)
	}
}

// The answer does not tell whether the company knows the e-mail, and the known person stays as he is.
func TestSignUp_TellsNothingOfWhoIsKnown(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *settings) { s.auth.RefusalTime = time.Second })
	company := url.Values{"customer_id": {companyA}}
	before := query[string](p, `select md5(u::text || l::text) from portal.users u join platform.logins l on l.user_id = u.id where u.email = 'manager@a.example'`)
	start := time.Now()
	known := p.do("POST", "/signup-request/", "", signUpForm("Manager@a.example", company)).want(t, http.StatusOK)
	tookKnown := time.Since(start)
	start = time.Now()
	unknown := p.do("POST", "/signup-request/", "", signUpForm("new@a.example", company)).want(t, http.StatusOK)
	if took := time.Since(start); tookKnown < time.Second || took < time.Second {
		t.Errorf("answers after %s and %s; both should take the fixed time", tookKnown, took)
	}
	if string(known.body) != string(unknown.body) {
		t.Errorf("known: %s, unknown: %s", known.body, unknown.body)
	}
	if after := query[string](p, `select md5(u::text || l::text) from portal.users u join platform.logins l on l.user_id = u.id where u.email = 'manager@a.example'`); after != before {
		t.Error("a request changed the person it names")
	}
	if n := len(p.entries("user.requested")); n != 1 {
		t.Errorf("%d audit entries of one new request", n)
	}
}

// Ten requests and no more, for one e-mail and from one address; log-ins are counted apart.
func TestSignUp_IsLimited(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *settings) { s.auth.SignUps, s.auth.Attempts = 10, 10 })
	have := p.statuses(16, func(ctx context.Context, i int) (answer, error) {
		return p.try(ctx, "POST", "/signup-request/", "", signUpForm(fmt.Sprintf("rae%d@example.com", i), url.Values{"customer_id": {companyA}}))
	})
	want := append(slices.Repeat([]int{http.StatusOK}, 10), slices.Repeat([]int{http.StatusTooManyRequests}, 6)...)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("(-want +have):\n%s", diff)
	}
	a := p.do("POST", "/request-user/", "", signUpForm("rae@example.com", url.Values{"customer_id": {companyA}}))
	a.problem(t, http.StatusTooManyRequests)
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	p.signIn("user@a.example", "")
}

func TestSignUp_ApproveSeveral(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin := p.token(companyA, auth.Admin)
	company := url.Values{"customer_id": {companyA}}
	var ids []int64
	for i := range 3 {
		mail := fmt.Sprintf("rae%d@example.com", i)
		p.do("POST", "/signup-request/", "", signUpForm(mail, company)).want(t, http.StatusOK)
		p.login(mail, "").problem(t, http.StatusUnauthorized)
		ids = append(ids, query[int64](p, `select id from portal.users where email = $1`, mail))
	}
	foreign := p.request(companyB, "rae0@example.com", auth.Admin)

	var list []struct {
		ID                       int64
		Email, Role, Name, Phone string
		RequestDate              string `json:"request_date"`
		Timestamp                string
	}
	p.do("GET", "/signup-requests/", admin, nil).want(t, http.StatusOK).json(t, &list)
	if len(list) != 3 || list[0].ID != ids[2] || list[0].Role != auth.Admin || list[0].RequestDate == "" || list[0].Timestamp != list[0].RequestDate {
		t.Fatalf("requests, newest first: %+v", list)
	}

	approve := func(path string, ids ...int64) (count int) {
		var out struct{ Count int }
		p.do("POST", path, admin, ids).want(t, http.StatusOK).json(t, &out)
		return out.Count
	}
	p.do("POST", "/approve-signup-requests/", admin, []int64{}).problem(t, http.StatusBadRequest)
	counts := []int{
		approve("/approve-signup-requests/", foreign, 987654321),
		approve("/approve-signup-requests/", ids[0], ids[0], ids[1], foreign, p.person(companyA, auth.User)),
		approve("/approve-signup-requests/", ids[0]),
		approve("/approve-signup-requests/?confirm_requested_role=true", ids[2]),
	}
	if diff := cmp.Diff([]int{0, 2, 0, 1}, counts); diff != "" {
		t.Errorf("approved (-want +have):\n%s", diff)
	}
	states := []string{p.state(ids[0]), p.state(ids[1]), p.state(ids[2]), p.state(foreign)}
	if diff := cmp.Diff([]string{"User active", "User active", "Admin active", "User pending"}, states); diff != "" {
		t.Errorf("(-want +have):\n%s", diff)
	}
	p.signIn("rae0@example.com", "") // with the password he chose
	for _, role := range append(roles[1:], auth.SuperAdmin) {
		p.do("POST", "/approve-signup-requests/", p.token(companyA, role), ids).problem(t, http.StatusForbidden)
		p.do("GET", "/signup-requests/", p.token(companyA, role), nil).problem(t, http.StatusForbidden)
	}

	// At the limit none of several is approved, however many fit.
	more := []int64{p.request(companyA, "more0@example.com", auth.User), p.request(companyA, "more1@example.com", auth.User)}
	p.exec(`update platform.customers set max_users = 9 where customer_id = $1`, companyA)
	p.do("POST", "/approve-signup-requests/", admin, more).problem(t, http.StatusForbidden)
	if diff := cmp.Diff([]string{"User pending", "User pending"}, []string{p.state(more[0]), p.state(more[1])}); diff != "" {
		t.Errorf("(-want +have):\n%s", diff)
	}
}

func TestHome_AndHealth(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	page := p.do("GET", "/", "", nil).want(t, http.StatusOK)
	if kind := page.header.Get("Content-Type"); !strings.HasPrefix(kind, "text/html") || !strings.Contains(string(page.body), "<h1>Contractor portal</h1>") {
		t.Errorf("%s: %.100s", kind, page.body)
	}
	var health struct{ Status, Version, Database string }
	p.do("GET", "/api/health", "", nil).want(t, http.StatusOK).json(t, &health)
	if health.Status != "ok" || health.Database != "ok" || health.Version == "" {
		t.Errorf("%+v", health)
	}
	p.exec(`grant truncate on portal.users to portal_app`)
	waitFor(t, "the server to see it", func() bool { return p.do("GET", "/api/health", "", nil).status != http.StatusOK })
	problem := p.do("GET", "/api/health", "", nil).problem(t, http.StatusServiceUnavailable)
	if !strings.Contains(problem.Detail, "audit") {
		t.Error(problem.Detail)
	}
}

// Each company says for itself who is told; setting it again replaces it.
func TestSignUp_NotificationAddress(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	set := func(company, role, address string) answer {
		return p.do("PUT", "/update-signup-email/", p.token(company, role), url.Values{"new_email": {address}})
	}
	for _, address := range []string{"old@example.com", "Office@Example.com"} {
		set(companyA, auth.Admin, address).want(t, http.StatusOK)
	}
	set(companyB, auth.Admin, "other@example.com").want(t, http.StatusOK)
	set(companyA, auth.Manager, "mine@example.com").problem(t, http.StatusForbidden)
	set(companyA, auth.Admin, "nobody").problem(t, http.StatusUnprocessableEntity)
	have := query[[]string](p, `select array_agg(customer_id || ' ' || value order by customer_id) from portal.admin_settings where setting = 'signup_notification_email'`)
	if diff := cmp.Diff([]string{companyA + " office@example.com", companyB + " other@example.com"}, have); diff != "" {
		t.Errorf("(-want +have):\n%s", diff)
	}
	if n := len(p.entries("setting.changed")); n != 3 {
		t.Errorf("%d audit entries of 3 changes", n)
	}
}
