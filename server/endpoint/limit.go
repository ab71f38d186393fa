package endpoint

import (
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4/middleware"
	"golang.org/x/time/rate"

	"contractor-portal/server/auth"
)

// Limited bounds how often one network address may call a public operation: a burst at once, and then
// one call in each interval. Each server counts for itself.
func Limited(burst int, interval time.Duration) Option {
	return func(op *huma.Operation) {
		store := middleware.NewRateLimiterMemoryStoreWithConfig(middleware.RateLimiterMemoryStoreConfig{
			Rate: rate.Every(interval), Burst: burst, ExpiresIn: time.Duration(burst) * interval,
		})
		wait := strconv.Itoa(max(1, int(interval.Seconds())))
		op.Middlewares = append(op.Middlewares, func(ctx huma.Context, next func(huma.Context)) {
			c := humaecho.Unwrap(ctx)
			if admitted, err := store.Allow(auth.Network(ClientAddress(ctx.Context()))); admitted && err == nil {
				next(ctx)
				return
			}
			p := newProblem("too-many-requests", http.StatusTooManyRequests, "too many calls from this address; wait a little")
			p.retryAfter = wait
			if err := p.write(c); err != nil {
				c.Set(errorKey, err)
			}
		})
	}
}
