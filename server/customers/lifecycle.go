package customers

import (
	"context"
	"errors"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

// The states of a customer. In the first two its people may work; a trial past its end counts as
// suspended. Data is kept in all of them.
const (
	trial     = "trial"
	active    = "active"
	suspended = "suspended"
	cancelled = "cancelled"
	moving    = "moving" // to another database; nothing but its move ends that
)

// What moves a customer from one state to another.
const (
	activate = "activate"
	suspend  = "suspend"
	cancel   = "cancel"
)

// TrialLength is how long a trial lasts unless somebody says otherwise.
const TrialLength = 14 * 24 * time.Hour

// next is the state that a customer comes to by an action. An action that is repeated changes nothing.
func next(id, status, action string) (string, error) {
	if id == primary && action != activate {
		return "", endpoint.Invalid("the primary customer can be neither suspended nor cancelled")
	}
	if status == moving {
		return "", endpoint.Conflict("the customer is being moved to another database")
	}
	switch action {
	case activate:
		return active, nil
	case cancel:
		return cancelled, nil
	case suspend:
		if status == cancelled {
			return "", endpoint.Conflict("the customer is cancelled; activate it before it can be suspended")
		}
		return suspended, nil
	}
	return "", errors.New("no such action: " + action)
}

// toward is the action that leads to a wanted state; a trial only begins with the customer.
func toward(status, wanted string) (action string, err error) {
	switch wanted {
	case status:
		return "", nil
	case active:
		return activate, nil
	case suspended:
		return suspend, nil
	case cancelled:
		return cancel, nil
	}
	return "", endpoint.Conflict("a trial begins with the customer; it cannot be begun again")
}

// locked is a customer whose row nobody else changes until the transaction ends.
type locked struct {
	CustomerID  string `db:"customer_id"`
	CompanyName string `db:"company_name"`
	Status      string `db:"status"`
	Timezone    string `db:"timezone"`
	Plan        string `db:"subscription_tier"`
}

// The lock lets those pass who refer to the customer: adding a property does not wait for it.
const lockSQL = `
select c.customer_id, c.company_name, c.status, c.timezone, c.subscription_tier
from platform.customers c
where c.customer_id = @customer_id
for no key update`

func lock(ctx context.Context, tx db.Tx, id string) (locked, error) {
	c, err := db.One[locked](ctx, tx, lockSQL, db.Args{"customer_id": id})
	return c, endpoint.Missing(err, "customer")
}

const moveSQL = `update platform.customers set status = @status where customer_id = @customer_id and status <> @status`

// move takes a customer to its next state, at once for all of its people: each entry asks for it.
func move(ctx context.Context, tx db.Tx, id, action string, detail map[string]any) (locked, error) {
	c, err := lock(ctx, tx, id)
	if err != nil {
		return c, err
	}
	status, err := next(c.CustomerID, c.Status, action)
	if err != nil {
		return c, err
	}
	if _, err := db.Exec(ctx, tx, moveSQL, db.Args{"customer_id": c.CustomerID, "status": status}); err != nil {
		return c, err
	}
	noteCustomer(ctx, c.CustomerID, with(detail, "was", c.Status))
	return c, nil
}

// Suspend keeps a customer's people out until it is activated. Errors: 404, 400 for the primary
// customer, 409 for a cancelled one.
func Suspend(ctx context.Context, tx db.Tx, id, reason string) (companyName string, err error) {
	detail := map[string]any{}
	if reason != "" {
		detail["reason"] = reason
	}
	c, err := move(ctx, tx, id, suspend, detail)
	return c.CompanyName, err
}

// Activate lets a customer's people in, whatever state it was in.
func Activate(ctx context.Context, tx db.Tx, id string) (companyName string, err error) {
	c, err := move(ctx, tx, id, activate, nil)
	return c.CompanyName, err
}

// Cancel ends a customer: its people are out, its data is kept. Errors: 404, 400 for the primary customer.
func Cancel(ctx context.Context, tx db.Tx, id string) (companyName string, err error) {
	c, err := move(ctx, tx, id, cancel, nil)
	return c.CompanyName, err
}

// noteCustomer says for the audit log what a call has touched; the entry is in that customer's log.
func noteCustomer(ctx context.Context, id string, detail map[string]any) {
	endpoint.NoteCustomer(ctx, id)
	endpoint.Note(ctx, "customer", id, detail)
}

func with(detail map[string]any, key string, value any) map[string]any {
	if detail == nil {
		detail = map[string]any{}
	}
	detail[key] = value
	return detail
}

// A Reason is why something is done to a customer, for the audit log.
type Reason struct {
	Reason string `json:"reason,omitempty" maxLength:"1000" example:"invoice 2026-114 is unpaid" doc:"For the audit log."`
}

func suspendCustomer(ctx context.Context, tx db.Tx, in *struct {
	CustomerRef
	Body *Reason
},
) (out endpoint.Message, err error) {
	id, err := in.id()
	if err != nil {
		return out, err
	}
	reason := ""
	if in.Body != nil {
		reason = in.Body.Reason
	}
	name, err := Suspend(ctx, tx, id, reason)
	return endpoint.Message{Message: name + " is suspended"}, err
}

func activateCustomer(ctx context.Context, tx db.Tx, in *CustomerRef) (out endpoint.Message, err error) {
	id, err := in.id()
	if err != nil {
		return out, err
	}
	name, err := Activate(ctx, tx, id)
	return endpoint.Message{Message: name + " is active"}, err
}

// cancelCustomer keeps all data; only an activation leads back.
func cancelCustomer(ctx context.Context, tx db.Tx, in *CustomerRef) (out endpoint.Message, err error) {
	id, err := in.id()
	if err != nil {
		return out, err
	}
	c, err := move(ctx, tx, id, cancel, nil)
	return endpoint.Message{Message: c.CompanyName + " is cancelled; its data is kept"}, err
}
