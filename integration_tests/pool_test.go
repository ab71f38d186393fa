package integration_tests

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
)

// Whoami is where a request of a test has come to.
type whoami struct {
	Customer string `json:"customer" db:"customer"`
	User     int64  `json:"user" db:"user_id"`
	Role     string `json:"role" db:"role"`
	PID      int32  `json:"pid" db:"pid"`
	Seen     string `json:"seen" db:"seen"` // the customers whose properties are visible
}

const whoamiSQL = `
select tenancy.customer_id() as customer, tenancy.user_id() as user_id, tenancy.role() as role, pg_backend_pid() as pid,
  (select string_agg(distinct customer_id, ',') from locations) as seen`

// Bad are handlers that no feature should be: a fixed one gets a pool of one connection, and whatever
// they do nothing of it may be there for the next.
type bad struct {
	calls   atomic.Int64
	between chan struct{} // closed while a handler is between two statements; nil: it does not wait
	resume  chan struct{}
}

const writeSQL = `update locations set notes = 'written by a bad handler'`

func (b *bad) routes(api endpoint.API) {
	endpoint.Get(api, "/test/whoami", "", func(ctx context.Context, tx db.Tx, _ *endpoint.None) (whoami, error) {
		b.calls.Add(1)
		return db.One[whoami](ctx, tx, whoamiSQL)
	}, endpoint.Members)
	endpoint.Get(api, "/test/panic", "", func(ctx context.Context, tx db.Tx, _ *endpoint.None) (endpoint.Message, error) {
		_, _ = db.Value[int64](ctx, tx, `select count(*) from locations`)
		panic("a bad reader")
	}, endpoint.Members)
	endpoint.Get(api, "/test/write", "", b.write, endpoint.Members)
	b.post(api, "write", b.write)
	b.post(api, "panic", func(ctx context.Context, tx db.Tx, in *endpoint.None) (endpoint.Message, error) {
		_, _ = b.write(ctx, tx, in)
		panic("a bad writer")
	})
	b.post(api, "panic-first", func(context.Context, db.Tx, *endpoint.None) (endpoint.Message, error) { panic("at once") })
	b.post(api, "refuse", func(ctx context.Context, tx db.Tx, in *endpoint.None) (endpoint.Message, error) {
		m, _ := b.write(ctx, tx, in)
		return m, endpoint.Invalid("thought better of it")
	})
	b.post(api, "fail", func(ctx context.Context, tx db.Tx, in *endpoint.None) (endpoint.Message, error) {
		_, _ = b.write(ctx, tx, in)
		_, err := db.Exec(ctx, tx, `insert into locations (name, address) select name, address from locations limit 1`)
		return endpoint.Message{}, err
	})
	b.post(api, "ignore", func(ctx context.Context, tx db.Tx, in *endpoint.None) (endpoint.Message, error) {
		m, _ := b.write(ctx, tx, in)
		_, _ = db.Value[int](ctx, tx, `select 1 / (count(*) - count(*))::int from locations`)
		return m, nil
	})
	b.post(api, "set", func(ctx context.Context, tx db.Tx, _ *endpoint.None) (endpoint.Message, error) {
		_, err := db.Exec(ctx, tx, `set session app.customer_id = 'BBBB33333'`)
		return endpoint.Message{}, err
	})
	b.post(api, "statement-timeout", func(ctx context.Context, tx db.Tx, in *endpoint.None) (endpoint.Message, error) {
		if _, err := db.Exec(ctx, tx, `set local statement_timeout = '100ms'`); err != nil {
			return endpoint.Message{}, err
		}
		return b.write(ctx, tx, in)
	})
	b.post(api, "two", func(ctx context.Context, tx db.Tx, in *endpoint.None) (endpoint.Message, error) {
		m, err := b.write(ctx, tx, in)
		if err != nil {
			return m, err
		}
		close(b.between)
		<-b.resume
		return b.write(ctx, tx, in)
	})
}

func (b *bad) post(api endpoint.API, name string, h endpoint.Handler[endpoint.None, endpoint.Message]) {
	endpoint.Post(api, "/test/"+name, "", h, endpoint.Members)
}

func (b *bad) write(ctx context.Context, tx db.Tx, _ *endpoint.None) (endpoint.Message, error) {
	b.calls.Add(1)
	_, err := db.Exec(ctx, tx, writeSQL)
	return endpoint.Message{Message: "written"}, err
}

// newBadPortal serves bad handlers on a pool of one connection.
func newBadPortal(t *testing.T, change ...func(*settings)) (*portal, *bad) {
	t.Helper()
	b := &bad{between: make(chan struct{}), resume: make(chan struct{})}
	p := newPortal(t, append([]func(*settings){func(s *settings) { s.db.AppConns, s.routes = 1, b.routes }}, change...)...)
	return p, b
}

// whoami asks as a company's person where the connection is, and fails the test where it is not where
// that person belongs.
func (p *portal) whoami(company, role string) (w whoami) {
	p.t.Helper()
	p.do("GET", "/test/whoami", p.token(company, role), nil).want(p.t, http.StatusOK).json(p.t, &w)
	id := query[int64](p, `select id from portal.users where email = $1`, email(company, role))
	if want := (whoami{company, id, role, w.PID, company}); w != want {
		p.t.Fatalf("have %+v, want %+v", w, want)
	}
	return w
}

// wantClean asserts that nothing of a request is left: not what it wrote, no transaction, no lock, and
// the next borrowers are where they belong.
func (p *portal) wantClean() {
	p.t.Helper()
	if n := query[int](p, `select count(*) from portal.locations where notes is not null`); n != 0 {
		p.t.Errorf("%d rows are changed", n)
	}
	for _, company := range []string{companyA, companyB, companyA} {
		w := p.whoami(company, auth.User)
		waitFor(p.t, "the connection to be idle", func() bool {
			return query[bool](p, `select not exists (select from pg_stat_activity where pid = $1 and (state <> 'idle' or xact_start is not null or backend_xid is not null))
				and not exists (select from pg_locks where pid = $1)`, w.PID)
		})
	}
	if n := p.backends(); n > 1 {
		p.t.Errorf("%d connections of a pool of one", n)
	}
}

func (p *portal) backends() int {
	p.t.Helper()
	return query[int](p, `select count(*) from pg_stat_activity where usename = 'portal_app' and datname = current_database()`)
}

// kill ends all connections of the API inside of customers.
func (p *portal) kill() {
	p.t.Helper()
	p.exec(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'portal_app' and datname = current_database()`)
}

// lockRows makes every write of properties wait until it is let go.
func (p *portal) lockRows() (letGo func()) {
	p.t.Helper()
	tx, err := p.super.Begin(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := tx.Exec(p.t.Context(), `select from portal.locations for update`); err != nil {
		p.t.Fatal(err)
	}
	return sync.OnceFunc(func() { _ = tx.Rollback(context.Background()) })
}

func (p *portal) waitsForLock() bool {
	p.t.Helper()
	return query[bool](p, `select exists (select from pg_stat_activity where usename = 'portal_app' and datname = current_database() and wait_event_type = 'Lock')`)
}

func TestPool_AlternatingCompanies(t *testing.T) {
	t.Parallel()
	p, _ := newBadPortal(t)
	type who struct{ company, role string }
	var all []who
	for _, company := range []string{companyA, companyB} {
		for _, role := range roles {
			p.token(company, role)
			all = append(all, who{company, role})
		}
	}
	var wg sync.WaitGroup
	for worker := range 6 {
		wg.Go(func() {
			for i := range 40 {
				w := all[(i*7+worker)%len(all)]
				a, err := p.try(t.Context(), "GET", "/test/whoami", p.token(w.company, w.role), nil)
				if err != nil || !strings.Contains(string(a.body), fmt.Sprintf(`"seen":"%s"`, w.company)) || !strings.Contains(string(a.body), fmt.Sprintf(`"role":"%s"`, w.role)) {
					t.Errorf("%v: %d %s %v", w, a.status, a.body, err)
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
				p.do(tt.method, "/test/"+name, p.token(companyA, auth.User), nil).want(t, tt.status)
				p.wantClean()
			}
			p.do("POST", "/test/panic", p.token(companyB, auth.User), nil).problem(t, http.StatusInternalServerError)
			p.wantClean()
			// The other side: what a good handler writes is there.
			p.do("POST", "/test/write", p.token(companyB, auth.User), nil).want(t, http.StatusOK)
			if n := query[int](p, `select count(*) from portal.locations where notes is not null and customer_id = $1`, companyB); n != 3 {
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
		change func(*settings)
		end    func(*portal, context.CancelFunc)
		detail string // empty: nobody waits for the answer
	}{
		"client goes away":  {"/test/write", nil, func(_ *portal, cancel context.CancelFunc) { cancel() }, ""},
		"request times out": {"/test/write", func(s *settings) { s.server.Timeout = 4 * time.Second }, nil, "this took too long"},
		"statement does":    {"/test/statement-timeout", nil, nil, "this took too long"},
		"backend is killed": {"/test/write", nil, func(p *portal, _ context.CancelFunc) { time.Sleep(time.Second); p.kill() }, "the database cannot be reached"},
		"statement is cancelled": {"/test/write", nil, func(p *portal, _ context.CancelFunc) {
			p.exec(`select pg_cancel_backend(pid) from pg_stat_activity where usename = 'portal_app' and datname = current_database()`)
		}, "this took too long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, b := newBadPortal(t, func(s *settings) {
				if tt.change != nil {
					tt.change(s)
				}
			})
			p.wantClean()
			token := p.token(companyA, auth.User)
			letGo := p.lockRows()
			defer letGo()

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			answered := make(chan answer, 1)
			go func() {
				a, err := p.try(ctx, "POST", tt.path, token, nil)
				if (err != nil) != (tt.detail == "") {
					t.Errorf("%v", err)
				}
				answered <- a
			}()
			if tt.end != nil {
				waitFor(t, "the write to wait", p.waitsForLock)
				tt.end(p, cancel)
			}
			a := <-answered
			if tt.detail != "" {
				if problem := a.problem(t, http.StatusServiceUnavailable); problem.Type != "/problems/unavailable" || problem.Detail != tt.detail || a.header.Get("Retry-After") == "" {
					t.Errorf("%s, Retry-After %q", a.body, a.header.Get("Retry-After"))
				}
			}
			waitFor(t, "its line in the log", func() bool { return strings.Contains(p.log.String(), `"operation":"post-test`) })
			if tt.detail == "" && strings.Contains(p.log.String(), `"level":"ERROR"`) {
				t.Errorf("a client who went away is an error in the log: %s", p.log)
			}
			waitFor(t, "nobody to wait any more", func() bool { return !p.waitsForLock() })
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
	p := newPortal(t, func(s *settings) { s.db.AppConns, s.routes = 4, b.routes })
	token := p.token(companyA, auth.User)
	busy := func() {
		letGo := p.lockRows()
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if a, err := p.try(t.Context(), "POST", "/test/write", token, nil); err != nil || a.status != http.StatusOK {
					t.Errorf("%d %s %v", a.status, a.body, err)
				}
			})
		}
		waitFor(t, "four connections", func() bool { return p.backends() == 4 })
		letGo()
		all.Wait()
	}
	for _, method := range []string{"GET", "POST"} {
		path := map[string]string{"GET": "/test/whoami", "POST": "/test/write"}[method]
		busy()
		p.kill()
		waitFor(t, "them to be gone", func() bool { return p.backends() == 0 })
		for i := range 6 {
			if a := p.do(method, path, token, nil); a.status != http.StatusOK {
				t.Errorf("%s %d after the connections died: %d %s", method, i, a.status, a.body)
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
		token := p.token(companyA, auth.User)
		go func() {
			<-b.between
			if _, err := p.super.Exec(t.Context(), `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'portal_app' and datname = current_database()`); err != nil {
				t.Error(err)
			}
			close(b.resume)
		}()
		p.do("POST", "/test/two", token, nil).problem(t, http.StatusServiceUnavailable)
		if n := b.calls.Load(); n != 2 {
			t.Errorf("%d statements, want 2", n)
		}
		p.wantClean()
	})
	t.Run("cut at the commit", func(t *testing.T) {
		t.Parallel()
		w, b := newWire(t), &bad{}
		p := newPortal(t, w.between, func(s *settings) { s.routes = b.routes })
		token := p.token(companyA, auth.User)
		times := w.cutAt("commit")
		p.do("POST", "/test/write", token, nil).problem(t, http.StatusServiceUnavailable)
		if b.calls.Load() != 1 || times() != 1 {
			t.Errorf("the handler ran %d times, the connection was cut %d times", b.calls.Load(), times())
		}
		p.wantClean()
	})
}

func TestPool_ExhaustedSaysSo(t *testing.T) {
	t.Parallel()
	p, _ := newBadPortal(t, func(s *settings) { s.db.AcquireTimeout = 200 * time.Millisecond })
	token, other := p.token(companyA, auth.User), p.token(companyB, auth.User)
	letGo := p.lockRows()
	defer letGo()
	var held sync.WaitGroup
	held.Go(func() {
		if a, err := p.try(t.Context(), "POST", "/test/write", token, nil); err != nil || a.status != http.StatusOK {
			t.Errorf("%d %s %v", a.status, a.body, err)
		}
	})
	waitFor(t, "the only connection to be held", p.waitsForLock)

	for _, path := range []string{"/test/whoami", "/properties/"} {
		a := p.do("GET", path, other, nil)
		if problem := a.problem(t, http.StatusServiceUnavailable); problem.Type != "/problems/unavailable" || a.header.Get("Retry-After") == "" {
			t.Errorf("%s, Retry-After %q", a.body, a.header.Get("Retry-After"))
		}
	}
	p.do("GET", "/readyz", "", nil).want(t, http.StatusOK) // asks on another pool
	letGo()
	held.Wait()
	p.do("GET", "/test/whoami", other, nil).want(t, http.StatusOK)
}

// The log-in pool enters a company only for a moment: what comes next on the same connection is in none.
func TestPool_GuestsLeaveNothing(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *settings) { s.db.AuthConns = 1 })
	inside := func(wanted string) {
		t.Helper()
		err := p.db.Auth(t.Context(), nil, func(ctx context.Context, tx db.Tx) error {
			have, err := db.Value[string](ctx, tx, `select concat(current_setting('app.customer_id', true), current_setting('app.user_id', true), current_setting('app.role', true), current_setting('app.acting_as', true), current_setting('transaction_read_only'))`)
			if err == nil && have != wanted {
				t.Errorf("the settings are %q", have)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	inside("off")
	for _, company := range []string{companyA, companyB} {
		p.login(email(company, auth.Admin), "").want(t, http.StatusOK)
		inside("off")
		p.login("nobody@a.example", "").want(t, http.StatusUnauthorized)
		inside("off")
	}
}

// A unit of work ends with its function.
func TestPool_TxDoesNotOutliveItsHandler(t *testing.T) {
	t.Parallel()
	var leaked db.Tx
	p := newPortal(t, func(s *settings) {
		s.db.AppConns = 1
		s.routes = func(api endpoint.API) {
			endpoint.Get(api, "/test/leak", "", func(_ context.Context, tx db.Tx, _ *endpoint.None) (endpoint.Message, error) {
				leaked = tx
				return endpoint.Message{}, nil
			}, endpoint.Members)
		}
	})
	p.do("GET", "/test/leak", p.token(companyA, auth.User), nil).want(t, http.StatusOK)
	if n, err := db.Value[int64](t.Context(), leaked, `select count(*) from locations`); err == nil {
		t.Errorf("a unit of work that has ended sees %d rows", n)
	}
}
