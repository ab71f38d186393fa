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

// A Job enters the customer of a claimed job.
type Job interface{ JobEntry() Entry }

// A Webhook enters the one customer that was called.
type Webhook interface{ WebhookEntry() Entry }

// An Operator enters the platform.
type Operator interface{ OperatorEntry() Entry }

const (
	enterReadSQL          = `call tenancy.enter(null, $1, $2, $3, $4, $5, true)`
	enterWriteSQL         = `call tenancy.enter(null, $1, $2, $3, $4, $5, false)`
	enterGuestSQL         = `call tenancy.enter_guest(null, $1)`
	enterJobSQL           = `call tenancy.enter_job(null, $1)`
	enterWebhookSQL       = `call tenancy.enter_webhook(null, $1)`
	enterCallbackReadSQL  = `call tenancy.enter_callback(null, $1, $2, $3, true)`
	enterCallbackWriteSQL = `call tenancy.enter_callback(null, $1, $2, $3, false)`
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

// EnterJob opens the customer of a job that this process has claimed, in the name of the job's person, if it has one.
func EnterJob(job int64) Entry { return Entry{enterJobSQL, enterJobSQL, []any{job}} }

// EnterWebhook opens the customer that a receiving number belongs to, for the provider that brings something.
func EnterWebhook(number string) Entry { return Entry{"", enterWebhookSQL, []any{number}} }

// EnterCallback opens the customer of the person who left with a state for another company's page; a write uses the state
// up. The state is its hash in hexadecimal digits, the browser that of what its cookie holds.
func EnterCallback(purpose, state string, browser []byte) Entry {
	return Entry{enterCallbackReadSQL, enterCallbackWriteSQL, []any{purpose, state, browser}}
}

// EnterOperator opens the platform for an operator outside of any customer. The session is a UUID.
func EnterOperator(operator int64, session string) Entry {
	return Entry{enterOperatorReadSQL, enterOperatorWriteSQL, []any{operator, session}}
}
