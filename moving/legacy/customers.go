package legacy

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db"
	"contractor-portal/server/field"
)

var customerColumns = []string{
	"company_name", "contact_name", "contact_email", "contact_phone", "address", "status", "subscription_tier", "max_users", "max_properties",
	"features", "billing_email", "timezone", "subdomain", "trial_ends_at", "created_at", "updated_at",
}

// enter makes the customer where it is not here. One that is here stays as it is.
func (p *pass) enter(ctx context.Context) error {
	var here bool
	err := p.landing.AsMover(ctx, func() error {
		return p.tx.QueryRow(ctx, `select exists (select from platform.customers)`).Scan(&here)
	})
	if err != nil || here {
		return err
	}
	made, err := p.described(ctx)
	if err != nil {
		return err
	}
	const table = "platform.customers"
	if err := p.landing.Stage(ctx, table); err != nil {
		return err
	}
	if _, err := p.landing.Copy(ctx, table, customerColumns, pgx.CopyFromRows([][]any{made})); err != nil {
		return err
	}
	if _, err := p.landing.Insert(ctx, table, customerColumns...); err != nil {
		return err
	}
	p.out.Made = true
	p.tellOfPrices()
	return nil
}

// tellOfPrices says which lists the customer lacks that a new one otherwise begins with.
func (p *pass) tellOfPrices() {
	for _, name := range []string{"equipment_rates", "winter_products", "landscape_products"} {
		if t := p.source.tables[name]; t == nil {
			p.out.Remarks = append(p.out.Remarks, "The source has no table "+name+": the customer begins without.")
		}
	}
}

// described is what the source says of the customer, as a row of our table.
func (p *pass) described(ctx context.Context) (made []any, err error) {
	for _, s := range []struct{ table, column string }{{"customers", "customer_id"}, {"tenants", "id"}} {
		t := p.source.tables[s.table]
		if t == nil || !t.has(s.column) {
			continue
		}
		err := p.source.rows(ctx, t, owners{}, func(v []sql.RawBytes) error {
			r := &row{table: t, values: v, zone: p.Zone}
			if key, _ := r.raw(s.column); made == nil && p.isOf(s.table, key) {
				made = p.customer(r)
				for _, n := range r.notes {
					p.out.Remarks = append(p.out.Remarks, "Of the customer, "+plain(n.text)+".")
				}
			}
			return nil
		})
		if err != nil || made != nil {
			return made, err
		}
	}
	nobody := &row{table: &table{}, zone: p.Zone}
	return p.customer(nobody), nil
}

// isOf tells whether a row of customers or of tenants is this customer's.
func (p *pass) isOf(table, key string) bool {
	if table == "tenants" {
		return slices.Contains(p.says, "tenant "+key) || key == "1" && p.id == p.Into
	}
	return slices.Contains(p.says, key) || key == p.id
}

// features are the parts of the portal that a plan may have.
var features = []string{"jobber", "quickbooks", "sms", "weather", "ai"}

var subdomain = regexp.MustCompile(`^[a-z0-9-]{3,100}$`)

func (p *pass) customer(r *row) []any {
	status, trial := p.standing(r)
	tier := r.choice("subscription_tier", "basic", "free", "basic", "professional", "enterprise")
	users, properties := r.atLeast("max_users", 10), r.atLeast("max_properties", 100)
	on := r.features()
	if p.id == primary {
		tier, users, properties = "enterprise", max(users, 999), max(properties, 9999)
		for _, f := range features {
			on[f] = true
		}
	}
	text, _ := json.Marshal(on) // a map of booleans
	sub := r.line("subdomain", 100)
	if sub != nil && !subdomain.MatchString(strings.ToLower(*sub)) {
		r.change("subdomain: ‹%s› is none", shown(*sub))
		sub = nil
	}
	if sub != nil {
		sub = new(strings.ToLower(*sub))
	}
	name := r.line("company_name", 255)
	if name == nil {
		name = new(p.Company)
	}
	return []any{
		*name, r.line("contact_name", 255), r.line(r.either("contact_email", "admin_email"), 255), r.line(r.either("contact_phone", "admin_phone"), 50),
		r.text("address", 1000), status, tier, users, properties, string(text), r.line("billing_email", 255), p.zoneOf(r), sub, trial,
		r.since(p.now, "created_at"), r.since(p.now, "updated_at", "created_at"),
	}
}

// primary is the customer that stays open, with the largest plan.
const primary = "LEGACY001"

func (p *pass) standing(r *row) (status string, trial *time.Time) {
	status = r.choice(r.either("status", "subscription_status"), "active", "trial", "active", "suspended", "cancelled")
	if !r.flag("is_active", true) && status != "cancelled" {
		status = "suspended"
	}
	if p.id == primary && status != "trial" && status != "active" {
		r.change("status: %s stays open", primary)
		status = "active"
	}
	trial = r.at("trial_ends_at")
	if status == "trial" && trial == nil {
		r.change("trial_ends_at: none, now in 14 days")
		trial = new(p.now.AddDate(0, 0, 14))
	}
	return status, trial
}

func (p *pass) zoneOf(r *row) string {
	name := r.line("timezone", 50)
	if name == nil {
		return p.Zone.String()
	}
	if _, err := db.Location(*name); err != nil {
		r.change("timezone: ‹%s› is none, now %s", shown(*name), p.Zone)
		return p.Zone.String()
	}
	return *name
}

// atLeast is a limit from 1 on.
func (r *row) atLeast(column string, otherwise int64) int64 {
	n := r.whole(column)
	if n == nil || *n < 1 {
		return otherwise
	}
	return *n
}

func (r *row) features() map[string]bool {
	on := map[string]bool{"weather": true}
	text, _ := r.raw("features")
	said := map[string]any{}
	if err := json.Unmarshal([]byte(text), &said); text != "" && err != nil {
		r.change("features: no JSON object")
	}
	for _, f := range features {
		switch v := said[f].(type) {
		case bool:
			on[f] = v
		case float64:
			on[f] = v != 0
		}
	}
	return on
}

const raiseSQL = `
update platform.customers c
set max_users = greatest(c.max_users, used.users), max_properties = greatest(c.max_properties, used.properties)
from (
  select
    (select count(*) from portal.users u where u.status <> 'pending') as users,
    (select count(*) from portal.locations) as properties
) as used
where c.max_users < used.users or c.max_properties < used.properties
returning c.max_users, c.max_properties`

// raise lifts limits that what has come exceeds: an import refuses nobody for a plan.
func (p *pass) raise(ctx context.Context) error {
	if p.written() == 0 {
		return nil
	}
	return p.landing.AsMover(ctx, func() error {
		rows, _ := p.tx.Query(ctx, raiseSQL)
		var users, properties int
		_, err := pgx.ForEachRow(rows, []any{&users, &properties}, func() error {
			p.out.Remarks = append(p.out.Remarks, fmt.Sprintf("There is more than its plan allowed: it may now have %d users and %d properties.", users, properties))
			return nil
		})
		return err
	})
}

// phone is a number in the form that all have here; nil where it is none.
func phone(text string) *string {
	number, err := field.ParsePhone(text)
	if err != nil {
		return nil
	}
	return new(string(number))
}
