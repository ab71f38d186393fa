package isolation

import (
	"net/http"
	"sync"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// Tokens live for hours; what they say is compared with what is so, at every request.
func TestState_HoldsFromTheNextRequestOn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		sql    string
		status int
		kind   string
		who    string // else the User of company A
	}{
		"person suspended":    {sql: `update portal.users set status = 'suspended' where email = 'user@a.example'`},
		"person pending":      {sql: `update portal.users set status = 'pending' where email = 'user@a.example'`},
		"person deleted":      {sql: `delete from portal.users where email = 'user@a.example'`},
		"role raised":         {sql: `update portal.users set role = 'Manager' where email = 'user@a.example'`},
		"role lowered":        {sql: `update portal.users set role = 'User' where email = 'manager@a.example'`, who: "manager@a.example"},
		"session revoked":     {sql: `update platform.sessions set revoked_at = now()`},
		"session over":        {sql: `update platform.sessions set created_at = now() - interval '2 days', expires_at = now() - interval '1 second'`},
		"session gone":        {sql: `delete from platform.sessions`},
		"company suspended":   {sql: `update platform.customers set status = 'suspended' where customer_id = 'AAAA22222'`, status: 403, kind: "/problems/customer-suspended"},
		"company moving":      {sql: `update platform.customers set status = 'moving' where customer_id = 'AAAA22222'`, status: 503, kind: "/problems/moving"},
		"company cancelled":   {sql: `update platform.customers set status = 'cancelled' where customer_id = 'AAAA22222'`, status: 403, kind: "/problems/customer-suspended"},
		"company after trial": {sql: `update platform.customers set status = 'trial', trial_ends_at = now() - interval '1 second' where customer_id = 'AAAA22222'`, status: 403, kind: "/problems/customer-suspended"},
		"operator suspended":  {sql: `update platform.operators set status = 'suspended'`, who: harness.Operator},
		"operator's session":  {sql: `update platform.sessions set revoked_at = now() where operator_id is not null`, who: harness.Operator},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := harness.NewPortal(t)
			if tt.who == "" {
				tt.who = "user@a.example"
			}
			if tt.status == 0 {
				tt.status, tt.kind = http.StatusUnauthorized, "/problems/unauthenticated"
			}
			s := p.Session(tt.who)
			read := func() harness.Answer { return p.Do("GET", "/verify-token", s.AccessToken, nil) }
			write := func() harness.Answer {
				return p.Do("PUT", "/update-profile", s.AccessToken, map[string]string{"address": "1 Main St"})
			}
			read().Want(t, http.StatusOK)
			write().Want(t, http.StatusOK)

			p.Exec(tt.sql)

			for _, a := range []harness.Answer{read(), write()} {
				if problem := a.Problem(t, tt.status); problem.Type != tt.kind {
					t.Errorf("type %s, want %s", problem.Type, tt.kind)
				}
			}
		})
	}
}

// Who has entered, and changes his own row while his role is changed, is told that he has to log in again.
func TestState_ChangedAfterTheEntry(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	s := p.Session("user@a.example")
	tx, err := p.Super.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `update portal.users set role = 'Manager' where email = 'user@a.example'`); err != nil {
		t.Fatal(err)
	}
	answer := make(chan harness.Answer, 1)
	go func() {
		a, err := p.Try(t.Context(), "PUT", "/update-profile", s.AccessToken, map[string]string{"address": "2 Main St"})
		if err != nil {
			t.Error(err)
		}
		answer <- a
	}()
	observer := harness.ConnectAs(t, "", p.Database)
	harness.WaitFor(t, "the write to wait", func() bool {
		var n int
		err := observer.QueryRow(t.Context(), `select count(*) from pg_stat_activity where datname = current_database() and usename = 'portal_app' and wait_event_type = 'Lock'`).Scan(&n)
		return err == nil && n > 0
	})
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := <-answer
	a.Problem(t, http.StatusUnauthorized)
	if n := harness.Query[int](p, `select count(*) from portal.users where address = '2 Main St'`); n > 0 {
		t.Error("he changed his row")
	}
}

func TestState_TrialIsOpenUntilItsEnd(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	token := p.Token(harness.CompanyA, auth.Admin)
	p.Exec(`update platform.customers set status = 'trial', trial_ends_at = now() + interval '1 hour' where customer_id = $1`, harness.CompanyA)
	p.Do("GET", "/properties/", token, nil).Want(t, http.StatusOK)
}

// A suspended company keeps nobody else waiting, and an operator who acts inside it may still look.
func TestState_SuspendedCompanyHarmsNoOther(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	suspended, other, acting := p.Token(harness.CompanyA, auth.Admin), p.Token(harness.CompanyB, auth.Admin), p.ActingToken()

	var all sync.WaitGroup
	answers := make([]harness.Answer, 50)
	refusals := make([]harness.Answer, 50)
	half := make(chan struct{})
	for i := range answers {
		all.Go(func() {
			if i >= 25 {
				<-half
			}
			var err error
			if answers[i], err = p.Try(t.Context(), "GET", "/properties/", other, nil); err != nil {
				t.Error(err)
			}
		})
	}
	p.Exec(`update platform.customers set status = 'suspended' where customer_id = $1`, harness.CompanyA)
	close(half)
	for i := range refusals {
		all.Go(func() {
			var err error
			if refusals[i], err = p.Try(t.Context(), "GET", "/properties/", suspended, nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()

	for _, a := range answers {
		a.Want(t, http.StatusOK)
	}
	for _, a := range refusals {
		if problem := a.Problem(t, http.StatusForbidden); problem.Type != "/problems/customer-suspended" {
			t.Errorf("type %s", problem.Type)
		}
	}
	p.Do("GET", "/properties/", acting, nil).Want(t, http.StatusOK)

	p.Exec(`update platform.customers set status = 'active' where customer_id = $1`, harness.CompanyA)
	p.Do("GET", "/properties/", suspended, nil).Want(t, http.StatusOK)
}
