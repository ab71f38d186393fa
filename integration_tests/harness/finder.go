package harness

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/jackc/pgx/v5"
)

// maxTries bounds the search for a request that succeeds.
const maxTries = 400

// A Finder finds requests that succeed, from the document and from the rows that are there when it is made.
type Finder struct {
	T       *testing.T
	P       *Portal
	Before  *snapshot
	Callers []Caller
	rows    map[string]map[string][]any // table → company → keys, in order
}

// NewFinder makes a finder on the rows that a portal has now.
func NewFinder(t *testing.T, p *Portal) *Finder {
	t.Helper()
	callers := p.Callers() // before the snapshot, which keeps their sessions
	return &Finder{T: t, P: p, Before: TakeSnapshot(t, p), Callers: callers, rows: map[string]map[string][]any{}}
}

// Requests yields what may succeed: one that worked before, then the required fields and then those with
// an example too, each with every combination of the rows that the ids can point to.
func (f *Finder) Requests(op *Operation, places []Place, attacked Place, working *Request) func(func(Request) bool) {
	var sent []Place
	for _, p := range places {
		if p.sent || p.At == attacked.At {
			sent = append(sent, p)
		}
	}
	return func(yield func(Request) bool) {
		if working != nil && !yield(*working) {
			return
		}
		for _, full := range []bool{false, true} {
			tries := 0
			for ids := range f.combinations(sent, CompanyA) {
				if tries++; tries > maxTries {
					break
				}
				if !yield(Request{Op: op, IDs: ids, full: full}) {
					return
				}
			}
		}
	}
}

func (f *Finder) combinations(places []Place, company string) func(func(map[string]any) bool) {
	return func(yield func(map[string]any) bool) {
		if len(places) == 0 {
			yield(map[string]any{})
			return
		}
		for rest := range f.combinations(places[1:], company) {
			for _, key := range f.Keys(places[0].Table)[company] {
				ids := map[string]any{places[0].At: places[0].Of(key)}
				for at, id := range rest {
					ids[at] = id
				}
				if !yield(ids) {
					return
				}
			}
		}
	}
}

// Undo puts back what a request changed. After one that was refused nothing is looked at, which is most of the time
// of a search: its unit of work has been undone, and what it leaves all the same (an attempt) goes with the next change.
func (f *Finder) Undo(a Answer) {
	f.T.Helper()
	if a.Status < http.StatusBadRequest {
		f.Restore()
	}
}

// Restore puts back whatever was changed.
func (f *Finder) Restore() {
	f.T.Helper()
	changed, err := f.Before.Changes(f.T.Context())
	if err == nil {
		err = f.Before.Restore(f.T.Context(), changed)
	}
	if err != nil {
		f.T.Fatal(err)
	}
}

// Keys are those of all rows of a table, by company, in the order of the table: the n-th of one
// company is made like the n-th of the other.
func (f *Finder) Keys(table string) map[string][]any {
	f.T.Helper()
	if f.rows[table] == nil {
		rows, _ := f.P.Super.Query(f.T.Context(), keysSQL(f.T, f.P, table))
		f.rows[table] = map[string][]any{}
		var company, key string
		if _, err := pgx.ForEachRow(rows, []any{&company, &key}, func() error {
			f.rows[table][company] = append(f.rows[table][company], key)
			return nil
		}); err != nil {
			f.T.Fatal(err)
		}
	}
	keys := f.rows[table]
	if len(keys[CompanyA]) == 0 || len(keys[CompanyA]) != len(keys[CompanyB]) {
		f.T.Fatalf("there are %d and %d rows of %s in the two companies: make as many of each in integration_tests/harness/testdata/every_table.sql", len(keys[CompanyA]), len(keys[CompanyB]), table)
	}
	return keys
}

// keysSQL finds the table that a reference names, in portal or else in platform, and its key beside the
// customer.
func keysSQL(t *testing.T, p *Portal, table string) string {
	t.Helper()
	qualified := Query[*string](p, `select coalesce(to_regclass('portal.' || $1), to_regclass('platform.' || $1))::text`, table)
	if qualified == nil {
		t.Fatalf("an operation's id refers to %s, and there is no such table: correct the tag ref", table)
	}
	key := "id"
	if table == "customers" {
		key = "customer_id"
	}
	return fmt.Sprintf("select r.customer_id, r.%s::text from %s r where r.customer_id is not null order by r.customer_id, r.%s", key, *qualified, key)
}

// Counterpart is the other company's row that is like one of the caller's.
func (f *Finder) Counterpart(at Place, own any) any {
	keys := f.Keys(at.Table)
	for i, key := range keys[CompanyA] {
		if at.Of(key) == own {
			return at.Of(keys[CompanyB][i])
		}
	}
	f.T.Fatalf("%v is no row of %s", own, at.Table)
	return nil
}
