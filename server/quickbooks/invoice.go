package quickbooks

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/connect"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
	"contractor-portal/server/outbound"
)

// NewInvoice says of what an invoice is to be made.
type NewInvoice struct {
	PropertyID    int64 `json:"property_id" ref:"locations" minimum:"1"`
	WinterEventID int64 `json:"winter_event_id" ref:"winter_events" minimum:"1"`
}

// Invoice is an invoice that was made.
type Invoice struct {
	InvoiceID           int64         `json:"invoice_id" db:"invoice_id" doc:"Its id here, as POST /email/invoice-notification takes it."`
	QuickBooksInvoiceID string        `json:"quickbooks_invoice_id" db:"quickbooks_invoice_id" example:"145"`
	InvoiceNumber       string        `json:"invoice_number" db:"invoice_number" example:"1037" doc:"The number that QuickBooks gave; its id where the company's invoices have none."`
	TotalAmount         field.Decimal `json:"total_amount" db:"total_amount" example:"312.5"`
	CustomerName        string        `json:"customer_name" db:"customer_name" doc:"The property."`
	EventName           string        `json:"event_name" db:"event_name"`
}

const namesSQL = `
select i.id as invoice_id, @invoice::text as quickbooks_invoice_id, coalesce(nullif(@number::text, ''), @invoice) as invoice_number,
  @total::numeric as total_amount, p.name as customer_name, e.event_name
from quickbooks_invoices i
join locations p on (p.customer_id, p.id) = (i.customer_id, i.property_id)
join winter_events e on (e.customer_id, e.id) = (i.customer_id, i.winter_event_id)
where i.id = @id`

func (s *Service) invoice(ctx context.Context, work endpoint.Work, in *struct{ Body NewInvoice }) (out Invoice, err error) {
	of := pair{in.Body.PropertyID, in.Body.WinterEventID}
	// No token is refreshed for what cannot be done anyway.
	resumes, err := s.ready(ctx, work, of)
	if err != nil {
		return out, err
	}
	at, err := s.account(ctx, work)
	if err != nil {
		return out, err
	}
	return s.made(ctx, work, at, of, resumes, keptUnder)
}

// keptUnder writes what a request comes to together with its answer.
func keptUnder(answer Invoice) writer { return endpoint.Writing(answer) }

// A writer runs a function in a unit of work.
type writer func(context.Context, func(context.Context, db.Tx) error) error

// ready tells whether the invoice of a pair can be made, or gone on with. Errors: those of drafted; 409, there is one.
func (s *Service) ready(ctx context.Context, units connect.Units, of pair) (resumes bool, err error) {
	return resumes, units.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.connection.Admits(ctx, tx); err != nil {
			return err
		}
		is, err := standing(ctx, tx, of)
		if resumes = is.Status == "pending"; resumes || err != nil {
			return err
		}
		if err := is.refuse(); err != nil {
			return err
		}
		_, err = drafted(ctx, tx, of)
		return err
	})
}

// made makes the invoice of a pair, or finds out what became of it. When it is made, last writes that. Errors: those of
// ready; those of package outbound, after which the row is pending where QuickBooks may have made it, and failed where not.
func (s *Service) made(ctx context.Context, units connect.Units, at account, of pair, resumes bool, last func(Invoice) writer) (out Invoice, err error) {
	var m mapping
	if !resumes {
		if m, err = s.customer(ctx, units, at, of.property); err != nil {
			return out, err
		}
	}
	var c claim
	err = units.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if resumes {
			c, err = takeOver(ctx, tx, of)
		} else {
			c, err = begin(ctx, tx, of, at.realm, m.id)
		}
		return err
	})
	if err != nil {
		return out, err
	}
	return s.settle(ctx, units, at, c, last)
}

// settle has the invoice of a claim made, once.
func (s *Service) settle(ctx context.Context, units connect.Units, at account, c claim, last func(Invoice) writer) (out Invoice, err error) {
	i, err := s.ask(ctx, at, c)
	kept := context.WithoutCancel(ctx) // what QuickBooks has done must be known here
	if err != nil {
		return out, errors.Join(err, units.Write(kept, func(ctx context.Context, tx db.Tx) error { return c.gaveUp(ctx, tx, err) }))
	}
	total := c.Total
	if amountForm.MatchString(i.TotalAmt.String()) {
		total = field.Decimal(i.TotalAmt) // with taxes that are added there
	}
	err = units.Read(kept, func(ctx context.Context, tx db.Tx) (err error) {
		out, err = db.One[Invoice](ctx, tx, namesSQL, db.Args{"id": c.ID, "invoice": i.ID, "number": i.DocNumber, "total": string(total)})
		return err
	})
	if err != nil {
		return out, err
	}
	return out, last(out)(kept, func(ctx context.Context, tx db.Tx) error {
		n, err := db.Exec(ctx, tx, madeSQL, db.Args{"id": c.ID, "invoice": i.ID, "number": cut(i.DocNumber, 100), "total": string(total)})
		if err != nil || n == 0 {
			return err
		}
		return auth.Record(ctx, tx, auth.Deed{
			Action: "quickbooks.invoice_made", ObjectType: "invoice", ObjectID: fmt.Sprint(c.ID), Detail: map[string]any{"quickbooks_invoice_id": i.ID, "total_amount": string(total)},
		})
	})
}

var amountForm = regexp.MustCompile(`^[0-9]{1,8}([.][0-9]{1,2})?$`)

// ask asks QuickBooks to make an invoice. One that was asked for before is looked for first: QuickBooks does not remember a
// request id for ever.
func (s *Service) ask(ctx context.Context, at account, c claim) (i bookInvoice, err error) {
	if c.Realm != at.realm {
		return i, errors.Join(errElsewhere, endpoint.Conflict("this invoice was begun in the company "+c.Realm+" at QuickBooks, and its answer was lost: connect with that one again to finish it"))
	}
	request, err := c.request()
	if err != nil {
		return i, err
	}
	if !c.fresh {
		found, err := s.books.noted(ctx, at, request.CustomerRef.Value, request.TxnDate, c.note())
		if err != nil || found != nil {
			return deref(found), err
		}
	}
	return s.books.invoice(ctx, at, c.RequestID, request)
}

var errElsewhere = errors.New("it is of another company at QuickBooks")

func deref(i *bookInvoice) (found bookInvoice) {
	if i != nil {
		found = *i
	}
	return found
}

// unmade tells whether an error says that QuickBooks has not made an invoice, and will not. Of one that was asked for before
// only a refusal of itself says so: a key or a limit that is refused today says nothing of yesterday.
func (c claim) unmade(err error) bool {
	var call *outbound.Error
	if !errors.As(err, &call) {
		return false
	}
	switch call.Outcome {
	case outbound.Refused:
		return true
	case outbound.NoKey, outbound.Limited, outbound.Blocked:
		return c.fresh
	}
	return false
}

// gaveUp ends a claim: what QuickBooks has not made has failed; else a job will look.
func (c claim) gaveUp(ctx context.Context, tx db.Tx, cause error) error {
	if c.unmade(cause) {
		_, err := db.Exec(ctx, tx, failedSQL, db.Args{"id": c.ID, "reason": reason(cause)})
		return err
	}
	if _, err := db.Exec(ctx, tx, lostSQL, db.Args{"id": c.ID}); err != nil || c.looked || errors.Is(cause, errElsewhere) {
		return err
	}
	return look(ctx, tx, endpoint.Now(ctx))
}

// reason is what a person is told of an error.
func reason(err error) string {
	var p *endpoint.Problem
	if errors.As(err, &p) {
		return cut(p.Detail, 1000)
	}
	return "something failed in the portal; its operator finds it in the log"
}
