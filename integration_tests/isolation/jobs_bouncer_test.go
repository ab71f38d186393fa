package isolation

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/jobs"
)

// Through PgBouncer, where two connections serve everybody in turn, workers ask for jobs instead of listening, and each job
// is in its own company.
func TestJobs_ThroughPgBouncer(t *testing.T) {
	t.Parallel()
	b := newBouncer(t)
	database := harness.CloneDatabase(t)
	p := harness.NewPortal(t, func(s *harness.Settings) { s.Database, s.DB.Worker = database, b.url("portal_worker", database) })
	w := jobs.New(jobs.Config{DB: p.DB, Log: slog.New(slog.DiscardHandler), PollOnly: true})
	var mu sync.Mutex
	seen := map[int64]string{}
	w.Handle(jobs.InboundSMS, func(ctx context.Context, j *jobs.Job) error {
		return j.Do(ctx, func(ctx context.Context, tx db.Tx) error {
			customers, err := db.Value[string](ctx, tx, `select string_agg(distinct customer_id, ' ') from locations`)
			mu.Lock()
			defer mu.Unlock()
			seen[j.ID] = endpoint.Caller(ctx).CustomerID() + " " + customers
			return err
		})
	})
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	login := harness.ConnectTo(t, b.url("portal_auth", database))
	const each = 10
	for i := range int64(2 * each) {
		company := []string{harness.CompanyA, harness.CompanyB}[i%2]
		err := pgx.BeginFunc(t.Context(), login, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), harness.EnterGuestSQL, company); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), `select tenancy.enqueue('inbound_sms', $1, null, null, (select u.id from portal.users u where u.email = $2))`, i, harness.Email(company, auth.User))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	harness.WaitFor(t, "the jobs", func() bool { mu.Lock(); defer mu.Unlock(); return len(seen) == 2*each })
	for id, got := range seen {
		if company := []string{harness.CompanyA, harness.CompanyB}[id%2]; got != company+" "+company {
			t.Errorf("job %d of %s was in %s", id, company, got)
		}
	}
}
