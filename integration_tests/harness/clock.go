package harness

import (
	"sync"
	"testing"
	"time"
)

// A clock is what a server takes for now: it stands until the test moves it. It says time on the
// clocks of company A.
type clock struct {
	t  *testing.T
	mu sync.Mutex
	at time.Time
}

// NewClock returns a clock, and what makes a portal ask it.
func NewClock(t *testing.T, local string) (*clock, func(*Settings)) {
	t.Helper()
	c := &clock{t: t}
	c.Set(local)
	return c, func(s *Settings) { s.Server.Clock = c.now }
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Set moves the clock to a time on company A's clocks, such as 2026-01-06T06:30:00.
func (c *clock) Set(local string) {
	c.t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		c.t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02T15:04:05", local, zone)
	if err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}
