package winterevents

import (
	"context"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

const (
	statusActive    = "active"
	statusCompleted = "completed"
	statusCancelled = "cancelled"
)

// An action is what can befall an event.
type action string

const (
	complete    action = "complete"
	cancel      action = "cancel"
	saveEnded   action = "save with an end"
	saveEndless action = "save without an end"
)

// next is the status of an event after an action, or why it cannot be done. It does not know whether
// another event is active.
func next(status string, do action) (string, error) {
	switch {
	case do == complete && status != statusActive:
		return "", endpoint.Invalid("the event is " + status + "; only the active one can be completed")
	case do == cancel && status == statusCancelled:
		return "", endpoint.Invalid("the event is cancelled already")
	case do == cancel || status == statusCancelled:
		return statusCancelled, nil
	case do == saveEndless:
		return statusActive, nil
	}
	return statusCompleted, nil
}

// changes are the operations after which logs are matched anew; of a beginning people are told.
type changes struct {
	match Matcher
	begun Notice
}

type lockedEvent struct {
	EventName string      `db:"event_name"`
	Status    string      `db:"status"`
	StartDate field.Time  `db:"start_date"`
	EndDate   *field.Time `db:"end_date"`
}

// Whoever checks in shares this lock, so nobody checks in while the event ends.
const lockSQL = `
select event_name, status, start_date, end_date
from winter_events
where id = @id
for no key update`

// lock holds an event until the end of the unit of work, and tells its status after an action.
func lock(ctx context.Context, tx db.Tx, id int64, do action) (e lockedEvent, status string, err error) {
	e, err = db.One[lockedEvent](ctx, tx, lockSQL, db.Args{"id": id})
	if err != nil {
		return e, "", endpoint.Missing(err, "winter event")
	}
	status, err = next(e.Status, do)
	return e, status, err
}

// EventEnd says when a storm was over.
type EventEnd struct {
	EndDate field.LocalTime `json:"end_date" minLength:"1" example:"2026-01-11T12:00"`
}

const completeSQL = `
update winter_events
set status = @status, end_date = @end_date, completed_at = @now
where id = @id`

func (c changes) complete(ctx context.Context, tx db.Tx, in *struct {
	EventRef
	Body EventEnd
},
) (out EventChanged, err error) {
	e, status, err := lock(ctx, tx, in.EventID, complete)
	if err != nil {
		return out, err
	}
	zone, err := tx.Zone(ctx)
	if err != nil {
		return out, err
	}
	end, err := ending(ctx, status, in.Body.EndDate, e.StartDate.Time, nil, zone)
	if err != nil {
		return out, err
	}

	if err := db.Touch(ctx, tx, completeSQL, db.Args{"id": in.EventID, "status": status, "end_date": end, "now": endpoint.Now(ctx)}); err != nil {
		return out, err
	}
	if err := endCheckins(ctx, tx, in.EventID, end); err != nil {
		return out, err
	}
	return EventChanged{"Winter event completed", in.EventID, e.EventName, status}, c.match(ctx, tx, in.EventID)
}

// ending is the end that is said of an event that comes to a status, or nil. What ends later is not completed yet.
func ending(ctx context.Context, status string, said field.LocalTime, start time.Time, old *field.Time, zone *time.Location) (*time.Time, error) {
	end := said.Ending(start, old, zone)
	if err := endpoint.InOrder("start_date", start, "end_date", end); err != nil {
		return nil, err
	}
	if status != statusCompleted {
		return end, nil
	}
	return end, endpoint.NotAhead(ctx, "end_date", end, 0)
}

// EventFields are what a client says of an event.
type EventFields struct {
	NewEvent
	EndDate field.LocalTime `json:"end_date,omitempty" nullable:"true" doc:"Empty for an event that goes on."`
}

func (f EventFields) action() action {
	if f.EndDate == "" {
		return saveEndless
	}
	return saveEnded
}

const updateSQL = `
update winter_events
set event_name = @event_name, description = @description, start_date = @start_date, end_date = @end_date, status = @status,
  completed_at = case @status
    when 'active' then null
    when 'completed' then coalesce(completed_at, @now)
    else completed_at
  end
where id = @id`

func (c changes) update(ctx context.Context, tx db.Tx, in *struct {
	EventRef
	Body EventFields
},
) (out EventChanged, err error) {
	e, status, err := lock(ctx, tx, in.EventID, in.Body.action())
	if err != nil {
		return out, err
	}
	zone, err := tx.Zone(ctx)
	if err != nil {
		return out, err
	}
	start := in.Body.StartDate.Keeping(&e.StartDate, zone)
	end, err := ending(ctx, status, in.Body.EndDate, *start, e.EndDate, zone)
	if err != nil {
		return out, err
	}

	err = db.Touch(ctx, tx, updateSQL, db.Args{
		"id": in.EventID, "event_name": in.Body.EventName, "description": in.Body.Description,
		"start_date": start, "end_date": end, "status": status, "now": endpoint.Now(ctx),
	})
	if db.Violates(err, "one_active_winter_event_per_customer") {
		return out, endpoint.Conflict("another event is active; complete or cancel it first, or give this one an end")
	}
	if err != nil {
		return out, err
	}
	out = EventChanged{"Winter event updated", in.EventID, string(in.Body.EventName), status}
	if status == statusCancelled {
		return out, nil // what is with it stays, and nothing is matched to it
	}
	if status == statusCompleted {
		if err := endCheckins(ctx, tx, in.EventID, end); err != nil {
			return out, err
		}
	}
	return out, c.match(ctx, tx, in.EventID)
}

const cancelSQL = `update winter_events set status = @status where id = @id`

func (c changes) cancel(ctx context.Context, tx db.Tx, in *EventRef) (out EventChanged, err error) {
	e, status, err := lock(ctx, tx, in.EventID, cancel)
	if err != nil {
		return out, err
	}
	if err := db.Touch(ctx, tx, cancelSQL, db.Args{"id": in.EventID, "status": status}); err != nil {
		return out, err
	}
	return EventChanged{"Winter event cancelled", in.EventID, e.EventName, status}, endCheckins(ctx, tx, in.EventID, nil)
}

const endCheckinsSQL = `
update event_checkins
set status = 'completed', checked_out_at = greatest(checked_in_at, least(@end, @now::timestamptz)),
  notes = left(concat_ws(e'\n', notes, '[checked out with the end of the event]'), 50000)
where winter_event_id = @id
  and checked_out_at is null`

// endCheckins checks everybody out of an event that is over: at its end, or now if that comes first.
func endCheckins(ctx context.Context, tx db.Tx, event int64, end *time.Time) error {
	_, err := db.Exec(ctx, tx, endCheckinsSQL, db.Args{"id": event, "end": end, "now": endpoint.Now(ctx)})
	return err
}
