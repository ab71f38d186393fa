package endpoint

import (
	"errors"
	"time"
)

var errTime = errors.New("expected a time such as 2026-11-23T06:30")

// ParseTime reads a time as clients send it: YYYY-MM-DDTHH:MM, with seconds or a space between the two
// if they like, or a date alone for its beginning. Without a zone it is on the clock of zone. There a
// time that occurs twice means the first, and one that does not exist moves forward by the gap.
func ParseTime(text string, zone *time.Location) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.In(zone), nil
		}
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if wall, err := time.Parse(layout, text); err == nil {
			return onClock(wall, zone), nil
		}
	}
	return time.Time{}, errTime
}

// onClock is the instant at which the clocks of zone show what wall shows in UTC.
func onClock(wall time.Time, zone *time.Location) time.Time {
	_, before := wall.Add(-24 * time.Hour).In(zone).Zone()
	_, after := wall.Add(24 * time.Hour).In(zone).Zone()
	first := wall.Add(-time.Duration(before) * time.Second).In(zone)
	second := wall.Add(-time.Duration(after) * time.Second).In(zone)
	if shows(first, wall) || !shows(second, wall) {
		return first
	}
	return second
}

func shows(t, wall time.Time) bool {
	return t.Format(timeLayout) == wall.Format(timeLayout)
}
