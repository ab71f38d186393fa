package integration_tests

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"contractor-portal/server/auth"
)

func TestHTTP_PathsWithAndWithoutSlash(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, op := range readDocument(t, p) {
		if op.method != "GET" || len(op.places()) > 0 || op.public() {
			continue
		}
		for _, c := range p.callers() {
			if !op.admits(c) {
				continue
			}
			without := strings.TrimSuffix(request{op: op}.target(), "/")
			one, other := p.do("GET", without, c.token, nil), p.do("GET", without+"/", c.token, nil)
			if one.status != other.status || one.status == http.StatusNotFound && strings.Contains(string(one.body), "nothing at this path") || one.status >= 500 {
				t.Errorf("%s as %s: %d without slash, %d with", op, c, one.status, other.status)
			}
			break
		}
	}
}

func TestHTTP_HeadAndOptions(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.token(companyA, auth.Admin)
	for _, path := range []string{"/properties/", "/verify-token", "/healthz", "/readyz", "/openapi.json", "/docs", "/problems/internal", "/.well-known/jwks.json"} {
		get, head := p.do("GET", path, token, nil).want(t, http.StatusOK), p.do("HEAD", path, token, nil).want(t, http.StatusOK)
		if len(head.body) > 0 || head.header.Get("Content-Type") != get.header.Get("Content-Type") || head.header.Get("X-Total-Count") != get.header.Get("X-Total-Count") {
			t.Errorf("HEAD %s: %v and %d bytes", path, head.header, len(head.body))
		}
	}
	p.do("HEAD", "/properties/", "", nil).want(t, http.StatusUnauthorized)
	p.do("HEAD", "/nothing", token, nil).want(t, http.StatusNotFound)
	p.do("HEAD", "/add-property/", token, nil).want(t, http.StatusMethodNotAllowed)

	options := p.do("OPTIONS", "/properties/", "", nil).want(t, http.StatusNoContent)
	for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
		if !strings.Contains(options.header.Get("Allow"), method) {
			t.Errorf("Allow: %s", options.header.Get("Allow"))
		}
	}
	if allow := p.do("PATCH", "/properties/", token, nil).want(t, http.StatusMethodNotAllowed).header.Get("Allow"); !strings.Contains(allow, "GET") {
		t.Errorf("Allow of a 405: %q", allow)
	}
}

// ask sends a request as a page of another origin does.
func (p *portal) ask(method, path, token string, header map[string]string) answer {
	p.t.Helper()
	req, err := p.newRequest(p.t.Context(), method, path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	a, err := send(req)
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

func TestHTTP_OnlyConfiguredOriginsMayCall(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *settings) { s.server.Origins = []string{"https://app.example", "https://other.example"} })
	token := p.token(companyA, auth.Admin)
	preflight := func(origin string) answer {
		return p.ask("OPTIONS", "/add-property/", "", map[string]string{
			"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type",
		})
	}
	for _, origin := range []string{"https://app.example", "https://other.example"} {
		a := preflight(origin)
		if a.status != http.StatusNoContent || a.header.Get("Access-Control-Allow-Origin") != origin ||
			!strings.Contains(a.header.Get("Access-Control-Allow-Methods"), "POST") || !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Authorization") {
			t.Errorf("preflight of %s: %d %v", origin, a.status, a.header)
		}
		a = p.ask("GET", "/properties/", token, map[string]string{"Origin": origin})
		if a.status != http.StatusOK || a.header.Get("Access-Control-Allow-Origin") != origin || !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), "X-Total-Count") ||
			!slices.Contains(a.header.Values("Vary"), "Origin") {
			t.Errorf("call of %s: %d %v", origin, a.status, a.header)
		}
	}
	for _, origin := range []string{"https://evil.example", "https://app.example.evil", "http://app.example", "https://app.example:8443", "null", "https://APP.example."} {
		for _, a := range []answer{preflight(origin), p.ask("GET", "/properties/", token, map[string]string{"Origin": origin})} {
			if have := a.header.Get("Access-Control-Allow-Origin"); have != "" {
				t.Errorf("%s may call: %q", origin, have)
			}
		}
	}

	none := newPortal(t)
	if a := none.ask("GET", "/properties/", "", map[string]string{"Origin": "https://app.example"}); a.header.Get("Access-Control-Allow-Origin") != "" || a.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("by default: %v", a.header)
	}
}

func TestHTTP_SecurityHeaders(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.token(companyA, auth.Admin)
	for _, a := range []answer{
		p.do("GET", "/properties/", token, nil).want(t, http.StatusOK),
		p.do("GET", "/properties/", "", nil).want(t, http.StatusUnauthorized),
		p.do("GET", "/nothing", "", nil).want(t, http.StatusNotFound),
		p.do("GET", "/docs", "", nil).want(t, http.StatusOK),
	} {
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		} {
			if have := a.header.Get(name); have != want {
				t.Errorf("%s: %q, want %q", name, have, want)
			}
		}
		if a.header.Get("Server") != "" || a.header.Get("X-Request-Id") == "" {
			t.Errorf("headers %v", a.header)
		}
	}
}

// A client may name its request, in a form that does no harm to a log.
func TestHTTP_RequestID(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for sent, kept := range map[string]bool{
		"abc-123_X.y": true, strings.Repeat("a", 64): true,
		"": false, strings.Repeat("a", 65): false, "somebody@example.com": false, "a b": false, `{"level":"ERROR"}`: false,
	} {
		a := p.ask("GET", "/nothing", "", map[string]string{"X-Request-Id": sent})
		have := a.header.Get("X-Request-Id")
		if (have == sent) != kept || have == "" {
			t.Errorf("%q became %q", sent, have)
		}
		if problem := a.problem(t, http.StatusNotFound); problem.RequestID != have {
			t.Errorf("request_id %q in the body, %q in the header", problem.RequestID, have)
		}
	}
}

var otherServer = regexp.MustCompile(`(?:https?:)?//[\w-]+\.[\w.-]+`)

var assets = regexp.MustCompile(`(?:src|href|url)\s*[=:]\s*["']([^"']+)["']`)

// The page that shows the document loads everything from here.
func TestHTTP_DocsNeedNoOtherServer(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	page := string(p.do("GET", "/docs", "", nil).want(t, http.StatusOK).body)
	found := assets.FindAllStringSubmatch(page, -1)
	if len(found) < 4 {
		t.Fatalf("only %d assets in %s", len(found), page)
	}
	loaded := map[string]string{}
	for _, match := range found {
		path := match[1]
		if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
			t.Errorf("%s is not of this server", path)
			continue
		}
		loaded[path] = string(p.do("GET", path, "", nil).want(t, http.StatusOK).body)
	}
	for _, path := range []string{"/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js"} {
		if loaded[path] == "" {
			t.Errorf("the page does not load %s", path)
		}
	}
	if found := otherServer.FindAllString(page, -1); found != nil || !strings.Contains(page, `"/openapi.json"`) {
		t.Errorf("the page names other servers %q, or not our document", found)
	}
}
