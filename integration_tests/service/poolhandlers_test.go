package service

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
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
	endpoint.Get(api, "/test/whoami", "whoami", "", func(ctx context.Context, tx db.Tx, _ *endpoint.None) (whoami, error) {
		b.calls.Add(1)
		return db.One[whoami](ctx, tx, whoamiSQL)
	}, endpoint.Members)
	endpoint.Get(api, "/test/panic", "readPanic", "", func(ctx context.Context, tx db.Tx, _ *endpoint.None) (endpoint.Message, error) {
		_, _ = db.Value[int64](ctx, tx, `select count(*) from locations`)
		panic("a bad reader")
	}, endpoint.Members)
	endpoint.Get(api, "/test/write", "readWrite", "", b.write, endpoint.Members)
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
	endpoint.Post(api, "/test/"+name, "post"+strings.ReplaceAll(name, "-", ""), "", h, endpoint.Members)
}

func (b *bad) write(ctx context.Context, tx db.Tx, _ *endpoint.None) (endpoint.Message, error) {
	b.calls.Add(1)
	_, err := db.Exec(ctx, tx, writeSQL)
	return endpoint.Message{Message: "written"}, err
}

// newBadPortal serves bad handlers on a pool of one connection.
func newBadPortal(t *testing.T, change ...func(*harness.Settings)) (*portal, *bad) {
	t.Helper()
	b := &bad{between: make(chan struct{}), resume: make(chan struct{})}
	p := newPortal(t, append([]func(*harness.Settings){func(s *harness.Settings) { s.DB.AppConns, s.Routes = 1, b.routes }}, change...)...)
	return p, b
}

// whoami asks as a company's person where the connection is, and fails the test where it is not where
// that person belongs.
func (p *portal) whoami(company, role string) (w whoami) {
	p.T.Helper()
	p.Do("GET", "/test/whoami", p.Token(company, role), nil).Want(p.T, http.StatusOK).JSON(p.T, &w)
	id := harness.Query[int64](p.Portal, `select id from portal.users where email = $1`, harness.Email(company, role))
	if want := (whoami{company, id, role, w.PID, company}); w != want {
		p.T.Fatalf("have %+v, want %+v", w, want)
	}
	return w
}

// wantClean asserts that nothing of a request is left: not what it wrote, no transaction, no lock, and
// the next borrowers are where they belong.
func (p *portal) wantClean() {
	p.T.Helper()
	if n := harness.Query[int](p.Portal, `select count(*) from portal.locations where notes is not null`); n != 0 {
		p.T.Errorf("%d rows are changed", n)
	}
	for _, company := range []string{harness.CompanyA, harness.CompanyB, harness.CompanyA} {
		w := p.whoami(company, auth.User)
		harness.WaitFor(p.T, "the connection to be idle", func() bool {
			return harness.Query[bool](p.Portal, `select not exists (select from pg_stat_activity where pid = $1 and (state <> 'idle' or xact_start is not null or backend_xid is not null))
				and not exists (select from pg_locks where pid = $1)`, w.PID)
		})
	}
	if n := p.backends(); n > 1 {
		p.T.Errorf("%d connections of a pool of one", n)
	}
}

func (p *portal) backends() int {
	p.T.Helper()
	return harness.Query[int](p.Portal, `select count(*) from pg_stat_activity where usename = 'portal_app' and datname = current_database()`)
}

// kill ends all connections of the API inside of customers.
func (p *portal) kill() {
	p.T.Helper()
	p.Exec(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'portal_app' and datname = current_database()`)
}

// lockRows makes every write of properties wait until it is let go.
func (p *portal) lockRows() (letGo func()) {
	p.T.Helper()
	tx, err := p.Super.Begin(p.T.Context())
	if err != nil {
		p.T.Fatal(err)
	}
	if _, err := tx.Exec(p.T.Context(), `select from portal.locations for update`); err != nil {
		p.T.Fatal(err)
	}
	return sync.OnceFunc(func() { _ = tx.Rollback(context.WithoutCancel(p.T.Context())) })
}

func (p *portal) waitsForLock() bool {
	p.T.Helper()
	return harness.Query[bool](p.Portal, `select exists (select from pg_stat_activity where usename = 'portal_app' and datname = current_database() and wait_event_type = 'Lock')`)
}
