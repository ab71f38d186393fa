package properties

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

// MyProperty is a property assigned to the caller.
type MyProperty struct {
	ID               int64  `json:"id" db:"id"`
	Name             string `json:"name" db:"name"`
	Address          string `json:"address" db:"address"`
	Sqft             *int32 `json:"sqft" db:"sqft"`
	AreaManager      string `json:"area_manager" db:"area_manager"`
	Plow             bool   `json:"plow" db:"plow"`
	Salt             bool   `json:"salt" db:"salt"`
	IsPrimary        bool   `json:"is_primary" db:"is_primary"`
	AssignmentID     int64  `json:"assignment_id" db:"assignment_id"`
	AcceptanceStatus string `json:"acceptance_status" db:"acceptance_status"`
	HasActiveTicket  int64  `json:"has_active_ticket" db:"has_active_ticket" doc:"How many tickets the caller has open there."`
}

const mineSQL = `
select p.id, p.name, p.address, p.sqft, coalesce(p.area_manager, '') as area_manager, p.plow, p.salt, a.is_primary,
  a.id as assignment_id, a.acceptance_status,
  (
    select count(*)
    from winter_ops_logs l
    where (l.customer_id, l.property_id) = (p.customer_id, p.id)
      and l.status = 'open'
      and (select tenancy.user_id()) in (l.contractor_id, l.user_id)
  ) as has_active_ticket,
  count(*) over () as total
from property_contractors a
join locations p on (p.customer_id, p.id) = (a.customer_id, a.property_id)
where a.contractor_id = (select tenancy.user_id())
order by a.is_primary desc, p.name, p.id
limit @limit offset @offset`

func mine(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]MyProperty, int64, error) {
	return db.Page[MyProperty](ctx, tx, mineSQL, db.Struct(in))
}
