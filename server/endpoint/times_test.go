package endpoint

import (
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, text, want string }{
		{"America/New_York", "2026-11-23T06:30", "2026-11-23T06:30:00-05:00"},
		{"America/New_York", "2026-07-01T06:30:15", "2026-07-01T06:30:15-04:00"},
		{"America/New_York", "2026-07-01 06:30:15", "2026-07-01T06:30:15-04:00"},
		{"America/New_York", "2026-07-01", "2026-07-01T00:00:00-04:00"},
		{"America/New_York", "2026-07-01T10:30:00.000Z", "2026-07-01T06:30:00-04:00"},
		{"America/New_York", "2026-07-01T10:30+02:00", "2026-07-01T04:30:00-04:00"},
		// Twice: the first. Never: forward by the gap. West and east of Greenwich.
		{"America/New_York", "2026-11-01T01:30", "2026-11-01T01:30:00-04:00"},
		{"America/New_York", "2026-11-01T02:00", "2026-11-01T02:00:00-05:00"},
		{"America/New_York", "2026-03-08T02:30", "2026-03-08T03:30:00-04:00"},
		{"America/New_York", "2026-03-08T03:00", "2026-03-08T03:00:00-04:00"},
		{"Europe/Berlin", "2026-10-25T02:30", "2026-10-25T02:30:00+02:00"},
		{"Europe/Berlin", "2026-03-29T02:30", "2026-03-29T03:30:00+02:00"},
		{"Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T01:59:59+01:00"},
		{"Australia/Lord_Howe", "2026-10-04T02:10", "2026-10-04T02:40:00+11:00"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseTime(c.text, zone)
		if err != nil || got.Format(time.RFC3339) != c.want {
			t.Errorf("%s in %s: got %s, %v; want %s", c.text, c.zone, got.Format(time.RFC3339), err, c.want)
		}
	}
	for _, text := range []string{"", "soon", "2026-13-01", "2026-02-30T10:00", "23.11.2026"} {
		if got, err := ParseTime(text, time.UTC); err == nil {
			t.Errorf("%q was read as %s", text, got)
		}
	}
}
