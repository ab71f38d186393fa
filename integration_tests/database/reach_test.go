package database

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
)

// What tenancy.reach says of random databases is what their roles can really do: each graph of roles, memberships, grants, views,
// materialized views, rules, functions, triggers and children is made in one transaction, every role tries every object in the
// context of one company, as itself and as whomever it may become, and what it saw or changed of the other company is compared.
// TEST_GRAPHS says how many, TEST_SEED which.
func TestReach_IsWhatRolesCanDo(t *testing.T) {
	t.Parallel()
	graphs, seed := numberOf(t, "TEST_GRAPHS", 8), numberOf(t, "TEST_SEED", 1)
	conn := harness.ConnectAs(t, "", harness.CloneDatabase(t))
	var major int
	if err := conn.QueryRow(t.Context(), `select current_setting('server_version_num')::int / 10000`).Scan(&major); err != nil {
		t.Fatal(err)
	}
	var sum tally
	for n := range graphs {
		g := &graph{Rand: rand.New(rand.NewPCG(uint64(seed), uint64(n))), major: major} //nolint:gosec // no secret
		g.make()
		got := g.compare(t, conn)
		for _, missed := range got.missed {
			t.Errorf("seed %d, graph %d: not reported: %s\n%s", seed, n, missed, strings.Join(g.sql, ";\n"))
		}
		for _, f := range got.wrong {
			t.Logf("seed %d, graph %d: reported, and not so: %s", seed, n, f)
		}
		sum.add(got)
	}
	harness.Summarize("reach: seed %d, %d graphs, %d roles, %d paths; %d reached things that are foreign, %d of them certain in tenancy.reach; certain and not reached: %d of %d\n",
		seed, graphs, sum.roles, sum.paths, sum.reached, sum.found, len(sum.wrong), sum.certain)
	if len(sum.wrong)*20 > sum.certain {
		t.Errorf("%d of %d that are reported as certain cannot be reached", len(sum.wrong), sum.certain)
	}
	if sum.found == 0 {
		t.Error("nothing was reached")
	}
}

func numberOf(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

type tally struct {
	roles, paths, reached, found, certain int
	missed, wrong                         []string
}

func (s *tally) add(o tally) {
	s.roles += o.roles
	s.paths += o.paths
	s.reached += o.reached
	s.found += o.found
	s.certain += o.certain
	s.wrong = append(s.wrong, o.wrong...)
}

// A thing holds rows, or leads to some: a table, a view or a function. Each has one column of text that matters.
type thing struct {
	name, column string
	reads        string // selects the column
	opaque       bool   // a body given as a string is on the way
	inserts      bool   // takes a row that is nothing but the column
	isTable      bool
}

// A graph is one random database: the script that makes it, and what there is to try.
type graph struct {
	*rand.Rand
	major  int
	sql    []string
	roles  []string
	things []thing
	writes []string // statements that may change rows
	tables []thing  // whose foreign rows bear their name
}

func (g *graph) say(format string, args ...any) { g.sql = append(g.sql, fmt.Sprintf(format, args...)) }

func (g *graph) chance(percent int) bool { return g.IntN(100) < percent }

func (g *graph) role() string { return g.roles[g.IntN(len(g.roles))] }

// owner is the superuser now and then, and often a role.
func (g *graph) owner() string {
	if g.chance(40) {
		return "postgres"
	}
	return g.role()
}

func (g *graph) any() thing { return g.things[g.IntN(len(g.things))] }

// transparent is a thing with no body given as a string on the way: what a copy was made from must be known.
func (g *graph) transparent() thing {
	for {
		if x := g.any(); !x.opaque {
			return x
		}
	}
}

func (g *graph) schema() string { return []string{"near_by", "apart"}[g.IntN(2)] }

func (g *graph) make() {
	g.say(`set local tenancy.installing = 'on'`)
	// One row of each company in each table; the other company's bears the table's name.
	for _, x := range []struct{ name, column, more, values string }{
		{"portal.routes", "name", "customer_id, user_id", "c.id, (select min(id) from portal.users u where u.customer_id = c.id)"},
		{"portal.equipment_rates", "equipment_name", "customer_id", "c.id"},
		{"portal.winter_products", "name", "customer_id, unit", "c.id, 'bag'"},
		{"platform.login_attempts", "email", "outcome", "'refused'"},
	} {
		g.say(`insert into %s (%s, %s) select c.mark, %s from (values ('%s', 'own'), ('%s', 'foreign:%[1]s')) as c (id, mark)`,
			x.name, x.column, x.more, x.values, harness.CompanyA, harness.CompanyB)
		g.table(x.name, x.column)
	}
	for i := range 5 {
		role := fmt.Sprintf("r%d", i)
		g.roles = append(g.roles, role)
		g.say(`create role %s %s %s`, role, []string{"inherit", "noinherit"}[g.IntN(2)], []string{"bypassrls", "nobypassrls", "nobypassrls", "nobypassrls", "nobypassrls"}[g.IntN(5)])
	}
	if g.chance(10) {
		g.say(`alter role r4 superuser`)
	}
	g.memberships()
	g.say(`create schema near_by; grant usage on schema near_by, portal, platform to public; create schema apart; grant usage on schema apart to %s`, g.role())
	g.tablesBeside()
	for i := range 14 {
		switch k := g.IntN(10); {
		case k < 5:
			g.view(i)
		case k < 6:
			g.copy(i)
		default:
			g.function(i)
		}
	}
	// Until here everything was the superuser's, and so was what is copied.
	var given []string
	for i, sql := range g.sql {
		given = append(given, ownership.FindAllString(sql, -1)...)
		g.sql[i] = ownership.ReplaceAllString(sql, "select")
	}
	g.sql = append(g.sql, given...)
	g.rules()
	g.grants()
}

var ownership = regexp.MustCompile(`alter (table|view|materialized view|function) \S+ owner to \w+`)

func (g *graph) table(name, column string) {
	x := thing{name: name, column: column, reads: fmt.Sprintf("select %s as mark from %s", column, name), isTable: true}
	g.things, g.tables = append(g.things, x), append(g.tables, x)
}

func (g *graph) memberships() {
	for _, up := range []string{"portal_app", "portal_auth", "portal_backup", "portal_inspector"} {
		if g.chance(15) {
			g.member(up, g.role())
		}
	}
	for i := range g.roles {
		for j := i + 1; j < len(g.roles); j++ {
			if g.chance(20) {
				g.member(g.roles[j], g.roles[i])
			}
		}
	}
}

func (g *graph) member(of, role string) {
	with := ""
	if g.major >= 16 {
		with = fmt.Sprintf(" with inherit %t, set %t", g.chance(50), g.chance(50))
	}
	g.say(`grant %s to %s%s`, of, role, with)
}

// tablesBeside are a child and a parent of a tenant table in another schema, and a table that has nothing to do with it.
func (g *graph) tablesBeside() {
	target := g.tables[g.IntN(3)]
	child := g.schema() + ".child"
	g.say(`create table %s () inherits (%s)`, child, target.name)
	g.say(`insert into %s select * from only %s where %s like 'foreign%%'; update %[1]s set %[3]s = 'foreign:%[1]s'`, child, target.name, target.column)
	g.say(`alter table %s %s row level security, %s row level security`, child, []string{"enable", "disable"}[g.IntN(2)], []string{"force", "no force"}[g.IntN(2)])
	switch g.IntN(3) {
	case 0:
		g.say(`create policy wall on %s as restrictive using (customer_id = (select tenancy.customer_id())); create policy door on %[1]s using (true)`, child)
	case 1:
		g.say(`create policy door on %s to %s using (%s)`, child, g.role(), []string{"true", "customer_id = (select tenancy.customer_id())"}[g.IntN(2)])
	}
	g.say(`alter table %s owner to %s`, child, g.owner())
	g.table(child, target.column)

	parent := g.schema() + ".parent"
	g.say(`create table %s (%s text not null); insert into %[1]s values ('foreign:%[1]s'); alter table %[3]s inherit %[1]s; alter table %[1]s owner to %[4]s`,
		parent, g.tables[0].column, g.tables[0].name, g.owner())
	g.table(parent, g.tables[0].column)

	g.say(`create table near_by.notes (mark text); insert into near_by.notes values ('note'); alter table near_by.notes owner to %s`, g.owner())
	g.things = append(g.things, thing{name: "near_by.notes", column: "mark", reads: "select mark from near_by.notes", inserts: true, isTable: true})
}

func (g *graph) view(i int) {
	from := g.any()
	name := fmt.Sprintf("%s.v%d", g.schema(), i)
	g.say(`create view %s with (security_invoker = %t) as %s; alter view %[1]s owner to %[4]s`, name, g.chance(40), from.reads, g.owner())
	g.things = append(g.things, thing{name: name, column: "mark", reads: "select mark from " + name, opaque: from.opaque})
}

func (g *graph) copy(i int) {
	name := fmt.Sprintf("%s.m%d", g.schema(), i)
	g.say(`create materialized view %s as %s; alter materialized view %[1]s owner to %[3]s`, name, g.transparent().reads, g.owner())
	g.things = append(g.things, thing{name: name, column: "mark", reads: "select mark from " + name})
}

func (g *graph) function(i int) {
	from, name := g.any(), fmt.Sprintf("%s.f%d", g.schema(), i)
	does, returns := from.reads, "setof text"
	if g.chance(60) && from.isTable {
		does, returns = g.change(from), "void"
	}
	settings := ""
	if g.chance(15) {
		settings = " set app.customer_id = '" + harness.CompanyB + "'"
	}
	opaque := g.chance(30)
	body := "begin atomic " + does + "; end"
	if opaque {
		body = "as $body$ " + does + " $body$"
	}
	g.say(`create function %s() returns %s language sql%s%s %s; alter function %[1]s() owner to %[6]s`,
		name, returns, []string{"", " security definer"}[g.IntN(2)], settings, body, g.owner())
	if g.chance(70) {
		g.say(`revoke execute on function %s() from public; grant execute on function %[1]s() to %s`, name, g.role())
	}
	if returns == "void" {
		g.writes = append(g.writes, "select "+name+"()")
		return
	}
	g.things = append(g.things, thing{column: "mark", reads: "select mark from " + name + "() as mark", opaque: from.opaque || opaque})
}

// change is a statement that changes all rows of a thing.
func (g *graph) change(x thing) string {
	if g.chance(70) {
		return fmt.Sprintf("update %s set %s = md5(random()::text)", x.name, x.column)
	}
	return "delete from " + x.name
}

// rules and triggers stand where somebody may insert.
func (g *graph) rules() {
	relations := slices.DeleteFunc(slices.Clone(g.things), func(x thing) bool { return x.name == "" || strings.Contains(x.name, ".m") || x.isTable && !x.inserts })
	for i := range 2 {
		on, target := relations[g.IntN(len(relations))], g.tables[g.IntN(len(g.tables))]
		how := "instead"
		if on.inserts {
			how = "also"
		}
		g.say(`create rule rule%d as on insert to %s do %s %s`, i, on.name, how, g.change(target))
		g.writes = append(g.writes, fmt.Sprintf("insert into %s (%s) values ('new')", on.name, on.column))
		for range 2 {
			g.say(`grant insert on %s to %s`, on.name, g.role())
		}
	}
	if g.chance(50) {
		g.say(`create function apart.fires() returns trigger language plpgsql %s as $body$ begin %s; return new; end $body$; alter function apart.fires() owner to %s;
			revoke execute on function apart.fires() from public; create trigger fires before update on near_by.notes for each row execute function apart.fires()`,
			[]string{"", "security definer"}[g.IntN(2)], g.change(g.tables[g.IntN(len(g.tables))]), g.owner())
	}
}

func (g *graph) grants() {
	for _, x := range g.things {
		if x.name == "" {
			continue
		}
		for _, role := range append(g.roles, "public") {
			if x.isTable && !x.inserts && role == "public" || !g.chance(25) {
				continue
			}
			columns := ""
			if g.chance(30) {
				columns = " (" + x.column + ")"
			}
			switch g.IntN(4) {
			case 0, 1:
				g.say(`grant select%s on %s to %s`, columns, x.name, role)
			case 2:
				g.say(`grant update%s on %s to %s`, columns, x.name, role)
			case 3:
				g.say(`grant select, delete on %s to %s`, x.name, role)
			}
		}
		if !strings.Contains(x.name, ".m") {
			g.writes = append(g.writes, fmt.Sprintf("update %s set %s = md5(random()::text)", x.name, x.column), "delete from "+x.name)
		}
	}
}

// triesSQL lets each role, as each that it may become, read and write all that there is, and notes of which tables it saw or
// changed foreign rows. What is written is taken back at once.
const triesSQL = `
do $tries$
declare
  -- What a role may not read is taken along.
  roles constant text[] := array(select role from pg_temp.trying);
  reads constant text[] := array(select statement from pg_temp.statements where is_read);
  writes constant text[] := array(select statement from pg_temp.statements where not is_read);
  counted constant text := (select string_agg(format('select %L where not exists (select from only %s where %I = %L)', name, name, col, 'foreign:' || name), ' union all ') from pg_temp.marked);
  seen text[] := '{}';
  changed text[];
  marks text[];
begin
  for r in 1 .. cardinality(roles) loop
    for a in 1 .. cardinality(roles) loop
      begin
        execute format('set local session authorization %I', roles[r]);
        execute format('set local role %I', roles[a]);
        for i in 1 .. cardinality(reads) loop
          begin
            execute format('select array_agg(distinct t.mark) from (%s) as t where t.mark like ''foreign:%%''', reads[i]) into marks;
            seen := seen || array(select roles[r] || '|' || substr(m, 9) || '|reads' from unnest(marks) as m);
          exception when others then null;
          end;
        end loop;
        for i in 1 .. cardinality(writes) loop
          changed := '{}';
          begin
            execute writes[i];
            reset session authorization;
            execute 'select array(' || counted || ')' into changed;
            raise exception 'taken back';
          exception when others then null;
          end;
          seen := seen || array(select roles[r] || '|' || m || '|writes' from unnest(changed) as m);
        end loop;
        raise exception 'taken back';
      exception when others then null;
      end;
    end loop;
  end loop;
  insert into pg_temp.sightings select distinct unnest(seen);
end
$tries$`

// what is reached: by whom, of which table.
type reached struct{ role, object, access string }

func (r reached) String() string { return r.role + " " + r.access + " " + r.object }

func (g *graph) compare(t *testing.T, conn *pgx.Conn) (sum tally) {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // the connection ends with the test
	run := func(sql string, args ...any) {
		t.Helper()
		if _, err := tx.Exec(t.Context(), sql, args...); err != nil {
			t.Fatalf("%v: %s\n%s", err, sql, strings.Join(g.sql, ";\n"))
		}
	}
	for _, sql := range g.sql {
		if _, err := tx.Conn().PgConn().Exec(t.Context(), sql).ReadAll(); err != nil {
			t.Fatalf("%v: %s\n%s", err, sql, strings.Join(g.sql, ";\n"))
		}
	}
	trying := append(slices.Clone(g.roles), "portal_app", "portal_inspector", "portal_auth", "portal_backup")
	for _, sql := range []string{
		`create temporary table trying (role text) on commit drop`, `create temporary table statements (is_read boolean, statement text) on commit drop`,
		`create temporary table marked (name text, col text) on commit drop`, `create temporary table sightings (what text) on commit drop`,
		`set local app.customer_id = '` + harness.CompanyA + `'`,
	} {
		run(sql)
	}
	run(`insert into pg_temp.trying select unnest($1::text[])`, trying)
	for _, x := range g.things {
		run(`insert into pg_temp.statements values (true, $1)`, x.reads)
	}
	run(`insert into pg_temp.statements select false, unnest($1::text[])`, g.writes)
	for _, x := range g.tables {
		run(`insert into pg_temp.marked values ($1, $2)`, x.name, x.column)
	}
	run(triesSQL)

	truth := map[reached]bool{}
	rows, _ := tx.Query(t.Context(), `select split_part(what, '|', 1), split_part(what, '|', 2), split_part(what, '|', 3) from pg_temp.sightings`)
	var r reached
	if _, err := pgx.ForEachRow(rows, []any{&r.role, &r.object, &r.access}, func() error { truth[r] = true; return nil }); err != nil {
		t.Fatal(err)
	}

	// What is said: for certain, and as whom beside that.
	certain, lends := map[reached]string{}, map[string][]string{}
	entering, granted := map[string]bool{}, map[reached]bool{} // by a body given as a string in another context: all that is granted
	var as, path, how string
	var held, sure bool
	rows, _ = tx.Query(t.Context(), `select role, object, access, as_role, path, how, held, certain from tenancy.reach`)
	_, err = pgx.ForEachRow(rows, []any{&r.role, &r.object, &r.access, &as, &path, &how, &held, &sure}, func() error {
		sum.paths++
		granted[r] = true
		entering[r.role] = entering[r.role] || how == "setting" && !sure
		switch {
		case !sure:
			lends[r.role] = append(lends[r.role], as)
		case r.object == "every table":
			lends[r.role] = append(lends[r.role], "postgres")
		case !held:
			certain[r] = path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	family := map[string][]string{} // the tables whose rows one shows too
	rows, _ = tx.Query(t.Context(), `
		with recursive heirs as (
		  select inhparent as parent, inhrelid as child from pg_inherits i join pg_class c on c.oid = i.inhparent and c.relkind = 'r'
		  union
		  select h.parent, i.inhrelid from heirs h join pg_inherits i on i.inhparent = h.child
		)
		select p.oid::regclass::text, c.oid::regclass::text from heirs h join pg_class p on p.oid = h.parent join pg_class c on c.oid = h.child`)
	var parent, child string
	if _, err := pgx.ForEachRow(rows, []any{&parent, &child}, func() error { family[child] = append(family[child], parent); return nil }); err != nil {
		t.Fatal(err)
	}

	var superusers []string
	if err := tx.QueryRow(t.Context(), `select array_agg(rolname::text) from pg_roles where rolsuper`).Scan(&superusers); err != nil {
		t.Fatal(err)
	}
	// covered: it is said of the role, or of one whose rights it may have.
	var covered func(what reached, seen []string) bool
	covered = func(what reached, seen []string) bool {
		if slices.Contains(superusers, what.role) {
			return true
		}
		for _, object := range append(family[what.object], what.object) {
			it := reached{what.role, object, what.access}
			if certain[it] != "" || entering[what.role] && granted[it] {
				return true
			}
		}
		for _, as := range lends[what.role] {
			if as == "postgres" || !slices.Contains(seen, as) && covered(reached{as, what.object, what.access}, append(seen, as)) {
				return true
			}
		}
		return false
	}
	own := func(role string) bool { return slices.Contains(g.roles, role) && !slices.Contains(superusers, role) }
	for what := range truth {
		if !own(what.role) && !slices.Contains([]string{"portal_app", "portal_inspector"}, what.role) {
			continue
		}
		sum.reached++
		if certain[what] != "" {
			sum.found++
		}
		if !covered(what, nil) {
			sum.missed = append(sum.missed, what.String())
		}
	}
	for what, path := range certain {
		if !own(what.role) || !slices.ContainsFunc(g.tables, func(x thing) bool { return x.name == what.object }) {
			continue
		}
		sum.certain++
		if !truth[what] {
			sum.wrong = append(sum.wrong, what.String()+": "+path)
		}
	}
	for _, role := range g.roles {
		if own(role) {
			sum.roles++
		}
	}
	return sum
}
