package features

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// at makes a server whose clock stands still.
func at(text string) func(*harness.Settings) {
	return func(s *harness.Settings) {
		s.Server.Clock = func() time.Time {
			t, err := time.Parse(time.RFC3339, text)
			if err != nil {
				panic(err)
			}
			return t
		}
	}
}

// A routeRun is one driver's tickets along a route in an event. No operation makes queued ones.
type routeRun struct{ route, event int64 }

// newRun puts tickets of the company's User on a route: the n-th at property n, with the states given.
// Those later in the list come first on the route.
func (p *portal) newRun(company string, states ...string) (r routeRun, tickets []int64) {
	p.T.Helper()
	r.route = p.newRoute(company, auth.Manager, "Loop", 1, 2, 3)
	p.drive(company, auth.Manager, r.route, p.person(company, auth.User)).Want(p.T, http.StatusOK)
	r.event = harness.Query[int64](p.Portal, `
		insert into portal.winter_events (customer_id, event_name, start_date) values ($1, 'Storm', '2026-01-15 00:00+00')
		on conflict (customer_id) where status = 'active' do update set event_name = 'Storm'
		returning id`, company)
	for i, state := range states {
		tickets = append(tickets, harness.Query[int64](p.Portal, `
			insert into portal.winter_ops_logs (customer_id, property_id, user_id, contractor_id, worker_name, winter_event_id, route_id, route_sequence,
				route_status, estimated_minutes, status, time_in, time_out)
			values ($1, $2, $3, $3, $9, $4, $5, $6, $7, 30, $8,
				case when $7::text <> 'queued' then '2026-01-15 10:00+00'::timestamptz end,
				case when $8::text = 'closed' then '2026-01-15 10:30+00'::timestamptz end)
			returning id`,
			company, p.property(company, 1+i%3), p.person(company, auth.User), r.event, r.route, len(states)-i, state,
			map[string]string{"queued": "open", "active": "open", "complete": "closed"}[state], fmt.Sprint("Crew ", i)))
	}
	return r, tickets
}

func (p *portal) completeTicket(token string, ticket int64) harness.Answer {
	p.T.Helper()
	return p.Do("POST", fmt.Sprintf("/routes/complete-property/?log_id=%d", ticket), token, nil)
}

type ticketCompleted struct {
	OK            bool
	NextProperty  *string `json:"next_property"`
	RouteComplete bool    `json:"route_complete"`
	Progress      struct{ Total, Completed, Active, Queued int }
}

type routeProgress struct {
	UserID  int64   `json:"user_id"`
	Total   int     `json:"total_properties"`
	Percent float64 `json:"percent_complete"`

	Completed, Active, Queued int
	Properties                []struct {
		ID            int64
		RouteSequence int    `json:"route_sequence"`
		RouteStatus   string `json:"route_status"`
		Status        string
		TimeIn        *string `json:"time_in"`
		TimeOut       *string `json:"time_out"`
		PropertyName  string  `json:"property_name"`
	}
}

func (p *portal) progress(token string, r routeRun, more string) (have routeProgress) {
	p.T.Helper()
	p.Do("GET", routePath(r.route, fmt.Sprintf("/progress/?winter_event_id=%d%s", r.event, more)), token, nil).Want(p.T, http.StatusOK).JSON(p.T, &have)
	return have
}

// lines are the tickets in the order of the route.
func (r routeProgress) lines() (lines []string) {
	for _, s := range r.Properties {
		line := fmt.Sprint(s.PropertyName, " ", s.RouteStatus, " ", s.Status)
		for _, at := range []*string{s.TimeIn, s.TimeOut} {
			if at != nil {
				line += " " + *at
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// Completing a ticket opens the next one of the same driver, in the order of the route, in both companies
// at the same time. New York's clocks show five hours less than UTC, Chicago's six.
func TestRouteTickets_OpenOneAfterTheOther(t *testing.T) {
	t.Parallel()
	p := newPortal(t, at("2026-01-15T12:00:00Z"))
	type world struct {
		run     routeRun
		tickets []int64
	}
	worlds := map[string]world{}
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		r, tickets := p.newRun(company, "queued", "queued", "active")
		worlds[company] = world{r, tickets}
		// Somebody else's, of another event, of another route: none of them is next.
		p.Exec(`
			insert into portal.winter_ops_logs (customer_id, property_id, user_id, worker_name, winter_event_id, route_id, route_sequence, route_status, status)
			values ($1, $2, $3, 'Else 1', $5, $6, 0, 'queued', 'open'), ($1, $2, $4, 'Else 2', null, $6, 0, 'queued', 'open'), ($1, $2, $4, 'Else 3', $5, null, 0, 'queued', 'open')`,
			company, p.property(company, 1), p.person(company, auth.Contractor), p.person(company, auth.User), r.event, r.route)
	}
	for company, hours := range map[string]string{harness.CompanyA: "07", harness.CompanyB: "06"} {
		w, user := worlds[company], p.Token(company, auth.User)
		var done ticketCompleted
		p.completeTicket(user, w.tickets[2]).Want(t, http.StatusOK).JSON(t, &done)
		want := ticketCompleted{OK: true, NextProperty: new("Property 2")}
		want.Progress.Total, want.Progress.Completed, want.Progress.Active, want.Progress.Queued = 3, 1, 1, 1
		if diff := cmp.Diff(want, done); diff != "" {
			t.Error(diff)
		}
		noon := "2026-01-15T" + hours + ":00:00"
		begun := map[string]string{"07": "2026-01-15T05:00:00", "06": "2026-01-15T04:00:00"}[hours]
		have := p.progress(user, w.run, "")
		if diff := cmp.Diff([]string{
			"Property 3 complete closed " + begun + " " + noon,
			"Property 2 active open " + noon,
			"Property 1 queued open",
		}, have.lines()); diff != "" {
			t.Error(diff)
		}
		if have.Percent != 33.3 || have.Total != 3 || have.Completed != 1 || have.Active != 1 || have.Queued != 1 || have.UserID != p.person(company, auth.User) {
			t.Errorf("%+v", have)
		}

		p.completeTicket(user, w.tickets[1]).Want(t, http.StatusOK)
		p.completeTicket(p.Token(company, auth.Manager), w.tickets[0]).Want(t, http.StatusOK).JSON(t, &done)
		if done.NextProperty != nil || !done.RouteComplete || done.Progress.Completed != 3 {
			t.Errorf("the last one: %+v", done)
		}
	}
	if n := harness.Query[int](p.Portal, `select count(*) from portal.winter_ops_logs where worker_name like 'Else%' and route_status = 'queued'`); n != 6 {
		t.Errorf("%d of 6 other tickets are still queued", n)
	}
}

func TestRouteTickets_Refusals(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	_, tickets := p.newRun(harness.CompanyA, "queued", "complete", "active")
	_, foreign := p.newRun(harness.CompanyB, "active")
	loose := harness.Query[int64](p.Portal, `
		insert into portal.winter_ops_logs (customer_id, property_id, user_id, time_in, status) values ($1, $2, $3, now(), 'open') returning id`,
		harness.CompanyA, p.property(harness.CompanyA, 2), p.person(harness.CompanyA, auth.User))
	user := p.Token(harness.CompanyA, auth.User)
	for name, c := range map[string]struct {
		token  string
		ticket int64
		status int
		detail string
	}{
		"queued":          {user, tickets[0], 400, "the ticket is queued; it opens when the one before it is completed"},
		"complete":        {user, tickets[1], 400, "the ticket is complete already"},
		"without a route": {user, loose, 400, "the ticket belongs to no route"},
		"of another":      {p.Token(harness.CompanyA, auth.Contractor), tickets[2], 403, "this ticket is somebody else's"},
		"another company": {user, foreign[0], 404, "there is no such ticket"},
		"nowhere":         {user, 987654321, 404, "there is no such ticket"},
	} {
		if have := p.completeTicket(c.token, c.ticket).Problem(t, c.status).Detail; have != c.detail {
			t.Errorf("%s: %s", name, have)
		}
	}
}

// A ticket that was closed in the log form keeps its time, and one that was tied to the route by hand
// counts by its status.
func TestRouteTickets_ClosedOtherwise(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	r, tickets := p.newRun(harness.CompanyA, "queued", "active", "active")
	user := p.Token(harness.CompanyA, auth.User)
	p.Exec(`update portal.winter_ops_logs set status = 'closed', time_out = '2026-01-15 10:45+00' where id = $1`, tickets[2])
	p.Exec(`update portal.winter_ops_logs set route_status = null where id = $1`, tickets[1])
	p.completeTicket(user, tickets[2]).Want(t, http.StatusOK)
	if out := harness.Query[time.Time](p.Portal, `select time_out from portal.winter_ops_logs where id = $1`, tickets[2]); !out.Equal(time.Date(2026, 1, 15, 10, 45, 0, 0, time.UTC)) {
		t.Errorf("time_out became %s", out)
	}
	// A Manager typed it in for the crew, whose it is.
	p.Exec(`update portal.winter_ops_logs set user_id = $1 where id = $2`, p.person(harness.CompanyA, auth.Manager), tickets[1])
	p.completeTicket(user, tickets[1]).Want(t, http.StatusOK)
	p.completeTicket(user, tickets[1]).Want(t, http.StatusBadRequest)
	p.Exec(`update portal.winter_ops_logs set user_id = contractor_id where id = $1`, tickets[1])
	p.Exec(`update portal.winter_ops_logs set route_status = null where id = $1`, tickets[1])
	if have := p.progress(user, r, ""); have.Completed != 2 || have.Active != 1 {
		t.Errorf("%+v", have)
	}
}

// The same ticket completed many times at once opens one other.
func TestRouteTickets_CompletedManyTimesAtOnce(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	r, tickets := p.newRun(harness.CompanyA, "queued", "queued", "queued", "queued", "active")
	user := p.Token(harness.CompanyA, auth.User)
	var done atomic.Int64
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			a, err := p.Try(t.Context(), "POST", fmt.Sprintf("/routes/complete-property/?log_id=%d", tickets[4]), user, nil)
			switch {
			case err == nil && a.Status == http.StatusOK:
				done.Add(1)
			case err != nil || a.Status != http.StatusBadRequest:
				t.Errorf("%d %s %v", a.Status, a.Body, err)
			}
		})
	}
	wg.Wait()
	if have := p.progress(user, r, ""); done.Load() != 1 || have.Completed != 1 || have.Active != 1 || have.Queued != 3 {
		t.Errorf("%d succeeded: %+v", done.Load(), have)
	}
}

// Two crews of one driver, completed at once, each go on to a ticket of their own.
func TestRouteTickets_TwoCompletedAtOnceOpenTwo(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for range 5 {
		r, tickets := p.newRun(harness.CompanyA, "queued", "queued", "active", "active")
		user := p.Token(harness.CompanyA, auth.User)
		var wg sync.WaitGroup
		for _, ticket := range tickets[2:] {
			wg.Go(func() {
				a, err := p.Try(t.Context(), "POST", fmt.Sprintf("/routes/complete-property/?log_id=%d", ticket), user, nil)
				if err != nil || a.Status != http.StatusOK {
					t.Errorf("%d %s %v", a.Status, a.Body, err)
				}
			})
		}
		wg.Wait()
		if have := p.progress(user, r, ""); have.Completed != 2 || have.Active != 2 {
			t.Errorf("%+v", have)
		}
		p.Exec(`delete from portal.winter_ops_logs`)
	}
}

// Field roles see their own progress, Managers and Admins everybody's.
func TestRouteTickets_ProgressOfWhom(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	r, _ := p.newRun(harness.CompanyA, "active", "complete")
	foreign, _ := p.newRun(harness.CompanyB, "active")
	user, foreigner := p.person(harness.CompanyA, auth.User), p.person(harness.CompanyB, auth.User)
	of := func(id int64) string { return fmt.Sprintf("&user_id_param=%d", id) }

	for _, token := range []string{p.Token(harness.CompanyA, auth.Manager), p.Token(harness.CompanyA, auth.Admin), p.Token(harness.CompanyA, auth.User), p.ActingToken()} {
		if have := p.progress(token, r, of(user)); have.Total != 2 || have.Percent != 50 {
			t.Errorf("%+v", have)
		}
	}
	if have := p.progress(p.Token(harness.CompanyA, auth.Manager), r, ""); have.Total != 0 || have.Percent != 0 || have.Properties == nil {
		t.Errorf("of who has none: %+v", have)
	}
	manager := p.Token(harness.CompanyA, auth.Manager)
	for name, c := range map[string]struct {
		token        string
		route, event int64
		more         string
		status       int
	}{
		"of another":               {p.Token(harness.CompanyA, auth.Contractor), r.route, r.event, of(user), 403},
		"a route that is not his":  {p.Token(harness.CompanyA, auth.Contractor), r.route, r.event, "", 404},
		"another company's event":  {manager, r.route, foreign.event, "", 404},
		"another company's route":  {manager, foreign.route, r.event, "", 404},
		"another company's person": {manager, r.route, r.event, of(foreigner), 404},
		"an absent person":         {manager, r.route, r.event, of(987654321), 404},
		"nobody":                   {p.ActingToken(), r.route, r.event, "", 400},
	} {
		a := p.Do("GET", routePath(c.route, fmt.Sprintf("/progress/?winter_event_id=%d%s", c.event, c.more)), c.token, nil)
		if a.Status != c.status {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
}

// A queued ticket would never be opened without its route; what was done keeps its work.
func TestRouteTickets_HoldTheRoute(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	r, tickets := p.newRun(harness.CompanyA, "queued", "active")
	manager := p.Token(harness.CompanyA, auth.Manager)
	p.Do("DELETE", routePath(r.route, ""), manager, nil).Want(t, http.StatusConflict)
	p.completeTicket(manager, tickets[1]).Want(t, http.StatusOK)
	p.completeTicket(manager, tickets[0]).Want(t, http.StatusOK)
	p.Do("DELETE", routePath(r.route, ""), manager, nil).Want(t, http.StatusOK)
	if n := harness.Query[int](p.Portal, `select count(*) from portal.winter_ops_logs where route_id is null and status = 'closed'`); n != 2 {
		t.Errorf("%d tickets are left of 2", n)
	}
}
