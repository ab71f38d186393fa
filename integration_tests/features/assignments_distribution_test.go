package features

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

type distributed struct {
	Success     bool
	Message     string
	Count       int `json:"assigned_count"`
	Total       int `json:"total_properties"`
	Sent        int `json:"sms_notifications_sent"`
	Assignments []struct {
		AssignmentID   int64  `json:"assignment_id"`
		PropertyName   string `json:"property_name"`
		ContractorName string `json:"contractor_name"`
		CrewType       string `json:"crew_type"`
	}
	Crews struct {
		Sidewalk    int
		NonSidewalk int `json:"non_sidewalk"`
		Total       int
	} `json:"available_crews"`
}

// lines are who got what.
func (d distributed) lines() (lines []string) {
	for _, a := range d.Assignments {
		lines = append(lines, fmt.Sprintf("%s: %s, %s", a.PropertyName, a.ContractorName, a.CrewType))
	}
	return lines
}

// newList makes a list of the company's three properties. It is the Manager's.
func (p *portal) newList(company string, shared bool) (list int64) {
	p.T.Helper()
	return harness.Query[int64](p.Portal, `
		with list as (
			insert into portal.property_lists (customer_id, name, user_id, is_shared) values ($1, 'Storm list', $2, $3) returning customer_id, id
		),
		item as (
			insert into portal.property_list_items (customer_id, list_id, property_id)
			select list.customer_id, list.id, p.id from list join portal.locations p on p.customer_id = list.customer_id
		)
		select id from list`, company, p.person(company, auth.Manager), shared)
}

// equip says what the field roles drive: the User walks.
func (p *portal) equip() {
	p.T.Helper()
	p.Exec(`update portal.users set default_equipment = case role when 'User' then 'SideWalk Plow' when 'Contractor' then 'Wheel Loader' end`)
}

func (p *portal) distribute(company, role string, list int64, event any) harness.Answer {
	p.T.Helper()
	body := map[string]any{"property_list_id": list}
	if event != nil {
		body["winter_event_id"] = event
	}
	return p.Do("POST", "/ai-assign-property-list", p.Token(company, role), body)
}

// Sidewalk crews first, then the others, each by id; both companies with the same names.
func TestDistribution_InTurn(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.equip()
	lists := map[string]int64{harness.CompanyA: p.newList(harness.CompanyA, false), harness.CompanyB: p.newList(harness.CompanyB, false)}
	for company, other := range map[string]string{harness.CompanyA: harness.CompanyB, harness.CompanyB: harness.CompanyA} {
		var d distributed
		p.distribute(company, auth.Manager, lists[other], nil).Want(t, http.StatusNotFound)
		p.distribute(company, auth.Manager, lists[company], nil).Want(t, http.StatusOK).JSON(t, &d)
		if diff := cmp.Diff([]string{
			"Property 1: User One, sidewalk", "Property 2: Contractor One, non-sidewalk", "Property 3: Subcontractor One, non-sidewalk",
		}, d.lines()); diff != "" {
			t.Error(diff)
		}
		if !d.Success || d.Count != 3 || d.Total != 3 || d.Sent != 0 || d.Crews.Sidewalk != 1 || d.Crews.NonSidewalk != 2 || d.Crews.Total != 3 {
			t.Errorf("%+v", d)
		}
		mine := p.myProperties(company, auth.User)
		if len(mine) != 1 || mine[0].ID != d.Assignments[0].AssignmentID || mine[0].AcceptanceStatus != "pending" || mine[0].IsPrimary ||
			*mine[0].Notes != "Assigned automatically to a sidewalk crew." {
			t.Errorf("%+v", mine)
		}
		if h := p.history(company, "property"); strings.Count(h, "assigned Property") != 3 || !strings.Contains(h, `assigned Property 1 "Assigned automatically to a sidewalk crew."`) {
			t.Error(h)
		}

		p.distribute(company, auth.Admin, lists[company], nil).Want(t, http.StatusNotFound) // not shared
		p.Exec(`update portal.property_lists set is_shared = true where id = $1`, lists[company])
		for _, role := range []string{auth.Admin, auth.Manager} {
			p.distribute(company, role, lists[company], nil).Want(t, http.StatusOK).JSON(t, &d)
			if !d.Success || d.Count != 0 || len(d.Assignments) != 0 {
				t.Errorf("again: %+v", d)
			}
		}
		for _, role := range []string{auth.Contractor, auth.Subcontractor, auth.User} {
			p.distribute(company, role, lists[company], nil).Want(t, http.StatusForbidden)
		}
	}
}

// Whoever was asked already is not asked again, whatever he answered, and his answer stays.
func TestDistribution_SkipsPairsThatExist(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.equip()
	list := p.newList(harness.CompanyA, true)
	declined := p.give(harness.CompanyA, 1)
	p.Do("POST", propertyAnswer(declined, "decline"), p.Token(harness.CompanyA, auth.User), nil).Want(t, http.StatusOK)
	var d distributed
	p.distribute(harness.CompanyA, auth.Manager, list, nil).Want(t, http.StatusOK).JSON(t, &d)
	if diff := cmp.Diff([]string{"Property 2: Contractor One, non-sidewalk", "Property 3: Subcontractor One, non-sidewalk"}, d.lines()); diff != "" || d.Count != 2 {
		t.Errorf("%d %s", d.Count, diff)
	}
	if mine := p.myProperties(harness.CompanyA, auth.User); len(mine) != 1 || mine[0].AcceptanceStatus != "declined" {
		t.Errorf("%+v", mine)
	}
}

// Without both types of crew nobody is assigned, and the answer says who is there.
func TestDistribution_NeedsBothTypesOfCrew(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	list := p.newList(harness.CompanyA, true)
	for name, c := range map[string]struct {
		sql                   string
		sidewalk, nonSidewalk int
	}{
		"no sidewalk crew": {`update portal.users set default_equipment = null, available_for_assignment = true`, 0, 3},
		"no other":         {`update portal.users set default_equipment = 'Sidewalk Plow', available_for_assignment = true`, 3, 0},
		"nobody":           {`update portal.users set available_for_assignment = false`, 0, 0},
	} {
		p.Exec(c.sql)
		var d distributed
		p.distribute(harness.CompanyA, auth.Manager, list, nil).Want(t, http.StatusOK).JSON(t, &d)
		if d.Success || d.Count != 0 || d.Crews.Sidewalk != c.sidewalk || d.Crews.NonSidewalk != c.nonSidewalk || d.Message == "" || d.Assignments == nil {
			t.Errorf("%s: %+v", name, d)
		}
	}
	// Suspended people and the office are no crews.
	p.equip()
	p.Exec(`update portal.users set available_for_assignment = true, status = case when role = 'User' then 'suspended' else status end`)
	var d distributed
	p.distribute(harness.CompanyA, auth.Manager, list, nil).Want(t, http.StatusOK).JSON(t, &d)
	if d.Success || d.Crews.Total != 2 {
		t.Errorf("%+v", d)
	}
	if n := harness.Query[int](p.Portal, `select count(*) from portal.property_contractors`); n != 0 {
		t.Errorf("%d assignments", n)
	}
}

// With an event only those who are checked in for it count, and who are not at work, away or gone.
func TestDistribution_OfAnEvent(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.equip()
	p.Exec(`update portal.users set default_equipment = 'Sidewalk Plow' where role = 'Subcontractor'`)
	events := map[string]int64{}
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		events[company] = harness.Query[int64](p.Portal, `insert into portal.winter_events (customer_id, event_name, start_date) values ($1, 'Storm', now()) returning id`, company)
	}
	older := harness.Query[int64](p.Portal, `
		insert into portal.winter_events (customer_id, event_name, start_date, end_date, status) values ($1, 'Old storm', now() - interval '9 days', now(), 'completed') returning id`, harness.CompanyA)
	list := p.newList(harness.CompanyA, true)
	checkIn := func(role, status string, event int64, out any) {
		p.Exec(`
			insert into portal.event_checkins (customer_id, winter_event_id, user_id, status, checked_in_at, checked_out_at)
			values ($1, $2, $3, $4, now() - interval '1 hour', $5)`, harness.CompanyA, event, p.person(harness.CompanyA, role), status, out)
	}
	var d distributed
	p.distribute(harness.CompanyA, auth.Manager, list, events[harness.CompanyA]).Want(t, http.StatusOK).JSON(t, &d)
	if d.Success || d.Crews.Total != 0 {
		t.Errorf("nobody is checked in: %+v", d)
	}

	checkIn(auth.Contractor, "checked_in", events[harness.CompanyA], nil)
	checkIn(auth.User, "checked_in", events[harness.CompanyA], nil)
	checkIn(auth.Subcontractor, "checked_in", older, nil)
	for _, status := range []string{"working", "unavailable", "completed"} {
		p.Exec(`update portal.event_checkins set status = $1 where user_id = $2`, status, p.person(harness.CompanyA, auth.User))
		p.distribute(harness.CompanyA, auth.Manager, list, events[harness.CompanyA]).Want(t, http.StatusOK).JSON(t, &d)
		if d.Success || d.Crews.Total != 1 {
			t.Errorf("%s: %+v", status, d)
		}
	}
	p.Exec(`update portal.event_checkins set status = 'checked_in', checked_out_at = now() where user_id = $1`, p.person(harness.CompanyA, auth.User))
	checkIn(auth.User, "checked_in", events[harness.CompanyA], nil) // back again
	p.distribute(harness.CompanyA, auth.Manager, list, events[harness.CompanyA]).Want(t, http.StatusOK).JSON(t, &d)
	if diff := cmp.Diff([]string{
		"Property 1: User One, sidewalk", "Property 2: Contractor One, non-sidewalk", "Property 3: User One, sidewalk",
	}, d.lines()); diff != "" || d.Crews.Total != 2 {
		t.Errorf("%+v %s", d.Crews, diff)
	}
	for _, event := range []int64{events[harness.CompanyB], 987654321} {
		p.distribute(harness.CompanyA, auth.Manager, list, event).Want(t, http.StatusNotFound)
	}
}

func TestDistribution_OfAnEmptyList(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.equip()
	list := p.newList(harness.CompanyA, true)
	p.Exec(`delete from portal.property_list_items where list_id = $1`, list)
	p.distribute(harness.CompanyA, auth.Manager, list, nil).Want(t, http.StatusNotFound)
	p.distribute(harness.CompanyA, auth.Manager, 987654321, nil).Want(t, http.StatusNotFound)
}

// Distributed many times at once, each property has one new assignment and one entry in the history.
func TestDistribution_ManyTimesAtOnce(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.equip()
	list, manager := p.newList(harness.CompanyA, true), p.Token(harness.CompanyA, auth.Manager)
	var sum atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			a, err := p.Try(t.Context(), "POST", "/ai-assign-property-list", manager, map[string]any{"property_list_id": list})
			if err != nil || a.Status != http.StatusOK {
				t.Errorf("%d %s %v", a.Status, a.Body, err)
				return
			}
			var d distributed
			a.JSON(t, &d)
			sum.Add(int64(d.Count))
		})
	}
	wg.Wait()
	have := harness.Query[[]int](p.Portal, `select array[(select count(*) from portal.property_contractors), (select count(*) from portal.assignment_history)]::integer[]`)
	if want := []int{3, 3}; sum.Load() != 3 || !slices.Equal(have, want) {
		t.Errorf("%d counted, stored %v, want %v", sum.Load(), have, want)
	}
}

// What an operator distributes inside a company is in its audit log, though it is written in a step of its
// own. A server with a single connection serves the steps one after the other.
func TestDistribution_ByAnOperatorIsRecorded(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.DB.AppConns = 1 })
	p.equip()
	list := p.newList(harness.CompanyA, true)
	var d distributed
	p.Do("POST", "/ai-assign-property-list", p.ActingToken(), map[string]any{"property_list_id": list}).Want(t, http.StatusOK).JSON(t, &d)
	if e := p.Entries("assignPropertyList"); d.Count != 3 || len(e) != 1 || *e[0].CustomerID != harness.CompanyA || *e[0].Actor != "Olive Operator" {
		t.Errorf("%d assigned, entries %+v", d.Count, e)
	}
	p.distribute(harness.CompanyA, auth.Manager, list, nil).Want(t, http.StatusOK)
	if e := p.Entries("assignPropertyList"); len(e) != 1 {
		t.Errorf("a Manager's is recorded too: %+v", e)
	}
}
