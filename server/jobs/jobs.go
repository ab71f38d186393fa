// Package jobs does work that outlives a request. The queue is river's; what makes a job a customer's is PostgreSQL's:
// tenancy.enqueue takes the customer from the context, and a worker enters it by the row of the job that it has claimed.
//
// A job carries an id and nothing else. It is made in the transaction of the change that wants it, runs at least once, and
// may run again after a server's death: what it does must bear that.
package jobs

import (
	"context"
	"time"

	"contractor-portal/db"
)

// A Kind of job. tenancy.job_kinds (policies/after/15_registers.sql) says which role may ask for it, and whether it runs in
// the name of a person.
type Kind string

// The kinds that customers have.
const (
	DrainMail     Kind = "drain_mail"
	DrainSMS      Kind = "drain_sms"
	DrainWebhooks Kind = "drain_webhooks"
	InboundSMS    Kind = "inbound_sms"
	SyncJobber    Kind = "sync_jobber"

	InvoiceEvent      Kind = "invoice_event"
	ReconcileInvoices Kind = "reconcile_invoices"

	ExportCustomer Kind = "export_customer"
)

// Options say more of a job that is asked for.
type Options struct {
	ID     int64     // what it is about; 0: nothing but its customer
	Single string    // of jobs of one kind and customer with the same text one waits at a time; empty: each is one of its own
	At     time.Time // not before; zero: at once
	Person int64     // in whose name, where nobody acts yet (the log-in pool); else it is whoever acts
}

const enqueueSQL = `
select tenancy.enqueue(@kind, nullif(@id::bigint, 0), nullif(@single, ''), @at, nullif(@person::bigint, 0))`

// Enqueue asks for a job of the customer that tx has entered. It is there when tx has committed.
func Enqueue(ctx context.Context, tx db.Tx, kind Kind, o Options) error {
	args := db.Args{"kind": kind, "id": o.ID, "single": o.Single, "at": nil, "person": o.Person}
	if !o.At.IsZero() {
		args["at"] = o.At
	}
	_, err := db.Value[int64](ctx, tx, enqueueSQL, args)
	return err
}

// A Job is one that this process has claimed.
type Job struct {
	ID      int64 // what it is about
	Attempt int   // from 1
	Last    bool  // no other attempt follows

	db  *db.DB
	row int64 // of the queue
}

// JobEntry makes db.Job of a Job.
func (j *Job) JobEntry() db.Entry { return db.EnterJob(j.row) }

// Do runs fn inside the job's customer, in one transaction, in the name of the job's person if it has one. It enters anew
// each time: a customer suspended or a person who left meanwhile is refused.
func (j *Job) Do(ctx context.Context, fn func(context.Context, db.Tx) error) error {
	return j.db.Job(ctx, j, fn)
}

// Snapshot is Do, READ ONLY and with one picture for all that fn reads.
func (j *Job) Snapshot(ctx context.Context, fn func(context.Context, db.Tx) error) error {
	return j.db.JobSnapshot(ctx, j, fn)
}

// Read is Do, for what works inside of a request as well as of a job.
func (j *Job) Read(ctx context.Context, fn func(context.Context, db.Tx) error) error {
	return j.Do(ctx, fn)
}

// Write is Do, as Read is.
func (j *Job) Write(ctx context.Context, fn func(context.Context, db.Tx) error) error {
	return j.Do(ctx, fn)
}
