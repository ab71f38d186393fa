package harness

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

// An Entry is what tenancy.enter is called with. It stands here a second time, apart from the server's
// code, so that a test can change each field with and without a fitting signature.
type Entry struct {
	KeyID    int32
	Customer string
	User     *int64
	Role     string
	Acting   *int64
	Session  string
	ReadOnly bool
	Expiry   int64 // Unix milliseconds
	MAC      []byte
}

const (
	EnterSQL         = `select tenancy.enter($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	EnterGuestSQL    = `select tenancy.enter_guest($1, $2, $3, $4)`
	EnterOperatorSQL = `select tenancy.enter_operator($1, $2, $3, $4, $5, $6)::text`
)

// Args are the arguments of EnterSQL.
func (e Entry) Args() []any {
	return []any{e.KeyID, e.Customer, e.User, e.Role, e.Acting, e.Session, e.ReadOnly, e.Expiry, e.MAC}
}

// GuestArgs are the arguments of EnterGuestSQL.
func (e Entry) GuestArgs() []any { return []any{e.KeyID, e.Customer, e.Expiry, e.MAC} }

// OperatorArgs are the arguments of EnterOperatorSQL.
func (e Entry) OperatorArgs() []any {
	return []any{e.KeyID, e.Acting, e.Session, e.ReadOnly, e.Expiry, e.MAC}
}

// Signed is e with the signature of the suite's key, for 20 seconds unless it says otherwise.
func (e Entry) Signed() Entry { return e.As("enter") }

// As signs what an entry of one kind ("enter", "guest", "operator") consists of.
func (e Entry) As(kind string) Entry {
	if e.KeyID == 0 {
		e.KeyID = 1
	}
	if e.Expiry == 0 {
		e.Expiry = ExpiresIn(20 * time.Second)
	}
	expiry := strconv.FormatInt(e.Expiry, 10)
	switch kind {
	case "guest":
		e.MAC = mac(kind, e.Customer, expiry)
	case "operator":
		e.MAC = mac(kind, Number(e.Acting), e.Session, strconv.FormatBool(e.ReadOnly), expiry)
	default:
		e.MAC = mac(kind, e.Customer, Number(e.User), e.Role, Number(e.Acting), e.Session, strconv.FormatBool(e.ReadOnly), expiry)
	}
	return e
}

// ExpiresIn is an expiry in milliseconds since 1970, from now.
func ExpiresIn(d time.Duration) int64 { return time.Now().Add(d).UnixMilli() }

// Number is a number in what is signed; an absent one is empty.
func Number(n *int64) string {
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
	if err := json.Unmarshal([]byte(Suite.keysText), &file); err != nil {
		panic(err) // the suite made it
	}
	return file.MAC[0].Key
}

// NewMember is a valid entry of a company's person of that role, with a session of its own.
func NewMember(t testing.TB, super querier, company, role string) Entry {
	t.Helper()
	e := Entry{Customer: company, Role: role}
	err := super.QueryRow(t.Context(), `
		with person as (select customer_id, id from portal.users where email = $1)
		insert into platform.sessions (customer_id, user_id, family_hash, refresh_hash, expires_at)
		select customer_id, id, sha256('family'), sha256('refresh'), now() + interval '1 hour' from person
		returning user_id, id::text`, Email(company, role)).Scan(&e.User, &e.Session)
	if err != nil {
		t.Fatal(err)
	}
	return e.Signed()
}

// NewActingOperator is a valid entry of the operator who acts inside a company.
func NewActingOperator(t *testing.T, super querier, company string) Entry {
	t.Helper()
	e := Entry{Customer: company, Role: auth.Admin}
	err := super.QueryRow(t.Context(), `
		insert into platform.sessions (operator_id, family_hash, refresh_hash, expires_at)
		select id, sha256('family'), sha256('refresh'), now() + interval '1 hour' from platform.operators where email = $1
		returning operator_id, id::text`, Operator).Scan(&e.Acting, &e.Session)
	if err != nil {
		t.Fatal(err)
	}
	return e.Signed()
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
	e.Expiry = 0
	_, err := tx.Exec(ctx, EnterSQL, e.Signed().Args()...)
	return err
}
