package integration_tests

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
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
		within(92, "a row given away, granted", shot{"update", canUpdate, moveGranted(companyA, companyB)}),
		within(92, "a row taken, granted", shot{"update", canUpdate, moveGranted(companyB, companyA)}),
		within(99, "a row of no company", shot{"insert", canInsert, insertNobodys}, shot{"update", canUpdate, updateToNobody}),
		within(102, "a batch for two companies", shot{"insert", canInsert, mixedBatch}),
		{number: 80, name: "everything of one's own deleted", stage: insideA, shots: []shot{{"delete", canDeleteAll, deleteAll}}, targets: func(s *siege) []table {
			children := slices.Clone(s.tables)
			slices.Reverse(children)
			return children
		}},
	}
}

// victimsValues are those of the columns of a unique rule, without what refers to another table.
func victimsValues(s *siege, of table, r rule) map[string]any {
	values := map[string]any{}
	for _, name := range r.Columns {
		refers := slices.ContainsFunc(of.References, func(ref reference) bool { return slices.Contains(ref.Columns, name) })
		if !refers && slices.Contains(ownColumns(of), name) {
			values[name] = s.row(of, companyB)[name]
		}
	}
	return values
}

// colliding are the tables that refuse a row for what is unique in it, where the victim's differs.
func colliding(s *siege) (all []table) {
	s.t.Helper()
	err := s.inside(s.app, func(tx pgx.Tx) error {
		for _, of := range s.tables {
			own := attempt{siege: s, tx: tx, inside: tx, of: of.Name}.own()
			if canInsert(of) && own.run(insertSQL(of, ownColumns(of), ""), s.row(of, companyA)).code == "23505" && withVictims(s, of) != nil {
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
func withVictims(s *siege, of table) map[string]any {
	row := s.row(of, companyA)
	for _, r := range of.Rules {
		if !r.Unique {
			continue
		}
		if !slices.ContainsFunc(r.Columns, func(name string) bool { return name != "id" }) && len(r.Columns) > 0 {
			continue // a number that is counted
		}
		values, differs := victimsValues(s, of, r), false
		for name, value := range values {
			differs = differs || fmt.Sprint(value) != fmt.Sprint(s.row(of, companyA)[name])
		}
		if !differs {
			return nil
		}
		maps.Copy(row, values)
	}
	return row
}

func hasInferable(of table) bool {
	return of.plain() != "" && slices.ContainsFunc(slices.Collect(maps.Values(of.Rules)), func(r rule) bool { return r.Inferable })
}

// uniqueValue inserts a row of one's own with the other's unique values: it is accepted as if nobody had
// them. With one's own it is not.
func uniqueValue(behind string) func(attempt, table) {
	return func(a attempt, of table) {
		sql := insertSQL(of, ownColumns(of), behind)
		a.probe().expect(func(o outcome) bool { return o.code == "" && o.touched == 1 }, "1 row, as nobody had it", sql, withVictims(a.siege, of))
		a.own().expect(func(o outcome) bool { return o.code == "23505" || behind != "" && o.code == "" && o.touched == 0 }, "a conflict", sql, a.siege.row(of, companyA))
	}
}

// conflicting offers a whole row, key included, and what to do where there is one.
func conflicting(of table, behind string) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(of.Rules)) {
		if r := of.Rules[name]; r.Inferable {
			key := strings.Join(append([]string{"customer_id"}, r.Columns...), ", ")
			insert := insertSQL(of, of.names(func(column) bool { return true }), fmt.Sprintf("on conflict (%s) do update set %s = excluded.%[2]s %s", key, of.plain(), behind))
			all = append(all, strings.Replace(insert, ") select", ") overriding system value select", 1))
		}
	}
	return all
}

// oracle asks by an upsert of the victim's very key whether a predicate holds for his row: the answer is
// the same for a true and for a false one, because the proposed row is refused first.
func oracle(a attempt, of table) {
	for predicate, touched := range map[bool]int64{true: 1, false: 0} {
		for _, sql := range conflicting(of, fmt.Sprintf("where %t", predicate)) {
			a.refused(sql, a.siege.row(of, companyB))
			a.own().touches(touched, sql, a.siege.row(of, companyA))
		}
	}
}

func upsert(a attempt, of table) {
	for _, sql := range conflicting(of, "") {
		a.refused(sql, a.siege.row(of, companyB))
		a.own().touches(1, sql, a.siege.row(of, companyA))
	}
}

func merge(a attempt, of table) {
	sql := "merge into %s using (select 1) as one on %s when matched then update set %s = %[3]s when not matched then do nothing"
	a.touches(0, fmt.Sprintf(sql, of.Name, a.siege.is(of, companyB), of.plain()))
	a.own().touches(1, fmt.Sprintf(sql, of.Name, a.siege.is(of, companyA), of.plain()))
}

func mergeDelete(a attempt, of table) {
	sql := "merge into %s using (select 1) as one on %s when matched then delete"
	a.touches(0, fmt.Sprintf(sql, of.Name, a.siege.is(of, companyB)))
	a.own().finds(fmt.Sprintf(sql, of.Name, a.siege.is(of, companyA)))
}

func wholeRow(of table) []string { return of.names(func(c column) bool { return c.Name != "id" }) }

func insertGranted(a attempt, of table) {
	a.refused(insertSQL(of, wholeRow(of), ""), a.siege.row(of, companyB))
	a.own().finds(insertSQL(of, wholeRow(of), ""), a.siege.row(of, companyA))
}

// moveGranted moves a row from a company to another.
func moveGranted(from, to string) func(attempt, table) {
	return func(a attempt, of table) {
		sql := "update %s set customer_id = '%s' where %s"
		if from == companyA {
			a.refused(fmt.Sprintf(sql, of.Name, to, a.siege.is(of, from)))
		} else {
			a.touches(0, fmt.Sprintf(sql, of.Name, to, a.siege.is(of, from)))
		}
		a.own().touches(1, fmt.Sprintf(sql, of.Name, companyA, a.siege.is(of, companyA)))
	}
}

func insertNobodys(a attempt, of table) {
	row := a.siege.row(of, companyA)
	row["customer_id"] = nil
	a.refusal("42501 23502", insertSQL(of, wholeRow(of), ""), row)
	a.own().finds(insertSQL(of, wholeRow(of), ""), a.siege.row(of, companyA))
}

func updateToNobody(a attempt, of table) {
	sql := fmt.Sprintf("update %s set customer_id = %%s where %s", of.Name, a.siege.is(of, companyA))
	a.refusal("42501 23502", fmt.Sprintf(sql, "null"))
	a.own().touches(1, fmt.Sprintf(sql, "customer_id"))
}

// mixedBatch hides the other's row behind one's own: nothing of the batch is written.
func mixedBatch(a attempt, of table) {
	sql := strings.Replace(insertSQL(of, wholeRow(of), ""), "jsonb_populate_record(", "jsonb_populate_recordset(", 1)
	victims := a.siege.row(of, companyB)
	own := maps.Clone(victims)
	own["customer_id"] = companyA
	a.refused(sql, []any{victims, own})
	a.own().finds(sql, []any{a.siege.row(of, companyA)})
}

// The company itself goes last, and nobody of it may do that.
func canDeleteAll(of table) bool { return canDelete(of) && of.Name != "platform.customers" }

// deleteAll goes from the children to the parents, so that nothing of one's own is in the way.
func deleteAll(a attempt, of table) {
	rest := "true"
	if of.Name == "portal.users" {
		rest = "role <> 'Admin'" // a company keeps one active Admin
	}
	a.own().reads(a.siege.rows(of, companyA), "select count(*) from "+of.Name)
	a.touches(0, fmt.Sprintf("delete from %s where %s", of.Name, a.siege.is(of, companyB)))
	a.reads(0, fmt.Sprintf("with gone as (delete from %s where %s returning customer_id) select count(*) from gone where customer_id is distinct from $1", of.Name, rest), companyA)
	a.reads(0, fmt.Sprintf("select count(*) from %s where %s", of.Name, rest))
}

func ignoring(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}
