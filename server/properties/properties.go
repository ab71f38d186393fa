// Package properties keeps the places that a company services: address, lot, what is done there and
// when snow service becomes due. The table is portal.locations.
package properties

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
	"contractor-portal/server/shape"
)

// A Notice tells people that they were assigned, by the ids of the assignments, and answers how many will hear of it.
type Notice func(ctx context.Context, tx db.Tx, assignments []int64) (told int, err error)

// Routes registers the operations of this package.
func Routes(api endpoint.API, notice Notice) {
	office := endpoint.Only(auth.Admin, auth.Manager)
	endpoint.Post(api, "/add-property/", "addProperty", "Add a property", add, office)
	endpoint.List(api, "/properties/", "listProperties", "List the properties", list, endpoint.Members)
	endpoint.Get(api, "/properties/{property_id}", "getProperty", "One property", get, endpoint.Members)
	endpoint.Put(api, "/update-property/", "updateProperty", "Replace a property", update, office)
	endpoint.Delete(api, "/delete-property/{property_id}", "deleteProperty", "Delete a property that has no logs", remove, office)
	endpoint.Post(api, "/update-property-coordinates/", "updatePropertyCoordinates", "Place a property on the map", locate, office)
	endpoint.Post(api, "/bulk-import-properties/", "importProperties", "Import properties from a spreadsheet", importAll, office,
		endpoint.Describe(importText), endpoint.MaxBody(maxImport), endpoint.AlsoCSV(http.StatusOK, http.StatusUnprocessableEntity))
	endpoint.List(api, "/properties/board/", "listPropertyBoard", "The properties with the people assigned to each", board, endpoint.Members)
	endpoint.List(api, "/properties/{property_id}/contractors/", "listPropertyContractors", "Who is assigned to a property", contractors, endpoint.Members)
	endpoint.Post(api, "/properties/{property_id}/contractors/", "assignContractor", "Assign a person to a property", assigning{notice}.assign, office)
	endpoint.Delete(api, "/properties/{property_id}/contractors/{contractor_id}", "unassignContractor", "Take a person off a property", unassign, office,
		endpoint.Describe("May be repeated: a person who is not assigned is as good as taken off."))
	endpoint.Put(api, "/properties/{property_id}/contractors/{contractor_id}/primary", "makeContractorPrimary", "Make a person the primary one of a property", makePrimary, office,
		endpoint.Describe("The person must be assigned already. Whoever was the primary one is not any more."))
	endpoint.List(api, "/my-properties/", "listMyProperties", "The properties assigned to the caller", mine, endpoint.Members.Own())
}

type propertyFilter struct {
	endpoint.Window
	Search string `query:"search" db:"search" maxLength:"255" doc:"Part of the name or the address; capitals do not count."`
}

const listSQL = `
select p.*, count(*) over () as total
from properties p
where (@search = '' or position(lower(@search) in lower(p.name)) > 0 or position(lower(@search) in lower(p.address)) > 0)
order by p.name, p.id
limit @limit offset @offset`

func list(ctx context.Context, tx db.Tx, in *propertyFilter) ([]shape.Property, int64, error) {
	return db.Page[shape.Property](ctx, tx, listSQL, db.Struct(in))
}

// A PropertyRef is a property named in the path.
type PropertyRef struct {
	PropertyID int64 `path:"property_id" db:"property_id" ref:"locations" minimum:"1" doc:"The property."`
}

const getSQL = `select p.* from properties p where p.id = @id`

func get(ctx context.Context, tx db.Tx, in *PropertyRef) (shape.Property, error) {
	p, err := db.One[shape.Property](ctx, tx, getSQL, db.Args{"id": in.PropertyID})
	return p, endpoint.Missing(err, "property")
}

// PropertyFields are what a client says of a property.
type PropertyFields struct {
	Name                   field.Text  `json:"name" db:"name" maxLength:"255" example:"Maple Plaza"`
	Address                field.Text  `json:"address" db:"address" maxLength:"255" example:"120 Maple Street, Buffalo, NY 14201"`
	Sqft                   *int32      `json:"sqft" db:"sqft" nullable:"true" minimum:"0" example:"42000" doc:"Lot size in square feet."`
	AreaManager            *field.Line `json:"area_manager" db:"area_manager" nullable:"true" maxLength:"100" example:"Pat Doyle"`
	Plow                   field.Bool  `json:"plow" db:"plow"`
	Salt                   field.Bool  `json:"salt" db:"salt"`
	TriggerType            *string     `json:"trigger_type,omitempty" db:"trigger_type" nullable:"true" enum:"zero_tolerance,half_inch,one_inch,two_inch,custom" example:"two_inch" doc:"two_inch if absent."`
	TriggerAmount          *float64    `json:"trigger_amount,omitempty" db:"trigger_amount" nullable:"true" minimum:"0" maximum:"12" example:"2" doc:"Inches; the type's value if absent, free only with custom."`
	ContractTier           *string     `json:"contract_tier,omitempty" db:"contract_tier" nullable:"true" enum:"Premium,Standard,Basic" example:"Standard" doc:"Standard if absent."`
	OpenByTime             *string     `json:"open_by_time,omitempty" db:"open_by_time" nullable:"true" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" example:"06:30" doc:"HH:MM, local time."`
	BillingType            *string     `json:"billing_type,omitempty" db:"billing_type" nullable:"true" enum:"hourly,per_occurrence" example:"hourly" doc:"hourly if absent."`
	PlowRate               *float64    `json:"plow_rate,omitempty" db:"plow_rate" nullable:"true" minimum:"0" maximum:"99999999"`
	SaltRate               *float64    `json:"salt_rate,omitempty" db:"salt_rate" nullable:"true" minimum:"0" maximum:"99999999"`
	SidewalkDeiceRate      *float64    `json:"sidewalk_deice_rate,omitempty" db:"sidewalk_deice_rate" nullable:"true" minimum:"0" maximum:"99999999"`
	SidewalkSnowRate       *float64    `json:"sidewalk_snow_rate,omitempty" db:"sidewalk_snow_rate" nullable:"true" minimum:"0" maximum:"99999999"`
	Notes                  *string     `json:"notes,omitempty" db:"notes" nullable:"true" maxLength:"10000"`
	ShowOnWeatherDashboard *bool       `json:"show_on_weather_dashboard,omitempty" db:"show_on_weather_dashboard" nullable:"true" doc:"true if absent from a new property; stays if absent from a change."`
	Latitude               *float64    `json:"latitude,omitempty" db:"latitude" nullable:"true" minimum:"-90" maximum:"90"`
	Longitude              *float64    `json:"longitude,omitempty" db:"longitude" nullable:"true" minimum:"-180" maximum:"180"`
}

// triggerAmounts are the inches of each type but custom.
var triggerAmounts = map[string]float64{"zero_tolerance": 0, "half_inch": 0.5, "one_inch": 1, "two_inch": 2}

// complete fills in what the client left out, and checks what spans several fields.
func (f *PropertyFields) complete() error {
	f.TriggerType = cmp.Or(f.TriggerType, new("two_inch"))
	f.ContractTier = cmp.Or(f.ContractTier, new("Standard"))
	f.BillingType = cmp.Or(f.BillingType, new("hourly"))
	amount, fixed := triggerAmounts[*f.TriggerType]
	switch {
	case f.TriggerAmount == nil && fixed:
		f.TriggerAmount = &amount
	case f.TriggerAmount == nil:
		return endpoint.InvalidField("trigger_amount", "expected inches of snow with the type custom")
	case fixed && *f.TriggerAmount != amount:
		return endpoint.InvalidField("trigger_amount", fmt.Sprintf("expected %g with the type %s, or the type custom", amount, *f.TriggerType))
	}
	if (f.Latitude == nil) != (f.Longitude == nil) {
		return endpoint.InvalidField("longitude", "expected latitude and longitude together, or neither")
	}
	if f.Latitude == nil {
		return nil
	}
	return endpoint.Known("latitude", *f.Latitude, *f.Longitude)
}

const addSQL = `
insert into locations (name, address, sqft, area_manager, plow, salt, trigger_type, trigger_amount, contract_tier,
  open_by_time, billing_type, plow_rate, salt_rate, sidewalk_deice_rate, sidewalk_snow_rate, notes,
  show_on_weather_dashboard, latitude, longitude)
values (@name, @address, @sqft, @area_manager, @plow, @salt, @trigger_type, @trigger_amount, @contract_tier,
  @open_by_time::text::time, @billing_type, @plow_rate, @salt_rate, @sidewalk_deice_rate, @sidewalk_snow_rate, @notes,
  coalesce(@show_on_weather_dashboard, true), @latitude, @longitude)
on conflict (customer_id, address_key) do nothing
returning id`

// Added is the answer to a new property.
type Added struct {
	Message    string `json:"message"`
	PropertyID int64  `json:"property_id"`
}

func add(ctx context.Context, tx db.Tx, in *struct{ Body PropertyFields }) (out Added, err error) {
	if err := in.Body.complete(); err != nil {
		return out, err
	}
	id, err := db.Value[int64](ctx, tx, addSQL, db.Struct(in.Body))
	if errors.Is(err, db.ErrNotFound) {
		return out, taken(ctx, tx, in.Body.Address)
	}
	return Added{Message: "Property added", PropertyID: id}, err
}

// PropertyReplacement is all of a property, with the id of the one it replaces.
type PropertyReplacement struct {
	ID int64 `json:"id" db:"id" ref:"locations" minimum:"1" doc:"The property."`
	PropertyFields
}

// Notes, coordinates and the weather flag that the client leaves out stay: the old pages send none of them. An address that
// another property has leaves the row as it is: the statement then touches none.
const updateSQL = `
update locations p
set name = @name, address = @address, sqft = @sqft, area_manager = @area_manager, plow = @plow, salt = @salt,
  trigger_type = @trigger_type, trigger_amount = @trigger_amount, contract_tier = @contract_tier,
  open_by_time = @open_by_time::text::time, billing_type = @billing_type, plow_rate = @plow_rate, salt_rate = @salt_rate,
  sidewalk_deice_rate = @sidewalk_deice_rate, sidewalk_snow_rate = @sidewalk_snow_rate,
  notes = coalesce(@notes, p.notes),
  show_on_weather_dashboard = coalesce(@show_on_weather_dashboard, p.show_on_weather_dashboard),
  latitude = coalesce(@latitude, p.latitude), longitude = coalesce(@longitude, p.longitude)
where p.id = @id
  and not exists (select from locations other where other.address_key = lower(@address::text collate "und-x-icu") and other.id <> @id)`

func update(ctx context.Context, tx db.Tx, in *struct{ Body PropertyReplacement }) (out endpoint.Message, err error) {
	if err := in.Body.complete(); err != nil {
		return out, err
	}
	touched, err := db.Exec(ctx, tx, updateSQL, db.Struct(in.Body))
	if err == nil && touched == 0 {
		if _, err := db.Value[int64](ctx, tx, existsSQL, db.Args{"id": in.Body.ID}); err != nil {
			return out, endpoint.Missing(err, "property")
		}
		return out, taken(ctx, tx, in.Body.Address)
	}
	return endpoint.Message{Message: "Property updated"}, err
}

const existsSQL = `select id from locations where id = @id`

const takenSQL = `select name from locations where address_key = lower(@address::text collate "und-x-icu")`

// taken names the property that has the address.
func taken(ctx context.Context, tx db.Tx, address field.Text) error {
	name, err := db.Value[string](ctx, tx, takenSQL, db.Args{"address": address})
	if err != nil {
		return err
	}
	return endpoint.Conflict(fmt.Sprintf("the address %q belongs to the property %q already", address, name))
}

const removeSQL = `delete from locations where id = @id`

func remove(ctx context.Context, tx db.Tx, in *PropertyRef) (out endpoint.Message, err error) {
	err = endpoint.Kept(db.Touch(ctx, tx, removeSQL, db.Args{"id": in.PropertyID}), "property", "it cannot be deleted")
	return endpoint.Message{Message: "Property deleted"}, endpoint.Missing(err, "property")
}

// Coordinates place a property on the map.
type Coordinates struct {
	PropertyID int64   `json:"property_id" db:"id" ref:"locations" minimum:"1" doc:"The property."`
	Latitude   float64 `json:"latitude" db:"latitude" minimum:"-90" maximum:"90" example:"42.8864"`
	Longitude  float64 `json:"longitude" db:"longitude" minimum:"-180" maximum:"180" example:"-78.8784"`
}

const locateSQL = `update locations set latitude = @latitude, longitude = @longitude where id = @id`

func locate(ctx context.Context, tx db.Tx, in *struct{ Body Coordinates }) (out endpoint.Message, err error) {
	if err := endpoint.Known("latitude", in.Body.Latitude, in.Body.Longitude); err != nil {
		return out, err
	}
	err = db.Touch(ctx, tx, locateSQL, db.Struct(in.Body))
	return endpoint.Message{Message: "Coordinates stored"}, endpoint.Missing(err, "property")
}
