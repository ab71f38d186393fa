package endpoint

import (
	"context"
	"fmt"
	"time"
)

type nowKey struct{}

func (api API) at(ctx context.Context) context.Context {
	// PostgreSQL keeps microseconds: what is stored equals what was meant.
	return At(context.WithValue(ctx, publicURLKey{}, api.url), api.now())
}

// At gives what is no request an instant of its own (Now).
func At(ctx context.Context, now time.Time) context.Context {
	return context.WithValue(ctx, nowKey{}, now.Truncate(time.Microsecond))
}

// Now is the instant at which the call began, the same for all that it does. Handlers hand it to their
// statements, which do not ask PostgreSQL's clock for anything that a person will read.
func Now(ctx context.Context) time.Time {
	now, _ := ctx.Value(nowKey{}).(time.Time)
	return now
}

// InOrder refuses a second time that precedes the first; nil is no time.
func InOrder(first string, begin time.Time, second string, end *time.Time) error {
	if end != nil && end.Before(begin) {
		return Invalid(second + " precedes " + first)
	}
	return nil
}

// NotAhead refuses a time of the body that is later than so long from now.
func NotAhead(ctx context.Context, field string, t *time.Time, by time.Duration) error {
	limit := "now"
	if by > 0 {
		limit = fmt.Sprintf("%g hours from now", by.Hours())
	}
	if t != nil && t.After(Now(ctx).Add(by)) {
		return InvalidField(field, "expected a time that is not later than "+limit)
	}
	return nil
}

// ADay is how far ahead work may begin that is logged.
const ADay = 24 * time.Hour
