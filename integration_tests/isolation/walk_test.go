package isolation

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// walked counts what the walk did, for the summary of the run.
var walked struct{ operations, cells atomic.Int64 }

// minPlaces is about what the operations of today give; an empty walk proves nothing.
const minPlaces = 100

// TestWalk calls every operation of the served document that takes an id, as every caller or a choice of them, with an id
// of the other company in each place where one stands. The answer must equal the one for an id that
// nobody has, and the other company's rows must stay as they are. Where the caller is admitted, the
// same request with his own company's id must succeed, so that the refusal is the wall's and nothing
// else's.
//
// Requests are made from the document. Where the control finds none that succeeds, the feature gives
// better examples (tag example, endpoint.Example), or rows in a state that it can work on to
// testdata/every_table.sql.
func TestWalk(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	byTag, places := map[string][]*harness.Operation{}, 0
	for _, op := range harness.ReadDocument(t, p) {
		if n := len(op.Places()); n > 0 {
			byTag[op.Tag()] = append(byTag[op.Tag()], op)
			places += n
		}
	}
	if places < minPlaces {
		t.Errorf("%d places of ids, want at least %d", places, minPlaces)
	}
	for tag, operations := range byTag {
		t.Run(tag, func(t *testing.T) {
			t.Parallel()
			w := newWalk(t)
			for _, op := range operations {
				for _, finding := range w.operation(op) {
					t.Errorf("%s: %s", op, finding)
				}
			}
			walked.operations.Add(int64(len(operations)))
			walked.cells.Add(w.cells)
			record(w.found...)
		})
	}
}

// Without the wall of one table, the walk must cry at each operation on it.
func TestWalk_SeesAHole(t *testing.T) {
	t.Parallel()
	w := newWalk(t)
	w.P.Exec(harness.PastTheGate("alter table portal.locations disable row level security"))
	for _, op := range harness.ReadDocument(t, w.P) {
		if op.Tag() == "property" && len(op.Places()) > 0 && op.Places()[0].Table == "locations" && len(w.operation(op)) == 0 {
			t.Errorf("%s: no finding, though everybody sees the properties of all", op)
		}
	}
}

// A table without rows would be attacked in vain.
func TestWalk_HasRowsOfEveryTable(t *testing.T) {
	t.Parallel()
	w := newWalk(t)
	for table := range w.Before.Restores {
		schema, _, _ := strings.Cut(table, ".")
		_, ofA := w.Before.Sums[harness.TableOf{Table: table, Customer: harness.CompanyA}]
		_, ofB := w.Before.Sums[harness.TableOf{Table: table, Customer: harness.CompanyB}]
		if schema == "portal" && !(ofA && ofB) {
			t.Errorf("there is no row of %s for both companies", table)
		}
	}
}

// A walk attacks company B from company A on a server of its own.
type walk struct {
	*harness.Finder
	found []*cell
	cells int64 // a cell is an operation, a place of an id in it, and a caller
}

func newWalk(t *testing.T) *walk {
	t.Helper()
	p := harness.NewPortal(t)
	p.Populate()
	return &walk{Finder: harness.NewFinder(t, p)}
}

// operation attacks one operation in every place, as every caller, and returns what is wrong with it.
func (w *walk) operation(op *harness.Operation) (findings []string) {
	places := op.Places()
	for i, attacked := range places {
		var working *harness.Request // what worked for an earlier caller is tried first
		for _, c := range w.callers(op, i) {
			if attacked.Table == "customers" && c.Role == auth.SuperAdmin && op.Admits(c) {
				continue // to whom keeps the register no company is foreign
			}
			w.cells++
			found := &cell{Route: "HTTP", Vector: 86, Name: "another company's id", Object: op.String(), Command: c.String() + ", " + attacked.At}
			w.found = append(w.found, found)
			if finding := w.cell(op, places, attacked, c, &working, found); finding != "" {
				found.note(false, false, op.String(), finding, "the answer for an absent id")
				findings = append(findings, fmt.Sprintf("%s, %s: %s", attacked.At, c, finding))
			}
		}
	}
	return findings
}

// callers are those who come to a place of an operation: where not everything is wanted (harness.Full) one who
// is admitted, an acting operator if he is, and one who is not, others at each place. The first is one whose request
// must succeed.
func (w *walk) callers(op *harness.Operation, place int) (some []harness.Caller) {
	if harness.Full {
		return w.Callers
	}
	var admitted, acting, others []harness.Caller
	for _, c := range w.Callers {
		switch {
		case !op.Admits(c):
			others = append(others, c)
		case c.Acting:
			acting = append(acting, c)
		default:
			admitted = append(admitted, c)
		}
	}
	for _, kind := range [][]harness.Caller{admitted, acting, others} {
		if len(kind) > 0 {
			some = append(some, kind[(len(op.Path)+place)%len(kind)])
		}
	}
	return some
}

func (w *walk) cell(op *harness.Operation, places []harness.Place, attacked harness.Place, c harness.Caller, working **harness.Request, found *cell) string {
	own, finding := w.control(op, places, attacked, c, *working)
	if finding != "" {
		return finding
	}
	answered := "refused for the role with own ids too"
	if op.Admits(c) {
		*working, answered = own, "done with own ids"
	}
	found.note(true, true, own.String(), answered, "")

	foreign, absent := own.With(attacked, w.Counterpart(attacked, own.IDs[attacked.At])), own.With(attacked, attacked.Absent())
	if foreign.String() == absent.String() {
		return "the id is not in the request; give an example that holds it"
	}
	first, finding := w.send(foreign, c)
	if finding != "" {
		return "with the other company's id " + finding
	}
	second, finding := w.send(absent, c)
	if finding != "" {
		return "with an absent id " + finding
	}
	found.note(false, true, foreign.String(), fmt.Sprintf("%d, as for an absent id", first.Status), "")
	have, want := harness.Plain(first, foreign.IDs[attacked.At]), harness.Plain(second, absent.IDs[attacked.At])
	if diff := cmp.Diff(want, have); diff != "" {
		return "the answer for the other company's id differs from that for an absent one (-absent +foreign):\n" + diff
	}
	if !op.Admits(c) && first.Status != http.StatusForbidden {
		return fmt.Sprintf("status %d, want 403: x-roles does not name this role", first.Status)
	}
	return ""
}

// control finds a request with the caller's own ids that succeeds, or is refused because of the role
// where the caller is not admitted. An operator may lack what a member has; for him any request will do.
func (w *walk) control(op *harness.Operation, places []harness.Place, attacked harness.Place, c harness.Caller, working *harness.Request) (*harness.Request, string) {
	tried := map[int]string{}
	for r := range w.Requests(op, places, attacked, working) {
		a, finding := w.send(r, c)
		switch {
		case finding != "":
			return nil, "with own ids " + finding
		case !op.Admits(c) && a.Status == http.StatusForbidden, op.Admits(c) && a.Status < 300, c.Acting:
			return &r, ""
		case !op.Admits(c):
			return nil, fmt.Sprintf("status %d with own ids, want 403: x-roles does not name this role", a.Status)
		}
		tried[a.Status] = fmt.Sprintf("%s → %d %s", r, a.Status, bytes.TrimSpace(a.Body))
	}
	return nil, fmt.Sprintf("no request with own ids succeeds: give the operation better examples (tag example, endpoint.Example), or a row that it can work on in integration_tests/harness/testdata/every_table.sql. The last of each status:\n%v", tried)
}

// send sends a request, puts back what it changed, and says so where that is the other company's.
func (w *walk) send(r harness.Request, c harness.Caller) (harness.Answer, string) {
	ctx := w.T.Context()
	a, err := w.P.Try(ctx, r.Op.Method, r.Target(), c.Token, r.Body())
	if err != nil {
		w.T.Fatal(err)
	}
	changed, err := w.Before.Changes(ctx)
	if err != nil {
		w.T.Fatal(err)
	}
	if err := w.Before.Restore(ctx, changed); err != nil {
		w.T.Fatal(err)
	}
	if unrecorded := unrecorded(changed, c); unrecorded != "" && !r.Op.Public() {
		return a, fmt.Sprintf("%s changed %s and left no entry in the audit log", r, unrecorded)
	}
	for _, at := range changed {
		if at.Customer == harness.CompanyB {
			return a, fmt.Sprintf("%s changed the other company's rows of %s (status %d)", r, at.Table, a.Status)
		}
	}
	if a.Status >= http.StatusInternalServerError {
		return a, fmt.Sprintf("%s → %d %s%s", r, a.Status, a.Body, a.Cause)
	}
	return a, ""
}

// recorded are the tables of which every change is in the audit log, whoever makes it. What an acting
// operator changes is there in every case.
var recorded = []string{
	"platform.customers", "platform.invitations", "platform.service_tokens", "platform.operators", "portal.users",
	"portal.api_keys", "portal.jobber_auth", "portal.quickbooks_auth",
}

// unrecorded is a table that was changed without an entry, or "".
func unrecorded(changed []harness.TableOf, c harness.Caller) (table string) {
	for _, at := range changed {
		switch {
		case at.Table == "platform.audit_log":
			return ""
		case c.Acting && strings.HasPrefix(at.Table, "portal."), slices.Contains(recorded, at.Table):
			table = at.Table
		}
	}
	return table
}

// The walk must cry at an operation that leaves no entry where one is due.
func TestWalk_SeesAMissingEntry(t *testing.T) {
	t.Parallel()
	member, operator := harness.Caller{Role: auth.Admin}, harness.Caller{Role: auth.Admin, Acting: true}
	users, locations, entry := harness.TableOf{Table: "portal.users", Customer: harness.CompanyA}, harness.TableOf{Table: "portal.locations", Customer: harness.CompanyA}, harness.TableOf{Table: "platform.audit_log", Customer: harness.CompanyA}
	for _, c := range []struct {
		changed []harness.TableOf
		by      harness.Caller
		want    string
	}{
		{nil, operator, ""},
		{[]harness.TableOf{users}, member, "portal.users"},
		{[]harness.TableOf{entry, users}, member, ""},
		{[]harness.TableOf{locations}, member, ""},
		{[]harness.TableOf{locations}, operator, "portal.locations"},
		{[]harness.TableOf{entry, locations}, operator, ""},
	} {
		if have := unrecorded(c.changed, c.by); have != c.want {
			t.Errorf("%v by %s: %q, want %q", c.changed, c.by, have, c.want)
		}
	}
}
