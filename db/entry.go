package db

// Entries open a unit of work. Each holds the arguments of one function of schema tenancy and the
// HMAC-SHA256 over them; PostgreSQL refuses an entry whose MAC it cannot verify, so a value made by
// anybody but package auth, which has the key, enters nothing. An entry expires within 30 seconds.

// Enter opens a customer for a member, or for an operator who acts inside it (tenancy.enter).
type Enter struct {
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

// EnterGuest opens a customer without a member (tenancy.enter_guest).
type EnterGuest struct {
	KeyID      int32
	CustomerID string
	ExpiresAt  int64 // Unix milliseconds
	MAC        []byte
}

// EnterOperator opens a unit of work of an operator outside of any customer (tenancy.enter_operator).
type EnterOperator struct {
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
	SignEnter(readOnly bool) Enter
}

// A Guest signs entries into the one customer it may see.
type Guest interface{ SignGuest() EnterGuest }

// An Operator signs entries into the platform.
type Operator interface {
	SignOperator(readOnly bool) EnterOperator
}

const (
	enterSQL         = `select tenancy.enter($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	enterGuestSQL    = `select tenancy.enter_guest($1, $2, $3, $4)`
	enterOperatorSQL = `select tenancy.enter_operator($1, $2, $3, $4, $5, $6)::text`
)

func (e Enter) statement() (string, []any) {
	return enterSQL, []any{e.KeyID, e.CustomerID, e.UserID, e.Role, e.ActingAs, e.SessionID, e.ReadOnly, e.ExpiresAt, e.MAC}
}

func (e EnterGuest) statement() (string, []any) {
	return enterGuestSQL, []any{e.KeyID, e.CustomerID, e.ExpiresAt, e.MAC}
}

func (e EnterOperator) statement() (string, []any) {
	return enterOperatorSQL, []any{e.KeyID, e.OperatorID, e.SessionID, e.ReadOnly, e.ExpiresAt, e.MAC}
}
