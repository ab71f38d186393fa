package database

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"contractor-portal/integration_tests/harness"
)

// bigTable is the size in pages from which a table is read through an index of the customer's rows.
const bigTable = 1000

// Among many customers every statement still finds its own one's rows by an index that begins with
// customer_id, and no wall is asked for each row. TEST_PLANS_ROWS says how many rows each table has.
func TestPlans(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	p.Populate()
	rows := 14_000 // of the narrowest rows just enough
	if n, err := strconv.Atoi(os.Getenv("TEST_PLANS_ROWS")); err == nil {
		rows = n
	}
	l := crowded(t, p, rows)
	for _, name := range l.small {
		if small[name] == "" {
			t.Errorf("%s has no more than %d pages, so nothing is seen of how it is read", name, bigTable)
		}
	}

	planned, run := 0, 0
	for _, s := range harness.Statements(t) {
		roles := runsAs[s.Package]
		if roles == nil {
			roles = []string{"portal_app"}
		}
		if role, ok := runsOnlyAs[s.String()]; ok {
			roles = []string{role}
		}
		roles = slices.DeleteFunc(slices.Clone(roles), func(role string) bool { return role == "" || role == "portal_auditor" })
		if len(roles) == 0 || !explainable.MatchString(s.SQL) {
			continue
		}
		faults, possible := map[string]bool{}, false
		for _, role := range roles {
			plans, ran := l.plans(s, role)
			for _, plan := range plans {
				for _, fault := range l.faults(plan, role == "portal_app") {
					faults[role+": "+fault] = true
				}
			}
			possible = possible || len(plans) > 0
			if ran {
				run++
			}
		}
		if !possible {
			t.Errorf("%s cannot be planned as %v", s, roles)
		}
		planned++
		if readsAll[s.String()] != "" {
			if len(faults) == 0 {
				t.Errorf("%s does not read all of a table any more", s)
			}
			continue
		}
		for fault := range faults {
			t.Errorf("%s as %s", s, fault)
		}
	}
	if run < planned/2 {
		t.Errorf("of %d statements only %d could be run", planned, run)
	}
	t.Logf("%d statements planned, %d run, among %d tables of more than %d pages", planned, run, len(l.big), bigTable)
	l.seesFaults()
}

// Tables that stay small, and why.
var small = map[string]string{
	"platform.operators":         "a few people",
	"platform.receiving_numbers": "read by its key, one for a customer; a copy would be no telephone number",
}

// Statements of operators that read the companies as a whole, and why.
var readsAll = map[string]string{
	"server/customers.listSQL":      "they are listed",
	"server/customers.nameTakenSQL": "asked when an operator adds one",
}

// Statements that another role of their package may run too, but does not.
var runsOnlyAs = map[string]string{
	// The installer, who looks once at what is no customer's.
	"moving.forgetAnswersSQL":            "",
	"moving.forgetAttemptsSQL":           "",
	"moving.forgetDeedsSQL":              "",
	"moving.presentSQL":                  "",
	"server/auth.companySQL":             "portal_auth",
	"server/customers.checkSubdomainSQL": "portal_platform",
	"server/auth.enteredSQL":             "portal_app", // and of jobs, which may the same
	"server/customers.featuresSQL":       "portal_app",
	"server/customers.numberSQL":         "portal_platform",
	"server/customers.ownSQL":            "portal_app",
	"server/customers.updateOwnSQL":      "portal_app",
	"server/login.policySQL":             "portal_app",
	"server/login.setPolicySQL":          "portal_app",
	"server/login.stuckSQL":              "portal_app",
	"server/settings.signingTokenSQL":    "portal_auth",
	"server/sms.writerSQL":               "portal_auth",
	"server/users.joinSQL":               "portal_auth",
	"server/users.requestSQL":            "portal_auth",
}

// seesFaults plants a statement that reads other customers' rows, and a wall that is asked for each row.
func (l *lab) seesFaults() {
	t, p, app := l.t, l.p, l.conn("portal_app")
	t.Helper()
	runAll(t, app, "set enable_indexscan = off; set enable_indexonlyscan = off; set enable_bitmapscan = off")
	l.expect("select name from locations", "reads all of locations")
	runAll(t, app, "reset enable_indexscan; reset enable_indexonlyscan; reset enable_bitmapscan")
	l.expect("select name from locations", "")

	p.Exec("create index anybodys_names on portal.locations (name)")
	p.Exec("drop index portal.locations_by_name")
	l.index()
	runAll(t, app, "set enable_seqscan = off; set enable_bitmapscan = off; set enable_sort = off")
	l.expect("select name from locations order by name", "reads by anybodys_names")
	runAll(t, app, "reset all")

	l.expect("select p.name, (select tenancy.role() where p.id > 0) from locations p", "asks for the context")

	p.Exec(harness.PastTheGate("alter policy wall on portal.users using (customer_id = tenancy.customer_id()) with check (customer_id = tenancy.customer_id())"))
	l.expect("select name from users where role = 'Admin'", "the context is asked for each row")
}

var atName = regexp.MustCompile(`@(\w+)`)

// plans are how PostgreSQL runs the statement whatever its values are, without any, and with some; where it
// can be run with these, with how often each part was. None where the role may not run it.
func (l *lab) plans(s harness.Statement, role string) (plans []any, ran bool) {
	l.t.Helper()
	conn := l.conn(role)
	names := pgx.NamedArgs{}
	for _, m := range atName.FindAllStringSubmatch(s.SQL, -1) {
		names[m[1]] = m[1]
	}
	sql, order, err := names.RewriteQuery(l.t.Context(), nil, s.SQL, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	prepared, err := conn.Prepare(l.t.Context(), "planned", sql)
	if err != nil {
		return nil, false
	}
	defer conn.Deallocate(l.t.Context(), "planned") //nolint:errcheck // the connection ends with the test
	some, none := "", ""
	for i, oid := range prepared.ParamOIDs {
		name := ""
		if i < len(order) {
			name = order[i].(string)
		}
		some, none = some+", "+plausible(name, oid), none+", null"
	}
	with := func(values string) string {
		if values == "" {
			return "execute planned"
		}
		return "execute planned (" + values[2:] + ")"
	}
	for _, way := range []struct{ mode, execute string }{
		{"force_generic_plan", with(none)},
		{"force_custom_plan", with(none)},
		{"force_custom_plan", with(some)},
	} {
		if plan, err := l.explain(conn, role, way.mode, "explain (verbose, format json) "+way.execute); err == nil {
			plans = append(plans, plan)
		}
	}
	// Not every statement can be run with values that were made up.
	plan, err := l.explain(conn, role, "force_custom_plan", "explain (analyze, verbose, format json) "+with(some))
	if err != nil {
		return plans, false
	}
	return append(plans, plan), true
}

func (l *lab) explain(conn *pgx.Conn, role, mode, sql string) (plan any, err error) {
	tx, err := conn.Begin(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	defer tx.Rollback(l.t.Context()) //nolint:errcheck // nothing is to be kept
	if role == "portal_app" {
		if err := l.entry.Enter(l.t.Context(), tx); err != nil {
			l.t.Fatal(err)
		}
	}
	var text []byte
	if _, err = tx.Exec(l.t.Context(), "set local plan_cache_mode = "+mode); err == nil {
		err = tx.QueryRow(l.t.Context(), sql).Scan(&text)
	}
	if err != nil {
		return nil, err
	}
	return plan, json.Unmarshal(text, &plan)
}

// plausible is a literal of a type, for a value of that name.
func plausible(name string, oid uint32) string {
	switch name {
	case "limit":
		return "50"
	case "offset":
		return "0"
	}
	switch oid {
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.NumericOID, pgtype.Float8OID:
		return "1"
	case pgtype.BoolOID:
		return "true"
	case pgtype.TimestamptzOID, pgtype.DateOID:
		return "now()"
	case pgtype.UUIDOID:
		return "gen_random_uuid()"
	case pgtype.JSONBOID, pgtype.JSONOID:
		return "'{}'"
	case pgtype.ByteaOID:
		return `'\x00'`
	case pgtype.TextOID, pgtype.VarcharOID:
		return "'x'"
	case pgtype.Int4ArrayOID, pgtype.Int8ArrayOID, pgtype.TextArrayOID, pgtype.NumericArrayOID:
		return "'{1}'"
	}
	return "null"
}

// expect plans a statement of our own, and looks for a fault that contains a text; "" for none.
func (l *lab) expect(sql, fault string) {
	l.t.Helper()
	plans, ran := l.plans(harness.Statement{SQL: sql}, "portal_app")
	if !ran {
		l.t.Fatalf("%s does not run", sql)
	}
	var faults []string
	for _, plan := range plans {
		faults = append(faults, l.faults(plan, true)...)
	}
	if found := strings.Join(faults, "; "); (fault == "") != (found == "") || !strings.Contains(found, fault) {
		l.t.Errorf("%s: faults %q, want %q", sql, found, fault)
	}
}

// faults of a plan: a big table that is read otherwise than by an index of the customer's rows, or, outside
// of a customer, as a whole; and a setting of the context that is asked for more than once.
func (l *lab) faults(plan any, inside bool) (all []string) {
	switch n := plan.(type) {
	case []any:
		for _, part := range n {
			all = append(all, l.faults(part, inside)...)
		}
	case map[string]any:
		text := func(key string) string { s, _ := n[key].(string); return s }
		kind, relation, index := text("Node Type"), text("Relation Name"), l.indexes[text("Index Name")]
		switch {
		case inside && l.big[index.Table] && (index.Leads != "customer_id" || !strings.Contains(text("Index Cond"), "customer_id")):
			all = append(all, fmt.Sprintf("reads by %s, where %q", text("Index Name"), text("Index Cond")))
		case l.big[text("Schema")+"."+relation] && !strings.HasPrefix(kind, "Bitmap") && kind != "ModifyTable" && text("Index Cond") == "":
			all = append(all, fmt.Sprintf("reads all of %s by a %s", relation, kind))
		}
		for key, value := range n {
			if condition, ok := value.(string); ok && (strings.HasSuffix(key, "Cond") || strings.HasSuffix(key, "Filter")) && strings.Contains(condition, "current_setting(") {
				all = append(all, fmt.Sprintf("the context is asked for each row: %s of %s %s: %s", key, kind, relation, condition))
			}
		}
		// A query of its own: the walls', and those that ask who acts.
		if loops, _ := n["Actual Loops"].(float64); loops > 1 && text("Subplan Name") != "" && strings.Contains(fmt.Sprint(n["Output"]), "current_setting(") {
			all = append(all, fmt.Sprintf("%s asks for the context %.0f times", text("Subplan Name"), loops))
		}
		for _, key := range slices.Sorted(maps.Keys(n)) {
			if _, leaf := n[key].(string); !leaf {
				all = append(all, l.faults(n[key], inside)...)
			}
		}
	}
	return all
}
