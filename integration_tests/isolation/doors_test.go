package isolation

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// Within a company too, a role is changed by an Admin only, and nobody but an Admin writes another's row or
// deletes anybody.
func TestDoors_OfUsers(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, app := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_app", database)
	colleague := *harness.NewMember(t, super, harness.CompanyA, auth.User).User
	stranger := *harness.NewMember(t, super, harness.CompanyB, auth.User).User
	own := func(set string) string { return "update users set " + set + " where id = tenancy.user_id()" }

	for _, role := range harness.Roles {
		e := harness.NewMember(t, super, harness.CompanyA, role)
		admin := role == auth.Admin
		for _, c := range []struct {
			sql     string
			allowed bool
		}{
			{own("phone = '+17165550100', address = 'Elsewhere'"), true},
			{own("name = 'Other Name'"), true},
			{own("role = 'Manager'"), admin || role == auth.Manager},
			{own("role = 'Admin'"), admin},
			{own("status = 'suspended'"), admin},
			{fmt.Sprintf("update users set name = 'Renamed' where id = %d", colleague), admin || role == auth.User},
			{fmt.Sprintf("update users set role = 'Contractor' where id = %d", colleague), admin},
			{fmt.Sprintf("update users set status = 'suspended' where id = %d", colleague), admin},
			{"update users set role = 'Admin'", admin},
			{"insert into users (name, email, role, status) values ('New', 'new@a.example', 'User', 'pending')", admin},
			{"insert into users (name, email, role, status) values ('New', 'new@a.example', 'Admin', 'active')", admin},
			{"update platform.logins set role = 'Admin'", false},
		} {
			err := e.Inside(t.Context(), app, func(tx pgx.Tx) error {
				tag, err := tx.Exec(t.Context(), c.sql)
				if err == nil && tag.RowsAffected() == 0 {
					t.Errorf("%s: %s touches nothing", role, c.sql)
				}
				if err == nil {
					err = errTakeBack
				}
				return err
			})
			// A company keeps its last active Admin (TN006), whoever asks.
			if c.allowed && !errors.Is(err, errTakeBack) && harness.SQLState(err) != "TN006" || !c.allowed && harness.SQLState(err) != "42501" {
				t.Errorf("%s: %s: got %v, allowed: %t", role, c.sql, err, c.allowed)
			}
		}
		if n := deleted(t, e, app, colleague); n != map[bool]int64{true: 1}[admin] {
			t.Errorf("%s: deletes %d colleagues", role, n)
		}
		err := e.Inside(t.Context(), app, func(tx pgx.Tx) error {
			for _, sql := range []string{"update users set name = 'Mine' where id = $1", "delete from users where id = $1"} {
				if tag, err := tx.Exec(t.Context(), sql, stranger); err != nil || tag.RowsAffected() != 0 {
					t.Errorf("%s: %s of the other company: %v, %v", role, sql, tag, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// deleted is how many people one can delete, which is taken back.
func deleted(t *testing.T, e harness.Entry, app *pgx.Conn, id int64) (n int64) {
	t.Helper()
	err := e.Inside(t.Context(), app, func(tx pgx.Tx) error {
		tag, err := tx.Exec(t.Context(), "delete from users where id = $1", id)
		if err != nil {
			return err
		}
		n = tag.RowsAffected()
		return errTakeBack
	})
	if !errors.Is(err, errTakeBack) {
		t.Fatal(err)
	}
	return n
}

var errTakeBack = errors.New("take back")

// An operator who acts inside a company uses none of its keys to other services, and takes nothing of its export along.
func TestDoors_OfAnActingOperator(t *testing.T) {
	t.Parallel()
	s := newSiege(t)
	op := harness.NewActingOperator(t, s.super, harness.CompanyA)
	closed := map[string]bool{"portal.api_keys": true, "portal.jobber_auth": true, "portal.quickbooks_auth": true, "portal.customer_export_parts": true}
	seen := 0
	for _, of := range s.tables {
		err := op.Inside(t.Context(), s.app, func(tx pgx.Tx) error {
			a := attempt{siege: s, tx: tx, inside: tx, of: of.Name}
			want := s.rows(of, harness.CompanyA)
			if of.Name == personal {
				want = 0
			}
			if closed[of.Name] {
				seen++
				want = 0
				columns := of.Names(func(c harness.Column) bool { return c.Inserts })
				a.refused(harness.InsertSQL(of, columns, ""), s.row(of, harness.CompanyA))
				a.touches(0, "delete from "+of.Name)
			}
			a.reads(want, "select count(*) from "+of.Name)
			a.reads(0, fmt.Sprintf("select count(*) from %s where customer_id is distinct from $1", of.Name), harness.CompanyA)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen != len(closed) {
		t.Errorf("%d of %d tables of keys were found", seen, len(closed))
	}
}

// The file with all data of a company is for its Admins: nobody else in it reads a part, or plants one.
func TestDoors_OfAnExport(t *testing.T) {
	t.Parallel()
	s := newSiege(t)
	const part = `insert into customer_export_parts (export_id, part, content) select e.id, 7, '\x07' from customer_exports e`
	for _, role := range harness.Roles {
		e := harness.NewMember(t, s.super, harness.CompanyA, role)
		err := e.Inside(t.Context(), s.app, func(tx pgx.Tx) error {
			a := attempt{siege: s, tx: tx, inside: tx, of: "portal.customer_export_parts"}
			a.reads(1, "select count(*) from customer_exports")
			if role == auth.Admin {
				a.reads(1, "select count(*) from customer_export_parts")
				a.touches(1, part)
				return errTakeBack
			}
			a.reads(0, "select count(*) from customer_export_parts")
			a.touches(0, "delete from customer_export_parts")
			a.refused(part)
			return errTakeBack
		})
		if !errors.Is(err, errTakeBack) {
			t.Fatal(err)
		}
	}
}

// A DBA inspects one company that he names, reads no secret and writes nothing. An auditor reads the audit
// and no data.
func TestDoors_OfDBAs(t *testing.T) {
	t.Parallel()
	s := newSiege(t)
	var database string
	s.scan(&database, "select current_database()")
	inspector, auditor := harness.ConnectAs(t, "portal_inspector", database), harness.ConnectAs(t, "portal_auditor", database)
	count := func(conn *pgx.Conn, sql string) (n int64, err error) {
		err = conn.QueryRow(t.Context(), sql).Scan(&n)
		return n, err
	}

	inspected := harness.Tables(t, s.super, "portal_inspector")
	for _, company := range []string{"", harness.CompanyA, harness.CompanyB} {
		if _, err := inspector.Exec(t.Context(), "set app.customer_id = '"+company+"'"); err != nil {
			t.Fatal(err)
		}
		for _, of := range inspected {
			if n, err := count(inspector, "select count(*) from "+of.Name); err != nil || n != s.rows(of, company) {
				t.Errorf("as %q the inspector sees %d rows of %s, want %d (%v)", company, n, of.Name, s.rows(of, company), err)
			}
		}
	}
	secret := 0
	for _, of := range inspected {
		for _, c := range of.Columns {
			hidden := strings.HasSuffix(c.Name, "_ciphertext")
			_, err := inspector.Exec(t.Context(), fmt.Sprintf("select %s from %s", c.Name, of.Name))
			if hidden && harness.SQLState(err) != "42501" || !hidden && err != nil {
				t.Errorf("the inspector reads %s.%s: %v", of.Name, c.Name, err)
			}
			if hidden {
				secret++
			}
		}
		for _, sql := range []string{"delete from " + of.Name, "insert into " + of.Name + " default values"} {
			for _, mode := range []string{"set default_transaction_read_only = on", "set default_transaction_read_only = off"} {
				if _, err := inspector.Exec(t.Context(), mode); err != nil {
					t.Fatal(err)
				}
				if _, err := inspector.Exec(t.Context(), sql); harness.SQLState(err) != "42501" && harness.SQLState(err) != "25006" {
					t.Errorf("the inspector: %s; %s: %v", mode, sql, err)
				}
			}
		}
	}
	if len(inspected) < 25 || secret < 5 {
		t.Errorf("%d tables with %d secret columns were inspected", len(inspected), secret)
	}

	if _, err := count(auditor, "select count(*) from tenancy.findings"); err != nil {
		t.Errorf("the auditor sees no findings: %v", err)
	}
	rows, _ := s.super.Query(t.Context(), `
		select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'p') and n.nspname in ('portal', 'platform')`)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		_, auditing := auditor.Exec(t.Context(), "select from "+name)
		_, inspecting := inspector.Exec(t.Context(), "select from "+name)
		if harness.SQLState(auditing) != "42501" || !strings.HasPrefix(name, "portal.") && harness.SQLState(inspecting) != "42501" {
			t.Errorf("%s: the auditor %v, the inspector %v", name, auditing, inspecting)
		}
	}
}

// The answers that a person was given are nobody else's, in the own company neither; and who they belong to is not for
// the writer to say. An operator's are his, outside of any company.
func TestDoors_OfIdempotencyKeys(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, app := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_app", database)
	const insert = "insert into platform.idempotency_keys (key_hash, request_hash) values (sha256('key'), sha256('request'))"
	people := []harness.Entry{
		harness.NewMember(t, super, harness.CompanyA, auth.Admin), harness.NewMember(t, super, harness.CompanyA, auth.Manager),
		harness.NewActingOperator(t, super, harness.CompanyA), harness.NewMember(t, super, harness.CompanyB, auth.Admin),
	}
	if _, err := super.Exec(t.Context(), "insert into platform.idempotency_keys (person, key_hash, request_hash) values ('operator 1', sha256('key'), sha256('request'))"); err != nil {
		t.Fatal(err)
	}
	for _, e := range people {
		if err := e.Inside(t.Context(), app, func(tx pgx.Tx) error { _, err := tx.Exec(t.Context(), insert); return err }); err != nil {
			t.Fatalf("a key that others have too: %v", err)
		}
	}
	for i, e := range people {
		err := e.Inside(t.Context(), app, func(tx pgx.Tx) error {
			for _, sql := range []string{
				"select from platform.idempotency_keys", "update platform.idempotency_keys set body = 'mine'",
				"delete from platform.idempotency_keys",
			} {
				if tag, err := tx.Exec(t.Context(), sql); err != nil || tag.RowsAffected() != 1 {
					t.Errorf("person %d: %s: %v, %v", i, sql, tag, err)
				}
			}
			_, err := tx.Exec(t.Context(), "insert into platform.idempotency_keys (person, key_hash, request_hash) values ('user 1', sha256('other'), sha256('request'))")
			if harness.SQLState(err) != "42501" {
				t.Errorf("person %d writes somebody else's key: %v", i, err)
			}
			return errTakeBack
		})
		if !errors.Is(err, errTakeBack) {
			t.Fatal(err)
		}
	}

	platform := harness.ConnectAs(t, "portal_platform", database)
	for operator, want := range map[string]int64{"1": 1, "2": 0} {
		tx, err := platform.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), "set local app.acting_as = '"+operator+"'"); err != nil {
			t.Fatal(err)
		}
		for _, sql := range []string{"select from platform.idempotency_keys", "update platform.idempotency_keys set body = 'mine'", "delete from platform.idempotency_keys"} {
			if tag, err := tx.Exec(t.Context(), sql); err != nil || tag.RowsAffected() != want {
				t.Errorf("operator %s outside: %s: %v, %v", operator, sql, tag, err)
			}
		}
		_ = tx.Rollback(t.Context())
	}
	for _, role := range []string{"portal_auth", "portal_inspector", "portal_auditor"} {
		if _, err := harness.ConnectAs(t, role, database).Exec(t.Context(), "select from platform.idempotency_keys"); harness.SQLState(err) != "42501" {
			t.Errorf("%s reads answers: %v", role, err)
		}
	}
}
