package harness

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"time"
)

// ServeHTTP answers one call.
func (b *Books) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fate := Served
	if b.answer != nil {
		fate = b.answer(r)
	}
	b.calls = append(b.calls, r.URL.Path)
	said := httptest.NewRecorder()
	switch fate {
	case TooMany:
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case Broken:
		w.WriteHeader(http.StatusInternalServerError)
		return
	case Served, Lost, Garbled:
		b.serve(said, r)
	}
	switch fate {
	case Lost, Undone:
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = c.Close()
		}
	case Garbled:
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><body>We are sorry</body></html>"))
	default:
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		w.WriteHeader(said.Code)
		_, _ = w.Write(said.Body.Bytes())
	}
}

var companyPath = regexp.MustCompile(`^/v3/company/([0-9]+)/(customer|invoice|query)$`)

func (b *Books) serve(w http.ResponseWriter, r *http.Request) {
	switch path := companyPath.FindStringSubmatch(r.URL.Path); {
	case path != nil:
		b.accounting(w, r, path[1], path[2])
	case r.Method == http.MethodPost && r.URL.Path == "/oauth2/v1/tokens/bearer":
		b.tokens(w, r)
	case r.Method == http.MethodPost && r.URL.Path == "/v2/oauth2/tokens/revoke":
		b.revoke(w, r)
	default:
		b.wrong("no call of its: %s %s", r.Method, r.URL)
		w.WriteHeader(http.StatusNotFound)
	}
}

func isClient(w http.ResponseWriter, r *http.Request) bool {
	id, secret, ok := r.BasicAuth()
	if !ok || id != BooksClient || secret != BooksSecret {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error":"invalid_client"}`))
		return false
	}
	return true
}

// tokens gives tokens for a code, once, or for a refresh token, which is over then.
func (b *Books) tokens(w http.ResponseWriter, r *http.Request) {
	if !isClient(w, r) {
		return
	}
	if err := r.ParseForm(); err != nil {
		b.wrong("%v", err)
	}
	f, given, key := r.PostForm, b.codes, "code"
	switch f.Get("grant_type") {
	case "authorization_code":
		if len(f) != 3 || f.Get("redirect_uri") != PublicURL+"/quickbooks/callback" {
			b.wrong("a code is exchanged by %v", f)
		}
	case "refresh_token":
		if given, key = b.refresh, "refresh_token"; len(f) != 2 {
			b.wrong("a token is refreshed by %v", f)
		}
	}
	realm, ok := given[f.Get(key)]
	if !ok {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant","error_description":"Token invalid"}`))
		return
	}
	delete(given, f.Get(key))
	access, refresh := b.grant(realm)
	fmt.Fprintf(w, `{"token_type":"bearer","access_token":%q,"refresh_token":%q,"expires_in":%d,"x_refresh_token_expires_in":8726400}`, access, refresh, int(b.life.Seconds()))
}

func (b *Books) revoke(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Token string `json:"token"`
	}
	if !isClient(w, r) || !b.read(r, &body) {
		return
	}
	if _, ok := b.refresh[body.Token]; !ok {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	delete(b.refresh, body.Token)
}

// read decodes a body, and fails the test where it has what the documents do not name.
func (b *Books) read(r *http.Request, into any) bool {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil || r.Header.Get("Content-Type") != "application/json" {
		b.wrong("%s: %v", r.URL.Path, err)
		return false
	}
	return true
}

// sameCents tells whether quantity times price is an amount, to the cent.
func sameCents(quantity, price, amount json.Number) bool {
	q, ok1 := new(big.Rat).SetString(quantity.String())
	p, ok2 := new(big.Rat).SetString(price.String())
	a, ok3 := new(big.Rat).SetString(amount.String())
	return ok1 && ok2 && ok3 && new(big.Rat).Mul(q, p).FloatString(2) == a.FloatString(2)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"Fault":{"Error":[{"Message":%q,"Detail":%q,"code":%q,"element":""}],"type":"ValidationFault"},"time":"2026-01-05T09:00:00.000-08:00"}`, message, message, code)
}

func (b *Books) accounting(w http.ResponseWriter, r *http.Request, id, kind string) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if of, ok := b.access[token]; !ok || of != id {
		refuse(w, http.StatusUnauthorized, "3200", "message=AuthenticationFailed")
		return
	}
	if r.Header.Get("Accept") != "application/json" {
		b.wrong("%s accepts %q", r.URL.Path, r.Header.Get("Accept"))
	}
	q, books := r.URL.Query(), b.realm(id)
	if kind == "query" {
		if r.Method != http.MethodGet || len(q) != 2 || q.Get("minorversion") == "" {
			b.wrong("a query by %s %s", r.Method, r.URL)
		}
		b.query(w, books, q.Get("query"))
		return
	}
	once := q.Get("requestid")
	if r.Method != http.MethodPost || len(q) != 2 || q.Get("minorversion") == "" || once == "" || len(once) > 50 {
		b.wrong("something is made by %s %s", r.Method, r.URL)
	}
	if before := books.answered[once]; before != nil {
		_, _ = w.Write(before)
		return
	}
	var made any
	if kind == "customer" {
		made = b.makeCustomer(w, r, books)
	} else {
		made = b.makeInvoice(w, r, books, once)
	}
	if made != nil {
		text, _ := json.Marshal(map[string]any{map[string]string{"customer": "Customer", "invoice": "Invoice"}[kind]: made, "time": "2026-01-05T09:00:00.000-08:00"}) //nolint:errchkjson // ours
		books.answered[once] = text
		_, _ = w.Write(text)
	}
}

func (b *Books) makeCustomer(w http.ResponseWriter, r *http.Request, books *realm) any {
	var c BookCustomer
	if !b.read(r, &c) {
		return nil
	}
	if c.ID != "" || c.DisplayName == "" || c.BillAddr.Line1 == "" {
		b.wrong("a customer %+v", c)
	}
	if strings.ContainsAny(c.DisplayName, ":\t\n") {
		refuse(w, http.StatusBadRequest, "2040", "Invalid name")
		return nil
	}
	for _, other := range books.customers {
		if other.DisplayName == c.DisplayName {
			refuse(w, http.StatusBadRequest, "6240", "Duplicate Name Exists Error: "+c.DisplayName)
			return nil
		}
	}
	b.count++
	c.ID = fmt.Sprint(b.count)
	books.customers = append(books.customers, c)
	return c
}

func (b *Books) makeInvoice(w http.ResponseWriter, r *http.Request, books *realm, once string) any {
	var i BookInvoice
	if !b.read(r, &i) {
		return nil
	}
	known := false
	for _, c := range books.customers {
		known = known || c.ID != "" && c.ID == i.CustomerRef.Value
	}
	if !known {
		refuse(w, http.StatusBadRequest, "2500", "Invalid Reference Id")
		return nil
	}
	txn, err1 := time.Parse(time.DateOnly, i.TxnDate)
	due, err2 := time.Parse(time.DateOnly, i.DueDate)
	if i.ID != "" || i.TotalAmt != "" || len(i.Line) == 0 || err1 != nil || err2 != nil || due.Before(txn) {
		b.wrong("an invoice %+v", i)
	}
	total := new(big.Rat)
	for _, l := range i.Line {
		d := l.SalesItemLineDetail
		amount, ok := new(big.Rat).SetString(l.Amount.String())
		if !ok || l.DetailType != "SalesItemLineDetail" || l.Description == "" || d.ItemRef.Value == "" || (d.Qty == "") != (d.UnitPrice == "") ||
			!new(big.Rat).Mul(amount, big.NewRat(100, 1)).IsInt() || d.Qty != "" && !sameCents(d.Qty, d.UnitPrice, l.Amount) {
			b.wrong("a line %+v", l)
			continue
		}
		total.Add(total, amount)
	}
	b.count++
	i.ID, i.DocNumber, i.TotalAmt, i.RequestID = fmt.Sprint(b.count), fmt.Sprint(1000+len(books.invoices)+1), json.Number(total.FloatString(2)), once
	books.invoices = append(books.invoices, i)
	return i
}

var (
	byName = regexp.MustCompile(`^select \* from Customer where DisplayName = '((?:[^'\\]|\\.)*)'$`)
	byDay  = regexp.MustCompile(`^select \* from Invoice where CustomerRef = '([0-9]+)' and TxnDate = '([0-9-]{10})' maxresults 100$`)
	escape = regexp.MustCompile(`\\(.)`)
)

func (b *Books) query(w http.ResponseWriter, books *realm, statement string) {
	found := map[string]any{}
	if m := byName.FindStringSubmatch(statement); m != nil {
		var all []BookCustomer
		for _, c := range books.customers {
			if c.ID != "" && c.DisplayName == escape.ReplaceAllString(m[1], "$1") {
				all = append(all, c)
			}
		}
		if all != nil {
			found["Customer"] = all
		}
	} else if m := byDay.FindStringSubmatch(statement); m != nil {
		var all []BookInvoice
		for _, i := range books.invoices {
			if i.CustomerRef.Value == m[1] && i.TxnDate == m[2] && !b.blind {
				all = append(all, i)
			}
		}
		if all != nil {
			found["Invoice"] = all
		}
	} else {
		b.wrong("a query %q", statement)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"QueryResponse": found, "time": "2026-01-05T09:00:00.000-08:00"})
}
