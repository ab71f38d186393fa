package endpoint

import (
	"context"
	"net/http"
	"time"
)

// Cookie is what the client holds under a name, or "".
func Cookie(ctx context.Context, name string) string {
	x := exchangeOf(ctx)
	if x == nil {
		return ""
	}
	cookie, err := x.request.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// SetCookie has the client hold a value for a time. It comes back to this server alone, by requests of its own pages,
// and no script reads it.
func SetCookie(ctx context.Context, name, value string, lifetime time.Duration) {
	setCookie(ctx, name, value, lifetime, http.SameSiteStrictMode)
}

// SetTravelCookie is SetCookie for a browser that comes back from another company's page, by a link there.
func SetTravelCookie(ctx context.Context, name, value string, lifetime time.Duration) {
	setCookie(ctx, name, value, lifetime, http.SameSiteLaxMode)
}

func setCookie(ctx context.Context, name, value string, lifetime time.Duration, site http.SameSite) {
	if x := exchangeOf(ctx); x != nil {
		x.request.SetCookie(&http.Cookie{ //nolint:gosec // both callers say Strict or Lax
			Name: name, Value: value, Path: "/", MaxAge: int(lifetime.Seconds()),
			HttpOnly: true, Secure: true, SameSite: site,
		})
	}
}
