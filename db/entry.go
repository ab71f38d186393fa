package db

// An Entry opens a unit of work: it calls one procedure of schema tenancy, which PostgreSQL lets in where its own
// rows bear it out. Nobody but package auth makes one, of something that it has verified; the linter holds that.
type Entry struct {
	read, write string // READ ONLY until the transaction's end; not
	args        []any
}

// A Member enters its customer.
type Member interface {
	CustomerID() string
	Entry() Entry
}

// A Guest enters the one customer that it may see.
type Guest interface{ GuestEntry() Entry }

// An Operator enters the platform.
type Operator interface{ OperatorEntry() Entry }

const (
	enterReadSQL          = `call tenancy.enter(null, $1, $2, $3, $4, $5, true)`
	enterWriteSQL         = `call tenancy.enter(null, $1, $2, $3, $4, $5, false)`
	enterGuestSQL         = `call tenancy.enter_guest(null, $1)`
	enterOperatorReadSQL  = `call tenancy.enter_operator($1, $2, true)`
	enterOperatorWriteSQL = `call tenancy.enter_operator($1, $2, false)`
)

// EnterMember opens a customer for a member, or for an operator who acts inside it: one of user and acting is nil. The
// session is a UUID.
func EnterMember(customer string, user *int64, role string, acting *int64, session string) Entry {
	return Entry{enterReadSQL, enterWriteSQL, []any{customer, user, role, acting, session}}
}

// EnterGuest opens a customer without a member.
func EnterGuest(customer string) Entry { return Entry{"", enterGuestSQL, []any{customer}} }

// EnterOperator opens the platform for an operator outside of any customer. The session is a UUID.
func EnterOperator(operator int64, session string) Entry {
	return Entry{enterOperatorReadSQL, enterOperatorWriteSQL, []any{operator, session}}
}
