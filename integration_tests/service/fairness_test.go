package service

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
)

// A flood is requests of company A that hold a connection each until the test lets them go.
type flood struct {
	p       *portal
	inside  atomic.Int32
	release chan struct{}
	all     sync.WaitGroup
	ok      atomic.Int32
	crowded atomic.Int32
}

// newFlood sends n requests to a portal with a pool of so many connections, and waits until as many as
// may be are inside.
func newFlood(t *testing.T, conns int32, n, inside int, change ...func(*harness.Settings)) *flood {
	t.Helper()
	f := &flood{release: make(chan struct{})}
	f.p = newPortal(t, append(change, func(s *harness.Settings) {
		s.DB.AppConns, s.DB.CustomerConns, s.DB.CustomerStarts = conns, 0, 0 // 0: as in production
		s.Routes = func(api endpoint.API) {
			endpoint.Get(api, "/test/hold", "hold", "", func(ctx context.Context, tx db.Tx, _ *endpoint.None) (whoami, error) {
				f.inside.Add(1)
				defer f.inside.Add(-1)
				select {
				case <-f.release:
				case <-ctx.Done():
				}
				return db.One[whoami](ctx, tx, whoamiSQL)
			}, endpoint.Members)
		}
	})...)
	token := f.p.Token(harness.CompanyA, auth.Manager)
	for range n {
		f.all.Go(func() {
			a, err := f.p.Try(t.Context(), "GET", "/test/hold", token, nil)
			switch {
			case err != nil:
				t.Error(err)
			case a.Status == http.StatusOK:
				f.ok.Add(1)
			case a.Status == http.StatusTooManyRequests && a.Header.Get("Retry-After") != "":
				f.crowded.Add(1)
			default:
				t.Errorf("status %d: %s", a.Status, a.Body)
			}
		})
	}
	harness.WaitFor(t, "the flood", func() bool { return int(f.inside.Load()) == inside })
	return f
}

// ends lets the flood go and tells how many of it were served.
func (f *flood) ends(t *testing.T, served int) {
	t.Helper()
	close(f.release)
	f.all.Wait()
	if n := int(f.ok.Load()); n != served {
		t.Errorf("%d requests of the flood were served, want %d; %d were told to wait", n, served, f.crowded.Load())
	}
}

// While company A keeps twenty times as many requests open as there are connections, company B is served
// as if it were alone, and nothing of the flood is lost.
func TestFairness_FloodOfOneLeavesTheOthersTheirs(t *testing.T) {
	t.Parallel()
	f := newFlood(t, 4, 80, 2)
	ok, others := f.p.Parallel(50, func(int) (string, string, any) { return "GET", "/properties/", nil }, f.p.Token(harness.CompanyB, auth.Admin))
	if ok != 50 {
		t.Errorf("%d of 50 requests of company B were served: %v", ok, others)
	}
	if n := f.inside.Load(); n != 2 {
		t.Errorf("company A holds %d of 4 connections", n)
	}
	f.ends(t, 80)
	f.p.Do("GET", "/properties/", f.p.Token(harness.CompanyA, auth.Admin), nil).Want(t, http.StatusOK)
}

// Who does not fit into the line is told to wait, and only he.
func TestFairness_FullLineIsRefused(t *testing.T) {
	t.Parallel()
	f := newFlood(t, 2, 20, 1, func(s *harness.Settings) { s.DB.CustomerLine = 5 })
	harness.WaitFor(t, "the refusals", func() bool { return f.crowded.Load() == 14 })
	a := f.p.Do("GET", "/properties/", f.p.Token(harness.CompanyA, auth.Admin), nil)
	problem := a.Problem(t, http.StatusTooManyRequests)
	if seconds, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || seconds < 1 || problem.Type != "/problems/too-many-requests" {
		t.Errorf("Retry-After %q, type %s", a.Header.Get("Retry-After"), problem.Type)
	}
	f.p.Do("GET", "/properties/", f.p.Token(harness.CompanyB, auth.Admin), nil).Want(t, http.StatusOK)
	f.ends(t, 6)
}

// Company B is let in at once; the time is for the connection that is made for it on a busy machine.
func TestFairness_WaitEnds(t *testing.T) {
	t.Parallel()
	f := newFlood(t, 2, 1, 1, func(s *harness.Settings) { s.DB.AcquireTimeout = 3 * time.Second })
	f.p.Do("GET", "/properties/", f.p.Token(harness.CompanyA, auth.Admin), nil).Problem(t, http.StatusTooManyRequests)
	f.p.Do("GET", "/properties/", f.p.Token(harness.CompanyB, auth.Admin), nil).Want(t, http.StatusOK)
	f.ends(t, 1)
}

// With one connection for all, the companies take turns.
func TestFairness_PoolOfOne(t *testing.T) {
	t.Parallel()
	f := newFlood(t, 1, 20, 1)
	var b harness.Answer
	f.all.Go(func() {
		b, _ = f.p.Try(t.Context(), "GET", "/properties/", f.p.Token(harness.CompanyB, auth.Admin), nil)
	})
	f.ends(t, 20)
	b.Want(t, http.StatusOK)
}

func TestFairness_NegativeSharesAreRefused(t *testing.T) {
	t.Parallel()
	for _, cfg := range []db.Config{{CustomerConns: -1}, {CustomerStarts: -1}} {
		if d, err := db.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "negative") {
			if err == nil {
				d.Close()
			}
			t.Errorf("a negative number: %v", err)
		}
	}
}
