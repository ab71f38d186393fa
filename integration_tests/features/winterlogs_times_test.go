package features

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

func TestWinterLogs_NightsOnWhichClocksChange(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	user := p.Token(harness.CompanyA, auth.User)
	hours := func(id int64) float64 {
		return harness.Query[float64](p.Portal, `select extract(epoch from time_out - time_in) / 3600 from portal.winter_ops_logs where id = $1`, id)
	}
	for _, c := range []struct {
		in, out string
		hours   float64
	}{
		{"2026-10-31T23:00", "2026-11-01T07:00", 9},
		{"2026-03-07T23:00", "2026-03-08T07:00", 7},
		{"2026-11-01T01:30", "2026-11-01T02:00", 1.5},            // 01:30 is the first of two
		{"2026-11-01T01:30:00-05:00", "2026-11-01T02:00", 0.5},   // and this the second
		{"2026-03-08T01:30", "2026-03-08T02:30", 1},              // which is 03:30
		{"2026-11-01T01:45", "2026-11-01T01:15:00-05:00", 0.5},   // the clock goes back between them
		{"2026-03-08 01:59:00", "2026-03-08T07:00:00Z", 1. / 60}, // 03:00
	} {
		id := p.submit(auth.User, 1, c.in, c.out)
		if got := hours(id); got < c.hours-1e-6 || got > c.hours+1e-6 {
			t.Errorf("from %s to %s are %g hours, want %g", c.in, c.out, got, c.hours)
		}
	}

	// What was 02:30 is shown as 03:30; and a change that repeats what was shown keeps the instant, be it
	// the second of two.
	gap := p.submit(auth.User, 2, "2026-03-08T02:30", "2026-03-08T04:00")
	if l := p.ticket(gap); *l.TimeIn != "2026-03-08T03:30:00" {
		t.Errorf("02:30 is shown as %s", *l.TimeIn)
	}
	second := p.submit(auth.User, 2, "2026-11-01T06:15:30Z", "2026-11-01T06:45:00Z")
	shown := p.ticket(second)
	if *shown.TimeIn != "2026-11-01T01:15:30" || *shown.TimeOut != "2026-11-01T01:45:00" {
		t.Fatalf("shown as %s to %s", *shown.TimeIn, *shown.TimeOut)
	}
	for _, repeated := range []struct{ in, out string }{{*shown.TimeIn, *shown.TimeOut}, {"2026-11-01T01:15", "2026-11-01T01:45"}} {
		p.Do("PUT", logPath(second, ""), user, map[string]any{"property_id": p.property(harness.CompanyA, 2), "time_in": repeated.in, "time_out": repeated.out}).
			Want(t, http.StatusOK)
		if got := harness.Query[bool](p.Portal, `select time_in = '2026-11-01 06:15:30Z' and time_out = '2026-11-01 06:45Z' from portal.winter_ops_logs where id = $1`, second); !got {
			t.Errorf("repeating %s moved the log", repeated.in)
		}
	}
	p.Do("PUT", logPath(second, ""), user, map[string]any{"property_id": p.property(harness.CompanyA, 2), "time_in": "2026-11-01T01:15:31", "time_out": "2026-11-01T01:45"}).
		Want(t, http.StatusOK)
	if got := hours(second); got < 1.49 || got > 1.5 {
		t.Errorf("another time_in is not the first of two: %g hours", got)
	}

	// The day on which clocks go back has 25 hours, and a list by dates all of them.
	last := p.submit(auth.User, 3, "2026-11-01T23:59:59", "2026-11-02T00:30")
	if got := p.logs("/winter-logs/?from=2026-11-01&to=2026-11-01"); len(got) == 0 || got[0].ID != last {
		t.Errorf("the last second of the day is not in its list")
	}
}

func TestWinterLogs_SuggestedAndSnappedTimes(t *testing.T) {
	t.Parallel()
	c, withClock := harness.NewClock(t, "2026-01-10T18:08:00")
	p := newPortal(t, withClock)
	p.Exec(`update portal.users set default_equipment = 'Plow truck' where email = $1`, harness.Email(harness.CompanyA, auth.User))
	type suggestion struct {
		SuggestedTime    string `json:"suggested_time"`
		Source           string
		DefaultEquipment *string `json:"default_equipment"`
	}
	suggests := func(want suggestion) {
		t.Helper()
		var got suggestion
		p.Do("GET", "/suggested-log-time/", p.Token(harness.CompanyA, auth.User), nil).Want(t, http.StatusOK).JSON(t, &got)
		want.DefaultEquipment = new("Plow truck")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	suggests(suggestion{SuggestedTime: "2026-01-10T18:15:00", Source: "current_time"})
	p.submit(auth.User, 1, "2026-01-09T17:00", "2026-01-09T18:07")
	suggests(suggestion{SuggestedTime: "2026-01-10T18:15:00", Source: "current_time"}) // more than a day ago
	p.submit(auth.User, 1, "2026-01-09T17:00", "2026-01-09T18:08")
	suggests(suggestion{SuggestedTime: "2026-01-09T18:15:00", Source: "previous_log_end"})
	p.startEvent("Snow", "2026-01-10T16:52")
	suggests(suggestion{SuggestedTime: "2026-01-10T17:00:00", Source: "winter_event_start"}) // at 16:45 a ticket would be of no event
	p.submit(auth.User, 1, "2026-01-10T17:00", "2026-01-10T17:53")
	p.submit(auth.Manager, 1, "2026-01-10T17:00", "2026-01-10T17:59") // somebody else's
	suggests(suggestion{SuggestedTime: "2026-01-10T18:00:00", Source: "previous_log_end"})
	c.Set("2026-01-12T18:00:00")
	suggests(suggestion{SuggestedTime: "2026-01-10T18:00:00", Source: "previous_log_end"}) // of the same storm
	p.Do("GET", "/suggested-log-time/", p.ActingToken(), nil).Problem(t, http.StatusForbidden)

	for said, want := range map[string]string{
		"2026-01-10T18:07:59":       "2026-01-10T18:00:00",
		"2026-01-10T18:53":          "2026-01-10T19:00:00",
		"2026-01-10 23:53:00":       "2026-01-11T00:00:00",
		"2026-01-10T18:22:00Z":      "2026-01-10T13:15:00",
		"2026-01-10T18:22:00-08:00": "2026-01-10T21:15:00",
	} {
		var snapped struct{ Original, Snapped string }
		p.Do("POST", "/snap-time/?time_str="+url.QueryEscape(said), p.Token(harness.CompanyA, auth.User), nil).Want(t, http.StatusOK).JSON(t, &snapped)
		if snapped.Original != said || snapped.Snapped != want {
			t.Errorf("%s: %+v, want %s", said, snapped, want)
		}
	}
	p.Do("POST", "/snap-time/?time_str=noon", p.Token(harness.CompanyA, auth.User), nil).Problem(t, http.StatusUnprocessableEntity)
	p.Do("POST", "/snap-time/", p.Token(harness.CompanyA, auth.User), nil).Problem(t, http.StatusUnprocessableEntity)
}
