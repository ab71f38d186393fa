package features

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// A jobbing portal has a Jobber of its own, and two companies whose plan has it.
type jobbing struct {
	*portal
	*harness.Jobber
}

func newJobbing(t *testing.T, change ...func(*harness.Settings)) *jobbing {
	t.Helper()
	j := harness.NewJobber(t)
	p := newPortal(t, append([]func(*harness.Settings){j.Over, func(s *harness.Settings) { s.Workers = true }}, change...)...)
	p.Exec(`update platform.customers set features = features || '{"jobber": true}'`)
	return &jobbing{p, j}
}

// A traveller is a person who has left for Jobber.
type traveller struct{ address, cookie string }

func (j *jobbing) leave(company, role string) traveller {
	j.T.Helper()
	var d struct {
		AuthorizationURL string `json:"authorization_url"`
	}
	a := j.Do("GET", "/jobber/connect", j.Token(company, role), nil).Want(j.T, http.StatusOK)
	a.JSON(j.T, &d)
	cookie := a.Header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "__Host-travel-jobber=") || !strings.HasSuffix(cookie, "; Path=/; Max-Age=300; HttpOnly; Secure; SameSite=Lax") {
		j.T.Errorf("cookie %q", cookie)
	}
	return traveller{d.AuthorizationURL, strings.Split(cookie, ";")[0]}
}

func (j *jobbing) comeBack(path, cookie string) harness.Answer {
	j.T.Helper()
	return j.Ask("GET", path, "", map[string]string{"Cookie": cookie})
}

func (j *jobbing) connect(company string) {
	j.T.Helper()
	left := j.leave(company, auth.Manager)
	j.arrives(j.comeBack(j.Agree(left.address), left.cookie), "true")
}

func (j *jobbing) arrives(a harness.Answer, connected string) {
	j.T.Helper()
	if to := a.Want(j.T, http.StatusFound).Header.Get("Location"); to != "/#/jobber?connected="+connected {
		j.T.Errorf("the way back leads to %q", to)
	}
}

type jobberStatus struct {
	Connected   bool
	Problem     *string
	AccountName *string `json:"account_name"`
	LastSync    *struct {
		Type, Status     string
		Created, Updated int
	} `json:"last_sync"`
	Clients    int `json:"total_clients"`
	Properties int `json:"total_properties"`
	Mapped     int `json:"mapped_properties"`
}

func (j *jobbing) status(company string) (s jobberStatus) {
	j.T.Helper()
	j.Do("GET", "/jobber/status", j.Token(company, auth.Admin), nil).Want(j.T, http.StatusOK).JSON(j.T, &s)
	return s
}

type synced struct {
	OK      bool
	Message string
	Status  string
	Stats   struct{ Created, Updated, Skipped int }
	LogID   int64 `json:"sync_log_id"`
}

// sync asks for a sync of a kind, and waits for its end.
func (j *jobbing) sync(company, kind string) (created, updated, skipped int) {
	j.T.Helper()
	var s synced
	j.Do("POST", "/jobber/sync", j.Token(company, auth.Manager), map[string]string{"sync_type": kind}).Want(j.T, http.StatusOK).JSON(j.T, &s)
	j.ends(s.LogID, "completed")
	l := j.logs(company)[0]
	if !s.OK || s.LogID != l.ID || l.Type != kind {
		j.T.Errorf("%+v, %+v", s, l)
	}
	return l.Created, l.Updated, l.Skipped
}

// ends waits until a sync has come to an end.
func (j *jobbing) ends(log int64, status string) {
	j.T.Helper()
	now := ""
	harness.WaitFor(j.T, "the end of a sync", func() bool {
		now = harness.Query[string](j.Portal, `select status from portal.jobber_sync_logs where id = $1`, log)
		return now != "started"
	})
	if now != status {
		j.T.Errorf("the sync is %s, want %s: %s", now, status, harness.Query[string](j.Portal, `select coalesce(error_message, '') from portal.jobber_sync_logs where id = $1`, log))
	}
}

type syncLog struct {
	ID        int64
	Type      string `json:"sync_type"`
	Status    string
	Processed int     `json:"items_processed"`
	Created   int     `json:"items_created"`
	Updated   int     `json:"items_updated"`
	Skipped   int     `json:"items_skipped"`
	Error     *string `json:"error_message"`
}

func (j *jobbing) logs(company string) []syncLog {
	j.T.Helper()
	var out struct{ Logs []syncLog }
	j.Do("GET", "/jobber/sync-logs", j.Token(company, auth.Manager), nil).Want(j.T, http.StatusOK).JSON(j.T, &out)
	return out.Logs
}

type jobberProperty struct {
	JobberID   string  `json:"jobber_property_id"`
	Address    *string `json:"jobber_property_address"`
	PropertyID *int64  `json:"property_id"`
	Enabled    bool    `json:"sync_enabled"`
	Auto       bool    `json:"auto_create_property"`
	Name       *string `json:"property_name"`
	Client     *string `json:"jobber_client_name"`
}

// properties are those of company A.
func (j *jobbing) properties() []jobberProperty {
	j.T.Helper()
	var out struct{ Properties []jobberProperty }
	j.Do("GET", "/jobber/properties", j.Token(harness.CompanyA, auth.Admin), nil).Want(j.T, http.StatusOK).JSON(j.T, &out)
	return out.Properties
}

func (j *jobbing) assign(company, id string, body map[string]any) harness.Answer {
	j.T.Helper()
	return j.Do("PUT", "/jobber/properties/"+id+"/map", j.Token(company, auth.Manager), body)
}

// place is a property of the account.
func place(id, street string) harness.JobberProperty {
	return harness.JobberProperty{ID: id, Address: []string{street, "", "Buffalo", "NY", "14201"}}
}

// many are clients with one property each, on several pages.
func many(n int) (all []harness.JobberClient) {
	for i := range n {
		all = append(all, harness.JobberClient{ID: fmt.Sprint("client-", i), Name: fmt.Sprint("Client ", i), Properties: []harness.JobberProperty{place(fmt.Sprint("place-", i), fmt.Sprint(i, " Elm Street"))}})
	}
	return all
}

var jobberCalls = map[string]string{
	"/jobber/connect": "GET", "/jobber/disconnect": "POST", "/jobber/status": "GET", "/jobber/sync": "POST", "/jobber/properties": "GET",
	"/jobber/properties/property-1/map": "PUT", "/jobber/sync-logs": "GET",
}

// call calls an operation as a person of company A.
func (j *jobbing) call(path, role string) harness.Answer {
	j.T.Helper()
	var body any
	if method := jobberCalls[path]; method != "GET" && path != "/jobber/disconnect" {
		body = map[string]any{}
	}
	return j.Do(jobberCalls[path], path, j.Token(harness.CompanyA, role), body)
}

// The office alone, of a company whose plan has it, where the portal is an app there.
func TestJobber_WhoMay(t *testing.T) {
	t.Parallel()
	j := newJobbing(t)
	const a = harness.CompanyA
	for path := range jobberCalls {
		for _, role := range []string{auth.Contractor, auth.Subcontractor, auth.User} {
			j.call(path, role).Problem(t, http.StatusForbidden)
		}
	}
	for path, status := range map[string]int{"/jobber/disconnect": 404, "/jobber/sync": 404, "/jobber/properties/property-1/map": 404, "/jobber/connect": 200, "/jobber/status": 200} {
		j.call(path, auth.Manager).Want(t, status)
	}
	j.Exec(`update platform.customers set features = features || '{"jobber": false}'`)
	for path := range jobberCalls {
		if problem := j.call(path, auth.Admin).Problem(t, http.StatusForbidden); !strings.Contains(problem.Detail, "without the feature jobber") {
			t.Errorf("%s: %s", path, problem.Detail)
		}
	}
	none := newJobbing(t, func(s *harness.Settings) { s.Server.ServiceKeys = map[string]string{} })
	none.call("/jobber/connect", auth.Admin).Problem(t, http.StatusServiceUnavailable)
	none.setKey(a, auth.Admin, "jobber_client_id", "a company's own", nil).Problem(t, http.StatusUnprocessableEntity)
}

// Connecting leads there and back, and leaves nothing that can be read.
func TestJobber_Connect(t *testing.T) {
	t.Parallel()
	j := newJobbing(t)
	const a = harness.CompanyA
	if s := j.status(a); s.Connected || s.Problem != nil || s.LastSync != nil {
		t.Errorf("%+v", s)
	}
	j.connect(a)
	if s := j.status(a); !s.Connected || *s.AccountName != "Green Acres at Jobber" {
		t.Errorf("%+v", s)
	}
	if s := j.status(harness.CompanyB); s.Connected {
		t.Errorf("the other company: %+v", s)
	}
	stored := harness.Query[string](j.Portal, `select string_agg(encode(a.access_token_ciphertext, 'escape') || encode(a.refresh_token_ciphertext, 'escape') || a::text, '') from portal.jobber_auth a`) +
		harness.Query[string](j.Portal, `select coalesce(string_agg(l::text, ''), '') from platform.audit_log l`) + j.Log.String()
	for _, secret := range []string{"jobber-access", "jobber-refresh", "operators-jobber-secret", "code-1"} {
		if strings.Contains(stored, secret) {
			t.Errorf("%s can be read", secret)
		}
	}

	j.Do("POST", "/jobber/disconnect", j.Token(a, auth.Manager), nil).Want(t, http.StatusOK)
	if _, _, gone := j.Counts(); gone != 1 || j.status(a).Connected {
		t.Errorf("Jobber was told %d times", gone)
	}
	j.Do("POST", "/jobber/disconnect", j.Token(a, auth.Manager), nil).Problem(t, http.StatusNotFound)
	j.connect(a)
	j.Answers(func(w http.ResponseWriter, _ *http.Request, _ string) bool {
		w.WriteHeader(http.StatusInternalServerError)
		return true
	})
	var done struct{ Message string }
	j.Do("POST", "/jobber/disconnect", j.Token(a, auth.Manager), nil).Want(t, http.StatusOK).JSON(t, &done)
	if !strings.Contains(done.Message, "could not be told") || j.status(a).Connected {
		t.Error(done.Message)
	}
}

// The way back is for whoever left, in his browser, once, within five minutes, while he may.
func TestJobber_ComeBack(t *testing.T) {
	t.Parallel()
	j := newJobbing(t)
	const a, b = harness.CompanyA, harness.CompanyB
	first, other := j.leave(a, auth.Manager), j.leave(b, auth.Manager)
	back := j.Agree(first.address)
	j.comeBack(back, other.cookie).Problem(t, http.StatusBadRequest)
	j.comeBack(back, "").Problem(t, http.StatusBadRequest)
	j.comeBack("/jobber/callback?code=code-1&state="+strings.Repeat("0", 64), first.cookie).Problem(t, http.StatusBadRequest)
	j.arrives(j.comeBack(back, first.cookie), "true")
	j.comeBack(back, first.cookie).Problem(t, http.StatusBadRequest)
	if j.status(b).Connected || !j.status(a).Connected {
		t.Error("the connection is of another company than whoever left")
	}

	late := j.leave(b, auth.Manager)
	j.Exec(`update platform.login_states set expires_at = now() - interval '1 second'`)
	j.comeBack(j.Agree(late.address), late.cookie).Problem(t, http.StatusBadRequest)

	refused := j.leave(b, auth.Admin)
	u, err := url.Parse(refused.address)
	if err != nil {
		t.Fatal(err)
	}
	no := "/jobber/callback?error=access_denied&state=" + u.Query().Get("state")
	j.arrives(j.comeBack(no, refused.cookie), "false")
	j.comeBack(no, refused.cookie).Problem(t, http.StatusBadRequest)

	lowered := j.leave(b, auth.Manager)
	j.Exec(`update portal.users set role = 'User' where email = $1`, harness.Email(b, auth.Manager))
	j.comeBack(j.Agree(lowered.address), lowered.cookie).Problem(t, http.StatusForbidden)
	if j.status(b).Connected {
		t.Error("somebody connected who may not any more")
	}

	stale := j.leave(a, auth.Admin)
	j.comeBack("/jobber/callback?code=unknown&state="+strings.Split(strings.Split(stale.address, "state=")[1], "&")[0], stale.cookie).Problem(t, http.StatusBadRequest)
}

// A sync reads all pages, once as well as twice, and leaves alone what people have said.
func TestJobber_Sync(t *testing.T) {
	t.Parallel()
	j := newJobbing(t)
	const a = harness.CompanyA
	j.connect(a)
	clients := many(120)
	clients[0].CompanyName, clients[0].Properties[0].Address = " Elm  Holdings ", []string{"0 Elm Street", "Unit 5", "", "NY", ""}
	clients[1].Properties = append(clients[1].Properties, harness.JobberProperty{ID: "nowhere"}, harness.JobberProperty{ID: "blank", Address: []string{" ", "", ""}})
	for i := range 65 {
		clients[2].Properties = append(clients[2].Properties, place(fmt.Sprint("extra-", i), fmt.Sprint(i, " Birch Street")))
	}
	j.Has(clients...)
	is := func(what string, want [3]int) {
		t.Helper()
		created, updated, skipped := j.sync(a, what)
		if have := [3]int{created, updated, skipped}; have != want || j.logs(a)[0].Processed != created+updated+skipped {
			t.Errorf("%s: created, updated, skipped %v, want %v", what, have, want)
		}
	}
	is("clients", [3]int{120, 0, 0})
	is("properties", [3]int{185, 0, 2})
	is("full", [3]int{0, 305, 2})
	if s := j.status(a); s.Clients != 120 || s.Properties != 185 || s.Mapped != 0 || s.LastSync.Type != "full" || s.LastSync.Status != "completed" || s.LastSync.Updated != 305 {
		t.Errorf("%+v", s)
	}
	all := j.properties()
	if len(all) != 185 || *all[0].Address != "0 Birch Street, Buffalo, NY, 14201" || *all[0].Client != "Client 2" || *all[1].Address != "0 Elm Street, Unit 5, NY" || *all[1].Client != "Elm Holdings" || all[1].PropertyID != nil || all[1].Name != nil {
		t.Errorf("%d properties, %+v", len(all), all[:2])
	}

	own, foreign := j.property(a, 1), j.property(harness.CompanyB, 1)
	j.assign(a, "place-0", map[string]any{"jobber_property_id": "place-0", "property_id": own, "sync_enabled": false}).Want(t, http.StatusOK)
	if problem := j.assign(a, "place-0", map[string]any{"property_id": foreign}).Problem(t, http.StatusNotFound); problem.Detail != "there is no such property" {
		t.Error(problem.Detail)
	}
	if problem := j.assign(a, "unknown", map[string]any{"property_id": own}).Problem(t, http.StatusNotFound); problem.Detail != "there is no such property from Jobber" {
		t.Error(problem.Detail)
	}
	j.assign(a, "place-0", map[string]any{"jobber_property_id": "place-1"}).Problem(t, http.StatusUnprocessableEntity)
	clients[0].Properties[0].Address[0] = "0 Other Street"
	is("full", [3]int{0, 304, 3})
	if all = j.properties(); *all[1].Address != "0 Elm Street, Unit 5, NY" || *all[1].PropertyID != own || *all[1].Name != "Property 1" || all[1].Enabled {
		t.Errorf("%+v", all[1])
	}
	if s := j.status(a); s.Mapped != 1 {
		t.Errorf("%+v", s)
	}
	j.assign(a, "place-0", map[string]any{"property_id": nil}).Want(t, http.StatusOK)
	if all = j.properties(); all[1].PropertyID != nil || !all[1].Enabled {
		t.Errorf("%+v", all[1])
	}
	j.Do("POST", "/jobber/disconnect", j.Token(a, auth.Manager), nil).Want(t, http.StatusOK)
	if s := j.status(a); s.Connected || s.Properties != 185 {
		t.Errorf("mappings after the end: %+v", s)
	}
}

// What is to become a property of the portal does, as far as the plan allows, and once for an address.
func TestJobber_AddsProperties(t *testing.T) {
	t.Parallel()
	j := newJobbing(t)
	const a = harness.CompanyA
	j.connect(a)
	clients := many(6)
	clients[0].Properties[0].Address = []string{"1 SAME street", "", "Springfield", "NY 14201"} // that of Property 1, in other letters
	j.Has(clients...)
	j.sync(a, "full")
	for i := range 5 {
		j.assign(a, fmt.Sprint("place-", i), map[string]any{"auto_create_property": true}).Want(t, http.StatusOK)
	}
	j.Exec(`update platform.customers set max_properties = 5 where customer_id = $1`, a)
	if created, updated, skipped := j.sync(a, "full"); created != 2 || updated != 12 || skipped != 2 {
		t.Errorf("%d, %d, %d", created, updated, skipped)
	}
	if l := j.logs(a)[0]; l.Error == nil || !strings.Contains(*l.Error, "the plan allows no more properties") {
		t.Errorf("%+v", l)
	}
	have := map[string]string{}
	for _, p := range j.properties() {
		if p.Name != nil {
			have[p.JobberID] = *p.Name
		}
	}
	if d := cmp.Diff(map[string]string{"place-0": "Property 1", "place-1": "Client 1", "place-2": "Client 2"}, have); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	j.Exec(`update platform.customers set max_properties = 50 where customer_id = $1`, a)
	if created, _, skipped := j.sync(a, "properties"); created != 2 || skipped != 0 {
		t.Errorf("%d, %d", created, skipped)
	}
	if created, _, _ := j.sync(a, "full"); created != 0 {
		t.Errorf("%d are added a second time", created)
	}
	if n := harness.Query[int](j.Portal, `select count(*) from portal.locations where customer_id = $1`, a); n != 7 {
		t.Errorf("%d properties, want 3 and 4 more", n)
	}
	if n := harness.Query[int](j.Portal, `select count(*) from portal.locations where customer_id <> $1`, a); n != 3 {
		t.Errorf("%d properties of the other company", n)
	}
}
