package integration_tests

import (
	"testing"
)

func TestCustomers_StarterSetsComeWithTheCustomerOrNeither(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	const sets = `
		select (select count(*) from portal.equipment_rates where customer_id = $1)::text || ' '
			|| (select count(*) from portal.winter_products where customer_id = $1) || ' '
			|| (select count(*) from portal.landscape_products where customer_id = $1)`
	if got := query[string](p, sets, companyA); got != "11 3 4" {
		t.Errorf("rates, winter and landscape products of a new company: %s", got)
	}

	// Whoever inserts a customer is still where he was.
	tx, err := p.super.Begin(t.Context())
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
		if context != companyA {
			t.Errorf("in the context of %q after %s", context, sql)
		}
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := query[string](p, sets, "CCCC44444"); got != "0 0 0" {
		t.Errorf("starter sets of a customer who was rolled back: %s", got)
	}

	// A set that fails takes the customer with it.
	p.exec(`alter table portal.landscape_products add constraint nothing_more check (customer_id <> 'CCCC44444')`)
	if _, err := p.super.Exec(t.Context(), `insert into platform.customers (customer_id, company_name) values ('CCCC44444', 'Cedar Grounds')`); sqlState(err) != "23514" {
		t.Errorf("a customer without a starter set: %v", err)
	}
	if n := query[int](p, `select count(*) from platform.customers where customer_id = 'CCCC44444'`); n != 0 {
		t.Error("the customer stands without its starter sets")
	}
}
