// Package greenlogs keeps what was done to lawns and beds: who did which service where, when, and with
// what. The table is portal.green_services_logs.
package greenlogs

import (
	"context"
	"errors"
	"strings"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// Routes registers the operations of this package.
func Routes(api endpoint.API) {
	endpoint.Post(api, "/submit-green-log/", "submitGreenLog", "Log a landscape service", submit, endpoint.Members)
	endpoint.List(api, "/green-logs/", "listGreenLogs", "List the green logs", list, endpoint.Members)
	endpoint.Put(api, "/green-logs/{log_id}", "updateGreenLog", "Replace a green log", update, endpoint.Only(auth.Admin, auth.Manager),
		endpoint.Describe("Who entered it stays. A time that is repeated as it was shown stays as it is."))
	endpoint.Delete(api, "/green-logs/{log_id}", "deleteGreenLog", "Delete a green log", remove, endpoint.Only(auth.Admin), endpoint.Audited("green_log.deleted"))
}

// A GreenLog is a row of portal.green_services_logs, with the property's name.
type GreenLog struct {
	ID             int64      `json:"id" db:"id"`
	PropertyID     int64      `json:"property_id" db:"property_id"`
	PropertyName   string     `json:"property_name" db:"property_name"`
	ContractorID   *int64     `json:"contractor_id" db:"contractor_id"`
	ContractorName *string    `json:"contractor_name" db:"contractor_name"`
	UserID         *int64     `json:"user_id" db:"user_id" doc:"Who entered it."`
	WorkerName     string     `json:"worker_name" db:"worker_name"`
	TimeIn         field.Time `json:"time_in" db:"time_in"`
	TimeOut        field.Time `json:"time_out" db:"time_out"`
	ServiceType    string     `json:"service_type" db:"service_type"`
	ProductsUsed   string     `json:"products_used" db:"products_used"`
	QuantityUsed   float64    `json:"quantity_used" db:"quantity_used"`
	Notes          string     `json:"notes" db:"notes"`
}

type logFilter struct {
	endpoint.Window
	From       field.Date `query:"from" doc:"First local date of time_in."`
	To         field.Date `query:"to" doc:"Last local date of time_in."`
	PropertyID int64      `query:"property_id" ref:"locations" minimum:"1" doc:"The property."`
}

// chosen are the logs that a filter asks for.
const chosen = `
where (@begin::timestamptz is null or l.time_in >= @begin)
  and (@end::timestamptz is null or l.time_in < @end)
  and (@property_id::bigint = 0 or l.property_id = @property_id)`

// Counted apart, so that a page ends with its last row.
const listSQL = `
select l.id, l.property_id, p.name as property_name, l.contractor_id, l.contractor_name, l.user_id, l.worker_name,
  l.time_in, l.time_out, l.service_type, coalesce(l.products_used, '') as products_used,
  l.quantity_used, coalesce(l.notes, '') as notes,
  (select count(*) from green_services_logs l` + chosen + `) as total
from green_services_logs l
join locations p on (p.customer_id, p.id) = (l.customer_id, l.property_id)` + chosen + `
order by l.time_in desc, l.id desc
limit @limit offset @offset`

func list(ctx context.Context, tx db.Tx, in *logFilter) ([]GreenLog, int64, error) {
	begin, end, err := field.Days(ctx, tx, in.From, in.To)
	if err != nil {
		return nil, 0, err
	}
	return db.Page[GreenLog](ctx, tx, listSQL, db.Args{
		"begin": begin, "end": end, "property_id": in.PropertyID, "limit": in.Limit, "offset": in.Offset,
	})
}

// GreenLogFields are what a client says of a green log. Texts may be empty.
type GreenLogFields struct {
	PropertyID     int64           `json:"property_id" db:"property_id" ref:"locations" minimum:"1" doc:"The property."`
	ContractorID   int64           `json:"contractor_id" db:"contractor_id" ref:"users" minimum:"1" doc:"The responsible account."`
	ContractorName *string         `json:"contractor_name,omitempty" nullable:"true" doc:"Ignored: the account's name is taken."`
	WorkerName     field.Line      `json:"worker_name" db:"worker_name" maxLength:"255" example:"Digger, Dan" doc:"Who was there; the contractor's name if empty."`
	TimeIn         field.LocalTime `json:"time_in" minLength:"1" example:"2026-06-10T07:30"`
	TimeOut        field.LocalTime `json:"time_out" minLength:"1" example:"2026-06-10T09:00"`
	ServiceType    field.Text      `json:"service_type" db:"service_type" maxLength:"100" example:"Mowing, Weed Eat/Edging" doc:"One, or several with commas."`
	ProductsUsed   field.Line      `json:"products_used" db:"products_used" maxLength:"255" example:"Mulch"`
	QuantityUsed   float64         `json:"quantity_used" db:"quantity_used" minimum:"0" maximum:"99999999" example:"3"`
	Notes          string          `json:"notes" db:"notes" maxLength:"10000" example:""`
}

// args are the values of a statement that writes a log. The name of the contractor is the account's,
// which every statement joins; the worker has it too where none is named.
func (f GreenLogFields) args(ctx context.Context, tx db.Tx, old lockedLog) (db.Args, error) {
	zone, err := tx.Zone(ctx)
	if err != nil {
		return nil, err
	}
	timeIn := f.TimeIn.Keeping(old.TimeIn, zone)
	timeOut := f.TimeOut.Ending(*timeIn, old.TimeOut, zone)
	if err := endpoint.InOrder("time_in", *timeIn, "time_out", timeOut); err != nil {
		return nil, err
	}
	if err := endpoint.NotAhead(ctx, "time_in", timeIn, endpoint.ADay); err != nil {
		return nil, err
	}
	// The old pages write Unknown where they know no name.
	if strings.EqualFold(string(f.WorkerName), "unknown") {
		f.WorkerName = ""
	}
	args := db.Struct(f)
	args["time_in"], args["time_out"] = timeIn, timeOut
	return args, nil
}

// What was submitted longer ago may be submitted again.
const forgetSQL = `
update green_services_logs
set submission_hash = null
where submission_hash = @submission_hash
  and created_at <= now() - interval '10 minutes'`

const submitSQL = `
insert into green_services_logs (property_id, contractor_id, contractor_name, user_id, worker_name, time_in, time_out,
  service_type, products_used, quantity_used, notes, submission_hash)
select @property_id, u.id, coalesce(u.name, u.email), (select tenancy.user_id()),
  coalesce(nullif(@worker_name::text, ''), u.name, u.email), @time_in, @time_out,
  @service_type, @products_used, @quantity_used, @notes, @submission_hash
from users u
where u.id = @contractor_id
on conflict do nothing
returning id`

const firstSQL = `select id from green_services_logs where submission_hash = @submission_hash`

// GreenLogSubmitted is the answer to a new log.
type GreenLogSubmitted struct {
	Message  string `json:"message"`
	LogID    int64  `json:"log_id"`
	Repeated bool   `json:"repeated,omitempty" doc:"The same was submitted within the last ten minutes; this is that log."`
}

func submit(ctx context.Context, tx db.Tx, in *struct{ Body GreenLogFields }) (out GreenLogSubmitted, err error) {
	args, err := in.Body.args(ctx, tx, lockedLog{})
	if err != nil {
		return out, err
	}
	hash, err := endpoint.Fingerprint(ctx, args)
	if err != nil {
		return out, err
	}
	submission := db.Args{"submission_hash": hash}
	if _, err := db.Exec(ctx, tx, forgetSQL, submission); err != nil {
		return out, err
	}
	args["submission_hash"] = hash
	out = GreenLogSubmitted{Message: "Green log submitted"}
	out.LogID, err = db.Value[int64](ctx, tx, submitSQL, args)
	if errors.Is(err, db.ErrNotFound) { // it is there, or there is no such contractor
		out.LogID, err = db.Value[int64](ctx, tx, firstSQL, submission)
		out.Message, out.Repeated = "The same green log was submitted before", true
	}
	return out, missing(err, "contractor")
}

// LogRef names a green log in a path.
type LogRef struct {
	LogID int64 `path:"log_id" ref:"green_services_logs" minimum:"1" doc:"The green log."`
}

type lockedLog struct {
	TimeIn  *field.Time `db:"time_in"`
	TimeOut *field.Time `db:"time_out"`
}

const lockSQL = `select time_in, time_out from green_services_logs where id = @id for no key update`

// The name of a contractor who stays is the one that he had then.
const updateSQL = `
update green_services_logs l
set property_id = @property_id, contractor_id = u.id,
  contractor_name = case when l.contractor_id = u.id then l.contractor_name else coalesce(u.name, u.email) end,
  worker_name = coalesce(nullif(@worker_name::text, ''), u.name, u.email), time_in = @time_in, time_out = @time_out,
  service_type = @service_type, products_used = @products_used, quantity_used = @quantity_used,
  notes = @notes
from users u
where l.id = @id
  and u.id = @contractor_id`

func update(ctx context.Context, tx db.Tx, in *struct {
	LogRef
	Body GreenLogFields
},
) (out endpoint.Message, err error) {
	old, err := db.One[lockedLog](ctx, tx, lockSQL, db.Args{"id": in.LogID})
	if err != nil {
		return out, missing(err, "green log")
	}
	args, err := in.Body.args(ctx, tx, old)
	if err != nil {
		return out, err
	}
	args["id"] = in.LogID
	err = db.Touch(ctx, tx, updateSQL, args)
	return endpoint.Message{Message: "Green log updated"}, missing(err, "contractor")
}

const removeSQL = `delete from green_services_logs where id = @id`

func remove(ctx context.Context, tx db.Tx, in *LogRef) (endpoint.Message, error) {
	err := db.Touch(ctx, tx, removeSQL, db.Args{"id": in.LogID})
	return endpoint.Message{Message: "Green log deleted"}, missing(err, "green log")
}

// missing names what is not found.
func missing(err error, what string) error {
	if db.Violates(err, "property_is_of_the_same_customer") {
		return endpoint.NotFound("property")
	}
	return endpoint.Missing(err, what)
}
