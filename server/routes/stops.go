package routes

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/shape"
)

// RouteStop is a property on a route: its columns, and what the route says of it.
type RouteStop struct {
	shape.Property
	SequenceOrder        int32   `json:"sequence_order" db:"sequence_order"`
	EstimatedTimeMinutes *int32  `json:"estimated_time_minutes" db:"estimated_time_minutes"`
	Notes                *string `json:"notes" db:"stop_notes" doc:"The route's notes on the stop, not the property's."`
}

const stopsSQL = `
select p.*, s.sequence_order, s.estimated_time_minutes, s.notes as stop_notes
from route_properties s
join properties p on (p.customer_id, p.id) = (s.customer_id, s.property_id)
where s.route_id = @route_id
order by s.sequence_order, p.id
limit 10000`

func stops(ctx context.Context, tx db.Tx, routeID int64) ([]RouteStop, error) {
	return db.All[RouteStop](ctx, tx, stopsSQL, db.Args{"route_id": routeID})
}

// StopFields put a property on a route.
type StopFields struct {
	RouteID              int64   `json:"route_id" db:"route_id" ref:"routes" minimum:"1" doc:"The route."`
	PropertyID           int64   `json:"property_id" db:"property_id" ref:"locations" minimum:"1" doc:"The property."`
	SequenceOrder        int32   `json:"sequence_order" db:"sequence_order" minimum:"0" example:"1"`
	EstimatedTimeMinutes *int32  `json:"estimated_time_minutes,omitempty" db:"estimated_time_minutes" nullable:"true" minimum:"0" maximum:"100000" example:"45"`
	Notes                *string `json:"notes,omitempty" db:"notes" nullable:"true" maxLength:"10000" example:"Gate code at the office."`
}

const addStopSQL = `
insert into route_properties (route_id, property_id, sequence_order, estimated_time_minutes, notes)
values (@route_id, @property_id, @sequence_order, @estimated_time_minutes, @notes)
on conflict (customer_id, route_id, property_id) do update
  set sequence_order = excluded.sequence_order,
    estimated_time_minutes = excluded.estimated_time_minutes,
    notes = excluded.notes`

func addStop(ctx context.Context, tx db.Tx, in *struct{ Body StopFields }) (out endpoint.Message, err error) {
	if err := edit(ctx, tx, in.Body.RouteID); err != nil {
		return out, err
	}
	_, err = db.Exec(ctx, tx, addStopSQL, db.Struct(in.Body))
	if db.Violates(err, "property_is_of_the_same_customer") {
		return out, endpoint.NotFound("property")
	}
	return endpoint.Message{Message: "Property is on the route"}, err
}

type stopRef struct {
	RouteID    int64 `path:"route_id" db:"route_id" ref:"routes" minimum:"1" doc:"The route."`
	PropertyID int64 `path:"property_id" db:"property_id" ref:"locations" minimum:"1" doc:"The property."`
}

const removeStopSQL = `
delete from route_properties
where route_id = @route_id
  and property_id = @property_id`

func removeStop(ctx context.Context, tx db.Tx, in *stopRef) (out endpoint.Message, err error) {
	if err := edit(ctx, tx, in.RouteID); err != nil {
		return out, err
	}
	err = db.Touch(ctx, tx, removeStopSQL, db.Struct(in))
	return endpoint.Message{Message: "Property is no longer on the route"}, endpoint.Missing(err, "stop of the route")
}

// StopOrder says at which place of a route a property is.
type StopOrder struct {
	PropertyID    int64 `json:"property_id" ref:"locations" minimum:"1" doc:"The property."`
	SequenceOrder int32 `json:"sequence_order" minimum:"0" example:"1"`
}

// Reorder gives stops of a route new places. Those that it does not name keep theirs.
type Reorder struct {
	RouteID        int64       `json:"route_id" ref:"routes" minimum:"1" doc:"The route."`
	PropertyOrders []StopOrder `json:"property_orders" maxItems:"10000"`
}

const reorderSQL = `
update route_properties s
set sequence_order = o.sequence_order
from unnest(@property_ids::bigint[], @sequence_orders::integer[]) as o (property_id, sequence_order)
where s.route_id = @route_id
  and s.property_id = o.property_id`

func reorder(ctx context.Context, tx db.Tx, in *struct{ Body Reorder }) (out endpoint.Message, err error) {
	var properties []int64
	var orders []int32
	seen := map[int64]bool{}
	for _, o := range in.Body.PropertyOrders {
		if seen[o.PropertyID] {
			return out, endpoint.InvalidField("property_orders", "expected each property once")
		}
		seen[o.PropertyID] = true
		properties, orders = append(properties, o.PropertyID), append(orders, o.SequenceOrder)
	}
	if err := edit(ctx, tx, in.Body.RouteID); err != nil {
		return out, err
	}
	touched, err := db.Exec(ctx, tx, reorderSQL, db.Args{
		"route_id": in.Body.RouteID, "property_ids": properties, "sequence_orders": orders,
	})
	if err == nil && touched != int64(len(properties)) {
		return out, endpoint.NotFound("stop of the route")
	}
	return endpoint.Message{Message: "Stops reordered"}, err
}
