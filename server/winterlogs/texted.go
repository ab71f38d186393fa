package winterlogs

import (
	"context"
	"errors"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/shape"
)

// Texted are the tickets of a person who writes text messages: his own, one at a time, at quarter hours.
type Texted struct{}

// The event is the active one, whenever the quarter hour is.
const openTextedSQL = `
insert into winter_ops_logs (property_id, contractor_id, contractor_name, user_id, worker_name, equipment, time_in, status, notes, winter_event_id)
select @property_id, u.id, coalesce(u.name, u.email), u.id, coalesce(u.name, u.email), coalesce(nullif(u.default_equipment, ''), 'Not specified'),
  @time_in, @status, @notes, (select e.id from winter_events e where e.status = 'active')
from users u
where u.id = (select tenancy.user_id())
on conflict do nothing
returning id`

// Open opens a ticket at a property, now. Errors: the ones of a second ticket at the property, and of none.
func (Texted) Open(ctx context.Context, tx db.Tx, property int64) (id int64, err error) {
	now, err := quarter(ctx, tx)
	if err != nil {
		return 0, err
	}
	id, err = db.Value[int64](ctx, tx, openTextedSQL, db.Args{
		"property_id": property, "time_in": now, "status": open, "notes": "Started by text message at " + now.Format("15:04"),
	})
	if errors.Is(err, db.ErrNotFound) {
		return 0, alreadyOpen
	}
	return id, missing(err)
}

// What is not said stays as it was.
const addTextedSQL = `
update winter_ops_logs
set equipment = coalesce(nullif(@equipment, ''), equipment), bulk_salt_qty = coalesce(@bulk, bulk_salt_qty),
  bag_salt_qty = coalesce(@bags, bag_salt_qty), calcium_chloride_qty = coalesce(@calcium, calcium_chloride_qty),
  notes = nullif(concat_ws(e'\n', notes, nullif(@notes, '')), '')
where id = @id`

// Add adds to an open ticket what is said of it.
func (Texted) Add(ctx context.Context, tx db.Tx, id int64, said shape.Work) error {
	if _, _, err := lock(ctx, tx, id, doClose); err != nil {
		return err
	}
	return add(ctx, tx, id, said)
}

func add(ctx context.Context, tx db.Tx, id int64, said shape.Work) error {
	return db.Touch(ctx, tx, addTextedSQL, db.Args{
		"id": id, "equipment": said.Equipment, "bulk": said.Bulk, "bags": said.Bags, "calcium": said.Calcium, "notes": said.Notes,
	})
}

// Finish closes an open ticket, now, with what is said of it at last.
func (Texted) Finish(ctx context.Context, tx db.Tx, id int64, said shape.Work) error {
	old, s, err := lock(ctx, tx, id, doClose)
	if err != nil {
		return err
	}
	now, err := quarter(ctx, tx)
	if err != nil {
		return err
	}
	marker := "Completed by text message at " + now.Format("15:04")
	if said.Notes != "" {
		marker += ": " + said.Notes
	}
	said.Notes = marker
	if err := add(ctx, tx, id, said); err != nil {
		return err
	}
	if now.Before(old.TimeIn.Time) { // begun at the quarter hour that comes
		now = old.TimeIn.Time
	}
	return db.Touch(ctx, tx, finishSQL, db.Args{"id": id, "time_out": now, "status": s})
}

// Tickets that others work on, and which he typed in, stay open; so does what is queued on a route, which has not begun.
const finishAllSQL = `
update winter_ops_logs
set time_out = greatest(time_in, @now), status = @status, notes = nullif(concat_ws(e'\n', notes, @notes::text), '')
where coalesce(contractor_id, user_id) = (select tenancy.user_id())
  and status = 'open'
  and time_in is not null`

// FinishAll closes all tickets that he works on, now.
func (Texted) FinishAll(ctx context.Context, tx db.Tx) error {
	_, err := db.Exec(ctx, tx, finishAllSQL, db.Args{
		"now": endpoint.Now(ctx), "status": closed, "notes": "Closed by text message: went home",
	})
	return err
}

// quarter is the quarter hour nearest to now, on the company's clock.
func quarter(ctx context.Context, tx db.Tx) (time.Time, error) {
	zone, err := tx.Zone(ctx)
	return Snap(endpoint.Now(ctx).In(zone)), err
}
