package features

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// A span is a place of a write where a beginning and an end are given, as a test gives them.
type span struct {
	operation string
	begin     string // the place of the beginning; it may be in what is stored
	end       string
	ahead     string // the place that is bound to now
	send      func(begin, end string) harness.Answer
	ended     string // what reads the end that was stored last, in UTC
}

const (
	winterEnd = `select to_char(time_out at time zone 'UTC', 'HH24:MI') from portal.winter_ops_logs order by updated_at desc, id desc limit 1`
	greenEnd  = `select to_char(time_out at time zone 'UTC', 'HH24:MI') from portal.green_services_logs order by updated_at desc, id desc limit 1`
	eventEnd  = `select to_char(end_date at time zone 'UTC', 'HH24:MI') from portal.winter_events order by updated_at desc, id desc limit 1`
)

// spans are all that there are.
func spans(p *portal) []span {
	admin := p.Token(harness.CompanyA, auth.Admin)
	property, contractor := p.property(harness.CompanyA, 1), p.person(harness.CompanyA, auth.Contractor)
	n := 0 // no two logs are the same
	winter := func(begin, end string) map[string]any {
		n++
		return map[string]any{"property_id": property, "time_in": begin, "time_out": end, "notes": fmt.Sprint(n)}
	}
	green := func(begin, end string) map[string]any {
		n++
		return map[string]any{
			"property_id": property, "contractor_id": contractor, "worker_name": "", "service_type": "Mowing", "products_used": "",
			"quantity_used": 0, "notes": fmt.Sprint(n), "time_in": begin, "time_out": end,
		}
	}
	stored := func(path, field string, body map[string]any) int64 {
		var made map[string]any
		p.Do("POST", path, admin, body).Want(p.T, http.StatusOK).JSON(p.T, &made)
		return int64(made[field].(float64))
	}
	newEvent := func(begin string) int64 {
		p.Exec(`delete from portal.winter_events`)
		return stored("/winter-events/", "event_id", map[string]any{"event_name": "Storm", "start_date": begin})
	}
	const old = "2026-01-10T06:00"
	return []span{
		{"POST /submit-winter-log/", "body.time_in", "body.time_out", "body.time_in", func(begin, end string) harness.Answer {
			return p.Do("POST", "/submit-winter-log/", admin, winter(begin, end))
		}, winterEnd},
		{"PUT /winter-logs/{log_id}", "body.time_in", "body.time_out", "body.time_in", func(begin, end string) harness.Answer {
			return p.Do("PUT", logPath(stored("/submit-winter-log/", "log_id", winter(old, old)), ""), admin, winter(begin, end))
		}, winterEnd},
		{"PUT /winter-logs/{log_id}/close", "", "query.time_out", "", func(begin, end string) harness.Answer {
			p.Exec(`delete from portal.winter_ops_logs`)
			id := stored("/submit-winter-log/", "log_id", winter(begin, ""))
			return p.Do("PUT", logPath(id, "/close?time_out="+end), admin, nil)
		}, winterEnd},
		{"POST /submit-green-log/", "body.time_in", "body.time_out", "body.time_in", func(begin, end string) harness.Answer {
			return p.Do("POST", "/submit-green-log/", admin, green(begin, end))
		}, greenEnd},
		{"PUT /green-logs/{log_id}", "body.time_in", "body.time_out", "body.time_in", func(begin, end string) harness.Answer {
			return p.Do("PUT", fmt.Sprintf("/green-logs/%d", stored("/submit-green-log/", "log_id", green(old, old))), admin, green(begin, end))
		}, greenEnd},
		{"POST /winter-events/{event_id}/complete", "", "body.end_date", "body.end_date", func(begin, end string) harness.Answer {
			return p.Do("POST", fmt.Sprintf("/winter-events/%d/complete", newEvent(begin)), admin, map[string]any{"end_date": end})
		}, eventEnd},
		{"PUT /winter-events/{event_id}", "body.start_date", "body.end_date", "body.end_date", func(begin, end string) harness.Answer {
			return p.Do("PUT", fmt.Sprintf("/winter-events/%d", newEvent(old)), admin, map[string]any{"event_name": "Storm", "start_date": begin, "end_date": end})
		}, eventEnd},
	}
}

// No write has a time beside these: a new one has to say whether it is an end.
func TestTimes_EverySpanIsKnown(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	known := []string{
		"POST /winter-events/ body.start_date",    // has no end yet
		"POST /snap-time/ query.time_str",         // is rounded, and not stored
		"POST /api/customers/ body.trial_ends_at", // the operator's, of what begins now
		"PUT /api/customers/{customer_id} body.trial_ends_at",
	}
	for _, s := range spans(p) {
		for _, at := range []string{s.begin, s.end} {
			if at != "" {
				known = append(known, s.operation+" "+at)
			}
		}
	}
	var have []string
	for _, op := range harness.ReadDocument(t, p.Portal) {
		for _, l := range op.Leaves() {
			if op.Writes() && !op.Reads && l.IsTime() {
				have = append(have, op.String()+" "+l.At)
			}
		}
	}
	slices.Sort(known)
	slices.Sort(have)
	if diff := cmp.Diff(known, have); diff != "" {
		t.Errorf("times of writes (-known +documented):\n%s", diff)
	}
}

// In the night of 2026-11-01 the hour from 01:00 occurs twice. An end that would precede its beginning is of the
// second one, wherever an end is given.
func TestTimes_AnEndInTheHourThatOccursTwice(t *testing.T) {
	t.Parallel()
	_, clock := harness.NewClock(t, "2026-11-02T12:00:00")
	p := newPortal(t, clock)
	for _, s := range spans(p) {
		for end, want := range map[string]string{"2026-11-01T01:15": "06:15", "2026-11-01T01:50": "05:50"} {
			if a := s.send("2026-11-01T01:45", end); a.Status != http.StatusOK {
				t.Errorf("%s from 01:45 to %s: %d %s", s.operation, end, a.Status, a.Body)
			} else if have := harness.Query[string](p.Portal, s.ended); have != want {
				t.Errorf("%s from 01:45 to %s ends at %s UTC, want %s", s.operation, end, have, want)
			}
		}
		for begin, end := range map[string]string{
			"2026-11-01T01:45": "2026-11-01T00:15", "2026-11-01T06:45Z": "2026-11-01T01:15", "2026-10-31T01:45": "2026-10-31T01:15",
		} {
			if a := s.send(begin, end); a.Status != http.StatusBadRequest || !strings.Contains(string(a.Body), "precedes") {
				t.Errorf("%s from %s to %s: %d %s", s.operation, begin, end, a.Status, a.Body)
			}
		}
	}
}

// Work begins a day ahead at the most, and nothing is over that has not come yet.
func TestTimes_NotAheadOfNow(t *testing.T) {
	t.Parallel()
	_, clock := harness.NewClock(t, "2026-01-10T12:00:00")
	p := newPortal(t, clock)
	bound := 0
	for _, s := range spans(p) {
		last, late := "2026-01-11T12:00", "2026-01-11T12:00:01"
		begin := func(at string) (string, string) { return at, "2026-01-12T01:00" }
		switch s.ahead {
		case "":
			continue
		case s.end:
			last, late = "2026-01-10T12:00", "2026-01-10T12:00:01"
			begin = func(at string) (string, string) { return "2026-01-10T07:00", at }
		}
		bound++
		if a := s.send(begin(last)); a.Status != http.StatusOK {
			t.Errorf("%s at %s: %d %s", s.operation, last, a.Status, a.Body)
		}
		a := s.send(begin(late)).Problem(t, http.StatusUnprocessableEntity)
		if len(a.Errors) != 1 || a.Errors[0].Location != s.ahead {
			t.Errorf("%s at %s: %+v", s.operation, late, a)
		}
	}
	if bound != 6 {
		t.Errorf("%d places are bound", bound)
	}
}
