package harness

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A maker makes rows that a table accepts, from the types of its columns and from what its rules say
// when they refuse a try: a rule that refuses is answered with other values of the columns it names.
type maker struct {
	table  Table
	tx     pgx.Tx         // has entered; references are to rows that it sees
	n      int            // makes values that must be unique differ
	at     int            // references are to the at-th row of their table
	choice map[string]int // column → which of its candidates
	tried  map[string]int // rule → how many combinations
	parent map[string]any // column → what it refers to
}

// maxGuesses bounds the search for a row.
const maxGuesses = 400

// Fill inserts a row into every table for each entry: as portal_app, or as a superuser what portal_app may
// not insert. Companies, their log-ins and their counts are there already.
func Fill(t *testing.T, super, app *pgx.Conn, all []Table, entries ...Entry) {
	t.Helper()
	bySuper := Catalogue(t, super, "portal_app", Suite.Cluster.Superuser)
	for i, of := range all {
		for _, e := range entries {
			var filled bool
			if err := super.QueryRow(t.Context(), fmt.Sprintf("select exists (select from %s where customer_id = $1)", of.Name), e.Customer).Scan(&filled); err != nil {
				t.Fatal(err)
			}
			insert := func(of Table) func(pgx.Tx) error {
				return func(tx pgx.Tx) error { insertRow(t, tx, of); return nil }
			}
			var err error
			switch {
			case of.Commands["insert"] && of.Name != "platform.logins":
				err = e.Inside(t.Context(), app, insert(of))
			case !filled:
				err = e.Inside(t.Context(), super, insert(bySuper[i]))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// insertRow finds a row that the table accepts and inserts it, as the role of the transaction.
func insertRow(t *testing.T, tx pgx.Tx, of Table) {
	t.Helper()
	if err := TryRow(t, tx, of, 1); err != nil {
		t.Fatal(err)
	}
}

// TryRow is insertRow for tables that may accept no more; another n makes another row, which refers to other rows.
func TryRow(t testing.TB, tx pgx.Tx, of Table, n int) error {
	t.Helper()
	return newMaker(tx, of, n, n).insert(t)
}

func newMaker(tx pgx.Tx, of Table, n, at int) *maker {
	return &maker{table: of, tx: tx, n: n, at: at, choice: map[string]int{}, tried: map[string]int{}}
}

// insert guesses until the table accepts a row.
func (m *maker) insert(t testing.TB) error {
	t.Helper()
	of := m.table
	for _, c := range of.Columns {
		if c.Inserts && c.Required && c.Name != "customer_id" && !m.refers(c.Name) && len(m.values(c.Type)) == 0 {
			return fmt.Errorf("no row of %s can be made: column %s is of type %s, of which integration_tests/harness/maker.go knows no value: add one there, or take a type that it knows", of.Name, c.Name, c.Type)
		}
	}
	for range maxGuesses {
		if err := m.refer(t); err != nil {
			return fmt.Errorf("a row of %s: %w", of.Name, err)
		}
		row := m.row()
		err := pgx.BeginFunc(t.Context(), m.tx, func(try pgx.Tx) error {
			_, err := try.Exec(t.Context(), InsertSQL(of, slices.Sorted(maps.Keys(row)), ""), row)
			return err
		})
		if err == nil {
			return nil
		}
		if !m.learn(err) {
			return fmt.Errorf("no row of %s was found that its rules accept: %w, of %v: let integration_tests/harness/maker.go try such a value", of.Name, err, row)
		}
	}
	return fmt.Errorf("no row of %s was found that its rules accept in %d tries: let integration_tests/harness/maker.go try likelier values", of.Name, maxGuesses)
}

// InsertSQL inserts columns of one row, given as JSON.
func InsertSQL(of Table, columns []string, behind string) string {
	list := strings.Join(columns, ", ")
	return fmt.Sprintf("insert into %s (%s) select %s from jsonb_populate_record(null::%s, $1) %s", of.Name, list, list, of.Name, behind)
}

// omitted is a candidate: leave the column to its default.
type omitted struct{}

// Whose are the columns that say whose a row is: the context fills them in.
var Whose = []string{"customer_id", "person"}

func (m *maker) row() map[string]any {
	row := map[string]any{}
	for _, c := range m.table.Columns {
		if !c.Inserts || slices.Contains(Whose, c.Name) {
			continue
		}
		candidates := m.candidates(c)
		if value := candidates[m.choice[c.Name]%len(candidates)]; value != (omitted{}) {
			row[c.Name] = value
		}
	}
	return row
}

// refer looks up what the references can point to: a row of each parent.
func (m *maker) refer(t testing.TB) error {
	m.parent = map[string]any{}
	for _, r := range m.table.References {
		sql := fmt.Sprintf("select to_jsonb(p) from (select %s from %s where customer_id = tenancy.customer_id() order by 1 limit 1 offset $1 %% (select greatest(count(*), 1) from %[2]s where customer_id = tenancy.customer_id())) as p",
			strings.Join(r.ParentColumns, ", "), r.Parent)
		var row map[string]any
		err := m.tx.QueryRow(t.Context(), sql, m.at).Scan(&row)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		for i, c := range r.Columns {
			if value, ok := row[r.ParentColumns[i]]; ok {
				m.parent[c] = value
			}
		}
	}
	return nil
}

// learn draws a conclusion from a refusal, or gives up.
func (m *maker) learn(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	rule, known := m.table.Rules[pg.ConstraintName]
	switch {
	case pg.Code == "23502": // not null
		m.choice[pg.ColumnName]++
		return m.choice[pg.ColumnName] < 20
	case !known:
		return false
	case rule.Unique && m.tried[pg.ConstraintName] == 0 && m.n%10 != 0:
		m.n++
		m.at++
		return true
	}
	m.n++
	if rule.Unique {
		m.at++
	}
	m.tried[pg.ConstraintName]++
	left := m.tried[pg.ConstraintName]
	// References are given up last: they are what there is to attack.
	var first, last []string
	for _, name := range rule.Columns {
		if m.refers(name) {
			last = append(last, name)
		} else {
			first = append(first, name)
		}
	}
	for _, name := range append(first, last...) {
		c := m.table.Column(name)
		if !c.Inserts {
			continue
		}
		n := len(m.candidates(c))
		m.choice[name] = left % n
		left /= n
	}
	return left == 0
}

func (m *maker) refers(name string) bool {
	return slices.ContainsFunc(m.table.References, func(r Reference) bool { return slices.Contains(r.Columns, name) })
}

// A literal of a rule is a value that it allows, or a pattern.
var literal = regexp.MustCompile(`(~ )?(E)?'([^']*)'::(?:text|character varying|bpchar)`)

func literals(definition string, n int) (all []any) {
	for _, found := range literal.FindAllStringSubmatch(definition, -1) {
		text := found[3]
		if found[2] != "" {
			text = strings.ReplaceAll(text, `\\`, `\`)
		}
		if found[1] == "" {
			all = append(all, text)
		} else if pattern, err := syntax.Parse(text, syntax.Perl); err == nil {
			all = append(all, example(pattern, n))
		}
	}
	return all
}

// example is a text that a pattern matches, another one for another n where the pattern leaves a choice.
func example(pattern *syntax.Regexp, n int) string {
	switch pattern.Op {
	case syntax.OpLiteral:
		return string(pattern.Rune)
	case syntax.OpCharClass:
		var fit []rune
		for _, r := range "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_ " {
			for i := 0; i < len(pattern.Rune); i += 2 {
				if pattern.Rune[i] <= r && r <= pattern.Rune[i+1] {
					fit = append(fit, r)
				}
			}
		}
		return string(fit[n%len(fit)])
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "x"
	case syntax.OpCapture, syntax.OpPlus:
		return example(pattern.Sub[0], n)
	case syntax.OpRepeat:
		return strings.Repeat(example(pattern.Sub[0], n), max(pattern.Min, 1))
	case syntax.OpAlternate:
		return example(pattern.Sub[n%len(pattern.Sub)], n)
	case syntax.OpConcat:
		var b strings.Builder
		for _, part := range pattern.Sub {
			b.WriteString(example(part, n))
		}
		return b.String()
	}
	return ""
}

// candidates are the values to try for a column, the likeliest first.
func (m *maker) candidates(c Column) (all []any) {
	if !c.Required {
		all = append(all, omitted{})
		for _, r := range m.table.Rules {
			if r.Unique && slices.Contains(r.Columns, c.Name) && !m.refers(c.Name) && c.Type != "boolean" {
				// A key that is null would be no key to attack.
				c.Required = true
				return append(m.candidates(c), omitted{})
			}
		}
	}
	if value, ok := m.parent[c.Name]; ok {
		return append([]any{value}, all...)
	}
	if m.refers(c.Name) && !c.Required {
		return all // there is nothing to point to
	}
	if isText(c.Type) {
		for _, name := range slices.Sorted(maps.Keys(m.table.Rules)) {
			if r := m.table.Rules[name]; slices.Contains(r.Columns, c.Name) && !r.Unique {
				all = append(all, literals(r.Definition, m.n)...)
			}
		}
	}
	return append(all, m.values(c.Type)...)
}

func isText(kind string) bool {
	return slices.Contains([]string{"text", "character varying", "character"}, kind)
}

// values are some of a type; none: it is not known.
func (m *maker) values(kind string) []any {
	now := time.Now().UTC().Truncate(time.Second)
	switch kind {
	case "text", "character varying", "character":
		return []any{fmt.Sprintf("row %d", m.n), fmt.Sprintf("row%d", m.n)}
	case "bigint", "integer", "smallint", "numeric", "double precision", "real":
		return []any{m.n, 0, 1, 2, 0.5, 42}
	case "boolean":
		return []any{false, true}
	case "timestamp with time zone", "timestamp without time zone":
		return []any{now, now.Add(time.Hour), now.Add(-time.Hour)}
	case "date":
		return []any{now.AddDate(0, 0, m.n).Format(time.DateOnly)}
	case "time without time zone":
		return []any{"06:30", "22:00"}
	case "interval":
		return []any{fmt.Sprintf("%d minutes", m.n+1)}
	case "bytea":
		return []any{`\x` + hex.EncodeToString(fmt.Appendf(nil, "%032d", m.n)), `\x` + hex.EncodeToString(fmt.Appendf(nil, "%064d", m.n))}
	case "jsonb", "json":
		return []any{json.RawMessage("{}"), json.RawMessage("[]")}
	case "uuid":
		return []any{fmt.Sprintf("00000000-0000-4000-8000-%012d", m.n)}
	case "inet":
		return []any{"192.0.2.1"}
	case "ARRAY", "text[]", "bigint[]", "integer[]":
		return []any{json.RawMessage("[]")}
	}
	return nil
}
