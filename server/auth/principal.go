// Package auth tells who calls: log-in, tokens, passwords, sessions, and the verified Principal,
// which alone can enter a tenant. It owns the secrets. Routes are elsewhere (package login).
package auth

import (
	"strconv"
	"time"

	"contractor-portal/db"
)

// The roles inside a customer, and the operator's name for itself.
const (
	Admin         = "Admin"
	Manager       = "Manager"
	Contractor    = "Contractor"
	Subcontractor = "Subcontractor"
	User          = "User"
	SuperAdmin    = "Super Admin"
)

// Roles are those inside a customer.
var Roles = []string{Admin, Manager, Contractor, Subcontractor, User}

// entryLifetime is how long an entry can be used after it was signed; PostgreSQL refuses one that
// claims more than 30 s. Clocks of server and database may differ by the same amount.
const entryLifetime = 15 * time.Second

// A Principal is a caller whose token was verified, or who just logged in. Only this package makes
// one; the zero value enters nothing.
//
// It is a member of a customer, an operator outside of any, or an operator acting inside one.
type Principal struct {
	keys       *Keys
	customerID string // empty: an operator outside of any customer
	userID     int64
	operatorID int64
	role       string
	email      string
	name       string
	sessionID  string
}

// CustomerID is the customer that the caller is in, or "".
func (p *Principal) CustomerID() string { return p.customerID }

// UserID is the member's id, 0 for an operator.
func (p *Principal) UserID() int64 { return p.userID }

// OperatorID is the operator's id, 0 for a member.
func (p *Principal) OperatorID() int64 { return p.operatorID }

// Role is the role inside the customer (Admin while an operator acts), or SuperAdmin outside of any.
func (p *Principal) Role() string { return p.role }

// Email is the address that the caller logged in with.
func (p *Principal) Email() string { return p.email }

// Name is the caller's name at log-in.
func (p *Principal) Name() string { return p.name }

// SessionID is the session that the token belongs to, a UUID.
func (p *Principal) SessionID() string { return p.sessionID }

// Acting tells whether an operator acts inside a customer.
func (p *Principal) Acting() bool { return p.operatorID != 0 && p.customerID != "" }

// Outside tells whether the caller is an operator outside of any customer.
func (p *Principal) Outside() bool { return p.operatorID != 0 && p.customerID == "" }

func expiry() int64 { return time.Now().Add(entryLifetime).UnixMilli() }

// SignEntry makes db.Member of a Principal.
func (p *Principal) SignEntry(readOnly bool) db.Entry {
	e := db.Entry{CustomerID: p.customerID, Role: p.role, SessionID: p.sessionID, ReadOnly: readOnly, ExpiresAt: expiry()}
	var user, acting string
	if p.userID != 0 {
		e.UserID, user = &p.userID, strconv.FormatInt(p.userID, 10)
	}
	if p.operatorID != 0 {
		e.ActingAs, acting = &p.operatorID, strconv.FormatInt(p.operatorID, 10)
	}
	e.KeyID, e.MAC = p.keys.sign("enter", p.customerID, user, p.role, acting, p.sessionID,
		strconv.FormatBool(readOnly), strconv.FormatInt(e.ExpiresAt, 10))
	return e
}

// SignOperator makes db.Operator of a Principal.
func (p *Principal) SignOperator(readOnly bool) db.OperatorEntry {
	e := db.OperatorEntry{OperatorID: p.operatorID, SessionID: p.sessionID, ReadOnly: readOnly, ExpiresAt: expiry()}
	e.KeyID, e.MAC = p.keys.sign("operator", strconv.FormatInt(p.operatorID, 10), p.sessionID,
		strconv.FormatBool(readOnly), strconv.FormatInt(e.ExpiresAt, 10))
	return e
}

// guest is a caller without a token who was verified for one customer by other means.
type guest struct {
	keys       *Keys
	customerID string
}

func (g guest) SignGuest() db.GuestEntry {
	e := db.GuestEntry{CustomerID: g.customerID, ExpiresAt: expiry()}
	e.KeyID, e.MAC = g.keys.sign("guest", g.customerID, strconv.FormatInt(e.ExpiresAt, 10))
	return e
}
