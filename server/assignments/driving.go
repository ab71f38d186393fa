package assignments

import (
	"context"
	"errors"
	"fmt"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// RouteAssignment is a route that the caller is assigned to.
type RouteAssignment struct {
	ID                       int64       `json:"id" db:"id"`
	RouteID                  int64       `json:"route_id" db:"route_id"`
	UserID                   int64       `json:"user_id" db:"user_id" doc:"The caller."`
	AcceptanceStatus         string      `json:"acceptance_status" db:"acceptance_status" enum:"pending,accepted,declined"`
	AcceptedAt               *field.Time `json:"accepted_at" db:"accepted_at" nullable:"true"`
	DeclinedAt               *field.Time `json:"declined_at" db:"declined_at" nullable:"true"`
	CurrentPropertyID        *int64      `json:"current_property_id" db:"current_property_id" doc:"The stop that the caller is at."`
	CurrentPropertyStartedAt *field.Time `json:"current_property_started_at" db:"current_property_started_at" nullable:"true"`
	AssignedAt               field.Time  `json:"assigned_at" db:"assigned_at"`
	RouteName                string      `json:"route_name" db:"route_name"`
	RouteDescription         *string     `json:"route_description" db:"route_description"`
	PropertyCount            int64       `json:"property_count" db:"property_count"`
	CurrentPropertyName      *string     `json:"current_property_name" db:"current_property_name"`
}

const myRoutesSQL = `
select a.id, a.route_id, a.user_id, a.acceptance_status, a.accepted_at, a.declined_at, a.current_property_id,
  case when a.current_property_id is not null then a.current_property_started_at end as current_property_started_at,
  a.assigned_at, r.name as route_name, r.description as route_description,
  (
    select count(*)
    from route_properties s
    where (s.customer_id, s.route_id) = (a.customer_id, a.route_id)
  ) as property_count,
  p.name as current_property_name,
  count(*) over () as total
from route_assignments a
join routes r on (r.customer_id, r.id) = (a.customer_id, a.route_id)
left join locations p on (p.customer_id, p.id) = (a.customer_id, a.current_property_id)
where a.user_id = (select tenancy.user_id())
order by array_position(array['pending', 'accepted', 'declined'], a.acceptance_status), a.assigned_at desc, a.id desc
limit @limit offset @offset`

func myRoutes(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]RouteAssignment, int64, error) {
	return db.Page[RouteAssignment](ctx, tx, myRoutesSQL, db.Struct(in))
}

// RouteAssignmentRef names a route assignment in a path.
type RouteAssignmentRef struct {
	AssignmentID int64 `path:"assignment_id" ref:"route_assignments" minimum:"1" doc:"The assignment."`
}

// A trip is what a driver has made of a route so far.
type trip struct {
	AcceptanceStatus string `db:"acceptance_status"`
	CurrentProperty  *int64 `db:"current_property_id"`
}

const ownRouteSQL = `
select acceptance_status, current_property_id
from route_assignments
where id = @id
  and user_id = (select tenancy.user_id())
for no key update`

// own returns the caller's assignment to a route and locks it, so that what is decided on it still holds
// when it is written.
func own(ctx context.Context, tx db.Tx, assignmentID int64) (trip, error) {
	t, err := db.One[trip](ctx, tx, ownRouteSQL, db.Args{"id": assignmentID})
	return t, endpoint.Missing(err, "assignment")
}

const answerRouteSQL = `
with answered as (
  update route_assignments a
  set acceptance_status = @status,
    accepted_at = case when @status = 'accepted' then @now::timestamptz end,
    declined_at = case when @status = 'declined' then @now::timestamptz end
  where a.id = @id
  returning a.id, a.user_id, a.route_id
)
insert into assignment_history (assignment_type, assignment_id, user_id, route_id, action, action_timestamp, notes)
select 'route', a.id, a.user_id, a.route_id, @status, @now, @notes
from answered a`

type answerRouteInput struct {
	RouteAssignmentRef
	Body *AssignmentNotes
}

func answerRoute(action string) endpoint.Handler[answerRouteInput, AssignmentAnswered] {
	return func(ctx context.Context, tx db.Tx, in *answerRouteInput) (out AssignmentAnswered, err error) {
		t, err := own(ctx, tx, in.AssignmentID)
		if err != nil {
			return out, err
		}
		status, err := answer(t.AcceptanceStatus, action)
		if err != nil {
			return out, err
		}
		err = db.Touch(ctx, tx, answerRouteSQL, in.Body.args(ctx, in.AssignmentID, status))
		return AssignmentAnswered{Message: "Route " + status, AssignmentID: in.AssignmentID}, err
	}
}

// StopStarted is the answer to a started stop.
type StopStarted struct {
	Message    string     `json:"message"`
	PropertyID int64      `json:"property_id" db:"property_id"`
	StartedAt  field.Time `json:"started_at" db:"started_at"`
}

const startSQL = `
with started as (
  update route_assignments a
  set current_property_id = @property_id, current_property_started_at = @now
  where a.id = @id
    and exists (
      select
      from route_properties s
      where (s.customer_id, s.route_id) = (a.customer_id, a.route_id)
        and s.property_id = @property_id
    )
  returning a.id, a.user_id, a.route_id, a.current_property_id, a.current_property_started_at
),
noted as (
  insert into assignment_history (assignment_type, assignment_id, user_id, property_id, route_id, action, action_timestamp)
  select 'route', s.id, s.user_id, s.current_property_id, s.route_id, 'started', s.current_property_started_at
  from started s
)
select current_property_started_at as started_at
from started`

func start(ctx context.Context, tx db.Tx, in *struct {
	RouteAssignmentRef
	PropertyID int64 `path:"property_id" ref:"locations" minimum:"1" doc:"The stop."`
},
) (out StopStarted, err error) {
	t, err := own(ctx, tx, in.AssignmentID)
	if err != nil {
		return out, err
	}
	switch err := drive(t.AcceptanceStatus, t.CurrentProperty != nil, doStart); {
	case errors.Is(err, errRunning):
		return out, running(ctx, tx, *t.CurrentProperty)
	case err != nil:
		return out, err
	}

	at, err := db.Value[field.Time](ctx, tx, startSQL, db.Args{
		"id": in.AssignmentID, "property_id": in.PropertyID, "now": endpoint.Now(ctx),
	})
	if errors.Is(err, db.ErrNotFound) {
		return out, endpoint.Invalid("the property is no stop of this route")
	}
	return StopStarted{Message: "Property started", PropertyID: in.PropertyID, StartedAt: at}, err
}

const runningSQL = `select name from locations where id = @id`

// running names the stop that has to be completed first.
func running(ctx context.Context, tx db.Tx, propertyID int64) error {
	name, err := db.Value[string](ctx, tx, runningSQL, db.Args{"id": propertyID})
	if err != nil {
		return err
	}
	return endpoint.Invalid(fmt.Sprintf("one property at a time: complete %q first", name))
}

// StopCompleted is the answer to a completed stop.
type StopCompleted struct {
	Message     string     `json:"message"`
	PropertyID  int64      `json:"property_id"`
	CompletedAt field.Time `json:"completed_at"`
}

const completeSQL = `
with completed as (
  update route_assignments a
  set current_property_id = null, current_property_started_at = null
  where a.id = @id
  returning a.id, a.user_id, a.route_id
)
insert into assignment_history (assignment_type, assignment_id, user_id, property_id, route_id, action, action_timestamp)
select 'route', c.id, c.user_id, @property_id, c.route_id, 'completed', @now
from completed c
returning action_timestamp`

func complete(ctx context.Context, tx db.Tx, in *RouteAssignmentRef) (out StopCompleted, err error) {
	t, err := own(ctx, tx, in.AssignmentID)
	if err != nil {
		return out, err
	}
	if err := drive(t.AcceptanceStatus, t.CurrentProperty != nil, doComplete); err != nil {
		return out, err
	}
	at, err := db.Value[field.Time](ctx, tx, completeSQL, db.Args{
		"id": in.AssignmentID, "property_id": *t.CurrentProperty, "now": endpoint.Now(ctx),
	})
	return StopCompleted{Message: "Property completed", PropertyID: *t.CurrentProperty, CompletedAt: at}, err
}
