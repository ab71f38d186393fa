package winterlogs

import (
	"testing"
	"time"
	_ "time/tzdata"

	"contractor-portal/server/field"
)

func TestSnap(t *testing.T) {
	t.Parallel()
	for minute := range 60 {
		var want int
		switch {
		case minute <= 7:
			want = 0
		case minute <= 22:
			want = 15
		case minute <= 37:
			want = 30
		case minute <= 52:
			want = 45
		default:
			want = 60
		}
		for _, zone := range []*time.Location{time.UTC, time.FixedZone("Kathmandu", 5*3600+45*60), time.FixedZone("St. John's", -3*3600-30*60)} {
			said := time.Date(2026, 1, 10, 23, minute, 59, 999, zone)
			if got, want := Snap(said), time.Date(2026, 1, 10, 23, want, 0, 0, zone); !got.Equal(want) {
				t.Errorf("%s becomes %s, want %s", said, got, want)
			}
		}
	}
}

// The last minutes before the clocks go back or forward belong to the full hour that comes.
func TestSnap_AcrossAChangeOfTheClocks(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for said, want := range map[string]string{
		"2026-11-01T05:53:00Z": "2026-11-01T01:00:00-05:00",
		"2026-11-01T05:52:00Z": "2026-11-01T01:45:00-04:00",
		"2026-03-08T06:53:00Z": "2026-03-08T03:00:00-04:00",
	} {
		at, err := time.Parse(time.RFC3339, said)
		if err != nil {
			t.Fatal(err)
		}
		if got := Snap(at.In(zone)).Format(time.RFC3339); got != want {
			t.Errorf("%s becomes %s, want %s", said, got, want)
		}
	}
}

func TestSuggestion(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)
	ago := func(hours int) *field.Time {
		return &field.Time{Time: now.Add(-time.Duration(hours) * time.Hour)}
	}
	for _, c := range []struct {
		previous, event *field.Time
		source          string
	}{
		{nil, nil, "current_time"},
		{ago(1), nil, "previous_log_end"},
		{ago(24), nil, "previous_log_end"},
		{ago(25), nil, "current_time"},
		{nil, ago(30), "winter_event_start"},
		{ago(29), ago(30), "previous_log_end"},
		{ago(30), ago(30), "previous_log_end"},
		{ago(31), ago(30), "winter_event_start"},
		{ago(1), ago(0), "winter_event_start"},
	} {
		at, source := known{PreviousEnd: c.previous, EventStart: c.event}.suggestion(now)
		want := map[string]*field.Time{"previous_log_end": c.previous, "winter_event_start": c.event, "current_time": ago(0)}[c.source]
		if source != c.source || !at.Equal(want.Time) {
			t.Errorf("previous %v, event %v: %s, %s; want %s", c.previous, c.event, at, source, c.source)
		}
	}
}
