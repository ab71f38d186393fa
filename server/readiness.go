package server

import (
	"context"
	"sync"
	"time"

	"contractor-portal/db"
)

// readiness is what is asked before the portal is called ready.
type readiness struct{ state, lag answer }

func newReadiness(d *db.DB, version int32) *readiness {
	return &readiness{
		// The audit is up to half a second's work for the database, and several where it is busy. What it looks for is changed
		// by hand, so five seconds lose nothing.
		state: answer{good: 5 * time.Second, ask: func(ctx context.Context) string { return Unready(ctx, d, version) }},
		// Who was shut out on the primary is shut out on the standby as soon as it has heard of it.
		lag: answer{good: 200 * time.Millisecond, ask: func(ctx context.Context) string { return lagging(ctx, d) }},
	}
}

// missing says what is missing, or "".
func (r *readiness) missing(ctx context.Context) string {
	if missing := r.state.get(ctx); missing != "" {
		return missing
	}
	return r.lag.get(ctx)
}

// An answer remembers what was said: nothing for some time, anything else for one second. Everybody may ask, often several
// balancers at once.
type answer struct {
	ask  func(context.Context) string
	good time.Duration

	mu    sync.Mutex
	last  string
	until time.Time
}

// get says what is missing, or "". Who asks while somebody asks waits for the same answer.
func (a *answer) get(ctx context.Context) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if time.Now().Before(a.until) {
		return a.last
	}
	// One who goes away does not spoil the answer for the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	a.last = a.ask(ctx)
	good := a.good
	if a.last != "" {
		good = time.Second
	}
	a.until = time.Now().Add(good)
	return a.last
}
