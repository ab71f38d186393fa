package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
)

// A server that has become a standby refuses what writes. The client is told to come again, and finds the primary then:
// no connection to the old one is kept.
func TestFailover_ServerIsReadOnly(t *testing.T) {
	t.Parallel()
	p, _ := newBadPortal(t)
	token := p.Token(harness.CompanyA, auth.User)
	role := func(sql string) {
		p.Exec(`do $$ begin execute format('alter role portal_app in database %I ` + sql + `', current_database()); end $$`)
		p.kill()
	}
	role("set default_transaction_read_only = on")
	defer role("reset default_transaction_read_only")
	a := p.Do("POST", "/test/write", token, nil)
	if problem := a.Problem(t, http.StatusServiceUnavailable); problem.Detail != "the database cannot be reached" || a.Header.Get("Retry-After") == "" {
		t.Errorf("%s, Retry-After %q", a.Body, a.Header.Get("Retry-After"))
	}
	p.Do("GET", "/test/whoami", token, nil).Want(t, http.StatusOK) // what reads goes on
	p.Do("POST", "/test/write", token, nil).Problem(t, http.StatusServiceUnavailable)

	p.Exec(`do $$ begin execute format('alter role portal_app in database %I reset default_transaction_read_only', current_database()); end $$`)
	p.Do("POST", "/test/write", token, nil).Want(t, http.StatusOK)
}

// A log-in writes too.
func TestFailover_LogInOnAReadOnlyServer(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	role := func(sql string) {
		p.Exec(`do $$ begin execute format('alter role portal_auth in database %I ` + sql + `', current_database()); end $$`)
		p.Exec(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'portal_auth' and datname = current_database()`)
	}
	form := map[string]any{"username": harness.Email(harness.CompanyA, auth.User), "password": harness.Password}
	role("set default_transaction_read_only = on")
	defer role("reset default_transaction_read_only")
	p.Do("POST", "/api/login/", "", form).Problem(t, http.StatusServiceUnavailable)
	p.Exec(`do $$ begin execute format('alter role portal_auth in database %I reset default_transaction_read_only', current_database()); end $$`)
	p.Do("POST", "/api/login/", "", form).Want(t, http.StatusOK)
}

// Unlucky are handlers that lose at their first tries, with the SQLSTATE in the path.
type unlucky struct {
	tries  atomic.Int64
	losing int64
}

const loseSQL = `select portal.lose(@code)::text as message`

func (u *unlucky) routes(api endpoint.API) {
	type input struct {
		Code string `path:"code"`
	}
	handler := func(ctx context.Context, tx db.Tx, in *input) (m endpoint.Message, err error) {
		if u.tries.Add(1) > u.losing {
			return m, nil
		}
		m.Message, err = db.Value[string](ctx, tx, loseSQL, db.Args{"code": in.Code})
		return m, err
	}
	endpoint.Get(api, "/test/lose/{code}", "readAndLose", "", handler, endpoint.Members)
	endpoint.Post(api, "/test/lose/{code}", "writeAndLose", "", handler, endpoint.Members)
}

// A read that loses against others is done once more, and then told to come again; a write, which may have been decided on
// what it saw, is told at once.
func TestFailover_ReadsThatLoseAreRepeated(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		method, code string
		losing       int64
		status       int
		tries        int64
	}{
		{"GET", "40001", 1, http.StatusOK, 2},
		{"GET", "40P01", 1, http.StatusOK, 2},
		{"GET", "40001", 9, http.StatusServiceUnavailable, 2},
		{"GET", "40P01", 9, http.StatusServiceUnavailable, 2},
		{"GET", "23505", 9, http.StatusConflict, 1},
		{"POST", "40001", 9, http.StatusConflict, 1},
		{"POST", "40P01", 9, http.StatusConflict, 1},
	} {
		t.Run(fmt.Sprintf("%s %s %d", tt.method, tt.code, tt.losing), func(t *testing.T) {
			t.Parallel()
			u := &unlucky{losing: tt.losing}
			p := newPortal(t, func(s *harness.Settings) { s.Routes = u.routes })
			p.Exec(`create function portal.lose(code text) returns void language plpgsql as 'begin raise exception using errcode = code; end'`)
			p.Exec(`grant execute on function portal.lose(text) to portal_app`)
			a := p.Do(tt.method, "/test/lose/"+tt.code, p.Token(harness.CompanyA, auth.User), nil).Want(t, tt.status)
			if again := a.Header.Get("Retry-After"); (again != "") != (tt.status == http.StatusServiceUnavailable) {
				t.Errorf("Retry-After %q", again)
			}
			if n := u.tries.Load(); n != tt.tries {
				t.Errorf("tried %d times, want %d", n, tt.tries)
			}
		})
	}
}

const (
	addSandSQL   = `insert into winter_products (name, unit) values ('Sand', 'yards')`
	sandUnitsSQL = `select unit from winter_products where name = 'Sand'`
)

// A migration changes what statements return that open connections have prepared. No client sees that, and what a
// write did before it met such a statement is done once.
func TestFailover_PlansFromBeforeAMigration(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) {
		s.DB.AppConns = 3
		s.Routes = func(api endpoint.API) {
			endpoint.Post(api, "/test/sand", "addSand", "", func(ctx context.Context, tx db.Tx, _ *endpoint.None) (m endpoint.Message, err error) {
				if _, err := db.Exec(ctx, tx, addSandSQL); err != nil {
					return m, err
				}
				_, err = db.All[struct{ Unit string }](ctx, tx, sandUnitsSQL)
				return m, err
			}, endpoint.Members)
		}
	})
	token := p.Token(harness.CompanyA, auth.Admin)
	for round, kind := range []string{"varchar(50)", "varchar(51)", "text"} {
		for i := range 4 {
			p.Do("GET", "/winter-products/", token, nil).Want(t, http.StatusOK)
			p.Do("POST", "/test/sand", token, nil).Want(t, http.StatusOK)
			if n := harness.Query[int](p.Portal, `select count(*) from portal.winter_products where name = 'Sand'`); n != 4*round+i+1 {
				t.Errorf("%d rows after write %d", n, 4*round+i+1)
			}
		}
		p.Exec(`alter table portal.winter_products alter column unit type ` + kind)
	}
	if strings.Contains(p.Log.String(), `"level":"ERROR"`) {
		t.Errorf("%s", p.Log)
	}
}

// Who asks whether the portal is ready does not meet a connection that died while nobody used it.
func TestFailover_ReadinessOnADeadConnection(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	lost := func() bool {
		_, err := p.DB.State(t.Context())
		return errors.Is(err, db.ErrDown) // a busy machine may take too long
	}
	if lost() {
		t.Fatal("the database cannot be reached to begin with")
	}
	p.Exec(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'portal_auth' and datname = current_database()`)
	harness.WaitFor(t, "them to be gone", func() bool {
		return harness.Query[int](p.Portal, `select count(*) from pg_stat_activity where usename = 'portal_auth' and datname = current_database()`) == 0
	})
	if lost() {
		t.Error("a connection that died idle makes the portal unready")
	}
}

const pidSQL = `select pg_backend_pid()`

// Of the connections that a failover takes at the same time, the first that is found dead has the pool emptied. What was
// connected since stays, whoever finds another one dead.
func TestFailover_PoolIsEmptiedOnce(t *testing.T) {
	t.Parallel()
	began, resume := make(chan struct{}), []chan struct{}{make(chan struct{}), make(chan struct{})}
	type input struct {
		Number int32 `path:"number"`
	}
	pid := func(ctx context.Context, tx db.Tx) (m endpoint.Message, err error) {
		n, err := db.Value[int32](ctx, tx, pidSQL)
		m.Message = fmt.Sprint(n)
		return m, err
	}
	p := newPortal(t, func(s *harness.Settings) {
		s.Routes = func(api endpoint.API) {
			endpoint.Get(api, "/test/pid", "getPID", "", func(ctx context.Context, tx db.Tx, _ *endpoint.None) (endpoint.Message, error) {
				return pid(ctx, tx)
			}, endpoint.Members)
			endpoint.Get(api, "/test/hold/{number}", "hold", "", func(ctx context.Context, tx db.Tx, in *input) (endpoint.Message, error) {
				if m, err := pid(ctx, tx); err != nil {
					return m, err
				}
				began <- struct{}{}
				<-resume[in.Number]
				return pid(ctx, tx)
			}, endpoint.Members)
		}
	})
	token := p.Token(harness.CompanyA, auth.User)
	held := make([]chan harness.Answer, len(resume))
	for n := range held {
		held[n] = make(chan harness.Answer, 1)
		go func() {
			a, _ := p.Try(t.Context(), "GET", fmt.Sprint("/test/hold/", n), token, nil)
			held[n] <- a
		}()
		<-began
	}
	p.kill()
	ask := func() string { return string(p.Do("GET", "/test/pid", token, nil).Want(t, http.StatusOK).Body) }
	var first string
	for n := range held {
		close(resume[n])
		if a := <-held[n]; a.Status != http.StatusServiceUnavailable {
			t.Errorf("a connection that died at work: %d %s", a.Status, a.Body)
		}
		if n == 0 {
			first = ask()
		}
	}
	if again := ask(); again != first {
		t.Errorf("the new connection %s was dropped for %s", first, again)
	}
}
