package endpoint

import (
	"context"
	"sync"
)

// A Turnstile bounds how much heavy work is done at once, such as reading and writing spreadsheets, and lets one piece of
// each company in at a time, so that a company with many of them leaves the other places to others.
type Turnstile struct {
	places chan struct{}

	mu        sync.Mutex
	companies map[string]*company
}

type company struct {
	turn chan struct{} // holds one: whose turn it is
	many int           // that are inside or wait
}

// NewTurnstile has so many places.
func NewTurnstile(places int) *Turnstile {
	return &Turnstile{places: make(chan struct{}, places), companies: map[string]*company{}}
}

// Enter waits for the company's turn, and then for a place. The caller leaves by what it gets.
func (t *Turnstile) Enter(ctx context.Context, name string) (leave func(), err error) {
	t.mu.Lock()
	c := t.companies[name]
	if c == nil {
		c = &company{turn: make(chan struct{}, 1)}
		t.companies[name] = c
	}
	c.many++
	t.mu.Unlock()
	leave = func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if c.many--; c.many == 0 {
			delete(t.companies, name)
		}
	}
	for _, gate := range []chan struct{}{c.turn, t.places} {
		select {
		case gate <- struct{}{}:
			before := leave
			leave = func() { <-gate; before() }
		case <-ctx.Done():
			leave()
			return nil, ctx.Err()
		}
	}
	return leave, nil
}
