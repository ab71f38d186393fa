package isolation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
)

// Walls and doors say the same, so that one of them may be lost. Here each stands alone: behind doors that
// are open to everything, and without the walls.
func TestLayers_EachHoldsAlone(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]string{
		"walls": `
			do $$
			declare
			  p record;
			begin
			  for p in select polname, polrelid::regclass as name, polcmd from pg_policy join tenancy.tenant_tables t on t.oid = polrelid where polpermissive loop
			    execute format('alter policy %I on %s %s %s', p.polname, p.name,
			      case when p.polcmd <> 'a' then 'using (true)' end, case when p.polcmd in ('a', 'w', '*') then 'with check (true)' end);
			  end loop;
			end
			$$`,
		"doors": `
			do $$
			declare
			  p record;
			begin
			  for p in select polname, polrelid::regclass as name from pg_policy join tenancy.tenant_tables t on t.oid = polrelid where not polpermissive loop
			    execute format('drop policy %I on %s', p.polname, p.name);
			  end loop;
			end
			$$`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSiege(t)
			s.mustSuper(harness.PastTheGate(lost))
			s.grantAll()
			s.look()
			s.guestsSeeOneCompany()
			for _, v := range slices.Concat(
				vectorsOf(contextVectors(), "empty after a transaction", "a context that is none: a pattern", "a context that is none: a letter less"),
				vectorsOf(roleVectors(), "the inspector in one company"),
				vectorsOf(grantedVectors(), "a row for the other company, granted", "a row given away, granted", "a row taken, granted", "everything of one's own deleted"),
			) {
				for _, cell := range s.assail(v) {
					if cell.leaked {
						t.Error(cell)
					}
				}
			}
		})
	}
}

func vectorsOf(all []vector, names ...string) (chosen []vector) {
	for _, name := range names {
		chosen = append(chosen, all[slices.IndexFunc(all, func(v vector) bool { return v.name == name })])
	}
	return chosen
}

// guestsSeeOneCompany enters on the log-in pool.
func (s *siege) guestsSeeOneCompany() {
	s.t.Helper()
	err := pgx.BeginFunc(s.t.Context(), s.dial("portal_auth", nil), func(tx pgx.Tx) error {
		if _, err := tx.Exec(s.t.Context(), harness.EnterGuestSQL, harness.CompanyA); err != nil {
			return err
		}
		var seen string
		err := tx.QueryRow(s.t.Context(), "select string_agg(distinct customer_id, ' ') from portal.users").Scan(&seen)
		if err == nil && seen != harness.CompanyA {
			s.t.Errorf("a guest of %s sees people of %s", harness.CompanyA, seen)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *siege) tenantTables() []harness.Table {
	return slices.DeleteFunc(slices.Clone(s.tables), func(of harness.Table) bool { return !strings.HasPrefix(of.Name, "portal.") })
}

// A key without the company is asked by an upsert of the victim's values under one's own name: a row that
// is in the way gives one answer where a predicate holds for it, and another one where it does not.
func TestLayers_KeysTellNothing(t *testing.T) {
	t.Parallel()
	s := newSiege(t)
	s.grantAll()
	asked := 0
	for _, of := range s.tenantTables() {
		for _, name := range slices.Sorted(maps.Keys(of.Rules)) {
			unique := of.Rules[name]
			if !unique.Unique || !unique.Plain || of.Plain() == "" {
				continue
			}
			asked++
			if holds, not := s.ask(of, unique, true), s.ask(of, unique, false); holds != not {
				t.Errorf("%s: %s tells of another company's row: %q where a predicate holds, %q where not", of.Name, name, holds, not)
			}
		}
	}
	if asked < 30 {
		t.Errorf("only %d keys were asked", asked)
	}
}

func (s *siege) ask(of harness.Table, unique harness.Rule, holds bool) (code string) {
	s.t.Helper()
	key := unique.Columns
	if unique.Inferable {
		key = append([]string{"customer_id"}, key...)
	}
	row := s.row(of, harness.CompanyB)
	row["customer_id"] = harness.CompanyA
	behind := fmt.Sprintf("on conflict (%s) do update set %s = excluded.%[2]s where %t", strings.Join(key, ", "), of.Plain(), holds)
	insert := harness.InsertSQL(of, of.Names(func(harness.Column) bool { return true }), behind)
	err := s.inside(s.app, func(tx pgx.Tx) error {
		_, err := tx.Exec(s.t.Context(), strings.Replace(insert, ") select", ") overriding system value select", 1), row)
		return err
	})
	if code = harness.SQLState(err); err != nil && code == "" {
		s.t.Fatal(err)
	}
	return code
}

// What is named an id points at a row of one's own company, or at none.
func TestLayers_IDsPointAtRows(t *testing.T) {
	t.Parallel()
	s := newSiege(t)
	attacked := 0
	for _, of := range s.tenantTables() {
		for _, name := range of.Names(func(c harness.Column) bool {
			return c.Updates && c.Type == "bigint" && strings.HasSuffix(c.Name, "_id")
		}) {
			if of.Name == "portal.assignment_history" && name == "assignment_id" {
				continue // outlives what it names
			}
			if of.Name == "portal.imported_rows" {
				continue // begins a run of ids, of which some may be gone
			}
			attacked++
			err := s.inside(s.app, func(tx pgx.Tx) error {
				_, err := tx.Exec(s.t.Context(), fmt.Sprintf("update %s set %s = 987654321 where %s", of.Name, name, s.is(of, harness.CompanyA)))
				return err
			})
			if harness.SQLState(err) != "23503" {
				t.Errorf("%s.%s points at what is not there: %v", of.Name, name, err)
			}
		}
	}
	if attacked < 20 {
		t.Errorf("only %d ids were attacked", attacked)
	}
}

// No row is without a company, whoever writes it, and none loses it with the row that it points at.
func TestLayers_NoRowWithoutACompany(t *testing.T) {
	t.Parallel()
	s := newSiege(t)
	for _, of := range s.tenantTables() {
		_, err := s.super.Exec(t.Context(), fmt.Sprintf("update %s set customer_id = null where %s", of.Name, s.is(of, harness.CompanyB)))
		if harness.SQLState(err) != "23502" {
			t.Errorf("%s: a row is left without a company: %v", of.Name, err)
		}
		if !of.Commands["delete"] {
			continue
		}
		err = s.inside(s.app, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), fmt.Sprintf("delete from %s where %s", of.Name, s.is(of, harness.CompanyA)))
			return err
		})
		if code := harness.SQLState(err); err != nil && code != "23503" && code != "TN006" {
			t.Errorf("%s: a row that others point at cannot be deleted: %v", of.Name, err)
		}
	}
}
