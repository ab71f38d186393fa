package sms

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/shape"
)

// A deed brings about what a message means, in the unit of work of the person who wrote it.
type deed struct {
	*Service
	thread *thread
	event  *int64
	facts  Facts
	phone  string
}

func (d deed) do(ctx context.Context, tx db.Tx, e Effect) error {
	switch e := e.(type) {
	case Stop:
		return enable(ctx, tx, false)
	case Resume:
		return enable(ctx, tx, true)
	case Decide:
		return d.Decisions.Decide(ctx, tx, e.ErrorID, e.Message, d.phone)
	case Home:
		return d.goHome(ctx, tx)
	case Work:
		return d.Checkins.Work(ctx, tx, *d.event)
	case Ready:
		return d.Checkins.CheckIn(ctx, tx, *d.event, d.facts.Equipment)
	case Start:
		id, err := d.Tickets.Open(ctx, tx, e.Place.ID)
		d.thread.TicketID = &id
		return err
	case Add:
		return d.Tickets.Add(ctx, tx, *d.thread.TicketID, shape.Work(e.Details))
	case Finish:
		err := d.Tickets.Finish(ctx, tx, *d.thread.TicketID, shape.Work(e.Details))
		d.thread.TicketID = nil
		return err
	case Answer:
		return d.Answer(ctx, tx, e.Offer.ID, e.Accepted)
	}
	return nil
}

const enableSQL = `update users set sms_notifications_enabled = @on where id = (select tenancy.user_id())`

func enable(ctx context.Context, tx db.Tx, on bool) error {
	return db.Touch(ctx, tx, enableSQL, db.Args{"on": on})
}

// Only a manager makes him available again.
const unavailableSQL = `update users set available_for_assignment = false where id = (select tenancy.user_id())`

func (d deed) goHome(ctx context.Context, tx db.Tx) error {
	d.thread.TicketID = nil
	if err := d.Tickets.FinishAll(ctx, tx); err != nil {
		return err
	}
	if d.facts.CheckedIn {
		if err := d.Checkins.CheckOut(ctx, tx, *d.event); err != nil {
			return err
		}
	}
	return db.Touch(ctx, tx, unavailableSQL)
}
