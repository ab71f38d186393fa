// Package auth tells who calls: log-in, tokens, passwords, sessions, and the verified Principal,
// which alone can enter a tenant. It owns the secrets. Routes are elsewhere (package login).
package auth

import "contractor-portal/db"

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

// A Principal is a caller whose token was verified, or who just logged in. Only this package makes
// one; the zero value enters nothing.
//
// It is a member of a customer, an operator outside of any, or an operator acting inside one.
type Principal struct {
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

// Entry makes db.Member of a Principal.
func (p *Principal) Entry() db.Entry {
	if p.operatorID != 0 {
		return db.EnterMember(p.customerID, nil, p.role, &p.operatorID, p.sessionID)
	}
	return db.EnterMember(p.customerID, &p.userID, p.role, nil, p.sessionID)
}

// OperatorEntry makes db.Operator of a Principal.
func (p *Principal) OperatorEntry() db.Entry { return db.EnterOperator(p.operatorID, p.sessionID) }

// A guest is a caller without a token who was verified for one customer, by other means.
type guest string

func (g guest) GuestEntry() db.Entry { return db.EnterGuest(string(g)) }
