package server

import (
	"context"
	"sync"
	"time"
)

// readiness remembers whether the portal is ready: yes for five seconds, anything else for one. The audit
// is up to half a second's work for the database, and several where it is busy; everybody may ask, often several balancers at
// once. What the audit looks for is changed by hand, so five seconds lose nothing.
type readiness struct {
	ask func(context.Context) string

	mu    sync.Mutex
	last  string
	until time.Time
}

// missing says what is missing, or "". Who asks while somebody asks waits for the same answer.
func (r *readiness) missing(ctx context.Context) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Now().Before(r.until) {
		return r.last
	}
	// One who goes away does not spoil the answer for the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	r.last = r.ask(ctx)
	good := 5 * time.Second
	if r.last != "" {
		good = time.Second
	}
	r.until = time.Now().Add(good)
	return r.last
}
