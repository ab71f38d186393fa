// Package winterlogs keeps tickets: one visit to one property by one crew, open until it has a time
// out. They are what customers are billed by. The table is portal.winter_ops_logs; the package also
// owns the rule by which a log belongs to a winter event.
package winterlogs

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// Routes registers the operations of this package.
func Routes(api endpoint.API) {
	office := endpoint.Only(auth.Admin, auth.Manager)
	endpoint.Post(api, "/submit-winter-log/", "submitWinterLog", "Open a ticket, or log work that is done", submit, endpoint.Members,
		endpoint.Describe("Without time_out the ticket is open. A worker has one open ticket at a property at the most. "+
			"No assignment is asked for. Subcontractors and users name themselves or their contractor."))
	endpoint.List(api, "/winter-logs/", "listWinterLogs", "List the winter logs", list, endpoint.Members)
	endpoint.List(api, "/winter-ops/logs/", "listWinterOpsLogs", "List the winter logs (the billing page's name for it)", list, endpoint.Members)
	endpoint.List(api, "/winter-logs/open/", "listOpenWinterLogs", "The caller's open tickets", listOpen, endpoint.Members.Own())
	endpoint.Put(api, "/winter-logs/{log_id}", "updateWinterLog", "Replace a log", update, endpoint.Members,
		endpoint.Describe("Field roles change what they entered or are the contractor of. The whole record is replaced: what is absent or null is none then. "+
			"Only who entered it stays, an event that was given by hand, and the route. "+
			"With time_out the ticket is closed, without it is open. A time that is repeated as it was shown stays as it is."))
	endpoint.Put(api, "/winter-logs/{log_id}/close", "closeWinterLog", "Close an open ticket", finish, endpoint.Members)
	endpoint.Delete(api, "/winter-logs/{log_id}", "deleteWinterLog", "Delete a log", remove, endpoint.Only(auth.Admin), endpoint.Audited("winter_log.deleted"))
	endpoint.Put(api, "/winter-logs/{log_id}/assign-event", "assignWinterLog", "Give a log to an event by hand", assign, office)
	endpoint.Put(api, "/winter-logs/{log_id}/assign-to-event", "assignWinterLogToEvent", "Give a log to an event by hand (another name for it)", assign, office)
	endpoint.Post(api, "/winter-logs/reassign-events/", "reassignWinterLogs", "Match all logs to events", rematch, office,
		endpoint.Describe("Spares logs that were given to an event by hand."))
	endpoint.Get(api, "/suggested-log-time/", "suggestLogTime", "When the caller's next ticket should begin", suggest, endpoint.Members.Own())
	endpoint.Post(api, "/snap-time/", "snapTime", "Round a time to the quarter hour", snap, endpoint.Members)
}

// A WinterLog is a row of portal.winter_ops_logs, with the names of what it points to.
type WinterLog struct {
	ID                    int64       `json:"id" db:"id"`
	PropertyID            int64       `json:"property_id" db:"property_id"`
	PropertyName          string      `json:"property_name" db:"property_name"`
	ContractorID          *int64      `json:"contractor_id" db:"contractor_id"`
	ContractorName        *string     `json:"contractor_name" db:"contractor_name"`
	UserID                *int64      `json:"user_id" db:"user_id" doc:"Who entered it."`
	WorkerName            *string     `json:"worker_name" db:"worker_name"`
	Equipment             *string     `json:"equipment" db:"equipment"`
	TimeIn                *field.Time `json:"time_in" db:"time_in" nullable:"true" doc:"Null while it is queued on a route."`
	TimeOut               *field.Time `json:"time_out" db:"time_out" nullable:"true"`
	Status                string      `json:"status" db:"status" enum:"open,closed"`
	BulkSaltQty           float64     `json:"bulk_salt_qty" db:"bulk_salt_qty" doc:"Cubic yards."`
	BagSaltQty            float64     `json:"bag_salt_qty" db:"bag_salt_qty" doc:"Bags."`
	CalciumChlorideQty    float64     `json:"calcium_chloride_qty" db:"calcium_chloride_qty" doc:"Bags."`
	CustomerProvided      bool        `json:"customer_provided" db:"customer_provided"`
	Notes                 *string     `json:"notes" db:"notes"`
	WinterEventID         *int64      `json:"winter_event_id" db:"winter_event_id"`
	WinterEventName       *string     `json:"winter_event_name" db:"winter_event_name"`
	EventAssignedManually bool        `json:"event_assigned_manually" db:"event_assigned_manually"`
	RouteID               *int64      `json:"route_id" db:"route_id"`
	RouteSequence         *int32      `json:"route_sequence" db:"route_sequence"`
	RouteStatus           *string     `json:"route_status" db:"route_status" doc:"queued, active or complete; null outside of a route."`
}

type logFilter struct {
	endpoint.Window
	From       field.Date `query:"from" doc:"First local date of time_in."`
	To         field.Date `query:"to" doc:"Last local date of time_in."`
	PropertyID int64      `query:"property_id" ref:"locations" minimum:"1" doc:"The property."`
	EventID    int64      `query:"event_id" ref:"winter_events" minimum:"1" doc:"The winter event."`
	LogID      int64      `query:"log_id" ref:"winter_ops_logs" minimum:"1" doc:"This one log."`
	Contractor string     `query:"contractor_name" maxLength:"255" doc:"Part of the contractor's name; capitals do not count."`
	Mine       bool       `query:"mine" doc:"Those alone that the caller entered or is the contractor of."`
}

// chosen are the logs that a filter asks for.
const chosen = `
where (@begin::timestamptz is null or l.time_in >= @begin)
  and (@end::timestamptz is null or l.time_in < @end)
  and (@property_id::bigint = 0 or l.property_id = @property_id)
  and (@event_id::bigint = 0 or l.winter_event_id = @event_id)
  and (@log_id::bigint = 0 or l.id = @log_id)
  and (@contractor = '' or position(lower(@contractor) in lower(l.contractor_name)) > 0)
  and (not @mine::boolean or (select tenancy.user_id()) in (l.user_id, l.contractor_id))`

// Counted apart, so that a page ends with its last row: a window would read and join all of the company's
// logs for it.
const listSQL = `
select l.id, l.property_id, p.name as property_name, l.contractor_id, l.contractor_name, l.user_id, l.worker_name, l.equipment,
  l.time_in, l.time_out, l.status, l.bulk_salt_qty, l.bag_salt_qty, l.calcium_chloride_qty, l.customer_provided, l.notes,
  l.winter_event_id, e.event_name as winter_event_name, l.event_assigned_manually, l.route_id, l.route_sequence, l.route_status,
  (select count(*) from winter_ops_logs l` + chosen + `) as total
from winter_ops_logs l
join locations p on (p.customer_id, p.id) = (l.customer_id, l.property_id)
left join winter_events e on (e.customer_id, e.id) = (l.customer_id, l.winter_event_id)` + chosen + `
order by l.time_in desc, l.id desc
limit @limit offset @offset`

func list(ctx context.Context, tx db.Tx, in *logFilter) ([]WinterLog, int64, error) {
	begin, end, err := field.Days(ctx, tx, in.From, in.To)
	if err != nil {
		return nil, 0, err
	}
	return db.Page[WinterLog](ctx, tx, listSQL, db.Args{
		"begin": begin, "end": end, "property_id": in.PropertyID, "event_id": in.EventID,
		"log_id": in.LogID, "contractor": in.Contractor, "mine": in.Mine, "limit": in.Limit, "offset": in.Offset,
	})
}

// An OpenTicket is a log that the caller has still to finish.
type OpenTicket struct {
	WinterLog
	PropertyAddress string `json:"property_address" db:"property_address"`
}

const listOpenSQL = `
select l.id, l.property_id, p.name as property_name, p.address as property_address,
  l.contractor_id, l.contractor_name, l.user_id, l.worker_name, l.equipment,
  l.time_in, l.time_out, l.status, l.bulk_salt_qty, l.bag_salt_qty, l.calcium_chloride_qty, l.customer_provided, l.notes,
  l.winter_event_id, e.event_name as winter_event_name, l.event_assigned_manually, l.route_id, l.route_sequence, l.route_status,
  count(*) over () as total
from winter_ops_logs l
join locations p on (p.customer_id, p.id) = (l.customer_id, l.property_id)
left join winter_events e on (e.customer_id, e.id) = (l.customer_id, l.winter_event_id)
where l.status = 'open'
  and (select tenancy.user_id()) in (l.user_id, l.contractor_id)
order by l.time_in desc, l.id desc
limit @limit offset @offset`

func listOpen(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]OpenTicket, int64, error) {
	return db.Page[OpenTicket](ctx, tx, listOpenSQL, db.Struct(in))
}

// LogRef names a log in a path.
type LogRef struct {
	LogID int64 `path:"log_id" ref:"winter_ops_logs" minimum:"1" doc:"The winter log."`
}

const removeSQL = `delete from winter_ops_logs where id = @id`

func remove(ctx context.Context, tx db.Tx, in *LogRef) (endpoint.Message, error) {
	err := db.Touch(ctx, tx, removeSQL, db.Args{"id": in.LogID})
	return endpoint.Message{Message: "Winter log deleted"}, missing(err)
}

// missing names what is not found: the log itself, or what it would point to.
func missing(err error) error {
	switch {
	case db.Violates(err, "property_is_of_the_same_customer"):
		return endpoint.NotFound("property")
	case db.Violates(err, "route_is_of_the_same_customer"):
		return endpoint.NotFound("route")
	case db.Violates(err, "winter_event_is_of_the_same_customer"):
		return endpoint.NotFound("winter event")
	}
	return endpoint.Missing(err, "winter log")
}
