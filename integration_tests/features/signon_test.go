package features

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// A signing portal has a Google and a Microsoft of its own.
type signing struct {
	*portal
	google, microsoft *harness.Issuer
}

func newSigning(t *testing.T, change ...func(*harness.Settings)) *signing {
	t.Helper()
	s := &signing{google: harness.Google(t), microsoft: harness.Microsoft(t)}
	s.portal = newPortal(t, append([]func(*harness.Settings){s.google.Over, s.microsoft.Over}, change...)...)
	return s
}

const (
	tenantID = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	objectID = "00000000-0000-4000-8000-00000000000a"
)

// google claims of a person.
func googler(sub, email string, verified any) map[string]any {
	return map[string]any{"sub": sub, "email": email, "email_verified": verified, "name": "Rae Doyle", "picture": "https://pictures.example/rae.png"}
}

func microsofter(oid, email string, edov any) map[string]any {
	c := map[string]any{"sub": "pairwise " + oid, "tid": tenantID, "oid": oid, "email": email, "preferred_username": email, "name": "Rae Doyle"}
	if edov != nil {
		c["xms_edov"] = edov
	}
	return c
}

// away goes to the provider, and stands before the way back.
func (s *signing) away(b *harness.Browser, start string) (callback string) {
	s.T.Helper()
	a, provider := b.Get(start)
	a.Want(s.T, http.StatusFound)
	a, callback = b.Get(provider)
	a.Want(s.T, http.StatusFound)
	return callback
}

// signOn goes all the way; end is where it ends.
func (s *signing) signOn(b *harness.Browser, start string) (end string) {
	s.T.Helper()
	a, end := b.Get(s.away(b, start))
	a.Want(s.T, http.StatusFound)
	return end
}

const ended = "/#/log-in?code="

// code is the one-time code with which a sign-on ended.
func (s *signing) code(end string) string {
	s.T.Helper()
	code, ok := strings.CutPrefix(end, ended)
	if !ok {
		s.T.Fatalf("the sign-on ended at %s", end)
	}
	return code
}

func redeeming(code, customer string) map[string]any {
	return map[string]any{"code": code, "customer_id": customer}
}

// comesIn signs on, and is who the token says.
func (s *signing) comesIn(b *harness.Browser, start string) (who struct {
	ID         int64
	Email      string
	Role       string
	CustomerID string `json:"customer_id"`
},
) {
	s.T.Helper()
	var pair harness.Pair
	b.Post("/auth/token", redeeming(s.code(s.signOn(b, start)), "")).Want(s.T, http.StatusOK).JSON(s.T, &pair)
	if pair.TokenType != "bearer" || pair.RefreshToken == "" || pair.ExpiresIn <= 0 {
		s.T.Errorf("tokens %+v", pair)
	}
	s.Do("GET", "/verify-token", pair.AccessToken, nil).Want(s.T, http.StatusOK).JSON(s.T, &who)
	return who
}

const (
	withGoogle    = "/auth/google/start"
	withMicrosoft = "/auth/microsoft/start"
	waiting       = "/#/waiting"
)

func (s *signing) identities() int {
	return harness.Query[int](s.Portal, `select count(*)::int from platform.identities`)
}

// A verified e-mail leads to its account, once; from then on the provider's name of the person does, whatever the e-mail is.
func TestSignOn(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	admin := harness.Email(harness.CompanyA, auth.Admin)
	for _, c := range []struct {
		name, start string
		issuer      *harness.Issuer
		first, then map[string]any
	}{
		{"google", withGoogle, s.google, googler("g-1", "Admin@A.example", true), googler("g-1", "other@elsewhere.example", false)},
		{"microsoft", withMicrosoft, s.microsoft, microsofter(objectID, admin, true), microsofter(strings.ToUpper(objectID), "x@y.example", nil)},
	} {
		for _, claims := range []map[string]any{c.first, c.then} {
			c.issuer.Says(claims)
			if who := s.comesIn(s.NewBrowser(), c.start); who.Email != admin || who.CustomerID != harness.CompanyA || who.Role != auth.Admin {
				t.Errorf("%s: came in as %+v", c.name, who)
			}
		}
	}
	if n := s.identities(); n != 2 {
		t.Errorf("%d identities", n)
	}
	for action, n := range map[string]int{"identity.linked": 2, "user.signed_on": 4} {
		if all := s.Entries(action); len(all) != n || *all[0].CustomerID != harness.CompanyA || !all[0].HasRequest {
			t.Errorf("%s: %+v", action, all)
		}
	}
	if !harness.Query[bool](s.Portal, `select last_login_at is not null from portal.users where email = $1`, admin) {
		t.Error("the log-in is not stamped")
	}
	s.Do("GET", "/auth/github/start", "", nil).Problem(t, http.StatusNotFound)
	s.Do("GET", "/auth/github/callback?state=x&code=y", "", nil).Problem(t, http.StatusNotFound)

	// Who says no at the provider comes back to the log-in page.
	b := s.NewBrowser()
	back, _ := url.Parse(s.away(b, withGoogle))
	if _, end := b.Get(back.Path + "?error=access_denied&state=" + back.Query().Get("state")); end != "/#/log-in?problem=cancelled" {
		t.Errorf("it ended at %s", end)
	}
}

// Where an account at the provider is missing, the others go on.
func TestSignOn_NotSetUp(t *testing.T) {
	t.Parallel()
	google := harness.Google(t)
	p := newPortal(t, google.Over)
	if _, at := p.NewBrowser().Get(withGoogle); !strings.HasPrefix(at, google.URL) {
		t.Errorf("google is at %s", at)
	}
	p.Do("GET", withMicrosoft, "", nil).Problem(t, http.StatusNotFound)
	p.Do("POST", "/auth/microsoft/link", p.Token(harness.CompanyA, auth.User), nil).Problem(t, http.StatusNotFound)
	untold := newPortal(t, google.Over, func(s *harness.Settings) { s.Server.PublicURL = "" })
	untold.Do("GET", withGoogle, "", nil).Problem(t, http.StatusNotFound)
}

// Somebody new waits in the company that he names, with nothing but a request; nobody else is told anything by it.
func TestSignOn_NewPerson(t *testing.T) {
	t.Parallel()
	s := newSigning(t, unposted)
	s.Exec(`update platform.customers set subdomain = 'alder' where customer_id = $1`, harness.CompanyA)
	token := s.invite(harness.CompanyA, "invited@example.com", auth.Admin).Token
	for i, c := range []struct{ query, email string }{
		{"?subdomain=alder", "one@example.com"}, {"?customer_id=" + harness.CompanyA, "two@example.com"}, {"?invitation=" + token, "three@example.com"},
	} {
		s.google.Says(googler("new "+c.email, c.email, i == 0))
		for range 2 { // the second time he is known, and waits still
			if end := s.signOn(s.NewBrowser(), withGoogle+c.query); end != waiting {
				t.Errorf("%s: ended at %s", c.query, end)
			}
		}
		if end := s.signOn(s.NewBrowser(), withGoogle); end != waiting {
			t.Errorf("%s: without the company ended at %s", c.query, end)
		}
		got := harness.Query[string](s.Portal, `select concat_ws(' ', u.customer_id, u.status, u.role, u.name, u.display_name, u.username, u.avatar_url, i.email_verified, l.password_hash is null)
			from portal.users u join platform.identities i on i.user_id = u.id join platform.logins l on l.user_id = u.id where u.email = $1`, c.email)
		want := harness.CompanyA + " pending User Rae Doyle Rae Doyle " + strings.Split(c.email, "@")[0] + " https://pictures.example/rae.png " + map[bool]string{true: "t", false: "f"}[i == 0] + " t"
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", c.query, got, want)
		}
	}
	var pending []struct{ Email, Identities string }
	s.Do("GET", "/admin/pending-users/", s.Token(harness.CompanyA, auth.Admin), nil).Want(t, http.StatusOK).JSON(t, &pending)
	if len(pending) != 3 || pending[2].Identities != "google:one@example.com" {
		t.Errorf("pending: %+v", pending)
	}
	if n := len(s.Entries("user.requested")); n != 3 {
		t.Errorf("%d requests in the log", n)
	}
	s.Exec(`update portal.users set status = 'active' where email = 'one@example.com'`)
	s.google.Says(googler("new one@example.com", "one@example.com", true))
	if who := s.comesIn(s.NewBrowser(), withGoogle); who.Role != auth.User {
		t.Errorf("approved, he came in as %+v", who)
	}

	// Without a company nobody new is taken, and nothing is stored.
	before := s.identities()
	s.google.Says(googler("nobody", "nobody@example.com", true))
	if end := s.signOn(s.NewBrowser(), withGoogle); end != "/#/log-in?problem=no-company" || s.identities() != before {
		t.Errorf("ended at %s", end)
	}
	for _, query := range []string{"?subdomain=nowhere", "?customer_id=NOWHERE99", "?invitation=x"} {
		s.Do("GET", withGoogle+query, "", nil).Problem(t, http.StatusNotFound)
	}
	// A provider that tells no e-mail leads to no account.
	s.microsoft.Says(harness.Changed(microsofter(objectID, "", nil), map[string]any{"email": nil, "preferred_username": "admin@a.example"}))
	b := s.NewBrowser()
	a, _ := b.Get(s.away(b, withMicrosoft+"?customer_id="+harness.CompanyA))
	a.Problem(t, http.StatusBadRequest)
}

// A suspended person is told so, and a closed company lets nobody in.
func TestSignOn_WhoMayNot(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	email := harness.Email(harness.CompanyA, auth.User)
	s.google.Says(googler("g-2", email, true))
	s.comesIn(s.NewBrowser(), withGoogle)
	b := s.NewBrowser()
	held := s.code(s.signOn(b, withGoogle)) // a code of before
	refused := func(why string, status int) {
		t.Helper()
		b := s.NewBrowser()
		a, end := b.Get(s.away(b, withGoogle))
		if p := a.Problem(t, status); end != "" || !strings.Contains(p.Detail, why) {
			t.Errorf("%s: %s %s", why, end, p.Detail)
		}
	}
	s.Exec(`update portal.users set status = 'suspended' where email = $1`, email)
	refused("the account is suspended", http.StatusForbidden)
	b.Post("/auth/token", redeeming(held, "")).Problem(t, http.StatusUnauthorized)
	s.Exec(`update portal.users set status = 'active' where email = $1`, email)
	s.Exec(`update platform.customers set status = 'suspended' where customer_id = $1`, harness.CompanyA)
	refused("the company is suspended", http.StatusForbidden)
	s.Exec(`update platform.customers set status = 'active' where customer_id = $1`, harness.CompanyA)
	s.comesIn(s.NewBrowser(), withGoogle)
}

// A person of several companies chooses, with one code; what opens one of them opens no other.
func TestSignOn_SeveralCompanies(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	const email = "rae@both.example"
	ids := map[string]int64{}
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		ids[company] = s.SeedPerson(company, "Rae Doyle", email, auth.User, "active")
	}
	s.google.Says(googler("g-both", email, true))
	b := s.NewBrowser()
	code := s.code(s.signOn(b, withGoogle))
	if p := b.Post("/auth/token", redeeming(code, "")).Problem(t, http.StatusConflict); len(p.Companies) != 2 {
		t.Fatalf("the companies are %+v", p.Companies)
	}
	if s.identities() != 0 {
		t.Error("something is linked before the choice")
	}
	b.Post("/auth/token", redeeming(code, "NOWHERE99")).Problem(t, http.StatusUnauthorized)
	var pair harness.Pair
	b.Post("/auth/token", redeeming(code, harness.CompanyB)).Want(t, http.StatusOK).JSON(t, &pair)
	if c := harness.ClaimsOf(t, pair.AccessToken); c["customer_id"] != harness.CompanyB {
		t.Errorf("came into %v", c)
	}
	b.Post("/auth/token", redeeming(code, harness.CompanyA)).Problem(t, http.StatusUnauthorized)
	// Linked in B alone: there he is known, and into A he goes by naming it.
	for _, c := range []struct{ start, company string }{{withGoogle, harness.CompanyB}, {withGoogle + "?customer_id=" + harness.CompanyA, harness.CompanyA}} {
		if who := s.comesIn(s.NewBrowser(), c.start); who.CustomerID != c.company || who.ID != ids[c.company] {
			t.Errorf("%s came in as %+v", c.start, who)
		}
	}
	// An identity of A opens nothing of B.
	s.google.Says(googler("g-a", harness.Email(harness.CompanyA, auth.Admin), true))
	s.comesIn(s.NewBrowser(), withGoogle)
	b = s.NewBrowser()
	if end := s.signOn(b, withGoogle+"?customer_id="+harness.CompanyB); end != waiting {
		t.Errorf("into the other company it ended at %s", end)
	}
	code = s.code(s.signOn(b, withGoogle))
	b.Post("/auth/token", redeeming(code, harness.CompanyB)).Problem(t, http.StatusUnauthorized)
	if got := harness.Query[string](s.Portal, `select status from portal.users where customer_id = $1 and email = $2`, harness.CompanyB, harness.Email(harness.CompanyA, auth.Admin)); got != "pending" {
		t.Errorf("in the other company he is %s", got)
	}
}

// From the own profile any sign-on is linked and unlinked, whatever its e-mail; nobody unlinks another's.
func TestSignOn_LinkAndUnlink(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	token, other := s.Token(harness.CompanyA, auth.Manager), s.Token(harness.CompanyA, auth.Admin)
	link := func(token string) (harness.Answer, string) {
		b := s.NewBrowser()
		req, err := s.NewRequest(t.Context(), "POST", "/auth/microsoft/link", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		a, err := harness.Send(req)
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			URL string `json:"authorization_url"`
		}
		a.Want(t, http.StatusOK).JSON(t, &d)
		for _, c := range (&http.Response{Header: a.Header}).Cookies() {
			b.Cookies[c.Name] = c
		}
		_, back := b.Get(d.URL)
		return b.Get(back)
	}
	s.microsoft.Says(microsofter(objectID, "whoever@elsewhere.example", nil))
	if _, end := link(token); end != "/#/profile?linked=microsoft" {
		t.Fatalf("linking ended at %s", end)
	}
	if who := s.comesIn(s.NewBrowser(), withMicrosoft); who.Email != harness.Email(harness.CompanyA, auth.Manager) {
		t.Errorf("came in as %+v", who)
	}
	a, _ := link(other)
	a.Problem(t, http.StatusConflict)
	var own []struct {
		ID       int64
		Provider string
		Email    *string
	}
	s.Do("GET", "/auth/identities/", other, nil).Want(t, http.StatusOK).JSON(t, &own)
	if len(own) != 0 {
		t.Errorf("another's: %+v", own)
	}
	s.Do("GET", "/auth/identities/", token, nil).Want(t, http.StatusOK).JSON(t, &own)
	if len(own) != 1 || own[0].Provider != "microsoft" || *own[0].Email != "whoever@elsewhere.example" {
		t.Fatalf("own: %+v", own)
	}
	path := "/auth/identities/" + itoa(own[0].ID)
	for _, stranger := range []string{other, s.Token(harness.CompanyB, auth.Manager)} {
		s.Do("DELETE", path, stranger, nil).Problem(t, http.StatusNotFound)
	}
	s.Do("DELETE", path, token, nil).Want(t, http.StatusOK)
	s.Do("DELETE", path, token, nil).Problem(t, http.StatusNotFound)
	if end := s.signOn(s.NewBrowser(), withMicrosoft); end != "/#/log-in?problem=no-company" {
		t.Errorf("unlinked, it ended at %s", end)
	}
	for _, action := range []string{"identity.linked", "identity.unlinked"} {
		if n := len(s.Entries(action)); n != 1 {
			t.Errorf("%d entries of %s", n, action)
		}
	}
}

// A company that takes no passwords says so to a right one, and to nobody else; its Admin has a sign-on before, and an
// operator finds back in.
func TestSignOn_Only(t *testing.T) {
	t.Parallel()
	s := newSigning(t, unposted)
	admin, user := harness.Email(harness.CompanyA, auth.Admin), harness.Email(harness.CompanyA, auth.User)
	token := s.Token(harness.CompanyA, auth.Admin)
	only := map[string]bool{"sign_on_only": true}
	s.Do("PUT", "/auth/policy/", s.Token(harness.CompanyA, auth.Manager), only).Problem(t, http.StatusForbidden)
	s.Do("PUT", "/auth/policy/", token, only).Problem(t, http.StatusConflict)
	s.google.Says(googler("g-admin", admin, true))
	s.comesIn(s.NewBrowser(), withGoogle)
	invitation := s.invite(harness.CompanyA, "invited@example.com", auth.User).Token
	s.Do("PUT", "/auth/policy/", token, only).Want(t, http.StatusOK)
	if p := s.LoginWith(user, harness.Password).Problem(t, http.StatusForbidden); !strings.Contains(p.Detail, "takes no passwords") {
		t.Errorf("a right password: %s", p.Detail)
	}
	s.LoginWith(user, "another password").Problem(t, http.StatusUnauthorized)
	s.Accept(invitation).Problem(t, http.StatusForbidden)
	s.LoginWith(harness.Email(harness.CompanyB, auth.User), harness.Password).Want(t, http.StatusOK)
	s.comesIn(s.NewBrowser(), withGoogle)
	var own []struct{ ID int64 }
	s.Do("GET", "/auth/identities/", token, nil).Want(t, http.StatusOK).JSON(t, &own)
	s.Do("DELETE", "/auth/identities/"+itoa(own[0].ID), token, nil).Problem(t, http.StatusConflict)
	if n := s.identities(); n != 1 {
		t.Errorf("%d sign-ons after a refused unlinking", n)
	}

	// Of two companies where one password fits, the other one is left.
	both := "rae@both.example"
	s.SeedPerson(harness.CompanyA, "Rae", both, auth.User, "active")
	s.SeedPerson(harness.CompanyB, "Rae", both, auth.User, "active")
	var pair harness.Pair
	s.LoginWith(both, harness.Password).Want(t, http.StatusOK).JSON(t, &pair)
	if c := harness.ClaimsOf(t, pair.AccessToken); c["customer_id"] != harness.CompanyB {
		t.Errorf("came into %v", c["customer_id"])
	}

	var switched harness.Pair
	s.Do("POST", "/api/customers/"+harness.CompanyA+"/switch", s.Token("", auth.SuperAdmin), nil).Want(t, http.StatusOK).JSON(t, &switched)
	s.Do("PUT", "/auth/policy/", switched.AccessToken, map[string]bool{"sign_on_only": false}).Want(t, http.StatusOK)
	s.LoginWith(user, harness.Password).Want(t, http.StatusOK)
	if n := len(s.Entries("sign_on_policy.changed")); n != 2 {
		t.Errorf("%d entries of the policy", n)
	}
}

// Nothing with which somebody could come in stands in an address that a server sees, in the log, or in the database.
func TestSignOn_LeavesNoSecretBehind(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	s.google.Says(googler("g-3", harness.Email(harness.CompanyA, auth.User), true))
	b := s.NewBrowser()
	back := s.away(b, withGoogle)
	q, _ := url.Parse(back)
	secrets := map[string]string{"state": q.Query().Get("state"), "code": q.Query().Get("code"), "cookie": b.Cookies["__Host-travel-google"].Value}
	rows := func() string {
		return harness.Query[string](s.Portal, `select coalesce(string_agg(s::text, ' '), '') from platform.login_states s`)
	}
	stored := rows()
	a, end := b.Get(back)
	a.Want(t, http.StatusFound)
	secrets["one-time code"], secrets["its cookie"] = s.code(end), b.Cookies["__Host-signed-on"].Value
	stored += rows()
	for name, c := range maps.All(b.Cookies) {
		want := map[string]http.SameSite{"__Host-travel-google": http.SameSiteLaxMode, "__Host-signed-on": http.SameSiteStrictMode}[name]
		if c.SameSite != want || !c.HttpOnly || !c.Secure || c.Path != "/" || c.Domain != "" {
			t.Errorf("cookie %s", c)
		}
	}
	var pair harness.Pair
	b.Post("/auth/token", redeeming(secrets["one-time code"], "")).Want(t, http.StatusOK).JSON(t, &pair)
	secrets["token"] = pair.AccessToken
	for name, secret := range secrets {
		if secret == "" || strings.Contains(stored, secret) || strings.Contains(s.Log.String(), secret) {
			t.Errorf("the %s %q stands in the database or the log", name, secret)
		}
	}
	if n := harness.Query[int](s.Portal, `select count(*)::int from platform.login_states`); n != 0 {
		t.Errorf("%d states are left", n)
	}
	text, _ := s.page("/")
	if !strings.Contains(text, "/pages/app.js") {
		t.Error("the page does not fetch the tokens")
	}
	s.page(waiting)
}
