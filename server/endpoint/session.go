package endpoint

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"contractor-portal/server/auth"
)

// A browser may keep its session in cookies, for pages of this origin: what no script reads no script can give away. The
// customer's cookie is for whoever routes requests to the customer's machine, and for scripts. It grants nothing.
const (
	accessCookie   = "__Host-access"
	refreshCookie  = "__Host-refresh"
	customerCookie = "__Host-customer"
)

// refreshLifetime is how long a browser keeps a refresh token; the session may be over before.
const refreshLifetime = 180 * 24 * time.Hour

// A Session says where the tokens of a log-in go. It is embedded in the body of an operation that gives some.
type Session struct {
	Session string `json:"session,omitempty" enum:"token,cookie" doc:"Where the tokens go: into the answer (token, which is the default), or into cookies of the browser that no script reads (cookie), for pages of this origin."`
}

// Check refuses cookies to whoever is no page of this origin: another one's form could log its own person in.
func (s Session) Check(ctx context.Context) error {
	if x := exchangeOf(ctx); s.Session == "cookie" && (x == nil || !x.fromOwnPage()) {
		return errNotOwnPage()
	}
	return nil
}

// Keep puts tokens where the session wants them, and returns what is left for the answer.
func (s Session) Keep(ctx context.Context, t auth.Tokens) auth.Tokens {
	if s.Session != "cookie" {
		return t
	}
	if t.Refresh != "" {
		SetCookie(ctx, refreshCookie, t.Refresh, refreshLifetime)
	}
	return keepAccess(ctx, t)
}

// RefreshToken is the one that the browser holds, where the session is in cookies, and shown otherwise.
func (s Session) RefreshToken(ctx context.Context, shown string) string {
	if s.Session == "cookie" {
		return Cookie(ctx, refreshCookie)
	}
	return shown
}

// KeepAsCaller puts an access token where the caller's own came from: a session in cookies stays in cookies.
func KeepAsCaller(ctx context.Context, t auth.Tokens) auth.Tokens {
	if x := exchangeOf(ctx); x == nil || !x.byCookie {
		return t
	}
	return keepAccess(ctx, t)
}

// Forget ends a session in cookies in the browser.
func Forget(ctx context.Context) {
	for _, name := range []string{accessCookie, refreshCookie, customerCookie} {
		SetCookie(ctx, name, "", -time.Second)
	}
}

// keepAccess puts an access token into its cookie, and returns what is left for the answer.
func keepAccess(ctx context.Context, t auth.Tokens) auth.Tokens {
	left := auth.Tokens{ExpiresIn: t.ExpiresIn}
	SetCookie(ctx, accessCookie, t.Access, t.ExpiresIn)
	x := exchangeOf(ctx)
	p, err := x.api.keys.Verify(t.Access)
	if err != nil {
		return left // it was issued a moment ago
	}
	customer := p.CustomerID()
	if p.Outside() {
		customer = auth.PlatformID
	}
	x.request.SetCookie(&http.Cookie{ //nolint:gosec // scripts may read it: it names the customer and grants nothing
		Name: customerCookie, Value: customer, Path: "/", MaxAge: int(refreshLifetime.Seconds()), Secure: true, SameSite: http.SameSiteStrictMode,
	})
	return left
}

// token is what the request shows: a bearer token, or the cookie of a page of this origin, which counts for a write
// only where the browser says that such a page sent it.
func (x *exchange) token() (string, *Problem) {
	r := x.request.Request()
	token, isBearer := bearer(r.Header.Get(echo.HeaderAuthorization))
	if isBearer {
		return token, nil
	}
	cookie, err := r.Cookie(accessCookie)
	if len(r.Header.Values(echo.HeaderAuthorization)) > 0 || err != nil || cookie.Value == "" {
		return "", Unauthenticated("a bearer token is required; log in first")
	}
	x.byCookie = true
	reads := slices.Contains([]string{http.MethodGet, http.MethodHead}, r.Method)
	from := r.Header.Get("Sec-Fetch-Site")
	if reads && (from == "" || from == "none") || x.fromOwnPage() {
		return cookie.Value, nil
	}
	return "", errNotOwnPage()
}

func errNotOwnPage() *Problem {
	return Forbidden("a session in cookies is for pages of this origin alone, and the browser did not say that one of them asks (Sec-Fetch-Site, Origin)")
}

// fromOwnPage tells whether the browser says that a page of this origin sent the request. Forms and scripts of another
// one cannot set what it says.
func (x *exchange) fromOwnPage() bool {
	r := x.request.Request()
	if from := r.Header.Get("Sec-Fetch-Site"); from != "" {
		return from == "same-origin"
	}
	origin := r.Header.Get(echo.HeaderOrigin)
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && (u.Host == r.Host || origin == x.api.url)
}
