package integration_tests

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/server/auth"
)

// As portal_app in psql, before anybody has entered: nothing is there, and nothing can be put there.
func TestContext_WithoutOneEveryTableIsEmpty(t *testing.T) {
	t.Parallel()
	s := newSiege(t)
	for _, never := range []string{"", "set app.customer_id = ''"} { // what a commit leaves behind
		if _, err := s.app.Exec(t.Context(), never); err != nil {
			t.Fatal(err)
		}
		for _, of := range s.tables {
			if s.rows(of, companyA) == 0 {
				t.Errorf("%s has no rows to hide", of.Name)
			}
			before := s.sum(of, companyA)
			var n int64
			if err := s.app.QueryRow(t.Context(), "select count(*) from "+of.Name).Scan(&n); err != nil || n != 0 {
				t.Errorf("%q: %s shows %d rows (%v)", never, of.Name, n, err)
			}
			var row map[string]any
			s.scan(&row, fmt.Sprintf("select to_jsonb(r) from %s r where %s", of.Name, s.is(of, companyA)))
			if columns := of.names(func(c column) bool { return c.Inserts && c.Name != "customer_id" }); len(columns) > 0 {
				if _, err := s.app.Exec(t.Context(), insertSQL(of, columns, ""), row); sqlState(err) != "42501" {
					t.Errorf("%q: a row can be put into %s: %v", never, of.Name, err)
				}
			}
			if name := of.plain(); name != "" {
				tag, err := s.app.Exec(t.Context(), fmt.Sprintf("update %s set %s = null", of.Name, name))
				if err != nil || tag.RowsAffected() != 0 {
					t.Errorf("%q: %s: %v (%v)", never, of.Name, tag, err)
				}
			}
			if of.Commands["delete"] {
				if tag, err := s.app.Exec(t.Context(), "delete from "+of.Name); err != nil || tag.RowsAffected() != 0 {
					t.Errorf("%q: %s: %v (%v)", never, of.Name, tag, err)
				}
			}
			if s.sum(of, companyA) != before {
				t.Errorf("%q: rows of %s changed", never, of.Name)
			}
		}
	}
}

// Any role may SET a custom setting: then it sees that one company, as the README says.
func TestContext_PlainSetShowsOneCompany(t *testing.T) {
	t.Parallel()
	s := newSiege(t)
	for value, want := range map[string]string{
		companyA: companyA, companyB: companyB,
		"aaaa22222": "", "AAAA22222 ": "", "%": "", "AAAA2222": "", "AAAA22222,BBBB33333": "", "' or true --": "", strings.Repeat("A", 5000): "",
	} {
		if _, err := s.app.Exec(t.Context(), "set app.customer_id = '"+strings.ReplaceAll(value, "'", "''")+"'"); err != nil {
			t.Fatal(err)
		}
		for _, of := range s.tables {
			wanted := int64(0)
			if want != "" {
				wanted = s.rows(of, want)
			}
			var n, foreign int64
			err := s.app.QueryRow(t.Context(), fmt.Sprintf("select count(*), count(*) filter (where customer_id is distinct from $1) from %s", of.Name), want).Scan(&n, &foreign)
			if err != nil || n != wanted || foreign != 0 {
				t.Errorf("as %.20q %s shows %d rows, want %d; %d are another company's (%v)", value, of.Name, n, wanted, foreign, err)
			}
		}
	}
}

// What portal_app may not do at all, inside a company and outside.
func TestContext_AppIsRefused(t *testing.T) {
	t.Parallel()
	database := cloneDatabase(t)
	super, app := connectAs(t, "", database), connectAs(t, "portal_app", database)
	admin := member(t, super, companyA, auth.Admin)
	for _, sql := range []string{
		"select set_config('app.customer_id', 'BBBB33333', false)",
		"select pg_catalog.set_config('app.customer_id', 'BBBB33333', true)",
		"select set_config('row_security', 'off', true)",
		"truncate portal.locations",
		"truncate portal.locations, portal.users cascade",
		"set role portal_owner",
		"set role portal_definer",
		"set role portal_auth",
		"set role portal_backup",
		"set session authorization portal_owner",
		"alter table portal.locations disable row level security",
		"alter table portal.locations no force row level security",
		"alter table portal.locations owner to portal_app",
		"drop policy wall on portal.locations",
		"create policy mine on portal.locations to portal_app using (true)",
		"alter policy app_door on portal.locations using (true)",
		"create trigger mine before insert on portal.locations for each row execute function tenancy.touch()",
		"create rule mine as on insert to portal.locations do also nothing",
		"create table portal.mine (id int)",
		"create table public.mine (id int)",
		"create temporary table mine (id int)",
		"create view public.mine as select * from portal.locations",
		"create schema mine",
		"create function public.mine() returns int language sql return 1",
		"create function public.mine() returns int language plpgsql as 'begin return 1; end'",
		"do $$ begin perform 1; end $$",
		"create or replace function tenancy.customer_id() returns text language sql return 'BBBB33333'",
		"alter function tenancy.customer_id() immutable",
		"create extension dblink",
		"alter role portal_app set app.customer_id = 'BBBB33333'",
		"alter role portal_app bypassrls",
		"grant portal_owner to portal_app",
		"copy portal.locations to '/tmp/locations'",
		"copy (select 1) to program 'true'",
		"select pg_read_file('postgresql.conf')",
		"select lo_create(0)",
		"select pg_sleep(0)",
		"select pg_terminate_backend(1)",
		"select pg_notify('a', 'b')",
		"select query_to_xml('select 1', true, true, '')",
		"select * from ts_stat('select null::tsvector')",
		"select pg_advisory_lock(1)",
		"select * from pg_authid",
		"select * from tenancy.mac_keys",
		"select tenancy.enter_guest(1, 'BBBB33333', 1, '')",
		"select tenancy.enter_operator(1, 1, null, false, 1, '')",
		"select tenancy.count_usage('AAAA22222', 0, -1)",
		"select password_hash from platform.logins",
		"select * from platform.logins",
		"select token_hash from platform.invitations",
		"select * from platform.sessions",
		"select * from platform.operators",
		"select * from platform.login_attempts",
		"update platform.customers set status = 'active'",
		"update platform.customers set max_users = 1000",
		"update platform.usage set users = 0",
		"insert into platform.customers (customer_id, company_name) values ('MINE12345', 'Mine')",
	} {
		_, outside := app.Exec(t.Context(), sql)
		inside := admin.inside(t.Context(), app, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), sql)
			return err
		})
		for _, err := range []error{outside, inside} {
			if sqlState(err) != "42501" {
				t.Errorf("%s: got %v, want SQLSTATE 42501", sql, err)
			}
		}
	}

	if _, err := app.Exec(t.Context(), "alter system set row_security = off"); sqlState(err) != "42501" {
		t.Errorf("alter system: got %v, want SQLSTATE 42501", err)
	}

	// Whole tables cannot be copied in past the wall, and asking to do without it is no way around.
	err := admin.inside(t.Context(), app, func(tx pgx.Tx) error {
		_, err := tx.Conn().PgConn().CopyFrom(t.Context(), strings.NewReader("x\ty\n"), "copy portal.locations (name, address) from stdin")
		return err
	})
	if sqlState(err) != "0A000" {
		t.Errorf("copy from: got %v, want SQLSTATE 0A000", err)
	}
	err = admin.inside(t.Context(), app, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "set local row_security = off"); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), "select name from locations")
		return err
	})
	if sqlState(err) != "42501" {
		t.Errorf("without row security: got %v, want SQLSTATE 42501", err)
	}
}

// A read-only entry holds to the end of its transaction.
func TestContext_ReadOnlyEntryCannotBeUndone(t *testing.T) {
	t.Parallel()
	database := cloneDatabase(t)
	super, app := connectAs(t, "", database), connectAs(t, "portal_app", database)
	reader := member(t, super, companyA, auth.Admin)
	reader.readOnly = true
	again := reader
	again.readOnly, again.expiry = false, in(20*time.Second)
	again = again.signed()

	var version int
	if err := super.QueryRow(t.Context(), "select current_setting('server_version_num')::int").Scan(&version); err != nil {
		t.Fatal(err)
	}
	const write = "update locations set notes = 'written'"
	for _, undo := range []struct {
		sql  string
		args []any
		code string
	}{
		{"select 1", nil, ""},
		{"set transaction read write", nil, "25001"},
		{"set transaction_read_only = off", nil, "25001"},
		{"set local transaction_read_only = off", nil, "25001"},
		{"set session characteristics as transaction read write", nil, ""},
		{"set default_transaction_read_only = off", nil, ""},
		{"select set_config('transaction_read_only', 'off', true)", nil, "42501"},
		{enterSQL, again.args(), ""},
		{"savepoint inner_one", nil, ""},
		{"reset transaction_read_only", nil, "0A000"},
		{"reset all", nil, ""},
		{"discard all", nil, "25001"},
	} {
		if strings.HasPrefix(undo.sql, "reset transaction") && version < 160000 {
			continue // see policies/after/30_enter.sql
		}
		var undone, written error
		ended := reader.inside(t.Context(), app, func(tx pgx.Tx) error {
			try := func(tx pgx.Tx) error {
				_, err := tx.Exec(t.Context(), undo.sql, undo.args...)
				return err
			}
			if undo.code == "" {
				undone = try(tx)
			} else { // in a savepoint, so that the transaction goes on
				undone = pgx.BeginFunc(t.Context(), tx, try)
			}
			_, written = tx.Exec(t.Context(), write)
			return written
		})
		if sqlState(undone) != undo.code || undone != nil && undo.code == "" {
			t.Errorf("%s: got %v, want SQLSTATE %q", undo.sql, undone, undo.code)
		}
		if sqlState(written) != "25006" || ended == nil {
			t.Errorf("after %s a read-only entry writes: %v", undo.sql, written)
		}
	}
	var n int
	if err := super.QueryRow(t.Context(), "select count(*) from portal.locations where notes = 'written'").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d properties were written (%v)", n, err)
	}
	reader.readOnly = false
	if err := reader.inside(t.Context(), app, func(tx pgx.Tx) error { _, err := tx.Exec(t.Context(), write); return err }); err != nil {
		t.Errorf("an entry to write cannot: %v", err)
	}
}

// Each way in is its own role's, and nobody else's.
func TestContext_EachEntryIsOfOneRole(t *testing.T) {
	t.Parallel()
	database := cloneDatabase(t)
	super := connectAs(t, "", database)
	admin, op := member(t, super, companyA, auth.Admin), actingOperator(t, super, companyA)
	ways := map[string]struct {
		sql  string
		args []any
	}{
		"portal_app":      {enterSQL, admin.args()},
		"portal_auth":     {enterGuestSQL, entry{customer: companyA}.as("guest").guestArgs()},
		"portal_platform": {enterOperatorSQL, op.as("operator").operatorArgs()},
	}
	for _, role := range []string{"portal_app", "portal_auth", "portal_platform", "portal_inspector", "portal_auditor"} {
		conn := asDBA(t, role, database)
		for of, way := range ways {
			_, err := conn.Exec(t.Context(), way.sql, way.args...)
			if of == role && err != nil || of != role && sqlState(err) != "42501" {
				t.Errorf("%s enters like %s: %v", role, of, err)
			}
		}
	}
}
