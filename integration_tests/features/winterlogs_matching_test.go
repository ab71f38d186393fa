package features

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// belongs checks which event each log belongs to; 0 is none.
func (p *portal) belongs(when string, want map[int64]int64) {
	p.T.Helper()
	got := map[int64]int64{}
	for _, l := range p.logs("/winter-logs/") {
		got[l.ID] = 0
		if l.WinterEventID != nil {
			got[l.ID] = *l.WinterEventID
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		p.T.Errorf("%s: %s", when, diff)
	}
}

func TestMatching(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	manager := p.Token(harness.CompanyA, auth.Manager)
	save := func(event int64, name, start string, end any) {
		t.Helper()
		p.Do("PUT", eventPath(event, ""), manager, map[string]any{"event_name": name, "start_date": start, "end_date": end}).Want(t, http.StatusOK)
	}
	early := p.submit(auth.User, 1, "2026-01-10T08:00", "2026-01-10T09:00")
	inside := p.submit(auth.User, 1, "2026-01-10T18:00", "2026-01-10T19:00")
	late := p.submit(auth.User, 1, "2026-01-12T18:00", "2026-01-12T19:00")
	p.belongs("without an event", map[int64]int64{early: 0, inside: 0, late: 0})

	// A new event takes what is in its range and belongs to none; its end lets go of what was after it.
	first := p.startEvent("First", "2026-01-10T17:00")
	p.belongs("event started", map[int64]int64{early: 0, inside: first, late: first})
	p.Do("POST", eventPath(first, "/complete"), manager, map[string]any{"end_date": "2026-01-10T18:00"}).Want(t, http.StatusOK)
	p.belongs("event completed at the minute of a log", map[int64]int64{early: 0, inside: first, late: 0})
	save(first, "First", "2026-01-10T08:00", "2026-01-10T23:00")
	p.belongs("event moved", map[int64]int64{early: first, inside: first, late: 0})

	// An event that overlaps takes nothing away from another.
	second := p.startEvent("Second", "2026-01-10T12:00")
	p.belongs("second event started", map[int64]int64{early: first, inside: first, late: second})

	// What a hand has given stays, whatever comes.
	p.Do("PUT", logPath(early, "/assign-event"), manager, map[string]any{"winter_event_id": second}).Want(t, http.StatusOK)
	save(second, "Second", "2026-01-10T12:00", nil)
	p.belongs("given by hand", map[int64]int64{early: second, inside: first, late: second})
	var rematched struct {
		TotalLogs        int `json:"total_logs"`
		AssignedToEvents int `json:"assigned_to_events"`
		Unassigned       int
	}
	p.Do("POST", "/winter-logs/reassign-events/", manager, nil).Want(t, http.StatusOK).JSON(t, &rematched)
	p.belongs("all matched: the active one goes before", map[int64]int64{early: second, inside: second, late: second})
	if rematched.TotalLogs != 3 || rematched.AssignedToEvents != 3 || rematched.Unassigned != 0 {
		t.Errorf("%+v", rematched)
	}
	if !p.ticket(early).ByHand || p.ticket(inside).ByHand {
		t.Error("which log was given by hand is not told")
	}
	p.Do("PUT", logPath(early, ""), p.Token(harness.CompanyA, auth.User), map[string]any{
		"property_id": p.property(harness.CompanyA, 1), "time_in": "2026-01-10T08:30", "time_out": "2026-01-10T09:00",
	}).Want(t, http.StatusOK)
	p.belongs("a log given by hand was changed", map[int64]int64{early: second, inside: second, late: second})

	// A cancelled event keeps its logs until all are matched, and gets no more.
	p.Do("POST", eventPath(second, "/cancel"), manager, nil).Want(t, http.StatusOK)
	save(second, "Cancelled", "2026-01-01T00:00", nil)
	more := p.submit(auth.User, 2, "2026-01-12T20:00", "2026-01-12T21:00")
	p.belongs("event cancelled", map[int64]int64{early: second, inside: second, late: second, more: 0})
	p.Do("POST", "/winter-logs/reassign-events/", manager, nil).Want(t, http.StatusOK).JSON(t, &rematched)
	p.belongs("all matched after a cancellation", map[int64]int64{early: second, inside: first, late: 0, more: 0})
	if rematched.TotalLogs != 4 || rematched.AssignedToEvents != 2 || rematched.Unassigned != 2 {
		t.Errorf("%+v", rematched)
	}

	// A log is matched when it is submitted, and again when it moves.
	third := p.startEvent("Third", "2026-01-13T00:00")
	moved := p.submit(auth.User, 3, "2026-01-13T01:00", "")
	p.belongs("submitted into an event", map[int64]int64{early: second, inside: first, late: 0, more: 0, moved: third})
	p.Do("PUT", logPath(moved, ""), p.Token(harness.CompanyA, auth.User), map[string]any{"property_id": p.property(harness.CompanyA, 3), "time_in": "2026-01-10T20:00"}).
		Want(t, http.StatusOK)
	p.belongs("moved to another event", map[int64]int64{early: second, inside: first, late: 0, more: 0, moved: first})
	p.Do("PUT", logPath(moved, "/assign-to-event"), manager, map[string]any{"winter_event_id": third}).Want(t, http.StatusOK)
	p.belongs("the other name of the call", map[int64]int64{early: second, inside: first, late: 0, more: 0, moved: third})
}

// Of several events that were going on, the latest to begin counts; company B's count for nothing.
func TestMatching_LatestStart(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	manager := p.Token(harness.CompanyA, auth.Manager)
	long := p.startEvent("Long", "2026-01-01T00:00")
	p.Do("POST", eventPath(long, "/complete"), manager, map[string]any{"end_date": "2026-01-31T00:00"}).Want(t, http.StatusOK)
	short := p.startEvent("Short", "2026-01-10T00:00")
	p.Do("POST", eventPath(short, "/complete"), manager, map[string]any{"end_date": "2026-01-20T00:00"}).Want(t, http.StatusOK)
	p.Do("POST", "/winter-events/", p.Token(harness.CompanyB, auth.Manager), map[string]any{"event_name": "Other", "start_date": "2026-01-12T00:00"}).Want(t, http.StatusOK)

	want := map[int64]int64{}
	want[p.submit(auth.User, 1, "2026-01-09T23:59", "2026-01-09T23:59")] = long
	want[p.submit(auth.User, 1, "2026-01-15T00:00", "2026-01-15T01:00")] = short
	want[p.submit(auth.User, 1, "2026-01-20T00:01", "2026-01-20T01:00")] = long
	want[p.submit(auth.User, 1, "2026-02-01T00:00", "2026-02-01T01:00")] = 0
	p.belongs("submitted", want)
}
