// Package equipment keeps what an hour of each piece of equipment costs, and reports how long each was
// used. Logs name equipment as text, so that renaming or deleting a rate leaves the past as it was. The
// table is portal.equipment_rates.
package equipment

import (
	"context"
	"fmt"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// Routes registers the operations of this package.
func Routes(api endpoint.API) {
	office := endpoint.Only(auth.Admin, auth.Manager)
	endpoint.List(api, "/equipment-rates/", "listEquipmentRates", "List the equipment; rates are hidden from subcontractors and users", list, endpoint.Members)
	endpoint.Post(api, "/equipment-rates/", "addEquipmentRate", "Add a piece of equipment", add, office)
	endpoint.Put(api, "/equipment-rates/{equipment_id}", "updateEquipmentRate", "Replace a piece of equipment", update, office)
	endpoint.Delete(api, "/equipment-rates/{equipment_id}", "deleteEquipmentRate", "Delete a piece of equipment", remove, endpoint.Only(auth.Admin))
	endpoint.List(api, "/equipment-usage-report/", "listEquipmentUsage", "How long each piece of equipment was used in winter", usage, endpoint.Members)
}

// An EquipmentRate is a row of portal.equipment_rates.
type EquipmentRate struct {
	ID            int64    `json:"id" db:"id"`
	EquipmentName string   `json:"equipment_name" db:"equipment_name"`
	HourlyRate    *float64 `json:"hourly_rate" db:"hourly_rate" doc:"Null for subcontractors and users."`
	Description   *string  `json:"description" db:"description"`
}

const listSQL = `
select r.id, r.equipment_name,
  case when (select tenancy.role()) not in ('Subcontractor', 'User') then r.hourly_rate end as hourly_rate,
  r.description,
  count(*) over () as total
from equipment_rates r
order by r.equipment_name, r.id
limit @limit offset @offset`

func list(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]EquipmentRate, int64, error) {
	return db.Page[EquipmentRate](ctx, tx, listSQL, db.Struct(in))
}

// EquipmentFields are what a client says of a piece of equipment.
type EquipmentFields struct {
	EquipmentName field.Text `json:"equipment_name" db:"equipment_name" maxLength:"255" example:"Plow Truck 2"`
	HourlyRate    float64    `json:"hourly_rate" db:"hourly_rate" minimum:"0" maximum:"99999999" example:"95"`
	Description   *string    `json:"description,omitempty" db:"description" nullable:"true" maxLength:"10000" example:"With bulk spreader."`
}

// taken says so where another rate has the name.
func (f *EquipmentFields) taken(err error) error {
	if db.Violates(err, "one_rate_per_equipment") {
		return endpoint.Conflict(fmt.Sprintf("there is a rate of %q already", f.EquipmentName))
	}
	return err
}

// EquipmentAdded is the answer to a new piece of equipment.
type EquipmentAdded struct {
	Message     string `json:"message"`
	EquipmentID int64  `json:"equipment_id"`
}

const addSQL = `
insert into equipment_rates (equipment_name, hourly_rate, description)
values (@equipment_name, @hourly_rate, @description)
returning id`

func add(ctx context.Context, tx db.Tx, in *struct{ Body EquipmentFields }) (out EquipmentAdded, err error) {
	id, err := db.Value[int64](ctx, tx, addSQL, db.Struct(in.Body))
	return EquipmentAdded{Message: "Equipment added", EquipmentID: id}, in.Body.taken(err)
}

// EquipmentRef names a piece of equipment in a path.
type EquipmentRef struct {
	EquipmentID int64 `path:"equipment_id" db:"id" ref:"equipment_rates" minimum:"1" doc:"The piece of equipment."`
}

const updateSQL = `
update equipment_rates
set equipment_name = @equipment_name, hourly_rate = @hourly_rate, description = @description
where id = @id`

func update(ctx context.Context, tx db.Tx, in *struct {
	EquipmentRef
	Body EquipmentFields
},
) (out endpoint.Message, err error) {
	args := db.Struct(in.Body)
	args["id"] = in.EquipmentID
	err = db.Touch(ctx, tx, updateSQL, args)
	return endpoint.Message{Message: "Equipment updated"}, endpoint.Missing(in.Body.taken(err), "piece of equipment")
}

const removeSQL = `delete from equipment_rates where id = @id`

func remove(ctx context.Context, tx db.Tx, in *EquipmentRef) (endpoint.Message, error) {
	return endpoint.Message{Message: "Equipment deleted"}, endpoint.Missing(db.Touch(ctx, tx, removeSQL, db.Struct(in)), "piece of equipment")
}
