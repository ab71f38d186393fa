package jobs

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// Routes registers the operations of this package.
func Routes(api endpoint.API) {
	admin := endpoint.Only(auth.Admin)
	endpoint.List(api, "/api/jobs/", "listJobs", "List the company's jobs, newest first", list, admin,
		endpoint.Describe("Work that goes on after its request was answered, such as sending messages. What is done is kept for a week."))
	endpoint.Post(api, "/api/jobs/{job_id}/retry/", "retryJob", "Have a job that failed, or waits, run again now", retry, admin, endpoint.Audited("job.retried"))
	endpoint.Post(api, "/api/jobs/{job_id}/discard/", "discardJob", "Give up a job that waits", discard, admin, endpoint.Audited("job.discarded"))
}

// A CompanyJob is a job as its company's Admin sees it.
type CompanyJob struct {
	ID          int64       `json:"id" db:"id"`
	Kind        string      `json:"kind" db:"kind" example:"drain_mail"`
	State       string      `json:"state" db:"state" enum:"waiting,running,retrying,done,failed"`
	Tries       int         `json:"tries" db:"attempt" doc:"How often it has run."`
	MaxTries    int         `json:"max_tries" db:"max_attempts"`
	CreatedAt   field.Time  `json:"created_at" db:"created_at"`
	NextTryAt   *field.Time `json:"next_try_at" db:"next_try_at" nullable:"true" doc:"When it runs, or runs again; null where it does not."`
	FinishedAt  *field.Time `json:"finished_at" db:"finalized_at" nullable:"true"`
	ErrorCode   *Code       `json:"error_code" db:"error" nullable:"true" doc:"Why the last try failed." example:"unreachable"`
	ErrorReason *string     `json:"error" db:"-" nullable:"true" doc:"The same in words."`
}

const listSQL = `
select j.id, j.kind, j.attempt, j.max_attempts, j.created_at, j.finalized_at, j.error,
  case when j.state in ('available', 'scheduled', 'pending') then 'waiting' when j.state = 'retryable' then 'retrying'
    when j.state = 'completed' then 'done' when j.state in ('cancelled', 'discarded') then 'failed' else j.state end as state,
  case when j.state in ('available', 'scheduled', 'retryable') then j.scheduled_at end as next_try_at,
  count(*) over () as total
from tenancy.jobs() j
order by j.id desc
limit @limit offset @offset`

func list(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]CompanyJob, int64, error) {
	jobs, total, err := db.Page[CompanyJob](ctx, tx, listSQL, db.Struct(in))
	for i, j := range jobs {
		if j.ErrorCode != nil {
			code := CodeOf(string(*j.ErrorCode))
			jobs[i].ErrorCode, jobs[i].ErrorReason = &code, new(code.Sentence())
		}
	}
	return jobs, total, err
}

// JobRef names a job in a path.
type JobRef struct {
	JobID int64 `path:"job_id" db:"id" ref:"-" minimum:"1" doc:"The job."`
}

const (
	retrySQL   = `select tenancy.retry_job(@id)`
	discardSQL = `select tenancy.discard_job(@id)`
	stateSQL   = `select j.state from tenancy.jobs() j where j.id = @id`
)

func retry(ctx context.Context, tx db.Tx, in *JobRef) (endpoint.Message, error) {
	found, err := db.Value[bool](ctx, tx, retrySQL, db.Struct(in))
	return endpoint.Message{Message: "The job runs again"}, in.refused(ctx, tx, found, err, "retried")
}

func discard(ctx context.Context, tx db.Tx, in *JobRef) (endpoint.Message, error) {
	found, err := db.Value[bool](ctx, tx, discardSQL, db.Struct(in))
	return endpoint.Message{Message: "The job was given up"}, in.refused(ctx, tx, found, err, "given up")
}

// refused says why nothing was done to a job: there is none, or it is in another state.
func (r *JobRef) refused(ctx context.Context, tx db.Tx, found bool, err error, word string) error {
	if err != nil || found {
		return err
	}
	state, err := db.Value[string](ctx, tx, stateSQL, db.Struct(r))
	if err != nil {
		return endpoint.Missing(err, "job")
	}
	return endpoint.Conflict("the job is " + state + " and cannot be " + word)
}
