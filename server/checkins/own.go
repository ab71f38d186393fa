package checkins

import (
	"context"
	"errors"
	"strings"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// Arrival is what a person says who checks in. The event is the one in the path.
type Arrival struct {
	EquipmentInUse *field.Line `json:"equipment_in_use,omitempty" nullable:"true" maxLength:"255" example:"Plow truck" doc:"The person's default equipment if absent."`
	Notes          *string     `json:"notes,omitempty" nullable:"true" maxLength:"2000"`
}

// CheckedIn is the answer to a check-in.
type CheckedIn struct {
	Message   string `json:"message"`
	CheckinID int64  `json:"checkin_id"`
	Status    status `json:"status"`
}

type arrivalAt struct {
	EventName string  `db:"event_name"`
	Status    string  `db:"status"`
	Equipment *string `db:"default_equipment"`
}

// The share keeps the event from ending before the check-in can be seen, and be ended with it.
const arriveSQL = `
select e.event_name, e.status, u.default_equipment
from winter_events e
join users u on u.customer_id = e.customer_id and u.id = (select tenancy.user_id())
where e.id = @event_id
for share of e`

const checkInSQL = `
insert into event_checkins (winter_event_id, user_id, checked_in_at, equipment_in_use, status, notes)
values (@event_id, (select tenancy.user_id()), @now, coalesce(nullif(@equipment::text, ''), @default_equipment, @equipment), @status, @notes)
on conflict (customer_id, winter_event_id, user_id) where checked_out_at is null do update
set status = excluded.status, current_property_id = null,
  equipment_in_use = coalesce(nullif(@equipment, ''), event_checkins.equipment_in_use, @equipment),
  notes = nullif(concat_ws(e'\n', event_checkins.notes, @line::text), '')
returning id`

func checkIn(ctx context.Context, tx db.Tx, in *struct {
	EventRef
	Body Arrival
},
) (out CheckedIn, err error) {
	e, err := db.One[arrivalAt](ctx, tx, arriveSQL, db.Args{"event_id": in.EventID})
	if err != nil {
		return out, missing(err, "winter event")
	}
	if e.Status != "active" {
		return out, endpoint.Invalid("the event is " + e.Status + "; one checks in for the active one")
	}
	s, err := next(absent, doCheckIn)
	if err != nil {
		return out, err
	}
	line, err := stamped(ctx, tx, "", in.Body.Notes)
	if err != nil {
		return out, err
	}
	id, err := db.Value[int64](ctx, tx, checkInSQL, db.Args{
		"event_id": in.EventID, "now": endpoint.Now(ctx), "status": s, "equipment": in.Body.EquipmentInUse,
		"default_equipment": e.Equipment, "notes": said(in.Body.Notes), "line": line,
	})
	return CheckedIn{"Checked in for " + e.EventName, id, s}, err
}

type openCheckin struct {
	ID     int64  `db:"id"`
	Status status `db:"status"`
}

const lockSQL = `
select id, status
from event_checkins
where winter_event_id = @event_id
  and user_id = (select tenancy.user_id())
  and checked_out_at is null
for no key update`

// lock holds the caller's open check-in until the end of the unit of work; the zero value where there
// is none.
func lock(ctx context.Context, tx db.Tx, event int64) (openCheckin, error) {
	c, err := db.One[openCheckin](ctx, tx, lockSQL, db.Args{"event_id": event})
	if errors.Is(err, db.ErrNotFound) {
		return openCheckin{}, nil
	}
	return c, err
}

// Departure is what a person says who checks out.
type Departure struct {
	Notes *string `json:"notes,omitempty" nullable:"true" maxLength:"2000"`
}

const checkOutSQL = `
update event_checkins
set status = 'completed', checked_out_at = greatest(checked_in_at, @now),
  notes = nullif(concat_ws(e'\n', notes, @line::text), '')
where id = @id`

func checkOut(ctx context.Context, tx db.Tx, in *struct {
	EventRef
	Body *Departure
},
) (out endpoint.Message, err error) {
	c, err := lock(ctx, tx, in.EventID)
	if err != nil {
		return out, err
	}
	if _, err := next(c.Status, doCheckOut); err != nil {
		return out, err
	}
	var notes *string
	if in.Body != nil {
		notes = in.Body.Notes
	}
	line, err := stamped(ctx, tx, "checked out ", notes)
	if err != nil {
		return out, err
	}
	err = db.Touch(ctx, tx, checkOutSQL, db.Args{"id": c.ID, "now": endpoint.Now(ctx), "line": line})
	return endpoint.Message{Message: "Checked out"}, err
}

// Position is where a person is.
type Position struct {
	Lat               float64 `json:"lat" minimum:"-90" maximum:"90" example:"42.8864"`
	Lon               float64 `json:"lon" minimum:"-180" maximum:"180" example:"-78.8784"`
	CurrentPropertyID *int64  `json:"current_property_id,omitempty" nullable:"true" ref:"locations" minimum:"1" doc:"The property where the person is; none if absent."`
	Status            *status `json:"status,omitempty" nullable:"true" enum:"checked_in,working,completed,unavailable"`
}

const locateSQL = `
update event_checkins
set last_location_lat = @lat, last_location_lon = @lon, last_location_update = @now,
  current_property_id = @current_property_id, status = @status
where id = @id`

func locate(ctx context.Context, tx db.Tx, in *struct {
	EventRef
	Body Position
},
) (out endpoint.Message, err error) {
	if err := endpoint.Known("lat", in.Body.Lat, in.Body.Lon); err != nil {
		return out, err
	}
	c, err := lock(ctx, tx, in.EventID)
	if err != nil {
		return out, err
	}
	do := action(c.Status)
	if in.Body.Status != nil {
		do = action(*in.Body.Status)
	}
	s, err := next(c.Status, do)
	if err != nil {
		return out, err
	}
	property := in.Body.CurrentPropertyID
	if in.Body.Status != nil && !s.keepsProperty() {
		property = nil
	}
	err = db.Touch(ctx, tx, locateSQL, db.Args{
		"id": c.ID, "lat": in.Body.Lat, "lon": in.Body.Lon, "now": endpoint.Now(ctx), "current_property_id": property, "status": s,
	})
	return endpoint.Message{Message: "Location stored"}, missing(err, "check-in")
}

// Doing is what a person does.
type Doing struct {
	Status            status  `json:"status" enum:"checked_in,working,completed,unavailable"`
	CurrentPropertyID *int64  `json:"current_property_id,omitempty" nullable:"true" ref:"locations" minimum:"1" doc:"The property where the person is; as before if absent."`
	Notes             *string `json:"notes,omitempty" nullable:"true" maxLength:"2000"`
}

// StatusSet is the answer to a new status.
type StatusSet struct {
	Message string `json:"message"`
	Status  status `json:"status"`
}

const setStatusSQL = `
update event_checkins
set status = @status,
  current_property_id = case when @keeps_property then coalesce(@current_property_id, current_property_id) end,
  notes = nullif(concat_ws(e'\n', notes, @line::text), '')
where id = @id`

func setStatus(ctx context.Context, tx db.Tx, in *struct {
	EventRef
	Body Doing
},
) (out StatusSet, err error) {
	c, err := lock(ctx, tx, in.EventID)
	if err != nil {
		return out, err
	}
	s, err := next(c.Status, action(in.Body.Status))
	if err != nil {
		return out, err
	}
	line, err := stamped(ctx, tx, "", in.Body.Notes)
	if err != nil {
		return out, err
	}
	err = db.Touch(ctx, tx, setStatusSQL, db.Args{
		"id": c.ID, "status": s, "keeps_property": s.keepsProperty(), "current_property_id": in.Body.CurrentPropertyID, "line": line,
	})
	return StatusSet{"Status set", s}, missing(err, "check-in")
}

// stamped is a line of notes with a marker and the local time; nil without notes.
func stamped(ctx context.Context, tx db.Tx, marker string, notes *string) (*string, error) {
	text := said(notes)
	if text == nil {
		return nil, nil
	}
	zone, err := tx.Zone(ctx)
	if err != nil {
		return nil, err
	}
	return new("[" + marker + endpoint.Now(ctx).In(zone).Format("2006-01-02 15:04") + "] " + *text), nil
}

// said is a text that is not blank, or nil.
func said(text *string) *string {
	if text == nil || strings.TrimSpace(*text) == "" {
		return nil
	}
	return text
}
