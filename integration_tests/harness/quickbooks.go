package harness

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"contractor-portal/server/vault"
)

// The portal's account at QuickBooks in tests.
const BooksClient, BooksSecret = "portal-client", "portal-client-secret"

// A Books is QuickBooks Online of a test's own: its page of consent, its tokens, and the accounting API of its companies. It
// takes what Intuit's documents say, and fails the test on anything else.
type Books struct {
	URL string

	t       testing.TB
	mu      sync.Mutex
	count   int
	life    time.Duration     // of an access token
	codes   map[string]string // code → realm
	access  map[string]string // token → realm
	refresh map[string]string // the same
	realms  map[string]*realm
	answer  func(r *http.Request) Fate
	calls   []string
	blind   bool
}

// A realm is a company at QuickBooks.
type realm struct {
	customers []BookCustomer
	invoices  []BookInvoice
	answered  map[string][]byte // request id → what was answered
}

// A BookCustomer is a customer at QuickBooks.
type BookCustomer struct {
	ID          string `json:"Id,omitempty"`
	DisplayName string
	CompanyName string
	BillAddr    struct{ Line1 string }
}

type bookRef struct {
	Value string `json:"value"`
}

// A BookLine is a line of an invoice.
type BookLine struct {
	Amount              json.Number
	DetailType          string
	Description         string
	SalesItemLineDetail struct {
		ItemRef        bookRef
		Qty, UnitPrice json.Number `json:",omitempty"`
	}
}

// A BookInvoice is an invoice at QuickBooks.
type BookInvoice struct {
	ID               string `json:"Id,omitempty"`
	DocNumber        string
	TotalAmt         json.Number `json:",omitempty"`
	TxnDate, DueDate string
	CustomerRef      bookRef
	PrivateNote      string
	Line             []BookLine
	RequestID        string `json:"-"`
}

// A Fate is what becomes of a call; the zero value is the usual one.
type Fate int

// What can become of a call.
const (
	Served  Fate = iota
	Lost         // it is done, and the line is cut before the answer
	Garbled      // it is done, and a page is answered
	Undone       // nothing is done, and the line is cut
	TooMany      // nothing is done: too many calls
	Broken       // nothing is done: 500
)

// NewBooks serves until the test ends.
func NewBooks(t testing.TB) *Books {
	t.Helper()
	b := newBooks(t)
	web := httptest.NewServer(b)
	t.Cleanup(web.Close)
	b.URL = web.URL
	return b
}

// usualBooks are those of every portal whose test does not care for them. Populate connects every company with them.
var usualBooks = sync.OnceValue(func() *Books {
	b := newBooks(nil)
	b.URL = httptest.NewServer(b).URL
	return b
})

// connectBooks seals tokens for those companies that are connected.
func (p *Portal) connectBooks() {
	p.T.Helper()
	v := VaultOf(p.Keys)
	for _, company := range []string{CompanyA, CompanyB} {
		access, refresh := usualBooks().Grant("1")
		sealed := map[string][]byte{}
		for column, token := range map[string]string{"access_token_ciphertext": access, "refresh_token_ciphertext": refresh} {
			text, err := v.Seal(vault.Place{Customer: company, Table: "quickbooks_auth", Column: column}, token)
			if err != nil {
				p.T.Fatal(err)
			}
			sealed[column] = text
		}
		p.Exec(`update portal.quickbooks_auth set access_token_ciphertext = $2, refresh_token_ciphertext = $3 where customer_id = $1`, company, sealed["access_token_ciphertext"], sealed["refresh_token_ciphertext"])
	}
}

func newBooks(t testing.TB) *Books {
	return &Books{t: t, life: time.Hour, codes: map[string]string{}, access: map[string]string{}, refresh: map[string]string{}, realms: map[string]*realm{}}
}

// Over lets a portal call it.
func (b *Books) Over(s *Settings) {
	s.Server.QuickBooks.URL, s.Server.PublicURL = b.URL, PublicURL
	s.Server.ServiceKeys = map[string]string{"quickbooks_client_id": BooksClient, "quickbooks_client_secret": BooksSecret}
}

// Answers says what becomes of calls from now on; nil: the usual. It is asked for one call at a time.
func (b *Books) Answers(by func(r *http.Request) Fate) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = by
}

// TokensLive says how long access tokens are good that are given from now on.
func (b *Books) TokensLive(d time.Duration) { b.mu.Lock(); defer b.mu.Unlock(); b.life = d }

// Forget has it forget what was asked for under which request id, as after some weeks.
func (b *Books) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.realms {
		r.answered = map[string][]byte{}
	}
}

// Blind says whether invoices are found by queries no more, as for a while after they were made.
func (b *Books) Blind(yes bool) { b.mu.Lock(); defer b.mu.Unlock(); b.blind = yes }

// Calls are the paths that were called since the last time.
func (b *Books) Calls() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	calls := b.calls
	b.calls = nil
	return calls
}

// Invoices are those of a company there.
func (b *Books) Invoices(realm string) []BookInvoice {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]BookInvoice(nil), b.realm(realm).invoices...)
}

// Customers are those of a company there.
func (b *Books) Customers(realm string) []BookCustomer {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]BookCustomer(nil), b.realm(realm).customers...)
}

// Take lets a name be somebody's who is no customer.
func (b *Books) Take(realm, name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.realm(realm).customers = append(b.realm(realm).customers, BookCustomer{DisplayName: name})
}

// Connected tells how many connections it takes.
func (b *Books) Connected() int { b.mu.Lock(); defer b.mu.Unlock(); return len(b.refresh) }

// Cut takes all connections back, as an accountant can there.
func (b *Books) Cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.access, b.refresh = map[string]string{}, map[string]string{}
}

func (b *Books) realm(id string) *realm {
	if b.realms[id] == nil {
		b.realms[id] = &realm{answered: map[string][]byte{}}
	}
	return b.realms[id]
}

func (b *Books) wrong(format string, args ...any) {
	if b.t != nil {
		b.t.Errorf("QuickBooks: "+format, args...)
	}
}

func (b *Books) next(kind string) string { b.count++; return fmt.Sprintf("%s-%d", kind, b.count) }

// Agree is what a person does at the page of consent: he picks a company. It answers with what he is sent back.
func (b *Books) Agree(authorization, realm string) url.Values {
	u, err := url.Parse(authorization)
	q := u.Query()
	if err != nil || u.Path != "/connect/oauth2" || q.Get("client_id") != BooksClient || q.Get("response_type") != "code" ||
		q.Get("scope") != "com.intuit.quickbooks.accounting" || q.Get("redirect_uri") != PublicURL+"/quickbooks/callback" || len(q.Get("state")) < 32 || len(q) != 5 {
		b.wrong("the page of consent is asked for by %s (%v)", authorization, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	code := b.next("code")
	b.codes[code] = realm
	return url.Values{"code": {code}, "state": {q.Get("state")}, "realmId": {realm}}
}

// Grant makes a connection with a company there, and returns its tokens.
func (b *Books) Grant(realm string) (access, refresh string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.grant(realm)
}

func (b *Books) grant(realm string) (access, refresh string) {
	access, refresh = b.next("access"), b.next("refresh")
	b.access[access], b.refresh[refresh] = realm, realm
	return access, refresh
}
