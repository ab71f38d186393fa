package endpoint

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// Cookie is what the client holds under a name, or "".
func Cookie(ctx context.Context, name string) string {
	c, ok := ctx.Value(requestKey{}).(echo.Context)
	if !ok {
		return ""
	}
	cookie, err := c.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// SetCookie has the client hold a value for a time. It comes back to this server alone, by requests of its own pages,
// and no script reads it.
func SetCookie(ctx context.Context, name, value string, lifetime time.Duration) {
	if c, ok := ctx.Value(requestKey{}).(echo.Context); ok {
		c.SetCookie(&http.Cookie{
			Name: name, Value: value, Path: "/", MaxAge: int(lifetime.Seconds()),
			HttpOnly: true, Secure: true, SameSite: http.SameSiteStrictMode,
		})
	}
}
