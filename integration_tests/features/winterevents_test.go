package features

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

type winterEvent struct {
	ID            int64
	EventName     string `json:"event_name"`
	Status        string
	StartDate     string  `json:"start_date"`
	EndDate       *string `json:"end_date"`
	CompletedAt   *string `json:"completed_at"`
	CreatedBy     *int64  `json:"created_by"`
	CreatedByName *string `json:"created_by_name"`
	LogCount      int     `json:"log_count"`
	PropertyCount int     `json:"property_count"`
}

func eventPath(id int64, more string) string { return fmt.Sprintf("/winter-events/%d%s", id, more) }

// startEvent starts a storm of company A and returns its id.
func (p *portal) startEvent(name, start string) int64 {
	p.T.Helper()
	var started struct {
		EventID int64 `json:"event_id"`
		Status  string
	}
	p.Do("POST", "/winter-events/", p.Token(harness.CompanyA, auth.Manager), map[string]any{"event_name": name, "start_date": start}).
		Want(p.T, http.StatusOK).JSON(p.T, &started)
	if started.EventID == 0 || started.Status != "active" {
		p.T.Fatalf("an event was started as %+v", started)
	}
	return started.EventID
}

func (p *portal) event(id int64) (e winterEvent) {
	p.T.Helper()
	p.Do("GET", eventPath(id, ""), p.Token(harness.CompanyA, auth.Manager), nil).Want(p.T, http.StatusOK).JSON(p.T, &e)
	return e
}

func TestWinterEvents_Life(t *testing.T) {
	t.Parallel()
	c, withClock := harness.NewClock(t, "2026-01-10T18:00:00")
	p := newPortal(t, withClock)
	manager := p.Token(harness.CompanyA, auth.Manager)
	if a := p.Do("GET", "/winter-events/active", p.Token(harness.CompanyA, auth.User), nil).Want(t, http.StatusOK); strings.TrimSpace(string(a.Body)) != "null" {
		t.Errorf("active without an event: %s", a.Body)
	}

	id := p.startEvent("First Snow", "2026-01-10T17:30")
	want := winterEvent{
		ID: id, EventName: "First Snow", Status: "active", StartDate: "2026-01-10T17:30:00",
		CreatedBy: new(p.person(harness.CompanyA, auth.Manager)), CreatedByName: new("Manager One"),
	}
	var active winterEvent
	p.Do("GET", "/winter-events/active", p.Token(harness.CompanyA, auth.User), nil).Want(t, http.StatusOK).JSON(t, &active)
	if diff := cmp.Diff(want, active); diff != "" {
		t.Error(diff)
	}
	if a := p.Do("GET", "/winter-events/active", p.Token(harness.CompanyB, auth.User), nil).Want(t, http.StatusOK); strings.TrimSpace(string(a.Body)) != "null" {
		t.Errorf("company B has the active event %s", a.Body)
	}

	// No second one, neither new nor revived.
	second := map[string]any{"event_name": "Second Snow", "start_date": "2026-01-10T18:00"}
	if problem := p.Do("POST", "/winter-events/", manager, second).Problem(t, http.StatusBadRequest); !strings.Contains(problem.Detail, "First Snow") {
		t.Errorf("a second event: %s", problem.Detail)
	}
	p.Do("POST", "/winter-events/", p.Token(harness.CompanyB, auth.Manager), second).Want(t, http.StatusOK)

	c.Set("2026-01-11T13:00:00")
	p.Do("POST", eventPath(id, "/complete"), manager, map[string]any{"end_date": "2026-01-10T17:29"}).Problem(t, http.StatusBadRequest)
	p.Do("POST", eventPath(id, "/complete"), manager, map[string]any{"end_date": "2026-01-11T12:00"}).Want(t, http.StatusOK)
	p.Do("POST", eventPath(id, "/complete"), manager, map[string]any{"end_date": "2026-01-11T12:00"}).Problem(t, http.StatusBadRequest)
	want.Status, want.EndDate, want.CompletedAt = "completed", new("2026-01-11T12:00:00"), new("2026-01-11T13:00:00")
	if diff := cmp.Diff(want, p.event(id)); diff != "" {
		t.Error(diff)
	}

	next := p.startEvent("Second Snow", "2026-01-12T00:00")
	p.Do("PUT", eventPath(id, ""), manager, map[string]any{"event_name": "First Snow", "start_date": "2026-01-10T17:30"}).Problem(t, http.StatusConflict)
	p.Do("POST", eventPath(next, "/cancel"), manager, nil).Want(t, http.StatusOK)
	p.Do("POST", eventPath(next, "/cancel"), manager, nil).Problem(t, http.StatusBadRequest)

	// A completed one may go on; a cancelled one stays cancelled, whatever its end.
	p.Do("PUT", eventPath(id, ""), manager, map[string]any{"event_name": "Long Snow", "start_date": "2026-01-10T17:30"}).Want(t, http.StatusOK)
	want.EventName, want.Status, want.EndDate, want.CompletedAt = "Long Snow", "active", nil, nil
	if diff := cmp.Diff(want, p.event(id)); diff != "" {
		t.Error(diff)
	}
	for _, end := range []any{"2026-01-13T00:00", nil, ""} {
		p.Do("PUT", eventPath(next, ""), manager, map[string]any{"event_name": "No Snow", "start_date": "2026-01-12T00:00", "end_date": end}).Want(t, http.StatusOK)
		if e := p.event(next); e.Status != "cancelled" || e.EventName != "No Snow" {
			t.Errorf("a cancelled event saved with the end %v is %s", end, e.Status)
		}
	}

	var list []winterEvent
	p.Do("GET", "/winter-events/?limit=1", manager, nil).Want(t, http.StatusOK).JSON(t, &list)
	if len(list) != 1 || list[0].ID != next {
		t.Errorf("the newest event is not first: %+v", list)
	}
}

func TestWinterEvents_RefusesWhatIsNotSaid(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	manager := p.Token(harness.CompanyA, auth.Manager)
	for _, body := range []map[string]any{
		{"start_date": "2026-01-10T17:30"},
		{"event_name": "", "start_date": "2026-01-10T17:30"},
		{"event_name": "  ", "start_date": "2026-01-10T17:30"},
		{"event_name": "Snow"},
		{"event_name": "Snow", "start_date": ""},
		{"event_name": "Snow", "start_date": " "},
		{"event_name": "Snow", "start_date": "tomorrow"},
		{"event_name": "Snow", "start_date": "2026-02-30T00:00"},
	} {
		if problem := p.Do("POST", "/winter-events/", manager, body).Problem(t, http.StatusUnprocessableEntity); len(problem.Errors) == 0 {
			t.Errorf("%v: no field is named", body)
		}
	}
	if n := harness.Query[int](p.Portal, `select count(*) from portal.winter_events`); n != 0 {
		t.Errorf("%d events were made of them", n)
	}
}

// sixtyFour sends the same request as often at once, and counts the answers by status.
func (p *portal) sixtyFour(method, path, token string, body any) map[int]int {
	p.T.Helper()
	var wait sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 64 {
		wait.Go(func() {
			a, err := p.Try(p.T.Context(), method, path, token, body)
			if err != nil {
				p.T.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			statuses[a.Status]++
		})
	}
	wait.Wait()
	return statuses
}

func TestWinterEvents_OneActiveOf64(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	statuses := p.sixtyFour("POST", "/winter-events/", p.Token(harness.CompanyA, auth.Manager), map[string]any{"event_name": "Snow", "start_date": "2026-01-10T17:30"})
	if diff := cmp.Diff(map[int]int{http.StatusOK: 1, http.StatusBadRequest: 63}, statuses); diff != "" {
		t.Errorf("answers by status: %s", diff)
	}
	if n := harness.Query[int](p.Portal, `select count(*) from portal.winter_events`); n != 1 {
		t.Errorf("%d events stand, want 1", n)
	}
}

// Of 64 that would revive a completed event while another begins, none makes a second active one.
func TestWinterEvents_RevivedAndBegunAtOnce(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	manager := p.Token(harness.CompanyA, auth.Manager)
	var old []int64
	for i := range 4 {
		id := p.startEvent(fmt.Sprintf("Snow %d", i), "2026-01-10T17:30")
		p.Do("POST", eventPath(id, "/complete"), manager, map[string]any{"end_date": "2026-01-11T12:00"}).Want(t, http.StatusOK)
		old = append(old, id)
	}
	var wait sync.WaitGroup
	for i := range 64 {
		wait.Go(func() {
			method, path := "POST", "/winter-events/"
			if i%2 == 0 {
				method, path = "PUT", eventPath(old[i/2%len(old)], "")
			}
			a, err := p.Try(t.Context(), method, path, manager, map[string]any{"event_name": "Snow", "start_date": "2026-01-10T17:30"})
			if err != nil || a.Status != http.StatusOK && a.Status != http.StatusBadRequest && a.Status != http.StatusConflict {
				t.Errorf("%s %s: %v, %d %s", method, path, err, a.Status, a.Body)
			}
		})
	}
	wait.Wait()
	if n := harness.Query[int](p.Portal, `select count(*) from portal.winter_events where status = 'active'`); n != 1 {
		t.Errorf("%d events are active", n)
	}
}

func TestWinterEvents_Delete(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin := p.Token(harness.CompanyA, auth.Admin)
	id := p.startEvent("Snow", "2026-01-10T17:30")
	matched := p.submit(auth.User, 1, "2026-01-10T18:00", "2026-01-10T19:00")
	given := p.submit(auth.User, 2, "2026-01-01T18:00", "2026-01-01T19:00")
	p.Do("PUT", logPath(given, "/assign-event"), admin, map[string]any{"winter_event_id": id}).Want(t, http.StatusOK)

	p.Do("DELETE", eventPath(id, ""), p.Token(harness.CompanyA, auth.Manager), nil).Problem(t, http.StatusForbidden)
	var deleted struct {
		LogsOrphaned int `json:"logs_orphaned"`
	}
	p.Do("DELETE", eventPath(id, ""), admin, nil).Want(t, http.StatusOK).JSON(t, &deleted)
	if deleted.LogsOrphaned != 2 {
		t.Errorf("%d logs orphaned, want 2", deleted.LogsOrphaned)
	}
	p.Do("DELETE", eventPath(id, ""), admin, nil).Problem(t, http.StatusNotFound)

	// Both can be matched again, also the one that a hand had given away.
	next := p.startEvent("New Year's Snow", "2026-01-01T00:00")
	for _, log := range []int64{matched, given} {
		if got := p.ticket(log).WinterEventID; got == nil || *got != next {
			t.Errorf("log %d belongs to %v, want %d", log, got, next)
		}
	}

	p.Exec(`insert into portal.quickbooks_invoices (customer_id, property_id, winter_event_id, total_amount, status) values ($1, $2, $3, 10, 'pending')`,
		harness.CompanyA, p.property(harness.CompanyA, 1), next)
	problem := p.Do("DELETE", eventPath(next, ""), admin, nil).Problem(t, http.StatusConflict)
	if want := "the event has quickbooks invoices; they must stay, so it cannot be deleted"; problem.Detail != want {
		t.Errorf("detail %q, want %q", problem.Detail, want)
	}
	if got := p.ticket(given).WinterEventID; got == nil || *got != next {
		t.Errorf("a refused deletion left log %d with %v", given, got)
	}
}
