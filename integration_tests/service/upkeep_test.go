package service

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/jobs"
)

// aDay leaves behind what one day of two companies does, at a time.
const aDay = `
insert into platform.login_attempts (at, email, outcome) select $1, 'a' || n || '@a.example', 'refused' from generate_series(1, 20) n;
insert into platform.sessions (customer_id, user_id, role, status, family_hash, refresh_hash, created_at, expires_at)
  select u.customer_id, u.id, u.role, u.status, sha256('f'), sha256('r'), $1, $1 + interval '30 days' from portal.users u where u.status = 'active';
insert into platform.sessions (operator_id, status, family_hash, refresh_hash, created_at, expires_at) select id, status, sha256('f'), sha256('r'), $1, $1 + interval '1 day' from platform.operators;
insert into platform.sessions (customer_id, role, operator_id, parent_id, status, created_at, expires_at)
  select 'AAAA22222', 'Admin', operator_id, id, status, $1, $1 + interval '1 hour' from platform.sessions where operator_id is not null and parent_id is null and created_at = $1;
insert into platform.login_states (state, purpose, expires_at) select gen_random_uuid(), 'google', $1 + interval '5 minutes' from generate_series(1, 3);
insert into platform.idempotency_keys (customer_id, person, key_hash, request_hash, at) select c.customer_id, 'user 1', sha256(random()::text::bytea), sha256('r'), $1 from platform.customers c;
insert into platform.invitations (customer_id, email, name, role, token_hash, created_at, expires_at) select c.customer_id, 'i@a.example', 'I', 'User', sha256(random()::text::bytea), $1, $1 + interval '7 days' from platform.customers c;
insert into portal.outbox (customer_id, channel, kind, message_name, status, created_at, finished_at) select c.customer_id, 'mail', 'test', gen_random_uuid(), 'sent', $1, $1 from platform.customers c, generate_series(1, 5);
insert into portal.weather_data (customer_id, location_key, provider, kind, payload, fetched_at, expires_at) select c.customer_id, 'zip:' || $1, 'test', 'current', '{}', $1, $1 + interval '1 hour' from platform.customers c;
`

var boundedTables = []string{
	"platform.login_attempts", "platform.sessions", "platform.login_states", "platform.idempotency_keys", "platform.invitations", "portal.outbox", "portal.weather_data",
}

// Over a year of days, each with its upkeep, no table grows without end, and nothing goes before its time.
func TestUpkeep_AYear(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.WorkerPool = true })
	today := time.Now().Add(-time.Minute).Truncate(time.Hour)
	day := today.AddDate(0, 0, -365)
	w := jobs.New(jobs.Config{DB: p.DB, Log: slog.New(slog.DiscardHandler), Clock: func() time.Time { return day }})
	count := func() (all map[string]int) {
		all = map[string]int{}
		for _, table := range boundedTables {
			all[table] = harness.Query[int](p.Portal, `select count(*)::int from `+table)
		}
		return all
	}
	attempts := count()["platform.login_attempts"]
	days, step := 0, 5
	most := map[string]int{}
	for ; !day.After(today); day = day.AddDate(0, 0, step) {
		days++
		for sql := range strings.SplitSeq(strings.TrimSpace(aDay), ";\n") {
			if _, err := p.Super.Exec(t.Context(), strings.ReplaceAll(sql, "$1", "'"+day.Format(time.RFC3339)+"'::timestamptz")); err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
		}
		if err := w.Upkeep(t.Context()); err != nil {
			t.Fatal(err)
		}
		for table, n := range count() {
			if days*step <= 200 {
				most[table] = max(most[table], n)
			} else if n > most[table] {
				t.Errorf("day %d: %s still grows: %d rows", days*step, table, n)
			}
		}
	}
	// What is young is there: of each table what its term says, and of no company less than of the other.
	for table, want := range map[string]int{
		"platform.login_attempts": attempts + 20*2, "platform.idempotency_keys": 2, "platform.login_states": 3, "portal.outbox": 2 * 5 * 7, "portal.weather_data": 2 * 2,
	} {
		if n := count()[table]; n != want {
			t.Errorf("%s holds %d rows, want %d", table, n, want)
		}
	}
	// A session is there as long as its token may be refreshed, and a month longer.
	if n := harness.Query[int](p.Portal, `select count(*)::int from platform.sessions where expires_at > now() and customer_id is not null and user_id is not null`); n < 10*6 {
		t.Errorf("only %d live sessions are left", n)
	}
	t.Logf("after %d days: %v", days*step, count())

	// No worker deletes what is young by another clock, nor inside of a customer.
	day = time.Now()
	if err := w.Upkeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	young := count()
	worker := p.As("portal_worker")
	for _, table := range []string{"sessions", "outbox", "login_attempts", "invitations", "weather_data", "idempotency_keys", "login_states"} {
		if _, err := worker.Exec(t.Context(), `select tenancy.prune($1, now() + interval '100 years', 1000)`, table); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(young, count()); diff != "" {
		t.Errorf("a worker's own clock deletes: %s", diff)
	}
	if _, err := worker.Exec(t.Context(), `do $$ begin perform set_config('app.customer_id', 'AAAA22222', true); end $$`); harness.SQLState(err) != "42501" {
		t.Errorf("a worker sets the customer: %v", err)
	}
	if _, err := worker.Exec(t.Context(), `set app.customer_id = 'AAAA22222'`); err != nil {
		t.Fatal(err)
	}
	if _, err := worker.Exec(t.Context(), `select tenancy.prune('outbox', now(), 1000)`); harness.SQLState(err) != "TN015" {
		t.Errorf("upkeep inside of a customer: %v", err)
	}
}

// Finished jobs go after a week, by the queue's own cleaner.
func TestUpkeep_FinishedJobs(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.Own = func(*jobs.Workers) {} })
	p.Exec(`insert into jobs.river_job (customer_id, kind, args, max_attempts, state, finalized_at)
		select 'AAAA22222', 'drain_mail', '{}', 1, state::jobs.river_job_state, now() - make_interval(days => age)
		from unnest(array['completed', 'discarded', 'cancelled']) as state, unnest(array[1, 6, 8, 30]) as age, generate_series(1, 50)`)
	harness.WaitFor(t, "old jobs to go", func() bool {
		return harness.Query[int](p.Portal, `select count(*)::int from jobs.river_job where finalized_at < now() - interval '7 days'`) == 0
	})
	if n := harness.Query[int](p.Portal, `select count(*)::int from jobs.river_job where kind = 'drain_mail'`); n != 300 {
		t.Errorf("%d jobs of the last week are left, want 300", n)
	}
}

// Workers see to the upkeep by themselves, from their start on.
func TestUpkeep_RunsByItself(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.Own = func(*jobs.Workers) {} })
	p.Exec(`insert into platform.login_attempts (at, email, outcome) values (now() - interval '1 year', 'old@a.example', 'refused')`)
	harness.WaitFor(t, "an old attempt to be deleted", func() bool {
		return harness.Query[int](p.Portal, `select count(*)::int from platform.login_attempts where email = 'old@a.example'`) == 0
	})
}
