package integration_tests

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/server/auth"
)

// An entry is what tenancy.enter is called with. It stands here a second time, apart from the server's
// code, so that a test can change each field with and without a fitting signature.
type entry struct {
	keyID    int32
	customer string
	user     *int64
	role     string
	acting   *int64
	session  string
	readOnly bool
	expiry   int64 // Unix milliseconds
	mac      []byte
}

const (
	enterSQL         = `select tenancy.enter($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	enterGuestSQL    = `select tenancy.enter_guest($1, $2, $3, $4)`
	enterOperatorSQL = `select tenancy.enter_operator($1, $2, $3, $4, $5, $6)::text`
)

func (e entry) args() []any {
	return []any{e.keyID, e.customer, e.user, e.role, e.acting, e.session, e.readOnly, e.expiry, e.mac}
}

func (e entry) guestArgs() []any { return []any{e.keyID, e.customer, e.expiry, e.mac} }

func (e entry) operatorArgs() []any {
	return []any{e.keyID, e.acting, e.session, e.readOnly, e.expiry, e.mac}
}

// signed is e with the signature of the suite's key, for 20 seconds unless it says otherwise.
func (e entry) signed() entry { return e.as("enter") }

// as signs what an entry of one kind ("enter", "guest", "operator") consists of.
func (e entry) as(kind string) entry {
	if e.keyID == 0 {
		e.keyID = 1
	}
	if e.expiry == 0 {
		e.expiry = in(20 * time.Second)
	}
	expiry := strconv.FormatInt(e.expiry, 10)
	switch kind {
	case "guest":
		e.mac = mac(kind, e.customer, expiry)
	case "operator":
		e.mac = mac(kind, number(e.acting), e.session, strconv.FormatBool(e.readOnly), expiry)
	default:
		e.mac = mac(kind, e.customer, number(e.user), e.role, number(e.acting), e.session, strconv.FormatBool(e.readOnly), expiry)
	}
	return e
}

func in(d time.Duration) int64 { return time.Now().Add(d).UnixMilli() }

func number(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// mac is the HMAC-SHA256 of the suite's first key over the fields, each behind its length and a colon;
// an empty one is a bare colon.
func mac(fields ...string) []byte {
	h := hmac.New(sha256.New, suiteKey())
	for _, f := range fields {
		if f != "" {
			h.Write([]byte(strconv.Itoa(len(f))))
		}
		h.Write([]byte(":" + f))
	}
	return h.Sum(nil)
}

func suiteKey() []byte {
	var file struct {
		MAC []struct{ Key []byte } // base64
	}
	if err := json.Unmarshal([]byte(suite.keysText), &file); err != nil {
		panic(err) // the suite made it
	}
	return file.MAC[0].Key
}

// member is a valid entry of a company's person of that role, with a session of its own.
func member(t testing.TB, super querier, company, role string) entry {
	t.Helper()
	e := entry{customer: company, role: role}
	err := super.QueryRow(t.Context(), `
		with person as (select customer_id, id from portal.users where email = $1)
		insert into platform.sessions (customer_id, user_id, family_hash, refresh_hash, expires_at)
		select customer_id, id, sha256('family'), sha256('refresh'), now() + interval '1 hour' from person
		returning user_id, id::text`, email(company, role)).Scan(&e.user, &e.session)
	if err != nil {
		t.Fatal(err)
	}
	return e.signed()
}

// actingOperator is a valid entry of the operator who acts inside a company.
func actingOperator(t *testing.T, super querier, company string) entry {
	t.Helper()
	e := entry{customer: company, role: auth.Admin}
	err := super.QueryRow(t.Context(), `
		insert into platform.sessions (operator_id, family_hash, refresh_hash, expires_at)
		select id, sha256('family'), sha256('refresh'), now() + interval '1 hour' from platform.operators where email = $1
		returning operator_id, id::text`, operator).Scan(&e.acting, &e.session)
	if err != nil {
		t.Fatal(err)
	}
	return e.signed()
}

// A querier is a connection, a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// inside runs fn in a transaction that has entered, and commits it where fn returns nil.
func (e entry) inside(ctx context.Context, conn *pgx.Conn, fn func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := e.enter(ctx, tx); err != nil {
			return err
		}
		return fn(tx)
	})
}

// enter enters in a transaction, now.
func (e entry) enter(ctx context.Context, tx pgx.Tx) error {
	e.expiry = 0
	_, err := tx.Exec(ctx, enterSQL, e.signed().args()...)
	return err
}
