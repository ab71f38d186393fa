// Package routes keeps ordered lists of properties, and who drives them. A route is guidance: it never
// opens a ticket by itself, and whoever drives it may log other work. What a driver answers to a route,
// and which stop he is at, belongs to package assignments.
package routes

import (
	"context"
	"errors"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// A Notice tells people that they are to drive a route.
type Notice func(ctx context.Context, tx db.Tx, route int64, people []int64) (told int, err error)

// Routes registers the operations of this package.
func Routes(api endpoint.API, notice Notice) {
	endpoint.List(api, "/routes/", "listRoutes", "List the routes: all for the office, else the own and the assigned", list, endpoint.Members)
	endpoint.Get(api, "/routes/{route_id}", "getRoute", "One route with its stops", get, endpoint.Members)
	endpoint.Post(api, "/routes/", "createRoute", "Create a route", create, endpoint.Members.Own())
	endpoint.Put(api, "/routes/", "updateRoute", "Replace a route's name and description", update, endpoint.Members)
	endpoint.Delete(api, "/routes/{route_id}", "deleteRoute", "Delete a route", remove, endpoint.Members)
	endpoint.Post(api, "/routes/add-property/", "addPropertyToRoute", "Add or overwrite a stop", addStop, endpoint.Members)
	endpoint.Delete(api, "/routes/{route_id}/properties/{property_id}", "removePropertyFromRoute", "Remove a stop", removeStop, endpoint.Members)
	endpoint.Put(api, "/routes/reorder/", "reorderRoute", "Set the order of the stops", reorder, endpoint.Members)
	endpoint.Post(api, "/routes/assign-users/", "assignUsersToRoute", "Set who drives a route", assigning{notice}.assign, endpoint.Members)
	endpoint.List(api, "/routes/{route_id}/assigned-users/", "listRouteUsers", "Who drives a route", drivers, endpoint.Members)
	endpoint.Post(api, "/routes/complete-property/", "completeRouteTicket", "Complete a ticket and open the next queued one", completeTicket, endpoint.Members)
	endpoint.Get(api, "/routes/{route_id}/progress/", "getRouteProgress", "How far a driver is on a route in an event", progress, endpoint.Members)
}

// A Route is a row of portal.routes with its owner's name.
type Route struct {
	ID            int64      `json:"id" db:"id"`
	CustomerID    string     `json:"customer_id" db:"customer_id"`
	UserID        int64      `json:"user_id" db:"user_id" doc:"The owner."`
	Name          string     `json:"name" db:"name"`
	Description   *string    `json:"description" db:"description"`
	IsTemplate    bool       `json:"is_template" db:"is_template"`
	CreatedAt     field.Time `json:"created_at" db:"created_at"`
	UpdatedAt     field.Time `json:"updated_at" db:"updated_at"`
	OwnerName     string     `json:"owner_name" db:"owner_name"`
	PropertyCount int64      `json:"property_count" db:"property_count"`
}

const (
	routeColumns = `
select r.id, r.customer_id, r.user_id, r.name, r.description, r.is_template, r.created_at, r.updated_at,
  coalesce(u.name, u.email) as owner_name,
  (select count(*) from route_properties s where (s.customer_id, s.route_id) = (r.customer_id, r.id)) as property_count`

	// The office sees every route, others those that they own or drive.
	visibleRoutes = `
from routes r
join users u on (u.customer_id, u.id) = (r.customer_id, r.user_id)
where (
  (select tenancy.role()) in ('Admin', 'Manager')
  or r.user_id = (select tenancy.user_id())
  or exists (
    select
    from route_assignments a
    where (a.customer_id, a.route_id) = (r.customer_id, r.id)
      and a.user_id = (select tenancy.user_id())
  )
)`
)

const listSQL = routeColumns + `,
  count(*) over () as total` + visibleRoutes + `
order by r.created_at desc, r.id desc
limit @limit offset @offset`

func list(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]Route, int64, error) {
	return db.Page[Route](ctx, tx, listSQL, db.Struct(in))
}

// RouteRef names a route in a path.
type RouteRef struct {
	RouteID int64 `path:"route_id" db:"route_id" ref:"routes" minimum:"1" doc:"The route."`
}

// RouteWithStops is a route and its properties, in order.
type RouteWithStops struct {
	Route
	Properties []RouteStop `json:"properties"`
}

const getSQL = routeColumns + visibleRoutes + `
  and r.id = @id`

func get(ctx context.Context, tx db.Tx, in *RouteRef) (out RouteWithStops, err error) {
	if out.Route, err = visible(ctx, tx, in.RouteID); err != nil {
		return out, err
	}
	out.Properties, err = stops(ctx, tx, in.RouteID)
	return out, err
}

// visible returns a route that the caller may see.
func visible(ctx context.Context, tx db.Tx, routeID int64) (Route, error) {
	r, err := db.One[Route](ctx, tx, getSQL, db.Args{"id": routeID})
	return r, endpoint.Missing(err, "route")
}

// RouteFields are what a client says of a route.
type RouteFields struct {
	Name        field.Text `json:"name" db:"name" maxLength:"255" example:"Amherst Loop"`
	Description *string    `json:"description,omitempty" db:"description" nullable:"true" maxLength:"10000" example:"From the boulevard east."`
	IsTemplate  field.Bool `json:"is_template,omitempty" db:"is_template" doc:"false if absent."`
}

// RouteCreated is the answer to a new route.
type RouteCreated struct {
	Message string `json:"message"`
	RouteID int64  `json:"route_id"`
}

const createSQL = `
insert into routes (user_id, name, description, is_template)
values (tenancy.user_id(), @name, @description, @is_template)
returning id`

func create(ctx context.Context, tx db.Tx, in *struct{ Body RouteFields }) (out RouteCreated, err error) {
	id, err := db.Value[int64](ctx, tx, createSQL, db.Struct(in.Body))
	return RouteCreated{Message: "Route created", RouteID: id}, err
}

// RouteReplacement is a route's fields with the id of the route they replace.
type RouteReplacement struct {
	ID int64 `json:"id" db:"id" ref:"routes" minimum:"1" doc:"The route."`
	RouteFields
}

const updateSQL = `
update routes
set name = @name, description = @description, is_template = @is_template
where id = @id`

func update(ctx context.Context, tx db.Tx, in *struct{ Body RouteReplacement }) (out endpoint.Message, err error) {
	if err := edit(ctx, tx, in.Body.ID); err != nil {
		return out, err
	}
	return endpoint.Message{Message: "Route updated"}, db.Touch(ctx, tx, updateSQL, db.Struct(in.Body))
}

// Stops and assignments go with the route. A ticket keeps its work and loses the route, except that one
// still queued would be left without a way to be opened.
const removeSQL = `
delete from routes r
where r.id = @id
  and not exists (
    select
    from winter_ops_logs l
    where (l.customer_id, l.route_id) = (r.customer_id, r.id)
      and l.route_status = 'queued'
  )`

func remove(ctx context.Context, tx db.Tx, in *RouteRef) (out endpoint.Message, err error) {
	if err := edit(ctx, tx, in.RouteID); err != nil {
		return out, err
	}
	err = db.Touch(ctx, tx, removeSQL, db.Args{"id": in.RouteID})
	if errors.Is(err, db.ErrNotFound) {
		return out, endpoint.Conflict("tickets are queued for the route; complete or delete them first")
	}
	return endpoint.Message{Message: "Route deleted"}, err
}

const editSQL = `
select user_id
from routes
where id = @id
for no key update`

// edit admits a route's owner, Admins and Managers to a change of the route, its stops or its drivers. It
// locks the route, so that such changes come one after the other.
func edit(ctx context.Context, tx db.Tx, routeID int64) error {
	owner, err := db.Value[int64](ctx, tx, editSQL, db.Args{"id": routeID})
	if err != nil {
		return endpoint.Missing(err, "route")
	}
	if caller := endpoint.Caller(ctx); !office(caller) && caller.UserID() != owner {
		return endpoint.Forbidden("only the route's owner, a Manager or an Admin may change it")
	}
	return nil
}

func office(caller *auth.Principal) bool {
	return caller.Role() == auth.Admin || caller.Role() == auth.Manager
}
