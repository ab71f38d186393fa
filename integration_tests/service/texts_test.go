package service

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
)

// lines are the texts that keep their lines and blanks: what people write, and what no person reads.
var lines = []string{"notes", "description", "reason", "password", "current_password", "new_password", "token", "refresh_token", "invitation"}

// A spelling is a text tidy, and as programs send it.
type spelling struct {
	tidy, untidy string
	sql          string // finds the untidy one in a row
}

var (
	// A tabulator, no-break spaces, an accent apart, and what nobody sees.
	name  = spelling{"Zoé zq", "\u202e\t Zoe\u0301 \u00a0\u200bzq\ufeff\u00a0 ", "[\u202e\u0301\u00a0\u200b\ufeff\t]|Zoé  "}
	email = spelling{"zoe.zq@example.com", "\u200b Zoe.ZQ@\u00adExample.com\u00a0", "[\u200b\u00ad\u00a0]|Zoe"}
)

// Every name, address, piece of equipment and the like is stored tidy, and every e-mail, whatever operation takes it:
// each text of each body of the document is sent untidy, and no row holds it so. A field of which that is not wanted
// is among lines.
func TestTexts_AreStoredTidy(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Populate()
	f := tidying{harness.NewFinder(t, p.Portal)}
	sent := map[string][]string{}
	for _, op := range harness.ReadDocument(t, p.Portal) {
		texts := op.Texts()
		if len(texts) == 0 {
			continue
		}
		working := f.working(op)
		for _, at := range texts {
			of := name
			if strings.Contains(at, "email") {
				of = email
			}
			became := f.send(working, at, of)
			if became == untidy && slices.Contains(lines, at[strings.LastIndex(at, ".")+1:]) {
				became = "kept as it is written"
			}
			sent[became] = append(sent[became], op.String()+" "+at)
		}
	}
	for became, places := range sent {
		t.Logf("%s: %s", became, strings.Join(places, ", "))
	}
	if len(sent[untidy]) > 0 {
		t.Errorf("stored untidy: %q; take field.Text, field.Line or field.Email", sent[untidy])
	}
	// What is not tidied is seen.
	if len(sent[tidy]) < 30 || !slices.Contains(sent["kept as it is written"], "PUT /winter-logs/{log_id} body.notes") {
		t.Errorf("only %d texts were sent, or notes were not seen", len(sent[tidy]))
	}
}

const (
	tidy   = "tidy"
	untidy = "untidy"
)

// tidying sends texts.
type tidying struct{ *harness.Finder }

// A call is a request, and who makes it.
type call struct {
	harness.Request
	by harness.Caller
}

// working are calls of an operation that succeed as they are: one for each caller whom it admits, if there is one.
func (f tidying) working(op *harness.Operation) (all []call) {
	for _, c := range f.Callers {
		if !op.Admits(c) || c.Acting {
			continue
		}
		for r := range f.Requests(op, op.Places(), harness.Place{}, nil) {
			if f.stores(r, r.Body(), c, name.sql) >= 0 {
				all = append(all, call{r, c})
				break
			}
		}
	}
	return all
}

// send tells what becomes of an untidy text in one place of calls that succeed, and says so where a text of that kind
// is refused, tidy or not.
func (f tidying) send(working []call, at string, of spelling) string {
	path := strings.Split(at, ".")[1:]
	for _, w := range working {
		if f.stores(w.Request, put(w.Body(), path, of.tidy), w.by, of.sql) < 0 {
			continue
		}
		if f.stores(w.Request, put(w.Body(), path, of.untidy), w.by, of.sql) == 0 {
			return tidy
		}
		return untidy // or refused, as the same text tidy is not
	}
	return "no text of that kind"
}

// stores counts the rows that hold a pattern after a request, and puts back what it changed; -1: it was refused.
func (f tidying) stores(r harness.Request, body any, c harness.Caller, pattern string) (n int) {
	a, err := f.P.Try(f.T.Context(), r.Op.Method, r.Target(), c.Token, body)
	if err != nil {
		f.T.Fatal(err)
	}
	if a.Status >= http.StatusInternalServerError {
		f.T.Errorf("%s: %d %s", r, a.Status, a.Body)
	}
	if a.Status >= 300 {
		return -1
	}
	changed, err := f.Before.Changes(f.T.Context())
	if err != nil {
		f.T.Fatal(err)
	}
	for _, at := range changed {
		n += harness.Query[int](f.P, fmt.Sprintf("select count(*) from %s t where t::text ~ $1 and t::text ~* 'zq'", at.Table), pattern)
	}
	if err := f.Before.Restore(f.T.Context(), changed); err != nil {
		f.T.Fatal(err)
	}
	return n
}

// put is a body with a text at a place, which may be within lists.
func put(body any, path []string, text string) any {
	if len(path) == 0 {
		return text
	}
	name, isList := strings.CutSuffix(path[0], "[]")
	object, ok := body.(map[string]any)
	if !ok {
		return body
	}
	changed := map[string]any{}
	for key, value := range object {
		changed[key] = value
	}
	if !isList {
		changed[name] = put(object[name], path[1:], text)
		return changed
	}
	elements, _ := object[name].([]any)
	list := make([]any, len(elements))
	for i, e := range elements {
		list[i] = put(e, path[1:], text)
	}
	changed[name] = list
	return changed
}
