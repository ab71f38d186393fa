package integration_tests

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

	"contractor-portal/server/auth"
)

// bigTable is the size in pages from which a table is read through an index of the customer's rows.
const bigTable = 1000

// Among many customers every statement still finds its own one's rows by an index that begins with
// customer_id, and no wall is asked for each row. TEST_PLANS_CUSTOMERS says how many customers there are.
func TestPlans_FindOneCustomerAmongMany(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.populate()
	customers := 2000 // some 240 rows each
	if n, err := strconv.Atoi(os.Getenv("TEST_PLANS_CUSTOMERS")); err == nil {
		customers = n
	}
	l := crowded(t, p, customers)

	planned, run := 0, 0
	for _, s := range statements(t) {
		roles := runsAs[s.Package]
		if roles == nil {
			roles = []string{"portal_app"}
		}
		if !explainable.MatchString(s.SQL) {
			continue
		}
		done := false
		for _, role := range roles {
			if role == "" || role == "portal_auditor" {
				continue
			}
			plans, ran := l.plans(s, role)
			for _, plan := range plans {
				for _, fault := range l.faults(plan, role == "portal_app") {
					t.Errorf("%s as %s: %s", s, role, fault)
				}
			}
			done = done || len(plans) > 0
			run += ran
		}
		if done {
			planned++
		}
	}
	if planned < 150 || run < 100 || len(l.big) < 20 {
		t.Errorf("only %d statements were planned, %d of them run, among %d big tables", planned, run, len(l.big))
	}
	t.Logf("%d statements planned, %d run, among %d tables of more than %d pages", planned, run, len(l.big), bigTable)
}

// The test above sees a statement that reads other customers' rows, and a wall that is asked for each row.
func TestPlans_SeesFaults(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.populate()
	l := crowded(t, p, 1000)
	app := l.conn("portal_app")
	runAll(t, app, "set enable_indexscan = off; set enable_indexonlyscan = off; set enable_bitmapscan = off")
	l.expect("select name from locations", "reads all of locations")
	runAll(t, app, "reset enable_indexscan; reset enable_indexonlyscan; reset enable_bitmapscan")
	l.expect("select name from locations", "")

	p.exec("create index anybodys_names on portal.locations (name)")
	p.exec("drop index portal.locations_by_name")
	l.index()
	runAll(t, app, "set enable_seqscan = off; set enable_bitmapscan = off; set enable_sort = off")
	l.expect("select name from locations order by name", "reads by anybodys_names")
	runAll(t, app, "reset all")

	l.expect("select p.name, (select tenancy.role() where p.id > 0) from locations p", "asks for the context")

	p.exec(pastTheGate("alter policy wall on portal.users using (customer_id = tenancy.customer_id()) with check (customer_id = tenancy.customer_id())"))
	l.expect("select name from users where role = 'Admin'", "the context is asked for each row")
}

// A lab plans statements in a database where each customer is one of many.
type lab struct {
	t       *testing.T
	p       *portal
	conns   map[string]*pgx.Conn // by role
	entry   entry
	big     map[string]bool  // tables, by schema and name
	indexes map[string]index // by name
}

// An index is of a table, by schema and name, and begins with a column.
type index struct{ Name, Table, Leads string }

// runAll runs the statements of a text, one after the other.
func runAll(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.PgConn().Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatal(err)
	}
}

// multiplySQL gives each of so many customers what company A has in a table. Every key begins with
// customer_id, so the copies are valid; in tables that hold many rows to a page there are fewer to one.
const multiplySQL = `
alter table %[1]s set (fillfactor = 10);
insert into %[1]s (customer_id, %[2]s) overriding system value
select 'P' || lpad(n::text, 7, '0'), %[2]s
from %[1]s, generate_series(1, %[3]d) as n
where customer_id = '%[4]s'`

// crowded multiplies company A.
func crowded(t *testing.T, p *portal, customers int) *lab {
	t.Helper()
	l := &lab{t: t, p: p, conns: map[string]*pgx.Conn{}, entry: member(t, p.super, companyA, auth.Admin)}
	type target struct{ Name, Columns string }
	rows, _ := p.super.Query(t.Context(), `
		select c.oid::regclass::text as name, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
		from pg_class c
		join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attname <> 'customer_id'
		  and (c.oid, a.attname) <> ('platform.audit_log'::regclass, 'id') -- one number for all customers
		where c.relkind = 'r'
		  and exists (select from pg_attribute k where k.attrelid = c.oid and k.attname = 'customer_id')
		  and (c.relnamespace = 'portal'::regnamespace or c.oid in ('platform.logins'::regclass, 'platform.usage'::regclass, 'platform.audit_log'::regclass))
		group by c.oid`)
	targets, err := pgx.CollectRows(rows, pgx.RowToStructByName[target])
	if err != nil {
		t.Fatal(err)
	}
	// As a replica it asks no trigger and no key.
	super := connectAs(t, "", p.database)
	runAll(t, super, "set session_replication_role = replica; set tenancy.installing = on")
	for _, of := range targets {
		runAll(t, super, fmt.Sprintf(multiplySQL, of.Name, of.Columns, customers, companyA))
	}
	runAll(t, super, "analyze")

	sizes, _ := p.super.Query(t.Context(), `
		select oid::regclass::text from pg_class
		where relnamespace in ('portal'::regnamespace, 'platform'::regnamespace) and relkind = 'r' and relpages > $1`, bigTable)
	names, err := pgx.CollectRows(sizes, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	l.big = map[string]bool{}
	for _, name := range names {
		l.big[name] = true
	}
	l.index()
	return l
}

// index learns which indexes there are.
func (l *lab) index() {
	l.t.Helper()
	rows, _ := l.p.super.Query(l.t.Context(), `
		select c.relname as name, i.indrelid::regclass::text as "table", coalesce(a.attname, '') as leads
		from pg_index i
		join pg_class c on c.oid = i.indexrelid
		left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
		where c.relnamespace in ('portal'::regnamespace, 'platform'::regnamespace)`)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[index])
	if err != nil {
		l.t.Fatal(err)
	}
	l.indexes = map[string]index{}
	for _, i := range all {
		l.indexes[i.Name] = i
	}
}

func (l *lab) conn(role string) *pgx.Conn {
	if l.conns[role] == nil {
		l.conns[role] = connectAs(l.t, role, l.p.database)
	}
	return l.conns[role]
}

var atName = regexp.MustCompile(`@(\w+)`)

// plans are how PostgreSQL runs the statement whatever its values are, and for some; where it can be run
// with these, with how often each part was. None where the role may not run it.
func (l *lab) plans(s statement, role string) (plans []any, ran int) {
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
		return nil, 0
	}
	defer conn.Deallocate(l.t.Context(), "planned") //nolint:errcheck // the connection ends with the test
	var values []string
	for i, oid := range prepared.ParamOIDs {
		name := ""
		if i < len(order) {
			name = order[i].(string)
		}
		values = append(values, plausible(name, oid))
	}
	execute := "execute planned"
	if len(values) > 0 {
		execute += " (" + strings.Join(values, ", ") + ")"
	}
	for mode, analyze := range map[string]string{"force_generic_plan": "", "force_custom_plan": "analyze, "} {
		// What cannot be run with these values can be planned.
		for _, analyze := range slices.Compact([]string{analyze, ""}) {
			plan, err := l.explain(conn, role, mode, "explain ("+analyze+"verbose, format json) "+execute)
			if err == nil {
				plans = append(plans, plan)
				if analyze != "" {
					ran++
				}
				break
			}
		}
	}
	return plans, ran
}

func (l *lab) explain(conn *pgx.Conn, role, mode, sql string) (plan any, err error) {
	tx, err := conn.Begin(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	defer tx.Rollback(l.t.Context()) //nolint:errcheck // nothing is to be kept
	if role == "portal_app" {
		if err := l.entry.enter(l.t.Context(), tx); err != nil {
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
	plans, ran := l.plans(statement{SQL: sql}, "portal_app")
	if ran == 0 {
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
		case kind == "Seq Scan" && l.big[text("Schema")+"."+relation]:
			all = append(all, "reads all of "+relation)
		case inside && l.big[index.Table] && (index.Leads != "customer_id" || !strings.Contains(text("Index Cond"), "customer_id")):
			all = append(all, fmt.Sprintf("reads by %s, where %q", text("Index Name"), text("Index Cond")))
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
