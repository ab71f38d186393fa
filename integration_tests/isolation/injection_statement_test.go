package isolation

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// In the place of each value of each statement that the program sends, an expression enters nowhere: PostgreSQL
// does not even take the statement.
func TestInjection_OfEachStatement(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super := harness.ConnectAs(t, "", database)
	victim := harness.NewMember(t, super, harness.CompanyB, auth.Admin)
	conns := []*pgx.Conn{harness.ConnectAs(t, "portal_app", database), harness.ConnectAs(t, "portal_auth", database), harness.ConnectAs(t, "portal_platform", database)}
	value := regexp.MustCompile(`\$\d+`)
	tried := 0
	for _, s := range harness.Statements(t) {
		sql := s.Positional(t)
		for _, conn := range conns {
			if _, err := conn.Prepare(t.Context(), "", sql); err != nil || strings.HasPrefix(sql, "call") {
				continue // another role's
			}
			for _, place := range value.FindAllStringIndex(sql, -1) {
				injected := sql[:place[0]] + victim.Expression() + sql[place[1]:]
				if _, err := conn.Prepare(t.Context(), "", injected); harness.SQLState(err) != isProcedure {
					t.Errorf("%s, with an entry in the place of %s: %v", s, sql[place[0]:place[1]], err)
				}
				tried++
			}
		}
	}
	if tried < 500 {
		t.Errorf("%d places were tried", tried)
	}
}

const callableSQL = `
select p.oid::regprocedure::text as name, p.proretset as set, array(select format_type(k, null) from unnest(p.proargtypes) k) as kinds
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
where p.prokind = 'f'
  and p.pronargs > 0
  and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype)
  and not 'internal'::regtype = any (p.proargtypes)
  and has_function_privilege('portal_app', p.oid, 'execute')
  and has_schema_privilege('portal_app', n.oid, 'usage')
  and exists (select from unnest(p.proargtypes) k where k in ('text'::regtype, 'varchar'::regtype, 'name'::regtype, 'cstring'::regtype, 'bytea'::regtype, 'anyelement'::regtype, 'text[]'::regtype))
order by 1`

// No function that the API's role may call takes a statement and runs it.
func TestInjection_NoFunctionRunsAStatement(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, app := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_app", database)
	admin, victim := harness.NewMember(t, super, harness.CompanyA, auth.Admin), harness.NewMember(t, super, harness.CompanyB, auth.Admin)
	rows, _ := super.Query(t.Context(), callableSQL)
	functions, err := pgx.CollectRows(rows, pgx.RowToStructByName[struct {
		Name  string
		Set   bool
		Kinds []string
	}])
	if err != nil {
		t.Fatal(err)
	}
	if len(functions) < 300 {
		t.Errorf("%d functions take a text", len(functions))
	}
	ran := 0
	for _, statement := range []string{victim.Statement(), "set app.customer_id = 'BBBB33333'"} {
		err := admin.Inside(t.Context(), app, func(tx pgx.Tx) error {
			for _, f := range functions {
				sql := callWith(f.Name, f.Kinds, statement)
				err := pgx.BeginFunc(t.Context(), tx, func(tx pgx.Tx) error {
					_, err := tx.Exec(t.Context(), sql)
					return err
				})
				if err == nil {
					ran++
				}
				var company string
				if err := tx.QueryRow(t.Context(), "select tenancy.customer_id()").Scan(&company); err != nil || company != harness.CompanyA {
					t.Fatalf("%s: %v; then inside %s (%v)", sql, err, company, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if ran < len(functions)/2 {
		t.Errorf("only %d of %d calls did anything", ran, 2*len(functions))
	}

	// One that does is seen: this is what the gate and the audit keep away.
	if _, err := super.Exec(t.Context(), harness.PastTheGate(`
		create function portal.run(text) returns text language plpgsql as $$ begin execute $1; return 'done'; end $$;
		grant execute on function portal.run(text) to portal_app`)); err != nil {
		t.Fatal(err)
	}
	err = admin.Inside(t.Context(), app, func(tx pgx.Tx) error {
		var company string
		if _, err := tx.Exec(t.Context(), callWith("portal.run(text)", []string{"text"}, victim.Statement())); err != nil {
			return err
		}
		err := tx.QueryRow(t.Context(), "select tenancy.customer_id()").Scan(&company)
		if company != harness.CompanyB {
			t.Errorf("a function that runs statements leads into %s", company)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// callWith gives the statement wherever a text is taken, and something fitting elsewhere.
func callWith(signature string, kinds []string, statement string) string {
	name, _, _ := strings.Cut(signature, "(")
	quoted := "'" + strings.ReplaceAll(statement, "'", "''") + "'"
	args := make([]string, len(kinds))
	for i, kind := range kinds {
		value, known := map[string]string{
			"boolean": "true", "smallint": "1", "integer": "1", "bigint": "1", "numeric": "1", "real": "1", "double precision": "1", "oid": "0",
			"interval": "'1 s'", "date": "'2026-01-31'", "timestamp without time zone": "'2026-01-31'", "timestamp with time zone": "'2026-01-31'",
			"json": "'{}'", "jsonb": "'{}'", "xml": "'<a/>'", "tsquery": "'a'", "tsvector": "'a'", "regconfig": "'simple'", "regclass": "'portal.locations'",
			"regdictionary": "'simple'", "\"char\"": "'a'", "inet": "'127.0.0.1'", "point": "'(0,0)'", "pg_lsn": "'0/0'", "bit": "'1'",
		}[kind]
		switch {
		case known:
		case kind == "text[]":
			value = "array[" + quoted + "]"
		case kind == "bytea":
			value = "convert_to(" + quoted + ", 'UTF8')"
		case kind == "text", kind == "name", kind == "character varying", kind == "cstring", strings.HasPrefix(kind, "any"):
			value = quoted
		default:
			value = "null"
		}
		switch {
		case strings.HasPrefix(kind, "any"):
			kind = "text"
		case kind == "\"any\"":
			kind = "text"
		}
		args[i] = fmt.Sprintf("(%s)::%s", value, kind)
	}
	return fmt.Sprintf("select %s(%s)", name, strings.Join(args, ", "))
}

// Functions that run SQL given as text may not CALL, whoever may execute them.
func TestInjection_TextAsSQLCannotCall(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, app := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_app", database)
	admin, victim := harness.NewMember(t, super, harness.CompanyA, auth.Admin), harness.NewMember(t, super, harness.CompanyB, auth.Admin)
	call := strings.ReplaceAll(victim.Statement(), "'", "''")
	for _, f := range []struct{ function, call, harmless string }{
		{"query_to_xml(text, boolean, boolean, text)", "query_to_xml('%s', true, true, '')", "select 1"},
		{"query_to_xmlschema(text, boolean, boolean, text)", "query_to_xmlschema('%s', true, true, '')", "select 1"},
		{"query_to_xml_and_xmlschema(text, boolean, boolean, text)", "query_to_xml_and_xmlschema('%s', true, true, '')", "select 1"},
		{"ts_stat(text)", "ts_stat('%s')", "select to_tsvector(''a'')"},
		{"ts_stat(text, text)", "ts_stat('%s', 'a')", "select to_tsvector(''a'')"},
		{"ts_rewrite(tsquery, text)", "ts_rewrite('a'::tsquery, '%s')", "select ''a''::tsquery, ''b''::tsquery"},
	} {
		if _, err := super.Exec(t.Context(), "grant execute on function "+f.function+" to portal_app"); err != nil {
			t.Fatal(err)
		}
		for _, conn := range []*pgx.Conn{app, super} {
			err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
				if conn == app {
					if err := admin.Enter(t.Context(), tx); err != nil {
						return err
					}
				}
				run := func(sql string) error {
					return pgx.BeginFunc(t.Context(), tx, func(tx pgx.Tx) error {
						_, err := tx.Exec(t.Context(), "select "+fmt.Sprintf(f.call, sql))
						return err
					})
				}
				if err := run(f.harmless); err != nil {
					t.Errorf("%s does not even run a query: %v", f.function, err)
				}
				if err := run(call); err == nil || harness.SQLState(err) == "42501" {
					t.Errorf("%s with a CALL: %v", f.function, err)
				}
				var company *string
				err := tx.QueryRow(t.Context(), "select tenancy.customer_id()").Scan(&company)
				if company != nil && *company == harness.CompanyB {
					t.Errorf("%s leads into %s", f.function, *company)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	}
}
