package properties

import (
	"context"
	"errors"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// A PropertyContractor is a person assigned to a property.
type PropertyContractor struct {
	AssignmentID int64      `json:"assignment_id" db:"assignment_id"`
	ContractorID int64      `json:"contractor_id" db:"contractor_id"`
	IsPrimary    bool       `json:"is_primary" db:"is_primary"`
	AssignedDate field.Time `json:"assigned_date" db:"assigned_date"`
	Name         *string    `json:"name" db:"name"`
	Email        string     `json:"email" db:"email"`
	Role         string     `json:"role" db:"role"`
	Phone        string     `json:"phone" db:"phone"`
}

type contractorsOf struct {
	PropertyRef
	endpoint.Window
}

const contractorsSQL = `
select a.id as assignment_id, a.contractor_id, a.is_primary, a.assigned_date, u.name, u.email, u.role,
  coalesce(u.phone, '') as phone,
  count(*) over () as total
from property_contractors a
join users u on (u.customer_id, u.id) = (a.customer_id, a.contractor_id)
where a.property_id = @property_id
  and u.status = 'active'
order by a.is_primary desc, u.name, u.id
limit @limit offset @offset`

func contractors(ctx context.Context, tx db.Tx, in *contractorsOf) ([]PropertyContractor, int64, error) {
	page, total, err := db.Page[PropertyContractor](ctx, tx, contractorsSQL, db.Struct(in))
	if err == nil && len(page) == 0 {
		_, err = db.Value[int64](ctx, tx, existsSQL, db.Args{"id": in.PropertyID})
	}
	return page, total, endpoint.Missing(err, "property")
}

// Every change of who is assigned to a property waits its turn here, so that two at once cannot both
// make a primary contractor. Logs of the property do not wait.
const lockSQL = `select id from locations where id = @id for no key update`

func lock(ctx context.Context, tx db.Tx, property int64) error {
	_, err := db.Value[int64](ctx, tx, lockSQL, db.Args{"id": property})
	return endpoint.Missing(err, "property")
}

// NewAssignment assigns a person to a property.
type NewAssignment struct {
	ContractorID int64      `json:"contractor_id" db:"contractor_id" ref:"users" minimum:"1" doc:"An active person, of any role."`
	IsPrimary    field.Bool `json:"is_primary,omitempty" db:"is_primary" doc:"Takes the place of the present primary contractor."`
}

// Assigned is the answer to a new assignment.
type Assigned struct {
	Message      string `json:"message"`
	AssignmentID int64  `json:"assignment_id"`
}

const demoteSQL = `
update property_contractors
set is_primary = false
where property_id = @property_id
  and is_primary
  and contractor_id <> @contractor_id`

const assignSQL = `
with assigned as (
  insert into property_contractors (property_id, contractor_id, is_primary)
  select @property_id, u.id, @is_primary
  from users u
  where u.id = @contractor_id
    and u.status = 'active'
  on conflict (customer_id, property_id, contractor_id) do nothing
  returning id, property_id, contractor_id
)
insert into assignment_history (assignment_type, assignment_id, user_id, property_id, action)
select 'property', a.id, a.contractor_id, a.property_id, 'assigned'
from assigned a
returning assignment_id`

const activeSQL = `select id from users where id = @id and status = 'active'`

// assigning tells whom it assigns.
type assigning struct{ notice Notice }

func (a assigning) assign(ctx context.Context, tx db.Tx, in *struct {
	PropertyRef
	Body NewAssignment
},
) (out Assigned, err error) {
	if err := lock(ctx, tx, in.PropertyID); err != nil {
		return out, err
	}
	pair := db.Args{"property_id": in.PropertyID, "contractor_id": in.Body.ContractorID}
	if in.Body.IsPrimary {
		if _, err := db.Exec(ctx, tx, demoteSQL, pair); err != nil {
			return out, err
		}
	}
	id, err := db.Value[int64](ctx, tx, assignSQL, db.Args{
		"property_id": in.PropertyID, "contractor_id": in.Body.ContractorID, "is_primary": in.Body.IsPrimary,
	})
	if errors.Is(err, db.ErrNotFound) {
		if _, err := db.Value[int64](ctx, tx, activeSQL, db.Args{"id": in.Body.ContractorID}); err != nil {
			return out, endpoint.Missing(err, "active person")
		}
		return out, endpoint.Invalid("this person is assigned to the property already")
	}
	if err != nil {
		return out, err
	}
	_, err = a.notice(ctx, tx, []int64{id})
	return Assigned{Message: "Contractor assigned", AssignmentID: id}, err
}

type assignmentRef struct {
	PropertyID   int64 `path:"property_id" db:"property_id" ref:"locations" minimum:"1" doc:"The property."`
	ContractorID int64 `path:"contractor_id" db:"contractor_id" ref:"users" minimum:"1" doc:"The person assigned to it."`
}

const unassignSQL = `
delete from property_contractors
where property_id = @property_id
  and contractor_id = @contractor_id`

// unassign may be repeated: somebody who is not assigned is as good as removed.
func unassign(ctx context.Context, tx db.Tx, in *assignmentRef) (out endpoint.Message, err error) {
	if err := lock(ctx, tx, in.PropertyID); err != nil {
		return out, err
	}
	_, err = db.Exec(ctx, tx, unassignSQL, db.Struct(in))
	return endpoint.Message{Message: "The person is not assigned to the property any more"}, err
}

const promoteSQL = `
update property_contractors
set is_primary = true
where property_id = @property_id
  and contractor_id = @contractor_id`

func makePrimary(ctx context.Context, tx db.Tx, in *assignmentRef) (out endpoint.Message, err error) {
	if err := lock(ctx, tx, in.PropertyID); err != nil {
		return out, err
	}
	if _, err := db.Exec(ctx, tx, demoteSQL, db.Struct(in)); err != nil {
		return out, err
	}
	err = db.Touch(ctx, tx, promoteSQL, db.Struct(in))
	return endpoint.Message{Message: "Primary contractor set"}, endpoint.Missing(err, "assignment of this person to the property")
}
