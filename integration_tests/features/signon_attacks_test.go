package features

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// refusedAt goes back to the portal, which answers a problem and leads nowhere.
func (s *signing) refusedAt(b *harness.Browser, what, back string, status int) {
	s.T.Helper()
	a, end := b.Get(back)
	if a.Status != status || end != "" {
		s.T.Errorf("%s: status %d, want %d; leads to %q: %s", what, a.Status, status, end, a.Body)
	}
}

// A state works once, in the browser in which it began, at the callback of its own provider, for five minutes.
func TestSignOnAttacks_State(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	s.google.TakesCodesAgain() // the portal does not rely on it
	admin := harness.Email(harness.CompanyA, auth.Admin)
	s.google.Says(googler("g-1", admin, true))
	s.microsoft.Says(microsofter(objectID, admin, true))

	b := s.NewBrowser()
	back := s.away(b, withGoogle)
	s.refusedAt(s.NewBrowser(), "a browser without cookie", back, http.StatusBadRequest)
	another := s.NewBrowser()
	s.away(another, withGoogle)
	s.refusedAt(another, "another browser", back, http.StatusBadRequest)
	s.refusedAt(b, "another state", back+"x", http.StatusBadRequest)
	mixed := strings.Replace(back, "/auth/google/", "/auth/microsoft/", 1)
	s.refusedAt(b, "the callback of another provider", mixed, http.StatusBadRequest)
	both := s.NewBrowser() // which is away at both
	google := s.away(both, withGoogle)
	s.away(both, withMicrosoft)
	s.refusedAt(both, "mix-up", strings.Replace(google, "/auth/google/", "/auth/microsoft/", 1), http.StatusBadRequest)
	both.Cookies["__Host-travel-microsoft"].Value = both.Cookies["__Host-travel-google"].Value
	s.refusedAt(both, "mix-up with its cookie", strings.Replace(google, "/auth/google/", "/auth/microsoft/", 1), http.StatusBadRequest)
	if n := s.google.Asked() + s.microsoft.Asked(); n != 0 {
		t.Errorf("%d codes were taken to a provider", n)
	}
	a, end := b.Get(back) // none of them has used it up
	a.Want(t, http.StatusFound)
	s.code(end)
	s.refusedAt(b, "the same once more", back, http.StatusBadRequest)
	if n := s.google.Asked(); n != 1 {
		t.Errorf("%d codes were taken to Google", n)
	}

	// A code of one trip in another trip: its verifier is another one.
	old, _ := url.Parse(back)
	next, _ := url.Parse(s.away(b, withGoogle))
	q := next.Query()
	q.Set("code", old.Query().Get("code"))
	s.refusedAt(b, "a code of before", next.Path+"?"+q.Encode(), http.StatusBadRequest)

	late := s.away(b, withGoogle)
	s.Exec(`update platform.login_states set expires_at = now() - interval '1 second'`)
	s.refusedAt(b, "after five minutes", late, http.StatusBadRequest)

	// Who has the row, and not the browser, has neither verifier nor nonce: a state that was written by hand completes nothing.
	if n := harness.Query[int](s.Portal, `select count(*)::int from platform.logins l join platform.identities i on i.user_id = l.user_id`); n != 0 {
		t.Errorf("%d identities", n)
	}
}

// A token that is not exactly this provider's, for this client, in this trip, proves nothing.
func TestSignOnAttacks_Token(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	admin := harness.Email(harness.CompanyA, auth.Admin)
	der, err := x509.MarshalPKIXPublicKey(&s.google.Key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	wrong := harness.NewRSAKey()
	type m = map[string]any
	changed := func(i *harness.Issuer, changes m) func(m, m) string {
		return func(h, c m) string { return harness.SignRS256(i.Key, h, harness.Changed(c, changes)) }
	}
	type forgery struct {
		name  string
		forge func(header, claims m) string
	}
	all := func(i *harness.Issuer, other *harness.Issuer) []forgery {
		return []forgery{
			{"another key", func(h, c m) string { return harness.SignRS256(wrong, h, c) }},
			{"another key of another id", func(h, c m) string { return harness.SignRS256(wrong, harness.Changed(h, m{"kid": "two"}), c) }},
			{"a key that it brings", func(h, c m) string {
				return harness.SignRS256(wrong, harness.Changed(h, m{"jwk": m{"kty": "RSA", "n": "AQAB", "e": "AQAB"}}), c)
			}},
			{"alg none", func(h, c m) string {
				return harness.Compact(harness.Changed(h, m{"alg": "none"}), c, func([]byte) []byte { return nil })
			}},
			{"HS256 with the public key", func(h, c m) string { return harness.SignHS256(public, harness.Changed(h, m{"alg": "HS256"}), c) }},
			{"HS256 with the public key's DER", func(h, c m) string { return harness.SignHS256(der, harness.Changed(h, m{"alg": "HS256"}), c) }},
			{"another audience", changed(i, m{"aud": "somebody.else"})},
			{"another audience too", changed(i, m{"aud": []string{harness.ClientID, "somebody.else"}})},
			{"no audience", changed(i, m{"aud": nil})},
			{"the issuer of somebody else", changed(i, m{"iss": "https://evil.example"})},
			{"the other provider's issuer", changed(i, m{"iss": other.IssuerOf(tenantID)})},
			{"no issuer", changed(i, m{"iss": nil})},
			{"no nonce", changed(i, m{"nonce": nil})},
			{"another nonce", changed(i, m{"nonce": "n-0S6_WzA2Mj"})},
			{"expired", changed(i, m{"exp": 1600000000})},
			{"no end", changed(i, m{"exp": nil})},
			{"no subject", changed(i, m{"sub": nil})},
			{"an empty subject", changed(i, m{"sub": ""})},
			{"a subject that is a number", changed(i, m{"sub": 12})},
			{"no token", func(m, m) string { return "" }},
			{"half a token", func(h, c m) string { return strings.TrimSuffix(harness.SignRS256(i.Key, h, c), "A") + "." }},
		}
	}
	microsofts := append(all(s.microsoft, s.google),
		forgery{"another tenant's issuer", changed(s.microsoft, m{"iss": s.microsoft.IssuerOf("11111111-1111-4111-8111-111111111111")})},
		forgery{"the template as issuer", changed(s.microsoft, m{"iss": s.microsoft.IssuerOf("{tenantid}")})},
		forgery{"the common issuer", changed(s.microsoft, m{"iss": s.microsoft.IssuerOf("common")})},
		forgery{"a tenant that is none", changed(s.microsoft, m{"tid": "common", "iss": s.microsoft.IssuerOf("common")})},
		forgery{"a tenant that is a path", changed(s.microsoft, m{"tid": "../" + tenantID, "iss": s.microsoft.IssuerOf("../" + tenantID)})},
		forgery{"no tenant", changed(s.microsoft, m{"tid": nil, "iss": s.microsoft.IssuerOf("")})},
		forgery{"no object", changed(s.microsoft, m{"oid": nil})},
		forgery{"an object that is an e-mail", changed(s.microsoft, m{"oid": admin})},
	)
	for _, of := range []struct {
		start     string
		issuer    *harness.Issuer
		claims    m
		forgeries []forgery
	}{
		{withGoogle, s.google, googler("g-1", admin, true), all(s.google, s.microsoft)},
		{withMicrosoft, s.microsoft, microsofter(objectID, admin, true), microsofts},
	} {
		for _, f := range of.forgeries {
			of.issuer.Says(of.claims)
			of.issuer.Forges(f.forge)
			b := s.NewBrowser()
			s.refusedAt(b, of.start+" "+f.name, s.away(b, of.start), http.StatusBadRequest)
		}
		if n := s.identities(); n != 0 {
			t.Fatalf("%d identities", n)
		}
		of.issuer.Says(of.claims) // as it is, it is taken
		if who := s.comesIn(s.NewBrowser(), of.start); who.Email != admin {
			t.Errorf("%s: came in as %+v", of.start, who)
		}
		s.Exec(`delete from platform.identities`)
		b := s.NewBrowser()
		back := s.away(b, of.start)
		of.issuer.Fails(http.StatusInternalServerError)
		s.refusedAt(b, "a provider that is down", back, http.StatusBadGateway)
		of.issuer.Fails(http.StatusBadRequest)
		b = s.NewBrowser()
		s.refusedAt(b, "a provider that refuses", s.away(b, of.start), http.StatusBadRequest)
		of.issuer.Fails(0)
	}
}

// Only an e-mail that the provider has verified leads to an account, and none that is merely like it.
func TestSignOnAttacks_Email(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	const a = harness.CompanyA
	admin := harness.Email(a, auth.Admin)
	into := "?customer_id=" + a
	for i, c := range []struct {
		name, start string
		claims      map[string]any
		comesIn     bool
	}{
		{"not verified", withGoogle, googler("", admin, false), false},
		{"verified says nothing", withGoogle, googler("", admin, nil), false},
		{"verified as a text", withGoogle, googler("", admin, "true"), false},
		{"verified as a number", withGoogle, googler("", admin, 1), false},
		{"verified under another name", withGoogle, harness.Changed(googler("", admin, nil), map[string]any{"Email_Verified": true, "xms_edov": true}), false},
		{"an invisible character", withGoogle, googler("", "adm\u200bin@a.example", true), false},
		{"a blank around", withGoogle, googler("", " admin@a.example", true), false},
		{"a letter that becomes the same", withGoogle, googler("", "admin@a.e\u212Aample", true), false},
		{"a full-width letter", withGoogle, googler("", "admin@a.exampl\uff45", true), false},
		{"microsoft, nothing", withMicrosoft, microsofter("", admin, nil), false},
		{"microsoft, false", withMicrosoft, microsofter("", admin, false), false},
		{"microsoft, zero", withMicrosoft, microsofter("", admin, 0), false},
		{"microsoft, a text", withMicrosoft, microsofter("", admin, "true"), false},
		{"microsoft, google's claim", withMicrosoft, harness.Changed(microsofter("", admin, nil), map[string]any{"email_verified": true}), false},
		{"google", withGoogle, googler("", admin, true), true},
		{"microsoft", withMicrosoft, microsofter("", admin, true), true},
		{"microsoft, one", withMicrosoft, microsofter("", admin, 1), true},
		{"microsoft, a text of one", withMicrosoft, microsofter("", admin, "1"), true},
	} {
		c.claims["sub"], c.claims["oid"] = fmt.Sprint("s-", i), fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
		s.google.Says(c.claims)
		s.microsoft.Says(c.claims)
		if c.comesIn {
			if who := s.comesIn(s.NewBrowser(), c.start); who.Email != admin || who.CustomerID != a {
				t.Errorf("%s: came in as %+v", c.name, who)
			}
			s.Exec(`delete from platform.identities`)
			continue
		}
		if end := s.signOn(s.NewBrowser(), c.start); end != "/#/log-in?problem=no-company" {
			t.Errorf("%s: ended at %s", c.name, end)
		}
		if end := s.signOn(s.NewBrowser(), c.start+into); end != waiting {
			t.Errorf("%s: ended at %s", c.name, end)
		}
		if n := harness.Query[int](s.Portal, `select count(*)::int from platform.identities i join portal.users u on u.id = i.user_id where u.email = $1`, admin); n != 0 {
			t.Errorf("%s is linked with the Admin", c.name)
		}
		s.Exec(`delete from platform.identities`)
		s.Exec(`delete from portal.users where status = 'pending'`)
	}

	// Another person of the same provider, who has the address now: the account is the one's who was there first.
	s.google.Says(googler("the first", admin, true))
	s.comesIn(s.NewBrowser(), withGoogle)
	s.google.Says(googler("the second", admin, true))
	if end := s.signOn(s.NewBrowser(), withGoogle); end != "/#/log-in?problem=no-company" {
		t.Errorf("another subject with the same e-mail ended at %s", end)
	}
	if end := s.signOn(s.NewBrowser(), withGoogle+into); end != waiting || s.identities() != 1 {
		t.Errorf("another subject with the same e-mail ended at %s, with %d identities", end, s.identities())
	}
}

// Where it ends is what the portal's operator said, whatever the browser says.
func TestSignOnAttacks_OpenRedirect(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	s.google.Says(googler("g-1", harness.Email(harness.CompanyA, auth.Admin), true))
	const evil = "?next=https://evil.example&return=//evil.example&redirect_uri=https://evil.example&returnTo=https://evil.example"
	b := s.NewBrowser()
	_, provider := b.Get(withGoogle+evil, "Host", "evil.example", "X-Forwarded-Host", "evil.example", "Referer", "https://evil.example/")
	if !strings.HasPrefix(provider, s.google.URL+"/authorize?") || strings.Contains(provider, "evil") {
		t.Fatalf("it leads to %s", provider)
	}
	_, back := b.Get(provider) // the fake refuses any other redirect_uri
	_, end := b.Get(back+"&"+evil[1:], "Host", "evil.example", "X-Forwarded-Host", "evil.example")
	s.code(end)
	if a, end := b.Get("/auth/evil.example/start"); a.Status != http.StatusNotFound || end != "" {
		t.Errorf("a provider of another name: %d, %s", a.Status, end)
	}
}

// The one-time code works once, in a minute, in the browser that came back.
func TestSignOnAttacks_Code(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	s.google.Says(googler("g-1", harness.Email(harness.CompanyA, auth.Admin), true))
	fresh := func() (*harness.Browser, string) { b := s.NewBrowser(); return b, s.code(s.signOn(b, withGoogle)) }
	refused := func(what string, b *harness.Browser, code string) {
		t.Helper()
		if a := b.Post("/auth/token", redeeming(code, "")); a.Status != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	b, code := fresh()
	other, others := fresh()
	refused("no browser", s.NewBrowser(), code)
	refused("another browser", other, code)
	refused("another code", b, others)
	refused("the state instead", b, b.Cookies["__Host-travel-google"].Value)
	b.Post("/auth/token", redeeming(code, "")).Want(t, http.StatusOK)
	refused("a second time", b, code)
	s.Exec(`update platform.login_states set expires_at = now() - interval '1 second' where purpose = 'signed_on'`)
	refused("too late", other, others)
	b, code = fresh()
	if left := harness.Query[float64](s.Portal, `select extract(epoch from expires_at - created_at)::float8 from platform.login_states where purpose = 'signed_on' and expires_at > now()`); left != 60 {
		t.Errorf("a code lives for %g seconds", left)
	}
	// A code is no state, nor a state a code.
	refused("a state as a code", b, strings.SplitN(strings.SplitN(s.away(b, withGoogle), "state=", 2)[1], "&", 2)[0])
	a, _ := b.Get("/auth/google/callback?code=x&state=" + code)
	a.Problem(t, http.StatusBadRequest)

	// Of many who come with one code at once, one comes in.
	b, code = fresh()
	statuses := make(chan int, 8)
	for range cap(statuses) {
		go func() { statuses <- b.Post("/auth/token", redeeming(code, "")).Status }()
	}
	in := 0
	for range cap(statuses) {
		if <-statuses == http.StatusOK {
			in++
		}
	}
	if in != 1 {
		t.Errorf("%d came in with one code", in)
	}
}

// Sign-ons that prove nothing are limited as wrong passwords are, by network.
func TestSignOnAttacks_AreLimited(t *testing.T) {
	t.Parallel()
	s := newSigning(t, func(s *harness.Settings) { s.Auth.Attempts = 3 })
	s.google.Says(googler("g-1", harness.Email(harness.CompanyA, auth.Admin), true))
	b := s.NewBrowser()
	code := s.code(s.signOn(b, withGoogle))
	for range 2 {
		b.Post("/auth/token", redeeming("guessed", "")).Problem(t, http.StatusUnauthorized)
	}
	s.google.Forges(func(h, c map[string]any) string {
		return harness.SignRS256(s.google.Key, h, harness.Changed(c, map[string]any{"nonce": "x"}))
	})
	away := s.NewBrowser()
	back := s.away(away, withGoogle)
	another := s.NewBrowser()
	waits := s.away(another, withGoogle)
	s.refusedAt(away, "the third", back, http.StatusBadRequest)
	s.refusedAt(another, "the fourth", waits, http.StatusTooManyRequests)
	b.Post("/auth/token", redeeming(code, "")).Problem(t, http.StatusTooManyRequests)
	s.Do("GET", withGoogle, "", nil).Problem(t, http.StatusTooManyRequests)
	s.Login(harness.Email(harness.CompanyA, auth.User), "").Want(t, http.StatusOK) // others are not kept waiting
}

// A link is the member's who began it, in his browser; and he is as he is now.
func TestSignOnAttacks_Link(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	s.google.Says(googler("g-1", "whoever@elsewhere.example", true))
	s.Do("POST", "/auth/google/link", "", nil).Problem(t, http.StatusUnauthorized)
	var switched harness.Pair
	s.Do("POST", "/api/customers/"+harness.CompanyA+"/switch", s.Token("", auth.SuperAdmin), nil).Want(t, http.StatusOK).JSON(t, &switched)
	for _, token := range []string{switched.AccessToken, s.Token("", auth.SuperAdmin)} {
		s.Do("POST", "/auth/google/link", token, nil).Problem(t, http.StatusForbidden)
	}
	var d struct {
		URL string `json:"authorization_url"`
	}
	member := s.Token(harness.CompanyA, auth.User)
	a := s.Do("POST", "/auth/google/link", member, nil).Want(t, http.StatusOK)
	a.JSON(t, &d)
	_, back := s.NewBrowser().Get(d.URL)
	s.refusedAt(s.NewBrowser(), "somebody who was sent the link", back, http.StatusBadRequest)
	b := s.NewBrowser()
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		b.Cookies[c.Name] = c
	}
	s.Exec(`update portal.users set status = 'suspended' where email = $1`, harness.Email(harness.CompanyA, auth.User))
	s.refusedAt(b, "suspended meanwhile", back, http.StatusForbidden)
	if n := s.identities(); n != 0 {
		t.Errorf("%d identities", n)
	}
}
