package customers

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// tenants registers the calls of the older page, which knows a customer by number and calls it a
// tenant. They are another view of the same rows, and do the same things. They are for super admins, as all that
// goes beyond one company: the old server let every Admin in, of whatever company. An Admin of the company that runs
// the portal is an Admin like others; who keeps the register has an operator's account beside it.
func tenants(api endpoint.API, h handlers) {
	operators := endpoint.Operators
	endpoint.PlatformList(api, "/tenants/", "listTenants", "List the customers in the older form, newest first", listTenants, operators)
	endpoint.Platform(api, http.MethodGet, "/tenants/{tenant_id}", "getTenant", "One customer in the older form", getTenant, operators)
	mailed := func(ctx context.Context, t *TenantAdded) { h.mailAsGuest(ctx, &t.Invitation) }
	endpoint.PlatformThen(api, http.MethodPost, "/tenants/", "createTenant", "Create a customer and invite its first Admin", createTenant, mailed, operators, endpoint.Audited("customer.created"), endpoint.Secret)
	endpoint.Platform(api, http.MethodPut, "/tenants/{tenant_id}", "updateTenant", "Change what is given of a customer", updateTenant, operators, endpoint.Audited("customer.changed"))
	endpoint.Platform(api, http.MethodPost, "/tenants/{tenant_id}/suspend", "suspendTenant", "Suspend a customer", moveTenant(suspend, "Tenant suspended"), operators, endpoint.Audited("customer.suspended"))
	endpoint.Platform(api, http.MethodPost, "/tenants/{tenant_id}/activate", "activateTenant", "Activate a customer", moveTenant(activate, "Tenant activated"), operators, endpoint.Audited("customer.activated"))
	endpoint.Platform(api, http.MethodDelete, "/tenants/{tenant_id}", "cancelTenant", "Cancel a customer; its data is kept", moveTenant(cancel, "Tenant cancelled; its data is kept"), operators, endpoint.Audited("customer.cancelled"))
	endpoint.Anonymous(api, "/check-subdomain/{subdomain}", "checkSubdomain", "Is a subdomain free?", checkSubdomain, endpoint.Limited(20, 3*time.Second))
}

// A Tenant is a customer under the older names.
type Tenant struct {
	ID                 int64       `json:"id"`
	CustomerID         string      `json:"customer_id"`
	CompanyName        string      `json:"company_name"`
	Subdomain          *string     `json:"subdomain"`
	AdminEmail         *string     `json:"admin_email"`
	AdminPhone         *string     `json:"admin_phone"`
	SubscriptionStatus string      `json:"subscription_status"`
	TrialEndsAt        *field.Time `json:"trial_ends_at" nullable:"true"`
	MaxUsers           int32       `json:"max_users"`
	MaxProperties      int32       `json:"max_properties"`
	IsActive           bool        `json:"is_active"`
	UserCount          int32       `json:"user_count"`
	PropertyCount      int32       `json:"property_count"`
	CreatedAt          field.Time  `json:"created_at"`
	UpdatedAt          field.Time  `json:"updated_at"`
}

func tenant(c CustomerInList) Tenant {
	return Tenant{
		ID: c.ID, CustomerID: c.CustomerID, CompanyName: c.CompanyName, Subdomain: c.Subdomain, AdminEmail: c.ContactEmail,
		AdminPhone: c.ContactPhone, SubscriptionStatus: c.Status, TrialEndsAt: c.TrialEndsAt, MaxUsers: c.MaxUsers,
		MaxProperties: c.MaxProperties, IsActive: c.Status == active || c.Status == trial,
		UserCount: c.UserCount, PropertyCount: c.PropertyCount, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}
}

func listTenants(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]Tenant, int64, error) {
	all, total, err := List(ctx, tx, *in)
	out := make([]Tenant, len(all))
	for i, c := range all {
		out[i] = tenant(c)
	}
	return out, total, err
}

// A TenantRef names a customer by its number.
type TenantRef struct {
	TenantID int64 `path:"tenant_id" ref:"customers" minimum:"1" doc:"The customer's number."`
}

const numberSQL = `select c.customer_id from platform.customers c where c.id = @id`

// id is the customer's id behind the number of the older form.
func (r TenantRef) id(ctx context.Context, tx db.Tx) (string, error) {
	id, err := db.Value[string](ctx, tx, numberSQL, db.Args{"id": r.TenantID})
	return id, endpoint.Missing(err, "customer")
}

func getTenant(ctx context.Context, tx db.Tx, in *TenantRef) (t Tenant, err error) {
	id, err := in.id(ctx, tx)
	if err != nil {
		return t, err
	}
	c, err := Get(ctx, tx, id)
	return tenant(c), err
}

// TenantFields are what the older page sends for a new customer.
type TenantFields struct {
	CompanyName        field.Text  `json:"company_name" maxLength:"255" example:"Maple Grounds Care"`
	Subdomain          string      `json:"subdomain" minLength:"3" maxLength:"100" pattern:"^[a-z0-9-]+$" example:"maple"`
	AdminEmail         field.Email `json:"admin_email"`
	AdminPhone         *field.Line `json:"admin_phone,omitempty" nullable:"true" maxLength:"50"`
	SubscriptionStatus *string     `json:"subscription_status,omitempty" nullable:"true" enum:"trial,active,suspended" doc:"trial if absent."`
	TrialEndsAt        *string     `json:"trial_ends_at,omitempty" nullable:"true" maxLength:"40" doc:"14 days from now if absent."`
}

// TenantAdded is the answer to a new customer.
type TenantAdded struct {
	Message    string         `json:"message"`
	TenantID   int64          `json:"tenant_id"`
	CustomerID string         `json:"customer_id"`
	Subdomain  string         `json:"subdomain"`
	URL        string         `json:"url" doc:"Empty where the portal was not told its own (PORTAL_PUBLIC_URL)."`
	Invitation InvitationMade `json:"invitation" doc:"Of the first Admin; shown this once."`
}

// The older form had limits of its own, the same for everybody.
const (
	tenantUsers      = 5
	tenantProperties = 100
)

const nameTakenSQL = `
select exists (
  select from platform.customers c where lower(c.company_name) = lower(@name))`

func createTenant(ctx context.Context, tx db.Tx, in *struct{ Body TenantFields }) (out TenantAdded, err error) {
	f := in.Body
	taken, err := db.Value[bool](ctx, tx, nameTakenSQL, db.Args{"name": f.CompanyName})
	if err != nil {
		return out, err
	}
	if taken {
		return out, endpoint.Invalid("the company name is taken")
	}
	c, err := Create(ctx, tx, CustomerFields{
		CompanyName: f.CompanyName, Subdomain: &f.Subdomain, ContactEmail: &f.AdminEmail, ContactPhone: f.AdminPhone,
		Status: cmp.Or(f.SubscriptionStatus, new(trial)), TrialEndsAt: f.TrialEndsAt, MaxUsers: new(int32(tenantUsers)), MaxProperties: new(int32(tenantProperties)),
	})
	if err != nil {
		return out, badRequest(err)
	}
	out = TenantAdded{Message: "Tenant created", TenantID: c.ID, CustomerID: c.CustomerID, Subdomain: f.Subdomain, URL: subdomainURL(ctx, f.Subdomain)}
	out.Invitation, err = Invite(ctx, tx, c.CustomerID, InvitationFields{Email: f.AdminEmail, Role: auth.Admin})
	noteCustomer(ctx, c.CustomerID, map[string]any{"company_name": c.CompanyName, "status": c.Status, "invited": f.AdminEmail})
	return out, err
}

// badRequest is what the older page expects for what is taken.
func badRequest(err error) error {
	var p *endpoint.Problem
	if errors.As(err, &p) && p.Status == http.StatusConflict {
		return endpoint.Invalid(p.Detail)
	}
	return err
}

func subdomainURL(ctx context.Context, subdomain string) string {
	u, err := url.Parse(endpoint.PublicURL(ctx))
	if err != nil || u.Host == "" {
		return ""
	}
	u.Host = subdomain + "." + u.Host
	return u.String()
}

// TenantChange are the fields that the older page changes; what is absent stays.
type TenantChange struct {
	CompanyName        *field.Text  `json:"company_name,omitempty" db:"company_name" nullable:"true" maxLength:"255"`
	AdminEmail         *field.Email `json:"admin_email,omitempty" db:"contact_email" nullable:"true"`
	AdminPhone         *field.Line  `json:"admin_phone,omitempty" db:"contact_phone" nullable:"true" maxLength:"50"`
	SubscriptionStatus *string      `json:"subscription_status,omitempty" nullable:"true" enum:"trial,active,suspended,cancelled"`
	MaxUsers           *int32       `json:"max_users,omitempty" db:"max_users" nullable:"true" minimum:"1" maximum:"1000000"`
	MaxProperties      *int32       `json:"max_properties,omitempty" db:"max_properties" nullable:"true" minimum:"1" maximum:"1000000"`
}

const updateTenantSQL = `
update platform.customers c
set company_name = coalesce(@company_name, c.company_name), contact_email = coalesce(@contact_email, c.contact_email),
  contact_phone = coalesce(@contact_phone, c.contact_phone), status = @status,
  max_users = coalesce(@max_users, c.max_users), max_properties = coalesce(@max_properties, c.max_properties)
where c.customer_id = @customer_id`

func updateTenant(ctx context.Context, tx db.Tx, in *struct {
	TenantRef
	Body TenantChange
},
) (out endpoint.Message, err error) {
	id, err := in.id(ctx, tx)
	if err != nil {
		return out, err
	}
	if in.Body == (TenantChange{}) {
		return out, endpoint.Invalid("nothing is given to change")
	}
	was, err := lock(ctx, tx, id)
	if err != nil {
		return out, err
	}
	args := db.Struct(in.Body)
	if args["status"], err = wanted(was, in.Body.SubscriptionStatus); err != nil {
		return out, err
	}
	args["customer_id"] = id
	if err := db.Touch(ctx, tx, updateTenantSQL, args); err != nil {
		return out, refused(endpoint.Missing(err, "customer"))
	}
	noteCustomer(ctx, id, map[string]any{"was": was.Status, "status": args["status"], "max_users": in.Body.MaxUsers, "max_properties": in.Body.MaxProperties})
	return endpoint.Message{Message: "Tenant updated"}, nil
}

func moveTenant(action, message string) endpoint.Handler[TenantRef, endpoint.Message] {
	return func(ctx context.Context, tx db.Tx, in *TenantRef) (out endpoint.Message, err error) {
		id, err := in.id(ctx, tx)
		if err != nil {
			return out, err
		}
		_, err = move(ctx, tx, id, action, nil)
		return endpoint.Message{Message: message}, err
	}
}

// SubdomainCheck says whether a name can be had.
type SubdomainCheck struct {
	Subdomain string `json:"subdomain"`
	Available bool   `json:"available"`
}

const checkSubdomainSQL = `
select not exists (
  select from platform.customers c where c.subdomain = @subdomain)`

func checkSubdomain(ctx context.Context, tx db.Tx, in *struct {
	Subdomain string `path:"subdomain" minLength:"3" maxLength:"100" pattern:"^[a-z0-9-]+$" example:"maple"`
},
) (SubdomainCheck, error) {
	free, err := db.Value[bool](ctx, tx, checkSubdomainSQL, db.Args{"subdomain": in.Subdomain})
	return SubdomainCheck{Subdomain: in.Subdomain, Available: free}, err
}
