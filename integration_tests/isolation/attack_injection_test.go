package isolation

import (
	"strings"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
)

// isProcedure is what PostgreSQL answers to an expression that names a procedure.
const isProcedure = "42809"

// injectionVectors put an expression into a statement, which is all that the extended protocol admits, and
// a second statement behind one.
func injectionVectors() (all []vector) {
	// Places in statements for an expression of type text.
	for _, place := range []struct {
		number   int
		name     string
		command  string
		on       func(harness.Table) bool
		sentence string // TABLE and EXPRESSION stand in it
	}{
		{10, "where", "select", nil, "select customer_id from TABLE where EXPRESSION is not null"},
		{10, "where with or", "select", nil, "select customer_id from TABLE where customer_id is null or EXPRESSION <> ''"},
		{11, "union", "select", nil, "select customer_id from TABLE union all select customer_id from TABLE where EXPRESSION is null"},
		{11, "union before", "select", nil, "select null where EXPRESSION is null union all select customer_id from TABLE"},
		{12, "with", "select", nil, "with s as materialized (select EXPRESSION as e) select customer_id from TABLE where (select e from s) is not null"},
		{12, "lateral", "select", nil, "select r.customer_id from (select EXPRESSION as e) s cross join lateral (select customer_id from TABLE where s.e is not null) r"},
		{12, "order by", "select", nil, "select customer_id from TABLE order by EXPRESSION"},
		{12, "column", "select", nil, "select customer_id, EXPRESSION from TABLE"},
		{12, "values", "select", nil, "select r.customer_id from (values (EXPRESSION)) s (e) join TABLE r on s.e is not null"},
		{12, "function in from", "select", nil, "select r.customer_id from EXPRESSION s cross join TABLE r"},
		{12, "returning", "update", canUpdate, "UPDATE returning EXPRESSION"},
		{12, "using", "delete", canDelete, "delete from TABLE using (select EXPRESSION as e) s where s.e is null"},
	} {
		all = append(all, vector{number: place.number, name: "an expression in " + place.name, stage: insideA, shots: []shot{{place.command, place.on, func(a attempt, of harness.Table) {
			sentence := strings.ReplaceAll(place.sentence, "TABLE", of.Name)
			if strings.HasPrefix(sentence, "UPDATE") {
				sentence = strings.Replace(sentence, "UPDATE", updateSQL(of), 1)
			}
			for _, evil := range []string{
				"set_config('app.customer_id', '" + harness.CompanyB + "', true)",
				`"pg_catalog"."set_config"($q$app.customer_id$q$, 'BBBB' || '33333', false)`,
			} {
				a.refused(strings.ReplaceAll(sentence, "EXPRESSION", evil))
			}
			a.refusal(isProcedure, strings.ReplaceAll(sentence, "EXPRESSION", a.siege.victim.Expression()))
			want := a.siege.rows(of, harness.CompanyA)
			if place.command == "delete" {
				want = 0
			}
			a.own().touches(want, strings.ReplaceAll(sentence, "EXPRESSION", "lower('HARMLESS')"))
			a.own().reads(a.siege.rows(of, harness.CompanyA), "select count(*) from "+of.Name)
		}}}})
	}
	return append(all, vector{number: 13, name: "a second statement", stage: insideA, shots: []shot{{"select", nil, func(a attempt, of harness.Table) {
		sql := "select customer_id from " + of.Name
		stacked := sql + "; set app.customer_id = '" + harness.CompanyB + "'"
		err := a.try(func(tx pgx.Tx) error {
			return tx.Conn().PgConn().ExecParams(a.siege.t.Context(), stacked, nil, nil, nil, nil).Read().Err
		})
		o := outcomeOf(0, err)
		a.note(o.code == "42601", o.String(), "a refusal with 42601", stacked)
		a.own().touches(a.siege.rows(of, harness.CompanyA), sql)
	}}}})
}
