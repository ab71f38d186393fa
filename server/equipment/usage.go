package equipment

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// EquipmentUsage is how long a piece of equipment was used, by the name that winter logs give it.
type EquipmentUsage struct {
	Equipment  string   `json:"equipment" db:"equipment"`
	HourlyRate *float64 `json:"hourly_rate" db:"hourly_rate" doc:"The rate of today; null where there is none, and for subcontractors and users."`
	TotalUses  int64    `json:"total_uses" db:"total_uses" doc:"Tickets, open ones among them."`
	TotalHours float64  `json:"total_hours" db:"total_hours" doc:"Of closed tickets."`
	TotalCost  *float64 `json:"total_cost" db:"total_cost" doc:"Hours at the rate; null where there is none, and for all but Admins and Managers."`
}

// A UsageFilter says which winter logs are reported.
type UsageFilter struct {
	endpoint.Window
	StartDate     field.Date `query:"start_date" doc:"First day, by the local date of the time in."`
	EndDate       field.Date `query:"end_date" doc:"Last day, itself included."`
	ContractorID  int64      `query:"contractor_id" db:"contractor_id" ref:"users" minimum:"0" doc:"Who did the work."`
	PropertyID    int64      `query:"property_id" db:"property_id" ref:"locations" minimum:"0" doc:"Where it was done."`
	EquipmentName field.Line `query:"equipment_name" db:"equipment_name" maxLength:"255" doc:"Exactly this one."`
}

// Logs and rates meet by name: a log keeps the name it was given, and there is at most one rate of a name. A
// cost is rounded once, at its end: what is billed does not depend on how hours are shown.
const usageSQL = `
with used as (
  select l.customer_id, l.equipment, count(*) as uses,
    coalesce(sum(extract(epoch from l.time_out - l.time_in)), 0) as seconds
  from winter_ops_logs l
  where l.equipment <> ''
    and l.time_in is not null
    and (@begin::timestamptz is null or l.time_in >= @begin)
    and (@end::timestamptz is null or l.time_in < @end)
    and (@contractor_id::bigint = 0 or l.contractor_id = @contractor_id)
    and (@property_id::bigint = 0 or l.property_id = @property_id)
    and (@equipment_name = '' or l.equipment = @equipment_name)
  group by l.customer_id, l.equipment
)
select u.equipment,
  case when (select tenancy.role()) not in ('Subcontractor', 'User') then r.hourly_rate end as hourly_rate,
  u.uses as total_uses,
  round(u.seconds / 3600, 2) as total_hours,
  case when (select tenancy.role()) in ('Admin', 'Manager') then round(u.seconds * r.hourly_rate / 3600, 2) end as total_cost,
  count(*) over () as total
from used u
left join equipment_rates r on (r.customer_id, r.equipment_name) = (u.customer_id, u.equipment)
order by u.seconds desc, u.equipment
limit @limit offset @offset`

func usage(ctx context.Context, tx db.Tx, in *UsageFilter) ([]EquipmentUsage, int64, error) {
	begin, end, err := field.Days(ctx, tx, in.StartDate, in.EndDate)
	if err != nil {
		return nil, 0, err
	}
	args := db.Struct(in)
	args["begin"], args["end"] = begin, end
	return db.Page[EquipmentUsage](ctx, tx, usageSQL, args)
}
