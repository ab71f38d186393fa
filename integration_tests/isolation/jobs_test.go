package isolation

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// queued puts a job into the queue as its tables have it, in the name of a person or of nobody.
func queued(t *testing.T, super *pgx.Conn, e harness.Entry, state string) (id int64) {
	t.Helper()
	err := super.QueryRow(t.Context(), `
		insert into jobs.river_job (customer_id, user_id, kind, args, queue, max_attempts, attempt, attempted_at, finalized_at, state)
		values ($1, $2, 'inbound_sms', '{"id": 7}', 'nobody_works_it', 5, 1, now(),
			case when $3 in ('completed', 'discarded', 'cancelled') then now() end, $3::jobs.river_job_state)
		returning id`, e.Customer, e.User, state).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

const enterJobSQL = `call tenancy.enter_job(null, $1)`

// A job enters the customer of its own row while it runs, as its person is now, and nothing else.
func TestEntry_Job(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, worker := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_worker", database)
	a, b := harness.NewMember(t, super, harness.CompanyA, auth.Manager), harness.NewMember(t, super, harness.CompanyB, auth.Manager)
	nobody := harness.Entry{Customer: harness.CompanyA}
	customer := func(set string) string {
		return fmt.Sprintf("update platform.customers set %s where customer_id = '%s'", set, harness.CompanyA)
	}
	person := func(set string) string { return fmt.Sprintf("update portal.users set %s where id = %d", set, *a.User) }
	open := customer("status = 'active', trial_ends_at = null")
	for _, c := range []struct {
		name          string
		broken, mends string
		of            harness.Entry
		state         string
		code          string
		role          string
	}{
		{"as a person", "", "", a, "running", "", auth.Manager},
		{"of the other company", "", "", b, "running", "", auth.Manager},
		{"as nobody", "", "", nobody, "running", "", ""},
		{"person in a lower role since", person("role = 'User'"), person("role = 'Manager'"), a, "running", "", auth.User},
		{"person suspended since", person("status = 'suspended'"), person("status = 'active'"), a, "running", "TN002", ""},
		{"waiting", "", "", a, "available", "TN003", ""},
		{"done", "", "", a, "completed", "TN003", ""},
		{"given up", "", "", a, "discarded", "TN003", ""},
		{"suspended company", customer("status = 'suspended'"), open, a, "running", "TN004", ""},
		{"moving company", customer("status = 'moving'"), open, a, "running", "TN008", ""},
		{"trial over", customer("status = 'trial', trial_ends_at = now() - interval '1 second'"), open, a, "running", "TN004", ""},
		{"cancelled company", customer("status = 'cancelled'"), open, a, "running", "TN009", ""},
		{"another company suspended", customer("status = 'suspended'"), open, b, "running", "", auth.Manager},
	} {
		job := queued(t, super, c.of, c.state)
		trial{name: c.name, broken: c.broken, mends: c.mends, code: c.code}.run(t, super, func() error {
			return pgx.BeginFunc(t.Context(), worker, func(tx pgx.Tx) error {
				var zone string
				if err := tx.QueryRow(t.Context(), enterJobSQL, job).Scan(&zone); err != nil {
					return err
				}
				var seen, role string
				var user *int64
				err := tx.QueryRow(t.Context(), `select string_agg(distinct customer_id, ' '), coalesce(tenancy.role(), ''), tenancy.user_id() from locations`).Scan(&seen, &role, &user)
				if err == nil && (seen != c.of.Customer || role != c.role || (user == nil) != (c.of.User == nil) || user != nil && *user != *c.of.User) {
					t.Errorf("%s: sees the properties of %s, as %v with role %q", c.name, seen, user, role)
				}
				return err
			})
		})
		var n int
		if err := worker.QueryRow(t.Context(), "select count(*) from locations").Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: afterwards the connection sees %d properties (%v)", c.name, n, err)
		}
	}
	if _, err := worker.Exec(t.Context(), enterJobSQL, 1_000_000); harness.SQLState(err) != "TN003" {
		t.Errorf("a job that does not exist: %v", err)
	}
}

// Nobody but the workers reaches the queue, and they cannot say whose a job is.
func TestJobs_QueueIsTheWorkersAlone(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super := harness.ConnectAs(t, "", database)
	a, b := harness.NewMember(t, super, harness.CompanyA, auth.Admin), harness.NewMember(t, super, harness.CompanyB, auth.Admin)
	mine, others := queued(t, super, a, "available"), queued(t, super, b, "available")
	before := queue(t, super)

	for _, role := range []string{"portal_app", "portal_auth", "portal_platform", "portal_inspector", "portal_auditor"} {
		conn := harness.ConnectAs(t, role, database)
		for _, sql := range []string{
			`select * from jobs.river_job`, `select * from jobs.river_queue`, `select count(*) from jobs.river_leader`,
			`insert into jobs.river_job (customer_id, kind, args, max_attempts) values ('AAAA22222', 'drain_mail', '{}', 1)`,
			`update jobs.river_job set customer_id = 'AAAA22222'`, `delete from jobs.river_job`,
			`select nextval('jobs.river_job_id_seq')`, `select jobs.river_job_state_in_bitmask(b'1', 'running')`,
		} {
			if _, err := conn.Exec(t.Context(), sql); harness.SQLState(err) != "42501" {
				t.Errorf("%s: %s: %v", role, sql, err)
			}
		}
	}

	worker := harness.ConnectAs(t, "portal_worker", database)
	for _, sql := range []string{
		fmt.Sprintf(`update jobs.river_job set customer_id = '%s' where id = %d`, harness.CompanyB, mine),
		fmt.Sprintf(`update jobs.river_job set user_id = %d where id = %d`, *b.User, mine),
		`insert into jobs.river_job (customer_id, kind, args, max_attempts) values ('AAAA22222', 'drain_mail', '{}', 1)`,
		`insert into jobs.river_job (user_id, kind, args, max_attempts) values (1, 'drain_mail', '{}', 1)`,
	} {
		if _, err := worker.Exec(t.Context(), sql); harness.SQLState(err) != "42501" {
			t.Errorf("portal_worker: %s: %v", sql, err)
		}
	}
	if after := queue(t, super); after != before {
		t.Errorf("the queue has changed:\n%s\n%s", before, after)
	}

	// What a worker is for succeeds: it claims. A job that it forged has no customer to enter.
	if tag, err := worker.Exec(t.Context(), `update jobs.river_job set state = 'running', attempt = attempt + 1 where id = any($1)`, []int64{mine, others}); err != nil || tag.RowsAffected() != 2 {
		t.Errorf("claiming: %s, %v", tag, err)
	}
	var forged int64
	err := worker.QueryRow(t.Context(), `insert into jobs.river_job (kind, args, max_attempts, state) values ('drain_mail', '{"customer_id": "AAAA22222"}', 1, 'running') returning id`).Scan(&forged)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := worker.Exec(t.Context(), enterJobSQL, forged); harness.SQLState(err) != "TN003" {
		t.Errorf("a forged job enters: %v", err)
	}
}

func queue(t *testing.T, super *pgx.Conn) (all string) {
	t.Helper()
	if err := super.QueryRow(t.Context(), `select coalesce(string_agg(j::text, E'\n' order by id), '') from jobs.river_job j`).Scan(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

const enqueueSQL = `select tenancy.enqueue($1, 7, $2, null, $3)`

// Who asks for a job says neither whose it is nor, but for log-in, in whose name.
func TestJobs_AreOfWhoeverEntered(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, app, login := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_app", database), harness.ConnectAs(t, "portal_auth", database)
	a, b := harness.NewMember(t, super, harness.CompanyA, auth.User), harness.NewMember(t, super, harness.CompanyB, auth.User)

	var job int64
	ask := func(kind string, single *string, person *int64) func(pgx.Tx) error {
		return func(tx pgx.Tx) error { return tx.QueryRow(t.Context(), enqueueSQL, kind, single, person).Scan(&job) }
	}
	if err := a.Inside(t.Context(), app, ask("drain_mail", nil, b.User)); err != nil {
		t.Fatal(err)
	}
	if got := about(t, super, job); got != harness.CompanyA+" nobody available" {
		t.Errorf("a drain asked for in A is of %s", got)
	}
	guest := func(fn func(pgx.Tx) error) error {
		return pgx.BeginFunc(t.Context(), login, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), harness.EnterGuestSQL, harness.CompanyA); err != nil {
				return err
			}
			return fn(tx)
		})
	}
	if err := guest(ask("inbound_sms", nil, a.User)); err != nil {
		t.Fatal(err)
	}
	if got := about(t, super, job); got != fmt.Sprintf("%s %d available", harness.CompanyA, *a.User) {
		t.Errorf("a message that came in is of %s", got)
	}
	// Somebody of B is nobody in A: his job enters nowhere.
	if err := guest(ask("inbound_sms", nil, b.User)); err != nil {
		t.Fatal(err)
	}
	if _, err := super.Exec(t.Context(), `update jobs.river_job set state = 'running' where id = $1`, job); err != nil {
		t.Fatal(err)
	}
	worker := harness.ConnectAs(t, "portal_worker", database)
	if _, err := worker.Exec(t.Context(), enterJobSQL, job); harness.SQLState(err) != "TN002" {
		t.Errorf("a job of A in the name of somebody of B: %v", err)
	}

	before := queue(t, super)
	for name, err := range map[string]error{
		"outside of a customer":         pgx.BeginFunc(t.Context(), app, ask("drain_mail", nil, nil)),
		"a kind of log-in":              a.Inside(t.Context(), app, ask("inbound_sms", nil, a.User)),
		"a kind that nobody knows":      a.Inside(t.Context(), app, ask("upkeep", nil, nil)),
		"a kind that log-in may not":    guest(ask("drain_webhooks", nil, nil)),
		"a personal job without person": guest(ask("inbound_sms", nil, nil)),
	} {
		if harness.SQLState(err) != "TN015" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := queue(t, super); after != before {
		t.Errorf("the queue has changed:\n%s\n%s", before, after)
	}

	// The same key of two customers is two jobs, and of one customer one.
	key := "drain"
	seen := map[int64]bool{}
	for _, e := range []harness.Entry{a, b, a, b} {
		if err := e.Inside(t.Context(), app, ask("drain_sms", &key, nil)); err != nil {
			t.Fatal(err)
		}
		seen[job] = true
		if got := about(t, super, job); !strings.HasPrefix(got, e.Customer) {
			t.Errorf("a job asked for in %s is of %s", e.Customer, got)
		}
	}
	if len(seen) != 2 {
		t.Errorf("%d jobs, want one for each company", len(seen))
	}
}

func about(t *testing.T, super *pgx.Conn, job int64) (text string) {
	t.Helper()
	err := super.QueryRow(t.Context(), `select concat_ws(' ', customer_id, coalesce(user_id::text, 'nobody'), state) from jobs.river_job where id = $1`, job).Scan(&text)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// An Admin sees, retries and gives up the own company's jobs and no others; nobody else any.
func TestJobs_OfTheOwnCompany(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	super := p.As("")
	entries := map[string]harness.Entry{}
	failed, waits := map[string]int64{}, map[string]int64{}
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		entries[company] = harness.NewMember(t, super, company, auth.Admin)
		failed[company], waits[company] = queued(t, super, entries[company], "discarded"), queued(t, super, entries[company], "available")
	}
	type job struct {
		ID    int64
		State string
	}
	for company, other := range map[string]string{harness.CompanyA: harness.CompanyB, harness.CompanyB: harness.CompanyA} {
		token := p.Token(company, auth.Admin)
		var jobs []job
		p.Do("GET", "/api/jobs/", token, nil).Want(t, http.StatusOK).JSON(t, &jobs)
		if len(jobs) != 2 || jobs[0].ID != waits[company] || jobs[1].ID != failed[company] || jobs[1].State != "failed" {
			t.Errorf("%s sees the jobs %v", company, jobs)
		}
		before := queue(t, super)
		for _, path := range []string{"%d/retry/", "%d/discard/"} {
			for _, id := range []int64{failed[other], waits[other], 1_000_000} {
				p.Do("POST", "/api/jobs/"+fmt.Sprintf(path, id), token, nil).Want(t, http.StatusNotFound)
			}
			for _, role := range []string{auth.Manager, auth.Contractor, auth.User} {
				p.Do("POST", "/api/jobs/"+fmt.Sprintf(path, failed[company]), p.Token(company, role), nil).Want(t, http.StatusForbidden)
				p.Do("GET", "/api/jobs/", p.Token(company, role), nil).Want(t, http.StatusForbidden)
			}
		}
		if after := queue(t, super); after != before {
			t.Errorf("%s has changed the queue:\n%s\n%s", company, before, after)
		}
	}
	// The doors look at the role too, not only the endpoint.
	for _, role := range []string{auth.Manager, auth.User} {
		e := harness.NewMember(t, super, harness.CompanyA, role)
		err := e.Inside(t.Context(), p.As("portal_app"), func(tx pgx.Tx) error {
			var seen int
			var retried, discarded bool
			err := tx.QueryRow(t.Context(), `select (select count(*) from tenancy.jobs()), tenancy.retry_job($1), tenancy.discard_job($2)`,
				failed[harness.CompanyA], waits[harness.CompanyA]).Scan(&seen, &retried, &discarded)
			if err == nil && (seen != 0 || retried || discarded) {
				err = errors.New("the doors let a " + role + " in")
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}

	token := p.Token(harness.CompanyA, auth.Admin)
	p.Do("POST", fmt.Sprintf("/api/jobs/%d/retry/", failed[harness.CompanyA]), token, nil).Want(t, http.StatusOK)
	p.Do("POST", fmt.Sprintf("/api/jobs/%d/discard/", waits[harness.CompanyA]), token, nil).Want(t, http.StatusOK)
	p.Do("POST", fmt.Sprintf("/api/jobs/%d/discard/", waits[harness.CompanyA]), token, nil).Want(t, http.StatusConflict)
	if got := about(t, super, failed[harness.CompanyA]); !strings.HasSuffix(got, " available") {
		t.Errorf("retried: %s", got)
	}
	if got := about(t, super, waits[harness.CompanyA]); !strings.HasSuffix(got, " discarded") {
		t.Errorf("given up: %s", got)
	}
	if n := harness.Query[int](p, `select count(*) from platform.audit_log where customer_id = $1 and action in ('job.retried', 'job.discarded')`, harness.CompanyA); n != 2 {
		t.Errorf("%d entries of the audit log", n)
	}
}
