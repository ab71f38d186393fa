package jobs

import (
	"context"
	"time"

	"contractor-portal/db"
)

// pruned are the tables that are kept within bounds (policies/after/32_upkeep.sql); finished jobs are the queue's own.
var pruned = []string{"login_attempts", "login_states", "idempotency_keys", "invitations", "sessions", "outbox", "weather_data", "customer_export_parts"}

const (
	upkeepInterval = 10 * time.Minute
	// mostPruned is how many rows of one table go at once.
	mostPruned = 5000
)

const pruneSQL = `select tenancy.prune(@what, @now, @most)`

// Upkeep deletes what is over, each table in a transaction of its own, and says in the log how much it was. Workers do it
// by themselves every ten minutes.
func (w *Workers) Upkeep(ctx context.Context) error {
	for _, what := range pruned {
		var n int64
		err := w.cfg.DB.Worker(ctx, func(ctx context.Context, tx db.Tx) (err error) {
			n, err = db.Value[int64](ctx, tx, pruneSQL, db.Args{"what": what, "now": w.cfg.Clock(), "most": mostPruned})
			return err
		})
		if err != nil {
			return err
		}
		if n > 0 {
			w.cfg.Log.InfoContext(ctx, "upkeep", "table", what, "deleted", n)
		}
	}
	return nil
}
