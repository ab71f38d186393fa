package db

import (
	"errors"
	"maps"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Stats are what the connections are doing, and what became of those who wanted one since Open.
type Stats struct {
	Pools   map[string]*pgxpool.Stat // by what they are for: app, auth, platform, worker
	Waiting int                      // units of work that wait in the lines of their customers
	Crowded int64                    // that were refused with ErrCrowded
	Busy    int64                    // that were refused with ErrBusy
	Refused map[string]int64         // entries that the database refused, by SQLSTATE
}

// Stats returns those of now.
func (d *DB) Stats() Stats {
	s := Stats{Pools: map[string]*pgxpool.Stat{}, Waiting: d.admission.waiting()}
	for name, p := range map[string]*pool{"app": d.app, "auth": d.auth, "platform": d.platform, "worker": d.worker} {
		if p != nil {
			s.Pools[name] = p.Stat()
		}
	}
	d.refusals.mu.Lock()
	defer d.refusals.mu.Unlock()
	s.Crowded, s.Busy, s.Refused = d.refusals.crowded, d.refusals.busy, maps.Clone(d.refusals.entries)
	return s
}

// refusals counts units of work that were not done for a reason that an operator wants to see more or less of.
type refusals struct {
	mu            sync.Mutex
	crowded, busy int64
	entries       map[string]int64
}

// count takes the error of a unit of work, nil too. The SQLSTATEs of class TN are those of schema tenancy.
func (c *refusals) count(err error) {
	var r *Refusal
	if !errors.As(err, &r) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch code := r.Code(); {
	case errors.Is(r.Kind, ErrCrowded):
		c.crowded++
	case errors.Is(r.Kind, ErrBusy):
		c.busy++
	case strings.HasPrefix(code, "TN"):
		if c.entries == nil {
			c.entries = map[string]int64{}
		}
		c.entries[code]++
	}
}

// waiting counts the units of work that wait.
func (a *admission) waiting() (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.customers {
		n += c.waiting.Len()
	}
	return n
}
