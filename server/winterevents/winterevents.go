// Package winterevents records storms: when they began, when they ended, and who said so. At most one
// is active. The table is portal.winter_events; which logs belong to an event is decided by the rule of
// package winterlogs, which is handed in.
package winterevents

import (
	"context"
	"errors"
	"fmt"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// A Matcher matches logs anew after an event has begun, moved or ended: those that belong to it and
// those that belong to none.
type Matcher func(ctx context.Context, tx db.Tx, eventID int64) error

// A Notice tells people that an event has begun.
type Notice func(ctx context.Context, tx db.Tx, eventID int64) (told int, err error)

// Routes registers the operations of this package.
func Routes(api endpoint.API, match Matcher, begun Notice) {
	office := endpoint.Only(auth.Admin, auth.Manager)
	events := changes{match, begun}
	endpoint.List(api, "/winter-events/", "listWinterEvents", "List the winter events", list, office)
	endpoint.Get(api, "/winter-events/active", "getActiveWinterEvent", "The active event, or null", current, endpoint.Members)
	endpoint.Get(api, "/winter-events/{event_id}", "getWinterEvent", "One event", get, office)
	endpoint.Post(api, "/winter-events/", "startWinterEvent", "Start an event", events.start, office,
		endpoint.Describe("Only one event is active at a time. Logs in its range that belong to no event are given to it."))
	endpoint.Post(api, "/winter-events/{event_id}/complete", "completeWinterEvent", "End the active event", events.complete, office,
		endpoint.Describe("Ends the check-ins that are still open, and matches the logs of the event anew."))
	endpoint.Put(api, "/winter-events/{event_id}", "updateWinterEvent", "Replace an event", events.update, office,
		endpoint.Describe("With an end the event is completed, without one it is active. A cancelled event stays cancelled."))
	endpoint.Post(api, "/winter-events/{event_id}/cancel", "cancelWinterEvent", "Cancel an event", events.cancel, office,
		endpoint.Describe("Logs stay with it, but no more are matched. Ends the check-ins that are still open."))
	endpoint.Delete(api, "/winter-events/{event_id}", "deleteWinterEvent", "Delete an event, not its logs", remove, endpoint.Only(auth.Admin),
		endpoint.Audited("winter_event.deleted"))
}

// A WinterEvent is a row of portal.winter_events, with counts of its logs.
type WinterEvent struct {
	ID            int64       `json:"id" db:"id"`
	CustomerID    string      `json:"customer_id" db:"customer_id"`
	EventName     string      `json:"event_name" db:"event_name"`
	Description   *string     `json:"description" db:"description"`
	StartDate     field.Time  `json:"start_date" db:"start_date"`
	EndDate       *field.Time `json:"end_date" db:"end_date" nullable:"true"`
	Status        string      `json:"status" db:"status" enum:"active,completed,cancelled"`
	CreatedBy     *int64      `json:"created_by" db:"created_by"`
	CreatedAt     field.Time  `json:"created_at" db:"created_at"`
	CompletedAt   *field.Time `json:"completed_at" db:"completed_at" nullable:"true"`
	UpdatedAt     field.Time  `json:"updated_at" db:"updated_at"`
	CreatedByName *string     `json:"created_by_name" db:"created_by_name"`
	LogCount      int64       `json:"log_count" db:"log_count"`
	PropertyCount int64       `json:"property_count" db:"property_count" doc:"How many properties have logs of it."`
}

type eventFilter struct {
	endpoint.Window
	EventName string `query:"event_name" db:"event_name" maxLength:"255" doc:"Part of the name; capitals do not count."`
}

const listSQL = `
select e.id, e.customer_id, e.event_name, e.description, e.start_date, e.end_date, e.status, e.created_by,
  e.created_at, e.completed_at, e.updated_at, u.name as created_by_name, l.log_count, l.property_count,
  count(*) over () as total
from winter_events e
left join users u on (u.customer_id, u.id) = (e.customer_id, e.created_by)
cross join lateral (
  select count(*) as log_count, count(distinct l.property_id) as property_count
  from winter_ops_logs l
  where (l.customer_id, l.winter_event_id) = (e.customer_id, e.id)
) as l
where @event_name = '' or position(lower(@event_name) in lower(e.event_name)) > 0
order by e.start_date desc, e.id desc
limit @limit offset @offset`

func list(ctx context.Context, tx db.Tx, in *eventFilter) ([]WinterEvent, int64, error) {
	return db.Page[WinterEvent](ctx, tx, listSQL, db.Struct(in))
}

// EventRef names an event in a path.
type EventRef struct {
	EventID int64 `path:"event_id" ref:"winter_events" minimum:"1" doc:"The winter event."`
}

// Without an id: the active one.
const getSQL = `
select e.id, e.customer_id, e.event_name, e.description, e.start_date, e.end_date, e.status, e.created_by,
  e.created_at, e.completed_at, e.updated_at, u.name as created_by_name, l.log_count, l.property_count
from winter_events e
left join users u on (u.customer_id, u.id) = (e.customer_id, e.created_by)
cross join lateral (
  select count(*) as log_count, count(distinct l.property_id) as property_count
  from winter_ops_logs l
  where (l.customer_id, l.winter_event_id) = (e.customer_id, e.id)
) as l
where e.id = coalesce(@id::bigint, (select a.id from winter_events a where a.status = 'active'))`

func get(ctx context.Context, tx db.Tx, in *EventRef) (WinterEvent, error) {
	e, err := db.One[WinterEvent](ctx, tx, getSQL, db.Args{"id": in.EventID})
	return e, endpoint.Missing(err, "winter event")
}

func current(ctx context.Context, tx db.Tx, _ *endpoint.None) (*WinterEvent, error) {
	e, err := db.One[WinterEvent](ctx, tx, getSQL, db.Args{"id": nil})
	if errors.Is(err, db.ErrNotFound) {
		return nil, nil
	}
	return &e, err
}

// EventChanged is the answer to a change of an event.
type EventChanged struct {
	Message   string `json:"message"`
	EventID   int64  `json:"event_id"`
	EventName string `json:"event_name"`
	Status    string `json:"status" enum:"active,completed,cancelled"`
}

// NewEvent is a storm that begins.
type NewEvent struct {
	EventName   field.Text      `json:"event_name" maxLength:"255" example:"Lake-Effect Warning"`
	Description *string         `json:"description,omitempty" nullable:"true" maxLength:"10000"`
	StartDate   field.LocalTime `json:"start_date" minLength:"1" example:"2026-01-10T18:00"`
}

// Of two that start at once the unique index lets one pass; the other waits for it and touches nothing.
const startSQL = `
insert into winter_events (event_name, description, start_date, created_by)
values (@event_name, @description, @start_date, (select tenancy.user_id()))
on conflict (customer_id) where status = 'active' do nothing
returning id`

const activeNameSQL = `select event_name from winter_events where status = 'active'`

func (c changes) start(ctx context.Context, tx db.Tx, in *struct{ Body NewEvent }) (out EventChanged, err error) {
	zone, err := tx.Zone(ctx)
	if err != nil {
		return out, err
	}

	id, err := db.Value[int64](ctx, tx, startSQL, db.Args{
		"event_name": in.Body.EventName, "description": in.Body.Description, "start_date": in.Body.StartDate.In(zone),
	})
	if errors.Is(err, db.ErrNotFound) {
		other, err := db.Value[string](ctx, tx, activeNameSQL)
		if err != nil {
			return out, err
		}
		return out, endpoint.Invalid(fmt.Sprintf("the event %q is active; complete or cancel it first", other))
	}
	if err != nil {
		return out, err
	}
	if err := c.match(ctx, tx, id); err != nil {
		return out, err
	}
	_, err = c.begun(ctx, tx, id)
	return EventChanged{"Winter event started", id, string(in.Body.EventName), statusActive}, err
}

// EventDeleted is the answer to a deletion.
type EventDeleted struct {
	Message      string `json:"message"`
	LogsOrphaned int64  `json:"logs_orphaned" doc:"How many logs belong to no event now."`
}

// A hand that gave a log to an event that is gone binds it no longer.
const orphanSQL = `
update winter_ops_logs
set winter_event_id = null, event_assigned_manually = false
where winter_event_id = @id`

const removeSQL = `delete from winter_events where id = @id`

func remove(ctx context.Context, tx db.Tx, in *EventRef) (out EventDeleted, err error) {
	orphaned, err := db.Exec(ctx, tx, orphanSQL, db.Args{"id": in.EventID})
	if err != nil {
		return out, err
	}
	err = endpoint.Kept(db.Touch(ctx, tx, removeSQL, db.Args{"id": in.EventID}), "event", "it cannot be deleted")
	return EventDeleted{"Winter event deleted", orphaned}, endpoint.Missing(err, "winter event")
}
