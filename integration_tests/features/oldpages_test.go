package features

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server"
	"contractor-portal/server/auth"
)

// oldOrigin serves a directory of old pages beside the portal, and returns its address.
func (p *portal) oldOrigin(dir string) string {
	p.T.Helper()
	web := httptest.NewServer(server.NewOldPages(server.OldPages{Dir: dir, API: p.Handler, Log: slog.New(slog.NewJSONHandler(p.Log, nil))}))
	p.T.Cleanup(web.Close)
	return web.URL
}

type oldAnswer struct {
	status int
	header http.Header
	text   string
}

// askOld sends a request as it stands, with pairs of headers.
func askOld(t *testing.T, method, address, body string, header ...string) oldAnswer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return oldAnswer{res.StatusCode, res.Header, string(text)}
}

// The pages are served with a policy that lets their own scripts run and nobody frame them, and each begins with ours.
func TestOldPages_AreServed(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	old := p.oldOrigin("testdata/oldpages")
	if a := askOld(t, "GET", old+"/", ""); a.status != http.StatusFound || a.header.Get("Location") != "/static/login.html" {
		t.Errorf("/ is %d to %q", a.status, a.header.Get("Location"))
	}
	page := askOld(t, "GET", old+"/static/login.html", "")
	if page.status != 200 || !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") || !strings.Contains(page.text, "<head><script src=\"/static/config.js?first\"></script><title>") {
		t.Errorf("%+v", page)
	}
	policy := page.header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'self'", "script-src 'self' 'unsafe-inline' https:", "connect-src 'self' https://*.mapbox.com", "frame-ancestors 'none'", "object-src 'none'", "form-action 'self'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy lacks %s: %s", part, policy)
		}
	}
	if page.header.Get("X-Content-Type-Options") != "nosniff" || page.header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%v", page.header)
	}
	both, first := askOld(t, "GET", old+"/static/config.js", ""), askOld(t, "GET", old+"/static/config.js?first", "")
	if both.status != 200 || !strings.Contains(both.header.Get("Content-Type"), "javascript") || !strings.HasPrefix(both.text, first.text) ||
		!strings.Contains(both.text[len(first.text):], "API_ADDRESS") || strings.Contains(first.text, "API_ADDRESS") {
		t.Errorf("config.js is not ours, and then the directory's: %+v", both)
	}
	if strings.Contains(first.text, "{{") || !strings.Contains(first.text, `|/properties|`) || !strings.Contains(first.text, `/winter-events/[^/]+/complete|`) {
		t.Errorf("config.js does not know the operations: %s", first.text)
	}
	if a := askOld(t, "POST", old+"/static/login.html", "x"); a.status != http.StatusMethodNotAllowed {
		t.Errorf("a POST to a page: %d", a.status)
	}
	// The portal's own pages log in by a cookie: they are not here.
	for _, path := range []string{"/pages/app.js", "/pages/", "/static/none.html"} {
		if a := askOld(t, "GET", old+path, ""); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

// Nothing but plain files of the directory is served.
func TestOldPages_StayInTheirDirectory(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	above := t.TempDir()
	dir := filepath.Join(above, "pages")
	for name, text := range map[string]string{
		"secret.txt": "not to be seen", "pages/.env": "not to be seen", "pages/.git/config": "not to be seen", "pages/css/site.css": "p{}", "pages/sub/.hidden/x.html": "not to be seen",
	} {
		path := filepath.Join(above, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"out.txt": "../secret.txt", "whole.txt": filepath.Join(above, "secret.txt"), "up": "..", "in.css": "css/site.css"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	old := p.oldOrigin(dir)
	for path, want := range map[string]int{
		"/static/css/site.css": 200, "/static/in.css": 200, "/static/config.js": 200,
		"/static/../secret.txt": 404, "/static/%2e%2e/secret.txt": 404, "/static/..%2fsecret.txt": 404, "/static/..%5csecret.txt": 404, "/static//etc/passwd": 404,
		"/static/css/../../secret.txt": 404, "/static/out.txt": 404, "/static/whole.txt": 404, "/static/up/secret.txt": 404,
		"/static/.env": 404, "/static/.git/config": 404, "/static/sub/.hidden/x.html": 404, "/static/css": 404, "/static/css/": 404, "/static/x%00.css": 404,
		"/": 404, "/static/": 404,
	} {
		if a := askOld(t, "GET", old+path, ""); a.status != want || strings.Contains(a.text, "not to be seen") || strings.Contains(a.text, above) {
			t.Errorf("%s: %d %s, want %d", path, a.status, a.text, want)
		}
	}
}

// A token counts there and a cookie does not, though it is the one that opens the portal's own origin; and none is set.
func TestOldPages_KnowNoCookie(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	old := p.oldOrigin("testdata/oldpages")
	token := p.Token(harness.CompanyA, auth.Manager)
	cookie := []string{"Cookie", "__Host-access=" + token, "Sec-Fetch-Site", "same-origin"}
	if a := askOld(t, "GET", p.URL+"/properties/", "", cookie...); a.status != 200 {
		t.Errorf("the cookie does not open the portal's own origin: %d %s", a.status, a.text)
	}
	if a := askOld(t, "GET", old+"/properties/", "", cookie...); a.status != 401 {
		t.Errorf("the cookie counts: %d %s", a.status, a.text)
	}
	if a := askOld(t, "GET", old+"/properties/", "", "Authorization", "Bearer "+token); a.status != 200 || !strings.Contains(a.text, "Property 1") {
		t.Errorf("the token does not count: %d %s", a.status, a.text)
	}
	login := func(at string) oldAnswer {
		return askOld(t, "POST", at+"/api/login/", `{"username":"`+harness.Email(harness.CompanyA, auth.Admin)+`","password":"`+harness.Password+`","session":"cookie"}`,
			"Content-Type", "application/json", "Sec-Fetch-Site", "same-origin")
	}
	if a := login(p.URL); a.status != 200 || len(a.header.Values("Set-Cookie")) == 0 {
		t.Errorf("the portal's own origin sets no cookie: %+v", a)
	}
	if a := login(old); len(a.header.Values("Set-Cookie")) != 0 {
		t.Errorf("a cookie is set: %+v", a)
	}
}
