package service

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// askAll sends one request to every operation that the document has, as the first caller whom it admits.
func askAll(t *testing.T, p *portal, ask func(op *harness.Operation, r harness.Request, token string)) {
	t.Helper()
	callers := p.Callers()
	for _, op := range harness.ReadDocument(t, p.Portal) {
		i := slices.IndexFunc(callers, op.Admits)
		ask(op, harness.Request{Op: op}, callers[i].Token)
	}
}

// wrongAt tells whether an answer says that a place of the request is wrong.
func wrongAt(t *testing.T, a harness.Answer, at string) bool {
	t.Helper()
	if a.Status != http.StatusBadRequest && a.Status != http.StatusUnprocessableEntity {
		return false
	}
	for _, e := range a.Problem(t, a.Status).Errors {
		if strings.HasPrefix(e.Location, strings.ReplaceAll(at, "[]", "[0]")) {
			return true
		}
	}
	return false
}

// A key that occurs twice, or in another case than the document has it, is refused in every field of every
// operation.
func TestJSON_KeysOccurOnceAndInTheirCase(t *testing.T) {
	t.Parallel()
	p, asked := newPortal(t), 0
	askAll(t, p, func(op *harness.Operation, r harness.Request, token string) {
		for _, l := range op.Leaves() {
			for _, s := range []harness.Spelling{harness.OtherCase, harness.BesideCase, harness.Twice} {
				method, target, body := r.Spell(l, `"x"`, s)
				text, ok := body.(harness.RawBody)
				if !ok || l.Name() == "body" { // in the address, or of a list that has no keys
					continue
				}
				asked++
				if a := p.Do(method, target, token, body); a.Status != http.StatusBadRequest || !strings.Contains(string(a.Body), "key") {
					t.Errorf("%s %s: status %d, want 400: %s", op, text.Text, a.Status, a.Body)
				}
			}
		}
	})
	if asked < 300 {
		t.Errorf("only %d were asked", asked)
	}
}

// mistyped is what is said of a value of another type.
var mistyped = regexp.MustCompile(`expected (integer|number|boolean)"|exactly one schema|out of range`)

// Numbers and truth values may be written as texts wherever the document wants them, in bodies.
func TestJSON_NumbersMayBeTexts(t *testing.T) {
	t.Parallel()
	p, asked := newPortal(t), 0
	askAll(t, p, func(op *harness.Operation, r harness.Request, token string) {
		for _, l := range op.Leaves() {
			var values []string
			switch {
			case !l.InBody():
			case l.Takes("boolean"):
				values = []string{`"true"`, `"0"`, `"No"`, `1.0`}
			case l.Takes("integer"), l.Takes("number"):
				values = []string{`"1"`, `1.0`, `"1e0"`}
			}
			for _, value := range values {
				asked++
				method, target, body := r.Spell(l, value, harness.Proper)
				if a := p.Do(method, target, token, body); wrongAt(t, a, l.At) && mistyped.Match(a.Body) {
					t.Errorf("%s with %s at %s: %d %s", op, value, l.At, a.Status, a.Body)
				}
			}
			if len(values) > 0 {
				method, target, body := r.Spell(l, `"seven"`, harness.Proper)
				if a := p.Do(method, target, token, body); !wrongAt(t, a, l.At) || !mistyped.Match(a.Body) {
					t.Errorf("%s with a word at %s: %d %s", op, l.At, a.Status, a.Body)
				}
			}
		}
	})
	if asked < 100 {
		t.Errorf("only %d were asked", asked)
	}
}

// No id, be it in a path, a query or a body, is too large for an answer other than that there is no such row.
func TestNumbers_LargeIDs(t *testing.T) {
	t.Parallel()
	p, asked := newPortal(t), 0
	askAll(t, p, func(op *harness.Operation, r harness.Request, token string) {
		for _, l := range op.Leaves() {
			if !l.Takes("integer") {
				continue
			}
			for _, value := range []string{"2147483648", "9007199254740993", "9223372036854775807"} {
				asked++
				method, target, body := r.Spell(l, value, harness.Proper)
				a := p.Do(method, target, token, body)
				if a.Status >= 500 {
					t.Errorf("%s with %s at %s: %d %s%s", op, value, l.At, a.Status, a.Body, a.Cause)
				}
			}
		}
	})
	if asked < 300 {
		t.Errorf("only %d were asked", asked)
	}
}

// A write with a parameter that it does not know is not done, as it would be done otherwise than was meant;
// a read passes over it.
func TestQuery_UnknownParametersOfWrites(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	askAll(t, p, func(op *harness.Operation, r harness.Request, token string) {
		a := p.Do(op.Method, harness.Asking(r.Target(), "dryRun", "true"), token, r.Body())
		if refused := wrongAt(t, a, "query.dryRun"); refused != op.Writes() || refused && a.Status != http.StatusUnprocessableEntity {
			// What takes nothing but a form, as a file or another company's call, reads that first.
			if a.Status != http.StatusUnsupportedMediaType && !strings.Contains(string(a.Body), "multipart/form-data") {
				t.Errorf("%s: %d %s", op, a.Status, a.Body)
			}
		}
	})
	a := p.Do("POST", "/bulk-import-properties/?dryRun=true", p.Token(harness.CompanyA, auth.Admin), harness.Upload{Name: "a.csv", Content: "name,address\nA,B\n"})
	if !wrongAt(t, a, "query.dryRun") || harness.Query[int](p.Portal, `select count(*) from portal.locations where name = 'A'`) != 0 {
		t.Errorf("imported for real: %d %s", a.Status, a.Body)
	}
}

// What a body is not meant to be is said, of every operation that takes one.
func TestBody_Kinds(t *testing.T) {
	t.Parallel()
	p, asked := newPortal(t), 0
	askAll(t, p, func(op *harness.Operation, r harness.Request, token string) {
		if op.RequestBody == nil {
			return
		}
		_, takesJSON := op.RequestBody.Content["application/json"]
		text, err := json.Marshal(r.Body())
		if err != nil {
			t.Fatal(err)
		}
		send := func(kind, encoding, text string) harness.Answer {
			req, err := p.NewRequest(t.Context(), op.Method, r.Target(), harness.RawBody{Kind: kind, Text: text})
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+token)
			if encoding != "" {
				req.Header.Set("Content-Encoding", encoding)
			}
			a, err := harness.Send(req)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		for _, c := range []struct {
			kind, encoding, text string
			want                 int
		}{
			{"text/xml", "", "<a/>", http.StatusUnsupportedMediaType},
			{"nonsense; x", "", string(text), http.StatusUnsupportedMediaType},
			{"application/json; charset=iso-8859-1", "", string(text), http.StatusUnsupportedMediaType},
			{"application/json", "gzip", string(text), http.StatusUnsupportedMediaType},
			{"application/json", "", "\ufeff" + string(text), http.StatusBadRequest},
			{"application/json", "", string(text) + "{}", http.StatusBadRequest},
			{"application/json", "", "{", http.StatusBadRequest},
		} {
			if !takesJSON && c.want == http.StatusBadRequest {
				c.kind = "multipart/form-data"           // no boundary
				if strings.HasPrefix(op.Path, "/sms/") { // the provider's calls are forms of one kind
					c.want = http.StatusUnsupportedMediaType
				}
			}
			asked++
			if a := send(c.kind, c.encoding, c.text); a.Status != c.want || len(a.Problem(t, c.want).Detail) < 20 {
				t.Errorf("%s with %s, %s: %d %s", op, c.kind, c.encoding, a.Status, a.Body)
			}
		}
		if plain, other := send("application/json", "", string(text)), send("APPLICATION/JSON; Charset=utf-8", "identity", string(text)); takesJSON && other.Status == http.StatusUnsupportedMediaType {
			t.Errorf("%s: %d, and %d in capitals", op, plain.Status, other.Status)
		}
	})
	if asked < 200 {
		t.Errorf("only %d were asked", asked)
	}
}

// A body that ends too soon, and chunks that are none, are the client's fault.
func TestBody_CutShort(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token(harness.CompanyA, auth.Manager)
	for name, rest := range map[string]string{
		"shorter than its length": "Content-Length: 500\r\n\r\n{\"name\": \"x\"",
		"no size of a chunk":      "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
		"a chunk cut short":       "Transfer-Encoding: chunked\r\n\r\n50\r\n{\"name\": \"x\"}",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST /routes/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n%s", token, rest)
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d", name, res.StatusCode)
		}
	}
	if log := p.Log.String(); strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("the log takes it for our fault: %s", log)
	}
}

// A path is the same path however its letters are encoded; an encoded slash makes no other path of it.
func TestPath_PercentEncoding(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	operator := p.Token(harness.CompanyA, auth.SuperAdmin)
	for path, want := range map[string]int{
		"/api/customers/AAAA22222":               http.StatusOK,
		"/api/customers/AAAA%32222%32":           http.StatusOK,
		"/api/customers/%41%41AA22222/":          http.StatusOK,
		"/api/cust%6fmers/AAAA22222":             http.StatusOK,
		"/api/customers/AAAA%2532222":            http.StatusBadRequest, // no id
		"/api%2Fcustomers/AAAA22222":             http.StatusNotFound,
		"/api/customers/AAAA22222%2Fx":           http.StatusBadRequest,
		"/api/customers/BBBB33333%2F..%2FAAAA22": http.StatusBadRequest,
	} {
		if a := p.Do("GET", path, operator, nil); a.Status != want {
			t.Errorf("%s: status %d, want %d: %s", path, a.Status, want, a.Body)
		}
	}
}
