package routes

import (
	"context"
	"fmt"
	"slices"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

// RouteUsers are all who are to drive a route.
type RouteUsers struct {
	RouteID int64   `json:"route_id" ref:"routes" minimum:"1" doc:"The route."`
	UserIDs []int64 `json:"user_ids" ref:"users" maxItems:"1000" doc:"Active people of the company. Whoever is not named drives it no longer."`
}

// Whoever drives the route already keeps the answer that he gave. Counts the active people, so that a
// person who is not among them is noticed; who is new is told.
const assignSQL = `
with person as (
  select u.id
  from users u
  where u.id = any (@user_ids::bigint[])
    and u.status = 'active'
),
added as (
  insert into route_assignments (route_id, user_id, assigned_at)
  select @route_id, p.id, @now
  from person p
  order by p.id
  on conflict (customer_id, route_id, user_id) do nothing
  returning id, route_id, user_id, assigned_at
),
noted as (
  insert into assignment_history (assignment_type, assignment_id, user_id, route_id, action, action_timestamp)
  select 'route', a.id, a.user_id, a.route_id, 'assigned', a.assigned_at
  from added a
)
select (select count(*) from person) as found, array(select a.user_id from added a order by a.user_id) as added`

const releaseSQL = `
delete from route_assignments
where route_id = @route_id
  and user_id <> all (@user_ids::bigint[])`

// assigning tells whom it assigns.
type assigning struct{ notice Notice }

func (a assigning) assign(ctx context.Context, tx db.Tx, in *struct{ Body RouteUsers }) (out endpoint.Message, err error) {
	users := append([]int64{}, in.Body.UserIDs...)
	slices.Sort(users)
	users = slices.Compact(users)
	if err := edit(ctx, tx, in.Body.RouteID); err != nil {
		return out, err
	}

	now, err := db.One[struct {
		Found int     `db:"found"`
		Added []int64 `db:"added"`
	}](ctx, tx, assignSQL, db.Args{
		"route_id": in.Body.RouteID, "user_ids": users, "now": endpoint.Now(ctx),
	})
	if err != nil {
		return out, err
	}
	if now.Found != len(users) {
		return out, endpoint.NotFound("active person")
	}
	if _, err = db.Exec(ctx, tx, releaseSQL, db.Args{"route_id": in.Body.RouteID, "user_ids": users}); err != nil {
		return out, err
	}
	_, err = a.notice(ctx, tx, in.Body.RouteID, now.Added)
	return endpoint.Message{Message: fmt.Sprintf("%d assigned to the route", len(users))}, err
}

// RouteDriver is somebody who is assigned to a route.
type RouteDriver struct {
	ID    int64   `json:"id" db:"id"`
	Name  *string `json:"name" db:"name"`
	Email string  `json:"email" db:"email"`
	Role  string  `json:"role" db:"role"`
}

const driversSQL = `
select u.id, u.name, u.email, u.role, count(*) over () as total
from route_assignments a
join users u on (u.customer_id, u.id) = (a.customer_id, a.user_id)
where a.route_id = @route_id
order by u.name, u.id
limit @limit offset @offset`

func drivers(ctx context.Context, tx db.Tx, in *struct {
	RouteRef
	endpoint.Window
},
) ([]RouteDriver, int64, error) {
	if _, err := visible(ctx, tx, in.RouteID); err != nil {
		return nil, 0, err
	}
	return db.Page[RouteDriver](ctx, tx, driversSQL, db.Struct(in))
}
