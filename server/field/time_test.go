package field

import (
	"encoding/json"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/danielgtaylor/huma/v2"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestTime_IsLocalWithoutZone(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(Time{time.Date(2026, 11, 23, 11, 30, 5, 999, time.UTC).In(zone(t, "America/New_York"))})
	if err != nil || string(text) != `"2026-11-23T06:30:05"` {
		t.Errorf("%s, %v", text, err)
	}
}

func TestLocalTime_MeansOneInstant(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, said, meant, why string }{
		{"America/New_York", "2026-01-10T06:30", "2026-01-10T11:30:00Z", "winter"},
		{"America/New_York", "2026-07-10 06:30:15", "2026-07-10T10:30:15Z", "summer, with a space"},
		{"America/New_York", "2026-07-10T06:30:15", "2026-07-10T10:30:15Z", "to the second"},
		{"America/New_York", "2026-07-10T06:30:15.250", "2026-07-10T10:30:15.25Z", "a fraction, as browsers write it"},
		{"America/New_York", "2026-07-10T06:30Z", "2026-07-10T06:30:00Z", "UTC"},
		{"America/New_York", "2026-07-10T06:30:00-08:00", "2026-07-10T14:30:00Z", "another zone"},
		{"America/New_York", "2026-07-10 06:30:00+05:45", "2026-07-10T00:45:00Z", "another zone, with a space"},

		{"America/New_York", "2026-11-01T00:59:59", "2026-11-01T04:59:59Z", "before the hour that occurs twice"},
		{"America/New_York", "2026-11-01T01:00", "2026-11-01T05:00:00Z", "twice: the daylight one"},
		{"America/New_York", "2026-11-01T01:30", "2026-11-01T05:30:00Z", "twice: the daylight one"},
		{"America/New_York", "2026-11-01T01:30:00-05:00", "2026-11-01T06:30:00Z", "twice: a zone names the second one"},
		{"America/New_York", "2026-11-01T02:00", "2026-11-01T07:00:00Z", "after the hour that occurs twice"},
		{"America/New_York", "2026-03-08T01:59:59", "2026-03-08T06:59:59Z", "before the gap"},
		{"America/New_York", "2026-03-08T02:00", "2026-03-08T07:00:00Z", "gap: 03:00"},
		{"America/New_York", "2026-03-08T02:30", "2026-03-08T07:30:00Z", "gap: 03:30"},
		{"America/New_York", "2026-03-08T03:00", "2026-03-08T07:00:00Z", "after the gap"},

		{"Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30:00Z", "twice, east of Greenwich"},
		{"Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:30:00Z", "gap, east of Greenwich"},
		{"Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45:00Z", "half an hour that occurs twice"},
		{"Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45:00Z", "a gap of half an hour: 02:45"},
		{"America/Havana", "2026-11-01T00:00", "2026-11-01T04:00:00Z", "midnight occurs twice"},
		{"America/Santiago", "2026-09-06T00:00", "2026-09-06T04:00:00Z", "midnight does not exist: 01:00"},
		{"Pacific/Kiritimati", "2026-01-01T00:00", "2025-12-31T10:00:00Z", "the farthest east"},
		{"Asia/Kathmandu", "2026-01-01T00:00", "2025-12-31T18:15:00Z", "quarters of an hour"},
		{"UTC", "2026-11-01T01:30", "2026-11-01T01:30:00Z", "no change at all"},
	} {
		got := LocalTime(c.said).In(zone(t, c.zone))
		if got == nil || got.UTC().Format(time.RFC3339Nano) != c.meant {
			t.Errorf("%s in %s (%s): got %v, want %s", c.said, c.zone, c.why, got, c.meant)
		}
	}
}

// Every quarter of an hour of two years, in zones of all kinds: what is written is read back, and where
// it is not, it is the second of two.
func TestLocalTime_ReadsWhatTimeWrites(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "America/Santiago", "Africa/Casablanca", "Asia/Tehran"} {
		z := zone(t, name)
		seconds := 0
		for at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2027; at = at.Add(15 * time.Minute) {
			written := at.In(z).Format(timeLayout)
			read := LocalTime(written).In(z)
			switch {
			case read.Equal(at):
			case read.Before(at) && read.Format(timeLayout) == written:
				seconds++
			default:
				t.Fatalf("%s: %s was written as %s and read as %s", name, at, written, read)
			}
		}
		if want := 2 * 4; name == "America/New_York" && seconds != want {
			t.Errorf("%s: %d times occur twice, want %d", name, seconds, want)
		}
	}
}

func TestLocalTime_NightShifts(t *testing.T) {
	t.Parallel()
	z := zone(t, "America/New_York")
	for _, c := range []struct {
		in, out LocalTime
		hours   float64
	}{
		{"2026-10-31T23:00", "2026-11-01T07:00", 9},
		{"2026-03-07T23:00", "2026-03-08T07:00", 7},
		{"2026-01-10T23:00", "2026-01-11T07:00", 8},
	} {
		if hours := c.out.In(z).Sub(*c.in.In(z)).Hours(); hours != c.hours {
			t.Errorf("from %s to %s are %g hours, want %g", c.in, c.out, hours, c.hours)
		}
	}
}

// An end in the hour that occurs twice is the first that does not precede its beginning.
func TestLocalTime_Ending(t *testing.T) {
	t.Parallel()
	z := zone(t, "America/New_York")
	for _, c := range []struct{ begin, end, want, why string }{
		{"2026-11-01T05:45:00Z", "2026-11-01T01:15", "2026-11-01T06:15:00Z", "it would precede: the second"},
		{"2026-11-01T05:45:00Z", "2026-11-01T01:50", "2026-11-01T05:50:00Z", "it does not: the first"},
		{"2026-11-01T06:45:00Z", "2026-11-01T01:15", "2026-11-01T06:15:00Z", "both precede"},
		{"2026-11-01T05:45:00Z", "2026-11-01T01:15-04:00", "2026-11-01T05:15:00Z", "a zone says which"},
		{"2026-11-01T05:45:00Z", "2026-11-01T00:15", "2026-11-01T04:15:00Z", "it occurs once"},
		{"2026-03-08T07:10:00Z", "2026-03-08T02:05", "2026-03-08T07:05:00Z", "it does not exist"},
		{"2026-01-10T12:00:00Z", "2026-01-10T09:00", "2026-01-10T14:00:00Z", "an ordinary day"},
	} {
		begin, err := time.Parse(time.RFC3339, c.begin)
		if err != nil {
			t.Fatal(err)
		}
		if end := LocalTime(c.end).Ending(begin, nil, z); end.UTC().Format(time.RFC3339) != c.want {
			t.Errorf("from %s to %s (%s): got %s, want %s", c.begin, c.end, c.why, end.UTC(), c.want)
		}
	}
	begin, old := time.Date(2026, 11, 1, 5, 45, 0, 0, time.UTC), Time{time.Date(2026, 11, 1, 6, 50, 0, 0, time.UTC)}
	if end := LocalTime("2026-11-01T01:50").Ending(begin, &old, z); !end.Equal(old.Time) {
		t.Errorf("repeated, but it becomes %s", end)
	}
	if end := LocalTime("").Ending(begin, nil, z); end != nil {
		t.Errorf("nothing is said, but it becomes %s", end)
	}
}

func TestTimes_AreOfOurYears(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]bool{
		"2000-01-01T00:00": true, "2100-12-31T23:59": true, "2000-01-01": true, "2100-12-31": true, "2000-01-01T00:00:00+14:00": false,
		"1999-12-31T23:59": false, "2101-01-01T00:00": false, "1999-12-31": false, "2101-01-01": false, "0001-01-01T00:00": false,
		"9999-12-31T23:59-12:00": false, "0000-01-01T00:00+14:00": false, "2100-12-31T23:59-12:00": false, "1970-01-01T00:00:00Z": false,
	} {
		var errs []error
		path := huma.NewPathBuffer(nil, 0)
		if len(said) == len(time.DateOnly) {
			errs = new(Date(said)).Resolve(nil, path)
		} else {
			errs = new(LocalTime(said)).Resolve(nil, path)
		}
		if _, err := ParseTime(said, time.UTC); (len(errs) == 0) != want || (err == nil) != want {
			t.Errorf("%s: %v and %v, want it taken: %t", said, errs, err, want)
		}
	}
}

// What is read as a time is a moment of our years, that is written and read again as itself.
func FuzzLocalTime(f *testing.F) {
	for _, text := range []string{"2026-11-01T01:30", "2026-03-08 02:30:00", "2026-01-10T06:30:15.250-05:00", "9999-12-31T23:59-12:00", "2026-02-30T10:00", "2000-01-01", ""} {
		f.Add(text, int64(1767225600))
	}
	zones := []*time.Location{time.UTC}
	for _, name := range []string{"America/New_York", "Australia/Lord_Howe", "America/Havana", "Pacific/Kiritimati", "Pacific/Apia"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			f.Fatal(err)
		}
		zones = append(zones, zone)
	}
	f.Fuzz(func(t *testing.T, text string, begin int64) {
		for _, zone := range zones {
			if _, err := ParseTime(text, zone); err != nil {
				continue
			}
			said := LocalTime(text)
			at := said.In(zone)
			if at == nil {
				continue // a date
			}
			if year := at.Year(); year < 1999 || year > 2101 {
				t.Errorf("%q is in the year %d", text, year)
			}
			shown := LocalTime(at.Format(timeLayout))
			if _, ok := shown.read(); !ok {
				continue // by a zone the first or the last hours of our years are of other ones
			}
			if kept := shown.Keeping(&Time{*at}, zone); kept == nil || !kept.Equal(*at) {
				t.Errorf("%q is shown as %s and becomes %v", text, shown, kept)
			}
			start := time.Unix(begin, 0)
			if end := said.Ending(start, nil, zone); end.Before(*at) || !at.Before(start) && !end.Equal(*at) {
				t.Errorf("%q after %s becomes %s", text, start, end)
			}
		}
	})
}

func TestLocalTime_KeepsWhatIsRepeated(t *testing.T) {
	t.Parallel()
	z := zone(t, "America/New_York")
	second := time.Date(2026, 11, 1, 6, 30, 45, 123456000, time.UTC) // 01:30:45 EST
	for _, c := range []struct {
		said LocalTime
		old  *Time
		want string
	}{
		{"2026-11-01T01:30:45", &Time{second}, "2026-11-01T06:30:45.123456Z"},
		{"2026-11-01 01:30:45", &Time{second}, "2026-11-01T06:30:45.123456Z"},
		{"2026-11-01T01:30", &Time{second}, "2026-11-01T06:30:45.123456Z"},
		{"2026-11-01T01:30:00", &Time{second}, "2026-11-01T05:30:00Z"},
		{"2026-11-01T01:31", &Time{second}, "2026-11-01T05:31:00Z"},
		{"2026-11-01T01:30:45Z", &Time{second}, "2026-11-01T01:30:45Z"},
		{"2026-11-01T01:30:45", nil, "2026-11-01T05:30:45Z"},
	} {
		if got := c.said.Keeping(c.old, z); got.UTC().Format(time.RFC3339Nano) != c.want {
			t.Errorf("%s over %v: got %s, want %s", c.said, c.old, got.UTC(), c.want)
		}
	}
	if got := LocalTime("").Keeping(&Time{second}, z); got != nil {
		t.Errorf("no time over an old one is %s, want none", got)
	}
}

func TestLocalTime_Refuses(t *testing.T) {
	t.Parallel()
	for _, said := range []LocalTime{
		"yesterday", "  ", "2026-11-01", "06:30", "2026-02-30T10:00", "2026-11-01T24:00", "2026-11-01T10:60", "2026-11-01T10",
		"01/11/2026 10:00", "2026-11-01T10:00 EST", "2026-11-01T10:00:00+99:00", "20261101T1000",
	} {
		if errs := said.Resolve(nil, huma.NewPathBuffer(nil, 0)); len(errs) != 1 {
			t.Errorf("%q passes", said)
		}
		if got := said.In(time.UTC); got != nil {
			t.Errorf("%q means %s", said, got)
		}
	}
	for _, said := range []LocalTime{"", " 2026-11-01T10:00 ", "2026-11-01 10:00:00", "2026-11-01T10:00:00.000Z"} {
		if errs := said.Resolve(nil, huma.NewPathBuffer(nil, 0)); len(errs) != 0 {
			t.Errorf("%q is refused: %v", said, errs)
		}
	}
}

// Both ends of a range of dates are in it, also where the day has no midnight or two.
func TestDate_Days(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone       string
		from, to   Date
		begin, end string
	}{
		{"America/New_York", "2026-01-10", "2026-01-10", "2026-01-10T05:00:00Z", "2026-01-11T05:00:00Z"},
		{"America/New_York", "2026-11-01", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"},
		{"America/New_York", "2026-03-08", "2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"},
		{"America/New_York", "2026-12-31", "2027-01-31", "2026-12-31T05:00:00Z", "2027-02-01T05:00:00Z"},
		{"America/Havana", "2026-11-01", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"},
		{"America/Santiago", "2026-09-06", "2026-09-06", "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"},
	} {
		z := zone(t, c.zone)
		begin, end := c.from.starts(0, z), c.to.starts(1, z)
		if b, e := begin.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339); b != c.begin || e != c.end {
			t.Errorf("%s to %s in %s: from %s until %s, want %s and %s", c.from, c.to, c.zone, b, e, c.begin, c.end)
		}
	}
}

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

// Days have 23, 24 or 25 hours; one whose midnight the clocks leave out begins later.
func TestMidnights(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, first, last, want string }{
		{"America/New_York", "2026-03-08T01:00:00-05:00", "2026-03-09T23:59:59-04:00", "2026-03-08T05:00:00Z 2026-03-09T04:00:00Z "},
		{"America/New_York", "2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00", "2026-11-01T04:00:00Z 2026-11-02T05:00:00Z "},
		{"America/Santiago", "2026-09-05T12:00:00-04:00", "2026-09-06T12:00:00-03:00", "2026-09-05T04:00:00Z 2026-09-06T04:00:00Z "},
		{"UTC", "2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z", "2026-01-01T00:00:00Z "},
	} {
		first, _ := time.Parse(time.RFC3339, c.first)
		last, _ := time.Parse(time.RFC3339, c.last)
		have := ""
		for _, day := range Midnights(first, last, zone(t, c.zone)) {
			have += day.UTC().Format(time.RFC3339) + " "
		}
		if have != c.want {
			t.Errorf("%s: have %s, want %s", c.zone, have, c.want)
		}
	}
}
