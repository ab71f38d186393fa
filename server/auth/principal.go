// Package auth tells who calls: log-in, tokens, passwords, sessions, and the verified Principal,
// which alone can enter a tenant. It owns the secrets. Routes are elsewhere (package login).
package auth

import (
	"slices"

	"contractor-portal/db"
)

// The roles inside a customer, the operator's name for itself, and a service's.
const (
	Admin         = "Admin"
	Manager       = "Manager"
	Contractor    = "Contractor"
	Subcontractor = "Subcontractor"
	User          = "User"
	SuperAdmin    = "Super Admin"
	Service       = "Service"
)

// Roles are those of people inside a customer.
var Roles = []string{Admin, Manager, Contractor, Subcontractor, User}

// A Principal is a caller whose token was verified, or who just logged in. Only this package makes
// one; the zero value enters nothing.
//
// It is a member of a customer, an operator outside of any, an operator acting inside one, or a service in a customer,
// which is nobody and may do what its key has a scope for.
type Principal struct {
	customerID string // empty: an operator outside of any customer
	userID     int64
	operatorID int64
	serviceID  int64
	scopes     []string
	role       string
	email      string
	name       string
	sessionID  string
	entry      *db.Entry // of whoever has no session
}

// CustomerID is the customer that the caller is in, or "".
func (p *Principal) CustomerID() string { return p.customerID }

// UserID is the member's id, 0 for an operator or a service.
func (p *Principal) UserID() int64 { return p.userID }

// OperatorID is the operator's id, 0 for a member or a service.
func (p *Principal) OperatorID() int64 { return p.operatorID }

// ServiceID is the id of a service's key, 0 for a person.
func (p *Principal) ServiceID() int64 { return p.serviceID }

// IsService tells whether a service calls, and no person.
func (p *Principal) IsService() bool { return p.serviceID != 0 }

// Has tells whether a service's key has a scope; no person has any.
func (p *Principal) Has(scope string) bool { return p.IsService() && slices.Contains(p.scopes, scope) }

// Role is the role inside the customer (Admin while an operator acts, Service of a service), or SuperAdmin outside of any.
func (p *Principal) Role() string { return p.role }

// Email is the address that the caller logged in with; a service has none.
func (p *Principal) Email() string { return p.email }

// Name is the caller's name at log-in, or that of a service's key.
func (p *Principal) Name() string { return p.name }

// SessionID is the session that the token belongs to, a UUID.
func (p *Principal) SessionID() string { return p.sessionID }

// Acting tells whether an operator acts inside a customer.
func (p *Principal) Acting() bool { return p.operatorID != 0 && p.customerID != "" }

// Outside tells whether the caller is an operator outside of any customer.
func (p *Principal) Outside() bool { return p.operatorID != 0 && p.customerID == "" }

// Entry makes db.Member of a Principal.
func (p *Principal) Entry() db.Entry {
	switch {
	case p.entry != nil:
		return *p.entry
	case p.operatorID != 0:
		return db.EnterMember(p.customerID, nil, p.role, &p.operatorID, p.sessionID)
	case p.serviceID != 0:
		return db.EnterMember(p.customerID, nil, p.role, nil, p.sessionID)
	}
	return db.EnterMember(p.customerID, &p.userID, p.role, nil, p.sessionID)
}

// OperatorEntry makes db.Operator of a Principal.
func (p *Principal) OperatorEntry() db.Entry { return db.EnterOperator(p.operatorID, p.sessionID) }

// A webhook is a provider that brings something to a number.
type webhook string

func (w webhook) WebhookEntry() db.Entry { return db.EnterWebhook(string(w)) }

// A guest is a caller without a token who was verified for one customer, by other means.
type guest string

func (g guest) GuestEntry() db.Entry { return db.EnterGuest(string(g)) }
