package isolation

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
)

// planVectors attack by what a connection keeps of the company that used it before, and by what the planner
// tells.
func planVectors() []vector {
	return []vector{
		{number: 24, name: "statements that the other company prepared", stage: preparedByVictim("auto"), shots: shotsPrepared},
		{number: 27, name: "a generic plan made for the other company", stage: preparedByVictim("force_generic_plan"), shots: shotsPrepared},
		{number: 28, name: "custom plans after the other company's", stage: preparedByVictim("force_custom_plan"), shots: shotsPrepared},
		{number: 22, name: "cursors that the other company opened", stage: cursorsOfVictim, shots: []shot{{"fetch", nil, fetch}}},
		{number: 65, name: "rows removed, in EXPLAIN ANALYZE", stage: byIndex, shots: []shot{{"explain", nil, removedRows}}},
		{number: 87, name: "scanning the other company's rows", stage: byIndex, shots: []shot{{"explain", nil, indexedWall}}},
		{number: 63, name: "statistics of columns", stage: analyzed, shots: []shot{{"select", nil, statistics}}},
	}
}

func named(kind string, of harness.Table) string {
	return kind + "_" + strings.ReplaceAll(of.Name, ".", "_")
}

// preparedByVictim runs statements as B, as they are run as A afterwards.
func preparedByVictim(mode string) stage {
	return func(s *siege, attack func(tx, inside beginner) error) error {
		conn := s.dial("portal_app", nil)
		defer conn.Close(s.t.Context()) //nolint:errcheck // nothing is lost with it
		err := s.victim.Inside(s.t.Context(), conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(s.t.Context(), "set plan_cache_mode = "+mode); err != nil {
				return err
			}
			for _, of := range s.tables {
				prepare := fmt.Sprintf("prepare %s as select count(*) from %s; prepare %s as select count(*) from %s where customer_id is distinct from '%s';",
					named("all", of), of.Name, named("foreign", of), of.Name, harness.CompanyA)
				if canUpdate(of) {
					prepare += fmt.Sprintf("prepare %s as %s where %s", named("update", of), updateSQL(of), s.is(of, harness.CompanyB))
				}
				if _, err := tx.Conn().PgConn().Exec(s.t.Context(), prepare).ReadAll(); err != nil {
					return err
				}
				var n int64
				if err := tx.QueryRow(s.t.Context(), "execute "+named("foreign", of)).Scan(&n); err != nil || n != s.rows(of, harness.CompanyB) {
					return fmt.Errorf("%s as its owner: %d rows, %w", of.Name, n, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		return s.entry.Inside(s.t.Context(), conn, func(tx pgx.Tx) error { return attack(tx, tx) })
	}
}

var shotsPrepared = []shot{
	{"select", nil, func(a attempt, of harness.Table) {
		a.reads(0, "execute "+named("foreign", of))
		a.own().reads(a.siege.rows(of, harness.CompanyA), "execute "+named("all", of))
	}},
	{"update", canUpdate, func(a attempt, of harness.Table) {
		a.touches(0, "execute "+named("update", of))
		a.own().touches(1, updateSQL(of)+" where "+a.siege.is(of, harness.CompanyA))
	}},
}

func cursorsOfVictim(s *siege, attack func(tx, inside beginner) error) error {
	var declare []string
	for _, of := range s.tables {
		declare = append(declare, fmt.Sprintf("declare %s cursor for select customer_id from %s", named("cursor", of), of.Name))
	}
	conn := s.dial("portal_app", nil)
	defer conn.Close(s.t.Context()) //nolint:errcheck // nothing is lost with it
	err := s.victim.Inside(s.t.Context(), conn, func(tx pgx.Tx) error {
		_, err := tx.Conn().PgConn().Exec(s.t.Context(), strings.Join(declare, ";")).ReadAll()
		return err
	})
	if err != nil {
		return err
	}
	return s.entry.Inside(s.t.Context(), conn, func(tx pgx.Tx) error { return attack(tx, tx) })
}

func fetch(a attempt, of harness.Table) {
	a.refusal("34000", "fetch all from "+named("cursor", of))
	var n int64
	err := a.own().try(func(tx pgx.Tx) error {
		if _, err := tx.Exec(a.siege.t.Context(), "declare mine cursor for select customer_id from "+of.Name); err != nil {
			return err
		}
		tag, err := tx.Exec(a.siege.t.Context(), "fetch all from mine")
		n = tag.RowsAffected()
		return err
	})
	a.own().note(err == nil && n == a.siege.rows(of, harness.CompanyA), outcomeOf(n, err).String(), "one's own rows", "fetch")
}

func analyzed(s *siege, attack func(tx, inside beginner) error) error {
	s.mustSuper("analyze")
	return insideA(s, attack)
}

// statistics tell common values of columns, of all rows.
func statistics(a attempt, of harness.Table) {
	sql := fmt.Sprintf("select count(*) from pg_stats where format('%%I.%%I', schemaname, tablename) = '%s'", of.Name)
	a.reads(0, sql)
	a.reads(0, strings.Replace(sql, "pg_stats", "pg_stats_ext", 1))
	a.refused(fmt.Sprintf("select * from pg_statistic where starelid = '%s'::regclass", of.Name))
	a.bySuper().shows(func(n string) bool { return n != "0" }, "some", strings.Replace(sql, "count(*)", "count(*)::text", 1))
}

// byIndex leaves the planner no other way than the one that it takes when tables are large.
func byIndex(s *siege, attack func(tx, inside beginner) error) error {
	return planted("set enable_seqscan = off")(s, attack)
}

func removedRows(a attempt, of harness.Table) {
	a.shows(func(plan string) bool { return !strings.Contains(plan, "Rows Removed") }, "no count of removed rows",
		"explain (analyze, costs off, timing off, summary off) select customer_id from "+of.Name)
	a.own().reads(a.siege.rows(of, harness.CompanyA), "select count(customer_id) from "+of.Name)
}

// A filter is asked of each row that an index finds; a narrow door may ask it of one's own.
var filterLine = regexp.MustCompile(`Filter: .*customer_id`)

func indexedWall(a attempt, of harness.Table) {
	a.shows(func(plan string) bool {
		return strings.Contains(plan, "Index Cond") && !filterLine.MatchString(plan)
	}, "the wall as a condition of an index",
		"explain (costs off) select customer_id from "+of.Name)
	a.own().reads(a.siege.rows(of, harness.CompanyA), "select count(customer_id) from "+of.Name)
}
