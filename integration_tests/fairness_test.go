package integration_tests

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
func newFlood(t *testing.T, conns int32, n, inside int, change ...func(*settings)) *flood {
	t.Helper()
	f := &flood{release: make(chan struct{})}
	f.p = newPortal(t, append(change, func(s *settings) {
		s.db.AppConns, s.db.CustomerConns, s.db.CustomerStarts = conns, 0, 0 // 0: as in production
		s.routes = func(api endpoint.API) {
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
	token := f.p.token(companyA, auth.Manager)
	for range n {
		f.all.Go(func() {
			a, err := f.p.try(t.Context(), "GET", "/test/hold", token, nil)
			switch {
			case err != nil:
				t.Error(err)
			case a.status == http.StatusOK:
				f.ok.Add(1)
			case a.status == http.StatusTooManyRequests && a.header.Get("Retry-After") != "":
				f.crowded.Add(1)
			default:
				t.Errorf("status %d: %s", a.status, a.body)
			}
		})
	}
	waitFor(t, "the flood", func() bool { return int(f.inside.Load()) == inside })
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
	ok, others := f.p.parallel(50, func(int) (string, string, any) { return "GET", "/properties/", nil }, f.p.token(companyB, auth.Admin))
	if ok != 50 {
		t.Errorf("%d of 50 requests of company B were served: %v", ok, others)
	}
	if n := f.inside.Load(); n != 2 {
		t.Errorf("company A holds %d of 4 connections", n)
	}
	f.ends(t, 80)
	f.p.do("GET", "/properties/", f.p.token(companyA, auth.Admin), nil).want(t, http.StatusOK)
}

// Who does not fit into the line is told to wait, and only he.
func TestFairness_FullLineIsRefused(t *testing.T) {
	t.Parallel()
	f := newFlood(t, 2, 20, 1, func(s *settings) { s.db.CustomerLine = 5 })
	waitFor(t, "the refusals", func() bool { return f.crowded.Load() == 14 })
	a := f.p.do("GET", "/properties/", f.p.token(companyA, auth.Admin), nil)
	problem := a.problem(t, http.StatusTooManyRequests)
	if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || seconds < 1 || problem.Type != "/problems/too-many-requests" {
		t.Errorf("Retry-After %q, type %s", a.header.Get("Retry-After"), problem.Type)
	}
	f.p.do("GET", "/properties/", f.p.token(companyB, auth.Admin), nil).want(t, http.StatusOK)
	f.ends(t, 6)
}

func TestFairness_WaitEnds(t *testing.T) {
	t.Parallel()
	f := newFlood(t, 2, 1, 1, func(s *settings) { s.db.AcquireTimeout = 100 * time.Millisecond })
	f.p.do("GET", "/properties/", f.p.token(companyA, auth.Admin), nil).problem(t, http.StatusTooManyRequests)
	f.p.do("GET", "/properties/", f.p.token(companyB, auth.Admin), nil).want(t, http.StatusOK)
	f.ends(t, 1)
}

// With one connection for all, the companies take turns.
func TestFairness_PoolOfOne(t *testing.T) {
	t.Parallel()
	f := newFlood(t, 1, 20, 1)
	var b answer
	f.all.Go(func() { b, _ = f.p.try(t.Context(), "GET", "/properties/", f.p.token(companyB, auth.Admin), nil) })
	f.ends(t, 20)
	b.want(t, http.StatusOK)
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
