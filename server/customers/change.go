package customers

import (
	"cmp"
	"context"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// Flags are the features that a client sets; those left out stay as they are.
type Flags struct {
	Jobber     *field.Bool `json:"jobber,omitempty"`
	Quickbooks *field.Bool `json:"quickbooks,omitempty"`
	SMS        *field.Bool `json:"sms,omitempty"`
	Weather    *field.Bool `json:"weather,omitempty"`
	AI         *field.Bool `json:"ai,omitempty"`
}

// CustomerFields are what an operator says of a customer.
type CustomerFields struct {
	CompanyName      field.Text   `json:"company_name" db:"company_name" maxLength:"255" example:"Maple Grounds Care"`
	ContactName      *field.Line  `json:"contact_name,omitempty" db:"contact_name" nullable:"true" maxLength:"255"`
	ContactEmail     *field.Email `json:"contact_email,omitempty" db:"contact_email" nullable:"true"`
	ContactPhone     *field.Line  `json:"contact_phone,omitempty" db:"contact_phone" nullable:"true" maxLength:"50"`
	Address          *field.Line  `json:"address,omitempty" db:"address" nullable:"true" maxLength:"1000"`
	Status           *string      `json:"status,omitempty" nullable:"true" enum:"trial,active,suspended,cancelled" example:"active" doc:"active for a new customer."`
	SubscriptionTier *string      `json:"subscription_tier,omitempty" db:"subscription_tier" nullable:"true" enum:"free,basic,professional,enterprise" example:"basic" doc:"basic for a new customer."`
	MaxUsers         *int32       `json:"max_users,omitempty" db:"max_users" nullable:"true" minimum:"1" maximum:"1000000" doc:"The plan proposes it. Below what is used it stops new users only."`
	MaxProperties    *int32       `json:"max_properties,omitempty" db:"max_properties" nullable:"true" minimum:"1" maximum:"1000000" doc:"The plan proposes it. Below what is used it stops new properties only."`
	Features         *Flags       `json:"features,omitempty" db:"features"`
	BillingEmail     *field.Email `json:"billing_email,omitempty" db:"billing_email" nullable:"true"`
	Timezone         *string      `json:"timezone,omitempty" db:"timezone" nullable:"true" maxLength:"50" example:"America/New_York" doc:"IANA name; America/New_York for a new customer."`
	Subdomain        *string      `json:"subdomain,omitempty" db:"subdomain" nullable:"true" minLength:"3" maxLength:"100" pattern:"^[a-z0-9-]+$" example:"maple"`
	TrialEndsAt      *string      `json:"trial_ends_at,omitempty" nullable:"true" maxLength:"40" example:"2026-12-07T00:00" doc:"Of a trial: 14 days from now if absent. Local time of the company."`
}

// plans propose limits; the two columns of the customer are what counts.
var plans = map[string]struct{ users, properties int32 }{
	"free":         {3, 25},
	"basic":        {10, 100},
	"professional": {50, 500},
	"enterprise":   {999, 9999},
}

// args are those of the statements below. was is the customer before, the zero value for a new one.
func (f *CustomerFields) args(was locked) (db.Args, error) {
	f.Timezone = cmp.Or(f.Timezone, &was.Timezone)
	zone, err := location(*f.Timezone)
	if err != nil {
		return nil, err
	}
	args := db.Struct(f)
	args["trial_ends_at"] = (*time.Time)(nil)
	if f.TrialEndsAt != nil && *f.TrialEndsAt != "" {
		end, err := field.ParseTime(*f.TrialEndsAt, zone)
		if err != nil {
			return nil, endpoint.InvalidField("trial_ends_at", err.Error())
		}
		args["trial_ends_at"] = end
	}
	f.SubscriptionTier = cmp.Or(f.SubscriptionTier, &was.Plan)
	args["subscription_tier"] = *f.SubscriptionTier
	plan := plans[*f.SubscriptionTier]
	args["proposed_users"], args["proposed_properties"] = plan.users, plan.properties
	if f.Features == nil {
		args["features"] = Flags{}
	}
	args["default_trial"] = TrialLength.Seconds()
	return args, nil
}

// location returns the zone of an IANA name. Errors: 422.
func location(name string) (*time.Location, error) {
	zone, err := db.Location(name)
	if err != nil {
		return nil, endpoint.InvalidField("timezone", "expected the IANA name of a time zone, such as America/New_York")
	}
	return zone, nil
}

const createSQL = `
insert into platform.customers as c (customer_id, company_name, contact_name, contact_email, contact_phone, address, status,
  subscription_tier, max_users, max_properties, features, billing_email, timezone, subdomain, trial_ends_at)
values (@customer_id, @company_name, @contact_name, @contact_email, @contact_phone, @address, @status,
  @subscription_tier, coalesce(@max_users::int, @proposed_users::int), coalesce(@max_properties::int, @proposed_properties::int),
  '{"jobber": false, "quickbooks": false, "sms": false, "weather": true, "ai": false}'::jsonb || @features::jsonb,
  @billing_email, @timezone, @subdomain,
  coalesce(@trial_ends_at, case when @status = 'trial' then now() + make_interval(secs => @default_trial) end))
on conflict (customer_id) do nothing
returning c.id, c.customer_id, c.company_name, c.contact_name, c.contact_email, c.contact_phone, c.address, c.status,
  c.subscription_tier, c.max_users, c.max_properties, c.features, c.billing_email, c.timezone, c.subdomain,
  c.trial_ends_at, c.created_at, c.updated_at`

// Create makes a customer with an id that it draws. Errors: 409 for a subdomain that is taken, 422.
func Create(ctx context.Context, tx db.Tx, f CustomerFields) (c Customer, err error) {
	args, err := f.args(locked{Timezone: "America/New_York", Plan: "basic"})
	if err != nil {
		return c, err
	}
	args["status"] = *cmp.Or(f.Status, new(active))
	c, err = withNewID(random, func(id string) (Customer, error) {
		args["customer_id"] = id
		return db.One[Customer](ctx, tx, createSQL, args)
	})
	if err != nil {
		return c, refused(err)
	}
	noteCustomer(ctx, c.CustomerID, map[string]any{"company_name": c.CompanyName, "status": c.Status, "subscription_tier": c.SubscriptionTier})
	return c.localised()
}

func create(ctx context.Context, tx db.Tx, in *struct{ Body CustomerFields }) (Customer, error) {
	return Create(ctx, tx, in.Body)
}

const replaceSQL = `
update platform.customers c
set company_name = @company_name, contact_name = @contact_name, contact_email = @contact_email,
  contact_phone = @contact_phone, address = @address, status = @status, subscription_tier = @subscription_tier,
  max_users = coalesce(@max_users, case when c.subscription_tier = @subscription_tier then c.max_users else @proposed_users::int end),
  max_properties = coalesce(@max_properties, case when c.subscription_tier = @subscription_tier then c.max_properties else @proposed_properties::int end),
  features = c.features || @features::jsonb, billing_email = @billing_email, timezone = @timezone, subdomain = @subdomain,
  trial_ends_at = coalesce(@trial_ends_at, c.trial_ends_at)
where c.customer_id = @customer_id
returning c.id, c.customer_id, c.company_name, c.contact_name, c.contact_email, c.contact_phone, c.address, c.status,
  c.subscription_tier, c.max_users, c.max_properties, c.features, c.billing_email, c.timezone, c.subdomain,
  c.trial_ends_at, c.created_at, c.updated_at`

func replace(ctx context.Context, tx db.Tx, in *struct {
	CustomerRef
	Body CustomerFields
},
) (c Customer, err error) {
	id, err := in.id()
	if err != nil {
		return c, err
	}
	was, err := lock(ctx, tx, id)
	if err != nil {
		return c, err
	}
	args, err := in.Body.args(was)
	if err != nil {
		return c, err
	}
	status, err := wanted(was, in.Body.Status)
	if err != nil {
		return c, err
	}
	delete(args, "default_trial")
	args["status"], args["customer_id"] = status, id
	if c, err = db.One[Customer](ctx, tx, replaceSQL, args); err != nil {
		return c, refused(endpoint.Missing(err, "customer"))
	}
	noteCustomer(ctx, id, changes(was, c))
	return c.localised()
}

// wanted is the state that a customer comes to where a client names one.
func wanted(was locked, status *string) (string, error) {
	if status == nil {
		return was.Status, nil
	}
	action, err := toward(was.Status, *status)
	if err != nil || action == "" {
		return was.Status, err
	}
	return next(was.CustomerID, was.Status, action)
}

// changes are what the audit log tells of a change: limits and plan, and the state where it moved.
func changes(was locked, c Customer) map[string]any {
	detail := map[string]any{"subscription_tier": c.SubscriptionTier, "max_users": c.MaxUsers, "max_properties": c.MaxProperties}
	if c.Status != was.Status {
		detail["was"], detail["status"] = was.Status, c.Status
	}
	return detail
}

// refused names what stands against a change.
func refused(err error) error {
	if db.Violates(err, "one_customer_per_subdomain") {
		return endpoint.Conflict("the subdomain is taken")
	}
	return err
}
