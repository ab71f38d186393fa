package isolation

import (
	"fmt"
	"io"
	"maps"
	"strings"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
)

// wallVectors attack from inside company A, with the grants that portal_app has.
func wallVectors() []vector {
	within := func(number int, name string, shots ...shot) vector {
		return vector{number: number, name: name, stage: insideA, shots: shots}
	}
	all := []vector{
		within(43, "a predicate that fails on the other's row", shot{"select", nil, leaky}),
		within(45, "row security switched off", shot{"select", nil, withoutRowSecurity}, shot{"update", canUpdate, updateWithoutRowSecurity}),
		within(46, "a dump of the table", shot{"copy", nil, dump}),
		within(66, "policies that name companies", shot{"select", nil, policiesNameNobody}),
		within(78, "a reference to the other's row", shot{"update", hasReference, refer}),
		within(85, "values in the text of an error", shot{"select", nil, errorText}),
		within(89, "rows behind the last", shot{"select", nil, behindTheLast}),
		within(91, "a row for the other company", shot{"insert", canInsert, insertForVictim}),
		within(92, "a row given away", shot{"update", canUpdate, giveAway}, shot{"update", canUpdate, takeOver}),
		within(93, "an update of everything", shot{"update", canUpdate, updateAll}),
		within(95, "rows returned by a write", shot{"update", canUpdate, returning}),
		within(96, "locks on the other's rows", shot{"select", canUpdate, lockRows("for update")}, shot{"select", canUpdate, lockRows("for share")},
			shot{"select", canUpdate, lockRows("for no key update skip locked")}),
		within(97, "a write inside of a query", shot{"delete", canDelete, writingCTE}),
		within(101, "copied out", shot{"copy", nil, copyOut}),
		within(101, "copied in", shot{"copy", canInsert, copyIn}),
		within(131, "the other's number for one's own row", shot{"insert", func(of harness.Table) bool { return canInsert(of) && len(of.Key) == 1 && of.Key[0] == "id" }, insertNumber}),
		{number: 83, name: "waiting for the other's lock", stage: lockedByVictim, shots: []shot{{"select", canUpdate, noWait}, {"insert", canInsert, insertWithoutWait}}},
	}
	return append(all, injectionVectors()...)
}

func leaky(a attempt, of harness.Table) {
	sql := "select count(*) from %s where 1 / (customer_id <> '%s')::int is not null"
	a.reads(a.siege.rows(of, harness.CompanyA), fmt.Sprintf(sql, of.Name, harness.CompanyB))
	a.own().refusal("22012", fmt.Sprintf(sql, of.Name, harness.CompanyA))
}

// after runs SQL and then a statement, in one savepoint that is taken back.
func (r attempt) after(before, sql string) outcome {
	var touched int64
	r.undo = true
	err := r.try(func(tx pgx.Tx) error {
		if _, err := tx.Exec(r.siege.t.Context(), before); err != nil {
			return err
		}
		tag, err := tx.Exec(r.siege.t.Context(), sql)
		touched = tag.RowsAffected()
		return err
	})
	return outcomeOf(touched, err)
}

func withoutRowSecurity(a attempt, of harness.Table) {
	sql := "select customer_id from " + of.Name
	o := a.after("set local row_security = off", sql)
	a.note(o.code == "42501", o.String(), "a refusal", "set row_security = off; "+sql)
	a.own().reads(a.siege.rows(of, harness.CompanyA), "select count(customer_id) from "+of.Name)
}

func updateWithoutRowSecurity(a attempt, of harness.Table) {
	o := a.after("set local row_security = off", updateSQL(of))
	a.note(o.code == "42501", o.String(), "a refusal", "set row_security = off; "+updateSQL(of))
	a.own().touches(a.siege.rows(of, harness.CompanyA), updateSQL(of))
}

func dump(a attempt, of harness.Table) {
	sql := fmt.Sprintf("copy %s (customer_id) to stdout", of.Name)
	copied := func(r attempt, before string) outcome {
		var n int64
		r.undo = true
		err := r.try(func(tx pgx.Tx) error {
			if _, err := tx.Exec(a.siege.t.Context(), before); err != nil {
				return err
			}
			tag, err := tx.Conn().PgConn().CopyTo(a.siege.t.Context(), io.Discard, sql)
			n = tag.RowsAffected()
			return err
		})
		return outcomeOf(n, err)
	}
	o := copied(a, "set local row_security = off")
	a.note(o.code == "42501", o.String(), "a refusal", "set row_security = off; "+sql)
	o = copied(a.own(), "")
	a.own().note(o.code == "" && o.touched == a.siege.rows(of, harness.CompanyA), o.String(), "one's own rows", sql)
}

func policiesNameNobody(a attempt, of harness.Table) {
	sql := fmt.Sprintf("select count(*)::text from pg_policies where format('%%I.%%I', schemaname, tablename) = '%s'", of.Name)
	a.shows(func(n string) bool { return n == "0" }, "0", sql+fmt.Sprintf(" and concat(policyname, qual, with_check) ~ '%s|%s'", harness.CompanyA, harness.CompanyB))
	a.own().shows(func(n string) bool { return n != "0" }, "some", sql)
}

func references(of harness.Table) (own []harness.Reference) {
	for _, r := range of.References {
		if len(r.Columns) == 1 && of.Column(r.Columns[0]).Updates {
			own = append(own, r)
		}
	}
	return own
}

func hasReference(of harness.Table) bool { return len(references(of)) > 0 }

// refer points at the victim's rows: refused in the words that an absent row is refused in.
func refer(a attempt, of harness.Table) {
	for _, r := range references(of) {
		var own, victim, absent int64
		a.siege.scan(&own, fmt.Sprintf("select %s from %s where customer_id = $1 order by 1 limit 1", r.ParentColumns[0], r.Parent), harness.CompanyA)
		a.siege.scan(&victim, fmt.Sprintf("select %s from %s where customer_id = $1 order by 1 desc limit 1", r.ParentColumns[0], r.Parent), harness.CompanyB)
		a.siege.scan(&absent, fmt.Sprintf("select max(%s) + 1000 from %s", r.ParentColumns[0], r.Parent))
		set := fmt.Sprintf("update %s set %s = $1 where %s", of.Name, r.Columns[0], a.siege.is(of, harness.CompanyA))
		wanted := a.probe().run(set, absent)
		a.expect(func(o outcome) bool { return o.code == "23503" && o == wanted }, wanted.String(), set, victim)
		a.own().finds(set, own)
	}
}

func errorText(a attempt, of harness.Table) {
	sql := "select count(customer_id::int) from " + of.Name
	a.expect(func(o outcome) bool { return o.code == "22P02" && strings.Contains(o.text, harness.CompanyA) }, "an error about one's own row", sql)
	a.reads(0, sql+" where customer_id <> $1", harness.CompanyA)
	a.own().reads(a.siege.rows(of, harness.CompanyA), "select count(customer_id) from "+of.Name)
}

func behindTheLast(a attempt, of harness.Table) {
	sql := "select count(*) from (select customer_id from %s order by customer_id limit 1000 offset $1) as r"
	a.reads(0, fmt.Sprintf(sql, of.Name), a.siege.rows(of, harness.CompanyA))
	a.own().reads(a.siege.rows(of, harness.CompanyA), fmt.Sprintf(sql, of.Name), 0)
}

func insertForVictim(a attempt, of harness.Table) {
	for _, company := range []string{harness.CompanyB, "ZZZZ99999"} {
		row := a.siege.row(of, harness.CompanyB)
		row["customer_id"] = company
		a.refused(harness.InsertSQL(of, append([]string{"customer_id"}, ownColumns(of)...), ""), row)
	}
	a.own().finds(harness.InsertSQL(of, ownColumns(of), ""), a.siege.row(of, harness.CompanyA))
}

func giveAway(a attempt, of harness.Table) {
	a.refused(fmt.Sprintf("update %s set customer_id = '%s' where %s", of.Name, harness.CompanyB, a.siege.is(of, harness.CompanyA)))
	a.own().touches(1, updateSQL(of)+" where "+a.siege.is(of, harness.CompanyA))
}

func takeOver(a attempt, of harness.Table) {
	a.refused(fmt.Sprintf("update %s set customer_id = '%s' where %s", of.Name, harness.CompanyA, a.siege.is(of, harness.CompanyB)))
	a.own().touches(1, updateSQL(of)+" where "+a.siege.is(of, harness.CompanyA))
}

func updateAll(a attempt, of harness.Table) {
	a.touches(a.siege.rows(of, harness.CompanyA), updateSQL(of))
	a.own().touches(1, updateSQL(of)+" where "+a.siege.is(of, harness.CompanyA))
}

func returning(a attempt, of harness.Table) {
	sql := fmt.Sprintf("with written as (%s returning customer_id) select count(*) from written where customer_id", updateSQL(of))
	a.reads(0, sql+" is distinct from $1", harness.CompanyA)
	a.own().reads(a.siege.rows(of, harness.CompanyA), sql+" = $1", harness.CompanyA)
}

func lockRows(how string) func(attempt, harness.Table) {
	return func(a attempt, of harness.Table) {
		sql := "select count(*) from (select customer_id from %s where %s " + how + ") as locked"
		a.reads(0, fmt.Sprintf(sql, of.Name, a.siege.is(of, harness.CompanyB)))
		a.own().reads(1, fmt.Sprintf(sql, of.Name, a.siege.is(of, harness.CompanyA)))
	}
}

func writingCTE(a attempt, of harness.Table) {
	sql := "with gone as (delete from %s where %s returning customer_id) select count(*) from gone"
	a.reads(0, fmt.Sprintf(sql, of.Name, a.siege.is(of, harness.CompanyB)))
	a.own().finds(fmt.Sprintf("delete from %s where %s", of.Name, a.siege.is(of, harness.CompanyA)))
}

func copyOut(a attempt, of harness.Table) {
	for _, sql := range []string{fmt.Sprintf("copy %s (customer_id) to stdout", of.Name), fmt.Sprintf("copy (select customer_id from %s) to stdout", of.Name)} {
		var out strings.Builder
		err := a.try(func(tx pgx.Tx) error {
			_, err := tx.Conn().PgConn().CopyTo(a.siege.t.Context(), &out, sql)
			return err
		})
		own, foreign := strings.Count(out.String(), harness.CompanyA), strings.Count(out.String(), harness.CompanyB)
		o := outcomeOf(int64(foreign), err)
		a.note(err == nil && foreign == 0, o.String()+" of the other company", "none", sql)
		a.own().note(int64(own) == a.siege.rows(of, harness.CompanyA), fmt.Sprintf("%d rows of one's own", own), "all of one's own", sql)
	}
}

func copyIn(a attempt, of harness.Table) {
	sql := fmt.Sprintf("copy %s (%s) from stdin", of.Name, strings.Join(ownColumns(of), ", "))
	err := a.try(func(tx pgx.Tx) error {
		_, err := tx.Conn().PgConn().CopyFrom(a.siege.t.Context(), strings.NewReader(""), sql)
		return err
	})
	o := outcomeOf(0, err)
	a.note(o.code == "0A000", o.String(), "a refusal with 0A000", sql)
	a.own().finds(harness.InsertSQL(of, ownColumns(of), ""), a.siege.row(of, harness.CompanyA))
}

func insertNumber(a attempt, of harness.Table) {
	columns := append([]string{"id"}, ownColumns(of)...)
	a.refused(strings.Replace(harness.InsertSQL(of, columns, ""), ") select", ") overriding system value select", 1), a.siege.row(of, harness.CompanyB))
	a.own().finds(harness.InsertSQL(of, ownColumns(of), ""), a.siege.row(of, harness.CompanyA))
}

// lockedByVictim has every row of B changed in a transaction that is still open.
func lockedByVictim(s *siege, attack func(tx, inside beginner) error) error {
	err := pgx.BeginFunc(s.t.Context(), s.super, func(tx pgx.Tx) error {
		for _, of := range s.tables {
			// No key changes, so that what refers to a row goes on; the index entries are new ones.
			if _, err := tx.Exec(s.t.Context(), fmt.Sprintf("update %s set customer_id = customer_id where customer_id = $1", of.Name), harness.CompanyB); err != nil {
				return err
			}
		}
		if err := planted("set lock_timeout = 500")(s, attack); err != nil {
			return err
		}
		return errTakeBack
	})
	return ignoring(err, errTakeBack)
}

func noWait(a attempt, of harness.Table) {
	sql := "select count(*) from (select customer_id from %s where %s for update nowait) as r"
	a.reads(0, fmt.Sprintf(sql, of.Name, a.siege.is(of, harness.CompanyB)))
	a.touches(a.siege.rows(of, harness.CompanyA), updateSQL(of))
	a.own().reads(1, fmt.Sprintf(sql, of.Name, a.siege.is(of, harness.CompanyA)))
}

// insertWithoutWait offers values that a transaction of B holds: whoever waits for it knows them.
func insertWithoutWait(a attempt, of harness.Table) {
	row := a.siege.row(of, harness.CompanyA)
	for _, r := range of.Rules {
		if r.Unique {
			maps.Copy(row, victimsValues(a.siege, of, r))
		}
	}
	o := a.probe().run(harness.InsertSQL(of, ownColumns(of), ""), row)
	a.note(o.code != "55P03" && o.code != "42501", o.String(), "no wait", harness.InsertSQL(of, ownColumns(of), ""))
	a.own().finds(harness.InsertSQL(of, ownColumns(of), ""), a.siege.row(of, harness.CompanyA))
}
