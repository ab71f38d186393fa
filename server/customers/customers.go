// Package customers is the registry of tenants: who is one, what it may use, and in which state it is.
// It is the operators' (super admins'), but for /api/my-customer/, where a customer sees itself. The
// table is platform.customers; queries here name the customer, as no other feature's do.
package customers

import (
	"context"
	"net/http"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// Routes registers the operations of this package, and the older form of them, which calls a customer
// a tenant. join makes the members whom an invitation brings.
func Routes(api, older endpoint.API, a *auth.Auth, join auth.Join, mail Mailer) {
	operators := endpoint.Operators
	endpoint.Platform(api, http.MethodPost, "/api/customers/", "createCustomer", "Create a customer", create, operators, endpoint.Audited("customer.created"),
		endpoint.Describe("The id is drawn by the server. The plan proposes the limits that are not given. Starter sets of equipment and products come with it."))
	endpoint.PlatformList(api, "/api/customers/", "listCustomers", "List the customers, newest first", list, operators)
	endpoint.Platform(api, http.MethodGet, "/api/customers/{customer_id}", "getCustomer", "One customer", get, operators)
	endpoint.Platform(api, http.MethodPut, "/api/customers/{customer_id}", "updateCustomer", "Replace a customer's data", replace, operators, endpoint.Audited("customer.changed"),
		endpoint.Describe("Status, plan, limits, flags and time zone stay where they are not given; a new plan proposes its limits. All other fields that are not given are cleared."))
	endpoint.Platform(api, http.MethodDelete, "/api/customers/{customer_id}", "cancelCustomer", "Cancel a customer; its data is kept", cancelCustomer, operators, endpoint.Audited("customer.cancelled"))
	endpoint.Platform(api, http.MethodPost, "/api/customers/{customer_id}/suspend", "suspendCustomer", "Suspend a customer", suspendCustomer, operators, endpoint.Audited("customer.suspended"))
	endpoint.Platform(api, http.MethodPost, "/api/customers/{customer_id}/activate", "activateCustomer", "Activate a customer", activateCustomer, operators, endpoint.Audited("customer.activated"))

	h := handlers{a, join, mail}
	endpoint.Platform(api, http.MethodPost, "/api/customers/{customer_id}/switch", "switchToCustomer", "Act inside a customer, with an Admin's rights", h.switchInto, operators,
		endpoint.Audited("customer.entered"), endpoint.Secret, endpoint.Describe("The token lives an hour at most and cannot be refreshed. Everything written with it is in the customer's audit log under the operator's name."))
	endpoint.Platform(api, http.MethodPost, "/api/customers/switch-back", "switchBack", "Leave the customer acted in", h.switchBack, endpoint.Acting, endpoint.Audited("customer.left"), endpoint.Secret, endpoint.Final)

	endpoint.Get(api, "/api/my-customer/", "getMyCustomer", "The own company", own, endpoint.Members,
		endpoint.Describe("Contact and billing fields are null for Contractor, Subcontractor and User."))
	endpoint.Put(api, "/api/my-customer/", "updateMyCustomer", "Change the own company's contact data", updateOwn, endpoint.Only(auth.Admin), endpoint.Audited("customer.changed"))
	endpoint.Get(api, "/api/my-customer/usage", "getMyCustomerUsage", "What the own company uses of its limits", usage, endpoint.Only(auth.Admin, auth.Manager))
	endpoint.List(api, "/api/my-customer/users", "listMyCustomerUsers", "All users of the own company, pending ones too", users, endpoint.Only(auth.Admin))
	endpoint.Get(api, "/api/my-customer/features", "getMyCustomerFeatures", "What the own company has switched on", features, endpoint.Members)

	sessions(api)
	invitations(api, h)
	tenants(older, h)
}

// Features are the flags of a customer. A group of operations whose flag is off is refused.
type Features struct {
	Jobber     bool `json:"jobber"`
	Quickbooks bool `json:"quickbooks"`
	SMS        bool `json:"sms"`
	Weather    bool `json:"weather"`
	AI         bool `json:"ai"`
}

// A Customer is a row of platform.customers.
type Customer struct {
	ID               int64       `json:"id" db:"id"`
	CustomerID       string      `json:"customer_id" db:"customer_id" example:"LEGACY001"`
	CompanyName      string      `json:"company_name" db:"company_name"`
	ContactName      *string     `json:"contact_name" db:"contact_name"`
	ContactEmail     *string     `json:"contact_email" db:"contact_email"`
	ContactPhone     *string     `json:"contact_phone" db:"contact_phone"`
	Address          *string     `json:"address" db:"address"`
	Status           string      `json:"status" db:"status" enum:"trial,active,suspended,cancelled,moving"`
	SubscriptionTier string      `json:"subscription_tier" db:"subscription_tier"`
	MaxUsers         int32       `json:"max_users" db:"max_users"`
	MaxProperties    int32       `json:"max_properties" db:"max_properties"`
	Features         Features    `json:"features" db:"features"`
	BillingEmail     *string     `json:"billing_email" db:"billing_email"`
	Timezone         string      `json:"timezone" db:"timezone" example:"America/New_York"`
	Subdomain        *string     `json:"subdomain" db:"subdomain"`
	TrialEndsAt      *field.Time `json:"trial_ends_at" db:"trial_ends_at" nullable:"true"`
	CreatedAt        field.Time  `json:"created_at" db:"created_at"`
	UpdatedAt        field.Time  `json:"updated_at" db:"updated_at"`
}

// onItsClock shows the times as the customer's people see them: an operator is in no zone.
func (c *Customer) onItsClock(zone *time.Location) {
	c.CreatedAt.Time, c.UpdatedAt.Time = c.CreatedAt.In(zone), c.UpdatedAt.In(zone)
	if c.TrialEndsAt != nil {
		c.TrialEndsAt.Time = c.TrialEndsAt.In(zone)
	}
}

func (c Customer) localised() (Customer, error) {
	zone, err := db.Location(c.Timezone)
	if err == nil {
		c.onItsClock(zone)
	}
	return c, err
}

// A CustomerInList is a customer with what it uses.
type CustomerInList struct {
	Customer
	UserCount     int32 `json:"user_count" db:"user_count" doc:"Users that count against max_users: all but pending ones."`
	PropertyCount int32 `json:"property_count" db:"property_count"`
}

const listSQL = `
select c.id, c.customer_id, c.company_name, c.contact_name, c.contact_email, c.contact_phone, c.address, c.status,
  c.subscription_tier, c.max_users, c.max_properties, c.features, c.billing_email, c.timezone, c.subdomain,
  c.trial_ends_at, c.created_at, c.updated_at,
  coalesce(u.users, 0) as user_count, coalesce(u.properties, 0) as property_count,
  count(*) over () as total
from platform.customers c
left join platform.usage u on u.customer_id = c.customer_id
order by c.created_at desc, c.id desc
limit @limit offset @offset`

// List returns the customers, newest first, and how many there are in all.
func List(ctx context.Context, tx db.Tx, window endpoint.Window) (all []CustomerInList, total int64, err error) {
	all, total, err = db.Page[CustomerInList](ctx, tx, listSQL, db.Struct(window))
	for i := range all {
		if err == nil {
			all[i].Customer, err = all[i].localised()
		}
	}
	return all, total, err
}

func list(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]CustomerInList, int64, error) {
	return List(ctx, tx, *in)
}

const getSQL = `
select c.id, c.customer_id, c.company_name, c.contact_name, c.contact_email, c.contact_phone, c.address, c.status,
  c.subscription_tier, c.max_users, c.max_properties, c.features, c.billing_email, c.timezone, c.subdomain,
  c.trial_ends_at, c.created_at, c.updated_at,
  coalesce(u.users, 0) as user_count, coalesce(u.properties, 0) as property_count
from platform.customers c
left join platform.usage u on u.customer_id = c.customer_id
where c.customer_id = @customer_id`

// Get returns one customer. Errors: 404.
func Get(ctx context.Context, tx db.Tx, id string) (c CustomerInList, err error) {
	c, err = db.One[CustomerInList](ctx, tx, getSQL, db.Args{"customer_id": id})
	if err != nil {
		return c, endpoint.Missing(err, "customer")
	}
	c.Customer, err = c.localised()
	return c, err
}

func get(ctx context.Context, tx db.Tx, in *CustomerRef) (c CustomerInList, err error) {
	id, err := in.id()
	if err != nil {
		return c, err
	}
	return Get(ctx, tx, id)
}
