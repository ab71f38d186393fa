package isolation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// A deed is a statement that writes what stands for a person, or makes one.
type deed struct {
	writes  string // command, table and secret column, as secretsWritten has them; "": none
	sql     string
	allowed bool
}

// Who writes another person's secret becomes that person. Within a company too, a password is set by an Admin or by whose
// it is, and invitations and tokens, which make people and services, are the Admins'.
func TestDoors_OfSecrets(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, app := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_app", database)
	admin, stranger := *harness.NewMember(t, super, harness.CompanyA, auth.Admin).User, *harness.NewMember(t, super, harness.CompanyB, auth.User).User
	run := func(sql string, args ...any) {
		if _, err := super.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	run(`insert into platform.invitations (customer_id, email, role, token_hash, expires_at)
		select c, 'new@a.example', 'User', sha256(c::bytea), now() + interval '1 day' from unnest(array['AAAA22222', 'BBBB33333']) as c`)
	run(`insert into platform.service_tokens (customer_id, name, token_hash) select c, 'Meter', sha256(c::bytea) from unnest(array['AAAA22222', 'BBBB33333']) as c`)
	secrets := func() (text string) {
		err := super.QueryRow(t.Context(), `
			select concat_ws(' ', (select md5(string_agg(l::text, ' ' order by l.user_id)) from platform.logins l),
			  (select md5(string_agg(i::text, ' ' order by i.id)) from platform.invitations i),
			  (select md5(string_agg(s::text, ' ' order by s.id)) from platform.service_tokens s))`).Scan(&text)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	before := secrets()

	var tried []string
	for _, role := range harness.Roles {
		e := harness.NewMember(t, super, harness.CompanyA, role)
		isAdmin := role == auth.Admin
		deeds := []deed{
			{"UPDATE platform.logins.password_hash", fmt.Sprintf("update platform.logins set password_hash = 'x', password_set_at = now() where user_id = %d", *e.User), true},
			{"UPDATE platform.logins.password_hash", fmt.Sprintf("update platform.logins set password_hash = 'x' where user_id = %d", admin), isAdmin},
			{"", fmt.Sprintf("update platform.logins set password_set_at = now() where user_id = %d", admin), isAdmin},
			{"", fmt.Sprintf("update platform.logins set confirmed_at = now() where user_id = %d", admin), isAdmin},
			{"UPDATE platform.logins.password_hash", fmt.Sprintf("update platform.logins set password_hash = 'x' where user_id = %d", stranger), false},
			{"INSERT platform.invitations.token_hash", "insert into platform.invitations (email, role, token_hash, expires_at) values ('me@a.example', 'Admin', sha256('mine'), now() + interval '1 day')", isAdmin},
			{"INSERT platform.service_tokens.token_hash", "insert into platform.service_tokens (name, token_hash, scopes) values ('Mine', sha256('mine'), '[\"events\"]')", isAdmin},
			{"", "update platform.service_tokens set revoked_at = now()", isAdmin},
			{"", "update platform.service_tokens set revoked_at = null", isAdmin},
		}
		for _, d := range deeds {
			tried = append(tried, d.writes)
			d.try(t, role, func(fn func(pgx.Tx) error) error { return e.Inside(t.Context(), app, fn) })
		}
		// With no condition, everybody writes his own and nobody else's; an Admin his company's.
		err := e.Inside(t.Context(), app, func(tx pgx.Tx) error {
			tag, err := tx.Exec(t.Context(), "update platform.logins set password_hash = 'x'")
			if want := map[bool]int64{true: 5, false: 1}[isAdmin]; err != nil || tag.RowsAffected() != want {
				t.Errorf("%s: writes %v passwords, want %d (%v)", role, tag, want, err)
			}
			return errTakeBack
		})
		if !errors.Is(err, errTakeBack) {
			t.Fatal(err)
		}
	}
	if after := secrets(); after != before {
		t.Error("secrets have changed")
	}
	wantTried(t, super, "portal_app", tried)
}

// An operator changes his own account only, and invites in no other's name.
func TestDoors_OfSecretsOfOperators(t *testing.T) {
	t.Parallel()
	database := harness.CloneDatabase(t)
	super, platform := harness.ConnectAs(t, "", database), harness.ConnectAs(t, "portal_platform", database)
	op := harness.NewOperator(t, super)
	var other int64
	if err := super.QueryRow(t.Context(), `insert into platform.operators (email, name, password_hash) values ('other@platform.example', 'Other', 'y') returning id`).Scan(&other); err != nil {
		t.Fatal(err)
	}
	inside := func(fn func(pgx.Tx) error) error {
		return pgx.BeginFunc(t.Context(), platform, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), harness.EnterOperatorSQL, op.OperatorArgs()...); err != nil {
				return err
			}
			return fn(tx)
		})
	}
	invite := func(by int64) string {
		return fmt.Sprintf(`insert into platform.invitations (customer_id, email, role, token_hash, invited_by_operator, expires_at)
			values ('AAAA22222', 'new@a.example', 'Admin', sha256('mine'), %d, now() + interval '1 day')`, by)
	}
	switchOf := func(operator int64, session string) string {
		return fmt.Sprintf(`insert into platform.sessions (customer_id, role, operator_id, parent_id, status, expires_at)
			values ('AAAA22222', 'Admin', %d, '%s', 'active', now() + interval '1 hour')`, operator, session)
	}
	ownElsewhere := harness.NewOperator(t, super).Session
	var othersSession string
	if err := super.QueryRow(t.Context(), `insert into platform.sessions (operator_id, status, family_hash, refresh_hash, expires_at)
		values ($1, 'active', sha256('family'), sha256('refresh'), now() + interval '1 hour') returning id::text`, other).Scan(&othersSession); err != nil {
		t.Fatal(err)
	}
	var tried []string
	for _, d := range []deed{
		{"UPDATE platform.operators.password_hash", fmt.Sprintf("update platform.operators set password_hash = 'x' where id = %d", *op.Acting), true},
		{"UPDATE platform.operators.password_hash", fmt.Sprintf("update platform.operators set password_hash = 'x' where id = %d", other), false},
		{"", fmt.Sprintf("update platform.operators set phone = null where id = %d", other), false},
		{"INSERT platform.invitations.token_hash", invite(*op.Acting), true},
		{"INSERT platform.invitations.token_hash", invite(other), false},
		{"", switchOf(*op.Acting, op.Session), true},
		{"", switchOf(other, othersSession), false},
		{"", switchOf(*op.Acting, ownElsewhere), false},
	} {
		tried = append(tried, d.writes)
		d.try(t, "operator", inside)
	}
	var hash string
	if err := super.QueryRow(t.Context(), `select password_hash from platform.operators where id = $1`, other).Scan(&hash); err != nil || hash != "y" {
		t.Errorf("the other's hash is %q (%v)", hash, err)
	}
	wantTried(t, super, "portal_platform", tried)
}

// try does it, and takes it back. What is not allowed finds no row, or is refused.
func (d deed) try(t *testing.T, who string, inside func(func(pgx.Tx) error) error) {
	t.Helper()
	var touched int64
	err := inside(func(tx pgx.Tx) error {
		tag, err := tx.Exec(t.Context(), d.sql)
		if touched = tag.RowsAffected(); err == nil {
			err = errTakeBack
		}
		return err
	})
	if done := touched > 0; done != d.allowed || !errors.Is(err, errTakeBack) && harness.SQLState(err) != "42501" {
		t.Errorf("%s: %s: %d rows, %v; allowed: %t", who, d.sql, touched, err, d.allowed)
	}
}

// wantTried asks that every secret of platform that a role may write was tried: a new one has to be.
func wantTried(t *testing.T, super *pgx.Conn, role string, tried []string) {
	t.Helper()
	rows, _ := super.Query(t.Context(), `
		select format('%s %s.%s', c.privilege, s.table_name, s.column_name)
		from tenancy.secret_columns s, (values ('INSERT'), ('UPDATE')) as c (privilege)
		where s.table_name ~ '^platform\.'
		  and has_column_privilege($1, s.table_name, s.column_name, c.privilege)
		order by 1`, role)
	written, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	tried = slices.DeleteFunc(tried, func(s string) bool { return s == "" })
	slices.Sort(tried)
	if tried = slices.Compact(tried); !slices.Equal(written, tried) {
		t.Errorf("%s may write %s; tried were %s", role, strings.Join(written, ", "), strings.Join(tried, ", "))
	}
}
