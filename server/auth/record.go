package auth

import (
	"context"

	"contractor-portal/db"
)

// A Deed is what an entry of the audit log says was done. Who did it, acting as whom, in which customer
// and when is not said here: PostgreSQL takes it from the context that tenancy.enter verified, and lets
// nobody write it by hand.
type Deed struct {
	Action     string         `db:"action"`      // such as user.suspended
	ObjectType string         `db:"object_type"` // what was touched, such as user, or ""
	ObjectID   string         `db:"object_id"`
	Detail     map[string]any `db:"detail"` // no secrets; nil is empty
	// CustomerID is whose log the entry belongs to, for an operator outside of any customer. Inside of
	// one it is that one, and this is ignored.
	CustomerID string `db:"-"`
}

const recordSQL = `
insert into platform.audit_log (action, object_type, object_id, detail, request_id)
values (@action, nullif(@object_type, ''), nullif(@object_id, ''), @detail, nullif(@request_id, ''))`

// Record appends an entry to the audit log, in the transaction of the change that it tells of.
func Record(ctx context.Context, tx db.Tx, d Deed) error {
	_, err := db.Exec(ctx, tx, recordSQL, d.args(ctx))
	return err
}

const recordOnPlatformSQL = `
insert into platform.audit_log (customer_id, action, object_type, object_id, detail, request_id)
values (nullif(@customer, ''), @action, nullif(@object_type, ''), nullif(@object_id, ''), @detail, nullif(@request_id, ''))`

// RecordOnPlatform is Record in a unit of work of an operator outside of any customer.
func RecordOnPlatform(ctx context.Context, tx db.Tx, d Deed) error {
	args := d.args(ctx)
	args["customer"] = d.CustomerID
	_, err := db.Exec(ctx, tx, recordOnPlatformSQL, args)
	return err
}

func (d Deed) args(ctx context.Context) db.Args {
	if d.Detail == nil {
		d.Detail = map[string]any{}
	}
	args := db.Struct(d)
	id, _ := ctx.Value(RequestID{}).(string)
	args["request_id"] = id
	return args
}

// RequestID is the key of a context under which the id of the request stands, for the audit log.
type RequestID struct{}
