package routes

import (
	"context"
	"math"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

type progressInput struct {
	RouteRef
	WinterEventID int64 `query:"winter_event_id" required:"true" ref:"winter_events" minimum:"1" doc:"The event."`
	UserID        int64 `query:"user_id_param" ref:"users" minimum:"1" doc:"The driver; the caller if absent."`
}

// RouteProgress tells how far a driver is on a route in an event.
type RouteProgress struct {
	RouteID         int64         `json:"route_id"`
	WinterEventID   int64         `json:"winter_event_id"`
	UserID          int64         `json:"user_id"`
	TotalProperties int           `json:"total_properties"`
	Completed       int           `json:"completed"`
	Active          int           `json:"active"`
	Queued          int           `json:"queued"`
	PercentComplete float64       `json:"percent_complete" doc:"With one decimal; 0 without tickets."`
	Properties      []RouteTicket `json:"properties"`
}

// RouteTicket is a ticket of a run along a route.
type RouteTicket struct {
	ID               int64       `json:"id" db:"id"`
	PropertyID       int64       `json:"property_id" db:"property_id"`
	RouteSequence    *int32      `json:"route_sequence" db:"route_sequence"`
	RouteStatus      string      `json:"route_status" db:"route_status" enum:"queued,active,complete"`
	Status           string      `json:"status" db:"status" enum:"open,closed"`
	TimeIn           *field.Time `json:"time_in" db:"time_in" nullable:"true"`
	TimeOut          *field.Time `json:"time_out" db:"time_out" nullable:"true"`
	EstimatedMinutes *int32      `json:"estimated_minutes" db:"estimated_minutes"`
	PropertyName     string      `json:"property_name" db:"property_name"`
	PropertyAddress  string      `json:"property_address" db:"property_address"`
}

const ticketsSQL = `
select l.id, l.property_id, l.route_sequence, l.status, l.time_in, l.time_out, l.estimated_minutes,
  coalesce(l.route_status, case l.status when 'open' then 'active' else 'complete' end) as route_status,
  p.name as property_name, p.address as property_address
from winter_ops_logs l
join locations p on (p.customer_id, p.id) = (l.customer_id, l.property_id)
where l.route_id = @route_id
  and l.winter_event_id is not distinct from @winter_event_id
  and l.user_id is not distinct from @user_id
order by l.route_sequence, l.id
limit 10000`

// tickets are those of a run, in order.
func tickets(ctx context.Context, tx db.Tx, r run) ([]RouteTicket, error) {
	return db.All[RouteTicket](ctx, tx, ticketsSQL, db.Struct(r))
}

func tally(all []RouteTicket) (t Tally) {
	t.Total = len(all)
	for _, one := range all {
		switch one.RouteStatus {
		case complete:
			t.Completed++
		case active:
			t.Active++
		case queued:
			t.Queued++
		}
	}
	return t
}

const eventAndDriverSQL = `
select exists (select from winter_events where id = @winter_event_id) as has_event,
  exists (select from users where id = @user_id) as has_driver`

func progress(ctx context.Context, tx db.Tx, in *progressInput) (out RouteProgress, err error) {
	caller := endpoint.Caller(ctx)
	if in.UserID == 0 {
		in.UserID = caller.UserID()
	}
	if in.UserID == 0 {
		return out, endpoint.Invalid("an operator has no tickets of his own; name the driver in user_id_param")
	}
	if !office(caller) && in.UserID != caller.UserID() {
		return out, endpoint.Forbidden("only a Manager or an Admin may see the progress of somebody else")
	}
	all, err := tickets(ctx, tx, run{RouteID: &in.RouteID, WinterEventID: &in.WinterEventID, UserID: &in.UserID})
	if err == nil && len(all) == 0 {
		err = known(ctx, tx, in)
	}
	if err != nil {
		return out, err
	}
	t := tally(all)
	return RouteProgress{
		RouteID: in.RouteID, WinterEventID: in.WinterEventID, UserID: in.UserID,
		TotalProperties: t.Total, Completed: t.Completed, Active: t.Active, Queued: t.Queued,
		PercentComplete: percent(t.Completed, t.Total), Properties: all,
	}, nil
}

// known tells whether the caller may see the route, and the event and the driver are there, where no
// ticket proves it.
func known(ctx context.Context, tx db.Tx, in *progressInput) error {
	if _, err := visible(ctx, tx, in.RouteID); err != nil {
		return err
	}
	there, err := db.One[struct {
		HasEvent  bool `db:"has_event"`
		HasDriver bool `db:"has_driver"`
	}](ctx, tx, eventAndDriverSQL, db.Args{"winter_event_id": in.WinterEventID, "user_id": in.UserID})
	switch {
	case err != nil:
		return err
	case !there.HasEvent:
		return endpoint.NotFound("winter event")
	case !there.HasDriver:
		return endpoint.NotFound("person")
	}
	return nil
}

// percent is what part of total done is, rounded to one decimal.
func percent(done, total int) float64 {
	if total == 0 {
		return 0
	}
	return math.Round(1000*float64(done)/float64(total)) / 10
}
