package routes

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

// A ticketRef names a ticket.
type ticketRef struct {
	LogID int64 `query:"log_id" db:"id" required:"true" ref:"winter_ops_logs" minimum:"1" doc:"The ticket."`
}

// A run is one driver's way along a route in one event.
type run struct {
	RouteID       *int64 `db:"route_id"`
	WinterEventID *int64 `db:"winter_event_id"`
	UserID        *int64 `db:"user_id"`
}

type ticket struct {
	run
	RouteStatus string `db:"route_status"`
	IsOwn       bool   `db:"is_own"`
}

// A ticket that was tied to a route by hand has no state of its own there; it follows the ticket's.
const ticketSQL = `
select l.route_id, l.winter_event_id, l.user_id,
  coalesce(l.route_status, case l.status when 'open' then 'active' else 'complete' end) as route_status,
  (select tenancy.user_id()) in (l.user_id, l.contractor_id) is true as is_own
from winter_ops_logs l
where l.id = @id
for no key update`

// A ticket that was closed otherwise keeps its time. One that begins at the next quarter hour ends there
// at the earliest.
const completeTicketSQL = `
update winter_ops_logs
set route_status = @route_status, status = 'closed', time_out = coalesce(time_out, greatest(time_in, @now))
where id = @id`

// The next ticket of the same driver in the same event. One that is locked is being opened for another
// ticket of his that is completed at this moment.
const openNextSQL = `
with next as (
  select l.customer_id, l.id, p.name
  from winter_ops_logs l
  join locations p on (p.customer_id, p.id) = (l.customer_id, l.property_id)
  where l.route_id = @route_id
    and l.winter_event_id is not distinct from @winter_event_id
    and l.user_id is not distinct from @user_id
    and l.route_status = 'queued'
  order by l.route_sequence, l.id
  limit 1
  for no key update of l skip locked
)
update winter_ops_logs l
set route_status = @route_status, status = 'open', time_in = @now
from next n
where (l.customer_id, l.id) = (n.customer_id, n.id)
returning n.name`

// TicketCompleted is the answer to a completed ticket of a route.
type TicketCompleted struct {
	OK            bool    `json:"ok"`
	Message       string  `json:"message"`
	NextProperty  *string `json:"next_property" doc:"Where the ticket is that was opened; null if none was queued."`
	RouteComplete bool    `json:"route_complete"`
	Progress      Tally   `json:"progress"`
}

// A Tally counts the tickets of a run.
type Tally struct {
	Total     int `json:"total"`
	Completed int `json:"completed"`
	Active    int `json:"active"`
	Queued    int `json:"queued"`
}

func completeTicket(ctx context.Context, tx db.Tx, in *ticketRef) (out TicketCompleted, err error) {
	t, err := db.One[ticket](ctx, tx, ticketSQL, db.Struct(in))
	if err != nil {
		return out, endpoint.Missing(err, "ticket")
	}
	if !t.IsOwn && !office(endpoint.Caller(ctx)) {
		return out, endpoint.Forbidden("this ticket is somebody else's")
	}
	if t.RouteID == nil {
		return out, endpoint.Invalid("the ticket belongs to no route")
	}
	status, err := next(t.RouteStatus, doComplete)
	if err != nil {
		return out, err
	}
	if err := db.Touch(ctx, tx, completeTicketSQL, db.Args{
		"id": in.LogID, "route_status": status, "now": endpoint.Now(ctx),
	}); err != nil {
		return out, err
	}
	if out.NextProperty, err = openNext(ctx, tx, t.run); err != nil {
		return out, err
	}

	all, err := tickets(ctx, tx, t.run)
	out.Progress = tally(all)
	out.RouteComplete = out.Progress.Completed == out.Progress.Total
	out.OK, out.Message = true, "Property completed"
	return out, err
}

// openNext opens the next queued ticket of a run and returns its property's name, or nil where none is
// queued.
func openNext(ctx context.Context, tx db.Tx, r run) (*string, error) {
	status, err := next(queued, doOpen)
	if err != nil {
		return nil, err
	}
	args := db.Struct(r)
	args["route_status"], args["now"] = status, endpoint.Now(ctx)
	names, err := db.All[struct {
		Name string `db:"name"`
	}](ctx, tx, openNextSQL, args)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	return &names[0].Name, nil
}
