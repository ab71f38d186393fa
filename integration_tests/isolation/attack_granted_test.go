package isolation

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
)

// grantedVectors attack where portal_app is granted every column, so that the wall and the keys stand alone.
func grantedVectors() []vector {
	within := func(number int, name string, shots ...shot) vector {
		return vector{number: number, name: name, stage: insideA, shots: shots}
	}
	return []vector{
		{number: 73, name: "a unique value of the other's", stage: insideA, shots: []shot{{"insert", nil, uniqueValue("")}}, targets: colliding},
		{number: 74, name: "on conflict do nothing, counted", stage: insideA, shots: []shot{{"insert", nil, uniqueValue("on conflict do nothing")}}, targets: colliding},
		within(75, "on conflict do update where, as an oracle", shot{"insert", hasInferable, oracle}),
		within(76, "on conflict do update, as a write", shot{"insert", hasInferable, upsert}),
		within(77, "merge", shot{"merge", canUpdate, merge}, shot{"merge", canDelete, mergeDelete}),
		within(91, "a row for the other company, granted", shot{"insert", canInsert, insertGranted}),
		within(92, "a row given away, granted", shot{"update", canUpdate, moveGranted(harness.CompanyA, harness.CompanyB)}),
		within(92, "a row taken, granted", shot{"update", canUpdate, moveGranted(harness.CompanyB, harness.CompanyA)}),
		within(99, "a row of no company", shot{"insert", canInsert, insertNobodys}, shot{"update", canUpdate, updateToNobody}),
		within(102, "a batch for two companies", shot{"insert", canInsert, mixedBatch}),
		{number: 80, name: "everything of one's own deleted", stage: insideA, shots: []shot{{"delete", canDeleteAll, deleteAll}}, targets: func(s *siege) []harness.Table {
			children := slices.Clone(s.tables)
			slices.Reverse(children)
			return children
		}},
	}
}

// victimsValues are those of the columns of a unique rule, without what refers to another table.
func victimsValues(s *siege, of harness.Table, r harness.Rule) map[string]any {
	values := map[string]any{}
	for _, name := range r.Columns {
		refers := slices.ContainsFunc(of.References, func(ref harness.Reference) bool { return slices.Contains(ref.Columns, name) })
		if !refers && slices.Contains(ownColumns(of), name) && !slices.Contains(harness.Whose, name) {
			values[name] = s.row(of, harness.CompanyB)[name]
		}
	}
	return values
}

// colliding are the tables that refuse a row for what is unique in it, where the victim's differs.
func colliding(s *siege) (all []harness.Table) {
	s.t.Helper()
	err := s.inside(s.app, func(tx pgx.Tx) error {
		for _, of := range s.tables {
			own := attempt{siege: s, tx: tx, inside: tx, of: of.Name}.own()
			if canInsert(of) && own.run(harness.InsertSQL(of, ownColumns(of), ""), s.row(of, harness.CompanyA)).code == "23505" && withVictims(s, of) != nil {
				all = append(all, of)
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// withVictims is one's own row with the victim's unique values, or nil where those are one's own too.
func withVictims(s *siege, of harness.Table) map[string]any {
	row := s.row(of, harness.CompanyA)
	for _, r := range of.Rules {
		if !r.Unique {
			continue
		}
		if !slices.ContainsFunc(r.Columns, func(name string) bool { return name != "id" }) && len(r.Columns) > 0 {
			continue // a number that is counted
		}
		values, differs := victimsValues(s, of, r), false
		for name, value := range values {
			differs = differs || fmt.Sprint(value) != fmt.Sprint(s.row(of, harness.CompanyA)[name])
		}
		if !differs {
			return nil
		}
		maps.Copy(row, values)
	}
	return row
}

func hasInferable(of harness.Table) bool {
	return of.Plain() != "" && slices.ContainsFunc(slices.Collect(maps.Values(of.Rules)), func(r harness.Rule) bool { return r.Inferable })
}

// uniqueValue inserts a row of one's own with the other's unique values: it is accepted as if nobody had
// them. With one's own it is not.
func uniqueValue(behind string) func(attempt, harness.Table) {
	return func(a attempt, of harness.Table) {
		sql := harness.InsertSQL(of, ownColumns(of), behind)
		a.probe().expect(func(o outcome) bool { return o.code == "" && o.touched == 1 }, "1 row, as nobody had it", sql, withVictims(a.siege, of))
		a.own().expect(func(o outcome) bool { return o.code == "23505" || behind != "" && o.code == "" && o.touched == 0 }, "a conflict", sql, a.siege.row(of, harness.CompanyA))
	}
}

// conflicting offers a whole row, key included, and what to do where there is one.
func conflicting(of harness.Table, behind string) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(of.Rules)) {
		if r := of.Rules[name]; r.Inferable {
			key := strings.Join(append([]string{"customer_id"}, r.Columns...), ", ")
			insert := harness.InsertSQL(of, of.Names(func(harness.Column) bool { return true }), fmt.Sprintf("on conflict (%s) do update set %s = excluded.%[2]s %s", key, of.Plain(), behind))
			all = append(all, strings.Replace(insert, ") select", ") overriding system value select", 1))
		}
	}
	return all
}

// oracle asks by an upsert of the victim's very key whether a predicate holds for his row: the answer is
// the same for a true and for a false one, because the proposed row is refused first.
func oracle(a attempt, of harness.Table) {
	for predicate, touched := range map[bool]int64{true: 1, false: 0} {
		for _, sql := range conflicting(of, fmt.Sprintf("where %t", predicate)) {
			a.refused(sql, a.siege.row(of, harness.CompanyB))
			a.own().touches(touched, sql, a.siege.row(of, harness.CompanyA))
		}
	}
}

func upsert(a attempt, of harness.Table) {
	for _, sql := range conflicting(of, "") {
		a.refused(sql, a.siege.row(of, harness.CompanyB))
		a.own().touches(1, sql, a.siege.row(of, harness.CompanyA))
	}
}

func merge(a attempt, of harness.Table) {
	sql := "merge into %s using (select 1) as one on %s when matched then update set %s = %[3]s when not matched then do nothing"
	a.touches(0, fmt.Sprintf(sql, of.Name, a.siege.is(of, harness.CompanyB), of.Plain()))
	a.own().touches(1, fmt.Sprintf(sql, of.Name, a.siege.is(of, harness.CompanyA), of.Plain()))
}

func mergeDelete(a attempt, of harness.Table) {
	sql := "merge into %s using (select 1) as one on %s when matched then delete"
	a.touches(0, fmt.Sprintf(sql, of.Name, a.siege.is(of, harness.CompanyB)))
	a.own().finds(fmt.Sprintf(sql, of.Name, a.siege.is(of, harness.CompanyA)))
}

func wholeRow(of harness.Table) []string {
	return of.Names(func(c harness.Column) bool { return c.Name != "id" })
}

func insertGranted(a attempt, of harness.Table) {
	a.refused(harness.InsertSQL(of, wholeRow(of), ""), a.siege.row(of, harness.CompanyB))
	a.own().finds(harness.InsertSQL(of, wholeRow(of), ""), a.siege.row(of, harness.CompanyA))
}

// moveGranted moves a row from a company to another.
func moveGranted(from, to string) func(attempt, harness.Table) {
	return func(a attempt, of harness.Table) {
		sql := "update %s set customer_id = '%s' where %s"
		if from == harness.CompanyA {
			a.refused(fmt.Sprintf(sql, of.Name, to, a.siege.is(of, from)))
		} else {
			a.touches(0, fmt.Sprintf(sql, of.Name, to, a.siege.is(of, from)))
		}
		a.own().touches(1, fmt.Sprintf(sql, of.Name, harness.CompanyA, a.siege.is(of, harness.CompanyA)))
	}
}

func insertNobodys(a attempt, of harness.Table) {
	row := a.siege.row(of, harness.CompanyA)
	row["customer_id"] = nil
	a.refusal("42501 23502", harness.InsertSQL(of, wholeRow(of), ""), row)
	a.own().finds(harness.InsertSQL(of, wholeRow(of), ""), a.siege.row(of, harness.CompanyA))
}

func updateToNobody(a attempt, of harness.Table) {
	sql := fmt.Sprintf("update %s set customer_id = %%s where %s", of.Name, a.siege.is(of, harness.CompanyA))
	a.refusal("42501 23502", fmt.Sprintf(sql, "null"))
	a.own().touches(1, fmt.Sprintf(sql, "customer_id"))
}

// mixedBatch hides the other's row behind one's own: nothing of the batch is written.
func mixedBatch(a attempt, of harness.Table) {
	sql := strings.Replace(harness.InsertSQL(of, wholeRow(of), ""), "jsonb_populate_record(", "jsonb_populate_recordset(", 1)
	victims := a.siege.row(of, harness.CompanyB)
	own := maps.Clone(victims)
	own["customer_id"] = harness.CompanyA
	a.refused(sql, []any{victims, own})
	a.own().finds(sql, []any{a.siege.row(of, harness.CompanyA)})
}

// The company itself goes last, and nobody of it may do that.
func canDeleteAll(of harness.Table) bool { return canDelete(of) && of.Name != "platform.customers" }

// deleteAll goes from the children to the parents, so that nothing of one's own is in the way.
func deleteAll(a attempt, of harness.Table) {
	rest := "true"
	if of.Name == "portal.users" {
		rest = "role <> 'Admin'" // a company keeps one active Admin
	}
	a.own().reads(a.siege.rows(of, harness.CompanyA), "select count(*) from "+of.Name)
	a.touches(0, fmt.Sprintf("delete from %s where %s", of.Name, a.siege.is(of, harness.CompanyB)))
	a.reads(0, fmt.Sprintf("with gone as (delete from %s where %s returning customer_id) select count(*) from gone where customer_id is distinct from $1", of.Name, rest), harness.CompanyA)
	a.reads(0, fmt.Sprintf("select count(*) from %s where %s", of.Name, rest))
}

func ignoring(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}
