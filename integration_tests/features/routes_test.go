package features

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// newRoute creates a route with stops at the properties of the seed that are named, in that order.
func (p *portal) newRoute(company, owner, name string, stops ...int) (route int64) {
	p.T.Helper()
	token := p.Token(company, owner)
	var created struct {
		RouteID int64 `json:"route_id"`
	}
	p.Do("POST", "/routes/", token, map[string]any{"name": name}).Want(p.T, http.StatusOK).JSON(p.T, &created)
	for i, n := range stops {
		p.Do("POST", "/routes/add-property/", token, stopBody(created.RouteID, p.property(company, n), i+1)).Want(p.T, http.StatusOK)
	}
	return created.RouteID
}

func stopBody(route, property int64, place int) map[string]any {
	return map[string]any{"route_id": route, "property_id": property, "sequence_order": place}
}

// drive sets who drives a route.
func (p *portal) drive(company, owner string, route int64, users ...int64) harness.Answer {
	p.T.Helper()
	return p.Do("POST", "/routes/assign-users/", p.Token(company, owner), map[string]any{"route_id": route, "user_ids": append([]int64{}, users...)})
}

func routePath(route int64, more string) string { return fmt.Sprintf("/routes/%d%s", route, more) }

type routeAnswer struct {
	Name          string
	UserID        int64 `json:"user_id"`
	Description   *string
	IsTemplate    bool   `json:"is_template"`
	OwnerName     string `json:"owner_name"`
	PropertyCount int    `json:"property_count"`
	Properties    []struct {
		ID            int64
		Name          string
		SequenceOrder int  `json:"sequence_order"`
		Minutes       *int `json:"estimated_time_minutes"`
		Notes         *string
	}
}

// stops are the properties of a route with their places.
func (r routeAnswer) stops() (lines []string) {
	for _, s := range r.Properties {
		lines = append(lines, fmt.Sprintf("%d %s", s.SequenceOrder, s.Name))
	}
	return lines
}

func (p *portal) route(token string, route int64) (r routeAnswer) {
	p.T.Helper()
	p.Do("GET", routePath(route, ""), token, nil).Want(p.T, http.StatusOK).JSON(p.T, &r)
	return r
}

func TestRoutes_BuildChangeDelete(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	manager := p.Token(harness.CompanyA, auth.Manager)
	first, third := p.property(harness.CompanyA, 1), p.property(harness.CompanyA, 3)
	p.Exec(`update portal.locations set notes = 'Of the property.'`)
	route := p.newRoute(harness.CompanyA, auth.Manager, " Amherst Loop ", 1, 2, 3)

	p.Do("POST", "/routes/add-property/", manager, map[string]any{
		"route_id": route, "property_id": first, "sequence_order": 9, "estimated_time_minutes": 45, "notes": "Gate code 12.",
	}).Want(t, http.StatusOK)
	r := p.route(manager, route)
	if diff := cmp.Diff([]string{"2 Property 2", "3 Property 3", "9 Property 1"}, r.stops()); diff != "" {
		t.Error("added again:", diff)
	}
	if last := r.Properties[2]; *last.Minutes != 45 || *last.Notes != "Gate code 12." || r.Properties[0].Notes != nil {
		t.Errorf("%+v", r.Properties)
	}
	if r.Name != "Amherst Loop" || r.OwnerName != "Manager One" || r.PropertyCount != 3 || r.UserID != p.person(harness.CompanyA, auth.Manager) || r.IsTemplate {
		t.Errorf("%+v", r)
	}

	p.Do("PUT", "/routes/reorder/", manager, map[string]any{"route_id": route, "property_orders": []map[string]any{
		{"property_id": first, "sequence_order": 1}, {"property_id": third, "sequence_order": 0},
	}}).Want(t, http.StatusOK)
	p.Do("DELETE", routePath(route, fmt.Sprintf("/properties/%d", first)), manager, nil).Want(t, http.StatusOK)
	p.Do("DELETE", routePath(route, fmt.Sprintf("/properties/%d", first)), manager, nil).Want(t, http.StatusNotFound)
	p.Do("PUT", "/routes/", manager, map[string]any{"id": route, "name": "Long Loop", "description": "East first.", "is_template": 1}).Want(t, http.StatusOK)
	p.Do("PUT", "/routes/", manager, map[string]any{"id": route, "name": "  "}).Want(t, http.StatusUnprocessableEntity)
	r = p.route(manager, route)
	if diff := cmp.Diff([]string{"0 Property 3", "2 Property 2"}, r.stops()); diff != "" || r.Name != "Long Loop" || *r.Description != "East first." || !r.IsTemplate {
		t.Errorf("%+v %s", r, diff)
	}

	p.drive(harness.CompanyA, auth.Manager, route, p.person(harness.CompanyA, auth.User)).Want(t, http.StatusOK)
	p.Do("DELETE", routePath(route, ""), manager, nil).Want(t, http.StatusOK)
	p.Do("GET", routePath(route, ""), manager, nil).Want(t, http.StatusNotFound)
	p.Do("DELETE", routePath(route, ""), manager, nil).Want(t, http.StatusNotFound)
	if n := harness.Query[int](p.Portal, `select (select count(*) from portal.route_properties) + (select count(*) from portal.route_assignments)`); n != 0 {
		t.Errorf("%d stops and assignments outlive their route", n)
	}
}

// A refused order changes nothing: neither a stop that is none nor one named twice.
func TestRoutes_ReorderIsAllOrNothing(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	manager := p.Token(harness.CompanyA, auth.Manager)
	route := p.newRoute(harness.CompanyA, auth.Manager, "Loop", 1, 2)
	first := p.property(harness.CompanyA, 1)
	for name, c := range map[string]struct {
		other  int64
		status int
	}{
		"no stop":         {p.property(harness.CompanyA, 3), http.StatusNotFound},
		"another company": {p.property(harness.CompanyB, 2), http.StatusNotFound},
		"nowhere":         {987654321, http.StatusNotFound},
		"twice":           {first, http.StatusUnprocessableEntity},
	} {
		a := p.Do("PUT", "/routes/reorder/", manager, map[string]any{"route_id": route, "property_orders": []map[string]any{
			{"property_id": first, "sequence_order": 7}, {"property_id": c.other, "sequence_order": 1},
		}})
		if a.Status != c.status {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	if diff := cmp.Diff([]string{"1 Property 1", "2 Property 2"}, p.route(manager, route).stops()); diff != "" {
		t.Error(diff)
	}
}

// The owner, Managers and Admins change a route; whoever drives it sees it; all others learn nothing of it
// by reading. Both companies at once, with routes of the same name.
func TestRoutes_WhoSeesAndChanges(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	routes := map[string]int64{}
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		routes[company] = p.newRoute(company, auth.Subcontractor, "Loop", 1, 2)
		p.drive(company, auth.Subcontractor, routes[company], p.person(company, auth.Contractor)).Want(t, http.StatusOK)
	}
	for company, other := range map[string]string{harness.CompanyA: harness.CompanyB, harness.CompanyB: harness.CompanyA} {
		route := routes[company]
		for _, c := range []struct {
			role       string
			read, edit int
		}{
			{auth.Admin, 200, 200},
			{auth.Manager, 200, 200},
			{auth.Subcontractor, 200, 200}, // owns it
			{auth.Contractor, 200, 403},    // drives it
			{auth.User, 404, 403},
		} {
			for of, want := range map[string]struct{ read, edit int }{company: {c.read, c.edit}, other: {404, 404}} {
				token := p.Token(of, c.role)
				var list []routeAnswer
				p.Do("GET", "/routes/", token, nil).Want(t, http.StatusOK).JSON(t, &list)
				if len(list) != map[int]int{200: 1, 404: 0}[c.read] {
					t.Errorf("%s of %s lists %d routes", c.role, of, len(list))
				}
				for _, call := range []struct {
					method, path string
					body         any
					want         int
				}{
					{"GET", routePath(route, ""), nil, want.read},
					{"GET", routePath(route, "/assigned-users/"), nil, want.read},
					{"PUT", "/routes/", map[string]any{"id": route, "name": "Loop"}, want.edit},
					{"POST", "/routes/add-property/", stopBody(route, p.property(of, 1), 1), want.edit},
					{"PUT", "/routes/reorder/", map[string]any{"route_id": route, "property_orders": []any{}}, want.edit},
					{"POST", "/routes/assign-users/", map[string]any{"route_id": route, "user_ids": []int64{p.person(of, auth.Contractor)}}, want.edit},
				} {
					if a := p.Do(call.method, call.path, token, call.body); a.Status != call.want {
						t.Errorf("%s of %s: %s %s: %d, want %d: %s", c.role, of, call.method, call.path, a.Status, call.want, a.Body)
					}
				}
			}
		}
		user := p.Token(company, auth.User)
		p.Do("DELETE", routePath(route, ""), user, nil).Want(t, http.StatusForbidden)
		p.Do("DELETE", routePath(route, fmt.Sprintf("/properties/%d", p.property(company, 1))), user, nil).Want(t, http.StatusForbidden)
	}
}

// An operator inside a company may do what its Admin may, except own a route.
func TestRoutes_OfAnOperator(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	acting := p.ActingToken()
	route := p.newRoute(harness.CompanyA, auth.User, "Loop")
	p.Do("POST", "/routes/", acting, map[string]any{"name": "Mine"}).Want(t, http.StatusForbidden)
	p.Do("POST", "/routes/add-property/", acting, stopBody(route, p.property(harness.CompanyA, 1), 1)).Want(t, http.StatusOK)
	if diff := cmp.Diff([]string{"1 Property 1"}, p.route(acting, route).stops()); diff != "" {
		t.Error(diff)
	}
}

// Whoever stays keeps the answer that he gave: only those who come are asked, only those who are left out
// go.
func TestRoutes_AssignAgainKeepsAnswers(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	contractor, sub, user := p.person(harness.CompanyA, auth.Contractor), p.person(harness.CompanyA, auth.Subcontractor), p.person(harness.CompanyA, auth.User)
	route := p.newRoute(harness.CompanyA, auth.Manager, "Loop", 1)
	p.drive(harness.CompanyA, auth.Manager, route, contractor, sub, sub).Want(t, http.StatusOK)
	before := p.myRoutes(harness.CompanyA, auth.Contractor)[0]
	p.Do("POST", fmt.Sprintf("/assignments/route/%d/accept", before.ID), p.Token(harness.CompanyA, auth.Contractor), nil).Want(t, http.StatusOK)

	var said struct{ Message string }
	p.drive(harness.CompanyA, auth.Manager, route, user, contractor).Want(t, http.StatusOK).JSON(t, &said)
	if said.Message != "2 assigned to the route" {
		t.Error(said.Message)
	}
	after := p.myRoutes(harness.CompanyA, auth.Contractor)[0]
	if after.ID != before.ID || after.AcceptanceStatus != "accepted" || after.AcceptedAt == nil {
		t.Errorf("an acceptance was lost: %+v, then %+v", before, after)
	}
	var drivers []struct {
		ID                int64
		Name, Email, Role string
	}
	a := p.Do("GET", routePath(route, "/assigned-users/"), p.Token(harness.CompanyA, auth.User), nil).Want(t, http.StatusOK)
	a.JSON(t, &drivers)
	if len(drivers) != 2 || drivers[0].ID != contractor || drivers[1].Email != harness.Email(harness.CompanyA, auth.User) || drivers[1].Role != auth.User || a.Header.Get("X-Total-Count") != "2" {
		t.Errorf("%+v", drivers)
	}
	if mine := p.myRoutes(harness.CompanyA, auth.User); len(mine) != 1 || mine[0].AcceptanceStatus != "pending" {
		t.Errorf("%+v", mine)
	}
	history := harness.Query[[]int64](p.Portal, `select array_agg(user_id order by user_id) from portal.assignment_history where route_id = $1 and action = 'assigned'`, route)
	if want := []int64{contractor, sub, user}; !slices.Equal(history, want) {
		t.Errorf("assigned %v, want each of %v once", history, want)
	}

	p.drive(harness.CompanyA, auth.Manager, route).Want(t, http.StatusOK)
	if mine := p.myRoutes(harness.CompanyA, auth.Contractor); len(mine) != 0 {
		t.Errorf("%+v", mine)
	}
}

// Only active people of the company drive its routes, and one who is not leaves the set as it was.
func TestRoutes_AssignOnlyActivePeopleOfTheCompany(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Exec(`update portal.users set status = 'suspended' where role = 'User'`)
	for company, other := range map[string]string{harness.CompanyA: harness.CompanyB, harness.CompanyB: harness.CompanyA} {
		contractor, sub := p.person(company, auth.Contractor), p.person(company, auth.Subcontractor)
		route := p.newRoute(company, auth.Manager, "Loop", 1)
		p.drive(company, auth.Manager, route, contractor).Want(t, http.StatusOK)
		var details []string
		for _, wrong := range []int64{p.person(other, auth.Contractor), p.person(company, auth.User), 987654321} {
			details = append(details, p.drive(company, auth.Manager, route, sub, wrong).Problem(t, http.StatusNotFound).Detail)
		}
		if details[0] != details[1] || details[0] != details[2] {
			t.Errorf("foreign, suspended and absent differ: %q", details)
		}
		if have := harness.Query[[]int64](p.Portal, `select array_agg(user_id) from portal.route_assignments where route_id = $1`, route); !slices.Equal(have, []int64{contractor}) {
			t.Errorf("%v drive, want %d", have, contractor)
		}
	}
}

// Of sets that are given at once one stands in the end, not a mixture.
func TestRoutes_ParallelAssignmentsDoNotMix(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin := p.Token(harness.CompanyA, auth.Admin)
	route := p.newRoute(harness.CompanyA, auth.Admin, "Loop", 1)
	sets := [][]int64{
		{p.person(harness.CompanyA, auth.Admin), p.person(harness.CompanyA, auth.Manager)},
		{p.person(harness.CompanyA, auth.Contractor), p.person(harness.CompanyA, auth.User)},
	}
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			a, err := p.Try(t.Context(), "POST", "/routes/assign-users/", admin, map[string]any{"route_id": route, "user_ids": sets[i%2]})
			if err != nil || a.Status != http.StatusOK {
				t.Errorf("%d %s %v", a.Status, a.Body, err)
			}
		})
	}
	wg.Wait()
	have := harness.Query[[]int64](p.Portal, `select array_agg(user_id order by user_id) from portal.route_assignments where route_id = $1`, route)
	if !slices.Equal(have, sets[0]) && !slices.Equal(have, sets[1]) {
		t.Errorf("%v, want one of %v", have, sets)
	}
}

// ManageRoutes reads the people of a route from its checkboxes, as texts.
func TestRoutes_PeopleOfManageRoutes(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	manager := p.Token(harness.CompanyA, auth.Manager)
	route := p.newRoute(harness.CompanyA, auth.Manager, "Loop", 1)
	first, second := p.person(harness.CompanyA, auth.User), p.person(harness.CompanyA, auth.Contractor)
	p.Do("POST", "/routes/assign-users/", manager, map[string]any{"route_id": itoa(route), "user_ids": []string{itoa(first), itoa(second)}}).Want(t, http.StatusOK)
	var people []struct{ ID int64 }
	p.Do("GET", routePath(route, "/assigned-users/"), manager, nil).Want(t, http.StatusOK).JSON(t, &people)
	if len(people) != 2 {
		t.Errorf("assigned are %v, want %d and %d", people, first, second)
	}
	p.Do("POST", "/routes/assign-users/", manager, map[string]any{"route_id": itoa(route), "user_ids": []string{"one"}}).Problem(t, http.StatusUnprocessableEntity)
	if n := harness.Query[int](p.Portal, `select count(*) from portal.route_assignments`); n != 2 {
		t.Errorf("%d are left after a refusal", n)
	}
}
