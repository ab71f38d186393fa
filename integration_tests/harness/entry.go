package harness

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"contractor-portal/server/auth"
)

// An Entry is what tenancy.enter is called with. It stands here a second time, apart from the server's
// code, so that a test can change each field.
type Entry struct {
	Customer string
	User     *int64
	Role     string
	Acting   *int64
	Session  string
	ReadOnly bool
}

const (
	EnterSQL         = `call tenancy.enter(null, $1, $2, $3, $4, $5, $6)`
	EnterGuestSQL    = `call tenancy.enter_guest(null, $1)`
	EnterOperatorSQL = `call tenancy.enter_operator($1, $2, $3)`
)

// Args are the arguments of EnterSQL.
func (e Entry) Args() []any {
	return []any{e.Customer, e.User, e.Role, e.Acting, e.Session, e.ReadOnly}
}

// Statement calls tenancy.enter without parameters.
func (e Entry) Statement() string { return "call " + e.Expression() }

// Expression is tenancy.enter as an expression would name it.
func (e Entry) Expression() string {
	number := func(n *int64) string {
		if n == nil {
			return "null"
		}
		return strconv.FormatInt(*n, 10)
	}
	return fmt.Sprintf("tenancy.enter(null, '%s', %s, '%s', %s, '%s', %t)", e.Customer, number(e.User), e.Role, number(e.Acting), e.Session, e.ReadOnly)
}

// OperatorArgs are the arguments of EnterOperatorSQL.
func (e Entry) OperatorArgs() []any { return []any{e.Acting, e.Session, e.ReadOnly} }

// NewMember is a valid entry of a company's person of that role, with a session of its own.
func NewMember(t testing.TB, super querier, company, role string) Entry {
	t.Helper()
	return NewSession(t, super, Email(company, role))
}

// NewSession is a valid entry of the person with an e-mail, with a session of its own.
func NewSession(t testing.TB, super querier, email string) (e Entry) {
	t.Helper()
	err := super.QueryRow(t.Context(), `
		insert into platform.sessions (customer_id, user_id, role, status, family_hash, refresh_hash, expires_at)
		select customer_id, id, role, status, sha256('family'), sha256('refresh'), now() + interval '1 hour' from portal.users where email = $1
		returning customer_id, user_id, role, id::text`, email).Scan(&e.Customer, &e.User, &e.Role, &e.Session)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// NewOperator is a valid entry of the operator outside of any company.
func NewOperator(t testing.TB, super querier) (e Entry) {
	t.Helper()
	err := super.QueryRow(t.Context(), `
		insert into platform.sessions (operator_id, status, family_hash, refresh_hash, expires_at)
		select id, status, sha256('family'), sha256('refresh'), now() + interval '1 hour' from platform.operators where email = $1
		returning operator_id, id::text`, Operator).Scan(&e.Acting, &e.Session)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// NewActingOperator is a valid entry of the operator who acts inside a company.
func NewActingOperator(t testing.TB, super querier, company string) Entry {
	t.Helper()
	e := NewOperator(t, super)
	e.Customer, e.Role = company, auth.Admin
	err := super.QueryRow(t.Context(), `
		insert into platform.sessions (customer_id, role, operator_id, parent_id, status, expires_at)
		select $1, 'Admin', operator_id, id, status, expires_at from platform.sessions where id = $2
		returning id::text`, company, e.Session).Scan(&e.Session)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// NewService is a valid entry of a service in a company, by a key of its own with every scope, and the key's id.
func NewService(t testing.TB, super querier, company string) (e Entry, key int64) {
	t.Helper()
	e.Customer, e.Role = company, auth.Service
	err := super.QueryRow(t.Context(), `
		with made as (
		  insert into platform.service_tokens (customer_id, name, token_hash, scopes)
		  values ($1, 'Robot', sha256(gen_random_uuid()::text::bytea), '["error-report", "events"]')
		  returning customer_id, id
		)
		insert into platform.sessions (customer_id, service_token_id, role, status, expires_at)
		select customer_id, id, 'Service', 'active', now() + interval '1 hour' from made
		returning id::text, service_token_id`, company).Scan(&e.Session, &key)
	if err != nil {
		t.Fatal(err)
	}
	return e, key
}

// A querier is a connection, a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Inside runs fn in a transaction that has entered, and commits it where fn returns nil.
func (e Entry) Inside(ctx context.Context, conn *pgx.Conn, fn func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := e.Enter(ctx, tx); err != nil {
			return err
		}
		return fn(tx)
	})
}

// Enter enters in a transaction, now.
func (e Entry) Enter(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, EnterSQL, e.Args()...)
	return err
}
