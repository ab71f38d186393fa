package login

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// An Account is the caller: a member, an operator, or an operator acting inside a company.
type Account struct {
	ID               int64           `json:"id" db:"id"`
	Name             *string         `json:"name" db:"name"`
	Email            string          `json:"email" db:"email"`
	PhoneNumber      string          `json:"phone_number" db:"phone_number"`
	Role             string          `json:"role" db:"role"`
	DefaultEquipment string          `json:"default_equipment" db:"default_equipment"`
	Address          string          `json:"address" db:"address"`
	CustomerID       *string         `json:"customer_id" db:"customer_id" doc:"Null for an operator outside of any company."`
	CompanyName      *string         `json:"company_name" db:"company_name"`
	Features         map[string]bool `json:"features" db:"features" doc:"What the company has switched on."`
	ActingAs         bool            `json:"acting_as" db:"acting_as" doc:"An operator acts inside the company."`
}

// An acting operator has no row in users; the token says who that is.
const whoAmISQL = `
select coalesce(u.id, tenancy.acting_as(), 0) as id, coalesce(u.name, @name) as name, coalesce(u.email, @email) as email,
  coalesce(u.phone, '') as phone_number, tenancy.role() as role, coalesce(u.default_equipment, '') as default_equipment, coalesce(u.address, '') as address,
  c.customer_id, c.company_name, c.features, tenancy.acting_as() is not null as acting_as
from platform.customers c
left join users u on u.customer_id = c.customer_id and u.id = (select tenancy.user_id())`

func whoAmI(ctx context.Context, tx db.Tx, _ *endpoint.None) (Account, error) {
	caller := endpoint.Caller(ctx)
	return db.One[Account](ctx, tx, whoAmISQL, db.Args{"name": caller.Name(), "email": caller.Email()})
}

const whichOperatorSQL = `
select o.id, o.name, o.email, coalesce(o.phone, '') as phone_number, 'Super Admin' as role,
  coalesce(o.default_equipment, '') as default_equipment, coalesce(o.address, '') as address,
  null::text as customer_id, null::text as company_name, '{}'::jsonb as features, false as acting_as
from platform.operators o
where o.id = (select tenancy.acting_as())`

func whichOperator(ctx context.Context, tx db.Tx, _ *endpoint.None) (Account, error) {
	return db.One[Account](ctx, tx, whichOperatorSQL)
}

// ProfileFields are what a person changes of the own account. A field that is absent stays.
type ProfileFields struct {
	PhoneNumber      field.Optional[field.Phone] `json:"phone_number,omitempty"`
	Address          field.Optional[field.Line]  `json:"address,omitempty" maxLength:"1000"`
	DefaultEquipment field.Optional[field.Line]  `json:"default_equipment,omitempty" maxLength:"255"`
}

func (f ProfileFields) args() db.Args {
	return db.Args{
		"set_phone": f.PhoneNumber.Set, "phone": f.PhoneNumber.Value,
		"set_address": f.Address.Set, "address": f.Address.Value,
		"set_default_equipment": f.DefaultEquipment.Set, "default_equipment": f.DefaultEquipment.Value,
	}
}

const updateProfileSQL = `
update users
set phone = case when @set_phone then nullif(@phone, '') else phone end,
  address = case when @set_address then @address else address end,
  default_equipment = case when @set_default_equipment then @default_equipment else default_equipment end
where id = (select tenancy.user_id())`

const updateOperatorSQL = `
update platform.operators
set phone = case when @set_phone then nullif(@phone, '') else phone end,
  address = case when @set_address then @address else address end,
  default_equipment = case when @set_default_equipment then @default_equipment else default_equipment end
where id = (select tenancy.acting_as())`

func updateProfile(ctx context.Context, tx db.Tx, in *struct{ Body ProfileFields }) (endpoint.Done, error) {
	return endpoint.Done{OK: true, Message: "Profile updated"}, db.Touch(ctx, tx, updateProfileSQL, in.Body.args())
}

func updateOperator(ctx context.Context, tx db.Tx, in *struct{ Body ProfileFields }) (endpoint.Done, error) {
	return endpoint.Done{OK: true, Message: "Profile updated"}, db.Touch(ctx, tx, updateOperatorSQL, in.Body.args())
}

// DefaultEquipment is what the caller drives unless a ticket says otherwise.
type DefaultEquipment struct {
	DefaultEquipment *field.Line `json:"default_equipment" db:"default_equipment" nullable:"true" maxLength:"255" example:"Plow truck"`
}

// EquipmentSet is the answer to a new default equipment.
type EquipmentSet struct {
	endpoint.Done
	DefaultEquipment
}

const setEquipmentSQL = `update users set default_equipment = @default_equipment where id = (select tenancy.user_id())`

func setEquipment(ctx context.Context, tx db.Tx, in *struct{ Body DefaultEquipment }) (EquipmentSet, error) {
	err := db.Touch(ctx, tx, setEquipmentSQL, db.Struct(in.Body))
	return EquipmentSet{endpoint.Done{OK: true, Message: "Default equipment set"}, in.Body}, err
}

const setOperatorEquipmentSQL = `update platform.operators set default_equipment = @default_equipment where id = (select tenancy.acting_as())`

func setOperatorEquipment(ctx context.Context, tx db.Tx, in *struct{ Body DefaultEquipment }) (EquipmentSet, error) {
	err := db.Touch(ctx, tx, setOperatorEquipmentSQL, db.Struct(in.Body))
	return EquipmentSet{endpoint.Done{OK: true, Message: "Default equipment set"}, in.Body}, err
}

const equipmentSQL = `select default_equipment from users where id = (select tenancy.user_id())`

func equipment(ctx context.Context, tx db.Tx, _ *endpoint.None) (DefaultEquipment, error) {
	return db.One[DefaultEquipment](ctx, tx, equipmentSQL)
}

const operatorEquipmentSQL = `select default_equipment from platform.operators where id = (select tenancy.acting_as())`

func operatorEquipment(ctx context.Context, tx db.Tx, _ *endpoint.None) (DefaultEquipment, error) {
	return db.One[DefaultEquipment](ctx, tx, operatorEquipmentSQL)
}
