package isolation

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
)

// contextVectors come to the tables with a wrong context, or with none, or with the rest of another's.
func contextVectors() (all []vector) {
	nowhere := func(number int, name string, st stage) {
		all = append(all, vector{number: number, name: name, stage: st, shots: shotsOutside})
	}
	within := func(number int, name string, st stage) {
		all = append(all, vector{number: number, name: name, stage: st, shots: shotsInside})
	}
	nowhere(1, "never entered", unentered(""))
	nowhere(2, "empty after a transaction", unentered("-- a unit of work before"))
	for name, value := range map[string]string{
		"in small letters": "aaaa22222", "a space more": "AAAA22222 ", "a space before": " AAAA22222", "a letter less": "AAAA2222",
		"a pattern": "%", "two": "AAAA22222,BBBB33333", "SQL": "' or true --", "an expression": "(select customer_id)",
		"very long": strings.Repeat("A", 5000), "Cyrillic": "АААА22222", "null": "null", "a tab": "AAAA22222\t", "zero width": "AAAA22222\u200b",
	} {
		all = append(all, vector{number: 3, name: "a context that is none: " + name, stage: unentered(setSQL(value)), shots: shotsOutside[:1]})
	}
	nowhere(6, "set local outside of a transaction", unentered("set local app.customer_id = 'BBBB33333'"))
	nowhere(6, "entered outside of a transaction", autocommitted)
	nowhere(7, "entered on another connection", elsewhere)
	nowhere(8, "entered, and rolled back to a savepoint", takenBack)
	nowhere(19, "after a transaction that failed", afterFailure)

	within(4, "the other company set before for the session", planted("set app.customer_id = 'BBBB33333'"))
	within(4, "a role set before for the session", planted("set app.role = 'Admin'; set app.user_id = '1'; set app.acting_as = '1'"))
	within(5, "after a unit of work in the other company", afterVictim(""))
	within(9, "switched within a transaction", switched)
	within(9, "after a forged entry was refused", afterForgery)
	within(17, "the other company as a setting of the role", ofRole)
	within(18, "the other company in the start-up packet", started(map[string]string{"app.customer_id": harness.CompanyB}, ""))
	within(18, "the other company in the options", started(map[string]string{"options": "-c app.customer_id=" + harness.CompanyB + " -c app.role=Admin"}, ""))
	within(26, "a search path set before", planted("set search_path = platform, public, pg_temp"))
	within(26, "session authorization reset", planted("reset role; reset session authorization"))
	within(26, "serializable by default", planted("set session characteristics as transaction isolation level serializable"))
	within(30, "parallel workers", parallelWorkers)
	return append(all, planVectors()...)
}

func setSQL(value string) string {
	return "set app.customer_id = '" + strings.ReplaceAll(value, "'", "''") + "'"
}

var shotsOutside = []shot{
	{"select", nil, func(a attempt, of harness.Table) {
		a.reads(0, "select count(*) from "+of.Name)
		a.own().reads(a.siege.rows(of, harness.CompanyA), "select count(*) from "+of.Name)
	}},
	{"insert", canInsert, func(a attempt, of harness.Table) {
		a.refused(harness.InsertSQL(of, ownColumns(of), ""), a.siege.row(of, harness.CompanyB))
		a.own().finds(harness.InsertSQL(of, ownColumns(of), ""), a.siege.row(of, harness.CompanyA))
	}},
	{"update", canUpdate, func(a attempt, of harness.Table) {
		a.touches(0, updateSQL(of))
		a.own().touches(a.siege.rows(of, harness.CompanyA), updateSQL(of))
	}},
	{"delete", canDelete, func(a attempt, of harness.Table) {
		a.touches(0, "delete from "+of.Name)
		a.own().finds(fmt.Sprintf("delete from %s where %s", of.Name, a.siege.is(of, harness.CompanyA)))
	}},
}

var shotsInside = []shot{
	{"select", nil, func(a attempt, of harness.Table) {
		a.reads(0, fmt.Sprintf("select count(*) from %s where customer_id is distinct from $1", of.Name), harness.CompanyA)
		a.reads(0, fmt.Sprintf("select count(*) from %s where %s", of.Name, a.siege.is(of, harness.CompanyB)))
		a.own().reads(a.siege.rows(of, harness.CompanyA), "select count(*) from "+of.Name)
	}},
	{"insert", canInsert, func(a attempt, of harness.Table) {
		a.refused(harness.InsertSQL(of, append([]string{"customer_id"}, ownColumns(of)...), ""), a.siege.row(of, harness.CompanyB))
		a.own().finds(harness.InsertSQL(of, ownColumns(of), ""), a.siege.row(of, harness.CompanyA))
	}},
	{"update", canUpdate, func(a attempt, of harness.Table) {
		a.touches(0, updateSQL(of)+" where "+a.siege.is(of, harness.CompanyB))
		a.own().touches(a.siege.rows(of, harness.CompanyA), updateSQL(of))
	}},
	{"delete", canDelete, func(a attempt, of harness.Table) {
		a.touches(0, fmt.Sprintf("delete from %s where %s", of.Name, a.siege.is(of, harness.CompanyB)))
		a.own().finds(fmt.Sprintf("delete from %s where %s", of.Name, a.siege.is(of, harness.CompanyA)))
	}},
}

func ownColumns(of harness.Table) []string {
	return of.Names(func(c harness.Column) bool { return c.Inserts && c.Name != "customer_id" })
}

func canInsert(of harness.Table) bool { return len(ownColumns(of)) > 0 && of.Name != "platform.logins" }
func canUpdate(of harness.Table) bool { return of.Plain() != "" }
func canDelete(of harness.Table) bool { return of.Commands["delete"] }

// updateSQL writes a column of every row with what is in it, or with null where the role may not read it.
func updateSQL(of harness.Table) string {
	if name := of.Plain(); of.Column(name).Reads {
		return fmt.Sprintf("update %s set %s = %[2]s", of.Name, name)
	}
	return fmt.Sprintf("update %s set %s = null", of.Name, of.Plain())
}

// insideA is the stage of nearly all that is tried within a company.
func insideA(s *siege, attack func(tx, inside beginner) error) error {
	return s.entry.Inside(s.t.Context(), s.app, func(tx pgx.Tx) error { return attack(tx, tx) })
}

// unentered begins a transaction after some SQL on a fresh connection; the control happens elsewhere.
func unentered(before string) stage {
	return func(s *siege, attack func(tx, inside beginner) error) error {
		return s.outside(func(conn *pgx.Conn) error {
			if strings.HasPrefix(before, "--") {
				return s.inside(conn, func(pgx.Tx) error { return nil })
			}
			_, err := conn.Exec(s.t.Context(), before)
			return err
		}, attack)
	}
}

// outside attacks in a transaction that has not entered, on a connection where something came before.
func (s *siege) outside(before func(*pgx.Conn) error, attack func(tx, inside beginner) error) error {
	conn := s.dial("portal_app", nil)
	defer conn.Close(s.t.Context()) //nolint:errcheck // nothing is lost with it
	if err := before(conn); err != nil {
		return err
	}
	return s.inside(s.second, func(inside pgx.Tx) error {
		return pgx.BeginFunc(s.t.Context(), conn, func(tx pgx.Tx) error { return attack(tx, inside) })
	})
}

func autocommitted(s *siege, attack func(tx, inside beginner) error) error {
	return s.outside(func(conn *pgx.Conn) error {
		_, err := conn.Exec(s.t.Context(), harness.EnterSQL, s.entry.Args()...)
		return err
	}, attack)
}

// elsewhere has entered on one connection, where the control happens, and attacks on another.
func elsewhere(s *siege, attack func(tx, inside beginner) error) error {
	conn := s.dial("portal_app", nil)
	defer conn.Close(s.t.Context()) //nolint:errcheck // nothing is lost with it
	return s.inside(s.app, func(inside pgx.Tx) error {
		return pgx.BeginFunc(s.t.Context(), conn, func(tx pgx.Tx) error { return attack(tx, inside) })
	})
}

func takenBack(s *siege, attack func(tx, inside beginner) error) error {
	return s.inside(s.second, func(inside pgx.Tx) error {
		return pgx.BeginFunc(s.t.Context(), s.app, func(tx pgx.Tx) error {
			err := pgx.BeginFunc(s.t.Context(), tx, func(tx pgx.Tx) error {
				if _, err := tx.Exec(s.t.Context(), harness.EnterSQL, s.entry.Args()...); err != nil {
					return err
				}
				return errTakeBack
			})
			if !errors.Is(err, errTakeBack) {
				return err
			}
			return attack(tx, inside)
		})
	})
}

func afterFailure(s *siege, attack func(tx, inside beginner) error) error {
	return s.outside(func(conn *pgx.Conn) error {
		err := s.inside(conn, func(tx pgx.Tx) error {
			_, err := tx.Exec(s.t.Context(), "select 1 / 0")
			return err
		})
		if harness.SQLState(err) != "22012" {
			return fmt.Errorf("the failing transaction: %w", err)
		}
		return nil
	}, attack)
}

// planted enters A on a connection where something was set before.
func planted(before string) stage { return started(nil, before) }

func started(params map[string]string, before string) stage {
	return func(s *siege, attack func(tx, inside beginner) error) error {
		conn := s.dial("portal_app", params)
		defer conn.Close(s.t.Context()) //nolint:errcheck // nothing is lost with it
		if _, err := conn.PgConn().Exec(s.t.Context(), before).ReadAll(); err != nil {
			return err
		}
		return s.entry.Inside(s.t.Context(), conn, func(tx pgx.Tx) error { return attack(tx, tx) })
	}
}

// afterVictim enters A where B was before, and did something in his transaction.
func afterVictim(sql string) stage {
	return func(s *siege, attack func(tx, inside beginner) error) error {
		conn := s.dial("portal_app", nil)
		defer conn.Close(s.t.Context()) //nolint:errcheck // nothing is lost with it
		err := s.victim.Inside(s.t.Context(), conn, func(tx pgx.Tx) error {
			_, err := tx.Exec(s.t.Context(), sql)
			return err
		})
		if err != nil {
			return err
		}
		return s.entry.Inside(s.t.Context(), conn, func(tx pgx.Tx) error { return attack(tx, tx) })
	}
}

func switched(s *siege, attack func(tx, inside beginner) error) error {
	return s.victim.Inside(s.t.Context(), s.app, func(tx pgx.Tx) error {
		if _, err := tx.Exec(s.t.Context(), harness.EnterSQL, s.entry.Args()...); err != nil {
			return err
		}
		return attack(tx, tx)
	})
}

func afterForgery(s *siege, attack func(tx, inside beginner) error) error {
	forged := s.entry
	forged.Customer = harness.CompanyB
	return s.entry.Inside(s.t.Context(), s.app, func(tx pgx.Tx) error {
		err := pgx.BeginFunc(s.t.Context(), tx, func(tx pgx.Tx) error {
			_, err := tx.Exec(s.t.Context(), harness.EnterSQL, forged.Args()...)
			return err
		})
		if harness.SQLState(err) != "TN003" {
			return fmt.Errorf("a forged entry: %w", err)
		}
		return attack(tx, tx)
	})
}

// ofRole plants the setting as a superuser would, for this database.
func ofRole(s *siege, attack func(tx, inside beginner) error) error {
	var database string
	s.scan(&database, "select current_database()")
	s.mustSuper("alter role portal_app in database " + database + " set app.customer_id = '" + harness.CompanyB + "'")
	defer s.mustSuper("alter role portal_app in database " + database + " reset all")
	return started(nil, "")(s, attack)
}

func parallelWorkers(s *siege, attack func(tx, inside beginner) error) error {
	var version int
	s.scan(&version, "select current_setting('server_version_num')::int / 10000")
	force := map[bool]string{true: "debug_parallel_query", false: "force_parallel_mode"}[version >= 16]
	return planted("set "+force+" = on; set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0")(s, attack)
}
