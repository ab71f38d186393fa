package isolation

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// sendWithCookie sends a request as a browser does whose session is in cookies.
func sendWithCookie(t *testing.T, p *harness.Portal, method, target, token string, body any, header ...string) harness.Answer {
	t.Helper()
	req, err := p.NewRequest(t.Context(), method, target, body)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: "__Host-access", Value: token})
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	a, err := harness.Send(req)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// notOwn tells whether an answer says that no page of this origin asked.
func notOwn(a harness.Answer) bool {
	return a.Status == http.StatusForbidden && strings.Contains(string(a.Body), "for pages of this origin alone")
}

// With the cookies of somebody who may, a form and a script of another origin change nothing, at any operation that writes;
// and the portal's own pages may.
func TestCookies_OtherOriginsChangeNothing(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	callers := p.Callers()
	before := harness.TakeSnapshot(t, p)
	foreign := [][]string{
		{},
		{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
		{"Origin", "https://evil.example"},
		{"Origin", "null", "Sec-Fetch-Site", "cross-site"},
		{"Origin", "null"},
		{"Origin", ""},
		{"Origin", strings.Replace(p.URL, "127.0.0.1:", "127.0.0.1:1", 1), "Sec-Fetch-Site", "same-site"},
		{"Origin", strings.Replace(p.URL, "127.0.0.1:", "127.0.0.1:1", 1)},
		{"Origin", p.URL, "Sec-Fetch-Site", "same-site"},
		{"Sec-Fetch-Site", "none"},
		{"Referer", p.URL + "/"},
	}
	type ask struct {
		op    *harness.Operation
		r     harness.Request
		token string
	}
	var asks []ask
	for _, op := range harness.ReadDocument(t, p) {
		if i := slices.IndexFunc(callers, op.Admits); op.Writes() && i >= 0 && !op.Public() {
			asks = append(asks, ask{op, harness.Request{Op: op}, callers[i].Token})
		}
	}
	if len(asks) < 100 {
		t.Fatalf("only %d operations write", len(asks))
	}
	for _, q := range asks {
		for _, header := range foreign {
			for _, body := range []any{q.r.Body(), url.Values{"a": {"b"}}, nil} {
				if a := sendWithCookie(t, p, q.op.Method, q.r.Target(), q.token, body, header...); !notOwn(a) {
					t.Errorf("%s with %v: %d %s", q.op, header, a.Status, a.Body)
				}
			}
		}
	}
	if changed, err := before.Changes(t.Context()); err != nil || len(changed) > 0 {
		t.Fatalf("changed: %v (%v)", changed, err)
	}

	for i, q := range asks {
		own := [][]string{{"Sec-Fetch-Site", "same-origin"}, {"Origin", p.URL}, {"Origin", p.URL, "Sec-Fetch-Site", "same-origin"}}[i%3]
		if a := sendWithCookie(t, p, q.op.Method, q.r.Target(), q.token, q.r.Body(), own...); notOwn(a) {
			t.Errorf("%s with %v: %d %s", q.op, own, a.Status, a.Body)
		}
	}
	if changed, err := before.Changes(t.Context()); err != nil || len(changed) == 0 {
		t.Fatalf("the own pages changed nothing (%v)", err)
	}
}

// A page of another origin reads nothing by somebody's cookies either, be it as a script or as a picture; a person who follows
// a link, and the portal's own pages, do.
func TestCookies_Reads(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	token := p.Token(harness.CompanyA, auth.Admin)
	for _, from := range []string{"cross-site", "same-site", "anything"} {
		if a := sendWithCookie(t, p, "GET", "/users/", token, nil, "Sec-Fetch-Site", from); !notOwn(a) {
			t.Errorf("%s: %d %s", from, a.Status, a.Body)
		}
	}
	for _, from := range []string{"same-origin", "none"} {
		a := sendWithCookie(t, p, "GET", "/users/", token, nil, "Sec-Fetch-Site", from).Want(t, http.StatusOK)
		if text := string(a.Body); !strings.Contains(text, "admin@a.example") || strings.Contains(text, "b.example") {
			t.Errorf("%s: %s", from, text)
		}
	}
	// A bearer token counts before a cookie, and one that is not right is not made good by it.
	req, err := p.NewRequest(t.Context(), "GET", "/api/my-customer/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: "__Host-access", Value: p.Token(harness.CompanyB, auth.Admin)})
	req.Header.Set("Authorization", "Bearer "+token)
	if a, err := harness.Send(req); err != nil || !strings.Contains(string(a.Body), harness.CompanyA) {
		t.Errorf("%s (%v)", a.Body, err)
	}
	req.Header.Set("Authorization", "Bearer x")
	if a, err := harness.Send(req); err != nil || a.Status != http.StatusUnauthorized {
		t.Errorf("%d %s (%v)", a.Status, a.Body, err)
	}
}

// A session in cookies: its tokens stand in cookies that no script reads, and nowhere in an answer; it is renewed, left, and
// never begun by another origin's page, which could log its own person in.
func TestCookies_Session(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	form := map[string]string{"username": harness.Email(harness.CompanyA, auth.Admin), "password": harness.Password, "session": "cookie"}
	sessions := func() int {
		return harness.Query[int](p, `select count(*)::int from platform.sessions where revoked_at is null`)
	}
	before := sessions()
	post := func(b *harness.Browser, path string, body any, header ...string) harness.Answer {
		a, _ := b.Send("POST", path, body, header...)
		return a
	}
	for _, header := range [][]string{{}, {"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site", "Origin", p.URL}} {
		b := p.NewBrowser()
		for _, path := range []string{"/api/login/", "/api/refresh/", "/auth/token", "/api/invitations/accept"} {
			body := map[string]string{"session": "cookie", "token": "t", "code": "c", "password": "correct horse battery"}
			if path == "/api/login/" {
				body = form
			}
			if a := post(b, path, body, header...); !notOwn(a) || b.Cookies["__Host-access"] != nil {
				t.Errorf("%s with %v: %d %s", path, header, a.Status, a.Body)
			}
		}
	}
	if n := sessions(); n != before {
		t.Errorf("%d sessions were begun", n-before)
	}

	b := p.NewBrowser()
	var pair struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
		ExpiresIn    int    `json:"expires_in"`
	}
	a := post(b, "/api/login/", form, "Origin", p.URL).Want(t, http.StatusOK)
	if a.JSON(t, &pair); pair.AccessToken != "" || pair.RefreshToken != "" || pair.ExpiresIn == 0 {
		t.Errorf("the answer holds tokens: %s", a.Body)
	}
	for _, name := range []string{"__Host-access", "__Host-refresh"} {
		c := b.Cookies[name]
		if c == nil || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || strings.Contains(string(a.Body), c.Value) {
			t.Fatalf("%s: %v", name, c)
		}
	}
	if c := b.Cookies["__Host-customer"]; c == nil || c.HttpOnly || !c.Secure || c.Value != harness.CompanyA {
		t.Errorf("%v", c)
	}
	b.Cookies["__Host-customer"].Value = harness.CompanyB // grants nothing
	if a, _ := b.Get("/api/my-customer/"); !strings.Contains(string(a.Want(t, http.StatusOK).Body), harness.CompanyA) {
		t.Errorf("%s", a.Body)
	}

	old := *b.Cookies["__Host-refresh"]
	post(b, "/api/refresh/", map[string]string{"session": "cookie"}, "Sec-Fetch-Site", "same-origin").Want(t, http.StatusOK)
	if b.Cookies["__Host-refresh"].Value == old.Value || b.Cookies["__Host-customer"].Value != harness.CompanyA {
		t.Error("nothing was renewed")
	}
	// Without session=cookie the cookie is no token, and the answer holds nobody's.
	post(b, "/api/refresh/", map[string]string{}, "Sec-Fetch-Site", "same-origin").Want(t, http.StatusUnauthorized)

	kept := *b.Cookies["__Host-access"]
	post(b, "/api/logout/", nil, "Sec-Fetch-Site", "same-origin").Want(t, http.StatusOK)
	for _, name := range []string{"__Host-access", "__Host-refresh", "__Host-customer"} {
		if c := b.Cookies[name]; c.Value != "" || c.MaxAge >= 0 {
			t.Errorf("%v stays", c)
		}
	}
	sendWithCookie(t, p, "GET", "/api/my-customer/", kept.Value, nil).Want(t, http.StatusUnauthorized)
}

// An operator who switches by cookies acts in cookies, and comes back in cookies; one who comes with a bearer token gets a token.
func TestCookies_Switch(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	b := p.NewBrowser()
	own := []string{"Sec-Fetch-Site", "same-origin"}
	ask := func(method, path string, body any) string {
		a, _ := b.Send(method, path, body, own...)
		return string(a.Want(t, http.StatusOK).Body)
	}
	ask("POST", "/api/login/", map[string]string{"username": harness.Operator, "password": harness.Password, "session": "cookie"})
	if c := b.Cookies["__Host-customer"]; c.Value != auth.PlatformID {
		t.Errorf("%v", c)
	}
	outside := b.Cookies["__Host-access"].Value
	if text := ask("POST", "/api/customers/"+harness.CompanyA+"/switch", nil); !strings.Contains(text, `"access_token":""`) || b.Cookies["__Host-customer"].Value != harness.CompanyA {
		t.Errorf("%s %v", text, b.Cookies)
	}
	if text := ask("GET", "/users/", nil); !strings.Contains(text, "admin@a.example") || strings.Contains(text, "b.example") {
		t.Error(text)
	}
	ask("POST", "/api/customers/switch-back", nil)
	if text := ask("GET", "/api/customers/", nil); !strings.Contains(text, harness.CompanyB) || b.Cookies["__Host-customer"].Value != auth.PlatformID {
		t.Errorf("%s %v", text, b.Cookies)
	}
	if b.Cookies["__Host-access"].Value == outside {
		t.Error("the switch back gave no new token")
	}
	a := p.Do("POST", "/api/customers/"+harness.CompanyA+"/switch", p.Token(harness.CompanyA, auth.SuperAdmin), nil).Want(t, http.StatusOK)
	if strings.Contains(string(a.Body), `"access_token":""`) || len(a.Header.Values("Set-Cookie")) > 0 {
		t.Errorf("%s %v", a.Body, a.Header)
	}
}
