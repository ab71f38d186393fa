package database

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"contractor-portal/integration_tests/harness"
)

// runsAs are the packages whose statements run, or may run, elsewhere than inside a customer. Those of
// every other package run as portal_app.
var runsAs = map[string][]string{
	"db":               {"portal_app", "portal_auth", "portal_platform"}, // opens the units of work of all three
	"db/audit":         {"portal_auditor", ""},                           // DBAs, and the installer
	"db/install":       {""},                                             // the installer
	"moving":           {"portal_mover", ""},                             // the installer, as whom it becomes
	"moving/clone":     {"portal_mover", ""},                             // likewise
	"moving/legacy":    {"portal_mover", ""},                             // likewise
	"server/auth":      {"portal_app", "portal_auth", "portal_platform"}, // log-in
	"server/login":     {"portal_app", "portal_platform"},                // an operator's own account
	"server/users":     {"portal_app", "portal_auth"},                    // those who join and those who ask are guests
	"server/endpoint":  {"portal_app", "portal_auth", "portal_platform"}, // the audit log
	"server/customers": {"portal_app", "portal_platform"},                // the registry
	"server/isolation": {"portal_platform"},                              // the audit, for operators
	"server/jobs":      {"portal_app", "portal_worker"},
	"server/settings":  {"portal_app", "portal_auth"}, // the token that signs a webhook
	"server/sms":       {"portal_app", "portal_auth"}, // the webhook
}

// Every statement of the program is one that PostgreSQL understands, and that its role may run: EXPLAIN
// asks for the privileges that PREPARE alone does not ask for.
func TestSQL_IsPreparedByItsRole(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	conns := map[string]*pgx.Conn{}
	for _, role := range []string{"portal_app", "portal_auth", "portal_platform", "portal_worker", "portal_mover", "portal_auditor", ""} {
		conns[role] = harness.ConnectAs(t, role, database)
	}
	all := harness.Statements(t)
	if len(all) < 100 {
		t.Errorf("only %d SQL constants were found", len(all))
	}
	packages := map[string]bool{}
	for i, s := range all {
		packages[s.Package] = true
		allowed := runsAs[s.Package]
		if allowed == nil {
			allowed = []string{"portal_app"}
		}
		var refusals []string
		for _, role := range allowed {
			err := explain(t, conns[role], fmt.Sprintf("s%d", i), s.Positional(t))
			if err == nil {
				refusals = nil
				break
			}
			refusals = append(refusals, fmt.Sprintf("%s: %v", role, err))
		}
		if len(refusals) > 0 {
			t.Errorf("%s is refused: %s", s, strings.Join(refusals, "; "))
		}
	}
	t.Logf("%d SQL constants of %d packages are prepared and explained", len(all), len(packages))

	for sql, code := range map[string]string{
		"select nothing from locations":                                          "42703",
		"select name from locations where id = $1 +":                             "42601",
		"select password_hash from platform.logins":                              "42501",
		"delete from platform.customers":                                         "42501",
		"insert into locations (customer_id, name, address) values ($1, $2, $3)": "42501",
	} {
		if err := explain(t, conns["portal_app"], "bad", sql); harness.SQLState(err) != code {
			t.Errorf("%s: got %v, want SQLSTATE %s", sql, err, code)
		}
	}
}

var explainable = regexp.MustCompile(`(?i)^\s*(select|insert|update|delete|with|merge|values)\b`)

// explain prepares a statement and asks for its plan, which runs nothing.
func explain(t *testing.T, conn *pgx.Conn, name, sql string) error {
	t.Helper()
	prepared, err := conn.Prepare(t.Context(), name, sql)
	if err != nil || !explainable.MatchString(sql) {
		return err
	}
	defer conn.Deallocate(t.Context(), name) //nolint:errcheck // the connection ends with the test
	values := ""
	if n := len(prepared.ParamOIDs); n > 0 {
		values = "(" + strings.Repeat(", null", n)[2:] + ")"
	}
	_, err = conn.Exec(t.Context(), "explain execute "+name+values)
	return err
}

var (
	parameterName = regexp.MustCompile(`@([a-z_]+)`)
	idParameter   = regexp.MustCompile(`(^|_)ids?$`)
)

// narrow are the parameters of a statement that are ids, but of which PostgreSQL takes no larger ones than 2³¹.
func narrow(t *testing.T, conn *pgx.Conn, named, positional string) []string {
	t.Helper()
	var names []string
	prepared, err := conn.Prepare(t.Context(), "", positional)
	if err != nil {
		t.Fatalf("%s: %v", positional, err)
	}
	for _, found := range parameterName.FindAllStringSubmatch(named, -1) {
		if !slices.Contains(names, found[1]) {
			names = append(names, found[1])
		}
	}
	if len(names) == 0 {
		return nil // its parameters have numbers
	}
	if len(names) != len(prepared.ParamOIDs) {
		t.Fatalf("%d parameters and the names %q of %s", len(prepared.ParamOIDs), names, named)
	}
	var found []string
	for i, oid := range prepared.ParamOIDs {
		if idParameter.MatchString(names[i]) && (oid == pgtype.Int4OID || oid == pgtype.Int4ArrayOID) {
			found = append(found, names[i])
		}
	}
	return found
}

// An id that is compared with a number alone is taken for an integer, and a larger one is an error then.
func TestSQL_TakesLargeIDs(t *testing.T) {
	t.Parallel()
	conn := harness.ConnectAs(t, "", harness.CloneDatabase(t))
	if _, err := conn.Exec(t.Context(), "set search_path = portal, pg_temp"); err != nil { // as the API's roles have it
		t.Fatal(err)
	}
	for _, s := range harness.Statements(t) {
		for _, name := range narrow(t, conn, s.SQL, s.Positional(t)) {
			t.Errorf("%s takes @%s for an integer: write @%s::bigint", s, name, name)
		}
	}
	for named, positional := range map[string]string{
		"select from portal.users where @user_id = 0 or id = @user_id": "select from portal.users where $1 = 0 or id = $1",
		"select @ids::int[], @n = 1":                                   "select $1::int[], $2 = 1",
	} {
		if found := narrow(t, conn, named, positional); len(found) != 1 {
			t.Errorf("%s: found %q", named, found)
		}
	}
}

// Every statement that reaches package db is such a constant, by its name: nothing escapes the tests of
// this file, and nothing is built from data.
func TestSQL_IsConstantAndNamed(t *testing.T) {
	t.Parallel()
	calls := 0
	for _, f := range harness.Sources(t) {
		if f.Pkg == "db" {
			continue
		}
		called := map[ast.Expr]bool{}
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			fun := call.Fun
			if generic, ok := fun.(*ast.IndexExpr); ok {
				fun = generic.X
			}
			if !takesSQL(fun) {
				return true
			}
			called[fun] = true
			calls++
			if len(call.Args) < 3 || !isSQLConstant(call.Args[2]) {
				t.Errorf("%s: the statement is not a constant whose name ends in SQL: write it above the function as const listSQL, with @names for what varies", f.At(call))
			}
			return true
		})
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			if e, ok := n.(ast.Expr); ok && takesSQL(e) && !called[e] {
				t.Errorf("%s: a function of package db that takes SQL is passed on: call it here, with the constant", f.At(e))
			}
			return true
		})
	}
	if calls < 100 {
		t.Errorf("only %d calls were found", calls)
	}
	t.Logf("%d calls", calls)
}

func takesSQL(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := s.X.(*ast.Ident)
	if !ok || pkg.Name != "db" {
		return false
	}
	switch s.Sel.Name {
	case "All", "One", "Value", "Page", "Each", "Exec", "Touch":
		return true
	}
	return false
}

func isSQLConstant(e ast.Expr) bool {
	name, ok := e.(*ast.Ident)
	return ok && strings.HasSuffix(name.Name, "SQL")
}
