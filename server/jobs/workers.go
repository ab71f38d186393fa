package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"contractor-portal/db"
	"contractor-portal/db/install"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
)

// Config is what workers are made of.
type Config struct {
	DB  *db.DB
	Log *slog.Logger
	// Timeout is the longest that a job runs; 0: a minute. One that has not come to its end after twice that and a bit was
	// cut off with its server, and runs again.
	Timeout time.Duration
	// PollOnly looks for jobs instead of listening for them, which PgBouncer does not let through.
	PollOnly bool
	Clock    func() time.Time // nil: time.Now
}

// grace is what running jobs get when their server stops; the rest goes back to the queue.
const grace = 20 * time.Second

// The queues, and how many jobs of each run at once in one process. Answers do not wait behind messages, and neither behind
// the long work of errands.
var queues = map[string]river.QueueConfig{
	"messages": {MaxWorkers: 8},
	"inbound":  {MaxWorkers: 4},
	"errands":  {MaxWorkers: 4},
	"upkeep":   {MaxWorkers: 1},
}

// Workers run jobs. Features hand their functions to Handle; nothing runs before Start.
type Workers struct {
	cfg      Config
	bundle   *river.Workers
	periodic []*river.PeriodicJob
	client   *river.Client[pgx.Tx]
}

// New returns workers that handle nothing yet.
func New(cfg Config) *Workers {
	cfg.Timeout = cmp.Or(cfg.Timeout, time.Minute)
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	w := &Workers{cfg: cfg, bundle: river.NewWorkers()}
	w.Every(upkeepInterval, "upkeep", w.Upkeep)
	return w
}

// Handle has fn do the jobs of a kind. Its context is that of a call by the job's person or, where it has none, by nobody
// of the job's customer. fn may run again for the same job.
func (w *Workers) Handle(kind Kind, fn func(context.Context, *Job) error) {
	w.HandleWithin(0, kind, fn)
}

// HandleWithin is Handle, for jobs that may run longer than others, up to a limit of their own. One that its server's death cut off
// waits for that long too before it runs again.
func (w *Workers) HandleWithin(limit time.Duration, kind Kind, fn func(context.Context, *Job) error) {
	river.AddWorkerArgs(w.bundle, args{kind: string(kind)}, &worker{workers: w, fn: fn, limit: max(limit, w.cfg.Timeout)})
}

// Every has fn run about once in each interval, on one of the servers, outside of any customer.
func (w *Workers) Every(interval time.Duration, kind Kind, fn func(context.Context) error) {
	what := args{kind: string(kind)}
	river.AddWorkerArgs(w.bundle, what, &worker{workers: w, upkeep: fn})
	w.periodic = append(w.periodic, river.NewPeriodicJob(river.PeriodicInterval(interval), func() (river.JobArgs, *river.InsertOpts) {
		return what, &river.InsertOpts{Queue: "upkeep", MaxAttempts: 3}
	}, &river.PeriodicJobOpts{RunOnStart: true}))
}

// Start begins to work, until Stop.
func (w *Workers) Start(ctx context.Context) (err error) {
	w.client, err = river.NewClient(w.cfg.DB.Queue(), &river.Config{
		Schema: install.QueueSchema, Queues: queues, Workers: w.bundle, PeriodicJobs: w.periodic,
		JobTimeout: w.cfg.Timeout, RescueStuckJobsAfter: 2*w.cfg.Timeout + 5*time.Second, SoftStopTimeout: grace,
		PollOnly: w.cfg.PollOnly, FetchCooldown: 20 * time.Millisecond, RetryPolicy: backoff{w.cfg.Clock},
		CompletedJobRetentionPeriod: kept, CancelledJobRetentionPeriod: kept, DiscardedJobRetentionPeriod: kept,
		// A newer server's kinds wait for it, and are not failed by an older one.
		FetchOnlyKnownKinds: true,
		// It wants to own the tables.
		ReindexerIndexNames: []string{},
		Logger:              slog.New(quiet{w.cfg.Log.Handler()}),
	})
	if err != nil {
		return err
	}
	// Its end is Stop, and not the end of what started it.
	return w.client.Start(context.WithoutCancel(ctx))
}

// kept is for how long what is done can be seen.
const kept = 7 * 24 * time.Hour

// Stop takes no more jobs and waits for those that run, twenty seconds at most.
func (w *Workers) Stop(ctx context.Context) error {
	if w.client == nil {
		return nil
	}
	return w.client.Stop(ctx)
}

// backoff is the pause before the next attempt: 15 s, doubled each time, an hour at most. Twelve attempts take about
// five hours.
type backoff struct{ now func() time.Time }

func (b backoff) NextRetry(job *rivertype.JobRow) time.Time { return b.now().Add(Backoff(job.Attempt)) }

// Backoff is the pause after so many failed attempts.
func Backoff(attempts int) time.Duration {
	return min(time.Hour, 15*time.Second<<min(attempts-1, 10))
}

// args are what the queue stores of a job.
type args struct {
	kind string
	ID   int64 `json:"id"`
}

func (a args) Kind() string { return a.kind }

// A worker does the jobs of one kind.
type worker struct {
	river.WorkerDefaults[args]
	workers *Workers
	fn      func(context.Context, *Job) error
	limit   time.Duration
	upkeep  func(context.Context) error
}

// Timeout tells the queue how long a job may run; 0: as long as any.
func (w *worker) Timeout(*river.Job[args]) time.Duration { return w.limit }

// Work runs one job, and leaves of its error a code in the queue and the rest in the log.
func (w *worker) Work(ctx context.Context, job *river.Job[args]) (err error) {
	begun := time.Now()
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
		w.workers.log(ctx, job.JobRow, begun, err)
		err = outcome(err)
	}()
	ctx = endpoint.At(ctx, w.workers.cfg.Clock())
	if w.upkeep != nil {
		return w.upkeep(ctx)
	}
	j := &Job{ID: job.Args.ID, Attempt: job.Attempt, Last: job.Attempt >= job.MaxAttempts, db: w.workers.cfg.DB, row: job.ID}
	ctx, err = j.callers(ctx)
	if err != nil {
		return err
	}
	return w.fn(ctx, j)
}

// callers is the context of a call by whoever the job runs for.
func (j *Job) callers(ctx context.Context) (context.Context, error) {
	var who *auth.Principal
	err := j.Do(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		who, err = new(auth.Principal).Known(ctx, tx)
		return err
	})
	return endpoint.As(ctx, who), err
}

func (w *Workers) log(ctx context.Context, row *rivertype.JobRow, begun time.Time, err error) {
	at := []any{"job", row.ID, "kind", row.Kind, "attempt", row.Attempt, "ms", time.Since(begun).Milliseconds()}
	snooze := (*river.JobSnoozeError)(nil)
	code, _ := Failure(err)
	end := string(code)
	defer func() { ends.WithLabelValues(row.Kind, end).Observe(time.Since(begun).Seconds()) }()
	switch {
	case err == nil:
		end = "done"
		w.cfg.Log.InfoContext(ctx, "job", at...)
	case errors.As(err, &snooze), errors.Is(err, db.ErrSuspended), errors.Is(err, db.ErrMoving):
		end = "waits"
		w.cfg.Log.InfoContext(ctx, "job waits", at...)
	case code == Internal:
		w.cfg.Log.ErrorContext(ctx, "job failed", append(at, "code", code, "error", err.Error())...)
	default:
		w.cfg.Log.WarnContext(ctx, "job failed", append(at, "code", code)...)
	}
}

// quiet lets the queue say what is wrong and not what it does.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.Handler.Enabled(ctx, l)
}

func (q quiet) WithAttrs(a []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(a)} }
func (q quiet) WithGroup(g string) slog.Handler      { return quiet{q.Handler.WithGroup(g)} }
