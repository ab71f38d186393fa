package integration_tests

import (
	"context"
	_ "embed"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"contractor-portal/db"
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
	few := newCounter(t, (*portal).populate)
	many := newCounter(t, func(p *portal) {
		p.populate()
		p.run("testdata/hundred_rows.sql", hundredRowsSQL)
		p.growBeyond(few.p)
	})
	var counted, without []string
	for _, op := range readDocument(t, few.p) {
		callers := slices.DeleteFunc(slices.Clone(few.callers), func(c caller) bool { return c.acting || op.public() || !op.admits(c) })
		i := slices.IndexFunc(callers, func(c caller) bool { return slices.Contains(roles, c.role) })
		if i < 0 {
			continue // without a company there is no pool of the tenants
		}
		who := slices.IndexFunc(few.callers, func(c caller) bool { return !c.acting && c.role == callers[i].role })
		own, one, ok := few.working(op, few.callers[who])
		if !ok {
			if op.method == http.MethodGet {
				t.Errorf("%s: no request of %s succeeds", op, callers[i])
			}
			without = append(without, op.String())
			continue
		}
		hundred, ok := many.stretched(own, many.callers[who])
		if !ok {
			t.Errorf("%s: what succeeds with few rows does not with many: %d %s", op, hundred.answer.status, hundred.answer.body)
			continue
		}
		if n, m := length(one.answer), length(hundred.answer); n >= 0 && m < n+20 {
			t.Errorf("%s: the list has %d rows of a few, and %d of many; testdata/hundred_rows.sql makes more", op, n, m)
		}
		if one.statements != hundred.statements {
			t.Errorf("%s: %d statements with few rows, %d with many", op, one.statements, hundred.statements)
		}
		counted = append(counted, op.String())
	}
	t.Logf("the statements of %d operations were counted; no request succeeds of %s", len(counted), strings.Join(without, ", "))
}

// A loop is seen.
func TestStatements_SeeALoop(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	p := newPortal(t, w.between, func(s *settings) {
		s.routes = func(api endpoint.API) {
			endpoint.Get(api, "/looped/", "loop", "Looped", func(ctx context.Context, tx db.Tx, _ *endpoint.None) (out endpoint.Message, err error) {
				n, err := db.Value[int](ctx, tx, "select count(*) from locations")
				for range n {
					_, err = db.Value[int](ctx, tx, "select 1")
				}
				return out, err
			}, endpoint.Members)
		}
	})
	looped := func() { p.do("GET", "/looped/", p.token(companyA, auth.User), nil).want(t, http.StatusOK) }
	few := w.during(looped).Statements
	p.exec("insert into portal.locations (customer_id, name, address) select $1, 'More', 'More ' || n from generate_series(1, 7) as n", companyA)
	// Each statement of a read has its entry with it.
	if many := w.during(looped).Statements; many != few+2*7 {
		t.Errorf("%d statements with 3 rows, %d with 10", few, many)
	}
}

// A counter finds requests whose statements go over a wire.
type counter struct {
	*finder
	wire *wire
}

type counted struct {
	answer     answer
	statements int
}

func newCounter(t *testing.T, fill func(*portal)) counter {
	t.Helper()
	w := newWire(t)
	p := newPortal(t, w.between)
	fill(p)
	return counter{newFinder(t, p), w}
}

// send sends a request with a body, counts, and puts back what it changed.
func (c counter) send(r request, body any, who caller) (one counted) {
	ctx := c.t.Context()
	var err error
	one.statements = c.wire.during(func() { one.answer, err = c.p.try(ctx, r.op.method, r.target(), who.token, body) }).Statements
	if err != nil {
		c.t.Fatal(err)
	}
	if r.op.method == http.MethodGet {
		return one
	}
	changed, err := c.before.changes(ctx)
	if err == nil {
		err = c.before.restore(ctx, changed)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return one
}

// working finds a request that succeeds; where a list is asked for, one that is not empty if there is any.
func (c counter) working(op *operation, who caller) (found request, one counted, ok bool) {
	for r := range c.requests(op, op.places(), place{}, nil) {
		try := c.send(r, r.body(), who)
		if try.answer.status >= 300 || ok && length(try.answer) <= 0 {
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
func (c counter) stretched(r request, who caller) (hundred counted, ok bool) {
	var lists []place
	for _, at := range r.op.places() {
		if _, sent := r.ids[at.at]; sent && strings.Contains(at.at, "[]") {
			lists = append(lists, at)
		}
	}
	if len(lists) == 0 {
		hundred = c.send(r, r.body(), who)
		return hundred, hundred.answer.status < 300
	}
	// Which rows are fit is for the operation to say: those that came last, those before them, and so on.
	for skip := 0; ; skip += 100 {
		long := r.body()
		for i := range 100 {
			element := r
			for _, at := range lists {
				keys := c.keys(at.table)[companyA]
				if skip+i >= len(keys) {
					return hundred, false
				}
				element = element.with(at, at.of(keys[len(keys)-1-skip-i]))
			}
			if i == 0 {
				long = element.body()
			} else {
				long = joined(long, element.body())
			}
		}
		if hundred = c.send(r, long, who); hundred.answer.status < 300 {
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
func length(a answer) int {
	var list []json.RawMessage
	if json.Unmarshal(a.body, &list) != nil || list == nil {
		return -1
	}
	return len(list)
}
