package database

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"contractor-portal/db/install"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/schema"
	"contractor-portal/server/auth"
)

// newTables are the ways in which portal.planted comes to exist, with one row of company A in it.
var newTables = map[string]string{
	"create table": `create table portal.planted (customer_id text); insert into portal.planted values ('AAAA22222')`,
	"by portal_owner": `set role portal_owner; create table portal.planted (customer_id text); reset role;
		insert into portal.planted values ('AAAA22222')`,
	"as query":     `create table portal.planted as select customer_id from platform.customers where customer_id = 'AAAA22222'`,
	"select into":  `select customer_id into portal.planted from platform.customers where customer_id = 'AAAA22222'`,
	"like another": `create table portal.planted (like portal.winter_products); insert into portal.planted select * from portal.winter_products where customer_id = 'AAAA22222' limit 1`,
	"moved in": `create table public.planted (customer_id text); insert into public.planted values ('AAAA22222');
		alter table public.planted set schema portal`,
	"with a schema's elements": `create schema planted create table portal_like (customer_id text); insert into planted.portal_like values ('AAAA22222');
		alter table planted.portal_like rename to planted; alter table planted.planted set schema portal; drop schema planted`,
	"partitioned": `create table portal.planted (customer_id text) partition by list (customer_id);
		create table portal.planted_a partition of portal.planted for values in ('AAAA22222'); insert into portal.planted values ('AAAA22222')`,
	"heir": `create table portal.planted () inherits (portal.winter_products); insert into portal.planted select * from portal.winter_products where customer_id = 'AAAA22222' limit 1`,
}

// A table is closed before it has its wall, whoever makes it and however, and even where somebody grants
// it away at once.
func TestGate_NewTableIsClosedAtOnce(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, app := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_app", database)
	admin := harness.NewMember(t, super, harness.CompanyA, auth.Admin)
	for name, sql := range newTables {
		must(t, super, sql)
		must(t, super, `grant select, insert, update, delete on portal.planted to portal_app`)
		var rows int
		var closed bool
		err := super.QueryRow(t.Context(), `
			select (select count(*) from portal.planted), bool_and(c.relrowsecurity and c.relforcerowsecurity)
			from pg_class c where c.relnamespace = 'portal'::regnamespace and c.relname ~ '^planted' and c.relkind in ('r', 'p')`).Scan(&rows, &closed)
		if err != nil || rows != 1 || !closed {
			t.Errorf("%s: %d rows, closed %t, %v", name, rows, closed, err)
		}
		err = admin.Inside(t.Context(), app, func(tx pgx.Tx) error {
			for _, sql := range []string{`select from portal.planted`, `update portal.planted set customer_id = customer_id`, `delete from portal.planted`} {
				if tag, err := tx.Exec(t.Context(), sql); err != nil || tag.RowsAffected() != 0 {
					t.Errorf("%s: %s: %s, %v", name, sql, tag, err)
				}
			}
			_, err := tx.Exec(t.Context(), `insert into portal.planted (customer_id) values ('AAAA22222')`)
			return err
		})
		if harness.SQLState(err) != "42501" {
			t.Errorf("%s: portal_app inserts: %v", name, err)
		}
		// An heir outside of portal is a table of portal, too.
		must(t, super, `drop table portal.planted cascade`)
	}
}

// A table elsewhere that becomes a part of one of ours is closed with it.
func TestGate_ClosesWhatATableGets(t *testing.T) {
	t.Parallel()
	super := harness.ConnectAs(t, "", harness.CloneDatabase(t))
	for _, sql := range []string{
		`create table portal.planted (customer_id text) partition by list (customer_id); create table public.planted_a (customer_id text);
			alter table portal.planted attach partition public.planted_a for values in ('AAAA22222')`,
		`create table public.planted_a (like portal.weather_data including all); alter table public.planted_a inherit portal.weather_data`,
	} {
		must(t, super, "begin; "+sql)
		var closed bool
		if err := super.QueryRow(t.Context(), `select relrowsecurity and relforcerowsecurity from pg_class where oid = 'public.planted_a'::regclass`).Scan(&closed); err != nil || !closed {
			t.Errorf("%s: closed %t, %v", sql, closed, err)
		}
		must(t, super, "rollback")
	}
}

// Without the gate a new table is out of reach too: nobody but its owner is granted anything.
func TestGate_NewTableIsOutOfReachWithoutIt(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]string{
		"with the gate":    `select`,
		"without the gate": `drop event trigger portal_gate_change; drop event trigger portal_gate_drop`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := harness.CloneDatabase(t)
			super := harness.ConnectAs(t, "", database)
			must(t, super, prepare)
			for way, sql := range newTables {
				must(t, super, sql)
				for _, role := range []string{"portal_app", "portal_auth", "portal_platform", "portal_worker", "portal_inspector", "portal_auditor"} {
					for _, sql := range []string{
						`select from portal.planted`, `insert into portal.planted (customer_id) values ('AAAA22222')`,
						`update portal.planted set customer_id = customer_id`, `delete from portal.planted`, `truncate portal.planted`,
						`copy portal.planted to stdout`, `select count(*) from only portal.planted`,
					} {
						if err := tried(t, super, `set local role `+role+`; `+sql); harness.SQLState(err) != "42501" {
							t.Errorf("%s: %s: %s: %v", way, role, sql, err)
						}
					}
				}
				must(t, super, `drop table portal.planted cascade`)
			}
		})
	}
}

// Runners of statements, which an expression of the API's may call, and which nobody may.
const (
	runner     = `create function public.planted(text) returns void language plpgsql as $$ begin execute $1; end $$`
	nobodyRuns = `; revoke execute on function public.planted(text) from public`
)

// A definer function as its refusal says: nobody may call it before it is one.
const doneRight = `create function public.planted() returns int language sql set search_path = pg_catalog, pg_temp return 1;
	revoke execute on routine public.planted() from public; alter routine public.planted() security definer`

const ownView = `create view public.planted as select * from portal.locations`

// What takes isolation away is refused by a code of its own, and passes in a session that says it installs.
func TestGate_RefusesWhatTakesIsolationAway(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super := harness.ConnectAs(t, "", database)
	for code, statements := range map[string][]string{
		"TN010": {
			`alter table portal.locations disable row level security`,
			`alter table portal.locations no force row level security`,
			`alter table portal.locations disable row level security, no force row level security`,
			`alter table platform.sessions disable row level security`,
			`alter table platform.logins no force row level security`,
			`do $$ begin execute 'alter table portal.locations disable row level security'; end $$`,
			`alter table portal.locations set schema public`,
		},
		"TN011": {
			dropWall, dropDoors, `drop policy portal_app_own on platform.logins`,
			`alter policy wall on portal.locations using (true)`,
			`alter policy wall on portal.locations with check (true)`,
			`alter policy wall on portal.locations rename to no_wall`,
			`alter policy app_door on portal.users with check (true)`,
			`alter policy portal_app_own on platform.logins using (true)`,
			door(`true`),
			`create policy planted on platform.sessions to portal_app using (true)`,
			`alter table portal.locations drop column customer_id cascade`,
			`drop function tenancy.role() cascade`,
		},
		"TN012": {
			ownView,
			`create view portal.planted with (security_invoker = false) as select * from portal.locations`,
			`create view public.planted as select email from platform.logins`,
			`create recursive view public.planted (n) as select 1 union select u.id::int from portal.users u`,
			`create materialized view public.planted as select * from portal.locations`,
			`create view public.planted with (security_invoker) as select * from portal.locations; alter view public.planted set (security_invoker = off)`,
			`create view public.planted with (security_invoker) as select * from portal.locations; alter view public.planted reset (security_invoker)`,
			`create view public.planted with (security_invoker) as select * from portal.locations; alter table public.planted reset (security_invoker)`,
			`create view public.planted as select 1 as id; create or replace view public.planted as select 1 as id from portal.locations`,
		},
		"TN013": {
			`create function tenancy.planted() returns int language sql security definer return 1`,
			`create function public.planted() returns int language sql security definer return 1`,
			`create function public.planted() returns int language sql security definer set search_path = pg_catalog return 1`,
			`create procedure tenancy.planted() language sql security definer begin atomic end`,
			`create function public.planted() returns int language sql return 1; alter function public.planted() security definer`,
			`alter function tenancy.state() reset search_path`,
			`alter routine tenancy.state() reset all`,
			`alter function tenancy.state() set search_path = pg_temp, pg_catalog`,
		},
		"TN014": {
			runner,
			`create function public.planted() returns void language sql volatile as 'call tenancy.enter_operator(1, null, false)'`,
			`create function portal.planted() returns void language plpgsql as $$ begin set local app.customer_id = 'AAAA22222'; end $$; grant execute on function portal.planted() to portal_app`,
			`create function public.planted() returns void language plpgsql as $$ begin do 'begin end'; end $$`,
			`create schema hidden; create function hidden.planted(text) returns void language plpgsql as $$ begin execute $1; end $$; grant usage on schema hidden to portal_auth`,
			runner + nobodyRuns + `; grant execute on function public.planted(text) to portal_platform`,
			`create function public.planted() returns void language plpgsql as $$ begin end $$; create or replace function public.planted() returns void language plpgsql as $$ begin execute 'select 1'; end $$`,
			`create function public.planted() returns int language internal as 'pg_backend_pid'`,
			`create extension dblink`,
		},
		"TN016": {
			definer,
			`create procedure public.planted() language sql security definer set search_path = pg_catalog, pg_temp begin atomic end`,
			`create schema hidden; create function hidden.planted() returns int language plpgsql security definer set search_path = pg_catalog, pg_temp as $$ begin return 1; end $$`,
			`create function public.planted() returns int language sql set search_path = pg_catalog, pg_temp return 1; alter function public.planted() security definer`,
			doneRight + `; grant execute on function public.planted() to public`,
			doneRight + `; grant execute on all functions in schema public to portal_worker`,
			doneRight + `; grant execute on routine public.planted() to portal_inspector`,
			doneRight + `; create role lent; grant lent to portal_app; grant execute on function public.planted() to lent`,
			`grant execute on procedure tenancy.enter_guest(text, text) to public`,
			`alter default privileges grant execute on functions to portal_app; alter default privileges revoke execute on functions from public; ` + definer,
			`create function public.planted() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$ begin return new; end $$`,
		},
	} {
		for _, sql := range statements {
			err := tried(t, super, sql)
			var pg *pgconn.PgError
			if !errors.As(err, &pg) || pg.Code != code || pg.Hint == "" {
				t.Errorf("%s: %v, want %s and a hint", sql, err, code)
			}
			if err := tried(t, super, harness.PastTheGate(sql)); err != nil {
				t.Errorf("while installing: %s: %v", sql, err)
			}
		}
	}
	for _, sql := range []string{
		`alter table portal.locations add column planted text`,
		`alter table portal.locations force row level security`,
		`drop table portal.weather_data`,
		`create table public.planted (id int); alter table public.planted enable row level security; alter table public.planted disable row level security`,
		`create table public.planted (id int); create policy planted on public.planted using (true); drop policy planted on public.planted`,
		`create view public.planted with (security_invoker) as select * from portal.locations`,
		`create view public.planted as select relname from pg_class`,
		`create temporary view planted as select * from portal.locations`,
		doneRight,
		doneRight + `; create role stranger; grant execute on function public.planted() to stranger, portal_backup`,
		`alter default privileges revoke execute on functions from public; ` + definer,
		harness.PastTheGate(definer) + `; set local tenancy.installing = off; create role stranger; grant select on portal.locations to stranger; create function public.other() returns int language sql return 1`,
		`grant execute on procedure tenancy.enter_guest(text, text) to portal_auth`,
		`create or replace function tenancy.moving(out version int, out unmoved jsonb, out secrets jsonb, out soft_references jsonb) language sql stable
			security definer set search_path = pg_catalog, pg_temp return (1, null::jsonb, null::jsonb, null::jsonb)`,
		`alter function tenancy.state() cost 7`,
		`create extension pgstattuple`,
		`create function public.planted() returns trigger language plpgsql as $$ begin execute 'select 1'; return null; end $$`,
		`create procedure public.planted() language plpgsql as $$ begin execute 'select 1'; end $$`,
		`create function public.planted() returns text language plpgsql as $$ begin -- to execute nothing
			return 'said'; end $$`,
		`create schema hidden; create function hidden.planted(text) returns void language plpgsql as $$ begin execute $1; end $$`,
		`create extension pg_trgm`,
	} {
		if err := tried(t, super, sql); err != nil {
			t.Errorf("refused: %s: %v", sql, err)
		}
	}
}

// The gate opens for a superuser's session, and for nobody who only says so.
func TestGate_SettingCountsForSuperusersAlone(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super := harness.ConnectAs(t, "", database)
	owner := `create role planted; grant portal_owner to planted; set local session authorization planted; set local tenancy.installing = 'on'; `
	for _, sql := range []string{
		`alter table portal.locations no force row level security`, dropWall,
		`create view portal.planted as select * from portal.locations`,
		`create function tenancy.planted() returns int language sql security definer return 1`,
	} {
		for who, before := range map[string]string{"an owner": owner, "an owner who acts as portal_owner": owner + `set local role portal_owner; `} {
			if err := tried(t, super, before+sql); !strings.HasPrefix(harness.SQLState(err), "TN01") {
				t.Errorf("%s passes with %s: %v", who, sql, err)
			}
		}
		if err := tried(t, super, `set local role portal_owner; `+harness.PastTheGate(sql)); err != nil {
			t.Errorf("a superuser's session that acts as portal_owner: %s: %v", sql, err)
		}
	}
	if err := tried(t, super, `set local session_replication_role = replica; `+dropWall); harness.SQLState(err) != "TN011" {
		t.Errorf("a session that plays a replica passes: %v", err)
	}
}

// portal migrate sets up a gate that somebody took down or bent.
func TestGate_MigrateMendsIt(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	for _, sql := range []string{
		`drop event trigger portal_gate_change`,
		`alter event trigger portal_gate_drop disable`,
		`drop function tenancy.gate_drop() cascade`,
		`alter function tenancy.gate_change() owner to portal_owner`,
		`drop event trigger portal_gate_change; create event trigger portal_gate_change on ddl_command_end when tag in ('CREATE TABLE') execute function tenancy.gate_change()`,
	} {
		p.Run(sql, sql)
		missing := func() int64 {
			return harness.Query[int64](p, `select count(*) from tenancy.findings where lint = 'event_trigger_gate_missing'`)
		}
		if missing() == 0 {
			t.Errorf("%s: the audit does not see it", sql)
		}
		up(t, harness.Options(harness.Suite.Cluster, p.Database))
		if missing() != 0 {
			t.Errorf("%s: the installation did not mend it", sql)
		}
		if _, err := p.Super.Exec(t.Context(), dropWall); harness.SQLState(err) != "TN011" {
			t.Errorf("%s: after the installation: %v", sql, err)
		}
	}
}

// The audit has the last word in the transaction of policies/after: an error takes all of it back, and
// names the remedy.
func TestInstall_AuditHasTheLastWord(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	s := schema.Source()
	s.After = append(s.After, install.Script{
		Name: "of this test",
		SQL:  `create table tenancy.harmless (id int); grant truncate on portal.locations to portal_app`,
	})
	err := install.Up(t.Context(), s, harness.Options(harness.Suite.Cluster, p.Database))
	if err == nil {
		t.Fatal("an installation that grants TRUNCATE passes")
	}
	for _, wanted := range []string{"truncate_granted", "portal.locations", "revoke truncate on"} {
		if !strings.Contains(err.Error(), wanted) {
			t.Errorf("it does not say %q: %v", wanted, err)
		}
	}
	if harness.Query[bool](p, `select has_table_privilege('portal_app', 'portal.locations', 'truncate') or to_regclass('tenancy.harmless') is not null`) {
		t.Error("what was refused stands")
	}
}

func must(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// tried runs statements in a transaction that is taken back.
func tried(t *testing.T, conn *pgx.Conn, sql string) error {
	t.Helper()
	_, err := conn.Exec(t.Context(), "begin; "+sql)
	must(t, conn, "rollback")
	return err
}
