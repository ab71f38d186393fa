package isolation

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// Any role may SET a custom setting: then it sees that one company, as the README says.
func TestContext_PlainSetShowsOneCompany(t *testing.T) {
	t.Parallel()
	s := newSiege(t)
	for value, want := range map[string]string{
		harness.CompanyA: harness.CompanyA, harness.CompanyB: harness.CompanyB,
		"aaaa22222": "", "AAAA22222 ": "", "%": "", "AAAA2222": "", "AAAA22222,BBBB33333": "", "' or true --": "", strings.Repeat("A", 5000): "",
	} {
		if _, err := s.app.Exec(t.Context(), "set app.customer_id = '"+strings.ReplaceAll(value, "'", "''")+"'"); err != nil {
			t.Fatal(err)
		}
		for _, of := range s.tables {
			wanted := int64(0)
			if want != "" && of.Name != personal && of.Name != adminsOwn {
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

// A read-only entry holds to the end of its transaction.
func TestContext_ReadOnlyEntryCannotBeUndone(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, app := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_app", database)
	reader := harness.NewMember(t, super, harness.CompanyA, auth.Admin)
	reader.ReadOnly = true
	again := reader
	again.ReadOnly = false

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
		{harness.EnterSQL, again.Args(), ""},
		{"savepoint inner_one", nil, ""},
		{"reset transaction_read_only", nil, "0A000"},
		{"reset all", nil, ""},
		{"discard all", nil, "25001"},
	} {
		if strings.HasPrefix(undo.sql, "reset transaction") && version < 160000 {
			continue // see policies/after/30_enter.sql
		}
		var undone, written error
		ended := reader.Inside(t.Context(), app, func(tx pgx.Tx) error {
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
		if harness.SQLState(undone) != undo.code || undone != nil && undo.code == "" {
			t.Errorf("%s: got %v, want SQLSTATE %q", undo.sql, undone, undo.code)
		}
		if harness.SQLState(written) != "25006" || ended == nil {
			t.Errorf("after %s a read-only entry writes: %v", undo.sql, written)
		}
	}
	var n int
	if err := super.QueryRow(t.Context(), "select count(*) from portal.locations where notes = 'written'").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d properties were written (%v)", n, err)
	}
	reader.ReadOnly = false
	if err := reader.Inside(t.Context(), app, func(tx pgx.Tx) error { _, err := tx.Exec(t.Context(), write); return err }); err != nil {
		t.Errorf("an entry to write cannot: %v", err)
	}
}

// Each way in is its own role's, and nobody else's.
func TestContext_EachEntryIsOfOneRole(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super := harness.ConnectAs(t, "", database)
	admin, op := harness.NewMember(t, super, harness.CompanyA, auth.Admin), harness.NewOperator(t, super)
	ways := map[string]struct {
		sql  string
		args []any
	}{
		"portal_app":      {harness.EnterSQL, admin.Args()},
		"portal_auth":     {harness.EnterGuestSQL, []any{harness.CompanyA}},
		"portal_platform": {harness.EnterOperatorSQL, op.OperatorArgs()},
		"portal_worker":   {enterJobSQL, []any{queued(t, super, admin, "running")}},
	}
	for _, role := range []string{"portal_app", "portal_auth", "portal_platform", "portal_worker", "portal_inspector", "portal_auditor"} {
		conn := harness.ConnectAs(t, role, database)
		for of, way := range ways {
			_, err := conn.Exec(t.Context(), way.sql, way.args...)
			if of == role && err != nil || of != role && harness.SQLState(err) != "42501" {
				t.Errorf("%s enters like %s: %v", role, of, err)
			}
		}
	}
}
