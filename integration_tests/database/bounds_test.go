package database

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
)

// tooMuch are, for the types of columns, values that none of them may hold: such as JSON has none of, and such as
// have no end.
var tooMuch = map[string][]any{
	"numeric": {"NaN"}, "double precision": {"NaN", "Infinity", "-Infinity"}, "real": {"NaN", "Infinity", "-Infinity"},
	"timestamp with time zone": {"infinity", "-infinity"}, "timestamp without time zone": {"infinity", "-infinity"}, "date": {"infinity", "-infinity"},
	"text": {strings.Repeat("x", 2<<20)}, "character varying": {strings.Repeat("x", 2<<20)},
	"jsonb": {map[string]any{"a": strings.Repeat("x", 2<<20)}, []any{strings.Repeat("x", 2<<20)}, strings.Repeat("x", 2<<20)},
	"json":  {map[string]any{"a": strings.Repeat("x", 2<<20)}, []any{strings.Repeat("x", 2<<20)}, strings.Repeat("x", 2<<20)},
}

// A column that belongs to a foreign key holds what its parent holds.
const columnsSQL = `
select a.attrelid::regclass::text as relation, a.attname::text as name, regexp_replace(format_type(a.atttypid, null), '\[\]$', '') as kind,
  format_type(a.atttypid, null) like '%[]' as is_list,
  array(
    select pg_get_expr(k.conbin, k.conrelid)
    from pg_constraint k
    where k.conrelid = a.attrelid and k.contype = 'c' and k.convalidated and a.attnum = any (k.conkey)
  ) as rules
from pg_attribute a
join pg_class c on c.oid = a.attrelid
where c.relnamespace in ('portal'::regnamespace, 'platform'::regnamespace)
  and c.relkind in ('r', 'p')
  and a.attnum > 0
  and not a.attisdropped
  and not exists (select from pg_constraint k where k.conrelid = a.attrelid and k.contype = 'f' and a.attnum = any (k.conkey))
order by 1, a.attnum`

type boundedColumn struct {
	Relation, Name, Kind string
	IsList               bool
	Rules                []string
}

// unbounded says which columns would hold one of these values: those of which no check refuses a row with nothing
// else in it.
func unbounded(t *testing.T, tx pgx.Tx) (found []string, looked int) {
	t.Helper()
	rows, _ := tx.Query(t.Context(), columnsSQL)
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[boundedColumn])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range columns {
		for _, value := range tooMuch[c.Kind] {
			looked++
			if c.IsList {
				value = []any{value}
			}
			row, err := json.Marshal(map[string]any{c.Name: value})
			if err != nil {
				t.Fatal(err)
			}
			refused := false
			for _, rule := range c.Rules {
				var no bool
				sql := fmt.Sprintf("select (%s) is false from jsonb_populate_record(null::%s, $1)", rule, c.Relation)
				if err := tx.QueryRow(t.Context(), sql, row).Scan(&no); err != nil {
					t.Fatalf("%s: %v", sql, err)
				}
				refused = refused || no
			}
			if !refused {
				found = append(found, fmt.Sprintf("%s.%s holds %.20v", c.Relation, c.Name, value))
			}
		}
	}
	return found, looked
}

// Every column has an end: a text and JSON by their length, a number and a time by being finite. Tables of schema
// tenancy are DBAs'.
func TestBounds_OfEveryColumn(t *testing.T) {
	t.Parallel()
	conn := harness.ConnectAs(t, "", harness.CloneDatabase(t))
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // what was planted goes with the database
	found, looked := unbounded(t, tx)
	for _, column := range found {
		t.Errorf("%s: give it a check that says where it ends, as the migration that adds bounds does", column)
	}
	if looked < 200 {
		t.Errorf("only %d columns and values", looked)
	}

	if _, err := tx.Exec(t.Context(), harness.PastTheGate(`alter table portal.locations
		add planted_text text, add planted_json jsonb, add planted_number numeric check (planted_number >= 0), add planted_time timestamptz check (planted_time > '2000-01-01'),
		add planted_list text[], add bounded_text text check (char_length(bounded_text) < 7), add kind text check (kind in ('a', 'b'))`)); err != nil {
		t.Fatal(err)
	}
	found, _ = unbounded(t, tx)
	for _, name := range []string{"planted_text", "planted_json", "planted_number", "planted_time", "planted_list"} {
		if !strings.Contains(strings.Join(found, "\n"), "."+name+" holds") {
			t.Errorf("column %s is not noticed, but %q", name, found)
		}
		if strings.Contains(strings.Join(found, "\n"), "bounded_text") {
			t.Errorf("%q", found)
		}
	}
}
