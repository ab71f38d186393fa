package integration_tests

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"contractor-portal/server/auth"
)

// attacked counts the cells of table × command, for the summary of the run.
var attacked struct{ tables, cells, statements atomic.Int64 }

// TestWalls_HoldInSQL attacks every table as portal_app inside company A: no statement reads, writes,
// moves, refers to or even finds a row of company B, and the same statement on a row of one's own works.
// Tables and rows come from the catalogue.
func TestWalls_HoldInSQL(t *testing.T) {
	t.Parallel()
	s := newSiege(t)
	for _, of := range s.tables {
		s.read(of)
		s.insert(of, false)
		s.update(of)
		s.move(of, false)
		s.upsert(of)
		s.refer(of)
	}
	s.remove()
	if n := len(s.tables); n < 30 {
		t.Errorf("only %d tables were attacked", n)
	}
	attacked.tables.Add(int64(len(s.tables)))
}

// The grants refuse to write a key before the wall is asked. Here portal_app is granted every column, so
// that the wall stands alone.
func TestWalls_HoldBehindTheGrants(t *testing.T) {
	t.Parallel()
	s := newSiege(t)
	for _, of := range s.tables {
		s.mustSuper(fmt.Sprintf("grant select, insert, update, delete on %s to portal_app", of.Name))
	}
	s.tables = tables(t, s.super, "portal_app")
	for _, of := range s.tables {
		s.insert(of, true)
		s.move(of, true)
		s.oracle(of)
	}
}

// A test that finds nothing where there is no wall finds nothing at all.
func TestWalls_AttackSeesAHole(t *testing.T) {
	t.Parallel()
	s := newSiege(t)
	s.mustSuper(pastTheGate("drop policy wall on portal.winter_products"))
	s.mustSuper(pastTheGate("alter policy app_door on portal.winter_products using (true) with check (true)"))
	s.mustSuper("grant insert, update on portal.winter_products to portal_app")
	s.tables = tables(t, s.super, "portal_app")
	of := s.tables[slices.IndexFunc(s.tables, func(of table) bool { return of.Name == "portal.winter_products" })]
	for name, attack := range map[string]func(){
		"read":   func() { s.read(of) },
		"insert": func() { s.insert(of, true) },
		"update": func() { s.update(of) },
		"move":   func() { s.move(of, true) },
	} {
		s.found = nil
		s.quiet = true
		attack()
		if len(s.found) == 0 {
			t.Errorf("%s finds nothing in a table without a wall", name)
		}
	}
}

// A siege is company A against company B on a database of its own.
type siege struct {
	t          *testing.T
	super, app *pgx.Conn
	entry      entry // of A's Admin
	tables     []table
	quiet      bool
	found      []string
}

func newSiege(t *testing.T) *siege {
	t.Helper()
	database := cloneDatabase(t)
	s := &siege{t: t, super: connectAs(t, "", database), app: connectAs(t, "portal_app", database)}
	s.tables = tables(t, s.super, "portal_app")
	s.entry = member(t, s.super, companyA, auth.Admin)
	fill(t, s.super, s.app, s.tables, s.entry, member(t, s.super, companyB, auth.Admin))
	return s
}

func (s *siege) read(of table) {
	attacked.cells.Add(1)
	s.do(of, func(a attempt) {
		for company, want := range map[string]int64{companyA: s.rows(of, companyA), companyB: 0} {
			a.reads(want, fmt.Sprintf("select count(*) from %s where customer_id = $1", of.Name), company)
			a.reads(min(want, 1), fmt.Sprintf("select count(*) from %s where %s", of.Name, s.is(of, company)))
		}
		a.reads(0, fmt.Sprintf("select count(*) from %s where customer_id is distinct from $1", of.Name), companyA)
	})
}

// insert names the company: refused whichever it is, or, behind the grants, where it is the other one.
func (s *siege) insert(of table, granted bool) {
	attacked.cells.Add(1)
	for _, company := range []string{companyA, companyB} {
		var row map[string]any
		s.scan(&row, fmt.Sprintf("select to_jsonb(r) from %s r where %s", of.Name, s.is(of, company)))
		insertable := of.names(func(c column) bool { return c.Inserts || c.Name == "customer_id" })
		if granted {
			// The number of a row is its own.
			insertable = of.names(func(c column) bool { return c.Name != "id" })
		}
		s.do(of, func(a attempt) {
			sql := insertSQL(of, insertable, "")
			if granted && company == companyA {
				a.passes(sql, row) // at most a key refuses what is there already
			} else if granted || !slices.Contains(of.names(func(c column) bool { return c.Inserts }), "customer_id") || company == companyB {
				a.refused(sql, row)
			}
		})
	}
}

func (s *siege) update(of table) {
	attacked.cells.Add(1)
	name := of.plain()
	s.do(of, func(a attempt) {
		if name == "" {
			a.refused(fmt.Sprintf("update %s set customer_id = customer_id", of.Name))
			return
		}
		set := fmt.Sprintf("update %s set %s = %[2]s", of.Name, name)
		if !of.column(name).Reads {
			set = fmt.Sprintf("update %s set %s = null", of.Name, name)
		}
		a.touches(s.rows(of, companyA), set)
		a.touches(0, set+" where "+s.is(of, companyB))
		a.touches(1, set+" where "+s.is(of, companyA))
	})
}

// move gives a row away, and takes one.
func (s *siege) move(of table, granted bool) {
	attacked.cells.Add(1)
	s.do(of, func(a attempt) {
		move := fmt.Sprintf("update %s set customer_id = $1 where ", of.Name)
		if !granted {
			a.refused(move+s.is(of, companyA), companyB)
			a.refused(move+s.is(of, companyB), companyA)
			return
		}
		a.refused(move+s.is(of, companyA), companyB)
		a.touches(0, move+s.is(of, companyB), companyA)
		a.touches(1, move+s.is(of, companyA), companyA)
	})
}

// upsert offers the values of the victim's row on every unique key.
func (s *siege) upsert(of table) {
	if !of.Commands["insert"] || of.plain() == "" || of.Name == "platform.logins" {
		return
	}
	attacked.cells.Add(1)
	columns := of.names(func(c column) bool { return c.Inserts && c.Name != "customer_id" })
	set := of.plain()
	for _, unique := range of.Rules {
		if !unique.Inferable {
			continue
		}
		readable := !slices.ContainsFunc(unique.Columns, func(name string) bool { return !of.column(name).Reads })
		behind := fmt.Sprintf("on conflict (%s) do update set %s = excluded.%[2]s", strings.Join(append([]string{"customer_id"}, unique.Columns...), ", "), set)
		for _, company := range []string{companyA, companyB} {
			var row map[string]any
			s.scan(&row, fmt.Sprintf("select to_jsonb(r) from %s r where %s", of.Name, s.is(of, company)))
			s.do(of, func(a attempt) {
				switch {
				case !readable:
					a.refused(insertSQL(of, columns, behind), row)
				case company == companyA:
					a.passes(insertSQL(of, columns, behind), row)
				default:
					a.anyway(insertSQL(of, columns, behind), row)
				}
			})
		}
	}
}

// oracle asks by an upsert of the victim's very key whether a predicate holds for his row: the answer is
// the same for a true and for a false one, because the proposed row is refused first.
func (s *siege) oracle(of table) {
	set := of.plain()
	columns := of.names(func(c column) bool { return true })
	for _, unique := range of.Rules {
		if !unique.Inferable {
			continue
		}
		attacked.cells.Add(1)
		key := strings.Join(append([]string{"customer_id"}, unique.Columns...), ", ")
		for predicate, touched := range map[bool]int64{true: 1, false: 0} {
			behind := fmt.Sprintf("on conflict (%s) do update set %s = excluded.%[2]s where %t", key, set, predicate)
			insert := strings.Replace(insertSQL(of, columns, behind), ") select", ") overriding system value select", 1)
			for _, company := range []string{companyA, companyB} {
				var row map[string]any
				s.scan(&row, fmt.Sprintf("select to_jsonb(r) from %s r where %s", of.Name, s.is(of, company)))
				s.do(of, func(a attempt) {
					if company == companyA {
						a.touches(touched, insert, row)
					} else {
						a.refused(insert, row)
					}
				})
			}
		}
	}
}

// refer points at the victim's rows: refused in the words that an absent row is refused in.
func (s *siege) refer(of table) {
	for _, r := range of.References {
		if len(r.Columns) != 1 || !of.column(r.Columns[0]).Updates {
			continue
		}
		attacked.cells.Add(1)
		var own, victim, absent int64
		s.scan(&own, fmt.Sprintf("select %s from %s where customer_id = $1 order by 1 desc limit 1", r.ParentColumns[0], r.Parent), companyA)
		s.scan(&victim, fmt.Sprintf("select %s from %s where customer_id = $1 order by 1 desc limit 1", r.ParentColumns[0], r.Parent), companyB)
		s.scan(&absent, fmt.Sprintf("select max(%s) + 1000 from %s", r.ParentColumns[0], r.Parent))
		s.do(of, func(a attempt) {
			set := fmt.Sprintf("update %s set %s = $1 where %s", of.Name, r.Columns[0], s.is(of, companyA))
			if diff := cmp.Diff(a.refusal("23503", set, absent), a.refusal("23503", set, victim)); diff != "" {
				a.report("%s tells a row of another company from an absent one:\n%s", r.Name, diff)
			}
			a.passes(set, own)
		})
	}
}

// remove deletes everything that A sees, children first, and that is all that is gone.
func (s *siege) remove() {
	before := s.sums(companyB)
	for _, of := range slices.Backward(s.tables) {
		attacked.cells.Add(1)
		if !of.Commands["delete"] {
			s.do(of, func(a attempt) {
				a.refused("delete from " + of.Name)
				a.refused(fmt.Sprintf("delete from %s where %s", of.Name, s.is(of, companyB)))
			})
		}
	}
	err := s.entry.inside(s.t.Context(), s.app, func(tx pgx.Tx) error {
		a := attempt{s, tx, ""}
		for _, of := range slices.Backward(s.tables) {
			if !of.Commands["delete"] {
				continue
			}
			a.of = of.Name
			rest := "true"
			if of.Name == "portal.users" {
				rest = "role <> 'Admin'" // a company keeps one active Admin
			}
			a.touches(0, fmt.Sprintf("delete from %s where %s", of.Name, s.is(of, companyB)))
			a.touches(1, fmt.Sprintf("delete from %s where %s", of.Name, s.is(of, companyA)))
			a.reads(0, fmt.Sprintf("with gone as (delete from %s where %s returning customer_id) select count(*) from gone where customer_id is distinct from $1", of.Name, rest), companyA)
			a.reads(0, fmt.Sprintf("select count(*) from %s where %s", of.Name, rest))
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if diff := cmp.Diff(before, s.sums(companyB)); diff != "" {
		s.report("deleting all of A's changed B's rows:\n%s", diff)
	}
}

func (s *siege) report(format string, args ...any) {
	if s.quiet {
		s.found = append(s.found, fmt.Sprintf(format, args...))
		return
	}
	s.t.Helper()
	s.t.Errorf(format, args...)
}

// do runs attacks on a table inside A and commits them, and sees that no row of B's was written.
func (s *siege) do(of table, attack func(attempt)) {
	s.t.Helper()
	before := s.sum(of, companyB)
	err := s.entry.inside(s.t.Context(), s.app, func(tx pgx.Tx) error {
		attack(attempt{s, tx, of.Name})
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if s.sum(of, companyB) != before {
		s.report("%s: B's rows changed", of.Name)
	}
}

// is picks the first row of a company by its key, in the words of SQL.
func (s *siege) is(of table, company string) string {
	s.t.Helper()
	key := strings.Join(append([]string{"customer_id"}, of.Key...), ", ")
	var picked string
	s.scan(&picked, fmt.Sprintf("select format('(%s) = (%s)', %s) from %s where customer_id = $1 order by %[3]s limit 1",
		key, strings.Repeat(", %L", len(of.Key)+1)[2:], key, of.Name), company)
	return picked
}

func (s *siege) rows(of table, company string) (n int64) {
	s.t.Helper()
	s.scan(&n, fmt.Sprintf("select count(*) from %s where customer_id = $1", of.Name), company)
	return n
}

// sum is a checksum of a company's rows that every write changes, one that writes the same values too.
func (s *siege) sum(of table, company string) (sum string) {
	s.t.Helper()
	s.scan(&sum, fmt.Sprintf("select count(*) || ' ' || md5(string_agg(r.xmin || ' ' || r::text, '|' order by r::text)) from %s r where customer_id = $1", of.Name), company)
	return sum
}

func (s *siege) sums(company string) map[string]string {
	s.t.Helper()
	sums := map[string]string{}
	for _, of := range s.tables {
		sums[of.Name] = s.sum(of, company)
	}
	return sums
}

func (s *siege) scan(to any, sql string, args ...any) {
	s.t.Helper()
	if err := s.super.QueryRow(s.t.Context(), sql, args...).Scan(to); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
}

func (s *siege) mustSuper(sql string) {
	s.t.Helper()
	if _, err := s.super.Exec(s.t.Context(), sql); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
}
