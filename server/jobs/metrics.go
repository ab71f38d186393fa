package jobs

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"contractor-portal/db"
)

// ends are how long jobs of this process ran, by their kind and how they ended: done, waits, or a Code.
var ends = prometheus.NewHistogramVec(prometheus.HistogramOpts{
	Name: "portal_job_duration_seconds", Help: "Jobs that ran in this process, by how they ended.", Buckets: []float64{.05, .25, 1, 5, 30, 300},
}, []string{"kind", "outcome"})

var (
	queued = prometheus.NewDesc("portal_jobs", "Jobs in the queue that are not at their end, of all companies.", []string{"state"}, nil)
	oldest = prometheus.NewDesc("portal_jobs_oldest_seconds", "For how long the oldest job that could run has been waiting for a worker.", nil, nil)
)

// Describe implements prometheus.Collector.
func (w *Workers) Describe(to chan<- *prometheus.Desc) {
	ends.Describe(to)
	to <- queued
	to <- oldest
}

const queueSQL = `
select state::text as state, count(*) as jobs,
  coalesce(extract(epoch from now() - min(scheduled_at) filter (where state = 'available')), 0)::float8 as oldest
from jobs.river_job
where state in ('available', 'pending', 'retryable', 'running', 'scheduled')
group by state`

// Collect implements prometheus.Collector. Where the database does not answer within two seconds nothing is said of the queue.
func (w *Workers) Collect(to chan<- prometheus.Metric) {
	ends.Collect(to)
	type state struct {
		State  string  `db:"state"`
		Jobs   int64   `db:"jobs"`
		Oldest float64 `db:"oldest"`
	}
	var states []state
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second) //nolint:forbidigo // a Collector is given none
	defer cancel()
	err := w.cfg.DB.Worker(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		states, err = db.All[state](ctx, tx, queueSQL)
		return err
	})
	if err != nil {
		return
	}
	longest := 0.0
	for _, s := range states {
		longest = max(longest, s.Oldest)
		to <- prometheus.MustNewConstMetric(queued, prometheus.GaugeValue, float64(s.Jobs), s.State)
	}
	to <- prometheus.MustNewConstMetric(oldest, prometheus.GaugeValue, longest)
}
