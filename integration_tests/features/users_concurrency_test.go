package features

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// patient lets a request wait as long as a loaded machine may take.
func patient(s *harness.Settings) { s.DB.AcquireTimeout, s.Server.Timeout = time.Minute, 5*time.Minute }

// statuses sends n requests at once and returns the status of each, in ascending order.
func (p *portal) statuses(n int, send func(ctx context.Context, i int) (harness.Answer, error)) []int {
	p.T.Helper()
	all := make([]int, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			a, err := send(p.T.Context(), i)
			if err != nil {
				p.T.Errorf("request %d: %v", i, err)
			}
			all[i] = a.Status
		})
	}
	wg.Wait()
	slices.Sort(all)
	return all
}

// waiting waits until n sessions of the API wait for a lock.
func (p *portal) waiting(n int) {
	p.T.Helper()
	const sql = `select count(*) from pg_stat_activity where datname = current_database() and usename like 'portal%' and wait_event_type = 'Lock'`
	for deadline := time.Now().Add(10 * time.Second); harness.Query[int](p.Portal, sql) < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.T.Errorf("%d sessions wait for a lock, want %d", harness.Query[int](p.Portal, sql), n)
			return
		}
	}
}

// 64 at once, one place left: one person more, and everybody else is told the limit.
func TestUsers_LimitHoldsInParallel(t *testing.T) {
	t.Parallel()
	p := newPortal(t, patient)
	admin := p.Token(harness.CompanyA, auth.Admin)
	p.Exec(`update platform.customers set max_users = 6 where customer_id = $1`, harness.CompanyA)
	have := p.statuses(64, func(ctx context.Context, i int) (harness.Answer, error) {
		return p.Try(ctx, "POST", "/add-user/", admin, newPerson("Pat Doyle", fmt.Sprintf("pat%d@example.com", i), auth.User))
	})
	if n, refused := have[0], have[63]; n != http.StatusOK || have[1] != http.StatusForbidden || refused != http.StatusForbidden {
		t.Errorf("statuses %v, want 200 once and 403", have)
	}
	if n := harness.Query[int](p.Portal, `select count(*) from portal.users where customer_id = $1`, harness.CompanyA); n != 6 {
		t.Errorf("%d people, the limit is 6", n)
	}
	if n := harness.Query[int](p.Portal, `select users from platform.usage where customer_id = $1`, harness.CompanyA); n != 6 {
		t.Errorf("usage says %d people", n)
	}

	// Approval counts too; a pending person and a lowered limit harm nobody.
	rae := p.request(harness.CompanyA, "rae@example.com", auth.User)
	approve := func() harness.Answer {
		return p.Do("POST", userPath("admin/approve-user", rae), admin, url.Values{})
	}
	problem := approve().Problem(t, http.StatusForbidden)
	if problem.Type != "/problems/limit-reached" || problem.Detail != "the plan's limit is reached: 6 of 6 users are in use" {
		t.Errorf("%s: %s", problem.Type, problem.Detail)
	}
	p.Exec(`update platform.customers set max_users = 3 where customer_id = $1`, harness.CompanyA)
	p.Do("POST", userPath("admin/suspend-user", p.person(harness.CompanyA, auth.User)), admin, nil).Want(t, http.StatusOK)
	approve().Problem(t, http.StatusForbidden)
	p.Exec(`update platform.customers set max_users = 7 where customer_id = $1`, harness.CompanyA)
	approve().Want(t, http.StatusOK)
}

// Of two transactions that add the last person, the second waits for the first, and is refused.
func TestUsers_LimitHoldsBetweenTransactions(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Exec(`update platform.customers set max_users = 6 where customer_id = $1`, harness.CompanyA)
	admin := harness.NewMember(t, p.Super, harness.CompanyA, auth.Admin)
	first, second := p.As("portal_app"), p.As("portal_app")
	add := func(tx pgx.Tx, email string) error {
		_, err := tx.Exec(t.Context(), `insert into users (name, email, role, status) values ('New', $1, 'User', 'active')`, email)
		return err
	}
	refused := make(chan error)
	err := admin.Inside(t.Context(), first, func(tx pgx.Tx) error {
		if err := add(tx, "first@example.com"); err != nil {
			return err
		}
		go func() {
			refused <- admin.Inside(t.Context(), second, func(tx pgx.Tx) error { return add(tx, "second@example.com") })
		}()
		p.waiting(1)
		return nil
	})
	if err != nil {
		t.Errorf("the first is refused: %v", err)
	}
	if err := <-refused; harness.SQLState(err) != "TN005" {
		t.Errorf("the second: got %v, want SQLSTATE TN005", err)
	}
}

// 64 at once approve one person: one does it.
func TestUsers_ApprovedOnce(t *testing.T) {
	t.Parallel()
	p := newPortal(t, patient)
	admin, rae := p.Token(harness.CompanyA, auth.Admin), p.request(harness.CompanyA, "rae@example.com", auth.User)
	have := p.statuses(64, func(ctx context.Context, _ int) (harness.Answer, error) {
		return p.Try(ctx, "POST", userPath("admin/approve-user", rae), admin, url.Values{})
	})
	if have[0] != http.StatusOK || have[1] != http.StatusConflict || have[63] != http.StatusConflict {
		t.Errorf("statuses %v, want 200 once and 409", have)
	}
	if n := harness.Query[int](p.Portal, `select users from platform.usage where customer_id = $1`, harness.CompanyA); n != 6 {
		t.Errorf("usage says %d people, want 6", n)
	}
}

// Two Admins take each other's role, place or record at the same moment: one wins, the other is
// refused, and an active Admin is left. Both wait at the usage row, with their changes made, before
// either may go on.
func TestUsers_TwoAdminsAgainstEachOther(t *testing.T) {
	t.Parallel()
	for name, request := range map[string]func(id int64) (method, path string, body any){
		"role": func(id int64) (string, string, any) {
			return "POST", userPath("admin/change-user-role", id), url.Values{"role": {auth.User}}
		},
		"suspend": func(id int64) (string, string, any) { return "POST", userPath("admin/suspend-user", id), nil },
		"delete":  func(id int64) (string, string, any) { return "DELETE", userPath("delete-user", id), nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t)
			second := p.addPerson(harness.CompanyA, "Admin Two", "admin2@a.example", auth.Admin)
			ids := []int64{second, p.person(harness.CompanyA, auth.Admin)}
			tokens := []string{p.Token(harness.CompanyA, auth.Admin), p.signIn("admin2@a.example", "")}

			gate, err := p.Super.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer gate.Rollback(t.Context()) //nolint:errcheck // over by then
			if _, err := gate.Exec(t.Context(), `select from platform.usage where customer_id = $1 for update`, harness.CompanyA); err != nil {
				t.Fatal(err)
			}
			opened := make(chan struct{})
			go func() {
				defer close(opened)
				p.waiting(2)
				if err := gate.Commit(t.Context()); err != nil {
					t.Error(err)
				}
			}()
			have := p.statuses(2, func(ctx context.Context, i int) (harness.Answer, error) {
				method, path, body := request(ids[i])
				return p.Try(ctx, method, path, tokens[i], body)
			})
			<-opened
			if !slices.Equal(have, []int{http.StatusOK, http.StatusConflict}) {
				t.Errorf("statuses %v, want 200 and 409", have)
			}
			if n := harness.Query[int](p.Portal, `select count(*) from portal.users where customer_id = $1 and role = 'Admin' and status = 'active'`, harness.CompanyA); n != 1 {
				t.Errorf("%d active Admins are left", n)
			}
		})
	}
}

// The rule is the database's: nobody, the superuser neither, takes the last active Admin away, by
// whatever statement. In one statement the office may change hands.
func TestUsers_LastAdminStaysWhoeverTries(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, sql := range []string{
		`update portal.users set role = 'Manager' where customer_id = $1`,
		`update portal.users set role = 'Manager' where email = 'admin@a.example' and customer_id = $1`,
		`update portal.users set status = 'suspended' where role = 'Admin' and customer_id = $1`,
		`update portal.users set status = 'pending' where role = 'Admin' and customer_id = $1`,
		`delete from portal.users where customer_id = $1`,
	} {
		if _, err := p.Super.Exec(t.Context(), sql, harness.CompanyA); harness.SQLState(err) != "TN006" {
			t.Errorf("%s: %v", sql, err)
		}
	}
	p.Exec(`update portal.users set role = case role when 'Admin' then 'Manager' else 'Admin' end where role in ('Admin', 'Manager') and customer_id = $1`, harness.CompanyA)
	p.Exec(`update portal.users set name = 'New Name' where customer_id = $1`, harness.CompanyA)
	p.Exec(`delete from portal.users where role <> 'Admin' and customer_id = $1`, harness.CompanyA)
}

// Many change the same few people at once. Whatever won, members and logins are equal, usage is right,
// and each company has an active Admin.
func TestUsers_LoginsEqualUsersAfterAStorm(t *testing.T) {
	t.Parallel()
	p := newPortal(t, patient)
	tokens := map[string]string{}
	ids := map[string][]int64{}
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		tokens[company] = p.Token(company, auth.Admin)
		for i := range 4 {
			p.addPerson(company, "Storm", fmt.Sprintf("storm%d@example.com", i), auth.Admin)
			p.request(company, fmt.Sprintf("request%d@example.com", i), auth.User)
		}
		ids[company] = harness.Query[[]int64](p.Portal, `select array_agg(id order by id) from portal.users where customer_id = $1 and email <> 'admin@' || $2`,
			company, map[string]string{harness.CompanyA: "a.example", harness.CompanyB: "b.example"}[company])
	}
	have := p.statuses(400, func(ctx context.Context, i int) (harness.Answer, error) {
		company := []string{harness.CompanyA, harness.CompanyB}[i%2]
		id := ids[company][rand.N(len(ids[company]))]
		role := harness.Roles[rand.N(len(harness.Roles))]
		switch rand.N(8) {
		case 0:
			return p.Try(ctx, "PUT", userPath("update-user", id), tokens[company], map[string]any{
				"name": "Changed", "email": fmt.Sprintf("changed%d@example.com", rand.N(8)), "phone": "", "role": role,
				"contractor_id": ids[company][rand.N(len(ids[company]))],
			})
		case 1:
			return p.Try(ctx, "POST", userPath("admin/suspend-user", id), tokens[company], nil)
		case 2:
			return p.Try(ctx, "POST", userPath("admin/reactivate-user", id), tokens[company], nil)
		case 3:
			return p.Try(ctx, "POST", userPath("admin/approve-user", id), tokens[company], url.Values{"role": {role}})
		case 4:
			return p.Try(ctx, "POST", userPath("admin/reject-user", id), tokens[company], nil)
		case 5:
			return p.Try(ctx, "DELETE", userPath("delete-user", id), tokens[company], nil)
		}
		return p.Try(ctx, "POST", userPath("admin/change-user-role", id), tokens[company], url.Values{"role": {role}})
	})
	// A lock that could not be had in time is 503, and changes nothing.
	if have[0] != http.StatusOK || slices.Contains(have, http.StatusInternalServerError) {
		t.Errorf("statuses %v", have)
	}
	if n := harness.Query[int](p.Portal, `
		select count(*)
		from portal.users u
		full join platform.logins l on (l.customer_id, l.user_id) = (u.customer_id, u.id)
		where (u.email, u.role, u.status) is distinct from (l.email, l.role, l.status)`); n != 0 {
		t.Errorf("%d members differ from their logins", n)
	}
	if n := harness.Query[int](p.Portal, `
		select count(*)
		from platform.usage g
		where g.users <> (select count(*) from portal.users u where u.customer_id = g.customer_id and u.status <> 'pending')
		  or not exists (select from portal.users u where u.customer_id = g.customer_id and u.role = 'Admin' and u.status = 'active')`); n != 0 {
		t.Errorf("%d companies are miscounted or without an active Admin", n)
	}
}
