package isolation

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
)

// objectVectors attack by statements and functions that no role of the API is to use, by objects beside the
// tables, and as other roles.
func objectVectors() (all []vector) {
	all = append(all, statementVectors()...)
	all = append(all, tableStatementVectors()...)
	all = append(all, functionVectors()...)
	all = append(all, annexVectors()...)
	return append(all, roleVectors()...)
}

// apart is the stage of shots that open transactions of their own.
func apart(s *siege, attack func(tx, inside beginner) error) error { return attack(s.app, s.second) }

func one(name string) func(*siege) []harness.Table {
	return func(*siege) []harness.Table { return []harness.Table{{Name: name}} }
}

// forbidden is a statement that is refused to portal_app, outside and inside of a company. The control is
// the same, or another statement, as a superuser.
func forbidden(sql string, control ...string) shot {
	return shot{firstWords(sql), nil, func(a attempt, of harness.Table) {
		statement := strings.ReplaceAll(sql, "TABLE", of.Name)
		a.refused(statement)
		err := a.siege.inside(a.siege.app, func(tx pgx.Tx) error {
			within := a
			within.tx = tx
			within.refused(statement)
			return nil
		})
		if err != nil {
			a.siege.t.Error(err)
		}
		if len(control) > 0 {
			statement = strings.ReplaceAll(control[0], "TABLE", of.Name)
		}
		o := a.bySuper().after(harness.PastTheGate(""), statement)
		a.bySuper().note(o.code == "" && o.text == "", "a superuser may: "+o.String(), "done", statement)
	}}
}

func firstWords(sql string) string {
	words := strings.Fields(sql)
	return strings.Join(words[:min(2, len(words))], " ")
}

func statementVectors() []vector {
	in := func(number int, name string, shots ...shot) vector {
		return vector{number: number, name: name, stage: apart, shots: shots, targets: one("database")}
	}
	const isRole = "select from pg_roles where rolname = 'portal_app'" // to change it would meet other tests
	return []vector{
		in(15, "the sessions that entries rest on",
			forbidden("select id from platform.sessions"),
			forbidden("update platform.sessions set expires_at = expires_at + interval '1 day'"),
			forbidden("insert into platform.sessions (customer_id, user_id, role, status, family_hash, refresh_hash, expires_at) "+
				"select customer_id, user_id, role, status, sha256('f'), sha256('r'), now() + interval '1 hour' from platform.logins limit 1")),
		in(17, "settings planted for later sessions",
			forbidden("alter role portal_app set app.customer_id = 'BBBB33333'", isRole),
			forbidden("alter role all set row_security = off", isRole),
			forbidden("alter database "+harness.Suite.Template+" set app.customer_id = 'BBBB33333'", isRole)),
		in(23, "objects of one's own",
			forbidden("create temporary table mine (id int)"), forbidden("create table portal.mine (id int)"),
			forbidden("create table public.mine (id int)"), forbidden("create schema mine"), forbidden("create sequence portal.mine")),
		in(33, "extensions that open connections of their own",
			forbidden("create extension dblink", isRole), forbidden("create extension postgres_fdw", isRole),
			forbidden("create foreign data wrapper mine")),
		in(35, "attributes of the role", forbidden("alter role portal_app bypassrls", isRole), forbidden("alter role portal_app superuser", isRole),
			forbidden("create role mine bypassrls", isRole), forbidden("create role mine", isRole)),
		in(37, "becoming another role",
			forbidden("set role portal_owner"), forbidden("set role portal_definer"), forbidden("set role portal_auth"), forbidden("set role portal_platform"),
			forbidden("set role portal_inspector"), forbidden("set role portal_backup"), forbidden("set local role portal_owner"),
			forbidden("set session authorization portal_owner"), forbidden("grant portal_owner to portal_app", isRole)),
		in(41, "privileges on tables to come",
			forbidden("alter default privileges for role portal_owner in schema portal grant select on tables to portal_app")),
		in(43, "functions of one's own",
			forbidden("create function public.mine() returns int language sql return 1"),
			forbidden("create function public.mine() returns int language plpgsql as 'begin return 1; end'"),
			forbidden("do $$ begin perform 1; end $$"),
			forbidden("create operator public.=== (leftarg = text, rightarg = text, function = texteq)"),
			forbidden("create or replace function tenancy.customer_id() returns text language sql stable return 'BBBB33333'"),
			forbidden("alter function tenancy.customer_id() immutable"),
			forbidden("alter procedure tenancy.enter reset all")),
		in(67, "changes of all companies",
			forbidden("create publication mine for all tables", isRole),
			forbidden("select pg_create_logical_replication_slot('mine', 'pgoutput')", isRole)),
		in(70, "files of the server",
			forbidden("select pg_read_file('PG_VERSION')"), forbidden("select pg_read_binary_file('PG_VERSION')"), forbidden("select pg_ls_dir('.')"),
			forbidden("copy (select 1) to program 'cat >/dev/null'"), forbidden("select pg_stat_file('PG_VERSION')")),
		in(121, "what others were told",
			forbidden("select * from pg_authid"), forbidden("select from platform.login_attempts"), forbidden("select from platform.sessions"),
			forbidden("select from platform.operators"), forbidden("select from platform.login_states"), forbidden("select from platform.receiving_numbers"), forbidden("select password_hash from platform.logins"),
			forbidden("select token_hash from platform.invitations"), forbidden("select token_hash from platform.service_tokens"),
			forbidden("select * from pg_user_mapping"), forbidden("select * from pg_hba_file_rules"), forbidden("select * from tenancy.findings")),
		in(110, "opening a company", forbidden("update platform.customers set status = 'active'"), forbidden("update platform.customers set max_users = 1000"),
			forbidden("update platform.usage set users = 0"), forbidden("select tenancy.count_usage('AAAA22222', 0, -1)"), forbidden("insert into platform.customers (customer_id, company_name) values ('MINE12345', 'Mine')")),
	}
}

// tableStatementVectors are statements about a whole table, whoever its rows belong to.
func tableStatementVectors() []vector {
	on := func(number int, name string, shots ...shot) vector {
		return vector{number: number, name: name, stage: apart, shots: shots}
	}
	return []vector{
		on(39, "truncate", forbidden("truncate TABLE", "select 1 from TABLE limit 1"), forbidden("truncate TABLE cascade", "select 1 from TABLE limit 1")),
		on(36, "the wall taken away", forbidden("alter table TABLE no force row level security"), forbidden("alter table TABLE disable row level security"),
			forbidden("alter table TABLE owner to portal_app"), forbidden("create policy mine on TABLE to portal_app using (true)"),
			forbidden("drop table TABLE", "select 1 from TABLE limit 1")),
		on(48, "a view of the table", forbidden("create view public.mine as select * from TABLE"), forbidden("create materialized view public.mine as select * from TABLE")),
		on(53, "a child of the table", forbidden("create table public.mine () inherits (TABLE)"), forbidden("create table public.mine (like TABLE including all)")),
		on(55, "a rule on the table", forbidden("create rule mine as on insert to TABLE do also nothing")),
		on(56, "a trigger on the table", forbidden("create trigger mine before insert on TABLE for each row execute function tenancy.touch()"),
			forbidden("create trigger mine before update on TABLE for each row execute function suppress_redundant_updates_trigger()")),
		on(63, "statistics of the table", forbidden("create statistics portal.mine (mcv) on customer_id, created_at from TABLE", "select 1 from TABLE limit 1")),
		on(101, "copied to a program", forbidden("copy TABLE to program 'cat >/dev/null'")),
	}
}

// dangers are those of tenancy.dangerous_functions, with the vector that each is.
var dangers = []struct {
	number       int
	name, danger string
}{
	{10, "set_config", "switches the context"},
	{25, "advisory locks", "holds locks that others wait for"},
	{59, "large objects", "writes files or large objects"},
	{60, "notifications by a function", "speaks to other sessions"},
	{62, "what other sessions do", "shows other sessions"},
	{67, "messages in the log of changes", "writes into the log of changes"},
	{69, "SQL given as text", "runs SQL given as text"},
	{84, "snapshots of others", "shares a snapshot"},
	{129, "holding up others", "ends or holds up other sessions"},
}

// functionVectors call what tenancy.dangerous_functions lists, and the functions of tenancy.
func functionVectors() (all []vector) {
	for _, d := range dangers {
		all = append(all, vector{number: d.number, name: d.name, stage: apart, shots: []shot{{"call", nil, callForbidden}}, targets: functions(
			"select function::text from tenancy.dangerous_functions where danger = '" + d.danger + "' order by 1")})
	}
	return append(all, []vector{
		{number: 51, name: "functions that run as their owner", stage: apart, shots: []shot{{"call", nil, callForbidden}}, targets: functions(`
			select oid::regprocedure::text from pg_proc where pronamespace = 'tenancy'::regnamespace
			and prosecdef and prokind = 'f' and prorettype <> 'trigger'::regtype and not has_function_privilege('portal_app', oid, 'execute') order by 1`)},
		{number: 51, name: "procedures of others", stage: apart, shots: []shot{{"call", nil, callProcedure}}, targets: functions(`
			select oid::regprocedure::text from pg_proc where pronamespace = 'tenancy'::regnamespace
			and prokind = 'p' and not has_function_privilege('portal_app', oid, 'execute') order by 1`)},
		{number: 51, name: "functions that may be called", stage: insideA, shots: []shot{{"call", nil, callAllowed}}, targets: functions(`
			select oid::regprocedure::text from pg_proc where pronamespace in ('tenancy'::regnamespace, 'portal'::regnamespace, 'platform'::regnamespace)
			and prorettype <> 'trigger'::regtype and prokind = 'f' and has_function_privilege('portal_app', oid, 'execute') order by 1`)},
		{number: 58, name: "sequences", stage: insideA, shots: []shot{{"sequence", nil, sequence}}, targets: functions(`
			select c.oid::regclass::text from pg_class c where c.relkind = 'S' and c.relnamespace in ('portal'::regnamespace, 'platform'::regnamespace) order by 1`)},
		{number: 14, name: "an entry within another statement", stage: insideA, shots: wrappedEntries(), targets: one("tenancy.enter")},
		{number: 14, name: "forged entries", stage: apart, shots: forgeries(), targets: one("tenancy.enter")},
		{number: 16, name: "settings that are shown", stage: insideA, shots: []shot{{"select", nil, ownSettings}}, targets: one("pg_settings")},
		{number: 60, name: "notifications that the other's writes send", stage: apart, shots: []shot{{"listen", canUpdate, listen}}},
	}...)
}

// functions are targets by their signature.
func functions(sql string) func(*siege) []harness.Table {
	return func(s *siege) (all []harness.Table) {
		rows, _ := s.super.Query(s.t.Context(), sql)
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			s.t.Fatal(err)
		}
		for _, name := range names {
			all = append(all, harness.Table{Name: name})
		}
		return all
	}
}

// call is a call with a value for each type of a signature. None is a constant, for which the planner would
// answer by itself.
func call(signature string, value func(kind string) string) string {
	name, types, _ := strings.Cut(strings.TrimSuffix(signature, ")"), "(")
	var args []string
	for _, kind := range strings.Split(types, ",") {
		if kind != "" && !strings.HasPrefix(kind, "VARIADIC") {
			args = append(args, fmt.Sprintf("(select %s::%s)", value(kind), kind))
		}
	}
	return fmt.Sprintf("select %s(%s)", name, strings.Join(args, ", "))
}

func callForbidden(a attempt, of harness.Table) {
	sql := call(of.Name, func(string) string { return "null" })
	a.refused(sql)
	a.bySuper().expect(func(o outcome) bool { return o.code != "42501" }, "another answer", sql)
}

func callProcedure(a attempt, of harness.Table) {
	name, types, _ := strings.Cut(strings.TrimSuffix(of.Name, ")"), "(")
	args := strings.Split(types, ",")
	for i, kind := range args {
		args[i] = "null::" + kind
	}
	sql := fmt.Sprintf("call %s(%s)", name, strings.Join(args, ", "))
	a.refused(sql)
	a.bySuper().expect(func(o outcome) bool { return o.code != "42501" }, "another answer", sql)
}

// callAllowed gives the other company wherever a text is taken, and its Admin wherever a number is.
func callAllowed(a attempt, of harness.Table) {
	sql := call(of.Name, func(kind string) string {
		switch kind {
		case "text":
			return "'" + harness.CompanyB + "'"
		case "bigint", "integer":
			return fmt.Sprint(*a.siege.victim.User)
		}
		return "null"
	})
	var answer []string
	err := a.probe().try(func(tx pgx.Tx) error {
		rows, _ := tx.Query(a.siege.t.Context(), strings.Replace(sql, "select ", "select row(", 1)+")::text")
		var err error
		if answer, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return err
		}
		var company *string
		if err := tx.QueryRow(a.siege.t.Context(), "select tenancy.customer_id()").Scan(&company); err != nil {
			return err
		}
		answer = append(answer, "then inside "+*company)
		return nil
	})
	text := strings.Join(answer, ", ")
	if err != nil {
		text = outcomeOf(0, err).String()
	}
	a.note(!strings.Contains(text, harness.CompanyB) && !strings.Contains(text, "b.example"), text, "nothing of the other's", sql)
	a.own().shows(func(company string) bool { return company == harness.CompanyA }, "one's own company", "select tenancy.customer_id()")
}

func sequence(a attempt, of harness.Table) {
	name := "'" + of.Name + "'"
	a.refused("select nextval(" + name + ")")
	a.refused("select setval(" + name + ", 1)")
	a.refused("select last_value from " + of.Name)
	a.refused("select currval(" + name + ")")
	a.shows(func(last string) bool { return last == "" }, "nothing",
		"select last_value::text from pg_sequences where format('%I.%I', schemaname, sequencename) = "+name+" and last_value is not null")
	a.bySuper().touches(1, "select last_value from "+of.Name)
}

func forgeries() (shots []shot) {
	for _, f := range []struct {
		name   string
		change func(s *siege, e *harness.Entry)
	}{
		{"other company", func(_ *siege, e *harness.Entry) { e.Customer = harness.CompanyB }},
		{"other person", func(s *siege, e *harness.Entry) { e.User = s.victim.User }},
		{"other company and person", func(s *siege, e *harness.Entry) { e.Customer, e.User = harness.CompanyB, s.victim.User }},
		{"other role", func(_ *siege, e *harness.Entry) { e.Role = "Manager" }},
		{"no role", func(_ *siege, e *harness.Entry) { e.Role = "" }},
		{"made acting", func(_ *siege, e *harness.Entry) { e.Acting, e.User = e.User, nil }},
		{"other session", func(s *siege, e *harness.Entry) { e.Session = s.victim.Session }},
		{"a session made up", func(_ *siege, e *harness.Entry) { e.Session = "00000000-0000-4000-8000-000000000000" }},
	} {
		shots = append(shots, shot{f.name, nil, func(a attempt, _ harness.Table) {
			forged := a.siege.entry
			f.change(a.siege, &forged)
			a.refusal("TN002 TN003", harness.EnterSQL, forged.Args()...)
			a.own().touches(0, harness.EnterSQL, a.siege.entry.Args()...)
		}})
	}
	return shots
}

// wrappedEntries put a genuine entry of the victim's where it is no statement of its own, or where the attacker had to make
// something of his own. As a statement the same CALL is good.
func wrappedEntries() (shots []shot) {
	for name, sql := range map[string]string{
		"do":           "do $$ begin CALL; end $$",
		"prepare":      "prepare mine as CALL",
		"cursor":       "declare mine cursor for CALL",
		"explain":      "explain analyze CALL",
		"copy":         "copy (CALL) to stdout",
		"with":         "with mine as (CALL) select * from mine",
		"from":         "select * from (CALL) mine",
		"create as":    "create temporary table mine as CALL",
		"view":         "create temporary view mine as select EXPRESSION",
		"function":     "create function portal.mine() returns void language sql as $$ CALL $$",
		"plpgsql":      "create function pg_temp.mine() returns void language plpgsql as $$ begin CALL; end $$",
		"procedure":    "create procedure portal.mine() language sql as $$ CALL $$",
		"rule":         "create rule mine as on insert to portal.locations do also select EXPRESSION",
		"default":      "alter table portal.locations alter notes set default EXPRESSION",
		"policy":       "create policy mine on portal.locations using (EXPRESSION is null)",
		"trigger":      "create trigger mine before insert on portal.locations for each row when (EXPRESSION is null) execute function suppress_redundant_updates_trigger()",
		"check":        "alter table portal.locations add check (EXPRESSION is null)",
		"index":        "create index on portal.locations ((EXPRESSION))",
		"domain":       "create domain portal.mine as text check (EXPRESSION is null)",
		"call in call": "call tenancy.enter(EXPRESSION, 'AAAA22222', 1, 'Admin', null, '00000000-0000-4000-8000-000000000000', false)",
	} {
		shots = append(shots, shot{name, nil, func(a attempt, _ harness.Table) {
			victim := a.siege.victim
			a.refusal("42501 42601 42809 0A000 25006", strings.NewReplacer("CALL", victim.Statement(), "EXPRESSION", victim.Expression()).Replace(sql))
			a.own().touches(0, a.siege.entry.Statement())
			a.own().shows(func(company string) bool { return company == harness.CompanyA }, "one's own company", "select tenancy.customer_id()")
		}})
	}
	return shots
}

func ownSettings(a attempt, _ harness.Table) {
	sql := "select setting from pg_settings where name like 'app.%%' or setting ~ '%s'"
	a.shows(func(text string) bool { return !strings.Contains(text, harness.CompanyB) }, "nothing of the other's", fmt.Sprintf(sql, harness.CompanyB))
	a.own().shows(func(text string) bool { return text == harness.CompanyA }, "one's own company", "select current_setting('app.customer_id')")
}

// listen hears nothing of what B writes; that it would is shown by a superuser's word, which comes next.
func listen(a attempt, of harness.Table) {
	s := a.siege
	channel := strings.ReplaceAll(of.Name, ".", "_")
	conn := s.dial("portal_app", nil)
	defer conn.Close(s.t.Context()) //nolint:errcheck // nothing is lost with it
	for _, name := range []string{channel, "portal", "tenancy", of.Name[strings.Index(of.Name, ".")+1:]} {
		if _, err := conn.Exec(s.t.Context(), "listen "+name); err != nil {
			s.t.Fatal(err)
		}
	}
	err := s.victim.Inside(s.t.Context(), s.second, func(tx pgx.Tx) error {
		return ignoring(pgx.BeginFunc(s.t.Context(), tx, func(tx pgx.Tx) error {
			_, err := tx.Exec(s.t.Context(), updateSQL(of))
			if err == nil {
				err = errTakeBack
			}
			return err
		}), errTakeBack)
	})
	if err != nil {
		s.t.Error(err)
	}
	s.mustSuper("notify " + channel + ", 'control'")
	heard, err := conn.WaitForNotification(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	a.note(heard.Payload == "control", heard.Payload, "only the control", "listen "+channel)
	a.own().note(heard.Channel == channel, "heard a superuser on "+heard.Channel, "heard", "notify "+channel)
}
