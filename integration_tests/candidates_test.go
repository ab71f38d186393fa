package integration_tests

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

// maxTries bounds the search for a request that succeeds.
const maxTries = 400

// A finder finds requests that succeed, from the document and from the rows that are there when it is made.
type finder struct {
	t       *testing.T
	p       *portal
	before  *snapshot
	callers []caller
	rows    map[string]map[string][]any // table → company → keys, in order
}

func newFinder(t *testing.T, p *portal) *finder {
	t.Helper()
	return &finder{t: t, p: p, before: takeSnapshot(t, p), callers: p.callers(), rows: map[string]map[string][]any{}}
}

// requests yields what may succeed: one that worked before, then the required fields and then those with
// an example too, each with every combination of the rows that the ids can point to.
func (f *finder) requests(op *operation, places []place, attacked place, working *request) func(func(request) bool) {
	var sent []place
	for _, p := range places {
		if p.sent || p.at == attacked.at {
			sent = append(sent, p)
		}
	}
	return func(yield func(request) bool) {
		if working != nil && !yield(*working) {
			return
		}
		for _, full := range []bool{false, true} {
			tries := 0
			for ids := range f.combinations(sent, companyA) {
				if tries++; tries > maxTries {
					break
				}
				if !yield(request{op: op, ids: ids, full: full}) {
					return
				}
			}
		}
	}
}

func (f *finder) combinations(places []place, company string) func(func(map[string]any) bool) {
	return func(yield func(map[string]any) bool) {
		if len(places) == 0 {
			yield(map[string]any{})
			return
		}
		for rest := range f.combinations(places[1:], company) {
			for _, key := range f.keys(places[0].table)[company] {
				ids := map[string]any{places[0].at: places[0].of(key)}
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

// keys are those of all rows of a table, by company, in the order of the table: the n-th of one
// company is made like the n-th of the other.
func (f *finder) keys(table string) map[string][]any {
	f.t.Helper()
	if f.rows[table] == nil {
		rows, _ := f.p.super.Query(f.t.Context(), keysSQL(f.t, f.p, table))
		f.rows[table] = map[string][]any{}
		var company, key string
		if _, err := pgx.ForEachRow(rows, []any{&company, &key}, func() error {
			f.rows[table][company] = append(f.rows[table][company], key)
			return nil
		}); err != nil {
			f.t.Fatal(err)
		}
	}
	keys := f.rows[table]
	if len(keys[companyA]) == 0 || len(keys[companyA]) != len(keys[companyB]) {
		f.t.Fatalf("%d and %d rows of %s in the two companies; populate makes them", len(keys[companyA]), len(keys[companyB]), table)
	}
	return keys
}

// keysSQL finds the table that a reference names, in portal or else in platform, and its key beside the
// customer.
func keysSQL(t *testing.T, p *portal, table string) string {
	t.Helper()
	qualified := query[string](p, `select coalesce(to_regclass('portal.' || $1), to_regclass('platform.' || $1))::text`, table)
	key := "id"
	if table == "customers" {
		key = "customer_id"
	}
	return fmt.Sprintf("select r.customer_id, r.%s::text from %s r where r.customer_id is not null order by r.customer_id, r.%s", key, qualified, key)
}

// counterpart is the other company's row that is like one of the caller's.
func (f *finder) counterpart(at place, own any) any {
	keys := f.keys(at.table)
	for i, key := range keys[companyA] {
		if at.of(key) == own {
			return at.of(keys[companyB][i])
		}
	}
	f.t.Fatalf("%v is no row of %s", own, at.table)
	return nil
}
