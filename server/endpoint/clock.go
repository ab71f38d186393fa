package endpoint

import (
	"context"
	"time"
)

type nowKey struct{}

func (api API) at(ctx context.Context) context.Context {
	// PostgreSQL keeps microseconds: what is stored equals what was meant.
	return context.WithValue(ctx, nowKey{}, api.now().Truncate(time.Microsecond))
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
