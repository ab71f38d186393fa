package winterlogs

import (
	"context"
	"slices"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

type lockedLog struct {
	ContractorID   *int64      `db:"contractor_id"`
	ContractorName *field.Line `db:"contractor_name"`
	TimeIn         *field.Time `db:"time_in"`
	TimeOut        *field.Time `db:"time_out"`
	Status         string      `db:"status"`
	RouteStatus    *string     `db:"route_status"`
	IsOwn          bool        `db:"is_own"`
}

const lockSQL = `
select contractor_id, contractor_name, time_in, time_out, status, route_status,
  (select tenancy.user_id()) in (user_id, contractor_id) is true as is_own
from winter_ops_logs
where id = @id
for no key update`

// lock holds a log that the caller may change until the end of the unit of work, and tells its state
// after an action. Its own are those that the caller entered or is the contractor of.
func lock(ctx context.Context, tx db.Tx, id int64, do action) (l lockedLog, s state, err error) {
	l, err = db.One[lockedLog](ctx, tx, lockSQL, db.Args{"id": id})
	if err != nil {
		return l, "", missing(err)
	}
	if !l.IsOwn && !slices.Contains([]string{auth.Admin, auth.Manager}, endpoint.Caller(ctx).Role()) {
		return l, "", endpoint.Forbidden("this ticket is somebody else's")
	}
	s, err = next(stateOf(l.Status, l.RouteStatus), do)
	return l, s, err
}

// contractor is the account that the log names from now on. One who stays keeps the name that he had then.
func (l lockedLog) contractor(ctx context.Context, tx db.Tx, named *int64) (responsible, error) {
	switch {
	case named == nil:
		return responsible{}, nil
	case l.ContractorID != nil && *named == *l.ContractorID:
		return responsible{ID: l.ContractorID, Name: l.ContractorName}, nil
	}
	return contractor(ctx, tx, named)
}

// LogUpdated is the answer to a change of a log.
type LogUpdated struct {
	Message       string `json:"message"`
	WinterEventID *int64 `json:"winter_event_id"`
}

const updateSQL = `
update winter_ops_logs l
set property_id = @property_id, contractor_id = @contractor_id, contractor_name = @contractor_name, worker_name = @worker_name,
  equipment = @equipment, time_in = @time_in, time_out = @time_out, status = @status, bulk_salt_qty = @bulk_salt_qty,
  bag_salt_qty = @bag_salt_qty, calcium_chloride_qty = @calcium_chloride_qty, customer_provided = @customer_provided,
  notes = @notes, route_status = @route_status,
  winter_event_id = case when l.event_assigned_manually then l.winter_event_id else m.event_id end
from (
  select e.id as event_id
  from (values (@time_in::timestamptz)) as t (time_in)
  left join lateral (` + eventAt + `
  ) as e on true
) as m
where l.id = @id
returning l.winter_event_id`

func update(ctx context.Context, tx db.Tx, in *struct {
	LogRef
	Body WinterLogFields
},
) (out LogUpdated, err error) {
	do := saveOpen
	if in.Body.TimeOut != "" {
		do = saveClosed
	}
	old, s, err := lock(ctx, tx, in.LogID, do)
	if err != nil {
		return out, err
	}
	who, err := old.contractor(ctx, tx, in.Body.ContractorID)
	if err != nil {
		return out, err
	}
	in.Body.complete(who)
	zone, err := tx.Zone(ctx)
	if err != nil {
		return out, err
	}
	timeIn, timeOut, err := in.Body.times(ctx, old, zone)
	if err != nil {
		return out, err
	}

	args := db.Struct(in.Body)
	args["id"], args["contractor_id"], args["contractor_name"] = in.LogID, who.ID, who.Name
	args["time_in"], args["time_out"], args["status"], args["route_status"] = timeIn, timeOut, s, s.onRoute(old.RouteStatus)
	event, err := db.Value[*int64](ctx, tx, updateSQL, args)
	if db.Violates(err, "one_open_ticket_per_worker_and_property") {
		return out, alreadyOpen
	}
	return LogUpdated{"Winter log updated" + belonging(event), event}, missing(err)
}

type finishInput struct {
	LogRef
	TimeOut field.LocalTime `query:"time_out" required:"true" minLength:"1" example:"2026-01-11T09:30" doc:"When the work was done."`
}

// LogClosed is the answer to a ticket that was closed.
type LogClosed struct {
	Message string `json:"message"`
	LogID   int64  `json:"log_id"`
}

const finishSQL = `
update winter_ops_logs
set time_out = @time_out, status = @status
where id = @id`

func finish(ctx context.Context, tx db.Tx, in *finishInput) (out LogClosed, err error) {
	old, s, err := lock(ctx, tx, in.LogID, doClose)
	if err != nil {
		return out, err
	}
	zone, err := tx.Zone(ctx)
	if err != nil {
		return out, err
	}
	timeOut := in.TimeOut.Ending(old.TimeIn.Time, nil, zone)
	if err := endpoint.InOrder("time_in", old.TimeIn.Time, "time_out", timeOut); err != nil {
		return out, err
	}
	err = db.Touch(ctx, tx, finishSQL, db.Args{"id": in.LogID, "time_out": timeOut, "status": s})
	return LogClosed{"Ticket closed", in.LogID}, err
}
