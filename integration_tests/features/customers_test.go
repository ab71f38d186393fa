package features

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

type customer struct {
	ID               int64
	CustomerID       string  `json:"customer_id"`
	CompanyName      string  `json:"company_name"`
	ContactEmail     *string `json:"contact_email"`
	BillingEmail     *string `json:"billing_email"`
	Address          *string
	Status           string
	SubscriptionTier string `json:"subscription_tier"`
	MaxUsers         int    `json:"max_users"`
	MaxProperties    int    `json:"max_properties"`
	Features         map[string]bool
	Timezone         string
	Subdomain        *string
	TrialEndsAt      *string `json:"trial_ends_at"`
	UserCount        int     `json:"user_count"`
	PropertyCount    int     `json:"property_count"`
}

// createCustomer makes a customer as the operator.
func (p *portal) createCustomer(fields map[string]any) (c customer) {
	p.T.Helper()
	if fields["company_name"] == nil {
		fields["company_name"] = "Cedar Grounds"
	}
	p.Do("POST", "/api/customers/", p.Token("", auth.SuperAdmin), fields).Want(p.T, http.StatusOK).JSON(p.T, &c)
	return c
}

func TestCustomers_CreateProposesThePlansLimits(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	flags := map[string]bool{"jobber": false, "quickbooks": false, "sms": false, "weather": true, "ai": false}
	for _, c := range []struct {
		fields            map[string]any
		tier              string
		users, properties int
	}{
		{map[string]any{}, "basic", 10, 100},
		{map[string]any{"subscription_tier": "free"}, "free", 3, 25},
		{map[string]any{"subscription_tier": "professional"}, "professional", 50, 500},
		{map[string]any{"subscription_tier": "enterprise"}, "enterprise", 999, 9999},
		{map[string]any{"subscription_tier": "free", "max_users": 7}, "free", 7, 25},
	} {
		got := p.createCustomer(c.fields)
		want := customer{
			ID: got.ID, CustomerID: got.CustomerID, CompanyName: "Cedar Grounds", Status: "active", Timezone: "America/New_York",
			SubscriptionTier: c.tier, MaxUsers: c.users, MaxProperties: c.properties, Features: flags,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if len(got.CustomerID) != 9 || strings.Trim(got.CustomerID, "ABCDEFGHJKMNPQRSTUVWXYZ23456789") != "" {
			t.Errorf("id %q", got.CustomerID)
		}
	}

	// A trial has an end, on the clock of the company.
	got := p.createCustomer(map[string]any{"status": "trial", "timezone": "America/Chicago", "features": map[string]any{"sms": 1, "weather": false}})
	days := harness.Query[float64](p.Portal, `select extract(epoch from trial_ends_at - now()) / 86400 from platform.customers where customer_id = $1`, got.CustomerID)
	local := harness.Query[string](p.Portal, `select to_char(trial_ends_at at time zone 'America/Chicago', 'YYYY-MM-DD"T"HH24:MI:SS') from platform.customers where customer_id = $1`, got.CustomerID)
	if days < 13.9 || days > 14 || got.TrialEndsAt == nil || *got.TrialEndsAt != local {
		t.Errorf("a trial of %f days, shown to end at %v, want %s", days, got.TrialEndsAt, local)
	}
	if !got.Features["sms"] || got.Features["weather"] || got.Features["ai"] {
		t.Errorf("features %v", got.Features)
	}
	got = p.createCustomer(map[string]any{"status": "trial", "timezone": "America/Chicago", "trial_ends_at": "2030-07-01T00:00"})
	if got.TrialEndsAt == nil || *got.TrialEndsAt != "2030-07-01T00:00:00" {
		t.Errorf("trial ends at %v", got.TrialEndsAt)
	}
}

func TestCustomers_AreTheOperatorsOnly(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	path := "/api/customers/" + harness.CompanyA
	for _, role := range harness.Roles {
		token := p.Token(harness.CompanyA, role)
		for _, call := range [][2]string{
			{"POST", "/api/customers/"},
			{"GET", "/api/customers/"},
			{"GET", path},
			{"PUT", path},
			{"DELETE", path},
			{"POST", path + "/suspend"},
			{"POST", path + "/activate"},
			{"POST", path + "/switch"},
			{"POST", path + "/users"},
			{"POST", "/api/customers/switch-back"},
			{"GET", "/tenants/"},
			{"POST", "/tenants/"},
			{"GET", "/tenants/1"},
			{"PUT", "/tenants/1"},
			{"DELETE", "/tenants/1"},
			{"POST", "/tenants/1/suspend"},
			{"POST", "/tenants/1/activate"},
		} {
			p.Do(call[0], call[1], token, map[string]any{"company_name": "Mine Now", "email": "x@example.com"}).Problem(t, http.StatusForbidden)
		}
	}
	if n := harness.Query[int](p.Portal, `select count(*) from platform.customers where company_name = 'Mine Now' or status <> 'active'`); n != 0 {
		t.Errorf("%d customers were changed", n)
	}
	// And members see their own only.
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		var c customer
		p.Do("GET", "/api/my-customer/", p.Token(company, auth.User), nil).Want(t, http.StatusOK).JSON(t, &c)
		if c.CustomerID != company {
			t.Errorf("%s sees %s", company, c.CustomerID)
		}
	}
}

func TestCustomers_Reading(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token("", auth.SuperAdmin)
	made := p.createCustomer(map[string]any{"subdomain": "cedar", "contact_email": "Cleo@Cedar.example"})

	var all []customer
	a := p.Do("GET", "/api/customers/", token, nil).Want(t, http.StatusOK)
	a.JSON(t, &all)
	if len(all) != 3 || all[0].CustomerID != made.CustomerID || a.Header.Get("X-Total-Count") != "3" {
		t.Fatalf("%d customers, total %s: %s", len(all), a.Header.Get("X-Total-Count"), a.Body)
	}
	for _, c := range all[1:] {
		if c.UserCount != 5 || c.PropertyCount != 3 {
			t.Errorf("%s has %d users and %d properties", c.CustomerID, c.UserCount, c.PropertyCount)
		}
	}
	p.Do("GET", "/api/customers/?limit=1&offset=1", token, nil).Want(t, http.StatusOK).JSON(t, &all)
	if len(all) != 1 || all[0].CustomerID == made.CustomerID {
		t.Errorf("the second page is %v", all)
	}

	var one customer
	p.Do("GET", "/api/customers/"+strings.ToLower(made.CustomerID), token, nil).Want(t, http.StatusOK).JSON(t, &one)
	if diff := cmp.Diff(made, one); diff != "" {
		t.Error(diff)
	}
	if one.ContactEmail == nil || *one.ContactEmail != "cleo@cedar.example" {
		t.Errorf("contact e-mail %v", one.ContactEmail)
	}
	for _, id := range []string{"SHORT1", "TOO-LONG-1", "AAAA22222X", "AAAA2222%C3%84"} {
		p.Do("GET", "/api/customers/"+id, token, nil).Problem(t, http.StatusBadRequest)
		p.Do("POST", "/api/customers/"+id+"/suspend", token, nil).Problem(t, http.StatusBadRequest)
	}
	for _, id := range []string{"ZZZZ99999", "PLATFORM", "LEGACY001"} {
		p.Do("GET", "/api/customers/"+id, token, nil).Problem(t, http.StatusNotFound)
		p.Do("DELETE", "/api/customers/"+id, token, nil).Problem(t, http.StatusNotFound)
		p.Do("POST", "/api/customers/"+id+"/switch", token, nil).Problem(t, http.StatusNotFound)
	}
}

func TestCustomers_Replace(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token("", auth.SuperAdmin)
	path := "/api/customers/" + harness.CompanyA
	put := func(fields map[string]any) (c customer) {
		t.Helper()
		p.Do("PUT", path, token, fields).Want(t, http.StatusOK).JSON(t, &c)
		return c
	}

	// Limits that are not given stay with the plan and follow a new one; contact fields are cleared.
	c := put(map[string]any{"company_name": "Alder & Ash", "address": "1 Main Street", "features": map[string]bool{"ai": true}})
	if c.CompanyName != "Alder & Ash" || c.MaxUsers != 50 || c.MaxProperties != 200 || !c.Features["ai"] || !c.Features["weather"] || c.Address == nil {
		t.Errorf("%+v", c)
	}
	c = put(map[string]any{"company_name": "Alder & Ash", "subscription_tier": "free"})
	if c.MaxUsers != 3 || c.MaxProperties != 25 || !c.Features["ai"] || c.Address != nil || c.Timezone != "America/New_York" {
		t.Errorf("%+v", c)
	}
	// 5 users are more than 3: nobody is taken away, nobody comes in.
	var u struct{ Users struct{ Current, Max int } }
	p.Do("GET", "/api/my-customer/usage", p.Token(harness.CompanyA, auth.Manager), nil).Want(t, http.StatusOK).JSON(t, &u)
	if u.Users.Current != 5 || u.Users.Max != 3 {
		t.Errorf("usage %+v", u)
	}

	for field, value := range map[string]any{
		"company_name": "  ", "status": "paused", "subscription_tier": "gold", "max_users": 0, "timezone": "Mars/Olympus", "subdomain": "UPPER",
		"contact_email": "nobody", "trial_ends_at": "soon",
	} {
		fields := map[string]any{"company_name": "Alder Grounds"}
		fields[field] = value
		if problem := p.Do("PUT", path, token, fields).Problem(t, http.StatusUnprocessableEntity); !strings.Contains(problem.Detail, field) {
			t.Errorf("%s: %s", field, problem.Detail)
		}
	}
	p.createCustomer(map[string]any{"subdomain": "cedar"})
	p.Do("PUT", path, token, map[string]any{"company_name": "Alder Grounds", "subdomain": "cedar"}).Problem(t, http.StatusConflict)

	// The state moves by the rules of suspend, activate and cancel.
	if c := put(map[string]any{"company_name": "Alder Grounds", "status": "suspended"}); c.Status != "suspended" {
		t.Errorf("status %s", c.Status)
	}
	if c := put(map[string]any{"company_name": "Alder Grounds"}); c.Status != "suspended" {
		t.Errorf("a change without a status made it %s", c.Status)
	}
	p.Do("PUT", path, token, map[string]any{"company_name": "Alder Grounds", "status": "trial"}).Problem(t, http.StatusConflict)
}

func TestCustomers_OwnCompany(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin := p.Token(harness.CompanyA, auth.Admin)
	p.Do("PUT", "/api/my-customer/", admin, map[string]any{
		"contact_email": "Office@A.example", "billing_email": "bills@a.example", "address": "1 Main Street", "timezone": "America/Denver",
		"status": "cancelled", "max_users": 1000, "subscription_tier": "enterprise", "features": map[string]bool{"ai": true},
	}).Want(t, http.StatusOK)
	p.Do("PUT", "/api/my-customer/", admin, map[string]any{"address": nil}).Want(t, http.StatusOK)

	for _, role := range harness.Roles {
		var c customer
		p.Do("GET", "/api/my-customer/", p.Token(harness.CompanyA, role), nil).Want(t, http.StatusOK).JSON(t, &c)
		want := customer{
			ID: c.ID, CustomerID: harness.CompanyA, CompanyName: "Alder Grounds", Status: "active", SubscriptionTier: "basic", MaxUsers: 50, MaxProperties: 200,
			Timezone: "America/Denver", Features: map[string]bool{"jobber": false, "quickbooks": false, "sms": false, "weather": true, "ai": false},
		}
		if role == auth.Admin || role == auth.Manager {
			want.ContactEmail, want.BillingEmail = new("office@a.example"), new("bills@a.example")
		}
		if diff := cmp.Diff(want, c); diff != "" {
			t.Errorf("%s sees: %s", role, diff)
		}
		var flags map[string]bool
		p.Do("GET", "/api/my-customer/features", p.Token(harness.CompanyA, role), nil).Want(t, http.StatusOK).JSON(t, &flags)
		if diff := cmp.Diff(want.Features, flags); diff != "" {
			t.Error(diff)
		}
		if role != auth.Admin {
			p.Do("PUT", "/api/my-customer/", p.Token(harness.CompanyA, role), map[string]any{"address": "Elsewhere"}).Problem(t, http.StatusForbidden)
			p.Do("GET", "/api/my-customer/users", p.Token(harness.CompanyA, role), nil).Problem(t, http.StatusForbidden)
		}
		if role != auth.Admin && role != auth.Manager {
			p.Do("GET", "/api/my-customer/usage", p.Token(harness.CompanyA, role), nil).Problem(t, http.StatusForbidden)
		}
	}
	p.Do("PUT", "/api/my-customer/", admin, map[string]any{"timezone": "Mars/Olympus"}).Problem(t, http.StatusUnprocessableEntity)

	// Usage counts all users but pending ones; the list shows those too. B is not touched.
	p.Exec(`insert into portal.users (customer_id, name, email, status) values ($1, 'Waiting One', 'waiting@a.example', 'pending')`, harness.CompanyA)
	p.Exec(`insert into portal.winter_ops_logs (customer_id, property_id, time_in, status)
		select customer_id, id, now(), 'open' from portal.locations where customer_id = $1`, harness.CompanyA)
	var used map[string]any
	p.Do("GET", "/api/my-customer/usage", admin, nil).Want(t, http.StatusOK).JSON(t, &used)
	want := map[string]any{
		"customer_id": harness.CompanyA,
		"users":       map[string]any{"current": 5.0, "max": 50.0, "percentage": 10.0},
		"properties":  map[string]any{"current": 3.0, "max": 200.0, "percentage": 1.5},
		"logs":        map[string]any{"total": 3.0},
	}
	if diff := cmp.Diff(want, used); diff != "" {
		t.Error(diff)
	}
	for company, n := range map[string]int{harness.CompanyA: 6, harness.CompanyB: 5} {
		var people []struct{ Email, Status string }
		p.Do("GET", "/api/my-customer/users", p.Token(company, auth.Admin), nil).Want(t, http.StatusOK).JSON(t, &people)
		if len(people) != n {
			t.Errorf("%s lists %d people, want %d", company, len(people), n)
		}
	}
	var c customer
	p.Do("GET", "/api/my-customer/", p.Token(harness.CompanyB, auth.Admin), nil).Want(t, http.StatusOK).JSON(t, &c)
	if c.ContactEmail != nil || c.Timezone != "America/Chicago" {
		t.Errorf("B has changed: %+v", c)
	}
}

func TestCustomers_ParallelPropertiesStopAtTheLimit(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Exec(`update platform.customers set max_properties = 4 where customer_id = $1`, harness.CompanyA)
	created, refused := p.Parallel(64, func(i int) (method, path string, body any) {
		return "POST", "/add-property/", map[string]any{
			"name": fmt.Sprintf("New %d", i), "address": fmt.Sprintf("%d New Street", i), "plow": true, "salt": false, "sqft": 1000, "area_manager": "Pat",
		}
	}, p.Token(harness.CompanyA, auth.Manager))
	if created != 1 || len(refused) != 63 {
		t.Errorf("%d properties were created, %d refused", created, len(refused))
	}
	for _, a := range refused {
		problem := a.Problem(t, http.StatusForbidden)
		if problem.Type != "/problems/limit-reached" || !strings.Contains(problem.Detail, "4 of 4 properties") {
			t.Fatalf("%s: %s", problem.Type, problem.Detail)
		}
	}
	if n := harness.Query[int](p.Portal, `select properties from platform.usage where customer_id = $1`, harness.CompanyA); n != 4 {
		t.Errorf("usage counts %d", n)
	}
	// The other company has room.
	p.Do("POST", "/add-property/", p.Token(harness.CompanyB, auth.Manager), map[string]any{
		"name": "New", "address": "1 New Street", "plow": true, "salt": false, "sqft": nil, "area_manager": nil,
	}).Want(t, http.StatusOK)
}

func TestCustomers_StarterSetsComeWithTheCustomerOrNeither(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	const sets = `
		select (select count(*) from portal.equipment_rates where customer_id = $1)::text || ' '
			|| (select count(*) from portal.winter_products where customer_id = $1) || ' '
			|| (select count(*) from portal.landscape_products where customer_id = $1)`
	if got := harness.Query[string](p.Portal, sets, harness.CompanyA); got != "11 3 4" {
		t.Errorf("rates, winter and landscape products of a new company: %s", got)
	}

	// Whoever inserts a customer is still where he was.
	tx, err := p.Super.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // rolled back on purpose
	var context string
	for _, sql := range []string{
		`select set_config('app.customer_id', 'AAAA22222', true)`,
		`insert into platform.customers (customer_id, company_name) values ('CCCC44444', 'Cedar Grounds') returning current_setting('app.customer_id')`,
		`select current_setting('app.customer_id')`,
	} {
		if err := tx.QueryRow(t.Context(), sql).Scan(&context); err != nil {
			t.Fatal(err)
		}
		if context != harness.CompanyA {
			t.Errorf("in the context of %q after %s", context, sql)
		}
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := harness.Query[string](p.Portal, sets, "CCCC44444"); got != "0 0 0" {
		t.Errorf("starter sets of a customer who was rolled back: %s", got)
	}

	// A set that fails takes the customer with it.
	p.Exec(`alter table portal.landscape_products add constraint nothing_more check (customer_id <> 'CCCC44444')`)
	if _, err := p.Super.Exec(t.Context(), `insert into platform.customers (customer_id, company_name) values ('CCCC44444', 'Cedar Grounds')`); harness.SQLState(err) != "23514" {
		t.Errorf("a customer without a starter set: %v", err)
	}
	if n := harness.Query[int](p.Portal, `select count(*) from platform.customers where customer_id = 'CCCC44444'`); n != 0 {
		t.Error("the customer stands without its starter sets")
	}
}
