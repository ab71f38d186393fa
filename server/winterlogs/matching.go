package winterlogs

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

// eventAt is the rule by which a log belongs to an event: one that was going on at time_in, the active
// one before others, then the latest to begin. A cancelled event has no logs by this rule. It is a part
// of every statement that asks; there t.time_in is the time in question.
const eventAt = `
    select e.id, e.event_name
    from winter_events e
    where e.status <> 'cancelled'
      and e.start_date <= t.time_in
      and (t.time_in <= e.end_date or e.end_date is null)
    order by e.status = 'active' desc, e.start_date desc, e.id desc
    limit 1`

// What a hand has given to an event stays, and so does what is queued: it has no time yet.
const matchSQL = `
update winter_ops_logs l
set winter_event_id = m.event_id
from (
  select t.customer_id, t.id, e.id as event_id
  from winter_ops_logs t
  left join lateral (` + eventAt + `
  ) as e on true
  where (t.winter_event_id is null or t.winter_event_id = @event_id)
    and not t.event_assigned_manually
    and t.time_in is not null
) as m
where (l.customer_id, l.id) = (m.customer_id, m.id)
  and l.winter_event_id is distinct from m.event_id`

// Match matches anew the logs of an event that has changed, and those that belong to none. Logs of
// other events stay where they are.
func Match(ctx context.Context, tx db.Tx, eventID int64) error {
	_, err := db.Exec(ctx, tx, matchSQL, db.Args{"event_id": eventID})
	return err
}

// Rematched is the answer to a match of all logs.
type Rematched struct {
	Message          string `json:"message" db:"-"`
	TotalLogs        int64  `json:"total_logs" db:"total_logs"`
	AssignedToEvents int64  `json:"assigned_to_events" db:"assigned_to_events"`
	Unassigned       int64  `json:"unassigned" db:"unassigned"`
}

// The counts are of what is so afterwards: the table is read as it was before the change beside it.
const rematchSQL = `
with matched as (
  select t.customer_id, t.id, e.id as event_id
  from winter_ops_logs t
  left join lateral (` + eventAt + `
  ) as e on true
  where not t.event_assigned_manually
    and t.time_in is not null
),
changed as (
  update winter_ops_logs l
  set winter_event_id = m.event_id
  from matched m
  where (l.customer_id, l.id) = (m.customer_id, m.id)
    and l.winter_event_id is distinct from m.event_id
)
select count(*) as total_logs, count(c.event_id) as assigned_to_events, count(*) - count(c.event_id) as unassigned
from (
  select case when m.id is null then l.winter_event_id else m.event_id end as event_id
  from winter_ops_logs l
  left join matched m on (m.customer_id, m.id) = (l.customer_id, l.id)
) as c`

func rematch(ctx context.Context, tx db.Tx, _ *endpoint.None) (Rematched, error) {
	out, err := db.One[Rematched](ctx, tx, rematchSQL)
	out.Message = "All logs matched to events"
	return out, err
}

// EventOfLog names the event that a log is given to by hand.
type EventOfLog struct {
	WinterEventID int64 `json:"winter_event_id" ref:"winter_events" minimum:"1" doc:"The event. The log stays with it when logs are matched."`
}

// EventAssigned is the answer to it.
type EventAssigned struct {
	Message       string `json:"message"`
	WinterEventID int64  `json:"winter_event_id"`
}

const assignSQL = `
update winter_ops_logs
set winter_event_id = @winter_event_id, event_assigned_manually = true
where id = @id`

func assign(ctx context.Context, tx db.Tx, in *struct {
	LogRef
	Body EventOfLog
},
) (EventAssigned, error) {
	err := db.Touch(ctx, tx, assignSQL, db.Args{"id": in.LogID, "winter_event_id": in.Body.WinterEventID})
	return EventAssigned{"Log assigned to the event", in.Body.WinterEventID}, missing(err)
}
