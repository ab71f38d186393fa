package isolation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"contractor-portal/integration_tests/harness"
)

// attacked counts statements, for the summary of the run.
var attacked struct{ statements atomic.Int64 }

// A vector is one way to another company's rows. Its number says which in the report; several vectors may
// be variants of one way.
type vector struct {
	number  int
	name    string
	stage   stage
	shots   []shot
	targets func(*siege) []harness.Table // what it aims at; nil: every table
}

// A stage brings an attacker to where he stands when he attacks, and leaves nothing of it.
type stage func(s *siege, attack func(tx, inside beginner) error) error

// A shot is what is tried from there on one target.
type shot struct {
	command string
	on      func(harness.Table) bool // nil: on all
	fire    func(a attempt, of harness.Table)
}

// A cell is one attack on one target by one route, and the same as its owner.
type cell struct {
	Route   string `json:"route"`
	Vector  int    `json:"vector"`
	Name    string `json:"name"`
	Object  string `json:"object"`
	Command string `json:"command"`
	Tried   string `json:"tried"`
	Answer  string `json:"answer"`
	Control string `json:"control"`
	Finding string `json:"finding,omitempty"`

	leaked, empty bool
	controls      int
}

// The verdicts on a cell.
const (
	held         = "held"
	leaked       = "leaked"
	controlEmpty = "control empty" // a refusal that says nothing, because the same was refused to the owner
)

// note adds an attack, or what is its control.
func (c *cell) note(isOwn, fits bool, tried, answer, want string) {
	answer = short(answer, 200)
	switch {
	case isOwn:
		c.controls++
		c.empty = c.empty || !fits
		c.Control = oneMore(c.Control, answer)
	default:
		c.leaked = c.leaked || !fits
		c.Tried, c.Answer = oneMore(c.Tried, short(tried, 240)), oneMore(c.Answer, answer)
	}
	if !fits {
		c.Finding = oneMore(c.Finding, fmt.Sprintf("%s: %s, want %s", short(tried, 400), answer, want))
	}
}

func oneMore(all, one string) string {
	if all == "" || slices.Contains(strings.Split(all, "; "), one) {
		return cmp.Or(all, one)
	}
	return all + "; " + one
}

func (c *cell) verdict() string {
	switch {
	case c.leaked, c.Tried == "":
		return leaked
	case c.empty, c.controls == 0:
		return controlEmpty
	}
	return held
}

func (c *cell) String() string {
	return fmt.Sprintf("%s: vector %d (%s): %s %s: %s: %s", c.verdict(), c.Vector, c.Name, c.Command, c.Object, c.Finding, c.Control)
}

// A campaign is vectors that share a siege.
type campaign struct {
	name    string
	prepare func(*siege)
	vectors []vector
}

func campaigns() []campaign {
	return []campaign{
		{"context", nil, contextVectors()},
		{"walls", nil, wallVectors()},
		{"objects", nil, objectVectors()},
		{"behind the grants", (*siege).grantAll, grantedVectors()},
	}
}

// TestAttack attacks every table, found in the catalogue, in every way that is known, and shows in each
// cell that the same works for whom it belongs to.
func TestAttack(t *testing.T) {
	t.Parallel()
	for _, c := range campaigns() {
		t.Run("SQL/"+c.name, func(t *testing.T) {
			t.Parallel()
			c.wage(t, newSiege(t))
		})
	}
}

// wage runs the vectors one after the other: they share the siege.
func (c campaign) wage(t *testing.T, s *siege) {
	if c.prepare != nil {
		c.prepare(s)
	}
	s.look()
	come, waged := map[string]bool{}, 0
	for i, v := range c.vectors {
		t.Run(fmt.Sprintf("%d %s", v.number, v.name), func(t *testing.T) { //nolint:paralleltest // one after the other
			s.t = t
			waged++
			cells := s.assail(c.aim(s, i))
			if len(cells) == 0 {
				cells = s.assail(v)
			}
			if len(cells) == 0 {
				t.Error("no cell")
			}
			record(cells...)
			for _, cell := range cells {
				come[cell.Object] = true
				if cell.verdict() != held {
					t.Error(cell)
				}
			}
		})
	}
	if waged < len(c.vectors) {
		return // -run names some of them
	}
	for _, of := range s.tables {
		if !come[of.Name] && slices.ContainsFunc(c.vectors, func(v vector) bool { return v.targets == nil }) {
			t.Errorf("no vector came to %s", of.Name)
		}
	}
}

// oneIn is how many vectors share the tables, where not everything is wanted (harness.Full).
const oneIn = 4

// aim is a vector of the campaign on its choice of the tables: of so many vectors each takes others, and
// between them they come to every table.
func (c campaign) aim(s *siege, i int) vector {
	v := c.vectors[i]
	if harness.Full || v.targets != nil {
		return v
	}
	var some []harness.Table
	for j, of := range s.tables {
		if (i+j)%oneIn == 0 {
			some = append(some, of)
		}
	}
	v.targets = func(*siege) []harness.Table { return some }
	return v
}

// A matrix that finds nothing where there is no wall finds nothing at all.
func TestAttack_SeesAHole(t *testing.T) {
	t.Parallel()
	s := newSiege(t)
	s.mustSuper(harness.PastTheGate("drop policy wall on portal.winter_products"))
	s.mustSuper(harness.PastTheGate("alter policy app_door on portal.winter_products using (true) with check (true)"))
	s.mustSuper("grant insert, update on portal.winter_products to portal_app")
	s.tables = harness.Tables(t, s.super, "portal_app")
	s.tables = []harness.Table{s.table("portal.winter_products"), s.table("portal.landscape_products")}
	s.mustSuper("create table public.kept as table portal.winter_products")
	seen := map[string]bool{}
	assail := func(vectors []vector) {
		for _, v := range vectors {
			s.look()
			cells := s.assail(v)
			s.mustSuper("begin; set local session_replication_role = replica; delete from portal.winter_products; insert into portal.winter_products overriding system value table public.kept; commit")
			for _, c := range cells {
				switch {
				case c.verdict() == leaked && c.Object == "portal.winter_products":
					seen[c.Command] = true
				case c.verdict() == leaked && c.Object == "portal.landscape_products":
					t.Errorf("%s has a wall, but: %s", c.Object, c)
				}
			}
		}
	}
	assail(slices.Concat(contextVectors(), wallVectors()))
	for _, of := range s.tables {
		s.mustSuper("grant select, insert, update, delete on " + of.Name + " to portal_app")
	}
	assail(grantedVectors())
	for _, command := range []string{"select", "insert", "update", "delete", "merge", "copy", "explain"} {
		if !seen[command] {
			t.Errorf("no cell of %s finds anything in a table without a wall", command)
		}
	}
}
