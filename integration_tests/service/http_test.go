package service

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

func TestHTTP_PathsWithAndWithoutSlash(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, op := range harness.ReadDocument(t, p.Portal) {
		if op.Method != "GET" || len(op.Places()) > 0 || op.Public() {
			continue
		}
		for _, c := range p.Callers() {
			if !op.Admits(c) {
				continue
			}
			path, query, _ := strings.Cut(harness.Request{Op: op}.Target(), "?")
			path = strings.TrimSuffix(path, "/")
			one, other := p.Do("GET", path+"?"+query, c.Token, nil), p.Do("GET", path+"/?"+query, c.Token, nil)
			if one.Status != other.Status || one.Status == http.StatusNotFound && strings.Contains(string(one.Body), "nothing at this path") || one.Status >= 500 {
				t.Errorf("%s as %s: %d without slash, %d with", op, c, one.Status, other.Status)
			}
			break
		}
	}
}

func TestHTTP_HeadAndOptions(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token(harness.CompanyA, auth.Admin)
	for _, path := range []string{"/properties/", "/verify-token", "/healthz", "/readyz", "/openapi.json", "/docs", "/problems/internal", "/.well-known/jwks.json"} {
		get, head := p.Do("GET", path, token, nil).Want(t, http.StatusOK), p.Do("HEAD", path, token, nil).Want(t, http.StatusOK)
		if len(head.Body) > 0 || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") || head.Header.Get("X-Total-Count") != get.Header.Get("X-Total-Count") {
			t.Errorf("HEAD %s: %v and %d bytes", path, head.Header, len(head.Body))
		}
	}
	p.Do("HEAD", "/properties/", "", nil).Want(t, http.StatusUnauthorized)
	p.Do("HEAD", "/nothing", token, nil).Want(t, http.StatusNotFound)
	p.Do("HEAD", "/add-property/", token, nil).Want(t, http.StatusMethodNotAllowed)

	options := p.Do("OPTIONS", "/properties/", "", nil).Want(t, http.StatusNoContent)
	for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
		if !strings.Contains(options.Header.Get("Allow"), method) {
			t.Errorf("Allow: %s", options.Header.Get("Allow"))
		}
	}
	if allow := p.Do("PATCH", "/properties/", token, nil).Want(t, http.StatusMethodNotAllowed).Header.Get("Allow"); !strings.Contains(allow, "GET") {
		t.Errorf("Allow of a 405: %q", allow)
	}
}

func TestHTTP_OnlyConfiguredOriginsMayCall(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.Server.Origins = []string{"https://app.example", "https://other.example"} })
	token := p.Token(harness.CompanyA, auth.Admin)
	preflight := func(origin string) harness.Answer {
		return p.Ask("OPTIONS", "/add-property/", "", map[string]string{
			"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
		})
	}
	for _, origin := range []string{"https://app.example", "https://other.example"} {
		a := preflight(origin)
		if a.Status != http.StatusNoContent || a.Header.Get("Access-Control-Allow-Origin") != origin ||
			!strings.Contains(a.Header.Get("Access-Control-Allow-Methods"), "POST") || !strings.Contains(a.Header.Get("Access-Control-Allow-Headers"), "Authorization") || !strings.Contains(a.Header.Get("Access-Control-Allow-Headers"), "Idempotency-Key") {
			t.Errorf("preflight of %s: %d %v", origin, a.Status, a.Header)
		}
		a = p.Ask("GET", "/properties/", token, map[string]string{"Origin": origin})
		if a.Status != http.StatusOK || a.Header.Get("Access-Control-Allow-Origin") != origin || !strings.Contains(a.Header.Get("Access-Control-Expose-Headers"), "X-Total-Count") ||
			!slices.Contains(a.Header.Values("Vary"), "Origin") {
			t.Errorf("call of %s: %d %v", origin, a.Status, a.Header)
		}
	}
	for _, origin := range []string{"https://evil.example", "https://app.example.evil", "http://app.example", "https://app.example:8443", "null", "https://APP.example."} {
		for _, a := range []harness.Answer{preflight(origin), p.Ask("GET", "/properties/", token, map[string]string{"Origin": origin})} {
			if have := a.Header.Get("Access-Control-Allow-Origin"); have != "" {
				t.Errorf("%s may call: %q", origin, have)
			}
		}
	}

	none := newPortal(t)
	if a := none.Ask("GET", "/properties/", "", map[string]string{"Origin": "https://app.example"}); a.Header.Get("Access-Control-Allow-Origin") != "" || a.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("by default: %v", a.Header)
	}
}

func TestHTTP_SecurityHeaders(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token(harness.CompanyA, auth.Admin)
	for _, a := range []harness.Answer{
		p.Do("GET", "/properties/", token, nil).Want(t, http.StatusOK),
		p.Do("GET", "/properties/", "", nil).Want(t, http.StatusUnauthorized),
		p.Do("GET", "/nothing", "", nil).Want(t, http.StatusNotFound),
		p.Do("GET", "/docs", "", nil).Want(t, http.StatusOK),
	} {
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		} {
			if have := a.Header.Get(name); have != want {
				t.Errorf("%s: %q, want %q", name, have, want)
			}
		}
		if a.Header.Get("Server") != "" || a.Header.Get("X-Request-Id") == "" {
			t.Errorf("headers %v", a.Header)
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
		a := p.Ask("GET", "/nothing", "", map[string]string{"X-Request-Id": sent})
		have := a.Header.Get("X-Request-Id")
		if (have == sent) != kept || have == "" {
			t.Errorf("%q became %q", sent, have)
		}
		if problem := a.Problem(t, http.StatusNotFound); problem.RequestID != have {
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
	page := string(p.Do("GET", "/docs", "", nil).Want(t, http.StatusOK).Body)
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
		loaded[path] = string(p.Do("GET", path, "", nil).Want(t, http.StatusOK).Body)
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
