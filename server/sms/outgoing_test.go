package sms

import (
	"testing"
	"time"
)

func TestQuietUntil(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("here", -5*3600)
	at := func(text string) time.Time {
		when, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, c := range []struct{ start, end, now, want string }{
		{"22:00", "06:00", "2026-01-10 21:59", ""},
		{"22:00", "06:00", "2026-01-10 22:00", "2026-01-11 06:00"},
		{"22:00", "06:00", "2026-01-10 23:59", "2026-01-11 06:00"},
		{"22:00", "06:00", "2026-01-11 00:00", "2026-01-11 06:00"},
		{"22:00", "06:00", "2026-01-11 05:59", "2026-01-11 06:00"},
		{"22:00", "06:00", "2026-01-11 06:00", ""},
		{"12:00", "13:30", "2026-01-11 12:30", "2026-01-11 13:30"},
		{"12:00", "13:30", "2026-01-11 13:30", ""},
		{"00:00", "05:00", "2026-01-11 00:00", "2026-01-11 05:00"},
		{"23:00", "00:00", "2026-01-31 23:30", "2026-02-01 00:00"},
		{"07:00", "07:00", "2026-01-31 07:00", ""},
	} {
		want := time.Time{}
		if c.want != "" {
			want = at(c.want)
		}
		r := recipient{QuietStart: &c.start, QuietEnd: &c.end}
		if have := r.quietUntil(at(c.now)); !have.Equal(want) {
			t.Errorf("%s to %s, at %s: %v, want %v", c.start, c.end, c.now, have, want)
		}
	}
	if have := (recipient{}).quietUntil(at("2026-01-10 23:00")); !have.IsZero() {
		t.Errorf("without quiet hours: %v", have)
	}
}
