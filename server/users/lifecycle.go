package users

import (
	"context"
	"fmt"
	"strings"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

// The states of a person. gone is the state of who is no longer stored.
const (
	pending   = "pending"   // has asked for an account; does not count, and cannot log in
	active    = "active"    // works
	suspended = "suspended" // counts, but cannot log in
	gone      = ""
)

// An action is what an Admin does to a person.
type action string

const (
	approve    action = "approve"
	reject     action = "reject"
	suspend    action = "suspend"
	reactivate action = "reactivate"
	edit       action = "change"
	changeRole action = "change the role of"
	del        action = "delete"
)

// next says where an action leads from a status, or that it leads nowhere. A pending person's role is
// decided by the approval, so it cannot be changed before.
func next(status string, a action) (string, error) {
	var from []string
	to := status
	switch a {
	case approve:
		from, to = []string{pending}, active
	case reject:
		from, to = []string{pending}, gone
	case suspend:
		from, to = []string{active}, suspended
	case reactivate:
		from, to = []string{suspended}, active
	case edit:
		from = []string{pending, active, suspended}
	case changeRole:
		from = []string{active, suspended}
	case del:
		from, to = []string{pending, active, suspended}, gone
	}
	for _, s := range from {
		if s == status {
			return to, nil
		}
	}
	return status, endpoint.Conflict(fmt.Sprintf("one can %s a person who is %s; this one is %s", a, strings.Join(from, " or "), status))
}

// A person is what a step looks at.
type person struct {
	ID     int64   `db:"id"`
	Name   *string `db:"name"`
	Email  string  `db:"email"`
	Role   string  `db:"role"`
	Status string  `db:"status"`
}

const lockSQL = `
select u.id, u.name, u.email, u.role, u.status
from users u
where u.id = @id
for update`

// step finds the person and where the action leads. The person stays locked, so that of two actions at
// once the second sees what the first has done.
func step(ctx context.Context, tx db.Tx, id int64, a action) (p person, to string, err error) {
	if p, err = db.One[person](ctx, tx, lockSQL, db.Args{"id": id}); err != nil {
		return p, "", endpoint.Missing(err, "user")
	}
	to, err = next(p.Status, a)
	return p, to, err
}

var errOwnRole = endpoint.Forbidden("nobody changes his own role; another Admin can")

// isSelf tells whether the caller is that person. An operator who acts inside the company is nobody
// there.
func isSelf(ctx context.Context, id int64) bool { return endpoint.Caller(ctx).UserID() == id }
