package winterlogs

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// WinterLogFields are what a client says of a log. status is not among them, it
// follows time_out; nor is user_id, which is the caller's at the beginning and never changes.
type WinterLogFields struct {
	PropertyID         int64           `json:"property_id" db:"property_id" ref:"locations" minimum:"1" doc:"The property."`
	TimeIn             field.LocalTime `json:"time_in" minLength:"1" example:"2026-01-10T19:00"`
	TimeOut            field.LocalTime `json:"time_out,omitempty" nullable:"true" doc:"Empty for a ticket that is open."`
	ContractorID       *int64          `json:"contractor_id,omitempty" nullable:"true" ref:"users" minimum:"1" doc:"The responsible account. If absent: the caller for a new log, nobody for an old one."`
	ContractorName     *string         `json:"contractor_name,omitempty" nullable:"true" doc:"Ignored: the account's name is taken."`
	WorkerName         *field.Line     `json:"worker_name,omitempty" db:"worker_name" nullable:"true" maxLength:"255" doc:"Who was there, by convention: last, first. The contractor's name if absent from a new log."`
	Equipment          *field.Line     `json:"equipment,omitempty" db:"equipment" nullable:"true" maxLength:"255" example:"Plow truck" doc:"The contractor's default equipment if absent from a new log."`
	BulkSaltQty        *float64        `json:"bulk_salt_qty,omitempty" db:"bulk_salt_qty" nullable:"true" minimum:"0" maximum:"99999999" doc:"Cubic yards."`
	BagSaltQty         *float64        `json:"bag_salt_qty,omitempty" db:"bag_salt_qty" nullable:"true" minimum:"0" maximum:"99999999" doc:"Bags."`
	CalciumChlorideQty *float64        `json:"calcium_chloride_qty,omitempty" db:"calcium_chloride_qty" nullable:"true" minimum:"0" maximum:"99999999" doc:"Bags."`
	CustomerProvided   field.Bool      `json:"customer_provided,omitempty" db:"customer_provided" doc:"The site's owner supplied the material."`
	Notes              *string         `json:"notes,omitempty" db:"notes" nullable:"true" maxLength:"10000"`
}

// complete fills in what the client left out. The old pages write Unknown where they know no name: then it was
// the contractor.
func (f *WinterLogFields) complete(who responsible) {
	for _, quantity := range []**float64{&f.BulkSaltQty, &f.BagSaltQty, &f.CalciumChlorideQty} {
		if *quantity == nil {
			*quantity = new(float64)
		}
	}
	if f.WorkerName != nil && strings.EqualFold(string(*f.WorkerName), "unknown") {
		f.WorkerName = who.Name
	}
}

// times are when the work began, and when it ended or nil.
func (f *WinterLogFields) times(ctx context.Context, old lockedLog, zone *time.Location) (begin, end *time.Time, err error) {
	begin = f.TimeIn.Keeping(old.TimeIn, zone)
	end = f.TimeOut.Ending(*begin, old.TimeOut, zone)
	if err := endpoint.InOrder("time_in", *begin, "time_out", end); err != nil {
		return nil, nil, err
	}
	return begin, end, endpoint.NotAhead(ctx, "time_in", begin, endpoint.ADay)
}

func blank(text *field.Line) bool { return text == nil || *text == "" }

// NewWinterLog is a log, and the route that a worker ties the ticket to.
type NewWinterLog struct {
	WinterLogFields
	RouteID       *int64 `json:"route_id,omitempty" db:"route_id" nullable:"true" ref:"routes" minimum:"1" doc:"The route that the visit belongs to."`
	RouteSequence *int32 `json:"route_sequence,omitempty" db:"route_sequence" nullable:"true" minimum:"0" doc:"Its place there."`
}

// A responsible account is the contractor of a log.
type responsible struct {
	ID        *int64      `db:"id"`
	Name      *field.Line `db:"name"`
	Equipment *field.Line `db:"default_equipment"`
	MayBe     bool        `db:"may_be"` // the caller, or the caller's contractor
}

const responsibleSQL = `
select u.id, coalesce(u.name, u.email) as name, u.default_equipment,
  u.id in (me.id, me.contractor_id) is true as may_be
from users u
left join users me on me.customer_id = u.customer_id and me.id = (select tenancy.user_id())
where u.id = coalesce(@contractor_id, (select tenancy.user_id()))`

// contractor finds the account that a caller may name as the contractor of a log: itself where it names
// none.
func contractor(ctx context.Context, tx db.Tx, named *int64) (r responsible, err error) {
	caller := endpoint.Caller(ctx)
	if named == nil && caller.Acting() {
		return r, endpoint.InvalidField("contractor_id", "expected whose work it was; an operator does none")
	}
	r, err = db.One[responsible](ctx, tx, responsibleSQL, db.Args{"contractor_id": named})
	if err == nil && !r.MayBe && slices.Contains([]string{auth.Subcontractor, auth.User}, caller.Role()) {
		return r, endpoint.Forbidden("the role " + caller.Role() + " may name itself or its contractor only")
	}
	return r, endpoint.Missing(err, "contractor")
}

// Submitted is the answer to a new log.
type Submitted struct {
	Message       string `json:"message" db:"-"`
	LogID         int64  `json:"log_id" db:"id"`
	Status        string `json:"status" db:"status" enum:"open,closed"`
	WinterEventID *int64 `json:"winter_event_id" db:"winter_event_id"`
	Repeated      bool   `json:"repeated,omitempty" db:"-" doc:"The same was submitted within the last ten minutes; this is that log."`
}

// What was submitted longer ago may be submitted again.
const forgetSQL = `
update winter_ops_logs
set submission_hash = null
where submission_hash = @submission_hash
  and created_at <= now() - interval '10 minutes'`

// Of two that open the same ticket, or log the same work, at once a unique index lets one pass; the other waits for it
// and touches nothing.
const submitSQL = `
insert into winter_ops_logs (property_id, contractor_id, contractor_name, user_id, worker_name, equipment, time_in, time_out, status,
  bulk_salt_qty, bag_salt_qty, calcium_chloride_qty, customer_provided, notes, route_id, route_sequence, winter_event_id, submission_hash)
select @property_id, @contractor_id, @contractor_name, (select tenancy.user_id()), @worker_name, @equipment, t.time_in, @time_out, @status,
  @bulk_salt_qty, @bag_salt_qty, @calcium_chloride_qty, @customer_provided, @notes, @route_id, @route_sequence, e.id, @submission_hash
from (values (@time_in::timestamptz)) as t (time_in)
left join lateral (` + eventAt + `
) as e on true
on conflict do nothing
returning id, status, winter_event_id`

const firstSQL = `select id, status, winter_event_id from winter_ops_logs where submission_hash = @submission_hash`

func submit(ctx context.Context, tx db.Tx, in *struct{ Body NewWinterLog }) (out Submitted, err error) {
	who, err := contractor(ctx, tx, in.Body.ContractorID)
	if err != nil {
		return out, err
	}
	in.Body.complete(who)
	zone, err := tx.Zone(ctx)
	if err != nil {
		return out, err
	}
	timeIn, timeOut, err := in.Body.times(ctx, lockedLog{}, zone)
	if err != nil {
		return out, err
	}
	if blank(in.Body.WorkerName) {
		in.Body.WorkerName = who.Name
	}
	if blank(in.Body.Equipment) {
		in.Body.Equipment = cmp.Or(who.Equipment, in.Body.Equipment)
	}

	args := db.Struct(in.Body)
	args["contractor_id"], args["contractor_name"] = who.ID, who.Name
	args["time_in"], args["time_out"], args["status"] = timeIn, timeOut, statusOf(timeOut)
	what := "Ticket opened"
	if args["submission_hash"] = nil; timeOut != nil {
		what = "Winter log submitted"
		if args["submission_hash"], err = endpoint.Fingerprint(ctx, args); err != nil {
			return out, err
		}
	}
	out, err = insert(ctx, tx, args)
	if out.Repeated {
		what = "The same winter log was submitted before"
	}
	out.Message = what + belonging(out.WinterEventID)
	return out, err
}

// insert adds a log, or finds the one that is the same.
func insert(ctx context.Context, tx db.Tx, args db.Args) (out Submitted, err error) {
	submission := db.Args{"submission_hash": args["submission_hash"]}
	if _, err := db.Exec(ctx, tx, forgetSQL, submission); err != nil {
		return out, err
	}
	out, err = db.One[Submitted](ctx, tx, submitSQL, args)
	if !errors.Is(err, db.ErrNotFound) {
		return out, missing(err)
	}
	out, err = db.One[Submitted](ctx, tx, firstSQL, submission)
	if errors.Is(err, db.ErrNotFound) {
		return out, alreadyOpen
	}
	out.Repeated = err == nil
	return out, err
}

// alreadyOpen is the answer to a second ticket, be it sent twice or saved without its time out.
var alreadyOpen = endpoint.Conflict("this worker has a ticket open at the property already; close that one first")

func belonging(event *int64) string {
	if event == nil {
		return "; no winter event matches"
	}
	return "; it belongs to a winter event"
}

func statusOf(timeOut *time.Time) state {
	if timeOut == nil {
		return open
	}
	return closed
}
