package server

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAnswer_IsAskedForSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked, state := 0, ""
		r := answer{good: 5 * time.Second, ask: func(context.Context) string {
			asked++
			return state
		}}
		// A crowd gets one answer, though the first of it has gone away.
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		var crowd sync.WaitGroup
		for range 50 {
			crowd.Go(func() {
				if m := r.get(gone); m != "" {
					t.Errorf("at first: %q", m)
				}
			})
		}
		crowd.Wait()
		if asked != 1 {
			t.Errorf("asked %d times for 50", asked)
		}

		// A fault is told within five seconds, its end within one.
		state = "broken"
		time.Sleep(4 * time.Second)
		if m := r.get(t.Context()); m != "" || asked != 1 {
			t.Errorf("after four seconds: %q, asked %d times", m, asked)
		}
		time.Sleep(time.Second)
		if m := r.get(t.Context()); m != "broken" {
			t.Errorf("after five seconds: %q", m)
		}
		state = ""
		if m := r.get(t.Context()); m != "broken" {
			t.Errorf("mended this moment: %q", m)
		}
		time.Sleep(time.Second)
		if m := r.get(t.Context()); m != "" || asked != 3 {
			t.Errorf("mended a second ago: %q, asked %d times", m, asked)
		}
	})
}
