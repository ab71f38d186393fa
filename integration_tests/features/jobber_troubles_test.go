package features

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/connect"
	"contractor-portal/server/jobber"
	"contractor-portal/server/jobs"
)

// begins asks for a sync of company A that does not come to its end at once, and returns its line.
func (j *jobbing) begins() int64 {
	j.T.Helper()
	var s synced
	j.Do("POST", "/jobber/sync", j.Token(harness.CompanyA, auth.Manager), map[string]any{}).Want(j.T, http.StatusOK).JSON(j.T, &s)
	if s.Status != "started" {
		j.T.Errorf("%+v", s)
	}
	return s.LogID
}

// again has the company's failed jobs run again now, as their Admin can.
func (j *jobbing) again(company string) {
	j.T.Helper()
	var job int64
	harness.WaitFor(j.T, "a failed job", func() bool {
		job = harness.Query[int64](j.Portal, `select coalesce(max(id), 0) from jobs.river_job where customer_id = $1 and state = 'retryable'`, company)
		return job != 0
	})
	j.Do("POST", fmt.Sprintf("/api/jobs/%d/retry/", job), j.Token(company, auth.Admin), nil).Want(j.T, http.StatusOK)
}

// expire has the access tokens be over, by what is stored of them.
func (j *jobbing) expire() {
	j.Exec(`update portal.jobber_auth set token_expires_at = now() + interval '4 minutes'`)
}

// A job that breaks off goes on with the page that it has not stored, whatever the provider did.
func TestJobber_GoesOn(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func(http.ResponseWriter){
		"lost":   func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"broken": func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) },
		"HTML":   func(w http.ResponseWriter) { fmt.Fprint(w, "<html>Down for maintenance</html>") },
		"errors": func(w http.ResponseWriter) { fmt.Fprint(w, `{"errors": [{"message": "planted words"}]}`) },
		"empty":  func(w http.ResponseWriter) { fmt.Fprint(w, `{}`) },
		"circle": func(w http.ResponseWriter) {
			fmt.Fprint(w, `{"data": {"clients": {"nodes": [], "pageInfo": {"hasNextPage": true, "endCursor": "after-50"}}}}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJobbing(t)
			const a = harness.CompanyA
			j.connect(a)
			j.Has(many(120)...)
			j.Answers(func(w http.ResponseWriter, _ *http.Request, query string) bool {
				if query != "ClientsWithProperties after-50" {
					return false
				}
				trouble(w)
				return true
			})
			log := j.begins()
			if l := j.logs(a)[0]; l.Created != 100 || l.Status != "started" {
				t.Errorf("%+v", l)
			}
			j.Answers(nil)
			j.Asked()
			j.again(a)
			j.ends(log, "completed")
			if asked := j.Asked(); !slices.Equal(asked, []string{"ClientsWithProperties after-50", "ClientsWithProperties after-100"}) {
				t.Errorf("asked for %q", asked)
			}
			if l := j.logs(a)[0]; l.Created != 240 || l.Updated != 0 {
				t.Errorf("%+v", l)
			}
			if strings.Contains(j.Log.String(), "planted words") {
				t.Error("the provider's words are in the log")
			}
		})
	}
}

// Whoever is asked too often says for how long he wants to be left alone. That is no failed attempt.
func TestJobber_Throttled(t *testing.T) {
	t.Parallel()
	for name, throttle := range map[string]func(http.ResponseWriter){
		"by points": harness.Throttled,
		"by calls": func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJobbing(t)
			const a = harness.CompanyA
			j.connect(a)
			j.Has(many(60)...)
			var once atomic.Bool
			j.Answers(func(w http.ResponseWriter, _ *http.Request, query string) bool {
				if query != "ClientsWithProperties after-50" || once.Swap(true) {
					return false
				}
				throttle(w)
				return true
			})
			j.sync(a, "full") // it may have waited before its answer
			if l := j.logs(a)[0]; l.Created != 120 {
				t.Errorf("%+v", l)
			}
			if errors := harness.Query[int](j.Portal, `select count(*) from jobs.river_job where errors is not null`); errors != 0 {
				t.Error("waiting is counted as a failure")
			}
		})
	}
}

// A server of which nothing is heard leaves its job to another one. What both read is counted once.
func TestJobber_ServerDies(t *testing.T) {
	t.Parallel()
	j := newJobbing(t)
	const a = harness.CompanyA
	j.connect(a)
	j.Has(many(120)...)
	held := map[string]chan struct{}{"ClientsWithProperties after-50": make(chan struct{}), "ClientsWithProperties after-100": make(chan struct{})}
	release := map[string]func(){}
	for query, wait := range held {
		release[query] = sync.OnceFunc(func() { close(wait) })
	}
	defer func() { // the servers end when nobody waits any more
		for _, let := range release {
			let()
		}
	}()
	hangs := make(chan string)
	var calls sync.Map
	j.Answers(func(_ http.ResponseWriter, _ *http.Request, query string) bool {
		if wait := held[query]; wait != nil {
			if _, again := calls.LoadOrStore(query, true); !again {
				hangs <- query
				<-wait
			}
		}
		return false
	})
	token := j.Token(a, auth.Manager)
	answered := make(chan error)
	go func() {
		_, err := j.Try(t.Context(), "POST", "/jobber/sync", token, map[string]any{})
		answered <- err
	}()
	first := <-hangs
	// What the queue does with the job of a server that has died.
	const again = `update jobs.river_job set state = 'available', scheduled_at = now() where kind = 'sync_jobber' and state in ('running', 'retryable')`
	j.Exec(again)
	newPortal(t, j.Over, func(s *harness.Settings) { s.Database, s.Workers = j.Database, true })
	second := <-hangs
	release[first]() // the dead one stores its page, which the other has stored
	harness.WaitFor(t, "the first server", func() bool { return strings.Contains(j.Log.String(), `"msg":"job failed"`) })
	j.Exec(again)
	release[second]()
	j.ends(j.logs(a)[0].ID, "completed")
	if err := <-answered; err != nil {
		t.Error(err)
	}
	if l := j.logs(a)[0]; l.Created != 240 || l.Processed != 240 || l.Status != "completed" {
		t.Errorf("%+v", l)
	}
}

// Of many who find a token over one renews it: the other side takes a refresh token once.
func TestJobber_OneRefreshes(t *testing.T) {
	t.Parallel()
	tokens := make(chan string, 16)
	var s *jobber.Service
	var service harness.Settings
	j := newJobbing(t, func(settings *harness.Settings) {
		settings.Workers = false
		settings.Own = func(w *jobs.Workers) {
			w.Handle(jobs.SyncJobber, func(ctx context.Context, job *jobs.Job) error {
				token, err := s.Token(ctx, job)
				tokens <- token
				return err
			})
		}
		service = *settings
	})
	s = jobber.New(jobber.Config{URL: j.URL, Connect: connect.Config{
		Vault: harness.VaultOf(service.Keys), Calls: harness.Loopback(), Client: j.Client,
	}})
	const a = harness.CompanyA
	j.connect(a)
	newPortal(t, j.Over, func(settings *harness.Settings) { settings.Database, settings.Own = j.Database, service.Own })
	j.expire()
	j.Exec(`insert into jobs.river_job (customer_id, user_id, kind, args, queue, max_attempts, state)
		select $1, $2, 'sync_jobber', '{"id": 1}', 'errands', 3, 'available' from generate_series(1, 8)`, a, j.person(a, auth.Manager))
	all := map[string]int{}
	for range 8 {
		all[<-tokens]++
	}
	if renewed, reused, _ := j.Counts(); renewed != 1 || reused != 0 || len(all) != 1 || all["jobber-access-3"] != 8 {
		t.Errorf("%d times renewed, %d refresh tokens came again: %v", renewed, reused, all)
	}
}

// What the other side has ended is told with what to do, and is good again when somebody connects.
func TestJobber_Broken(t *testing.T) {
	t.Parallel()
	j := newJobbing(t)
	const a = harness.CompanyA
	j.connect(a)
	j.Has(many(1)...)
	j.Expire() // before their time
	if created, _, _ := j.sync(a, "full"); created != 2 {
		t.Errorf("%d are new", created)
	}
	if renewed, reused, _ := j.Counts(); renewed != 1 || reused != 0 {
		t.Errorf("%d times renewed, %d refresh tokens came again", renewed, reused)
	}

	// Where the portal itself is refused, no company has to do anything.
	j.expire()
	j.Answers(func(w http.ResponseWriter, _ *http.Request, query string) bool {
		if query == "token" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error": "invalid_client"}`)
		}
		return query == "token"
	})
	j.Do("POST", "/jobber/sync", j.Token(a, auth.Admin), map[string]any{}).Problem(t, http.StatusBadGateway)
	if s := j.status(a); !s.Connected || s.Problem != nil {
		t.Errorf("%+v", s)
	}
	j.Answers(nil)
	j.Exec(`update portal.jobber_auth set refreshing_until = null`)

	j.Disconnects()
	const what = "Jobber takes this connection no more: connect again"
	sync := func() {
		t.Helper()
		if problem := j.Do("POST", "/jobber/sync", j.Token(a, auth.Admin), map[string]any{}).Problem(t, http.StatusUnauthorized); problem.Detail != what {
			t.Error(problem.Detail)
		}
	}
	sync()
	if s := j.status(a); s.Connected || s.Problem == nil || *s.Problem != what || s.LastSync.Status != "failed" {
		t.Errorf("%+v", s)
	}
	before := len(j.logs(a))
	sync()
	if n := len(j.logs(a)); n != before {
		t.Error("a sync is begun that cannot be done")
	}
	j.connect(a)
	if s := j.status(a); !s.Connected || s.Problem != nil {
		t.Errorf("%+v", s)
	}
	if _, updated, _ := j.sync(a, "full"); updated != 2 {
		t.Errorf("%d are known", updated)
	}
}

// Whoever disconnects ends the sync that runs; what comes of it afterwards is not stored.
func TestJobber_DisconnectedMeanwhile(t *testing.T) {
	t.Parallel()
	j := newJobbing(t)
	const a = harness.CompanyA
	j.connect(a)
	j.Has(many(60)...)
	wait := make(chan struct{})
	j.Answers(func(_ http.ResponseWriter, _ *http.Request, query string) bool {
		if query == "ClientsWithProperties " {
			<-wait
		}
		return false
	})
	log := j.begins()
	j.Do("POST", "/jobber/disconnect", j.Token(a, auth.Manager), nil).Want(t, http.StatusOK)
	j.ends(log, "failed")
	close(wait)
	harness.WaitFor(t, "the job", func() bool { return strings.Contains(j.Log.String(), `"msg":"job`) })
	if s := j.status(a); s.Clients != 0 || s.Properties != 0 {
		t.Errorf("%+v", s)
	}
}

// The last attempt says why the sync failed, in the portal's words.
func TestJobber_LastAttempt(t *testing.T) {
	t.Parallel()
	j := newJobbing(t)
	const a = harness.CompanyA
	j.connect(a)
	j.Answers(func(w http.ResponseWriter, _ *http.Request, _ string) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	log := j.begins()
	j.Exec(`update jobs.river_job set attempt = 5 where kind = 'sync_jobber'`)
	j.again(a)
	j.ends(log, "failed")
	if l := j.logs(a)[0]; l.Error == nil || *l.Error != "Jobber answered with status 503" {
		t.Errorf("%+v", l)
	}
	j.Answers(nil)
	j.sync(a, "full")
}
