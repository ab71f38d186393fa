package integration_tests

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/server/auth"
)

// walked counts what the walk did, for the summary of the run.
var walked struct{ operations, cells atomic.Int64 }

// minCells is about what the operations of today give; an empty walk proves nothing.
const minCells = 700

// TestWalk calls every operation of the served document that takes an id, as every caller, with an id
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
	p := newPortal(t)
	byTag, cells := map[string][]*operation{}, 0
	for _, op := range readDocument(t, p) {
		if n := len(op.places()); n > 0 {
			byTag[op.tag()] = append(byTag[op.tag()], op)
			cells += n * len(p.callers())
		}
	}
	if cells < minCells {
		t.Errorf("%d cells to walk, want at least %d", cells, minCells)
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
	w.p.exec(pastTheGate("alter table portal.locations disable row level security"))
	for _, op := range readDocument(t, w.p) {
		if op.tag() == "property" && len(op.places()) > 0 && op.places()[0].table == "locations" && len(w.operation(op)) == 0 {
			t.Errorf("%s: no finding, though everybody sees the properties of all", op)
		}
	}
}

// A table without rows would be attacked in vain.
func TestWalk_HasRowsOfEveryTable(t *testing.T) {
	t.Parallel()
	w := newWalk(t)
	for table := range w.before.restores {
		schema, _, _ := strings.Cut(table, ".")
		_, ofA := w.before.sums[tableOf{table, companyA}]
		_, ofB := w.before.sums[tableOf{table, companyB}]
		if schema == "portal" && !(ofA && ofB) {
			t.Errorf("there is no row of %s for both companies", table)
		}
	}
}

// A walk attacks company B from company A on a server of its own.
type walk struct {
	*finder
	found []*cell
	cells int64 // a cell is an operation, a place of an id in it, and a caller
}

func newWalk(t *testing.T) *walk {
	t.Helper()
	p := newPortal(t)
	p.populate()
	return &walk{finder: newFinder(t, p)}
}

// operation attacks one operation in every place, as every caller, and returns what is wrong with it.
func (w *walk) operation(op *operation) (findings []string) {
	places := op.places()
	for _, attacked := range places {
		var working *request // what worked for an earlier caller is tried first
		for _, c := range w.callers {
			if attacked.table == "customers" && c.role == auth.SuperAdmin && op.admits(c) {
				continue // to whom keeps the register no company is foreign
			}
			w.cells++
			found := &cell{Route: "HTTP", Vector: 86, Name: "another company's id", Object: op.String(), Command: c.String() + ", " + attacked.at}
			w.found = append(w.found, found)
			if finding := w.cell(op, places, attacked, c, &working, found); finding != "" {
				found.note(false, false, op.String(), finding, "the answer for an absent id")
				findings = append(findings, fmt.Sprintf("%s, %s: %s", attacked.at, c, finding))
			}
		}
	}
	return findings
}

func (w *walk) cell(op *operation, places []place, attacked place, c caller, working **request, found *cell) string {
	own, finding := w.control(op, places, attacked, c, *working)
	if finding != "" {
		return finding
	}
	answered := "refused for the role with own ids too"
	if op.admits(c) {
		*working, answered = own, "done with own ids"
	}
	found.note(true, true, own.String(), answered, "")

	foreign, absent := own.with(attacked, w.counterpart(attacked, own.ids[attacked.at])), own.with(attacked, attacked.absent())
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
	found.note(false, true, foreign.String(), fmt.Sprintf("%d, as for an absent id", first.status), "")
	have, want := plain(first, foreign.ids[attacked.at]), plain(second, absent.ids[attacked.at])
	if diff := cmp.Diff(want, have); diff != "" {
		return "the answer for the other company's id differs from that for an absent one (-absent +foreign):\n" + diff
	}
	if !op.admits(c) && first.status != http.StatusForbidden {
		return fmt.Sprintf("status %d, want 403: x-roles does not name this role", first.status)
	}
	return ""
}

// control finds a request with the caller's own ids that succeeds, or is refused because of the role
// where the caller is not admitted. An operator may lack what a member has; for him any request will do.
func (w *walk) control(op *operation, places []place, attacked place, c caller, working *request) (*request, string) {
	tried := map[int]string{}
	for r := range w.requests(op, places, attacked, working) {
		a, finding := w.send(r, c)
		switch {
		case finding != "":
			return nil, "with own ids " + finding
		case !op.admits(c) && a.status == http.StatusForbidden, op.admits(c) && a.status < 300, c.acting:
			return &r, ""
		case !op.admits(c):
			return nil, fmt.Sprintf("status %d with own ids, want 403: x-roles does not name this role", a.status)
		}
		tried[a.status] = fmt.Sprintf("%s → %d %s", r, a.status, bytes.TrimSpace(a.body))
	}
	return nil, fmt.Sprintf("no request with own ids succeeds; give the operation better examples, or rows to work on. The last of each status:\n%v", tried)
}

// send sends a request, puts back what it changed, and says so where that is the other company's.
func (w *walk) send(r request, c caller) (answer, string) {
	ctx := w.t.Context()
	a, err := w.p.try(ctx, r.op.method, r.target(), c.token, r.body())
	if err != nil {
		w.t.Fatal(err)
	}
	changed, err := w.before.changes(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.before.restore(ctx, changed); err != nil {
		w.t.Fatal(err)
	}
	if unrecorded := unrecorded(changed, c); unrecorded != "" && !r.op.public() {
		return a, fmt.Sprintf("%s changed %s and left no entry in the audit log", r, unrecorded)
	}
	for _, at := range changed {
		if at.customer == companyB {
			return a, fmt.Sprintf("%s changed the other company's rows of %s (status %d)", r, at.table, a.status)
		}
	}
	if a.status >= http.StatusInternalServerError {
		return a, fmt.Sprintf("%s → %d %s", r, a.status, a.body)
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
func unrecorded(changed []tableOf, c caller) (table string) {
	for _, at := range changed {
		switch {
		case at.table == "platform.audit_log":
			return ""
		case c.acting && strings.HasPrefix(at.table, "portal."), slices.Contains(recorded, at.table):
			table = at.table
		}
	}
	return table
}

// The walk must cry at an operation that leaves no entry where one is due.
func TestWalk_SeesAMissingEntry(t *testing.T) {
	t.Parallel()
	member, operator := caller{role: auth.Admin}, caller{role: auth.Admin, acting: true}
	users, locations, entry := tableOf{"portal.users", companyA}, tableOf{"portal.locations", companyA}, tableOf{"platform.audit_log", companyA}
	for _, c := range []struct {
		changed []tableOf
		by      caller
		want    string
	}{
		{nil, operator, ""},
		{[]tableOf{users}, member, "portal.users"},
		{[]tableOf{entry, users}, member, ""},
		{[]tableOf{locations}, member, ""},
		{[]tableOf{locations}, operator, "portal.locations"},
		{[]tableOf{entry, locations}, operator, ""},
	} {
		if have := unrecorded(c.changed, c.by); have != c.want {
			t.Errorf("%v by %s: %q, want %q", c.changed, c.by, have, c.want)
		}
	}
}
