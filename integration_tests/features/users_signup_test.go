package features

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

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// signUpForm is what a stranger sends; company is how he names it.
func signUpForm(email string, company url.Values) url.Values {
	form := url.Values{"name": {"Rae Request"}, "email": {email}, "phone": {"716 555 0100"}, "role": {auth.Admin}, "password": {harness.Password}}
	maps.Copy(form, company)
	return form
}

func TestSignUp_NamesItsCompany(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Exec(`update platform.customers set subdomain = 'alder' where customer_id = $1`, harness.CompanyA)
	var invited struct{ Token string }
	p.Do("POST", "/api/invitations/", p.Token(harness.CompanyB, auth.Admin), map[string]any{"email": "guest@example.com", "role": auth.User}).Want(t, http.StatusOK).JSON(t, &invited)
	token := invited.Token

	for i, c := range []struct {
		company url.Values
		status  int
		want    string
	}{
		{url.Values{"subdomain": {" Alder "}}, http.StatusOK, harness.CompanyA},
		{url.Values{"customer_id": {strings.ToLower(harness.CompanyB)}}, http.StatusOK, harness.CompanyB},
		{url.Values{"invitation": {token}}, http.StatusOK, harness.CompanyB},
		// The first of the three counts.
		{url.Values{"invitation": {token}, "subdomain": {"alder"}, "customer_id": {harness.CompanyA}}, http.StatusOK, harness.CompanyB},
		{url.Values{"subdomain": {"alder"}, "customer_id": {harness.CompanyB}}, http.StatusOK, harness.CompanyA},
		{url.Values{}, http.StatusUnprocessableEntity, ""},
		{url.Values{"customer_id": {"ZZZZ99999"}}, http.StatusNotFound, ""},
		{url.Values{"customer_id": {"PLATFORM"}}, http.StatusNotFound, ""},
		{url.Values{"subdomain": {"birch"}}, http.StatusNotFound, ""},
		{url.Values{"invitation": {token[1:]}}, http.StatusNotFound, ""},
		{url.Values{"invitation": {"?"}}, http.StatusNotFound, ""},
	} {
		path := []string{"/signup-request/", "/request-user/"}[i%2]
		mail := fmt.Sprintf("rae%d@example.com", i)
		if a := p.Do("POST", path, "", signUpForm(mail, c.company)); a.Status != c.status {
			t.Errorf("%v: status %d, want %d: %s", c.company, a.Status, c.status, a.Body)
		}
		have := harness.Query[string](p.Portal, `select coalesce((select customer_id || ' ' || role || ' ' || status || ' ' || requested_role || ' ' || phone from portal.users where email = $1), '')`, mail)
		want := c.want
		if want != "" {
			want += " User pending Admin +17165550100"
		}
		if have != want {
			t.Errorf("%v: stored %q, want %q", c.company, have, want)
		}
	}

	// A closed company takes none, and is not told from an absent one.
	p.Exec(`update platform.customers set status = 'suspended' where customer_id = $1`, harness.CompanyA)
	closed := p.Do("POST", "/signup-request/", "", signUpForm("late@example.com", url.Values{"customer_id": {harness.CompanyA}})).Problem(t, http.StatusNotFound)
	absent := p.Do("POST", "/signup-request/", "", signUpForm("late@example.com", url.Values{"customer_id": {"ZZZZ99999"}})).Problem(t, http.StatusNotFound)
	if closed.Detail != absent.Detail {
		t.Errorf("%q, %q", closed.Detail, absent.Detail)
	}
}

// The answer does not tell whether the company knows the e-mail, and the known person stays as he is.
func TestSignUp_TellsNothingOfWhoIsKnown(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.Auth.RefusalTime = time.Second })
	company := url.Values{"customer_id": {harness.CompanyA}}
	before := harness.Query[string](p.Portal, `select md5(u::text || l::text) from portal.users u join platform.logins l on l.user_id = u.id where u.email = 'manager@a.example'`)
	start := time.Now()
	known := p.Do("POST", "/signup-request/", "", signUpForm("Manager@a.example", company)).Want(t, http.StatusOK)
	tookKnown := time.Since(start)
	start = time.Now()
	unknown := p.Do("POST", "/signup-request/", "", signUpForm("new@a.example", company)).Want(t, http.StatusOK)
	if took := time.Since(start); tookKnown < time.Second || took < time.Second {
		t.Errorf("answers after %s and %s; both should take the fixed time", tookKnown, took)
	}
	if string(known.Body) != string(unknown.Body) {
		t.Errorf("known: %s, unknown: %s", known.Body, unknown.Body)
	}
	for _, email := range []string{"manager@a.example", "unknown@a.example"} {
		form := signUpForm(email, company)
		form.Set("password", email)
		if problem := p.Do("POST", "/signup-request/", "", form).Problem(t, http.StatusUnprocessableEntity); len(problem.Errors) != 1 || problem.Errors[0].Location != "body.password" {
			t.Errorf("%s as its own password: %+v", email, problem.Errors)
		}
	}
	if after := harness.Query[string](p.Portal, `select md5(u::text || l::text) from portal.users u join platform.logins l on l.user_id = u.id where u.email = 'manager@a.example'`); after != before {
		t.Error("a request changed the person it names")
	}
	if n := len(p.Entries("user.requested")); n != 1 {
		t.Errorf("%d audit entries of one new request", n)
	}
}

// Ten requests and no more, for one e-mail and from one address; log-ins are counted apart.
func TestSignUp_IsLimited(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.Auth.SignUps, s.Auth.Attempts = 10, 10 })
	have := p.statuses(16, func(ctx context.Context, i int) (harness.Answer, error) {
		return p.Try(ctx, "POST", "/signup-request/", "", signUpForm(fmt.Sprintf("rae%d@example.com", i), url.Values{"customer_id": {harness.CompanyA}}))
	})
	want := append(slices.Repeat([]int{http.StatusOK}, 10), slices.Repeat([]int{http.StatusTooManyRequests}, 6)...)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("(-want +have):\n%s", diff)
	}
	a := p.Do("POST", "/request-user/", "", signUpForm("rae@example.com", url.Values{"customer_id": {harness.CompanyA}}))
	a.Problem(t, http.StatusTooManyRequests)
	if a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	p.signIn("user@a.example", "")
}

func TestSignUp_ApproveSeveral(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin := p.Token(harness.CompanyA, auth.Admin)
	company := url.Values{"customer_id": {harness.CompanyA}}
	var ids []int64
	for i := range 3 {
		mail := fmt.Sprintf("rae%d@example.com", i)
		p.Do("POST", "/signup-request/", "", signUpForm(mail, company)).Want(t, http.StatusOK)
		p.Login(mail, "").Problem(t, http.StatusUnauthorized)
		ids = append(ids, harness.Query[int64](p.Portal, `select id from portal.users where email = $1`, mail))
	}
	foreign := p.request(harness.CompanyB, "rae0@example.com", auth.Admin)

	var list []struct {
		ID                       int64
		Email, Role, Name, Phone string
		RequestDate              string `json:"request_date"`
		Timestamp                string
	}
	p.Do("GET", "/signup-requests/", admin, nil).Want(t, http.StatusOK).JSON(t, &list)
	if len(list) != 3 || list[0].ID != ids[2] || list[0].Role != auth.Admin || list[0].RequestDate == "" || list[0].Timestamp != list[0].RequestDate {
		t.Fatalf("requests, newest first: %+v", list)
	}

	approve := func(path string, ids ...int64) (count int) {
		var out struct{ Count int }
		p.Do("POST", path, admin, ids).Want(t, http.StatusOK).JSON(t, &out)
		return out.Count
	}
	p.Do("POST", "/approve-signup-requests/", admin, []int64{}).Problem(t, http.StatusBadRequest)
	counts := []int{
		approve("/approve-signup-requests/", foreign, 987654321),
		approve("/approve-signup-requests/", ids[0], ids[0], ids[1], foreign, p.person(harness.CompanyA, auth.User)),
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
	for _, role := range append(harness.Roles[1:], auth.SuperAdmin) {
		p.Do("POST", "/approve-signup-requests/", p.Token(harness.CompanyA, role), ids).Problem(t, http.StatusForbidden)
		p.Do("GET", "/signup-requests/", p.Token(harness.CompanyA, role), nil).Problem(t, http.StatusForbidden)
	}

	// At the limit none of several is approved, however many fit.
	more := []int64{p.request(harness.CompanyA, "more0@example.com", auth.User), p.request(harness.CompanyA, "more1@example.com", auth.User)}
	p.Exec(`update platform.customers set max_users = 9 where customer_id = $1`, harness.CompanyA)
	p.Do("POST", "/approve-signup-requests/", admin, more).Problem(t, http.StatusForbidden)
	if diff := cmp.Diff([]string{"User pending", "User pending"}, []string{p.state(more[0]), p.state(more[1])}); diff != "" {
		t.Errorf("(-want +have):\n%s", diff)
	}
}

func TestHome_AndHealth(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	page := p.Do("GET", "/", "", nil).Want(t, http.StatusOK)
	if kind := page.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/html") || !strings.Contains(string(page.Body), "<title>Contractor portal</title>") {
		t.Errorf("%s: %.100s", kind, page.Body)
	}
	// On a busy machine the server may ask longer than it waits for the answer.
	harness.WaitFor(t, "the server to be ready", func() bool { return p.Do("GET", "/api/health", "", nil).Status == http.StatusOK })
	var health struct{ Status, Version, Database string }
	p.Do("GET", "/api/health", "", nil).Want(t, http.StatusOK).JSON(t, &health)
	if health.Status != "ok" || health.Database != "ok" || health.Version == "" {
		t.Errorf("%+v", health)
	}
	p.Exec(`grant truncate on portal.users to portal_app`)
	harness.WaitFor(t, "the server to see it", func() bool { return p.Do("GET", "/api/health", "", nil).Status != http.StatusOK })
	problem := p.Do("GET", "/api/health", "", nil).Problem(t, http.StatusServiceUnavailable)
	if !strings.Contains(problem.Detail, "audit") {
		t.Error(problem.Detail)
	}
}

// Each company says for itself who is told; setting it again replaces it.
func TestSignUp_NotificationAddress(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	set := func(company, role, address string) harness.Answer {
		return p.Do("PUT", "/update-signup-email/", p.Token(company, role), url.Values{"new_email": {address}})
	}
	for _, address := range []string{"old@example.com", "Office@Example.com"} {
		set(harness.CompanyA, auth.Admin, address).Want(t, http.StatusOK)
	}
	set(harness.CompanyB, auth.Admin, "other@example.com").Want(t, http.StatusOK)
	set(harness.CompanyA, auth.Manager, "mine@example.com").Problem(t, http.StatusForbidden)
	set(harness.CompanyA, auth.Admin, "nobody").Problem(t, http.StatusUnprocessableEntity)
	have := harness.Query[[]string](p.Portal, `select array_agg(customer_id || ' ' || value order by customer_id) from portal.admin_settings where setting = 'signup_notification_email'`)
	if diff := cmp.Diff([]string{harness.CompanyA + " office@example.com", harness.CompanyB + " other@example.com"}, have); diff != "" {
		t.Errorf("(-want +have):\n%s", diff)
	}
	if n := len(p.Entries("setting.changed")); n != 3 {
		t.Errorf("%d audit entries of 3 changes", n)
	}
}
