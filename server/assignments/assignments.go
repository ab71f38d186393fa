// Package assignments is what people do with the work that is given to them: they accept or decline a
// property or a route, and drive a route stop by stop. It also distributes a list of properties over
// the crews that are there. An assignment guides and never gates: it opens no ticket and forbids none.
//
// Who is assigned by hand belongs to the packages properties and routes.
package assignments

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// A Notice tells people that they were assigned, by the ids of the assignments, and answers how many will hear of it.
type Notice func(ctx context.Context, tx db.Tx, assignments []int64) (told int, err error)

// Routes registers the operations of this package.
func Routes(api endpoint.API, notice Notice) {
	own := endpoint.Members.Own()
	endpoint.List(api, "/my-assignments/properties", "listMyPropertyAssignments", "The properties that the caller is assigned to", myProperties, own)
	endpoint.Post(api, "/assignments/property/{assignment_id}/accept", "acceptPropertyAssignment", "Accept a property", answerProperty(doAccept), own)
	endpoint.Post(api, "/assignments/property/{assignment_id}/decline", "declinePropertyAssignment", "Decline a property", answerProperty(doDecline), own)
	endpoint.List(api, "/my-assignments/routes", "listMyRouteAssignments", "The routes that the caller is assigned to", myRoutes, own)
	endpoint.Post(api, "/assignments/route/{assignment_id}/accept", "acceptRouteAssignment", "Accept a route", answerRoute(doAccept), own)
	endpoint.Post(api, "/assignments/route/{assignment_id}/decline", "declineRouteAssignment", "Decline a route", answerRoute(doDecline), own)
	endpoint.Post(api, "/assignments/route/{assignment_id}/start-property/{property_id}", "startAssignedProperty", "Start one stop of an accepted route", start, own)
	endpoint.Post(api, "/assignments/route/{assignment_id}/complete-property", "completeAssignedProperty", "Complete the running stop", complete, own)
	endpoint.Post(api, "/ai-assign-property-list", "assignPropertyList", "Distribute a property list over the available crews", distributing{notice}.distribute, endpoint.Only(auth.Admin, auth.Manager))
}

// PropertyAssignment is a property that the caller is assigned to.
type PropertyAssignment struct {
	ID               int64       `json:"id" db:"id"`
	PropertyID       int64       `json:"property_id" db:"property_id"`
	ContractorID     int64       `json:"contractor_id" db:"contractor_id" doc:"The caller."`
	AcceptanceStatus string      `json:"acceptance_status" db:"acceptance_status" enum:"pending,accepted,declined"`
	AcceptedAt       *field.Time `json:"accepted_at" db:"accepted_at" nullable:"true"`
	DeclinedAt       *field.Time `json:"declined_at" db:"declined_at" nullable:"true"`
	AssignedDate     field.Time  `json:"assigned_date" db:"assigned_date"`
	IsPrimary        bool        `json:"is_primary" db:"is_primary"`
	Notes            *string     `json:"notes" db:"notes"`
	PropertyName     string      `json:"property_name" db:"property_name"`
	PropertyAddress  string      `json:"property_address" db:"property_address"`
	AreaManager      string      `json:"area_manager" db:"area_manager"`
}

const myPropertiesSQL = `
select a.id, a.property_id, a.contractor_id, a.acceptance_status, a.accepted_at, a.declined_at, a.assigned_date,
  a.is_primary, a.notes, p.name as property_name, p.address as property_address,
  coalesce(p.area_manager, '') as area_manager,
  count(*) over () as total
from property_contractors a
join locations p on (p.customer_id, p.id) = (a.customer_id, a.property_id)
where a.contractor_id = (select tenancy.user_id())
order by array_position(array['pending', 'accepted', 'declined'], a.acceptance_status), a.assigned_date desc, a.id desc
limit @limit offset @offset`

func myProperties(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]PropertyAssignment, int64, error) {
	return db.Page[PropertyAssignment](ctx, tx, myPropertiesSQL, db.Struct(in))
}

// AssignmentNotes are what a person adds to an answer.
type AssignmentNotes struct {
	Notes *string `json:"notes,omitempty" nullable:"true" maxLength:"10000" example:"From noon on."`
}

type answerInput struct {
	AssignmentID int64 `path:"assignment_id" ref:"property_contractors" minimum:"1" doc:"The assignment."`
	Body         *AssignmentNotes
}

// AssignmentAnswered is the answer to an accepted or declined assignment.
type AssignmentAnswered struct {
	Message      string `json:"message"`
	AssignmentID int64  `json:"assignment_id"`
}

const ownPropertySQL = `
select acceptance_status
from property_contractors
where id = @id
  and contractor_id = (select tenancy.user_id())
for no key update`

// The notes are added to those of whoever assigned, marked with the answer.
const answerPropertySQL = `
with answered as (
  update property_contractors a
  set acceptance_status = @status,
    accepted_at = case when @status = 'accepted' then @now::timestamptz end,
    declined_at = case when @status = 'declined' then @now::timestamptz end,
    notes = concat_ws(E'\n', nullif(a.notes, ''), initcap(@status) || ': ' || @notes)
  where a.id = @id
  returning a.id, a.contractor_id, a.property_id
)
insert into assignment_history (assignment_type, assignment_id, user_id, property_id, action, action_timestamp, notes)
select 'property', a.id, a.contractor_id, a.property_id, @status, @now, @notes
from answered a`

func answerProperty(action string) endpoint.Handler[answerInput, AssignmentAnswered] {
	return func(ctx context.Context, tx db.Tx, in *answerInput) (out AssignmentAnswered, err error) {
		present, err := db.Value[string](ctx, tx, ownPropertySQL, db.Args{"id": in.AssignmentID})
		if err != nil {
			return out, endpoint.Missing(err, "assignment")
		}
		status, err := answer(present, action)
		if err != nil {
			return out, err
		}
		err = db.Touch(ctx, tx, answerPropertySQL, in.Body.args(ctx, in.AssignmentID, status))
		return AssignmentAnswered{Message: "Property " + status, AssignmentID: in.AssignmentID}, err
	}
}

// Answer accepts or declines an assignment of the caller's, as its operation does.
func Answer(ctx context.Context, tx db.Tx, assignment int64, accept bool) error {
	action := doDecline
	if accept {
		action = doAccept
	}
	_, err := answerProperty(action)(ctx, tx, &answerInput{AssignmentID: assignment})
	return err
}

// args are those of an answer that leads to status.
func (n *AssignmentNotes) args(ctx context.Context, id int64, status string) db.Args {
	var notes *string
	if n != nil && n.Notes != nil && *n.Notes != "" {
		notes = n.Notes
	}
	return db.Args{"id": id, "status": status, "notes": notes, "now": endpoint.Now(ctx)}
}
