package features

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

type checkin struct {
	ID                  int64
	UserName            string  `json:"user_name"`
	UserRole            string  `json:"user_role"`
	Status              string  `json:"status"`
	CheckedInAt         string  `json:"checked_in_at"`
	CheckedOutAt        *string `json:"checked_out_at"`
	EquipmentInUse      *string `json:"equipment_in_use"`
	CurrentPropertyID   *int64  `json:"current_property_id"`
	CurrentPropertyName *string `json:"current_property_name"`
	Notes               *string
	HoursActive         int  `json:"hours_active"`
	MinutesActive       int  `json:"minutes_active"`
	MinutesSinceUpdate  *int `json:"minutes_since_location_update"`
}

func atEvent(event int64, what string) string { return fmt.Sprintf("/events/%d/%s", event, what) }

// checkIn checks a person of company A in and returns the id of the check-in.
func (p *portal) checkIn(role string, event int64) int64 {
	p.T.Helper()
	var in struct {
		CheckinID int64 `json:"checkin_id"`
		Status    string
	}
	p.Do("POST", atEvent(event, "checkin"), p.Token(harness.CompanyA, role), map[string]any{}).Want(p.T, http.StatusOK).JSON(p.T, &in)
	if in.CheckinID == 0 || in.Status != "checked_in" {
		p.T.Fatalf("checked in as %+v", in)
	}
	return in.CheckinID
}

func (p *portal) myCheckin(role string, event int64) *checkin {
	p.T.Helper()
	var mine struct {
		CheckedIn bool `json:"checked_in"`
		Checkin   *checkin
	}
	p.Do("GET", fmt.Sprintf("/my-checkin/%d", event), p.Token(harness.CompanyA, role), nil).Want(p.T, http.StatusOK).JSON(p.T, &mine)
	if mine.CheckedIn != (mine.Checkin != nil) {
		p.T.Fatalf("checked in %v, with %+v", mine.CheckedIn, mine.Checkin)
	}
	return mine.Checkin
}

// crews are the check-ins that a list of the board shows.
func (p *portal) crews(event int64, list string) (all []checkin) {
	p.T.Helper()
	p.Do("GET", atEvent(event, list), p.Token(harness.CompanyA, auth.Manager), nil).Want(p.T, http.StatusOK).JSON(p.T, &all)
	return all
}

func (p *portal) crewNames(event int64, list string) []string {
	p.T.Helper()
	names := []string{}
	for _, c := range p.crews(event, list) {
		names = append(names, c.UserName)
	}
	return names
}

func TestCheckins_OfOnePerson(t *testing.T) {
	t.Parallel()
	c, withClock := harness.NewClock(t, "2026-01-10T18:00:00")
	p := newPortal(t, withClock)
	user, property := p.Token(harness.CompanyA, auth.User), p.property(harness.CompanyA, 1)
	p.Exec(`update portal.users set default_equipment = 'Plow truck', available_for_assignment = false where email = $1`, harness.Email(harness.CompanyA, auth.User))
	event := p.startEvent("Snow", "2026-01-10T17:00")
	if mine := p.myCheckin(auth.User, event); mine != nil {
		t.Errorf("checked in before: %+v", mine)
	}
	for _, call := range []struct{ method, what string }{{"POST", "checkout"}, {"PUT", "checkin/location"}, {"PUT", "checkin/status"}} {
		p.Do(call.method, atEvent(event, call.what), user, map[string]any{"lat": 42.8, "lon": -78.8, "status": "working"}).Problem(t, http.StatusNotFound)
	}

	// The old page repeats the event in the body; the path counts.
	id := p.checkIn(auth.User, event)
	p.Do("POST", atEvent(event, "checkin"), user, map[string]any{"winter_event_id": 987654321, "notes": "ready"}).Want(t, http.StatusOK)
	want := &checkin{
		ID: id, UserName: "User One", UserRole: "User", Status: "checked_in", CheckedInAt: "2026-01-10T18:00:00",
		EquipmentInUse: new("Plow truck"), Notes: new("[2026-01-10 18:00] ready"),
	}
	if diff := cmp.Diff(want, p.myCheckin(auth.User, event)); diff != "" {
		t.Error(diff)
	}
	if p.myCheckin(auth.Manager, event) != nil {
		t.Error("somebody else is checked in too")
	}

	c.Set("2026-01-10T19:05:59")
	p.Do("PUT", atEvent(event, "checkin/location"), user, map[string]any{"lat": 42.8, "lon": -78.8, "current_property_id": property, "status": "working"}).Want(t, http.StatusOK)
	p.Do("PUT", atEvent(event, "checkin/status"), user, map[string]any{"status": "unavailable", "notes": "hydraulic line"}).Want(t, http.StatusOK)
	c.Set("2026-01-10T20:00:00")
	want.Status, want.CurrentPropertyID, want.CurrentPropertyName = "unavailable", &property, new("Property 1")
	want.HoursActive, want.MinutesActive, want.MinutesSinceUpdate = 2, 120, new(54)
	want.Notes = new("[2026-01-10 18:00] ready\n[2026-01-10 19:05] hydraulic line")
	if diff := cmp.Diff(want, p.myCheckin(auth.User, event)); diff != "" {
		t.Error(diff)
	}
	for status, keeps := range map[string]bool{"working": true, "completed": true, "unavailable": true, "checked_in": false} {
		p.Do("PUT", atEvent(event, "checkin/status"), user, map[string]any{"status": "working", "current_property_id": property}).Want(t, http.StatusOK)
		p.Do("PUT", atEvent(event, "checkin/status"), user, map[string]any{"status": status}).Want(t, http.StatusOK)
		if mine := p.myCheckin(auth.User, event); mine == nil || mine.Status != status || (mine.CurrentPropertyID != nil) != keeps {
			t.Errorf("status %s: %+v", status, mine)
		}
	}
	p.Do("PUT", atEvent(event, "checkin/location"), user, map[string]any{"lat": 42.8, "lon": -78.8, "current_property_id": property}).Want(t, http.StatusOK)
	p.Do("PUT", atEvent(event, "checkin/location"), user, map[string]any{"lat": 42.9, "lon": -78.9, "current_property_id": nil}).Want(t, http.StatusOK)
	if mine := p.myCheckin(auth.User, event); mine.CurrentPropertyID != nil {
		t.Errorf("a property is left after a position without one: %+v", mine)
	}
	for _, body := range []map[string]any{{"status": "asleep"}, {"lat": 91, "lon": 0}, {"lat": 0, "lon": -181}, {"lat": 0}, {"lat": 1, "lon": 1, "status": "gone"}} {
		what := "checkin/location"
		if body["lat"] == nil {
			what = "checkin/status"
		}
		p.Do("PUT", atEvent(event, what), user, body).Problem(t, http.StatusUnprocessableEntity)
	}

	ticket := p.submit(auth.User, 1, "2026-01-10T19:00", "")
	p.Do("POST", atEvent(event, "checkout"), user, map[string]any{"notes": "home"}).Want(t, http.StatusOK)
	p.Do("POST", atEvent(event, "checkout"), user, nil).Problem(t, http.StatusNotFound)
	if p.myCheckin(auth.User, event) != nil || p.ticket(ticket).Status != "open" {
		t.Error("after check-out one is checked in, or the ticket was closed")
	}
	again := p.checkIn(auth.User, event)
	all := p.crews(event, "checkins")
	if len(all) != 2 || all[0].ID != again || all[1].Status != "completed" || *all[1].CheckedOutAt != "2026-01-10T20:00:00" || all[1].HoursActive != 2 {
		t.Errorf("a second check-in: %+v", all)
	}
	if harness.Query[bool](p.Portal, `select available_for_assignment from portal.users where email = $1`, harness.Email(harness.CompanyA, auth.User)) {
		t.Error("who checks in is available for assignment, though only a manager may say so")
	}
	p.Do("POST", atEvent(event, "checkin"), p.ActingToken(), map[string]any{}).Problem(t, http.StatusForbidden)
}

func TestCheckins_Board(t *testing.T) {
	t.Parallel()
	c, withClock := harness.NewClock(t, "2026-01-10T18:00:00")
	p := newPortal(t, withClock)
	event := p.startEvent("Snow", "2026-01-10T17:00")
	for i, role := range []string{auth.User, auth.Subcontractor, auth.Contractor, auth.Manager} {
		c.Set(fmt.Sprintf("2026-01-10T18:0%d:00", i))
		p.checkIn(role, event)
	}
	p.Do("PUT", atEvent(event, "checkin/status"), p.Token(harness.CompanyA, auth.Subcontractor), map[string]any{"status": "working"}).Want(t, http.StatusOK)
	p.Do("PUT", atEvent(event, "checkin/status"), p.Token(harness.CompanyA, auth.Contractor), map[string]any{"status": "unavailable"}).Want(t, http.StatusOK)
	board := func(when string, want map[string][]string) {
		t.Helper()
		for list, names := range want {
			if diff := cmp.Diff(names, p.crewNames(event, list)); diff != "" {
				t.Errorf("%s, %s: %s", when, list, diff)
			}
		}
	}
	board("all there", map[string][]string{
		"checkins":        {"Manager One", "Contractor One", "Subcontractor One", "User One"},
		"checkins/active": {"Subcontractor One", "User One", "Manager One"},
		"available-crews": {"User One", "Manager One"},
	})
	p.Do("PUT", atEvent(event, "checkin/location"), p.Token(harness.CompanyA, auth.User), map[string]any{"lat": 1, "lon": 1, "current_property_id": p.property(harness.CompanyA, 2)}).
		Want(t, http.StatusOK)
	p.Do("POST", atEvent(event, "checkout"), p.Token(harness.CompanyA, auth.Manager), map[string]any{}).Want(t, http.StatusOK)
	board("one at a property, one gone", map[string][]string{
		"checkins":                  {"Manager One", "Contractor One", "Subcontractor One", "User One"},
		"checkins?limit=1&offset=3": {"User One"},
		"checkins/active":           {"Subcontractor One", "User One"},
		"available-crews":           {},
	})

	// What company B asks for is not there, and crews are for the office to see.
	for _, list := range []string{"checkins", "checkins/active", "available-crews"} {
		p.Do("GET", atEvent(event, list), p.Token(harness.CompanyB, auth.Manager), nil).Problem(t, http.StatusNotFound)
		p.Do("GET", atEvent(event, list), p.Token(harness.CompanyA, auth.Contractor), nil).Problem(t, http.StatusForbidden)
	}
	p.Do("POST", atEvent(event, "checkin"), p.Token(harness.CompanyB, auth.User), map[string]any{}).Problem(t, http.StatusNotFound)
	p.Do("GET", fmt.Sprintf("/my-checkin/%d", event), p.Token(harness.CompanyB, auth.User), nil).Problem(t, http.StatusNotFound)
}

// However an event ends, nobody is left checked in: at its end, or now if that comes first.
func TestCheckins_EndWithTheEvent(t *testing.T) {
	t.Parallel()
	c, withClock := harness.NewClock(t, "2026-01-10T18:00:00")
	p := newPortal(t, withClock)
	manager := p.Token(harness.CompanyA, auth.Manager)
	for _, end := range []struct {
		method, how string
		body        any
		out         string
	}{
		{"POST", "/complete", map[string]any{"end_date": "2026-01-10T22:00"}, "2026-01-10T22:00:00"},
		{"POST", "/complete", map[string]any{"end_date": "2026-01-10T17:30"}, "2026-01-10T18:00:00"},
		{"PUT", "", map[string]any{"event_name": "Snow", "start_date": "2026-01-10T17:00", "end_date": "2026-01-10T22:00"}, "2026-01-10T22:00:00"},
		{"POST", "/cancel", nil, "2026-01-11T06:00:00"},
	} {
		c.Set("2026-01-10T18:00:00")
		event := p.startEvent("Snow", "2026-01-10T17:00")
		p.checkIn(auth.User, event)
		p.checkIn(auth.Contractor, event)
		c.Set("2026-01-10T19:00:00")
		p.Do("POST", atEvent(event, "checkout"), p.Token(harness.CompanyA, auth.Contractor), map[string]any{}).Want(t, http.StatusOK)

		c.Set("2026-01-11T06:00:00")
		p.Do(end.method, eventPath(event, end.how), manager, end.body).Want(t, http.StatusOK)
		if p.myCheckin(auth.User, event) != nil {
			t.Errorf("%s%s leaves a check-in open", end.method, end.how)
		}
		for _, one := range p.crews(event, "checkins") {
			want := map[string]string{"User One": end.out, "Contractor One": "2026-01-10T19:00:00"}[one.UserName]
			if one.CheckedOutAt == nil || *one.CheckedOutAt != want || one.Status != "completed" {
				t.Errorf("%s%s with %v: %+v, want out at %s", end.method, end.how, end.body, one, want)
			}
		}
		p.Do("POST", atEvent(event, "checkin"), p.Token(harness.CompanyA, auth.User), map[string]any{}).Problem(t, http.StatusBadRequest)
		p.Do("PUT", atEvent(event, "checkin/status"), p.Token(harness.CompanyA, auth.User), map[string]any{"status": "working"}).Problem(t, http.StatusNotFound)
	}
}

// Whoever checks in while the event ends is either refused or checked out with the others.
func TestCheckins_WhileTheEventEnds(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for range 8 {
		event := p.startEvent("Snow", "2026-01-10T17:00")
		var wait sync.WaitGroup
		for i := range 16 {
			wait.Go(func() {
				method, path, body := "POST", atEvent(event, "checkin"), map[string]any{}
				if i == 8 {
					path, body = eventPath(event, "/complete"), map[string]any{"end_date": "2026-01-11T12:00"}
				}
				a, err := p.Try(t.Context(), method, path, p.Token(harness.CompanyA, harness.Roles[1+i%4]), body)
				if err != nil || a.Status != http.StatusOK && a.Status != http.StatusBadRequest {
					t.Errorf("%s: %v, %d %s", path, err, a.Status, a.Body)
				}
			})
		}
		wait.Wait()
	}
	if n := harness.Query[int](p.Portal, `select count(*) from portal.event_checkins where checked_out_at is null`); n != 0 {
		t.Errorf("%d check-ins are open without an event", n)
	}
}

func TestCheckins_OneOf64(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	event := p.startEvent("Snow", "2026-01-10T17:00")
	statuses := p.sixtyFour("POST", atEvent(event, "checkin"), p.Token(harness.CompanyA, auth.User), map[string]any{})
	if diff := cmp.Diff(map[int]int{http.StatusOK: 64}, statuses); diff != "" {
		t.Errorf("answers by status: %s", diff)
	}
	if n := harness.Query[int](p.Portal, `select count(*) from portal.event_checkins`); n != 1 {
		t.Errorf("%d check-ins stand, want 1", n)
	}
}
