package service

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
)

// keyed sends a request with an Idempotency-Key.
func (p *portal) keyed(key, method, target, token string, body any) harness.Answer {
	p.T.Helper()
	a, err := p.tryKeyed(key, method, target, token, body)
	if err != nil {
		p.T.Fatal(err)
	}
	return a
}

func (p *portal) tryKeyed(key, method, target, token string, body any) (a harness.Answer, err error) {
	req, err := p.NewRequest(p.T.Context(), method, target, body)
	if err != nil {
		return a, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Idempotency-Key", key)
	return harness.Send(req)
}

// keyless are the writes of persons that take no key, and why.
var keyless = map[string]string{
	"switchBack": "the session of the switch is over with it",
	"logout":     "a session ends once, however often that is asked for, and nobody enters with it afterwards",
	"linkSignOn": "each begins a way of its own, and the browser keeps the last",
	"chat":       "a question is asked anew; what its answer proposes is done once, by its confirmation",
}

// bodies are those that cannot be made from the document.
var bodies = map[string]any{
	"importProperties": harness.Upload{Name: "a.csv", Content: "Property Name,Address,area manager,Lot Sq Ft,PLOW/SALT\nElm,9 Elm Street,,,Yes\n"},
	"changePassword":   map[string]string{"current_password": harness.Password, "new_password": harness.Chosen},
	"resetPassword":    map[string]string{"email": harness.Email(harness.CompanyA, auth.User), "new_password": harness.Chosen},
}

// waitingJob is one whose id a request guesses, which the document does not tell where to find.
const waitingJob = `
insert into jobs.river_job (id, customer_id, kind, args, max_attempts, queue, state, scheduled_at)
values (1, '` + harness.CompanyA + `', 'drain_mail', '{}', 5, 'messages', 'scheduled', now() + interval '1 day')
on conflict (id) do update set customer_id = excluded.customer_id, state = excluded.state, finalized_at = null, scheduled_at = excluded.scheduled_at`

// liveSession is the same of a session.
const liveSession = `
insert into platform.sessions (id, customer_id, user_id, role, status, family_hash, refresh_hash, expires_at)
select '00000000-0000-4000-8000-000000000000', customer_id, user_id, role, status, sha256('family'), sha256('refresh'), now() + interval '1 hour'
from platform.logins where email = 'admin@a.example'
on conflict (id) do update set revoked_at = null`

// states are what must be so before a request can succeed.
var states = map[string]string{
	"retryJob": waitingJob, "discardJob": waitingJob,
	"endMySession": liveSession, "endMyCustomerSession": liveSession,
	"startWinterEvent": `update portal.winter_events set status = 'completed', end_date = start_date where status = 'active'`,
}

var secretField = regexp.MustCompile(`"(access_token|token|link|client_secret|webhook_secret)":"([^"]+)"`)

// Every write of a person takes a key, and does nothing when it comes again with it: the answer is the first one, or
// says that it held a secret. With the same key another request is refused.
func TestRepeats_EveryWrite(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Populate()
	f := harness.NewFinder(t, p.Portal)
	writes := 0
	for _, op := range harness.ReadDocument(t, p.Portal) {
		takes := op.Method != http.MethodGet && !op.Reads && !op.Public() && keyless[op.OperationID] == ""
		if op.Keyed() != takes {
			t.Errorf("%s: the document says of Idempotency-Key: %t, want %t", op, op.Keyed(), takes)
		}
		if !takes {
			continue
		}
		writes++
		if finding := repeat(p, f, op); finding != "" {
			t.Errorf("%s: %s", op, finding)
		}
		changed, err := f.Before.Changes(t.Context())
		if err == nil {
			err = f.Before.Restore(t.Context(), changed)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if writes < 70 {
		t.Errorf("only %d writes were repeated", writes)
	}
}

// repeat finds a request of an operation that succeeds with a key, sends it again, and another one after it.
func repeat(p *portal, f *harness.Finder, op *harness.Operation) (finding string) {
	t := f.T
	caller := f.Callers[slices.IndexFunc(f.Callers, op.Admits)]
	tries, last := 0, harness.Answer{}
	if state, ok := states[op.OperationID]; ok {
		p.Exec(state)
	}
	number := harness.Query[string](p.Portal, `select id::text from platform.customers where customer_id = $1`, harness.CompanyA)
	for r := range f.Requests(op, op.Places(), harness.Place{}, nil) {
		tries++
		key, body := fmt.Sprintf("%s-%d", op.OperationID, tries), r.Body()
		target := strings.Replace(r.Target(), "/tenants/"+harness.CompanyA, "/tenants/"+number, 1)
		if of, ok := bodies[op.OperationID]; ok {
			body = of
		}
		if last = p.keyed(key, op.Method, target, caller.Token, body); last.Status >= 300 {
			continue
		}
		before, err := f.Before.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		second := p.keyed(key, op.Method, target, caller.Token, body)
		after, err := f.Before.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(before, after) {
			return "the second time changed rows"
		}
		other := p.keyed(key, http.MethodPut, "/update-profile", caller.Token, map[string]any{})
		if op.OperationID == "updateProfile" {
			other = p.keyed(key, http.MethodPut, "/update-profile", caller.Token, map[string]any{"address": "Elsewhere"})
		}
		if caller.Role == auth.Service {
			other = p.keyed(key, http.MethodPost, "/n8n/error-report", caller.Token, map[string]any{"error_id": "another", "message": "Another"})
		}
		if !caller.Acting && other.Status != http.StatusUnprocessableEntity {
			return fmt.Sprintf("another request with its key: %d %s", other.Status, other.Body)
		}
		return compareRepeat(p, last, second)
	}
	return fmt.Sprintf("no request succeeds; the last: %d %s", last.Status, last.Body)
}

// compareRepeat tells what is wrong with the answer to a repeat.
func compareRepeat(p *portal, first, second harness.Answer) string {
	secret := secretField.FindSubmatch(first.Body)
	if secret == nil {
		if second.Status != first.Status || !bytes.Equal(second.Body, first.Body) || second.Header.Get("Content-Type") != first.Header.Get("Content-Type") {
			return fmt.Sprintf("first %d %s, then %d %s", first.Status, first.Body, second.Status, second.Body)
		}
		return ""
	}
	problem := second.Problem(p.T, http.StatusConflict)
	switch {
	case !strings.Contains(problem.Detail, "make a new one"):
		return "what is told of a secret: " + problem.Detail
	case harness.Query[int](p.Portal, `select count(*) from platform.idempotency_keys where position($1::bytea in body) > 0`, secret[2]) > 0:
		return "its secret is kept"
	}
	return ""
}

// A handler that counts how often it ran.
type counting struct {
	ran     atomic.Int64
	begun   chan struct{} // one for each run, where it waits
	proceed chan struct{}
}

// Sized asks for an answer of a size.
type sized struct {
	A    int `query:"a"`
	B    int `query:"b"`
	Body struct{ Size int }
}

// Numbered is an answer with an id.
type numbered struct {
	ID   int64  `json:"id"`
	Text string `json:"text"`
}

func (c *counting) routes(api endpoint.API) {
	endpoint.Post(api, "/test/count", "count", "", func(_ context.Context, _ db.Tx, in *sized) (numbered, error) {
		return numbered{c.ran.Add(1), strings.Repeat("x", in.Body.Size)}, nil
	}, endpoint.Members)
	endpoint.Post(api, "/test/wait", "wait", "", func(context.Context, db.Tx, *endpoint.None) (numbered, error) {
		c.begun <- struct{}{}
		<-c.proceed
		return numbered{ID: c.ran.Add(1)}, nil
	}, endpoint.Members)
}

func newCounting(t *testing.T) (*portal, *counting) {
	t.Helper()
	c := &counting{begun: make(chan struct{}, 9), proceed: make(chan struct{}, 9)}
	return newPortal(t, func(s *harness.Settings) { s.Routes = c.routes }), c
}

func TestRepeats_KeysAreOfAForm(t *testing.T) {
	t.Parallel()
	p, c := newCounting(t)
	token := p.Token(harness.CompanyA, auth.User)
	for key, status := range map[string]int{
		"k": 200, `"8e03978e-40d5-43dd-bc93-6894a57f9324"`: 200, strings.Repeat("k", 255): 200,
		"": 422, strings.Repeat("k", 256): 422, "two words": 422, "schlüssel": 422, "a\tb": 422,
	} {
		before := c.ran.Load()
		a := p.keyed(key, "POST", "/test/count", token, map[string]int{"Size": 1}).Want(t, status)
		if status == 422 {
			problem := a.Problem(t, status)
			if c.ran.Load() != before || len(problem.Errors) != 1 || problem.Errors[0].Location != "header.Idempotency-Key" || !strings.Contains(problem.Detail, "1 to 255 visible ASCII") {
				t.Errorf("key %q: %s", key, a.Body)
			}
		}
	}
	req, err := p.NewRequest(t.Context(), "POST", "/test/count", map[string]int{"Size": 1})
	if err != nil {
		t.Fatal(err)
	}
	req.Header["Authorization"], req.Header["Idempotency-Key"] = []string{"Bearer " + token}, []string{"a", "a"}
	a, err := harness.Send(req)
	if err != nil {
		t.Fatal(err)
	}
	a.Want(t, 422)
}

// Whose key it is: a colleague's, another company's and an operator's of the same name are others.
func TestRepeats_KeysAreOfAPerson(t *testing.T) {
	t.Parallel()
	p, c := newCounting(t)
	everybody := []string{p.Token(harness.CompanyA, auth.User), p.Token(harness.CompanyA, auth.Admin), p.Token(harness.CompanyB, auth.User), p.ActingToken()}
	for range 2 {
		for i, token := range everybody {
			if a := p.keyed("same", "POST", "/test/count", token, map[string]int{"Size": 1}); a.Status != 200 || !strings.Contains(string(a.Body), fmt.Sprintf(`"id":%d,`, i+1)) {
				t.Errorf("person %d: %d %s", i, a.Status, a.Body)
			}
		}
	}
	if n := c.ran.Load(); n != int64(len(everybody)) {
		t.Errorf("it ran %d times", n)
	}
	p.keyed("same", "POST", "/test/count", "no token", nil).Problem(t, http.StatusUnauthorized)
}

// What makes a request the same one: neither white space, nor the order of fields and parameters.
func TestRepeats_OfTheSameRequest(t *testing.T) {
	t.Parallel()
	p, c := newCounting(t)
	token := p.Token(harness.CompanyA, auth.User)
	for _, r := range []struct {
		target, body string
		status       int
	}{
		{"/test/count?a=1&b=2", `{"Size": 2, "more": [1, {"x": 1, "y": 1.50}]}`, 200},
		{"/test/count/?b=2&a=1", `{"more":[1,{"y":1.50,"x":1}],"Size":2}`, 200},
		{"/test/count?a=1&b=2", `{"Size":2,"more":[1,{"y":1.5,"x":1}]}`, 422},
		{"/test/count?a=1&b=2", `{"Size":3,"more":[1,{"y":1.50,"x":1}]}`, 422},
		{"/test/count?a=1&b=3", `{"Size":2,"more":[1,{"y":1.50,"x":1}]}`, 422},
		{"/test/count?a=1&b=2", `{"Size": 2, "more": [1, {"x": 1, "y": 1.50}]}`, 200},
	} {
		a := p.keyed("k", "POST", r.target, token, harness.RawBody{Kind: "application/json", Text: r.body}).Want(t, r.status)
		if r.status == 422 {
			if problem := a.Problem(t, 422); !strings.Contains(problem.Detail, "another request") {
				t.Errorf("%s", a.Body)
			}
		}
	}
	if n := c.ran.Load(); n != 1 {
		t.Errorf("it ran %d times", n)
	}
}

// An uploaded file is the same by its content, though the form around it never is.
func TestRepeats_OfAnUpload(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token(harness.CompanyA, auth.Admin)
	file := bodies["importProperties"].(harness.Upload)
	first := p.keyed("k", "POST", "/bulk-import-properties/", token, file).Want(t, 200)
	if second := p.keyed("k", "POST", "/bulk-import-properties/", token, file).Want(t, 200); !bytes.Equal(first.Body, second.Body) || !strings.Contains(string(second.Body), `"count":1`) {
		t.Errorf("%s, then %s", first.Body, second.Body)
	}
	file.Content += "Oak,7 Oak Court,,,Yes\n"
	p.keyed("k", "POST", "/bulk-import-properties/", token, file).Want(t, 422)
	rows := harness.Upload{Name: "bad.csv", Content: "Property Name,Address,area manager,Lot Sq Ft,PLOW/SALT\nElm,9 Elm Annex,,large,Yes\n"}
	csv := p.keyed("csv", "POST", "/bulk-import-properties/?mode=partial&errors=csv", token, rows).Want(t, 200)
	again := p.keyed("csv", "POST", "/bulk-import-properties/?mode=partial&errors=csv", token, rows).Want(t, 200)
	for _, name := range []string{"Content-Type", "Content-Disposition"} {
		if csv.Header.Get(name) == "" || csv.Header.Get(name) != again.Header.Get(name) {
			t.Errorf("%s: %q, then %q", name, csv.Header.Get(name), again.Header.Get(name))
		}
	}
	if !bytes.Equal(csv.Body, again.Body) {
		t.Errorf("%q, then %q", csv.Body, again.Body)
	}
}

// What failed is done when it comes again, if it can be then.
func TestRepeats_AFailedWriteKeepsNothing(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token(harness.CompanyA, auth.Admin)
	lot := map[string]any{"name": "Oak Court", "address": "1 Same Street, Springfield, NY 14201", "sqft": nil, "area_manager": nil, "plow": true, "salt": false}
	p.keyed("k", "POST", "/add-property/", token, lot).Want(t, 409)
	if n := harness.Query[int](p.Portal, `select count(*) from platform.idempotency_keys`); n != 0 {
		t.Errorf("%d keys are kept of a refusal", n)
	}
	p.Exec(`update portal.locations set address = 'Elsewhere' where customer_id = $1 and address = $2`, harness.CompanyA, lot["address"])
	first := p.keyed("k", "POST", "/add-property/", token, lot).Want(t, 200)
	if second := p.keyed("k", "POST", "/add-property/", token, lot).Want(t, 200); !bytes.Equal(first.Body, second.Body) {
		t.Errorf("%s, then %s", first.Body, second.Body)
	}
}

// An answer is kept for a day; then the key is as good as new, and what else is old goes.
func TestRepeats_AKeyLivesForADay(t *testing.T) {
	t.Parallel()
	p, c := newCounting(t)
	token := p.Token(harness.CompanyA, auth.User)
	call := func(key string) { p.keyed(key, "POST", "/test/count", token, map[string]int{"Size": 1}).Want(t, 200) }
	call("k")
	call("other")
	p.Exec(`update platform.idempotency_keys set at = now() - interval '23 hours 59 minutes'`)
	call("k")
	if n := c.ran.Load(); n != 2 {
		t.Fatalf("it ran %d times, want 2", n)
	}
	p.Exec(`update platform.idempotency_keys set at = now() - interval '24 hours'`)
	call("k")
	call("k")
	if n := c.ran.Load(); n != 3 {
		t.Errorf("it ran %d times, want 3", n)
	}
	if n := harness.Query[int](p.Portal, `select count(*) from platform.idempotency_keys`); n != 1 {
		t.Errorf("%d keys are left, want 1", n)
	}
}

// Of a large answer its ids are kept.
func TestRepeats_OfALargeAnswer(t *testing.T) {
	t.Parallel()
	p, c := newCounting(t)
	token := p.Token(harness.CompanyA, auth.User)
	whole := len(`{"id":1,"text":""}` + "\n")
	for key, size := range map[string]int{"large": 64<<10 - whole + 1, "kept": 64<<10 - whole} {
		first := p.keyed(key, "POST", "/test/count", token, map[string]int{"Size": size}).Want(t, 200)
		second := p.keyed(key, "POST", "/test/count", token, map[string]int{"Size": size})
		if key == "kept" {
			if !bytes.Equal(first.Body, second.Body) {
				t.Errorf("an answer of %d bytes came a second time with %d: %.200s", len(first.Body), second.Status, second.Body)
			}
			continue
		}
		var problem struct {
			Detail string
			IDs    struct{ ID int64 }
		}
		var made numbered
		first.JSON(t, &made)
		second.Want(t, 409).JSON(t, &problem)
		if problem.IDs.ID != made.ID || !strings.Contains(problem.Detail, "large") {
			t.Errorf("%s", second.Body)
		}
	}
	if n := c.ran.Load(); n != 2 {
		t.Errorf("it ran %d times", n)
	}
}

// Who repeats a call that has not ended gets its answer when it has, or is told to come again.
func TestRepeats_WhileTheFirstRuns(t *testing.T) {
	t.Parallel()
	p, c := newCounting(t)
	token := p.Token(harness.CompanyA, auth.User)
	answers := make(chan harness.Answer, 2)
	call := func() {
		a, err := p.tryKeyed("k", "POST", "/test/wait", token, nil)
		if err != nil {
			t.Error(err)
		}
		answers <- a
	}
	go call()
	<-c.begun
	early := p.keyed("k", "POST", "/test/wait", token, nil)
	if problem := early.Problem(t, http.StatusConflict); early.Header.Get("Retry-After") != "1" || !strings.Contains(problem.Detail, "under way") {
		t.Errorf("%v %s", early.Header, early.Body)
	}
	go call()
	harness.WaitFor(t, "the second call to wait", func() bool {
		return harness.Query[bool](p.Portal, `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')`)
	})
	c.proceed <- struct{}{}
	one, other := <-answers, <-answers
	if one.Status != 200 || other.Status != 200 || !bytes.Equal(one.Body, other.Body) || c.ran.Load() != 1 {
		t.Errorf("%d %s and %d %s; it ran %d times", one.Status, one.Body, other.Status, other.Body, c.ran.Load())
	}
}

// Whoever may not come in any more is told so, also where the answer is there.
func TestRepeats_AreAdmittedFirst(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token(harness.CompanyA, auth.Admin)
	person := map[string]any{"name": "Rae", "email": "rae@a.example", "phone": nil, "role": "User", "password": harness.Chosen}
	p.keyed("k", "POST", "/add-user/", token, person).Want(t, 200)
	p.keyed("k", "POST", "/add-user/", token, person).Want(t, 200)
	p.Do("POST", "/api/logout/", token, nil).Want(t, 200)
	p.keyed("k", "POST", "/add-user/", token, person).Problem(t, http.StatusUnauthorized)
	if text := harness.Query[string](p.Portal, `select row_to_json(k)::text from platform.idempotency_keys k`); strings.Contains(text, harness.Chosen) || !json.Valid([]byte(text)) {
		t.Errorf("kept: %s", text)
	}
}
