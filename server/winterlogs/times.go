package winterlogs

import (
	"context"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// Snap rounds to the quarter hour of the clock of t's zone: the minute decides, seconds count nothing.
func Snap(t time.Time) time.Time {
	minute := t.Minute()
	onTheMinute := t.Add(-time.Duration(t.Second())*time.Second - time.Duration(t.Nanosecond()))
	return onTheMinute.Add(time.Duration((minute+7)/15*15-minute) * time.Minute)
}

// A Suggestion is where the caller's next ticket should begin.
type Suggestion struct {
	SuggestedTime    field.Time `json:"suggested_time"`
	Source           string     `json:"source" enum:"previous_log_end,winter_event_start,current_time"`
	DefaultEquipment *string    `json:"default_equipment"`
}

type known struct {
	PreviousEnd *field.Time `db:"previous_end"`
	EventStart  *field.Time `db:"event_start"`
	Equipment   *string     `db:"default_equipment"`
}

const knownSQL = `
select u.default_equipment, e.start_date as event_start,
  (
    select max(l.time_out)
    from winter_ops_logs l
    where l.customer_id = u.customer_id
      and u.id in (l.user_id, l.contractor_id)
  ) as previous_end
from users u
left join winter_events e on e.customer_id = u.customer_id and e.status = 'active'
where u.id = (select tenancy.user_id())`

func suggest(ctx context.Context, tx db.Tx, _ *endpoint.None) (out Suggestion, err error) {
	k, err := db.One[known](ctx, tx, knownSQL)
	if err != nil {
		return out, err
	}
	zone, err := tx.Zone(ctx)
	if err != nil {
		return out, err
	}
	at, source := k.suggestion(endpoint.Now(ctx))
	return Suggestion{field.Time{Time: k.snap(at.In(zone))}, source, k.Equipment}, nil
}

// snap rounds to the quarter hour, and to the one after where that would be before the active event: a ticket of that time
// would belong to no event.
func (k known) snap(at time.Time) time.Time {
	snapped := Snap(at)
	if k.EventStart != nil && snapped.Before(k.EventStart.Time) {
		return snapped.Add(15 * time.Minute)
	}
	return snapped
}

// suggestion is the end of the previous log, unless it is of an earlier storm or, without one, of
// another day; else the start of the active event; else now.
func (k known) suggestion(now time.Time) (at time.Time, source string) {
	since := now.Add(-24 * time.Hour)
	if k.EventStart != nil {
		since = k.EventStart.Time
	}
	switch {
	case k.PreviousEnd != nil && !k.PreviousEnd.Before(since):
		return k.PreviousEnd.Time, "previous_log_end"
	case k.EventStart != nil:
		return k.EventStart.Time, "winter_event_start"
	}
	return now, "current_time"
}

type snapInput struct {
	TimeStr field.LocalTime `query:"time_str" required:"true" minLength:"1" example:"2026-01-10T19:08" doc:"The time to round."`
}

// Snapped is a time and the quarter hour nearest to it.
type Snapped struct {
	Original field.LocalTime `json:"original"`
	Snapped  field.Time      `json:"snapped"`
}

func snap(ctx context.Context, tx db.Tx, in *snapInput) (out Snapped, err error) {
	zone, err := tx.Zone(ctx)
	if err != nil {
		return out, err
	}
	return Snapped{in.TimeStr, field.Time{Time: Snap(*in.TimeStr.In(zone))}}, nil
}
