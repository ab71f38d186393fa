package customers

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// The wall leaves one row: the own company. Contact and billing data is the office's.
const ownSQL = `
select c.id, c.customer_id, c.company_name,
  case when tenancy.role() in ('Admin', 'Manager') then c.contact_name end as contact_name,
  case when tenancy.role() in ('Admin', 'Manager') then c.contact_email end as contact_email,
  case when tenancy.role() in ('Admin', 'Manager') then c.contact_phone end as contact_phone,
  case when tenancy.role() in ('Admin', 'Manager') then c.address end as address,
  c.status, c.subscription_tier, c.max_users, c.max_properties, c.features,
  case when tenancy.role() in ('Admin', 'Manager') then c.billing_email end as billing_email,
  c.timezone, c.subdomain, c.trial_ends_at, c.created_at, c.updated_at
from platform.customers c`

func own(ctx context.Context, tx db.Tx, _ *endpoint.None) (Customer, error) {
	c, err := db.One[Customer](ctx, tx, ownSQL)
	return c, endpoint.Missing(err, "customer")
}

// ContactFields are what a company changes of itself. A field that is absent stays; null clears it.
type ContactFields struct {
	ContactName  field.Optional[field.Line]  `json:"contact_name,omitempty" maxLength:"255"`
	ContactEmail field.Optional[field.Email] `json:"contact_email,omitempty"`
	ContactPhone field.Optional[field.Line]  `json:"contact_phone,omitempty" maxLength:"50"`
	Address      field.Optional[field.Line]  `json:"address,omitempty" maxLength:"1000"`
	BillingEmail field.Optional[field.Email] `json:"billing_email,omitempty"`
	Timezone     *string                     `json:"timezone,omitempty" maxLength:"50" example:"America/Chicago" doc:"IANA name."`
}

const updateOwnSQL = `
update platform.customers c
set contact_name = case when @set_contact_name then @contact_name else c.contact_name end,
  contact_email = case when @set_contact_email then @contact_email else c.contact_email end,
  contact_phone = case when @set_contact_phone then @contact_phone else c.contact_phone end,
  address = case when @set_address then @address else c.address end,
  billing_email = case when @set_billing_email then @billing_email else c.billing_email end,
  timezone = coalesce(@timezone, c.timezone)
returning c.id, c.customer_id, c.company_name, c.contact_name, c.contact_email, c.contact_phone, c.address, c.status,
  c.subscription_tier, c.max_users, c.max_properties, c.features, c.billing_email, c.timezone, c.subdomain,
  c.trial_ends_at, c.created_at, c.updated_at`

func updateOwn(ctx context.Context, tx db.Tx, in *struct{ Body ContactFields }) (c Customer, err error) {
	f := in.Body
	if f.Timezone != nil {
		if _, err := location(*f.Timezone); err != nil {
			return c, err
		}
	}
	c, err = db.One[Customer](ctx, tx, updateOwnSQL, db.Args{
		"set_contact_name": f.ContactName.Set, "contact_name": f.ContactName.Value,
		"set_contact_email": f.ContactEmail.Set, "contact_email": f.ContactEmail.Value,
		"set_contact_phone": f.ContactPhone.Set, "contact_phone": f.ContactPhone.Value,
		"set_address": f.Address.Set, "address": f.Address.Value,
		"set_billing_email": f.BillingEmail.Set, "billing_email": f.BillingEmail.Value,
		"timezone": f.Timezone,
	})
	if err != nil {
		return c, refused(endpoint.Missing(err, "customer"))
	}
	endpoint.Note(ctx, "customer", c.CustomerID, nil)
	return c.localised()
}

// A Share is what is used of a limit.
type Share struct {
	Current    int32   `json:"current"`
	Max        int32   `json:"max"`
	Percentage float64 `json:"percentage" doc:"Two decimals."`
}

// A Total is a number without a limit.
type Total struct {
	Total int64 `json:"total"`
}

// Usage is what a company uses.
type Usage struct {
	CustomerID string `json:"customer_id" db:"customer_id"`
	Users      Share  `json:"users" db:"users" doc:"All but pending ones."`
	Properties Share  `json:"properties" db:"properties"`
	Logs       Total  `json:"logs" db:"logs" doc:"Winter logs."`
}

// Neither limit can be 0.
const usageSQL = `
select c.customer_id,
  jsonb_build_object('current', coalesce(u.users, 0), 'max', c.max_users,
    'percentage', round(100.0 * coalesce(u.users, 0) / c.max_users, 2)) as users,
  jsonb_build_object('current', coalesce(u.properties, 0), 'max', c.max_properties,
    'percentage', round(100.0 * coalesce(u.properties, 0) / c.max_properties, 2)) as properties,
  jsonb_build_object('total', (select count(*) from winter_ops_logs)) as logs
from platform.customers c
left join platform.usage u on u.customer_id = c.customer_id`

func usage(ctx context.Context, tx db.Tx, _ *endpoint.None) (Usage, error) {
	u, err := db.One[Usage](ctx, tx, usageSQL)
	return u, endpoint.Missing(err, "customer")
}

const featuresSQL = `select c.features from platform.customers c`

func features(ctx context.Context, tx db.Tx, _ *endpoint.None) (Features, error) {
	f, err := db.Value[Features](ctx, tx, featuresSQL)
	return f, endpoint.Missing(err, "customer")
}

// A UserOfCustomer is a user of the own company, whatever the status.
type UserOfCustomer struct {
	ID               int64   `json:"id" db:"id"`
	Name             *string `json:"name" db:"name"`
	Phone            string  `json:"phone" db:"phone"`
	Address          string  `json:"address" db:"address"`
	Email            string  `json:"email" db:"email"`
	Role             string  `json:"role" db:"role"`
	Status           string  `json:"status" db:"status"`
	ContractorID     *int64  `json:"contractor_id" db:"contractor_id"`
	DefaultEquipment string  `json:"default_equipment" db:"default_equipment"`
	ContractorName   *string `json:"contractor_name" db:"contractor_name"`
}

const usersSQL = `
select u.id, u.name, coalesce(u.phone, '') as phone, coalesce(u.address, '') as address, u.email, u.role, u.status, u.contractor_id,
  coalesce(u.default_equipment, '') as default_equipment,
  c.name as contractor_name,
  count(*) over () as total
from users u
left join users c on (c.customer_id, c.id) = (u.customer_id, u.contractor_id)
order by u.name, u.id
limit @limit offset @offset`

func users(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]UserOfCustomer, int64, error) {
	return db.Page[UserOfCustomer](ctx, tx, usersSQL, db.Struct(in))
}
