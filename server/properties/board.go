package properties

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// A BoardProperty is a column of the board: a property with the people assigned to it.
type BoardProperty struct {
	ID            int64             `json:"id" db:"id"`
	Name          string            `json:"name" db:"name"`
	Address       string            `json:"address" db:"address"`
	Sqft          *int32            `json:"sqft" db:"sqft" doc:"Lot size in square feet."`
	AreaManager   string            `json:"area_manager" db:"area_manager"`
	Plow          bool              `json:"plow" db:"plow"`
	Salt          bool              `json:"salt" db:"salt"`
	TriggerType   string            `json:"trigger_type" db:"trigger_type"`
	TriggerAmount float64           `json:"trigger_amount" db:"trigger_amount" doc:"Inches of snow at which service becomes due."`
	ContractTier  string            `json:"contract_tier" db:"contract_tier"`
	OpenByTime    *string           `json:"open_by_time" db:"open_by_time" doc:"HH:MM, local time."`
	Contractors   []BoardContractor `json:"contractors" db:"contractors" doc:"Active people, the primary one first, then by name."`
}

// A BoardContractor is a person on the board. The fields are in the order of the query's row.
type BoardContractor struct {
	ContractorID     int64       `json:"contractor_id"`
	Name             *string     `json:"name"`
	Email            string      `json:"email"`
	Role             string      `json:"role"`
	Phone            string      `json:"phone"`
	IsPrimary        bool        `json:"is_primary"`
	AssignedDate     field.Time  `json:"assigned_date"`
	AcceptanceStatus string      `json:"acceptance_status"`
	AcceptedAt       *field.Time `json:"accepted_at" nullable:"true"`
	DeclinedAt       *field.Time `json:"declined_at" nullable:"true"`
}

// The people are gathered before the join, in one pass, because a board usually shows every property.
const boardSQL = `
select p.id, p.name, p.address, p.sqft, p.area_manager, p.plow, p.salt, p.trigger_type, p.trigger_amount,
  p.contract_tier, p.open_by_time,
  coalesce(c.contractors, '{}') as contractors,
  count(*) over () as total
from properties p
left join (
  select a.customer_id, a.property_id,
    array_agg(
      row(u.id, u.name, u.email, u.role, coalesce(u.phone, ''), a.is_primary, a.assigned_date, a.acceptance_status, a.accepted_at, a.declined_at)
      order by a.is_primary desc, u.name, u.id) as contractors
  from property_contractors a
  join users u on (u.customer_id, u.id) = (a.customer_id, a.contractor_id)
  where u.status = 'active'
  group by a.customer_id, a.property_id
) c on (c.customer_id, c.property_id) = (p.customer_id, p.id)
order by p.name, p.id
limit @limit offset @offset`

func board(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]BoardProperty, int64, error) {
	return db.Page[BoardProperty](ctx, tx, boardSQL, db.Struct(in))
}
