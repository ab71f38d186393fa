package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/connect"
)

// What the portal is at Jobber in tests, by the operator's keys.
const jobberID, jobberSecret = "operators-jobber-client", "operators-jobber-secret"

// A JobberClient is one of an account, with its properties.
type JobberClient struct {
	ID, Name, CompanyName string
	Properties            []JobberProperty
}

// A JobberProperty has up to five parts of an address: street1, street2, city, province, postalCode.
type JobberProperty struct {
	ID      string
	Address []string
}

// A Jobber is the provider, of a test's own: one account of which each company is given tokens of its own. It takes calls
// as Jobber's documents say, changes refresh tokens at each use, and fails the test on anything else.
type Jobber struct {
	URL string

	t       testing.TB
	mu      sync.Mutex
	clients []JobberClient
	codes   map[string]string // code → where it leads back to
	access  map[string]string // access token → its refresh token
	count   int
	reused  int
	gone    int // how often it was told that the portal is an app no more
	refresh int
	answer  func(w http.ResponseWriter, r *http.Request, query string) bool
	asked   []string
}

// NewJobber serves until the test ends.
func NewJobber(t testing.TB) *Jobber {
	t.Helper()
	j := newJobber(t)
	web := httptest.NewServer(j)
	t.Cleanup(web.Close)
	j.URL = web.URL
	return j
}

func newJobber(t testing.TB) *Jobber {
	return &Jobber{t: t, codes: map[string]string{}, access: map[string]string{}}
}

// usualJobber is the provider of every portal whose test does not care for it.
var usualJobber = sync.OnceValue(func() string { return httptest.NewServer(newJobber(nil)).URL })

// Over lets a portal ask it.
func (j *Jobber) Over(s *Settings) {
	s.Server.Jobber.URL, s.Server.PublicURL = j.URL, PublicURL
	s.Server.ServiceKeys = map[string]string{"jobber_client_id": jobberID, "jobber_client_secret": jobberSecret}
}

// Client is the portal's account there.
func (*Jobber) Client(context.Context, db.Tx, string) (connect.Client, error) {
	return connect.Client{ID: jobberID, Secret: jobberSecret}, nil
}

// Has says what is in the account.
func (j *Jobber) Has(clients ...JobberClient) { j.mu.Lock(); defer j.mu.Unlock(); j.clients = clients }

// Answers has somebody else answer from now on, where he says so; nil: nobody. The query is its name and where its page
// begins, or token.
func (j *Jobber) Answers(by func(w http.ResponseWriter, r *http.Request, query string) bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.answer = by
}

// Disconnects takes the portal off the apps of the account: no token is good any more.
func (j *Jobber) Disconnects() { j.mu.Lock(); defer j.mu.Unlock(); clear(j.access) }

// Expire has the access tokens end before their time; they can be renewed.
func (j *Jobber) Expire() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for access, refresh := range j.access {
		delete(j.access, access)
		j.access["ended "+access] = refresh
	}
}

// Counts are how often tokens were renewed, refresh tokens came a second time, and the portal disconnected.
func (j *Jobber) Counts() (renewed, reused, gone int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.refresh, j.reused, j.gone
}

// Asked are the names of the queries since the last time, each with where its page begins.
func (j *Jobber) Asked() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	asked := j.asked
	j.asked = nil
	return asked
}

// Agree is what the provider's page does when somebody agrees there: it answers with the way back.
func (j *Jobber) Agree(authorizationURL string) (back string) {
	j.t.Helper()
	u, err := url.Parse(authorizationURL)
	if err != nil {
		j.t.Fatal(err)
	}
	q := u.Query()
	names := slices.Sorted(maps.Keys(q))
	if !strings.HasPrefix(authorizationURL, j.URL+"/oauth/authorize?") || !slices.Equal(names, []string{"client_id", "redirect_uri", "response_type", "scope", "state"}) ||
		q.Get("client_id") != jobberID || q.Get("response_type") != "code" || q.Get("redirect_uri") != PublicURL+"/jobber/callback" || len(q.Get("state")) < 32 ||
		q.Get("scope") != "read_clients read_properties read_jobs read_invoices" {
		j.t.Errorf("no way to the provider: %s", authorizationURL)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.count++
	code := fmt.Sprintf("code-%d", j.count)
	j.codes[code] = q.Get("redirect_uri")
	return "/jobber/callback?" + url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
}

func (j *Jobber) wrong(format string, args ...any) {
	if j.t != nil {
		j.t.Errorf(format, args...)
	}
}

// ServeHTTP answers one call.
func (j *Jobber) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/oauth/token" && r.URL.RawQuery == "":
		j.token(w, r)
	case r.Method == http.MethodPost && r.URL.Path == "/graphql" && r.URL.RawQuery == "":
		j.graphql(w, r)
	default:
		j.wrong("no call of the provider's: %s %s", r.Method, r.URL)
		w.WriteHeader(http.StatusNotFound)
	}
}

func (j *Jobber) token(w http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := r.ParseForm(); err != nil || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		j.wrong("no form: %v", err)
	}
	if j.answered(w, r, "token") {
		return
	}
	f := r.PostForm
	refuse := func(status int, code string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error": %q, "error_description": "Refused: %s"}`, code, f.Get("refresh_token"))
	}
	fields := slices.Sorted(maps.Keys(f))
	if f.Get("client_id") != jobberID || f.Get("client_secret") != jobberSecret {
		refuse(http.StatusUnauthorized, "invalid_client")
		return
	}
	switch f.Get("grant_type") {
	case "authorization_code":
		if !slices.Equal(fields, []string{"client_id", "client_secret", "code", "grant_type", "redirect_uri"}) {
			j.wrong("fields %v", fields)
		}
		if to, ok := j.codes[f.Get("code")]; !ok || to != f.Get("redirect_uri") {
			refuse(http.StatusBadRequest, "invalid_grant")
			return
		}
		delete(j.codes, f.Get("code"))
	case "refresh_token":
		if !slices.Equal(fields, []string{"client_id", "client_secret", "grant_type", "refresh_token"}) {
			j.wrong("fields %v", fields)
		}
		known := false
		for access, refresh := range j.access {
			if refresh == f.Get("refresh_token") {
				known = true
				delete(j.access, access)
			}
		}
		if !known {
			j.reused++
			refuse(http.StatusUnauthorized, "invalid_grant")
			return
		}
		j.refresh++
		time.Sleep(200 * time.Millisecond) // others come meanwhile
	default:
		j.wrong("grant_type %q", f.Get("grant_type"))
		refuse(http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	j.count++
	access, refresh := fmt.Sprintf("jobber-access-%d", j.count), fmt.Sprintf("jobber-refresh-%d", j.count)
	j.access[access] = refresh
	fmt.Fprintf(w, `{"access_token": %q, "refresh_token": %q}`, access, refresh)
}

type graphqlCall struct {
	Query     string         `json:"query"`
	Variables map[string]any `json:"variables"`
}

func (j *Jobber) graphql(w http.ResponseWriter, r *http.Request) {
	var call graphqlCall
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&call); err != nil || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("X-JOBBER-GRAPHQL-VERSION") != "2024-01-10" {
		j.wrong("no GraphQL of the version: %v, %v", err, r.Header)
	}
	query := call.name()
	j.mu.Lock()
	defer j.mu.Unlock()
	after, _ := call.Variables["after"].(string)
	j.asked = append(j.asked, strings.TrimSpace(query+" "+after))
	if j.answered(w, r, query+" "+after) {
		return
	}
	access, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if _, ok := j.access[access]; !ok {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"message": "User has disconnected this app from their account. Please delete this token"}`)
		return
	}
	data, ok := j.data(query, call.Variables, access)
	if !ok {
		j.wrong("no query of the schema: %s", call.Query)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": data, "extensions": map[string]any{"cost": map[string]any{
		"requestedQueryCost": 100, "actualQueryCost": 10, "throttleStatus": map[string]any{"maximumAvailable": 10000, "currentlyAvailable": 9990, "restoreRate": 500},
	}}})
}

// answered has the test answer, where it wants to.
func (j *Jobber) answered(w http.ResponseWriter, r *http.Request, query string) bool {
	answer := j.answer
	if answer == nil {
		return false
	}
	j.mu.Unlock()
	defer j.mu.Lock()
	return answer(w, r, query)
}

// name is that of the operation.
func (c graphqlCall) name() string {
	words := strings.FieldsFunc(c.Query, func(r rune) bool { return strings.ContainsRune(" \n({", r) })
	if len(words) < 2 {
		return ""
	}
	return words[1]
}

func (j *Jobber) data(query string, variables map[string]any, access string) (data any, ok bool) {
	after, _ := variables["after"].(string)
	switch query {
	case "Account":
		return map[string]any{"account": map[string]any{"id": "account-1", "name": "Green Acres at Jobber"}}, true
	case "Disconnect":
		j.gone++
		delete(j.access, access)
		return map[string]any{"appDisconnect": map[string]any{"userErrors": []any{}}}, true
	case "Clients", "ClientsWithProperties":
		return map[string]any{"clients": connection(j.clients, 50, after, func(c JobberClient) any {
			node := map[string]any{"id": c.ID, "name": c.Name, "companyName": orNull(c.CompanyName)}
			if query == "ClientsWithProperties" {
				node["properties"] = connection(c.Properties, 10, "", JobberProperty.node)
			}
			return node
		})}, true
	case "Properties":
		for _, c := range j.clients {
			if c.ID == variables["id"] {
				return map[string]any{"client": map[string]any{"properties": connection(c.Properties, 50, after, JobberProperty.node)}}, true
			}
		}
	}
	return nil, false
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (p JobberProperty) node() any {
	if p.Address == nil {
		return map[string]any{"id": p.ID, "address": nil}
	}
	address := map[string]any{}
	for i, name := range []string{"street1", "street2", "city", "province", "postalCode"} {
		address[name] = nil
		if i < len(p.Address) {
			address[name] = orNull(p.Address[i])
		}
	}
	return map[string]any{"id": p.ID, "address": address}
}

// connection is a page, whose cursor says how many come before the next one.
func connection[T any](all []T, size int, after string, node func(T) any) any {
	from := 0
	_, _ = fmt.Sscanf(after, "after-%d", &from)
	to := min(from+size, len(all))
	nodes := []any{}
	for _, one := range all[min(from, to):to] {
		nodes = append(nodes, node(one))
	}
	return map[string]any{"nodes": nodes, "pageInfo": map[string]any{"hasNextPage": to < len(all), "endCursor": fmt.Sprintf("after-%d", to)}}
}

// Throttled answers as the provider does where its points are used up.
func Throttled(w http.ResponseWriter) {
	fmt.Fprint(w, `{"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}], "extensions": {"cost": {"requestedQueryCost": 4000, "actualQueryCost": 0, `+
		`"throttleStatus": {"maximumAvailable": 10000, "currentlyAvailable": 3900, "restoreRate": 500}}}}`)
}
