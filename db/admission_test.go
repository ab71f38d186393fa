package db

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func newAdmission(free, share, line int, wait time.Duration) *admission {
	return &admission{free: free, share: share, line: line, wait: wait, customers: map[string]*customer{}}
}

// wants enters in the background; the channel tells how it went.
func (a *admission) wants(ctx context.Context, name string) <-chan error {
	a.mu.Lock()
	before := 0
	if c := a.customers[name]; c != nil {
		before = c.waiting.Len()
	}
	a.mu.Unlock()
	done := make(chan error, 1)
	go func() { done <- a.enter(ctx, name) }()
	for {
		a.mu.Lock()
		c := a.customers[name]
		waits := c != nil && c.waiting.Len() > before
		a.mu.Unlock()
		if waits || len(done) > 0 {
			return done
		}
		time.Sleep(time.Millisecond)
	}
}

func admitted(t *testing.T, who string, done <-chan error) {
	t.Helper()
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("%s: %v", who, err)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("%s is not admitted", who)
	}
}

func waits(t *testing.T, who string, done <-chan error) {
	t.Helper()
	select {
	case err := <-done:
		t.Fatalf("%s does not wait: %v", who, err)
	default:
	}
}

func (a *admission) empty(t *testing.T, free int) {
	t.Helper()
	if a.free != free || len(a.customers) != 0 || a.turns.Len() != 0 {
		t.Errorf("%d connections are free of %d, %d customers are remembered, %d have a turn", a.free, free, len(a.customers), a.turns.Len())
	}
}

func TestAdmission_OneTakesItsShareOnly(t *testing.T) {
	t.Parallel()
	a := newAdmission(4, 2, 10, time.Minute)
	for range 2 {
		admitted(t, "a", a.wants(t.Context(), "a"))
	}
	third := a.wants(t.Context(), "a")
	for range 2 {
		admitted(t, "b", a.wants(t.Context(), "b"))
	}
	c := a.wants(t.Context(), "c")
	waits(t, "the third of a", third)
	waits(t, "c, where nothing is free", c)

	a.leave("b")
	admitted(t, "c", c)
	a.leave("a")
	admitted(t, "the third of a", third)
	for _, name := range []string{"a", "a", "b", "c"} {
		a.leave(name)
	}
	a.empty(t, 4)
}

// Who floods first does not go first: customers are served in turn, each in its own order.
func TestAdmission_InTurn(t *testing.T) {
	t.Parallel()
	a := newAdmission(1, 1, 10, time.Minute)
	admitted(t, "a", a.wants(t.Context(), "a"))
	a2, a3 := a.wants(t.Context(), "a"), a.wants(t.Context(), "a")
	b1, b2 := a.wants(t.Context(), "b"), a.wants(t.Context(), "b")
	for _, next := range []struct {
		leaves, enters string
		done           <-chan error
		others         []<-chan error
	}{
		{"a", "a2", a2, []<-chan error{a3, b1, b2}},
		{"a", "b1", b1, []<-chan error{a3, b2}},
		{"b", "a3", a3, []<-chan error{b2}},
		{"a", "b2", b2, nil},
	} {
		a.leave(next.leaves)
		admitted(t, next.enters, next.done)
		for _, other := range next.others {
			waits(t, "another than "+next.enters, other)
		}
	}
	a.leave("b")
	a.empty(t, 1)
}

func TestAdmission_Refuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		holder string
		line   int
		want   error
	}{
		"the line is full":         {"a", 0, ErrCrowded},
		"its own took too long":    {"a", 1, ErrCrowded},
		"the others took too long": {"b", 1, ErrBusy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAdmission(1, 1, tt.line, 20*time.Millisecond)
			if err := a.enter(t.Context(), tt.holder); err != nil {
				t.Fatal(err)
			}
			if err := a.enter(t.Context(), "a"); !errors.Is(err, tt.want) {
				t.Errorf("refused with %v, want %v", err, tt.want)
			}
			a.leave(tt.holder)
			a.empty(t, 1)
		})
	}
}

func TestAdmission_WhoIsGoneLeavesHisPlace(t *testing.T) {
	t.Parallel()
	a := newAdmission(1, 1, 1, time.Minute)
	admitted(t, "the first", a.wants(t.Context(), "a"))
	ctx, cancel := context.WithCancel(t.Context())
	gone := a.wants(ctx, "a")
	if err := a.enter(t.Context(), "a"); !errors.Is(err, ErrCrowded) {
		t.Fatalf("a second one in a line of one: %v", err)
	}
	cancel()
	if err := <-gone; !Cancelled(err) {
		t.Errorf("who has gone is told %v", err)
	}
	next := a.wants(t.Context(), "a")
	a.leave("a")
	admitted(t, "the next", next)
	a.leave("a")
	a.empty(t, 1)
}

// Whatever happens at the same time, nobody exceeds a share and no connection is lost.
func TestAdmission_UnderLoad(t *testing.T) {
	t.Parallel()
	const free, share = 5, 2
	a := newAdmission(free, share, 20, 2*time.Millisecond)
	var held [4]atomic.Int32
	var served, refused atomic.Int32
	var all sync.WaitGroup
	for i := range 400 {
		who := i % len(held)
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%5+1)*time.Millisecond)
			defer cancel()
			name := fmt.Sprint("customer ", who)
			if a.enter(ctx, name) != nil {
				refused.Add(1)
				return
			}
			if n := held[who].Add(1); n > share {
				t.Errorf("%s holds %d connections", name, n)
			}
			time.Sleep(time.Duration(i%3) * 100 * time.Microsecond)
			held[who].Add(-1)
			served.Add(1)
			a.leave(name)
		})
	}
	all.Wait()
	a.empty(t, free)
	t.Logf("%d were served, %d refused or gone", served.Load(), refused.Load())
}
