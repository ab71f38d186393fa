package isolation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// A siege is company A against company B on one database, by one route to it. B has a row more than A in
// every table, whose unique values A has not.
type siege struct {
	t      *testing.T
	route  string
	super  *pgx.Conn // straight to the database that is written, whatever the route
	app    *pgx.Conn // portal_app's, where nothing is ever set by hand
	second *pgx.Conn // another of portal_app's, for what the attacker does in his own company meanwhile
	dial   func(role string, params map[string]string) *pgx.Conn
	entry  harness.Entry // of A's Admin
	victim harness.Entry // of B's
	tables []harness.Table
	facts  map[harness.TableOf]fact
}

// personal is the table whose rows are each of one person, and no colleague's.
const personal = "platform.idempotency_keys"

// adminsOwn is the table that only an Admin sees, and nobody in whose place a setting stands.
const adminsOwn = "portal.customer_export_parts"

// A fact is what a superuser knows of a company's rows in a table.
type fact struct {
	Rows        int64
	Sum         string // every write changes it, one that writes the same values too
	First, Last string // the key of the first and the last row, in the words of SQL
	FirstRow    map[string]any
	LastRow     map[string]any
}

// newSiege fills a database of its own.
func newSiege(t *testing.T) *siege {
	t.Helper()
	return besiege(t, harness.CloneDatabase(t))
}

// besiege fills a database that is installed and seeded.
func besiege(t *testing.T, database string) *siege {
	t.Helper()
	s := &siege{t: t, route: "SQL", super: harness.ConnectAs(t, "", database)}
	s.dial = func(role string, params map[string]string) *pgx.Conn {
		return s.connect(harness.Suite.Cluster.URL(role, database), params)
	}
	// Where a wall is missing, the attack holds the rows that its control asks for.
	s.app, s.second = s.dial("portal_app", nil), s.dial("portal_app", map[string]string{"lock_timeout": "200"})
	s.tables = harness.Tables(t, s.super, "portal_app")
	s.entry, s.victim = harness.NewMember(t, s.super, harness.CompanyA, auth.Admin), harness.NewMember(t, s.super, harness.CompanyB, auth.Admin)
	harness.Fill(t, s.super, s.app, s.tables, s.entry, s.victim)
	s.fillMore()
	s.look()
	return s
}

// connect connects until the test ends, or until it is closed before.
func (s *siege) connect(url string, params map[string]string) *pgx.Conn {
	s.t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		s.t.Fatal(err)
	}
	maps.Copy(config.RuntimeParams, params)
	conn, err := pgx.ConnectConfig(s.t.Context(), config)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(s.t.Context())) })
	return conn
}

// fillMore gives B a row more, where a table takes one.
func (s *siege) fillMore() {
	s.t.Helper()
	err := s.victim.Inside(s.t.Context(), s.super, func(tx pgx.Tx) error {
		for _, of := range harness.Catalogue(s.t, s.super, "portal_app", harness.Suite.Cluster.Superuser) {
			if of.Name != "platform.logins" && of.Name != "platform.customers" {
				_ = harness.TryRow(s.t, tx, of, 77) // one row for each company is all that some take
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// look reads the facts of all tables in one statement.
func (s *siege) look() {
	s.t.Helper()
	var selects []string
	for _, of := range s.tables {
		key := strings.Join(append([]string{"customer_id"}, of.Key...), ", ")
		is := fmt.Sprintf("format('(%s) = (%s)', %s)", key, strings.Repeat(", %L", len(of.Key)+1)[2:], key)
		selects = append(selects, fmt.Sprintf(`
			select '%[1]s' as name, customer_id, count(*), md5(string_agg(r.xmin || ' ' || r::text, '|' order by r::text)),
				(array_agg(%[2]s order by %[3]s))[1], (array_agg(%[2]s order by %[4]s desc))[1],
				(array_agg(to_jsonb(r) order by %[3]s))[1], (array_agg(to_jsonb(r) order by %[4]s desc))[1]
			from %[1]s r where customer_id in ('%[5]s', '%[6]s') group by customer_id`,
			of.Name, is, key, strings.ReplaceAll(key, ", ", " desc, "), harness.CompanyA, harness.CompanyB))
	}
	s.facts = map[harness.TableOf]fact{}
	rows, _ := s.super.Query(s.t.Context(), strings.Join(selects, " union all "))
	var at harness.TableOf
	var f fact
	if _, err := pgx.ForEachRow(rows, []any{&at.Table, &at.Customer, &f.Rows, &f.Sum, &f.First, &f.Last, &f.FirstRow, &f.LastRow}, func() error {
		s.facts[at] = f
		f = fact{}
		return nil
	}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *siege) rows(of harness.Table, company string) int64 {
	return s.facts[harness.TableOf{Table: of.Name, Customer: company}].Rows
}

// is picks a row of a company by its key, in the words of SQL: the attacker's first, the victim's last.
func (s *siege) is(of harness.Table, company string) string {
	f := s.facts[harness.TableOf{Table: of.Name, Customer: company}]
	if company == harness.CompanyA {
		return f.First
	}
	return f.Last
}

// row is what is picks.
func (s *siege) row(of harness.Table, company string) map[string]any {
	f, row := s.facts[harness.TableOf{Table: of.Name, Customer: company}], map[string]any{}
	if company == harness.CompanyA {
		maps.Copy(row, f.FirstRow)
	} else {
		maps.Copy(row, f.LastRow)
	}
	return row
}

// inside runs fn in A's own company by a connection of portal_app, and takes back what it did.
func (s *siege) inside(conn *pgx.Conn, fn func(pgx.Tx) error) error {
	err := s.entry.Inside(s.t.Context(), conn, func(tx pgx.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errTakeBack
	})
	if errors.Is(err, errTakeBack) {
		return nil
	}
	return err
}

// assail runs one vector on all that it applies to. Afterwards every row of the victim must be as it was.
func (s *siege) assail(v vector) (cells []*cell) {
	s.t.Helper()
	targets := s.tables
	if v.targets != nil {
		targets = v.targets(s)
	}
	before := s.facts
	err := v.stage(s, func(tx, inside beginner) error {
		for _, of := range targets {
			for _, shot := range v.shots {
				if shot.on != nil && !shot.on(of) {
					continue
				}
				c := &cell{Vector: v.number, Name: v.name, Route: s.route, Object: of.Name, Command: shot.command}
				if of.Columns != nil && s.rows(of, harness.CompanyB) == 0 {
					c.note(true, false, "the victim's rows", "0 rows", "at least one")
				}
				shot.fire(attempt{siege: s, tx: tx, inside: inside, of: of.Name, cell: c}, of)
				cells = append(cells, c)
			}
		}
		return nil
	})
	if err != nil {
		c := &cell{Vector: v.number, Name: v.name, Route: s.route, Object: "database", Command: "stage"}
		c.note(false, false, "to come to where the attack begins", err.Error(), "no error")
		cells = append(cells, c)
	}
	s.look()
	for _, of := range s.tables {
		at := harness.TableOf{Table: of.Name, Customer: harness.CompanyB}
		if before[at].Sum == s.facts[at].Sum {
			continue
		}
		here := slices.ContainsFunc(cells, func(c *cell) bool { return c.Object == of.Name })
		for _, c := range cells {
			if c.Object == of.Name || !here {
				c.note(false, false, "checksum of the victim's rows of "+of.Name, "changed", "unchanged")
			}
		}
	}
	return cells
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

// grantAll grants portal_app every column, so that the wall stands alone.
func (s *siege) grantAll() {
	s.t.Helper()
	for _, of := range s.tables {
		s.mustSuper(fmt.Sprintf("grant select, insert, update, delete on %s to portal_app", of.Name))
	}
	s.tables = harness.Tables(s.t, s.super, "portal_app")
}

func (s *siege) table(name string) harness.Table {
	return s.tables[slices.IndexFunc(s.tables, func(of harness.Table) bool { return of.Name == name })]
}
