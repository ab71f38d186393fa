package service

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
)

func TestPool_AlternatingCompanies(t *testing.T) {
	t.Parallel()
	p, _ := newBadPortal(t)
	type who struct{ company, role string }
	var all []who
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		for _, role := range harness.Roles {
			p.Token(company, role)
			all = append(all, who{company, role})
		}
	}
	var wg sync.WaitGroup
	for worker := range 6 {
		wg.Go(func() {
			for i := range 40 {
				w := all[(i*7+worker)%len(all)]
				a, err := p.Try(t.Context(), "GET", "/test/whoami", p.Token(w.company, w.role), nil)
				if err != nil || !strings.Contains(string(a.Body), fmt.Sprintf(`"seen":"%s"`, w.company)) || !strings.Contains(string(a.Body), fmt.Sprintf(`"role":"%s"`, w.role)) {
					t.Errorf("%v: %d %s %v", w, a.Status, a.Body, err)
				}
			}
		})
	}
	wg.Wait()
	p.wantClean()
}

func TestPool_BadHandlersLeaveNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		method string
		status int
	}{
		"panic":       {"GET", http.StatusInternalServerError},
		"write":       {"GET", http.StatusInternalServerError}, // a read that writes
		"refuse":      {"POST", http.StatusBadRequest},
		"fail":        {"POST", http.StatusConflict},
		"ignore":      {"POST", http.StatusInternalServerError},
		"panic-first": {"POST", http.StatusInternalServerError},
		"set":         {"POST", http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := newBadPortal(t)
			for range 3 {
				a := p.Do(tt.method, "/test/"+name, p.Token(harness.CompanyA, auth.User), nil).Want(t, tt.status)
				if text := string(a.Body); strings.Contains(text, "SQLSTATE") || strings.Contains(text, "transaction") || strings.Contains(text, "panic") {
					t.Errorf("the client is told what is the log's: %s", text)
				}
				p.wantClean()
			}
			p.Do("POST", "/test/panic", p.Token(harness.CompanyB, auth.User), nil).Problem(t, http.StatusInternalServerError)
			p.wantClean()
			// The other side: what a good handler writes is there.
			p.Do("POST", "/test/write", p.Token(harness.CompanyB, auth.User), nil).Want(t, http.StatusOK)
			if n := harness.Query[int](p.Portal, `select count(*) from portal.locations where notes is not null and customer_id = $1`, harness.CompanyB); n != 3 {
				t.Errorf("%d rows written, want 3", n)
			}
		})
	}
}

// Each ends a write that waits for a lock, in another way.
func TestPool_WaitingWritesThatEnd(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		path   string
		change func(*harness.Settings)
		end    func(*portal, context.CancelFunc)
		detail string // empty: nobody waits for the answer
	}{
		"client goes away":  {"/test/write", nil, func(_ *portal, cancel context.CancelFunc) { cancel() }, ""},
		"request times out": {"/test/write", func(s *harness.Settings) { s.Server.Timeout = 4 * time.Second }, nil, "this took too long"},
		"statement does":    {"/test/statement-timeout", nil, nil, "this took too long"},
		"backend is killed": {"/test/write", nil, func(p *portal, _ context.CancelFunc) { time.Sleep(time.Second); p.kill() }, "the database cannot be reached"},
		"statement is cancelled": {"/test/write", nil, func(p *portal, _ context.CancelFunc) {
			p.Exec(`select pg_cancel_backend(pid) from pg_stat_activity where usename = 'portal_app' and datname = current_database()`)
		}, "this took too long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, b := newBadPortal(t, func(s *harness.Settings) {
				if tt.change != nil {
					tt.change(s)
				}
			})
			p.wantClean()
			token := p.Token(harness.CompanyA, auth.User)
			letGo := p.lockRows()
			defer letGo()

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			answered := make(chan harness.Answer, 1)
			go func() {
				a, err := p.Try(ctx, "POST", tt.path, token, nil)
				if (err != nil) != (tt.detail == "") {
					t.Errorf("%v", err)
				}
				answered <- a
			}()
			if tt.end != nil {
				harness.WaitFor(t, "the write to wait", p.waitsForLock)
				tt.end(p, cancel)
			}
			a := <-answered
			if tt.detail != "" {
				if problem := a.Problem(t, http.StatusServiceUnavailable); problem.Type != "/problems/unavailable" || problem.Detail != tt.detail || a.Header.Get("Retry-After") == "" {
					t.Errorf("%s, Retry-After %q", a.Body, a.Header.Get("Retry-After"))
				}
			}
			harness.WaitFor(t, "its line in the log", func() bool { return strings.Contains(p.Log.String(), `"operation":"post`) })
			if tt.detail == "" && strings.Contains(p.Log.String(), `"level":"ERROR"`) {
				t.Errorf("a client who went away is an error in the log: %s", p.Log)
			}
			harness.WaitFor(t, "nobody to wait any more", func() bool { return !p.waitsForLock() })
			letGo()
			p.wantClean()
			if n := b.calls.Load() - 3 - 3; n != 1 {
				t.Errorf("the handler ran %d times", n)
			}
		})
	}
}

// A connection that died while nobody used it is not the client's business, not even if all did.
func TestPool_ConnectionsThatDiedIdle(t *testing.T) {
	t.Parallel()
	b := &bad{}
	p := newPortal(t, func(s *harness.Settings) { s.DB.AppConns, s.Routes = 4, b.routes })
	token := p.Token(harness.CompanyA, auth.User)
	busy := func() {
		letGo := p.lockRows()
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if a, err := p.Try(t.Context(), "POST", "/test/write", token, nil); err != nil || a.Status != http.StatusOK {
					t.Errorf("%d %s %v", a.Status, a.Body, err)
				}
			})
		}
		harness.WaitFor(t, "four connections", func() bool { return p.backends() == 4 })
		letGo()
		all.Wait()
	}
	for _, method := range []string{"GET", "POST"} {
		path := map[string]string{"GET": "/test/whoami", "POST": "/test/write"}[method]
		busy()
		p.kill()
		harness.WaitFor(t, "them to be gone", func() bool { return p.backends() == 0 })
		for i := range 6 {
			if a := p.Do(method, path, token, nil); a.Status != http.StatusOK {
				t.Errorf("%s %d after the connections died: %d %s", method, i, a.Status, a.Body)
			}
		}
	}
}

// What has begun is not begun again: the client is told, and nothing is written.
func TestPool_WriteIsNotRepeated(t *testing.T) {
	t.Parallel()
	t.Run("killed between two statements", func(t *testing.T) {
		t.Parallel()
		p, b := newBadPortal(t)
		token := p.Token(harness.CompanyA, auth.User)
		go func() {
			<-b.between
			if _, err := p.Super.Exec(t.Context(), `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'portal_app' and datname = current_database()`); err != nil {
				t.Error(err)
			}
			close(b.resume)
		}()
		p.Do("POST", "/test/two", token, nil).Problem(t, http.StatusServiceUnavailable)
		if n := b.calls.Load(); n != 2 {
			t.Errorf("%d statements, want 2", n)
		}
		p.wantClean()
	})
	t.Run("cut at the commit", func(t *testing.T) {
		t.Parallel()
		w, b := harness.NewWire(t), &bad{}
		p := newPortal(t, w.Between, func(s *harness.Settings) { s.Routes = b.routes })
		token := p.Token(harness.CompanyA, auth.User)
		times := w.CutAt("commit")
		p.Do("POST", "/test/write", token, nil).Problem(t, http.StatusServiceUnavailable)
		if b.calls.Load() != 1 || times() != 1 {
			t.Errorf("the handler ran %d times, the connection was cut %d times", b.calls.Load(), times())
		}
		p.wantClean()
	})
}

func TestPool_ExhaustedSaysSo(t *testing.T) {
	t.Parallel()
	p, _ := newBadPortal(t, func(s *harness.Settings) { s.DB.AcquireTimeout = 500 * time.Millisecond })
	token, other := p.Token(harness.CompanyA, auth.User), p.Token(harness.CompanyB, auth.User)
	letGo := p.lockRows()
	defer letGo()
	var held sync.WaitGroup
	held.Go(func() {
		if a, err := p.Try(t.Context(), "POST", "/test/write", token, nil); err != nil || a.Status != http.StatusOK {
			t.Errorf("%d %s %v", a.Status, a.Body, err)
		}
	})
	harness.WaitFor(t, "the only connection to be held", p.waitsForLock)

	for _, path := range []string{"/test/whoami", "/properties/"} {
		a := p.Do("GET", path, other, nil)
		if problem := a.Problem(t, http.StatusServiceUnavailable); problem.Type != "/problems/unavailable" || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s, Retry-After %q", a.Body, a.Header.Get("Retry-After"))
		}
	}
	p.Do("GET", "/readyz", "", nil).Want(t, http.StatusOK) // asks on another pool
	letGo()
	held.Wait()
	p.Do("GET", "/test/whoami", other, nil).Want(t, http.StatusOK)
}

// The log-in pool enters a company only for a moment: what comes next on the same connection is in none.
func TestPool_GuestsLeaveNothing(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.DB.AuthConns = 1 })
	inside := func(wanted string) {
		t.Helper()
		err := p.DB.Auth(t.Context(), nil, func(ctx context.Context, tx db.Tx) error {
			have, err := db.Value[string](ctx, tx, `select concat(current_setting('app.customer_id', true), current_setting('app.user_id', true), current_setting('app.role', true), current_setting('app.acting_as', true), current_setting('transaction_read_only'))`)
			if err == nil && have != wanted {
				t.Errorf("the settings are %q", have)
			}
			if err != nil {
				return err
			}
			at, err := db.Value[time.Time](ctx, tx, `select now()`)
			if err == nil && at.Location() != time.UTC {
				t.Errorf("times are those of %s", at.Location())
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	inside("off")
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		p.Login(harness.Email(company, auth.Admin), "").Want(t, http.StatusOK)
		inside("off")
		p.Login("nobody@a.example", "").Want(t, http.StatusUnauthorized)
		inside("off")
	}
}

// A unit of work ends with its function.
func TestPool_TxDoesNotOutliveItsHandler(t *testing.T) {
	t.Parallel()
	var leaked db.Tx
	p := newPortal(t, func(s *harness.Settings) {
		s.DB.AppConns = 1
		s.Routes = func(api endpoint.API) {
			endpoint.Get(api, "/test/leak", "leak", "", func(_ context.Context, tx db.Tx, _ *endpoint.None) (endpoint.Message, error) {
				leaked = tx
				return endpoint.Message{}, nil
			}, endpoint.Members)
		}
	})
	p.Do("GET", "/test/leak", p.Token(harness.CompanyA, auth.User), nil).Want(t, http.StatusOK)
	if n, err := db.Value[int64](t.Context(), leaked, `select count(*) from locations`); err == nil {
		t.Errorf("a unit of work that has ended sees %d rows", n)
	}
	if zone, err := leaked.Zone(t.Context()); err == nil {
		t.Errorf("a unit of work that has ended is in %s", zone)
	}
}
