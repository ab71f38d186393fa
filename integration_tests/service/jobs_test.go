package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/jobs"
)

// working is a portal on which jobs of kind inbound_sms do what the test wants.
func working(t *testing.T, do func(context.Context, *jobs.Job) error) *portal {
	t.Helper()
	return newPortal(t, func(s *harness.Settings) { s.Own = func(w *jobs.Workers) { w.Handle(jobs.InboundSMS, do) } })
}

// ask has log-in ask for a job of a company in the name of its person of that role, and returns the job.
func ask(p *portal, company, role string, id int64, after ...error) (job int64) {
	p.T.Helper()
	conn := p.As("portal_auth")
	err := pgx.BeginFunc(p.T.Context(), conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(p.T.Context(), harness.EnterGuestSQL, company); err != nil {
			return err
		}
		err := tx.QueryRow(p.T.Context(), `select tenancy.enqueue('inbound_sms', $1, null, null, (select u.id from portal.users u where u.email = $2))`,
			id, harness.Email(company, role)).Scan(&job)
		return errors.Join(append(after, err)...)
	})
	if err != nil && len(after) == 0 {
		p.T.Fatal(err)
	}
	return job
}

func stateOf(p *portal, job int64) string {
	return harness.Query[string](p.Portal, `select coalesce(max(state::text), 'gone') from jobs.river_job where id = $1`, job)
}

// A seen is what a job finds around it.
type seen struct {
	ID                       int64
	Company, Role, Customers string
	User                     int64
}

// A job runs inside the company of its own row, in the name of its person, and so does each after it on the same
// connections. Outside of jobs the connections are nobody's.
func TestJobs_EachInItsOwnCompany(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var all []seen
	p := working(t, func(ctx context.Context, j *jobs.Job) error {
		s := seen{ID: j.ID, Company: endpoint.Caller(ctx).CustomerID(), Role: endpoint.Caller(ctx).Role(), User: endpoint.Caller(ctx).UserID()}
		err := j.Do(ctx, func(ctx context.Context, tx db.Tx) (err error) {
			s.Customers, err = db.Value[string](ctx, tx, `select string_agg(distinct customer_id, ' ') from locations`)
			return errors.Join(err, auth.Record(ctx, tx, auth.Deed{Action: "job.tested"}))
		})
		mu.Lock()
		defer mu.Unlock()
		all = append(all, s)
		return err
	})
	p.Exec(`update portal.users set name = null where role = 'User'`) // who has none works too
	const each = 20
	ask(p, harness.CompanyA, auth.Admin, 999, errors.New("taken back"))
	for i := range int64(each) {
		ask(p, harness.CompanyA, auth.Manager, i)
		ask(p, harness.CompanyB, auth.User, 100+i)
	}
	harness.WaitFor(t, "the jobs", func() bool { mu.Lock(); defer mu.Unlock(); return len(all) >= 2*each })
	roles := map[string]string{harness.CompanyA: auth.Manager, harness.CompanyB: auth.User}
	ids := map[int64]bool{}
	for _, s := range all {
		if want := map[bool]string{true: harness.CompanyA, false: harness.CompanyB}[s.ID < 100]; s.Company != want || s.Customers != want || s.Role != roles[want] || s.User == 0 {
			t.Errorf("job %+v, want one of %s", s, want)
		}
		ids[s.ID] = true
	}
	if len(all) != 2*each || len(ids) != 2*each || ids[999] {
		t.Errorf("%d runs of %d jobs", len(all), len(ids))
	}
	if n := harness.Query[int](p.Portal, `select count(*) from platform.audit_log a join portal.users u on (u.customer_id, u.id) = (a.customer_id, a.actor_user_id) where a.action = 'job.tested' and a.actor_role = u.role`); n != 2*each {
		t.Errorf("%d entries of the audit log name whose job it was", n)
	}
	err := p.DB.Worker(t.Context(), func(ctx context.Context, tx db.Tx) error {
		for range 20 {
			if n, err := db.Value[int](ctx, tx, `select count(*) from locations`); err != nil || n != 0 {
				return fmt.Errorf("%d properties outside of any job: %w", n, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// What a job fails with is stored as a code: no text of an error, no stack.
func TestJobs_FailInCodes(t *testing.T) {
	t.Parallel()
	const secret = "whsec_and_Dee@a.example"
	failures := map[int64]error{
		1: errors.New(secret), 2: jobs.Retry(jobs.Unreachable, errors.New(secret)), 3: jobs.GiveUp(jobs.BadAddress, errors.New(secret)), 5: fmt.Errorf("%s: %w", secret, context.DeadlineExceeded),
	}
	p := working(t, func(_ context.Context, j *jobs.Job) error {
		if j.ID == 4 {
			panic(secret)
		}
		return failures[j.ID]
	})
	want := map[int64]string{
		1: "retrying internal", 2: "retrying unreachable", 3: "failed bad-address", 4: "retrying internal", 5: "retrying interrupted", 6: "done ",
	}
	made := map[int64]int64{}
	for id := range want {
		made[ask(p, harness.CompanyA, auth.Manager, id)] = id
	}
	type job struct {
		ID         int64
		State      string
		Tries      int
		Error      string
		Code       string  `json:"error_code"`
		NextTryAt  *string `json:"next_try_at"`
		FinishedAt *string `json:"finished_at"`
	}
	var list []job
	harness.WaitFor(t, "all to have failed", func() bool {
		p.Do("GET", "/api/jobs/", p.Token(harness.CompanyA, auth.Admin), nil).Want(t, http.StatusOK).JSON(t, &list)
		for _, j := range list {
			if j.State == "waiting" || j.State == "running" {
				return false
			}
		}
		return true
	})
	for _, j := range list {
		if got := j.State + " " + j.Code; got != want[made[j.ID]] {
			t.Errorf("job %d is %q, want %q", made[j.ID], got, want[made[j.ID]])
		}
		if (j.Code == "") != (j.Error == "") || j.Tries != 1 || (j.State == "retrying") != (j.NextTryAt != nil) || (j.State == "retrying") != (j.FinishedAt == nil) {
			t.Errorf("%+v", j)
		}
	}
	if len(list) != len(want) {
		t.Errorf("%d jobs are listed, want %d", len(list), len(want))
	}
	if text := harness.Query[string](p.Portal, `select string_agg(j::text, '') from jobs.river_job j`); strings.Contains(text, secret) || strings.Contains(text, "goroutine") || strings.Contains(text, ".go:") {
		t.Errorf("the queue holds more than codes: %s", text)
	}
	if !strings.Contains(p.Log.String(), secret) {
		t.Error("the log does not say what went wrong")
	}
	// An Admin has one run again.
	for id, what := range made {
		if what == 3 {
			p.Do("POST", fmt.Sprintf("/api/jobs/%d/retry/", id), p.Token(harness.CompanyA, auth.Admin), nil).Want(t, http.StatusOK)
			harness.WaitFor(t, "another try", func() bool {
				return harness.Query[int](p.Portal, `select attempt::int from jobs.river_job where id = $1`, id) == 2 && stateOf(p, id) == "cancelled"
			})
		}
	}
}

// A job of a suspended company waits until it is open again, one of a cancelled company is over, and so is one in the name of
// a person who left. Those of others run.
func TestJobs_WaitForTheirCompany(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	ran := map[int64]bool{}
	p := working(t, func(_ context.Context, j *jobs.Job) error {
		mu.Lock()
		defer mu.Unlock()
		ran[j.ID] = true
		return nil
	})
	did := func(id int64) bool { mu.Lock(); defer mu.Unlock(); return ran[id] }
	status := func(company, status string) {
		p.Exec(`update platform.customers set status = $2 where customer_id = $1`, company, status)
	}
	// Asked for before anything was wrong, taken after it.
	p.Exec(`alter table jobs.river_job add constraint held check (state <> 'running') not valid`)
	waits, over := ask(p, harness.CompanyA, auth.Manager, 1), ask(p, harness.CompanyB, auth.Manager, 2)
	left := ask(p, harness.CompanyA, auth.User, 3)
	status(harness.CompanyA, "suspended")
	status(harness.CompanyB, "cancelled")
	p.Exec(`alter table jobs.river_job drop constraint held`)
	harness.WaitFor(t, "the cancelled company's job to be over", func() bool { return stateOf(p, over) == "cancelled" })
	harness.WaitFor(t, "the suspended company's jobs to wait", func() bool { return stateOf(p, waits) == "scheduled" && stateOf(p, left) == "scheduled" })
	if did(1) || did(2) || did(3) {
		t.Errorf("ran %v", ran)
	}
	if n := harness.Query[int](p.Portal, `select attempt::int from jobs.river_job where id = $1`, waits); n != 0 {
		t.Errorf("waiting took %d tries", n)
	}

	status(harness.CompanyA, "active")
	p.Exec(`update portal.users set status = 'suspended' where email = $1`, harness.Email(harness.CompanyA, auth.User))
	p.Exec(`update jobs.river_job set state = 'available', scheduled_at = now() where id = any($1)`, []int64{waits, left})
	harness.WaitFor(t, "the company that is open again", func() bool { return did(1) })
	harness.WaitFor(t, "the job of whom is gone to be over", func() bool { return stateOf(p, left) == "cancelled" })
	if did(3) {
		t.Error("a job ran in the name of a suspended person")
	}
	codes := harness.Query[[]string](p.Portal, `select array_agg(errors[1] ->> 'error' order by id) from jobs.river_job where state = 'cancelled'`)
	if strings.Join(codes, ", ") != "JobCancelError: cancelled, JobCancelError: person-gone" {
		t.Errorf("stored: %q", codes)
	}
}

// A server that stops lets its jobs finish, and gives back to the queue what does not within twenty seconds.
func TestJobs_StopGracefully(t *testing.T) {
	t.Parallel()
	begun := make(chan int64, 2)
	p := newPortal(t, func(s *harness.Settings) { s.WorkerPool = true })
	w := jobs.New(jobs.Config{DB: p.DB, Log: slog.New(slog.DiscardHandler)})
	w.Handle(jobs.InboundSMS, func(ctx context.Context, j *jobs.Job) error {
		begun <- j.ID
		if j.ID == 1 {
			time.Sleep(time.Second)
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	})
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	short, long := ask(p, harness.CompanyA, auth.Manager, 1), ask(p, harness.CompanyA, auth.Manager, 2)
	<-begun
	<-begun
	at := time.Now()
	if err := w.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(at); took < 19*time.Second || took > 40*time.Second {
		t.Errorf("stopping took %s", took)
	}
	if s := stateOf(p, short); s != "completed" {
		t.Errorf("the job of a second is %s", s)
	}
	if s := stateOf(p, long); s != "available" {
		t.Errorf("the long job is %s", s)
	}
	if n := harness.Query[int](p.Portal, `select attempt::int from jobs.river_job where id = $1`, long); n != 0 {
		t.Errorf("stopping took the long job %d tries", n)
	}
}
