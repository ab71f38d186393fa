package features

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// lockOrder is the one order in which rows are locked, with what a change takes of each: a person's role and status are
// part of keys, a company's and a session's are not.
var lockOrder = []struct{ table, strength string }{
	{"platform.customers", "no key update"},
	{"portal.users", "update"},
	{"platform.logins", "update"},
	{"platform.sessions", "no key update"},
}

// Whoever waits for a row holds none of those that come after it: so nobody waits for one who waits for him. Each
// operation is stopped at each table, where somebody else has all rows.
func TestLocks_InOneOrder(t *testing.T) {
	t.Parallel()
	type request func(ctx context.Context) (harness.Answer, error)
	for name, prepare := range map[string]func(p *portal) request{
		"suspend the company": func(p *portal) request {
			token := p.Token("", auth.SuperAdmin)
			return func(ctx context.Context) (harness.Answer, error) {
				return p.Try(ctx, "POST", "/api/customers/"+harness.CompanyA+"/suspend", token, nil)
			}
		},
		"switch": func(p *portal) request {
			token := p.Token("", auth.SuperAdmin)
			return func(ctx context.Context) (harness.Answer, error) {
				return p.Try(ctx, "POST", "/api/customers/"+harness.CompanyA+"/switch", token, nil)
			}
		},
		"switch back": func(p *portal) request {
			token := p.ActingToken()
			return func(ctx context.Context) (harness.Answer, error) {
				return p.Try(ctx, "POST", "/api/customers/switch-back", token, nil)
			}
		},
		"change a role": func(p *portal) request {
			token, id := p.Token(harness.CompanyA, auth.Admin), p.person(harness.CompanyA, auth.User)
			p.Session("user@a.example")
			return func(ctx context.Context) (harness.Answer, error) {
				return p.Try(ctx, "POST", userPath("admin/change-user-role", id), token, url.Values{"role": {auth.Manager}})
			}
		},
		"suspend a person": func(p *portal) request {
			token, id := p.Token(harness.CompanyA, auth.Admin), p.person(harness.CompanyA, auth.User)
			p.Session("user@a.example")
			return func(ctx context.Context) (harness.Answer, error) {
				return p.Try(ctx, "POST", userPath("admin/suspend-user", id), token, nil)
			}
		},
		"delete a person": func(p *portal) request {
			token, id := p.Token(harness.CompanyA, auth.Admin), p.person(harness.CompanyA, auth.User)
			p.Session("user@a.example")
			return func(ctx context.Context) (harness.Answer, error) {
				return p.Try(ctx, "DELETE", userPath("delete-user", id), token, nil)
			}
		},
		"reset a password": func(p *portal) request {
			token := p.Token(harness.CompanyA, auth.Admin)
			p.Session("user@a.example")
			return func(ctx context.Context) (harness.Answer, error) {
				return p.Try(ctx, "PUT", "/reset-password/", token, map[string]any{"email": "user@a.example", "new_password": "another horse battery"})
			}
		},
		"change one's own password": func(p *portal) request {
			token := p.Token(harness.CompanyA, auth.User)
			p.Session("user@a.example")
			return func(ctx context.Context) (harness.Answer, error) {
				return p.Try(ctx, "POST", "/api/change-password/", token, map[string]string{"current_password": harness.Password, "new_password": "another horse battery"})
			}
		},
		"log in": func(p *portal) request {
			return func(ctx context.Context) (harness.Answer, error) {
				return p.Try(ctx, "POST", "/api/login/", "", url.Values{"username": {"user@a.example"}, "password": {harness.Password}})
			}
		},
		"refresh": func(p *portal) request {
			s := p.Session("user@a.example")
			return func(ctx context.Context) (harness.Answer, error) {
				return p.Try(ctx, "POST", "/api/refresh/", "", map[string]string{"refresh_token": s.RefreshToken})
			}
		},
		"log out": func(p *portal) request {
			s := p.Session("user@a.example")
			return func(ctx context.Context) (harness.Answer, error) {
				return p.Try(ctx, "POST", "/api/logout/", s.AccessToken, nil)
			}
		},
		"ask for an account": func(p *portal) request {
			return func(ctx context.Context) (harness.Answer, error) {
				return p.Try(ctx, "POST", "/signup-request/", "", signUpForm("rae@example.com", url.Values{"customer_id": {harness.CompanyA}}))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stopped := 0
			for i, at := range lockOrder {
				p := newPortal(t, patient)
				send := prepare(p)
				tx, err := p.Super.Begin(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if _, err := tx.Exec(t.Context(), "select from "+at.table+" for "+at.strength); err != nil {
					t.Fatal(err)
				}
				done := make(chan harness.Answer, 1)
				go func() {
					a, err := send(t.Context())
					if err != nil {
						t.Error(err)
					}
					done <- a
				}()
				if p.stops(done) {
					stopped++
					for _, later := range lockOrder[i+1:] {
						if n := p.lockedRows(later.table, later.strength); n > 0 {
							t.Errorf("waits for %s, and holds %d rows of %s", at.table, n, later.table)
						}
					}
				}
				if err := tx.Rollback(t.Context()); err != nil {
					t.Fatal(err)
				}
				if a := <-done; a.Status >= 400 {
					t.Errorf("stopped at %s, then: %d %s", at.table, a.Status, a.Body)
				}
			}
			if stopped == 0 && name != "ask for an account" { // which needs a company, and nothing that is locked
				t.Error("is stopped nowhere")
			}
		})
	}
}

// stops waits until a request waits for a lock, or is answered.
func (p *portal) stops(done chan harness.Answer) bool {
	p.T.Helper()
	const sql = `select count(*) from pg_stat_activity where datname = current_database() and usename like 'portal%' and wait_event_type = 'Lock'`
	observer := harness.ConnectAs(p.T, "", p.Database)
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var n int
		if err := observer.QueryRow(p.T.Context(), sql).Scan(&n); err != nil {
			p.T.Fatal(err)
		}
		if n > 0 || len(done) > 0 {
			return n > 0
		}
	}
	p.T.Fatal("the request neither waits nor ends")
	return false
}

// lockedRows is how many rows of a table somebody has locked.
func (p *portal) lockedRows(table, strength string) (n int) {
	p.T.Helper()
	observer := harness.ConnectAs(p.T, "", p.Database)
	tx, err := observer.Begin(p.T.Context())
	if err != nil {
		p.T.Fatal(err)
	}
	defer tx.Rollback(p.T.Context()) //nolint:errcheck // it has read
	err = tx.QueryRow(p.T.Context(), "select (select count(*) from "+table+") - (select count(*) from (select from "+table+" for "+strength+" skip locked) as free)").Scan(&n)
	if err != nil {
		p.T.Fatal(err)
	}
	return n
}

// A company is suspended, and gets another time zone, while somebody imports into it: every row that refers to the
// company holds a lock of its key, which neither needs.
func TestLocks_OpenImportHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin, super := p.Token(harness.CompanyA, auth.Admin), p.Token("", auth.SuperAdmin)
	app := harness.ConnectAs(t, "portal_app", p.Database)
	tx, err := app.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // over by then
	if err := harness.NewMember(t, p.Super, harness.CompanyA, auth.Manager).Enter(t.Context(), tx); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `insert into locations (name, address) values ('Imported', '1 Import Rd, Springfield, NY 14201')`); err != nil {
		t.Fatal(err)
	}
	// Neither could wait for the transaction, which ends after them.
	p.Do("PUT", "/api/customers/"+harness.CompanyA, super, map[string]any{"company_name": "Alder Grounds", "timezone": "America/Denver"}).Want(t, http.StatusOK)
	p.Do("GET", "/properties/", admin, nil).Want(t, http.StatusOK)
	p.Do("POST", "/api/customers/"+harness.CompanyA+"/suspend", super, nil).Want(t, http.StatusOK)
	p.Do("GET", "/properties/", admin, nil).Problem(t, http.StatusForbidden)
	if err := tx.Commit(t.Context()); err != nil {
		t.Errorf("the import: %v", err)
	}
}
