package isolation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// A pass is a token, and whether the change that ends it is known to be committed.
type pass struct {
	token string
	over  atomic.Bool
}

// A changing person works all the time, and is changed all the time.
type changing struct {
	id             int64
	email          string
	roles          []string // the last three, the present one last
	super          *pgx.Conn
	claims         map[string]any
	present, ended atomic.Pointer[pass]
}

// 50 roles, suspensions and log-outs change in a second, while 8 callers work as those who are changed: nobody is let in
// after the change that puts him out was committed, and nobody waits for one who waits for him. TEST_STATE=1 goes on for
// half a minute, which takes more than a run of all tests should.
func TestState_ChangesAllTheTime(t *testing.T) {
	t.Parallel()
	lasts := 3 * time.Second
	if os.Getenv("TEST_STATE") == "1" {
		lasts = 30 * time.Second
	}
	p := harness.NewPortal(t, func(s *harness.Settings) { s.DB.AcquireTimeout, s.Server.Timeout = time.Minute, 5*time.Minute })
	admin := p.Token(harness.CompanyA, auth.Admin)
	var people []*changing
	for _, role := range []string{auth.Manager, auth.Contractor, auth.Subcontractor, auth.User} {
		person := &changing{email: harness.Email(harness.CompanyA, role), roles: []string{role}, super: harness.ConnectAs(t, "", p.Database)}
		person.claims = harness.ClaimsOf(t, p.Session(person.email).AccessToken)
		person.id = harness.Query[int64](p, "select id from portal.users where email = $1", person.email)
		person.renew(p)
		people = append(people, person)
	}

	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	var changes, let, refused, logins atomic.Int64
	var all sync.WaitGroup
	for _, person := range people {
		all.Go(func() {
			ticker := time.NewTicker(4 * time.Second / 50)
			defer ticker.Stop()
			for ctx.Err() == nil {
				<-ticker.C
				person.change(p, admin)
				changes.Add(1)
			}
		})
	}
	for range 8 {
		all.Go(func() {
			for ctx.Err() == nil {
				person := people[rand.IntN(len(people))]
				with := person.present.Load()
				if last := person.ended.Load(); last != nil && rand.IntN(3) == 0 {
					with = last
				}
				over := with.over.Load()
				var a harness.Answer
				var err error
				if rand.IntN(2) == 0 {
					a, err = p.Try(t.Context(), "GET", "/verify-token", with.token, nil)
				} else {
					a, err = p.Try(t.Context(), "PUT", "/update-profile", with.token, map[string]string{"address": "1 Main St"})
				}
				switch {
				case err != nil:
					t.Error(err)
				case a.Status == http.StatusOK && over:
					t.Errorf("%s was let in after he was put out", person.email)
				case a.Status == http.StatusOK:
					let.Add(1)
				case a.Status == http.StatusUnauthorized:
					refused.Add(1)
				default:
					t.Errorf("status %d: %s", a.Status, a.Body)
				}
			}
		})
	}
	all.Go(func() {
		for ctx.Err() == nil {
			a, err := p.Try(t.Context(), "POST", "/api/login/", "", url.Values{"username": {people[rand.IntN(len(people))].email}, "password": {harness.Password}})
			if err != nil || a.Status != http.StatusOK && a.Status != http.StatusUnauthorized {
				t.Errorf("a log-in: %d %s %v", a.Status, a.Body, err)
			}
			logins.Add(1)
		}
	})
	all.Wait()
	if changes.Load() == 0 || let.Load() == 0 || refused.Load() == 0 {
		t.Errorf("%d changes, %d requests let in, %d refused: nothing was tried", changes.Load(), let.Load(), refused.Load())
	}
	time.Sleep(1500 * time.Millisecond) // until PostgreSQL has counted them
	if n := harness.Query[int64](p, "select deadlocks from pg_stat_database where datname = current_database()"); n > 0 {
		t.Errorf("%d deadlocks", n)
	}
	harness.Summarize("changes of people: in %s %d changes, %d requests let in, %d refused, %d log-ins, no deadlock\n",
		lasts, changes.Load(), let.Load(), refused.Load(), logins.Load())
}

// change puts the person out, and then in again.
func (c *changing) change(p *harness.Portal, admin string) {
	p.T.Helper()
	do := func(path, token string, body any) {
		if a, err := p.Try(p.T.Context(), "POST", path, token, body); err != nil || a.Status != http.StatusOK {
			p.T.Errorf("%s: %d %s %v", path, a.Status, a.Body, err)
		}
	}
	with := c.present.Load()
	switch rand.IntN(3) {
	case 0:
		// Whoever gets his old role again may come in with his old token again.
		roles := slices.DeleteFunc([]string{auth.Manager, auth.Contractor, auth.Subcontractor, auth.User}, func(role string) bool { return slices.Contains(c.roles, role) })
		next := roles[rand.IntN(len(roles))]
		do(fmt.Sprintf("/admin/change-user-role/%d", c.id), admin, url.Values{"role": {next}})
		c.roles = append(c.roles[max(0, len(c.roles)-2):], next)
	case 1:
		do(fmt.Sprintf("/admin/suspend-user/%d", c.id), admin, nil)
		with.over.Store(true)
		do(fmt.Sprintf("/admin/reactivate-user/%d", c.id), admin, nil)
	default:
		do("/api/logout/", with.token, nil)
	}
	with.over.Store(true)
	c.ended.Store(with)
	c.renew(p)
}

// renew gives the person a new session.
func (c *changing) renew(p *harness.Portal) {
	e := harness.NewSession(p.T, c.super, c.email)
	c.present.Store(&pass{token: harness.SignGenuine(p.T, harness.Changed(c.claims, map[string]any{"sid": e.Session, "role": e.Role}), nil)})
}
