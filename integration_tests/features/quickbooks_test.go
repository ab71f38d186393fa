package features

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

const (
	booksConnect  = "/quickbooks/connect"
	booksCallback = "/quickbooks/callback"
	booksStatus   = "/quickbooks/status"
	booksInvoices = "/quickbooks/invoices"
)

// A booked portal has QuickBooks of its own, the feature in both companies, and a clock that the test moves.
type booked struct {
	*portal
	*harness.Books
	now time.Time
}

func newBooked(t *testing.T, change ...func(*harness.Settings)) *booked {
	t.Helper()
	b := &booked{Books: harness.NewBooks(t), now: time.Now().Truncate(time.Second)}
	b.portal = newPortal(t, append([]func(*harness.Settings){b.Over, func(s *harness.Settings) {
		s.Server.Clock = func() time.Time { return b.now }
	}}, change...)...)
	b.Exec(`update platform.customers set features = features || '{"quickbooks": true}'`)
	return b
}

func (b *booked) admin(company, method, path string, body any) harness.Answer {
	b.T.Helper()
	return b.Do(method, path, b.Token(company, auth.Admin), body)
}

// leave begins a connection, and returns where the browser goes and the cookie that it keeps.
func (b *booked) leave(company string) (to string, cookie *http.Cookie) {
	b.T.Helper()
	var begun struct {
		To string `json:"authorization_url"`
	}
	a := b.admin(company, "GET", booksConnect, nil).Want(b.T, http.StatusOK)
	a.JSON(b.T, &begun)
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if c.Name == "__Host-travel-quickbooks" {
			return begun.To, c
		}
	}
	b.T.Fatalf("no cookie for the way back: %v", a.Header)
	return "", nil
}

// back brings a browser back.
func (b *booked) back(query url.Values, cookie *http.Cookie) harness.Answer {
	b.T.Helper()
	return b.Ask("GET", booksCallback+"?"+query.Encode(), "", map[string]string{"Cookie": cookie.Name + "=" + cookie.Value})
}

// connect connects a company with one at QuickBooks.
func (b *booked) connect(company, realm string) {
	b.T.Helper()
	to, cookie := b.leave(company)
	a := b.back(b.Agree(to, realm), cookie).Want(b.T, http.StatusFound)
	if at := a.Header.Get("Location"); at != "/#/quickbooks?connected=true" {
		b.T.Fatalf("after connecting people come to %s", at)
	}
}

type booksState struct {
	Connected bool
	Realm     *string `json:"realm_id"`
	Mapped    int     `json:"mapped_properties"`
	Invoices  int     `json:"invoice_count"`
	Pending   int     `json:"pending_invoices"`
	Broken    *string `json:"broken_at"`
	ToDo      *string `json:"what_to_do"`
}

func (b *booked) state(company string) (s booksState) {
	b.T.Helper()
	b.admin(company, "GET", booksStatus, nil).Want(b.T, http.StatusOK).JSON(b.T, &s)
	return s
}

// A company connects, is connected, and disconnects, which takes the tokens back at QuickBooks.
func TestQuickBooks_Connects(t *testing.T) {
	t.Parallel()
	b := newBooked(t)
	const a = harness.CompanyA
	if s := b.state(a); s.Connected || s.Realm != nil {
		t.Errorf("%+v", s)
	}
	b.admin(a, "POST", "/quickbooks/disconnect", nil).Problem(t, http.StatusNotFound)
	to, cookie := b.leave(a)
	back := b.Agree(to, "4620816365000000001")
	for name, change := range map[string]func(url.Values){
		"another state": func(q url.Values) { q.Set("state", strings.Repeat("a", 64)) }, "no realm": func(q url.Values) { q.Del("realmId") },
		"a realm that leads elsewhere": func(q url.Values) { q.Set("realmId", "1/../2") },
	} {
		fresh, again := b.leave(a)
		q := b.Agree(fresh, "4620816365000000001")
		change(q)
		b.back(q, again).Problem(t, http.StatusBadRequest)
		if s := b.state(a); s.Connected {
			t.Errorf("%s: connected", name)
		}
	}
	b.back(back, &http.Cookie{Name: cookie.Name, Value: strings.Repeat("b", 64)}).Problem(t, http.StatusBadRequest)
	b.back(back, cookie).Want(t, http.StatusFound)
	b.back(back, cookie).Problem(t, http.StatusBadRequest)
	if s := b.state(a); !s.Connected || *s.Realm != "4620816365000000001" || s.Broken != nil || s.ToDo != nil {
		t.Errorf("%+v", s)
	}
	if s := b.state(harness.CompanyB); s.Connected {
		t.Error("the other company is connected")
	}
	if stored := harness.Query[string](b.Portal, `select encode(access_token_ciphertext, 'escape') || encode(refresh_token_ciphertext, 'escape') from portal.quickbooks_auth`); strings.Contains(stored, "access-") || strings.Contains(stored, "refresh-") {
		t.Error("a token can be read in the database")
	}

	agreed := b.Connected()
	b.admin(a, "POST", "/quickbooks/disconnect", nil).Want(t, http.StatusOK)
	if s := b.state(a); s.Connected || s.Realm != nil || b.Connected() != agreed-1 {
		t.Errorf("%+v, %d connections at QuickBooks, there were %d", s, b.Connected(), agreed)
	}
	to, cookie = b.leave(a)
	refused := url.Values{"error": {"access_denied"}, "state": b.Agree(to, "1")["state"]}
	if at := b.back(refused, cookie).Want(t, http.StatusFound).Header.Get("Location"); at != "/#/quickbooks?connected=false" {
		t.Error(at)
	}
	if have := harness.Query[string](b.Portal, `select string_agg(action, ' ' order by id) from platform.audit_log where customer_id = $1`, a); have != "quickbooks.connected quickbooks.disconnected" {
		t.Error(have)
	}
}

// Tokens are refreshed ten minutes before their end, by one of those who need them; a connection that QuickBooks takes no more
// says so, and what to do.
func TestQuickBooks_Tokens(t *testing.T) {
	t.Parallel()
	b := newBooked(t)
	const a = harness.CompanyA
	b.connect(a, "11")
	sync := func(n int) harness.Answer {
		t.Helper()
		return b.admin(a, "POST", fmt.Sprintf("/quickbooks/sync-property/%d", b.property(a, n)), nil)
	}
	refreshed := func() (n int) {
		for _, path := range b.Calls() {
			if strings.HasSuffix(path, "/tokens/bearer") {
				n++
			}
		}
		return n
	}
	b.Calls()
	b.now = b.now.Add(49 * time.Minute)
	sync(1).Want(t, http.StatusOK)
	if n := refreshed(); n != 0 {
		t.Errorf("refreshed %d times eleven minutes before the end", n)
	}
	b.now = b.now.Add(2 * time.Minute)
	b.TokensLive(3 * time.Hour) // from now, which for the library that counts is not the test's
	if ok, others := b.Parallel(6, func(i int) (string, string, any) {
		return "POST", fmt.Sprintf("/quickbooks/sync-property/%d", b.property(a, 1+i%3)), nil
	}, b.Token(a, auth.Admin)); ok != 6 {
		t.Errorf("%v", others)
	}
	if n := refreshed(); n != 1 {
		t.Errorf("refreshed %d times", n)
	}
	b.Cut()
	b.now = b.now.Add(3 * time.Hour)
	if p := sync(2).Problem(t, http.StatusUnauthorized); !strings.Contains(p.Detail, "connect again") {
		t.Error(p.Detail)
	}
	if s := b.state(a); s.Connected || s.Broken == nil || !strings.Contains(*s.ToDo, "connects again") {
		t.Errorf("%+v", s)
	}
	b.TokensLive(12 * time.Hour)
	b.connect(a, "11")
	sync(2).Want(t, http.StatusOK)
	if s := b.state(a); !s.Connected || s.ToDo != nil {
		t.Errorf("%+v", s)
	}
}

// Nobody but an Admin has to do with QuickBooks, and no company without the feature.
func TestQuickBooks_Admits(t *testing.T) {
	t.Parallel()
	b := newBooked(t)
	const a = harness.CompanyA
	calls := map[string]string{
		booksConnect: "GET", booksStatus: "GET", booksInvoices: "GET", "/quickbooks/disconnect": "POST",
		fmt.Sprintf("/quickbooks/sync-property/%d", b.property(a, 1)): "POST", "/quickbooks/invoices/event/1": "POST",
	}
	for path, method := range calls {
		for _, role := range harness.Roles {
			if role != auth.Admin {
				b.Do(method, path, b.Token(a, role), nil).Problem(t, http.StatusForbidden)
			}
		}
	}
	// Who is no Admin any more when he comes back connects nothing.
	to, cookie := b.leave(a)
	b.SeedPerson(a, "Another", "another@a.example", auth.Admin, "active")
	b.Exec(`update portal.users set role = 'Manager' where email = 'admin@a.example'`)
	b.back(b.Agree(to, "5"), cookie).Problem(t, http.StatusForbidden)
	b.Exec(`update portal.users set role = 'Admin' where email = 'admin@a.example'; update platform.sessions set revoked_at = null where revoked_at is not null`)

	b.Exec(`update platform.customers set features = features || '{"quickbooks": false}'`)
	var token harness.Pair
	b.Login("another@a.example", a).Want(t, http.StatusOK).JSON(t, &token)
	for path, method := range calls {
		if p := b.Do(method, path, token.AccessToken, nil).Problem(t, http.StatusForbidden); !strings.Contains(p.Detail, "without the feature quickbooks") {
			t.Errorf("%s %s: %s", method, path, p.Detail)
		}
	}
	none := newBooked(t, func(s *harness.Settings) { s.Server.ServiceKeys = map[string]string{} })
	if p := none.admin(a, "GET", booksConnect, nil).Problem(t, http.StatusServiceUnavailable); !strings.Contains(p.Detail, "client id and secret are not set") {
		t.Error(p.Detail)
	}
}

// A property has one customer at QuickBooks: that of its mapping, or of its name, or one that is made, once.
func TestQuickBooks_SyncProperty(t *testing.T) {
	t.Parallel()
	b := newBooked(t)
	const a = harness.CompanyA
	type synced struct {
		Customer string `json:"quickbooks_customer_id"`
		Created  bool
	}
	path := func(n int) string { return fmt.Sprintf("/quickbooks/sync-property/%d", b.property(a, n)) }
	sync := func(n int) (s synced) {
		t.Helper()
		b.admin(a, "POST", path(n), nil).Want(t, http.StatusOK).JSON(t, &s)
		return s
	}
	b.admin(a, "POST", path(1), nil).Problem(t, http.StatusNotFound) // not connected
	b.connect(a, "21")
	b.admin(a, "POST", fmt.Sprintf("/quickbooks/sync-property/%d", b.property(harness.CompanyB, 1)), nil).Problem(t, http.StatusNotFound)
	first := sync(1)
	if !first.Created || sync(1) != (synced{first.Customer, false}) {
		t.Errorf("%+v", first)
	}
	if all := b.Customers("21"); len(all) != 1 || all[0].DisplayName != "Property 1" || all[0].CompanyName != "Property 1" || !strings.HasPrefix(all[0].BillAddr.Line1, "1 Same Street") {
		t.Errorf("%+v", all)
	}

	// The name is taken: by a customer, who is the one, or by somebody else.
	b.Exec(`update portal.locations set name = 'O''Hara \ Sons' where id = $1`, b.property(a, 2))
	hara := harness.Query[int64](b.Portal, `select id from portal.locations where name like 'O%'`)
	haraPath := fmt.Sprintf("/quickbooks/sync-property/%d", hara)
	var found synced
	b.Answers(func(r *http.Request) harness.Fate {
		if strings.HasSuffix(r.URL.Path, "/customer") {
			return harness.Lost
		}
		return harness.Served
	})
	b.admin(a, "POST", haraPath, nil).Problem(t, http.StatusBadGateway)
	b.Answers(nil)
	b.Forget()
	b.admin(a, "POST", haraPath, nil).Want(t, http.StatusOK).JSON(t, &found)
	if found.Created || len(b.Customers("21")) != 2 || found.Customer != b.Customers("21")[1].ID {
		t.Errorf("%+v of %+v", found, b.Customers("21"))
	}
	b.Take("21", "Property 3")
	if p := b.admin(a, "POST", path(3), nil).Problem(t, http.StatusConflict); !strings.Contains(p.Detail, "another name") {
		t.Error(p.Detail)
	}
	b.Exec(`update portal.locations set name = 'a:b' where id = $1`, b.property(a, 3))
	if p := b.admin(a, "POST", fmt.Sprintf("/quickbooks/sync-property/%d", harness.Query[int64](b.Portal, `select id from portal.locations where name = 'a:b'`)), nil).Problem(t, http.StatusBadGateway); !strings.Contains(p.Detail, "error 2040") {
		t.Error(p.Detail)
	}

	// A lost answer makes no second one, as long as QuickBooks remembers.
	b.Exec(`update portal.locations set name = 'Property 4' where name = 'a:b'`)
	lost := 0
	b.Answers(func(r *http.Request) harness.Fate {
		if strings.HasSuffix(r.URL.Path, "/customer") && lost < 3 {
			lost++
			return []harness.Fate{harness.Lost, harness.Garbled, harness.TooMany}[lost-1]
		}
		return harness.Served
	})
	for _, status := range []int{http.StatusBadGateway, http.StatusBadGateway, http.StatusServiceUnavailable} {
		b.admin(a, "POST", path(4), nil).Problem(t, status)
	}
	before := len(b.Customers("21"))
	if s := sync(4); !s.Created || len(b.Customers("21")) != before {
		t.Errorf("%+v of %+v", s, b.Customers("21"))
	}

	// In another company at QuickBooks it is another customer.
	b.connect(a, "22")
	if s := sync(1); !s.Created || len(b.Customers("22")) != 1 {
		t.Errorf("%+v of %+v", s, b.Customers("22"))
	}
	if s := b.state(a); s.Mapped != 1 {
		t.Errorf("%+v", s)
	}
}
