package quickbooks

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
	"contractor-portal/server/jobs"
)

// claimTime is how long one may take to make an invoice, before another asks QuickBooks what became of it. It is longer
// than any request or job takes.
const claimTime = 5 * time.Minute

// A claim is the row of an invoice that is being made. It is there before QuickBooks is asked, and has all that is sent:
// whoever goes on sends the same under the same request id.
type claim struct {
	ID        int64         `db:"id"`
	RequestID string        `db:"request_id"`
	Realm     string        `db:"realm_id"`
	Request   []byte        `db:"request"`
	Total     field.Decimal `db:"total_amount"`
	fresh     bool          // nobody has asked QuickBooks for it before
	looked    bool          // by the job, which comes back by itself
}

// note stands on the invoice at QuickBooks, and finds it there.
func (c claim) note() string { return "Contractor portal " + c.RequestID }

func (c claim) request() (r bookRequest, err error) {
	err = json.Unmarshal(c.Request, &r)
	r.PrivateNote = c.note()
	return r, err
}

// A stand is how far the invoice of a pair is.
type stand struct {
	Status string  `db:"status"`
	Number *string `db:"number"`
}

const (
	standSQL = `
select i.status, coalesce(i.quickbooks_invoice_number, i.quickbooks_invoice_id) as number
from quickbooks_invoices i
where i.property_id = @property and i.winter_event_id = @event`

	claimSQL = `
insert into quickbooks_invoices as i (property_id, winter_event_id, realm_id, request, total_amount, status, claimed_until, created_by)
values (@property, @event, @realm, @request, @total, 'pending', @until, nullif(@by::bigint, 0))
on conflict (customer_id, property_id, winter_event_id) do update
set status = 'pending', failure = null, request_id = excluded.request_id, realm_id = excluded.realm_id, request = excluded.request,
  total_amount = excluded.total_amount, claimed_until = excluded.claimed_until, created_by = excluded.created_by
where i.status = 'failed'
returning i.id, i.request_id::text as request_id, i.realm_id, i.request, i.total_amount`

	takeOverSQL = `
update quickbooks_invoices i
set claimed_until = @until
where i.property_id = @property and i.winter_event_id = @event
  and i.status = 'pending'
  and (i.claimed_until is null or i.claimed_until <= @now)
  and i.request is not null
returning i.id, i.request_id::text as request_id, i.realm_id, i.request, i.total_amount`
)

// errMade is joined to the problem of a pair of which there is an invoice, or somebody at making it.
var errMade = errors.New("another has made this invoice, or makes it")

func (s stand) refuse() error {
	switch {
	case s.Status == "sent" && s.Number != nil:
		return errors.Join(endpoint.Conflict("this property is invoiced for this event already: invoice "+*s.Number), errMade)
	case s.Status == "pending":
		return errors.Join(endpoint.Conflict("this invoice is being made right now"), errMade)
	}
	return nil
}

// standing is how far the invoice of a pair is; none is a stand without a status.
func standing(ctx context.Context, tx db.Tx, of pair) (stand, error) {
	s, err := db.One[stand](ctx, tx, standSQL, db.Args{"property": of.property, "event": of.event})
	if errors.Is(err, db.ErrNotFound) {
		err = nil
	}
	return s, err
}

// begin claims the invoice of a pair, for which there is no row or one of a failure, as it can be drafted now.
func begin(ctx context.Context, tx db.Tx, of pair, realm, customer string) (c claim, err error) {
	d, err := drafted(ctx, tx, of)
	if err != nil {
		return c, err
	}
	d.request.CustomerRef.Value = customer
	text, err := json.Marshal(d.request)
	if err != nil {
		return c, err
	}
	until := endpoint.Now(ctx).Add(claimTime)
	c, err = db.One[claim](ctx, tx, claimSQL, db.Args{
		"property": of.property, "event": of.event, "realm": realm, "request": text, "total": string(d.total), "until": until, "by": endpoint.Caller(ctx).UserID(),
	})
	if errors.Is(err, db.ErrNotFound) {
		return c, stand{Status: "pending"}.refuse()
	}
	c.fresh = true
	if err == nil {
		err = look(ctx, tx, until)
	}
	return c, err
}

// takeOver claims an invoice of which the answer was lost.
func takeOver(ctx context.Context, tx db.Tx, of pair) (claim, error) {
	until := endpoint.Now(ctx).Add(claimTime)
	c, err := db.One[claim](ctx, tx, takeOverSQL, db.Args{"property": of.property, "event": of.event, "now": endpoint.Now(ctx), "until": until})
	if errors.Is(err, db.ErrNotFound) {
		return c, stand{Status: "pending"}.refuse()
	}
	return c, err
}

// look has a job look what became of the invoices that are pending then.
func look(ctx context.Context, tx db.Tx, at time.Time) error {
	return jobs.Enqueue(ctx, tx, jobs.ReconcileInvoices, jobs.Options{Single: "all", At: at})
}

const (
	madeSQL = `
update quickbooks_invoices
set status = 'sent', claimed_until = null, quickbooks_invoice_id = @invoice, quickbooks_invoice_number = nullif(@number, ''), total_amount = @total
where id = @id and status = 'pending'`

	failedSQL = `
update quickbooks_invoices
set status = 'failed', claimed_until = null, failure = @reason
where id = @id and status = 'pending'`

	lostSQL = `
update quickbooks_invoices
set claimed_until = null
where id = @id and status = 'pending'`
)
