package isolation

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// What a role may read, be it a table, a view or what a function returns, and whoever made it, tells
// nothing of any company as long as none is entered, and of one company inside it.
func TestOutside_NothingSpeaks(t *testing.T) {
	t.Parallel()
	s := newSiege(t)
	ofA, ofB := []string{harness.CompanyA, "@a.example", "Alder"}, []string{harness.CompanyB, "@b.example", "Birch"}
	for _, role := range []string{"portal_app", "portal_inspector"} {
		conn := s.dial(role, nil)
		rows, _ := s.super.Query(t.Context(), readableSQL, role)
		readable, err := pgx.CollectRows(rows, pgx.RowToStructByName[struct {
			Name, SQL  string
			IsFunction bool `db:"is_function"`
		}])
		if err != nil {
			t.Fatal(err)
		}
		if len(readable) < 25 {
			t.Errorf("%s may read only %v", role, readable)
		}
		for _, of := range readable {
			for company, foreign := range map[string][]string{"": slices.Concat(ofA, ofB), harness.CompanyA: ofB} {
				var text string
				err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
					if _, err := tx.Exec(t.Context(), "set local app.customer_id = '"+company+"'"); err != nil {
						return err
					}
					return tx.QueryRow(t.Context(), of.SQL).Scan(&text)
				})
				if err != nil && !of.IsFunction {
					t.Errorf("%s: %s: %v", role, of.SQL, err)
				}
				if i := slices.IndexFunc(foreign, func(word string) bool { return strings.Contains(text, word) }); i >= 0 {
					t.Errorf("%s reads %s in company %q, which tells of %s: %.200s", role, of.Name, company, foreign[i], text)
				}
			}
		}
	}
}

const readableSQL = `
select name, is_function, format('select coalesce(string_agg(r::text, chr(32)), chr(32)) from (select %s from %s) r', columns, name) as sql
from (
  select format('%I.%I', n.nspname, c.relname) as name, false as is_function, (
    select string_agg(quote_ident(a.attname), ', ')
    from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and has_column_privilege($1, c.oid, a.attnum, 'select')) as columns
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and has_schema_privilege($1, n.oid, 'usage')
  union all
  select format('%I.%I()', n.nspname, p.proname), true, '*'
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and p.prokind = 'f'
    and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
    and p.pronargs = p.pronargdefaults
    and has_schema_privilege($1, n.oid, 'usage')
    and has_function_privilege($1, p.oid, 'execute')
) as readable
where columns is not null
order by name`

// A function of the definer's calls what it names, also where its caller has others of the same names.
func TestOutside_DefinersAreNotFooled(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super := harness.ConnectAs(t, "", database)
	if _, err := super.Exec(t.Context(), `
		create schema mine;
		grant create on schema mine to portal_app, portal_auth, portal_platform;
		grant usage on schema mine to public;
		grant usage on language sql to portal_app, portal_auth, portal_platform`); err != nil {
		t.Fatal(err)
	}
	admin, op := harness.NewMember(t, super, harness.CompanyA, auth.Admin), harness.NewOperator(t, super)
	elsewhere, other := admin, op
	elsewhere.Customer, other.Acting = harness.CompanyB, new(int64)
	for role, way := range map[string]struct {
		sql             string
		genuine, forged []any
		code            string
	}{
		"portal_app":      {harness.EnterSQL, admin.Args(), elsewhere.Args(), "TN003"},
		"portal_auth":     {harness.EnterGuestSQL, []any{harness.CompanyA}, []any{"NOBODY99"}, "TN004"},
		"portal_platform": {harness.EnterOperatorSQL, op.OperatorArgs(), other.OperatorArgs(), "TN003"},
	} {
		conn := harness.ConnectAs(t, role, database)
		// To whom all are equal.
		for _, kind := range []string{"text", "bigint"} {
			for _, sql := range []string{
				fmt.Sprintf("create or replace function mine.equal(%s, %[1]s) returns boolean language sql immutable return true", kind),
				fmt.Sprintf("grant execute on function mine.equal(%s, %[1]s) to public", kind),
				fmt.Sprintf("create operator mine.= (leftarg = %s, rightarg = %[1]s, function = mine.equal)", kind),
			} {
				if _, err := conn.Exec(t.Context(), sql); err != nil && harness.SQLState(err) != "42501" && harness.SQLState(err) != "42723" {
					t.Fatal(err)
				}
			}
		}
		if _, err := conn.Exec(t.Context(), "set search_path = mine, pg_catalog"); err != nil {
			t.Fatal(err)
		}
		var fooled bool
		if err := conn.QueryRow(t.Context(), "select 'a'::text = 'b'::text and 1::bigint = 2::bigint").Scan(&fooled); err != nil || !fooled {
			t.Errorf("%s: its own operators are not taken (%v)", role, err)
		}
		if _, err := conn.Exec(t.Context(), way.sql, way.forged...); harness.SQLState(err) != way.code {
			t.Errorf("%s enters by an equality of its own: %v", role, err)
		}
		if _, err := conn.Exec(t.Context(), way.sql, way.genuine...); err != nil {
			t.Errorf("%s: a genuine entry: %v", role, err)
		}
	}
}

// Operators are shown what the audit finds, by one function; nobody else of the API is, and no view answers any of them.
func TestOutside_AuditIsForOperators(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super := harness.ConnectAs(t, "", database)
	rows, _ := super.Query(t.Context(), `select format('tenancy.%I', c.relname) from pg_class c where c.relnamespace = 'tenancy'::regnamespace and c.relkind in ('r', 'v')`)
	views, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(views) < 100 {
		t.Fatalf("%d views and tables: %v", len(views), err)
	}
	asked := map[string]string{"portal_app": "42501", "portal_auth": "42501", "portal_worker": "42501", "portal_inspector": "42501", "portal_platform": ""}
	for role, want := range asked {
		conn := harness.ConnectAs(t, role, database)
		if _, err := conn.Exec(t.Context(), `select findings, posture from tenancy.isolation()`); harness.SQLState(err) != want || want == "" && err != nil {
			t.Errorf("%s asks for the audit: %v", role, err)
		}
		for _, sql := range append(views, `tenancy.audit()`, `tenancy.posture_facts('{policy}')`, `tenancy.posture_hash()`, `tenancy.effective_policy('portal.users', 'portal_app', 'select')`) {
			if _, err := conn.Exec(t.Context(), `select * from `+sql); harness.SQLState(err) != "42501" {
				t.Errorf("%s reads %s: %v", role, sql, err)
			}
		}
	}
	// A search path of the caller's own changes nothing.
	conn := harness.ConnectAs(t, "portal_platform", database)
	if _, err := super.Exec(t.Context(), `create schema mine; grant usage on schema mine to public;
		create function mine.to_jsonb(anyelement) returns jsonb language sql immutable as $$ select '{}'::jsonb $$;
		grant execute on function mine.to_jsonb(anyelement) to public`); err != nil {
		t.Fatal(err)
	}
	said := func() (text string) {
		if err := conn.QueryRow(t.Context(), `select i.lints::text || i.tables::text || i.findings::text from tenancy.isolation() i`).Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	before := said()
	if _, err := conn.Exec(t.Context(), `set search_path = mine, pg_catalog`); err != nil {
		t.Fatal(err)
	}
	if after := said(); !strings.Contains(before, "portal.locations") || after != before {
		t.Errorf("it says, by a path of its own: %.200s", after)
	}
}
