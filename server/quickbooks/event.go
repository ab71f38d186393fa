package quickbooks

import (
	"context"
	"errors"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/connect"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
	"contractor-portal/server/jobs"
	"contractor-portal/server/outbound"
)

// EventRef names an event in a path.
type EventRef struct {
	WinterEventID int64 `path:"winter_event_id" ref:"winter_events" minimum:"1" doc:"The event."`
}

// EventInvoices is what became of the properties of an event.
type EventInvoices struct {
	Created   []CreatedInvoice `json:"created"`
	Skipped   []SkippedInvoice `json:"skipped" doc:"Invoiced before, or by somebody else right now."`
	Failed    []FailedInvoice  `json:"failed"`
	Remaining int              `json:"remaining" doc:"Properties that a job goes on with, from the one on at which QuickBooks could not be reached; 0: this is all."`
}

// CreatedInvoice is an invoice that was made now.
type CreatedInvoice struct {
	PropertyID    int64         `json:"property_id"`
	PropertyName  string        `json:"property_name"`
	InvoiceID     int64         `json:"invoice_id"`
	InvoiceNumber string        `json:"invoice_number"`
	TotalAmount   field.Decimal `json:"total_amount"`
}

// SkippedInvoice is a property that is invoiced already.
type SkippedInvoice struct {
	PropertyID   int64  `json:"property_id"`
	PropertyName string `json:"property_name"`
	Reason       string `json:"reason"`
}

// FailedInvoice is a property that could not be invoiced.
type FailedInvoice struct {
	PropertyID   int64  `json:"property_id"`
	PropertyName string `json:"property_name"`
	Reason       string `json:"reason"`
}

// requestTime is how long a request makes invoices, and jobTime a job; the one that is begun then is brought to its end.
const (
	requestTime = 8 * time.Second
	jobTime     = 20 * time.Second
)

func (s *Service) invoiceEvent(ctx context.Context, work endpoint.Work, in *EventRef) (out EventInvoices, err error) {
	r, err := s.run(ctx, work, in.WinterEventID, requestTime)
	if err != nil {
		return out, err
	}
	return r.EventInvoices, endpoint.Writing(r.EventInvoices)(context.WithoutCancel(ctx), func(ctx context.Context, tx db.Tx) error {
		if r.Remaining == 0 {
			return nil
		}
		return jobs.Enqueue(ctx, tx, jobs.InvoiceEvent, jobs.Options{ID: in.WinterEventID})
	})
}

// restOfEvent goes on with an event, in the name of who has asked for it.
func (s *Service) restOfEvent(ctx context.Context, job *jobs.Job) error {
	if endpoint.Caller(ctx).Role() != auth.Admin {
		return jobs.GiveUp(jobs.PersonGone, errors.New("who has asked for invoices is no Admin any more"))
	}
	r, err := s.run(ctx, job, job.ID, jobTime)
	switch {
	case err != nil:
		return failed(err)
	case r.stopped != nil:
		return failed(r.stopped)
	case r.Remaining > 0:
		return jobs.Later(time.Second)
	}
	return nil
}

// failed is what the queue is told of an error.
func failed(err error) error {
	var call *outbound.Error
	var p *endpoint.Problem
	switch {
	case errors.As(err, &call) && call.Outcome == outbound.Limited:
		return jobs.Retry(jobs.Throttled, err)
	case errors.As(err, &call) && call.Outcome == outbound.NoKey:
		return jobs.Retry(jobs.BadAccount, err)
	case errors.As(err, &call):
		return jobs.Retry(jobs.Unreachable, err)
	case errors.As(err, &p):
		return jobs.Retry(jobs.NotConfigured, err) // not connected, or no more
	}
	return err
}

type worked struct {
	ID     int64   `db:"id"`
	Name   string  `db:"name"`
	Status *string `db:"status"`
	Number *string `db:"number"`
}

const (
	eventSQL = `select e.id from winter_events e where e.id = @event`

	// Who is invoiced is known before anything is asked.
	workedSQL = `
select p.id, p.name, i.status, coalesce(i.quickbooks_invoice_number, i.quickbooks_invoice_id) as number
from (select distinct l.customer_id, l.property_id from winter_ops_logs l where l.winter_event_id = @event and l.status = 'closed') w
join locations p on (p.customer_id, p.id) = (w.customer_id, w.property_id)
left join quickbooks_invoices i on (i.customer_id, i.property_id) = (p.customer_id, p.id) and i.winter_event_id = @event
order by p.name, p.id`

	// The reason why there is none stands where the invoice would.
	unmadeSQL = `
insert into quickbooks_invoices as i (property_id, winter_event_id, total_amount, status, failure, created_by)
select @property, @event, 0, 'failed', @reason, nullif(@by::bigint, 0)
where exists (select from locations p where p.id = @property)
on conflict (customer_id, property_id, winter_event_id) do update
set failure = excluded.failure
where i.status = 'failed'`
)

// A run goes through the properties of an event.
type run struct {
	EventInvoices
	stopped error // why it has ended before its time
}

func (s *Service) run(ctx context.Context, units connect.Units, event int64, within time.Duration) (r run, err error) {
	deadline := time.Now().Add(within)
	r.Created, r.Skipped, r.Failed = []CreatedInvoice{}, []SkippedInvoice{}, []FailedInvoice{}
	var all []worked
	err = units.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if err = s.connection.Admits(ctx, tx); err != nil {
			return err
		}
		if _, err = db.Value[int64](ctx, tx, eventSQL, db.Args{"event": event}); err != nil {
			return endpoint.Missing(err, "winter event")
		}
		all, err = db.All[worked](ctx, tx, workedSQL, db.Args{"event": event})
		return err
	})
	if err != nil {
		return r, err
	}
	at, err := s.account(ctx, units)
	if err != nil {
		return r, err
	}
	for i, p := range all {
		if r.Remaining = len(all) - i; time.Now().After(deadline) {
			return r, nil
		}
		if err := s.one(ctx, units, at, event, p, &r); err != nil || r.stopped != nil {
			return r, err
		}
	}
	r.Remaining = 0
	return r, nil
}

// one makes the invoice of one property, and notes what became of it. An error is the portal's own.
func (s *Service) one(ctx context.Context, units connect.Units, at account, event int64, p worked, r *run) error {
	if p.Status != nil && *p.Status == "sent" {
		r.Skipped = append(r.Skipped, SkippedInvoice{p.ID, p.Name, reason(stand{*p.Status, p.Number}.refuse())})
		return nil
	}
	of := pair{p.ID, event}
	resumes, err := s.ready(ctx, units, of)
	var i Invoice
	if err == nil {
		i, err = s.made(ctx, units, at, of, resumes, func(Invoice) writer { return units.Write })
	}
	var known *endpoint.Problem
	switch {
	case err == nil:
		r.Created = append(r.Created, CreatedInvoice{p.ID, p.Name, i.InvoiceID, i.InvoiceNumber, i.TotalAmount})
	case errors.Is(err, errMade):
		r.Skipped = append(r.Skipped, SkippedInvoice{p.ID, p.Name, reason(err)})
	case !errors.As(err, &known):
		return err
	default:
		r.Failed = append(r.Failed, FailedInvoice{p.ID, p.Name, reason(err)})
		if stops(err) {
			r.stopped = err
		}
		return units.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx db.Tx) error {
			_, err := db.Exec(ctx, tx, unmadeSQL, db.Args{"property": of.property, "event": of.event, "reason": reason(err), "by": endpoint.Caller(ctx).UserID()})
			return err
		})
	}
	return nil
}

// stops tells whether the next property would fare no better.
func stops(err error) bool {
	var call *outbound.Error
	return errors.As(err, &call) && call.Outcome != outbound.Refused
}
