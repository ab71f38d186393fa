package db

// Entries open a unit of work. Each holds the arguments of one function of schema tenancy and the
// HMAC-SHA256 over them; PostgreSQL refuses an entry whose MAC it cannot verify, so a value made by
// anybody but package auth, which has the key, enters nothing. An entry expires within 30 seconds.

// Entry opens a customer for a member, or for an operator who acts inside it (tenancy.enter).
type Entry struct {
	KeyID      int32
	CustomerID string
	UserID     *int64 // nil for an acting operator
	Role       string
	ActingAs   *int64 // the operator, or nil
	SessionID  string // UUID
	ReadOnly   bool
	ExpiresAt  int64 // Unix milliseconds
	MAC        []byte
}

// GuestEntry opens a customer without a member (tenancy.enter_guest).
type GuestEntry struct {
	KeyID      int32
	CustomerID string
	ExpiresAt  int64 // Unix milliseconds
	MAC        []byte
}

// OperatorEntry opens a unit of work of an operator outside of any customer (tenancy.enter_operator).
type OperatorEntry struct {
	KeyID      int32
	OperatorID int64
	SessionID  string // UUID
	ReadOnly   bool
	ExpiresAt  int64 // Unix milliseconds
	MAC        []byte
}

// A Member signs entries into its customer.
type Member interface {
	CustomerID() string
	SignEntry(readOnly bool) Entry
}

// A Guest signs entries into the one customer it may see.
type Guest interface{ SignGuest() GuestEntry }

// An Operator signs entries into the platform.
type Operator interface {
	SignOperator(readOnly bool) OperatorEntry
}

const (
	enterSQL         = `select tenancy.enter($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	enterGuestSQL    = `select tenancy.enter_guest($1, $2, $3, $4)`
	enterOperatorSQL = `select tenancy.enter_operator($1, $2, $3, $4, $5, $6)::text`
)

func (e Entry) statement() (string, []any) {
	return enterSQL, []any{e.KeyID, e.CustomerID, e.UserID, e.Role, e.ActingAs, e.SessionID, e.ReadOnly, e.ExpiresAt, e.MAC}
}

func (e GuestEntry) statement() (string, []any) {
	return enterGuestSQL, []any{e.KeyID, e.CustomerID, e.ExpiresAt, e.MAC}
}

func (e OperatorEntry) statement() (string, []any) {
	return enterOperatorSQL, []any{e.KeyID, e.OperatorID, e.SessionID, e.ReadOnly, e.ExpiresAt, e.MAC}
}
