package features

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

type myAssignment struct {
	ID                       int64
	AcceptanceStatus         string  `json:"acceptance_status"`
	AcceptedAt               *string `json:"accepted_at"`
	DeclinedAt               *string `json:"declined_at"`
	PropertyName             string  `json:"property_name"`
	IsPrimary                bool    `json:"is_primary"`
	Notes                    *string
	RouteName                string  `json:"route_name"`
	PropertyCount            int     `json:"property_count"`
	CurrentPropertyName      *string `json:"current_property_name"`
	CurrentPropertyStartedAt *string `json:"current_property_started_at"`
}

func (p *portal) myRoutes(company, role string) (all []myAssignment) {
	p.T.Helper()
	p.Do("GET", "/my-assignments/routes", p.Token(company, role), nil).Want(p.T, http.StatusOK).JSON(p.T, &all)
	return all
}

func (p *portal) myProperties(company, role string) (all []myAssignment) {
	p.T.Helper()
	p.Do("GET", "/my-assignments/properties", p.Token(company, role), nil).Want(p.T, http.StatusOK).JSON(p.T, &all)
	return all
}

// give assigns a property of the seed to the company's User and returns the assignment.
func (p *portal) give(company string, n int) (assignment int64) {
	p.T.Helper()
	var given struct {
		AssignmentID int64 `json:"assignment_id"`
	}
	p.Do("POST", contractorsPath(p.property(company, n)), p.Token(company, auth.Manager),
		map[string]any{"contractor_id": p.person(company, auth.User)}).Want(p.T, http.StatusOK).JSON(p.T, &given)
	return given.AssignmentID
}

func propertyAnswer(assignment int64, action string) string {
	return fmt.Sprintf("/assignments/property/%d/%s", assignment, action)
}

func routeAction(assignment int64, action string) string {
	return fmt.Sprintf("/assignments/route/%d/%s", assignment, action)
}

// history is what was noted of the assignments of one kind, oldest first.
func (p *portal) history(company, kind string) string {
	p.T.Helper()
	return harness.Query[string](p.Portal, `
		select coalesce(string_agg(concat_ws(' ', h.action, l.name, '"' || h.notes || '"'), ', ' order by h.id), '')
		from portal.assignment_history h
		left join portal.locations l on (l.customer_id, l.id) = (h.customer_id, h.property_id)
		where h.customer_id = $1 and h.assignment_type = $2`, company, kind)
}

// Both companies at once: each person answers what he is asked, and only that.
func TestAssignments_AnswerProperties(t *testing.T) {
	t.Parallel()
	p := newPortal(t, at("2026-01-15T12:00:00Z"))
	given := map[string][]int64{}
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		for n := 1; n <= 3; n++ {
			given[company] = append(given[company], p.give(company, n))
		}
	}
	p.Exec(`update portal.property_contractors set notes = 'Walks first.'`)
	for company, other := range map[string]string{harness.CompanyA: harness.CompanyB, harness.CompanyB: harness.CompanyA} {
		user := p.Token(company, auth.User)
		var said struct {
			Message      string
			AssignmentID int64 `json:"assignment_id"`
		}
		p.Do("POST", propertyAnswer(given[company][0], "accept"), user, map[string]any{"notes": "From noon on."}).Want(t, http.StatusOK).JSON(t, &said)
		if said.AssignmentID != given[company][0] || said.Message != "Property accepted" {
			t.Errorf("%+v", said)
		}
		p.Do("POST", propertyAnswer(given[company][1], "decline"), user, nil).Want(t, http.StatusOK)
		for _, token := range []string{p.Token(company, auth.Admin), p.Token(company, auth.Contractor), p.Token(other, auth.User)} {
			p.Do("POST", propertyAnswer(given[company][2], "accept"), token, nil).Want(t, http.StatusNotFound)
		}
		p.Do("POST", propertyAnswer(987654321, "accept"), user, nil).Want(t, http.StatusNotFound)

		noon := map[string]string{harness.CompanyA: "2026-01-15T07:00:00", harness.CompanyB: "2026-01-15T06:00:00"}[company]
		want := []myAssignment{
			{ID: given[company][2], AcceptanceStatus: "pending", PropertyName: "Property 3", Notes: new("Walks first.")},
			{ID: given[company][0], AcceptanceStatus: "accepted", AcceptedAt: &noon, PropertyName: "Property 1", Notes: new("Walks first.\nAccepted: From noon on.")},
			{ID: given[company][1], AcceptanceStatus: "declined", DeclinedAt: &noon, PropertyName: "Property 2", Notes: new("Walks first.")},
		}
		if diff := cmp.Diff(want, p.myProperties(company, auth.User)); diff != "" {
			t.Error(diff)
		}
		if have, want := p.history(company, "property"), `assigned Property 1, assigned Property 2, assigned Property 3, accepted Property 1 "From noon on.", declined Property 2`; have != want {
			t.Errorf("history %s, want %s", have, want)
		}
	}
	if mine := p.myProperties(harness.CompanyA, auth.Contractor); len(mine) != 0 {
		t.Errorf("%+v", mine)
	}
}

// An answer is given once, and a second one is told what the first was.
func TestAssignments_AnswerTwice(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	route := p.newRoute(harness.CompanyA, auth.Manager, "Loop", 1)
	p.drive(harness.CompanyA, auth.Manager, route, p.person(harness.CompanyA, auth.User)).Want(t, http.StatusOK)
	user := p.Token(harness.CompanyA, auth.User)
	for _, c := range []struct{ path, first, second, detail string }{
		{propertyAnswer(p.give(harness.CompanyA, 1), ""), "accept", "accept", "the assignment is accepted already"},
		{propertyAnswer(p.give(harness.CompanyA, 2), ""), "decline", "accept", "the assignment is declined already"},
		{routeAction(p.myRoutes(harness.CompanyA, auth.User)[0].ID, ""), "decline", "decline", "the assignment is declined already"},
	} {
		p.Do("POST", c.path+c.first, user, nil).Want(t, http.StatusOK)
		if have := p.Do("POST", c.path+c.second, user, nil).Problem(t, http.StatusBadRequest).Detail; have != c.detail {
			t.Errorf("%s%s: %s", c.path, c.second, have)
		}
	}
}

// Of many answers at once, one counts: one success, one entry in the history, and a matching state.
func TestAssignments_ParallelAnswers(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	property := p.give(harness.CompanyA, 1)
	p.drive(harness.CompanyA, auth.Manager, p.newRoute(harness.CompanyA, auth.Manager, "Loop", 1), p.person(harness.CompanyA, auth.User)).Want(t, http.StatusOK)
	route := p.myRoutes(harness.CompanyA, auth.User)[0].ID
	for kind, path := range map[string]string{"property": propertyAnswer(property, ""), "route": routeAction(route, "")} {
		if won := p.race(32, func(i int) (method, target string) { return "POST", path + []string{"accept", "decline"}[i%2] }); won != 1 {
			t.Errorf("%d answers to a %s were taken", won, kind)
		}
		if h := p.history(harness.CompanyA, kind); strings.Count(h, ",") != 1 {
			t.Errorf("history of the %s: %s", kind, h)
		}
	}
	for table, status := range map[string]string{
		"property": harness.Query[string](p.Portal, `select h.action || ' ' || a.acceptance_status from portal.property_contractors a join portal.assignment_history h on h.assignment_id = a.id and h.assignment_type = 'property' and h.action <> 'assigned'`),
		"route":    harness.Query[string](p.Portal, `select h.action || ' ' || a.acceptance_status from portal.route_assignments a join portal.assignment_history h on h.assignment_id = a.id and h.assignment_type = 'route' and h.action <> 'assigned'`),
	} {
		if status != "accepted accepted" && status != "declined declined" {
			t.Errorf("%s: %s", table, status)
		}
	}
}

// race sends n requests of the company's User at once and counts those that succeed; all others must be
// refused with 400.
func (p *portal) race(n int, call func(i int) (method, target string)) int {
	p.T.Helper()
	token := p.Token(harness.CompanyA, auth.User)
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			method, target := call(i)
			a, err := p.Try(p.T.Context(), method, target, token, nil)
			switch {
			case err == nil && a.Status == http.StatusOK:
				won.Add(1)
			case err != nil || a.Status != http.StatusBadRequest:
				p.T.Errorf("%s: %d %s %v", target, a.Status, a.Body, err)
			}
		})
	}
	wg.Wait()
	return int(won.Load())
}

// A route is accepted, then driven one stop at a time, by both companies at once.
func TestAssignments_DriveARoute(t *testing.T) {
	t.Parallel()
	p := newPortal(t, at("2026-01-15T12:00:00Z"))
	mine := map[string]int64{}
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		p.drive(company, auth.Manager, p.newRoute(company, auth.Manager, "Loop", 1, 2), p.person(company, auth.User)).Want(t, http.StatusOK)
		mine[company] = p.myRoutes(company, auth.User)[0].ID
	}
	for company, other := range map[string]string{harness.CompanyA: harness.CompanyB, harness.CompanyB: harness.CompanyA} {
		user, route := p.Token(company, auth.User), mine[company]
		startAt := func(n int) string {
			return routeAction(route, fmt.Sprintf("start-property/%d", p.property(company, n)))
		}
		noon := map[string]string{harness.CompanyA: "2026-01-15T07:00:00", harness.CompanyB: "2026-01-15T06:00:00"}[company]

		p.Do("POST", startAt(1), user, nil).Want(t, http.StatusNotFound) // not accepted yet
		p.Do("POST", routeAction(route, "accept"), user, map[string]any{"notes": "Fine."}).Want(t, http.StatusOK)
		p.Do("POST", startAt(3), user, nil).Want(t, http.StatusBadRequest) // no stop
		p.Do("POST", routeAction(route, fmt.Sprintf("start-property/%d", p.property(other, 1))), user, nil).Want(t, http.StatusBadRequest)
		p.Do("POST", routeAction(route, "complete-property"), user, nil).Want(t, http.StatusBadRequest)
		for _, token := range []string{p.Token(company, auth.Admin), p.Token(other, auth.User)} {
			p.Do("POST", startAt(1), token, nil).Want(t, http.StatusNotFound)
			p.Do("POST", routeAction(route, "complete-property"), token, nil).Want(t, http.StatusNotFound)
			p.Do("POST", routeAction(route, "decline"), token, nil).Want(t, http.StatusNotFound)
		}

		var moved struct {
			PropertyID int64 `json:"property_id"`
		}
		a := p.Do("POST", startAt(2), user, nil).Want(t, http.StatusOK)
		a.JSON(t, &moved)
		if moved.PropertyID != p.property(company, 2) || !strings.Contains(string(a.Body), `"started_at":"`+noon+`"`) {
			t.Errorf("%s", a.Body)
		}
		if have := p.Do("POST", startAt(1), user, nil).Problem(t, http.StatusBadRequest).Detail; have != `one property at a time: complete "Property 2" first` {
			t.Error(have)
		}
		want := myAssignment{
			ID: route, AcceptanceStatus: "accepted", AcceptedAt: &noon, RouteName: "Loop", PropertyCount: 2,
			CurrentPropertyName: new("Property 2"), CurrentPropertyStartedAt: &noon,
		}
		if diff := cmp.Diff([]myAssignment{want}, p.myRoutes(company, auth.User)); diff != "" {
			t.Error(diff)
		}
		a = p.Do("POST", routeAction(route, "complete-property"), user, nil).Want(t, http.StatusOK)
		if !strings.Contains(string(a.Body), fmt.Sprintf(`"property_id":%d,"completed_at":"%s"`, p.property(company, 2), noon)) {
			t.Errorf("%s", a.Body)
		}
		p.Do("POST", routeAction(route, "complete-property"), user, nil).Want(t, http.StatusBadRequest)
		if have, want := p.history(company, "route"), `assigned, accepted "Fine.", started Property 2, completed Property 2`; have != want {
			t.Errorf("history %s, want %s", have, want)
		}
	}
	if n := harness.Query[int](p.Portal, `select count(*) from portal.winter_ops_logs`); n != 0 {
		t.Errorf("driving opened %d tickets", n)
	}
}

// Two starts at once: the driver is at one property.
func TestAssignments_ParallelStarts(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.drive(harness.CompanyA, auth.Manager, p.newRoute(harness.CompanyA, auth.Manager, "Loop", 1, 2, 3), p.person(harness.CompanyA, auth.User)).Want(t, http.StatusOK)
	route := p.myRoutes(harness.CompanyA, auth.User)[0].ID
	p.Do("POST", routeAction(route, "accept"), p.Token(harness.CompanyA, auth.User), nil).Want(t, http.StatusOK)
	properties := []int64{p.property(harness.CompanyA, 1), p.property(harness.CompanyA, 2), p.property(harness.CompanyA, 3)}
	won := p.race(33, func(i int) (method, target string) {
		return "POST", routeAction(route, fmt.Sprintf("start-property/%d", properties[i%3]))
	})
	if h := p.history(harness.CompanyA, "route"); won != 1 || strings.Count(h, "started") != 1 {
		t.Errorf("%d starts succeeded; history %s", won, h)
	}
	won = p.race(32, func(int) (method, target string) { return "POST", routeAction(route, "complete-property") })
	if h := p.history(harness.CompanyA, "route"); won != 1 || strings.Count(h, "completed") != 1 {
		t.Errorf("%d completions succeeded; history %s", won, h)
	}
}

// A property that is deleted while somebody is there ends the stop.
func TestAssignments_DeletedPropertyFreesTheDriver(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.drive(harness.CompanyA, auth.Manager, p.newRoute(harness.CompanyA, auth.Manager, "Loop", 1, 2), p.person(harness.CompanyA, auth.User)).Want(t, http.StatusOK)
	route, user := p.myRoutes(harness.CompanyA, auth.User)[0].ID, p.Token(harness.CompanyA, auth.User)
	p.Do("POST", routeAction(route, "accept"), user, nil).Want(t, http.StatusOK)
	p.Do("POST", routeAction(route, fmt.Sprintf("start-property/%d", p.property(harness.CompanyA, 1))), user, nil).Want(t, http.StatusOK)
	p.Do("DELETE", fmt.Sprintf("/delete-property/%d", p.property(harness.CompanyA, 1)), p.Token(harness.CompanyA, auth.Manager), nil).Want(t, http.StatusOK)
	if mine := p.myRoutes(harness.CompanyA, auth.User)[0]; mine.CurrentPropertyName != nil || mine.CurrentPropertyStartedAt != nil || mine.PropertyCount != 1 {
		t.Errorf("%+v", mine)
	}
	p.Do("POST", routeAction(route, fmt.Sprintf("start-property/%d", p.property(harness.CompanyA, 2))), user, nil).Want(t, http.StatusOK)
}

// An operator has no assignments of his own.
func TestAssignments_NotOfAnOperator(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	acting := p.ActingToken()
	for path, method := range map[string]string{
		"/my-assignments/properties": "GET", "/my-assignments/routes": "GET",
		propertyAnswer(1, "accept"): "POST", routeAction(1, "decline"): "POST",
		routeAction(1, "start-property/1"): "POST", routeAction(1, "complete-property"): "POST",
	} {
		p.Do(method, path, acting, nil).Want(t, http.StatusForbidden)
	}
}
