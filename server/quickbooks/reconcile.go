package quickbooks

import (
	"context"
	"errors"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/jobs"
)

type waiting struct {
	Property     int64      `db:"property_id"`
	Event        int64      `db:"winter_event_id"`
	ClaimedUntil *time.Time `db:"claimed_until"`
}

// Those of another company at QuickBooks wait until somebody connects with that one.
const pendingSQL = `
select i.property_id, i.winter_event_id, i.claimed_until
from quickbooks_invoices i
join quickbooks_auth q on (q.customer_id, q.realm_id) = (i.customer_id, i.realm_id)
where i.status = 'pending' and i.request is not null
order by i.claimed_until nulls first, i.id
limit 1000`

// reconcile finds out what became of the invoices whose answer was lost: each is found at QuickBooks, or made there, or has
// failed. It comes back for those that somebody is at.
func (s *Service) reconcile(ctx context.Context, job *jobs.Job) error {
	deadline := time.Now().Add(jobTime)
	var all []waiting
	err := job.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		all, err = db.All[waiting](ctx, tx, pendingSQL)
		return err
	})
	if err != nil || len(all) == 0 {
		return err
	}
	if until := all[0].ClaimedUntil; until != nil && until.After(endpoint.Now(ctx)) {
		return jobs.Later(until.Sub(endpoint.Now(ctx)))
	}
	at, err := s.account(ctx, job)
	if err != nil {
		return failed(err)
	}
	var lost error
	for _, w := range all {
		if lost != nil && stops(lost) {
			return failed(lost)
		}
		if time.Now().After(deadline) || w.ClaimedUntil != nil && w.ClaimedUntil.After(endpoint.Now(ctx)) {
			break
		}
		if err := s.finish(ctx, job, at, pair{w.Property, w.Event}); err != nil && !errors.Is(err, errMade) {
			lost = err
		}
	}
	if lost != nil {
		return failed(lost)
	}
	return jobs.Later(time.Second) // to see whether there are more
}

// finish brings one to its end.
func (s *Service) finish(ctx context.Context, job *jobs.Job, at account, of pair) error {
	var c claim
	err := job.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		c, err = takeOver(ctx, tx, of)
		return err
	})
	if err != nil {
		return err
	}
	c.looked = true
	if _, err = s.settle(ctx, job, at, c, func(Invoice) writer { return job.Write }); c.unmade(err) {
		return nil // it has failed, and its row says why
	}
	return err
}
