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

func admissionOf(free, share int32, line int, wait time.Duration) *admission {
	a := newAdmission(Config{AppConns: free, CustomerConns: share, CustomerStarts: share, CustomerLine: line, AcquireTimeout: wait})
	a.start = time.Minute
	return a
}

// An outcome is how it went to be admitted.
type outcome struct {
	stay *stay
	err  error
}

// wants asks in the background; the channel tells how it went.
func (a *admission) wants(ctx context.Context, name string) <-chan outcome {
	a.mu.Lock()
	before := 0
	if c := a.customers[name]; c != nil {
		before = c.waiting.Len()
	}
	a.mu.Unlock()
	done := make(chan outcome, 1)
	go func() {
		s, err := a.admit(ctx, name)
		done <- outcome{s, err}
	}()
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

func admitted(t *testing.T, who string, done <-chan outcome) *stay {
	t.Helper()
	select {
	case e := <-done:
		if e.err != nil {
			t.Fatalf("%s: %v", who, e.err)
		}
		return e.stay
	case <-time.After(10 * time.Second):
		t.Fatalf("%s is not admitted", who)
	}
	return nil
}

func waits(t *testing.T, who string, done <-chan outcome) {
	t.Helper()
	select {
	case e := <-done:
		t.Fatalf("%s does not wait: %v", who, e.err)
	default:
	}
}

func (a *admission) empty(t *testing.T, free int) {
	t.Helper()
	if a.free != free || len(a.customers) != 0 || a.turns.Len() != 0 {
		t.Errorf("%d connections are free of %d, %d customers are remembered, %d have a turn", a.free, free, len(a.customers), a.turns.Len())
	}
}

// A long unit of work rests for a quarter of what it worked while another customer comes, and not otherwise.
func TestAdmission_LongOnesLeaveOthersRoom(t *testing.T) {
	t.Parallel()
	a := admissionOf(4, 4, 4, time.Minute)
	long := admitted(t, "A", a.wants(t.Context(), "A"))
	a.leave(admitted(t, "A again", a.wants(t.Context(), "A")))
	if pause := a.pace(long, time.Second); pause != 0 {
		t.Errorf("alone it rests for %s", pause)
	}
	a.leave(admitted(t, "B", a.wants(t.Context(), "B")))
	if pause := a.pace(long, time.Second); pause != time.Second/4 {
		t.Errorf("beside B it rests for %s", pause)
	}
	a.leave(admitted(t, "A again", a.wants(t.Context(), "A")))
	if pause := a.pace(long, time.Hour); pause != a.start {
		t.Errorf("beside B it rests for %s, at most %s", pause, a.start)
	}
	a.latest[1].at = time.Now().Add(-2 * a.start)
	if pause := a.pace(long, time.Second); pause != 0 {
		t.Errorf("when B has not come for long it rests for %s", pause)
	}
	a.leave(long)
	a.empty(t, 4)
}

func TestAdmission_OneTakesItsShareOnly(t *testing.T) {
	t.Parallel()
	a := admissionOf(4, 2, 10, time.Minute)
	var stays []*stay
	for _, who := range []string{"a", "a", "b", "b"} {
		stays = append(stays, admitted(t, who, a.wants(t.Context(), who)))
	}
	third := a.wants(t.Context(), "a")
	c := a.wants(t.Context(), "c")
	waits(t, "the third of a", third)
	waits(t, "c, where nothing is free", c)

	a.leave(stays[3])
	stays[3] = admitted(t, "c", c)
	waits(t, "the third of a", third)
	a.leave(stays[0])
	stays[0] = admitted(t, "the third of a", third)
	for _, s := range stays {
		a.leave(s)
	}
	a.empty(t, 4)
}

// Who floods first does not go first: customers are served in turn, each in its own order.
func TestAdmission_InTurn(t *testing.T) {
	t.Parallel()
	a := admissionOf(1, 1, 10, time.Minute)
	inside := admitted(t, "a", a.wants(t.Context(), "a"))
	a2, a3 := a.wants(t.Context(), "a"), a.wants(t.Context(), "a")
	b1, b2 := a.wants(t.Context(), "b"), a.wants(t.Context(), "b")
	for _, next := range []struct {
		who    string
		done   <-chan outcome
		others []<-chan outcome
	}{
		{"a2", a2, []<-chan outcome{a3, b1, b2}},
		{"b1", b1, []<-chan outcome{a3, b2}},
		{"a3", a3, []<-chan outcome{b2}},
		{"b2", b2, nil},
	} {
		a.leave(inside)
		inside = admitted(t, next.who, next.done)
		for _, other := range next.others {
			waits(t, "another than "+next.who, other)
		}
	}
	a.leave(inside)
	a.empty(t, 1)
}

// Connections are free, but a customer's flood of short units of work takes no more of the processors
// than one at a time does.
func TestAdmission_StartsFewAtOnce(t *testing.T) {
	t.Parallel()
	a := admissionOf(4, 3, 10, time.Minute)
	a.starts = 1
	first := admitted(t, "the first", a.wants(t.Context(), "a"))
	second := a.wants(t.Context(), "a")
	waits(t, "the second", second)
	other := admitted(t, "another customer", a.wants(t.Context(), "b"))
	a.leave(first)
	a.leave(admitted(t, "the second", second))
	a.leave(other)
	a.empty(t, 4)
}

// A long unit of work does not keep the others of its customer waiting, up to the share.
func TestAdmission_LongOnesDoNotCount(t *testing.T) {
	t.Parallel()
	a := admissionOf(4, 2, 10, time.Minute)
	a.starts, a.start = 1, 20*time.Millisecond
	first := admitted(t, "the first", a.wants(t.Context(), "a"))
	second := admitted(t, "the second, while the first goes on", a.wants(t.Context(), "a"))
	third := a.wants(t.Context(), "a")
	time.Sleep(3 * a.start)
	waits(t, "the third, beyond the share", third)
	a.leave(second)
	last := admitted(t, "the third", third)
	a.leave(first)
	a.leave(last)
	a.empty(t, 4)
}

// While others come, a customer that has a line rests for as long as it worked; alone it does not.
func TestAdmission_RestsForOthers(t *testing.T) {
	t.Parallel()
	for name, others := range map[string]bool{"others came": true, "alone": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := admissionOf(4, 4, 10, time.Minute)
			a.starts = 1
			first := admitted(t, "the first", a.wants(t.Context(), "a"))
			second := a.wants(t.Context(), "a")
			if others {
				a.leave(admitted(t, "another customer", a.wants(t.Context(), "b")))
			}
			time.Sleep(50 * time.Millisecond)
			left := time.Now()
			a.leave(first)
			last := admitted(t, "the second", second)
			if rest := last.began.Sub(left); others != (rest >= 50*time.Millisecond) {
				t.Errorf("a unit of work of 50 ms was followed by a rest of %s", rest)
			}
			a.leave(last)
			a.empty(t, 4)
		})
	}
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
			a := admissionOf(1, 1, tt.line, 20*time.Millisecond)
			held, err := a.admit(t.Context(), tt.holder)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := a.admit(t.Context(), "a"); !errors.Is(err, tt.want) {
				t.Errorf("refused with %v, want %v", err, tt.want)
			}
			a.leave(held)
			a.empty(t, 1)
		})
	}
}

func TestAdmission_WhoIsGoneLeavesHisPlace(t *testing.T) {
	t.Parallel()
	a := admissionOf(1, 1, 1, time.Minute)
	inside := admitted(t, "the first", a.wants(t.Context(), "a"))
	ctx, cancel := context.WithCancel(t.Context())
	gone := a.wants(ctx, "a")
	if _, err := a.admit(t.Context(), "a"); !errors.Is(err, ErrCrowded) {
		t.Fatalf("a second one in a line of one: %v", err)
	}
	cancel()
	if e := <-gone; !Cancelled(e.err) {
		t.Errorf("who has gone is told %v", e.err)
	}
	next := a.wants(t.Context(), "a")
	a.leave(inside)
	a.leave(admitted(t, "the next", next))
	a.empty(t, 1)
}

// Whatever happens at the same time, nobody exceeds a share and no connection is lost.
func TestAdmission_UnderLoad(t *testing.T) {
	t.Parallel()
	const free, share = 5, 2
	a := admissionOf(free, share, 20, 2*time.Millisecond)
	a.starts, a.start = 1, 100*time.Microsecond
	var held [4]atomic.Int32
	var served, refused atomic.Int32
	var all sync.WaitGroup
	for i := range 400 {
		who := i % len(held)
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%5+1)*time.Millisecond)
			defer cancel()
			name := fmt.Sprint("customer ", who)
			s, err := a.admit(ctx, name)
			if err != nil {
				refused.Add(1)
				return
			}
			if n := held[who].Add(1); n > share {
				t.Errorf("%s holds %d connections", name, n)
			}
			time.Sleep(time.Duration(i%3) * 100 * time.Microsecond)
			held[who].Add(-1)
			served.Add(1)
			a.leave(s)
		})
	}
	all.Wait()
	a.empty(t, free)
	t.Logf("%d were served, %d refused or gone", served.Load(), refused.Load())
}
