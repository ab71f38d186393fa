package isolation

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// A customer that only one of two databases has, and its Admin.
const elsewhereSQL = `
insert into platform.customers (customer_id, company_name) values ('CCCC44444', 'Cedar Grounds');
insert into portal.users (customer_id, name, username, email, role, status) values ('CCCC44444', 'Admin One', 'admin', 'admin@c.example', 'Admin', 'active');
update platform.logins set password_hash = (select password_hash from platform.logins where email = 'admin@a.example'), confirmed_at = now() where email = 'admin@c.example'`

// Two servers know the same keys, each with customers of its own. A token that came to the wrong one is good all the same:
// its person stays logged in. Whose token is none of ours learns nothing of any customer.
func TestCell_TokenOfACustomerOfAnotherDatabase(t *testing.T) {
	t.Parallel()
	here, there := harness.NewPortal(t), harness.NewPortal(t)
	for sql := range strings.SplitSeq(elsewhereSQL, ";\n") {
		there.Exec(sql)
	}
	token := there.Session("admin@c.example").AccessToken
	list := map[string]any{"name": "A list"}
	there.Do("POST", "/property-lists/", token, list).Want(t, http.StatusOK)

	for _, a := range []harness.Answer{here.Do("GET", "/verify-token", token, nil), here.Do("GET", "/properties/", token, nil), here.Do("POST", "/property-lists/", token, list)} {
		problem := a.Problem(t, http.StatusMisdirectedRequest)
		if problem.Type != "/problems/misdirected" || a.Header.Get("WWW-Authenticate") != "" || strings.Contains(string(a.Body), "CCCC44444") {
			t.Errorf("%v %s", a.Header, a.Body)
		}
	}
	there.Do("GET", "/verify-token", token, nil).Want(t, http.StatusOK)

	// Nobody learns which customers are where without a token of theirs.
	header, claims, _ := cut(token)
	_, _, signature := cut(here.Token(harness.CompanyA, auth.Admin))
	forged := strings.Join([]string{header, claims, signature}, ".")
	for _, path := range []string{"/verify-token", "/properties/"} {
		want := harness.Plain(there.Do("GET", path, forged, nil).Want(t, http.StatusUnauthorized), "nobody")
		if diff := cmp.Diff(want, harness.Plain(here.Do("GET", path, forged, nil), "nobody")); diff != "" {
			t.Errorf("a forged token tells whether the customer is here (-there +here):\n%s", diff)
		}
	}
	want := harness.Plain(there.LoginWith("admin@c.example", "not the password"), "nobody")
	if diff := cmp.Diff(want, harness.Plain(here.LoginWith("admin@c.example", "not the password"), "nobody")); diff != "" {
		t.Errorf("a log-in tells whether the person is here (-there +here):\n%s", diff)
	}
}

// cut takes a token apart.
func cut(token string) (header, claims, signature string) {
	header, rest, _ := strings.Cut(token, ".")
	claims, signature, _ = strings.Cut(rest, ".")
	return header, claims, signature
}

// Whoever logs in while his company is on its move is told so, if his password is right.
func TestCell_LogInOnTheMove(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	p.Exec(`update platform.customers set status = 'moving' where customer_id = 'AAAA22222'`)
	email := harness.Email(harness.CompanyA, auth.Admin)
	a := p.LoginWith(email, harness.Password)
	if problem := a.Problem(t, http.StatusServiceUnavailable); problem.Type != "/problems/moving" || a.Header.Get("Retry-After") == "" {
		t.Errorf("%s, Retry-After %q", problem.Type, a.Header.Get("Retry-After"))
	}
	p.LoginWith(email, "not the password").Problem(t, http.StatusUnauthorized)
	for _, action := range []string{"activate", "suspend"} {
		p.Do("POST", "/api/customers/AAAA22222/"+action, p.Token("", auth.SuperAdmin), nil).Problem(t, http.StatusConflict)
	}
	p.Login(harness.Email(harness.CompanyB, auth.Admin), "").Want(t, http.StatusOK)
}
