package field

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5/pgtype"
)

// Times have one rule, and it stands here and not in SQL: the same zone database then reads what it
// wrote (package db and Time below), and PostgreSQL takes the other one of two equal local times.
// Statements get instants, and compare instants.

// Time is an instant as the API shows it: YYYY-MM-DDTHH:MM:SS on the clock of the customer.
type Time struct{ time.Time }

const timeLayout = "2006-01-02T15:04:05"

// MarshalJSON writes the time in the zone it was read in, which is the customer's (package db).
func (t Time) MarshalJSON() ([]byte, error) {
	return t.AppendFormat(make([]byte, 0, len(timeLayout)+2), `"`+timeLayout+`"`), nil
}

// Schema describes a Time in the OpenAPI document.
func (Time) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Pattern: `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`, Examples: []any{"2026-11-23T06:30:00"},
		Description: "Local time of the company.",
	}
}

// ScanTimestamptz reads a timestamptz column.
func (t *Time) ScanTimestamptz(v pgtype.Timestamptz) error {
	if !v.Valid || v.InfinityModifier != pgtype.Finite {
		return errors.New("not a finite time")
	}
	t.Time = v.Time
	return nil
}

// inRange tells whether a time is one that storms, work and reports are of. A slip of the hand is not, nor what no
// other program reads: the year 10000.
func inRange(t time.Time) bool {
	year := t.UTC().Year()
	return 2000 <= year && year <= 2100
}

// A LocalTime is a date and time of an input, with or without a zone. Which instant it means is known
// inside the customer only: see In. An empty text stays empty and means no time.
type LocalTime string

// localLayouts are the forms without a zone. Browsers write fractions of a second too.
var localLayouts = []string{"2006-01-02T15:04", timeLayout, "2006-01-02 15:04:05"}

// Resolve checks the form, as part of decoding.
func (t *LocalTime) Resolve(_ huma.Context, path *huma.PathBuffer) []error {
	if _, ok := t.read(); *t != "" && !ok {
		return wrong(path, "expected a date and time of the years 2000 to 2100, such as 2026-11-23T06:30 or 2026-11-23T06:30:00-05:00")
	}
	return nil
}

// Schema describes a LocalTime in the OpenAPI document.
func (LocalTime) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, MaxLength: new(40), Examples: []any{"2026-11-23T06:30"},
		Description: "Date and time to the minute or second, of the years 2000 to 2100. Without a zone it is local time of the company: one that " +
			"occurs twice means the first, or for an end the first that does not precede its beginning; one that does not exist moves forward by the gap.",
	}
}

// A reading is what a text says: an instant, or what a clock shows (then kept as if it were UTC).
type reading struct {
	time.Time
	isInstant bool
	toMinute  bool // seconds are not said
}

func (t LocalTime) read() (r reading, ok bool) {
	text := strings.TrimSpace(string(t))
	for _, layout := range localLayouts {
		if v, err := time.Parse(layout, text); err == nil {
			return reading{Time: v, toMinute: layout == localLayouts[0]}, inRange(v)
		}
		if v, err := time.Parse(layout+"Z07:00", text); err == nil {
			return reading{Time: v, isInstant: true}, inRange(v)
		}
	}
	return reading{}, false
}

// In returns the instant that is meant in a zone; nil where no time is said.
func (t LocalTime) In(zone *time.Location) *time.Time {
	r, ok := t.read()
	if !ok {
		return nil
	}
	if !r.isInstant {
		r.Time, _ = instants(r.Time, zone)
	}
	return r.in(zone)
}

func (r reading) in(zone *time.Location) *time.Time {
	t := r.Time.In(zone).Truncate(time.Microsecond)
	return &t
}

// Keeping is In for a change: a client that repeats what it was shown of the old time, to the minute or
// to the second, means that one, be it the second of two equal hours.
func (t LocalTime) Keeping(old *Time, zone *time.Location) *time.Time {
	r, ok := t.read()
	if ok && old != nil && !r.isInstant {
		layout := timeLayout
		if r.toMinute {
			layout = localLayouts[0]
		}
		if old.In(zone).Format(layout) == r.Format(layout) {
			return &old.Time
		}
	}
	return t.In(zone)
}

// Ending is Keeping for an end. One that would precede its beginning, and occurs twice, means the second.
func (t LocalTime) Ending(begin time.Time, old *Time, zone *time.Location) *time.Time {
	end := t.Keeping(old, zone)
	if r, ok := t.read(); ok && !r.isInstant && end.Before(begin) {
		_, r.Time = instants(r.Time, zone)
		end = r.in(zone)
	}
	return end
}

// instants are the moments at which clocks of a zone show what clock shows, the first and the last of them,
// which mostly are one. A time that the clocks leave out moves forward by the gap.
func instants(clock time.Time, zone *time.Location) (first, last time.Time) {
	// No zone is further than a day from UTC, and none changes twice in two days.
	_, before := clock.Add(-24 * time.Hour).In(zone).Zone()
	_, after := clock.Add(24 * time.Hour).In(zone).Zone()
	first = clock.Add(-time.Duration(before) * time.Second)
	last = clock.Add(-time.Duration(after) * time.Second)
	switch {
	case !shows(last, zone, clock):
		return first, first
	case !shows(first, zone, clock):
		return last, last
	}
	return first, last
}

func shows(t time.Time, zone *time.Location, clock time.Time) bool {
	_, offset := t.In(zone).Zone()
	return t.Add(time.Duration(offset) * time.Second).Equal(clock)
}

var errTime = errors.New("expected a time of the years 2000 to 2100, such as 2026-11-23T06:30, or a date")

// ParseTime reads a LocalTime, or a Date for its beginning, where the zone is known already.
func ParseTime(text string, zone *time.Location) (time.Time, error) {
	if t := LocalTime(text).In(zone); t != nil {
		return *t, nil
	}
	if t := Date(text).starts(0, zone); t != nil {
		return *t, nil
	}
	return time.Time{}, errTime
}

// A Date is a local date of an input: YYYY-MM-DD, or an empty text for none.
type Date string

// Resolve checks the form, as part of decoding.
func (d *Date) Resolve(_ huma.Context, path *huma.PathBuffer) []error {
	if _, ok := d.read(); *d != "" && !ok {
		return wrong(path, "expected a date of the years 2000 to 2100, such as 2026-11-23")
	}
	return nil
}

func (d Date) read() (day time.Time, ok bool) {
	day, err := time.Parse(time.DateOnly, string(d))
	return day, err == nil && inRange(day)
}

// Schema describes a Date in the OpenAPI document.
func (Date) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, MaxLength: new(10), Examples: []any{"2026-11-23"},
		Description: "A local date of the company, of the years 2000 to 2100.",
	}
}

// starts is the first instant of the day, or of one so many days later; nil for no date.
func (d Date) starts(later int, zone *time.Location) *time.Time {
	day, ok := d.read()
	if !ok {
		return nil
	}
	first, _ := instants(day.AddDate(0, 0, later), zone)
	first = first.In(zone)
	return &first
}

// Midnights are the first instants of the local days from that of first to that of last.
func Midnights(first, last time.Time, zone *time.Location) (days []time.Time) {
	year, month, day := first.In(zone).Date()
	for clock := time.Date(year, month, day, 0, 0, 0, 0, time.UTC); ; clock = clock.AddDate(0, 0, 1) {
		midnight, _ := instants(clock, zone)
		if midnight.After(last) {
			return days
		}
		days = append(days, midnight)
	}
}

// zoned is a unit of work that knows the zone of its customer.
type zoned interface {
	Zone(ctx context.Context) (*time.Location, error)
}

// Days returns the instants between which two local dates lie, both of them included: not before begin,
// and before end. A bound that is not said is nil; without any no round trip is made.
func Days(ctx context.Context, tx zoned, from, to Date) (begin, end *time.Time, err error) {
	if from == "" && to == "" {
		return nil, nil, nil
	}
	zone, err := tx.Zone(ctx)
	if err != nil {
		return nil, nil, err
	}
	return from.starts(0, zone), to.starts(1, zone), nil
}
