package jobber

import (
	"cmp"
	"context"
	"errors"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/jobs"
)

// NewJobberSync says what to read.
type NewJobberSync struct {
	SyncType string `json:"sync_type,omitempty" enum:"full,clients,properties" default:"full" doc:"Clients, their properties, or both."`
}

// JobberSynced is how far a sync is.
type JobberSynced struct {
	endpoint.Done
	Stats     JobberStats `json:"stats"`
	Status    string      `json:"status" enum:"started,completed" doc:"started: it goes on."`
	SyncLogID int64       `json:"sync_log_id" doc:"The line of /jobber/sync-logs."`
}

// JobberStats count clients and properties.
type JobberStats struct {
	Created int `json:"created" db:"items_created" doc:"New from Jobber, and new in the portal."`
	Updated int `json:"updated" db:"items_updated" doc:"Known before."`
	Skipped int `json:"skipped" db:"items_skipped" doc:"Without an address, switched off, or more than the plan allows."`
}

type progress struct {
	JobberStats
	Status string  `db:"status"`
	Why    *string `db:"error_message"`
}

const (
	// abandonTime is after how long without a page somebody else may begin. A job that waits does not wait as long.
	abandonTime = 15 * time.Minute
	// looks are how often an answer looks for the end, with a pause before each: two seconds.
	looks = 10
	pause = 200 * time.Millisecond
)

const abandonSQL = `
update jobber_sync_logs
set status = 'failed', error_message = 'it did not go on any more', completed_at = @now
where status = 'started'
  and updated_at < @before`

const beginSQL = `
insert into jobber_sync_logs (sync_type, started_at)
values (@type, @now)
on conflict (customer_id) where status = 'started' do nothing
returning id`

const progressSQL = `select l.status, l.error_message, l.items_created, l.items_updated, l.items_skipped from jobber_sync_logs l where l.id = @id`

// begin asks for the job of a sync, and waits a while for it.
func (s *Service) begin(ctx context.Context, work endpoint.Work, in *struct{ Body NewJobberSync }) (out JobberSynced, err error) {
	out = JobberSynced{Done: endpoint.Done{OK: true, Message: "The sync has begun and goes on"}, Status: "started"}
	err = endpoint.Writing(&out)(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		out.SyncLogID, err = s.enqueue(ctx, tx, cmp.Or(in.Body.SyncType, "full"))
		return err
	})
	if err != nil || out.SyncLogID == 0 { // a repeat, whose answer is there
		return out, err
	}
	endpoint.Anew(ctx)
	for look := 0; look < looks && out.Status == "started"; look++ {
		select {
		case <-ctx.Done():
			return out, ctx.Err()
		case <-time.After(pause):
		}
		err := work.Read(ctx, func(ctx context.Context, tx db.Tx) error { return s.look(ctx, tx, &out) })
		if err != nil {
			return out, err
		}
	}
	if out.Status == "completed" {
		out.Message = "The sync is complete"
	}
	return out, nil
}

// look tells how far a sync is; of one that failed the error says why.
func (s *Service) look(ctx context.Context, tx db.Tx, out *JobberSynced) error {
	p, err := db.One[progress](ctx, tx, progressSQL, db.Args{"id": out.SyncLogID})
	if err != nil || p.Status != "failed" {
		out.Stats, out.Status = p.JobberStats, p.Status
		return err
	}
	if err := s.Ready(ctx, tx); err != nil {
		return err
	}
	return endpoint.BadGateway(*p.Why)
}

func (s *Service) enqueue(ctx context.Context, tx db.Tx, what string) (log int64, err error) {
	if err := s.Ready(ctx, tx); err != nil {
		return 0, err
	}
	now := endpoint.Now(ctx)
	if _, err := db.Exec(ctx, tx, abandonSQL, db.Args{"now": now, "before": now.Add(-abandonTime)}); err != nil {
		return 0, err
	}
	log, err = db.Value[int64](ctx, tx, beginSQL, db.Args{"type": what, "now": now})
	if errors.Is(err, db.ErrNotFound) {
		return 0, endpoint.Conflict("a sync runs already; /jobber/sync-logs shows how far it is")
	}
	if err != nil {
		return 0, err
	}
	return log, jobs.Enqueue(ctx, tx, jobs.SyncJobber, jobs.Options{ID: log})
}
