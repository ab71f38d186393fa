package service

import (
	"context"
	_ "embed"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
)

//go:embed testdata/hundred_rows.sql
var hundredRowsSQL string

// TestStatements_AreNotLooped calls every operation of the served document twice: where there are a few
// rows of each kind, and where there are a hundred more. A list in the request has one element the first
// time and a hundred the second. The server must send as many statements, so none stands in a loop.
//
// A list that does not grow would prove nothing: testdata/hundred_rows.sql makes its rows, and those of
// a table that it does not know come by themselves.
func TestStatements_AreNotLooped(t *testing.T) {
	t.Parallel()
	few := newCounter(t, (*portal).Populate)
	many := newCounter(t, func(p *portal) {
		p.Populate()
		p.Run("testdata/hundred_rows.sql", hundredRowsSQL)
		p.GrowBeyond(few.P)
	})
	var counted, without []string
	for _, op := range harness.ReadDocument(t, few.P) {
		callers := slices.DeleteFunc(slices.Clone(few.Callers), func(c harness.Caller) bool { return c.Acting || op.Public() || !op.Admits(c) })
		i := slices.IndexFunc(callers, func(c harness.Caller) bool { return slices.Contains(harness.Roles, c.Role) })
		if i < 0 {
			continue // without a company there is no pool of the tenants
		}
		who := slices.IndexFunc(few.Callers, func(c harness.Caller) bool { return !c.Acting && c.Role == callers[i].Role })
		own, one, ok := few.working(op, few.Callers[who])
		if !ok {
			if op.Method == http.MethodGet {
				t.Errorf("%s: no request of %s succeeds: give it a better example, or a row in integration_tests/harness/testdata/every_table.sql", op, callers[i])
			}
			without = append(without, op.String())
			continue
		}
		hundred, ok := many.stretched(own, many.Callers[who])
		if !ok {
			t.Errorf("%s: what succeeds with few rows does not with many: %d %s; leave something for it in integration_tests/service/testdata/hundred_rows.sql",
				op, hundred.answer.Status, hundred.answer.Body)
			continue
		}
		if n, m := length(one.answer), length(hundred.answer); n >= 0 && m < n+20 && op.OperationID != "listIntegrations" { // the program's own list
			t.Errorf("%s: the list has %d rows of a few, and %d of many: make more of them in integration_tests/service/testdata/hundred_rows.sql", op, n, m)
		}
		// A loop takes a hundred more; a branch that few rows do not come to, a handful.
		if hundred.statements > one.statements+5 {
			t.Errorf("%s: %d statements with few rows, %d with many", op, one.statements, hundred.statements)
		}
		counted = append(counted, op.String())
	}
	t.Logf("the statements of %d operations were counted; no request succeeds of %s", len(counted), strings.Join(without, ", "))
}

// A loop is seen.
func TestStatements_SeeALoop(t *testing.T) {
	t.Parallel()
	w := harness.NewWire(t)
	p := newPortal(t, w.Between, func(s *harness.Settings) {
		s.Routes = func(api endpoint.API) {
			endpoint.Get(api, "/looped/", "loop", "Looped", func(ctx context.Context, tx db.Tx, _ *endpoint.None) (out endpoint.Message, err error) {
				n, err := db.Value[int](ctx, tx, "select count(*) from locations")
				for range n {
					_, err = db.Value[int](ctx, tx, "select 1")
				}
				return out, err
			}, endpoint.Members)
		}
	})
	looped := func() { p.Do("GET", "/looped/", p.Token(harness.CompanyA, auth.User), nil).Want(t, http.StatusOK) }
	few := w.During(looped).Statements
	p.Exec("insert into portal.locations (customer_id, name, address) select $1, 'More', 'More ' || n from generate_series(1, 7) as n", harness.CompanyA)
	// Each statement of a read has its entry with it.
	if many := w.During(looped).Statements; many != few+2*7 {
		t.Errorf("%d statements with 3 rows, %d with 10", few, many)
	}
}

// A counter finds requests whose statements go over a wire.
type counter struct {
	*harness.Finder
	wire *harness.Wire
}

type counted struct {
	answer     harness.Answer
	statements int
}

func newCounter(t *testing.T, fill func(*portal)) counter {
	t.Helper()
	w := harness.NewWire(t)
	p := newPortal(t, w.Between)
	fill(p)
	return counter{harness.NewFinder(t, p.Portal), w}
}

// send sends a request with a body, counts, and puts back what it changed.
func (c counter) send(r harness.Request, body any, who harness.Caller) (one counted) {
	var err error
	one.statements = c.wire.During(func() { one.answer, err = c.P.Try(c.T.Context(), r.Op.Method, r.Target(), who.Token, body) }).Statements
	if err != nil {
		c.T.Fatal(err)
	}
	if r.Op.Method != http.MethodGet {
		c.Undo(one.answer)
	}
	return one
}

// working finds a request that succeeds; where a list is asked for, one that is not empty if there is any.
func (c counter) working(op *harness.Operation, who harness.Caller) (found harness.Request, one counted, ok bool) {
	for r := range c.Requests(op, op.Places(), harness.Place{}, nil) {
		try := c.send(r, r.Body(), who)
		if try.answer.Status >= 300 || ok && length(try.answer) <= 0 {
			continue
		}
		found, one, ok = r, try, true
		if length(try.answer) != 0 {
			break
		}
	}
	return found, one, ok
}

// stretched sends a request whose lists have a hundred elements, each with an id of its own.
func (c counter) stretched(r harness.Request, who harness.Caller) (hundred counted, ok bool) {
	var lists []harness.Place
	for _, at := range r.Op.Places() {
		if _, sent := r.IDs[at.At]; sent && strings.Contains(at.At, "[]") {
			lists = append(lists, at)
		}
	}
	if len(lists) == 0 {
		hundred = c.send(r, r.Body(), who)
		if hundred.answer.Status < 300 {
			return hundred, true
		}
		// Many rows may hold what a few leave free: then another one is fit.
		if _, other, ok := c.working(r.Op, who); ok {
			return other, true
		}
		return hundred, false
	}
	// Which rows are fit is for the operation to say: those that came last, those before them, and so on.
	for skip := 0; ; skip += 100 {
		long := r.Body()
		for i := range 100 {
			element := r
			for _, at := range lists {
				keys := c.Keys(at.Table)[harness.CompanyA]
				if skip+i >= len(keys) {
					return hundred, false
				}
				element = element.With(at, at.Of(keys[len(keys)-1-skip-i]))
			}
			if i == 0 {
				long = element.Body()
			} else {
				long = joined(long, element.Body())
			}
		}
		if hundred = c.send(r, long, who); hundred.answer.Status < 300 {
			return hundred, true
		}
	}
}

// joined is a body with the elements of its lists and those of another like it.
func joined(a, b any) any {
	switch a := a.(type) {
	case []any:
		return append(slices.Clone(a), b.([]any)...)
	case map[string]any:
		both := map[string]any{}
		for name, value := range a {
			both[name] = joined(value, b.(map[string]any)[name])
		}
		return both
	}
	return a
}

// length is that of a list, or -1.
func length(a harness.Answer) int {
	var list []json.RawMessage
	if json.Unmarshal(a.Body, &list) != nil || list == nil {
		return -1
	}
	return len(list)
}
