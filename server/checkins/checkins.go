// Package checkins knows who is there for a winter event, with what, and where. The table is
// portal.event_checkins; an event that ends checks out who is left (package winterevents).
package checkins

import (
	"context"
	"errors"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// Routes registers the operations of this package.
func Routes(api endpoint.API) {
	office, own := endpoint.Only(auth.Admin, auth.Manager), endpoint.Members.Own()
	endpoint.Post(api, "/events/{event_id}/checkin", "checkIn", "Check in", checkIn, own,
		endpoint.Describe("Who is checked in already is free for work again; equipment that is not named stays then."))
	endpoint.Post(api, "/events/{event_id}/checkout", "checkOut", "Check out", checkOut, own, endpoint.Describe("Open tickets stay open."))
	endpoint.List(api, "/events/{event_id}/checkins", "listCheckins", "All check-ins of an event", list, office)
	endpoint.List(api, "/events/{event_id}/checkins/active", "listActiveCheckins", "The crews that are there", listActive, office)
	endpoint.List(api, "/events/{event_id}/available-crews", "listAvailableCrews", "The crews that are free for work", listAvailable, office)
	endpoint.Put(api, "/events/{event_id}/checkin/location", "updateCheckinLocation", "Say where one is", locate, own,
		endpoint.Describe("The current property is overwritten, also with nothing."))
	endpoint.Put(api, "/events/{event_id}/checkin/status", "updateCheckinStatus", "Say what one does", setStatus, own,
		endpoint.Describe("Who is free again is at no property. completed does not check out."))
	endpoint.Get(api, "/my-checkin/{event_id}", "getMyCheckin", "The caller's check-in", mine, own)
}

// A Checkin is a row of portal.event_checkins, with what the board shows of the person and the place.
type Checkin struct {
	ID                         int64       `json:"id" db:"id"`
	CustomerID                 string      `json:"customer_id" db:"customer_id"`
	WinterEventID              int64       `json:"winter_event_id" db:"winter_event_id"`
	UserID                     int64       `json:"user_id" db:"user_id"`
	CheckedInAt                field.Time  `json:"checked_in_at" db:"checked_in_at"`
	CheckedOutAt               *field.Time `json:"checked_out_at" db:"checked_out_at" nullable:"true"`
	EquipmentInUse             *string     `json:"equipment_in_use" db:"equipment_in_use"`
	Status                     status      `json:"status" db:"status" enum:"checked_in,working,completed,unavailable"`
	CurrentPropertyID          *int64      `json:"current_property_id" db:"current_property_id"`
	LastLocationLat            *float64    `json:"last_location_lat" db:"last_location_lat"`
	LastLocationLon            *float64    `json:"last_location_lon" db:"last_location_lon"`
	LastLocationUpdate         *field.Time `json:"last_location_update" db:"last_location_update" nullable:"true"`
	Notes                      *string     `json:"notes" db:"notes"`
	CreatedAt                  field.Time  `json:"created_at" db:"created_at"`
	UpdatedAt                  field.Time  `json:"updated_at" db:"updated_at"`
	UserName                   string      `json:"user_name" db:"user_name"`
	UserRole                   string      `json:"user_role" db:"user_role"`
	UserPhone                  string      `json:"user_phone" db:"user_phone"`
	DefaultEquipment           *string     `json:"default_equipment" db:"default_equipment"`
	CurrentPropertyName        *string     `json:"current_property_name" db:"current_property_name"`
	CurrentPropertyAddress     *string     `json:"current_property_address" db:"current_property_address"`
	HoursActive                int64       `json:"hours_active" db:"hours_active" doc:"Whole hours since the check-in, or until the check-out."`
	MinutesActive              int64       `json:"minutes_active" db:"minutes_active" doc:"The same in whole minutes."`
	MinutesSinceLocationUpdate *int64      `json:"minutes_since_location_update" db:"minutes_since_location_update"`
}

// checkinColumns are those of a Checkin; what is asked of them follows in each statement.
const checkinColumns = `
  c.id, c.customer_id, c.winter_event_id, c.user_id, c.checked_in_at, c.checked_out_at, c.equipment_in_use, c.status,
  c.current_property_id, c.last_location_lat, c.last_location_lon, c.last_location_update, c.notes, c.created_at, c.updated_at,
  coalesce(u.name, u.email) as user_name, u.role as user_role, coalesce(u.phone, '') as user_phone, u.default_equipment,
  p.name as current_property_name, p.address as current_property_address,
  floor(extract(epoch from coalesce(c.checked_out_at, @now) - c.checked_in_at) / 3600)::bigint as hours_active,
  floor(extract(epoch from coalesce(c.checked_out_at, @now) - c.checked_in_at) / 60)::bigint as minutes_active,
  floor(extract(epoch from @now - c.last_location_update) / 60)::bigint as minutes_since_location_update`

// ofTheEvent are the check-ins of one.
const ofTheEvent = `
from event_checkins c
join users u on (u.customer_id, u.id) = (c.customer_id, c.user_id)
left join locations p on (p.customer_id, p.id) = (c.customer_id, c.current_property_id)
where c.winter_event_id = @event_id`

// EventRef names an event in a path.
type EventRef struct {
	EventID int64 `path:"event_id" db:"event_id" ref:"winter_events" minimum:"1" doc:"The winter event."`
}

type ofEvent struct {
	EventRef
	endpoint.Window
}

const listSQL = `
select ` + checkinColumns + `,
  count(*) over () as total` + ofTheEvent + `
order by c.checked_in_at desc, c.id desc
limit @limit offset @offset`

func list(ctx context.Context, tx db.Tx, in *ofEvent) ([]Checkin, int64, error) {
	page, total, err := db.Page[Checkin](ctx, tx, listSQL, in.args(ctx))
	return page, total, known(ctx, tx, in.EventID, len(page), err)
}

const listActiveSQL = `
select ` + checkinColumns + `,
  count(*) over () as total` + ofTheEvent + `
  and c.checked_out_at is null
  and c.status in ('checked_in', 'working')
order by c.status = 'working' desc, c.checked_in_at, c.id
limit @limit offset @offset`

func listActive(ctx context.Context, tx db.Tx, in *ofEvent) ([]Checkin, int64, error) {
	page, total, err := db.Page[Checkin](ctx, tx, listActiveSQL, in.args(ctx))
	return page, total, known(ctx, tx, in.EventID, len(page), err)
}

const listAvailableSQL = `
select ` + checkinColumns + `,
  count(*) over () as total` + ofTheEvent + `
  and c.checked_out_at is null
  and c.status = 'checked_in'
  and c.current_property_id is null
order by c.checked_in_at, c.id
limit @limit offset @offset`

func listAvailable(ctx context.Context, tx db.Tx, in *ofEvent) ([]Checkin, int64, error) {
	page, total, err := db.Page[Checkin](ctx, tx, listAvailableSQL, in.args(ctx))
	return page, total, known(ctx, tx, in.EventID, len(page), err)
}

func (in *ofEvent) args(ctx context.Context) db.Args {
	args := db.Struct(in)
	args["now"] = endpoint.Now(ctx)
	return args
}

const existsSQL = `select id from winter_events where id = @id`

// known tells an event without check-ins from one that is not there.
func known(ctx context.Context, tx db.Tx, event int64, rows int, err error) error {
	if err != nil || rows > 0 {
		return err
	}
	_, err = db.Value[int64](ctx, tx, existsSQL, db.Args{"id": event})
	return missing(err, "winter event")
}

// MyCheckin tells whether the caller is checked in.
type MyCheckin struct {
	CheckedIn bool     `json:"checked_in"`
	Checkin   *Checkin `json:"checkin,omitempty"`
}

const mineSQL = `
select ` + checkinColumns + ofTheEvent + `
  and c.user_id = (select tenancy.user_id())
  and c.checked_out_at is null`

func mine(ctx context.Context, tx db.Tx, in *EventRef) (out MyCheckin, err error) {
	c, err := db.One[Checkin](ctx, tx, mineSQL, db.Args{"event_id": in.EventID, "now": endpoint.Now(ctx)})
	if errors.Is(err, db.ErrNotFound) {
		return out, known(ctx, tx, in.EventID, 0, nil)
	}
	return MyCheckin{CheckedIn: true, Checkin: &c}, err
}

// missing names what is not found.
func missing(err error, what string) error {
	if db.Violates(err, "current_property_is_of_the_same_customer") {
		return endpoint.NotFound("property")
	}
	return endpoint.Missing(err, what)
}
