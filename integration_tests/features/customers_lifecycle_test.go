package features

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

func TestCustomers_LifecycleHoldsAtTheNextRequest(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token("", auth.SuperAdmin)
	path := "/api/customers/" + harness.CompanyA
	member, other := p.Token(harness.CompanyA, auth.Admin), p.Token(harness.CompanyB, auth.Admin)
	call := func(method, suffix string, status int) {
		t.Helper()
		p.Do(method, path+suffix, token, nil).Want(t, status)
	}
	// Members of A are let in, or not; those of B always are.
	let := func(in bool) {
		t.Helper()
		p.Do("GET", "/properties/", other, nil).Want(t, http.StatusOK)
		if in {
			p.Do("GET", "/properties/", member, nil).Want(t, http.StatusOK)
			return
		}
		for _, path := range []string{"/properties/", "/api/my-customer/", "/verify-token"} {
			if problem := p.Do("GET", path, member, nil).Problem(t, http.StatusForbidden); problem.Type != "/problems/customer-suspended" {
				t.Errorf("%s: %s", path, problem.Type)
			}
		}
		p.Login(harness.Email(harness.CompanyA, auth.Admin), "").Problem(t, http.StatusUnauthorized)
	}

	let(true)
	call("POST", "/suspend", http.StatusOK)
	let(false)
	call("POST", "/suspend", http.StatusOK) // again changes nothing
	call("POST", "/activate", http.StatusOK)
	let(true)
	call("DELETE", "", http.StatusOK)
	let(false)
	call("POST", "/suspend", http.StatusConflict)
	call("POST", "/activate", http.StatusOK)
	let(true)
	if n := harness.Query[int](p.Portal, `select count(*) from portal.locations where customer_id = $1`, harness.CompanyA); n != 3 {
		t.Errorf("%d properties are left of 3", n)
	}

	// A trial past its end counts as suspended.
	p.Exec(`update platform.customers set status = 'trial', trial_ends_at = now() + interval '1 hour' where customer_id = $1`, harness.CompanyA)
	let(true)
	p.Exec(`update platform.customers set trial_ends_at = now() - interval '1 second' where customer_id = $1`, harness.CompanyA)
	let(false)
	call("POST", "/activate", http.StatusOK)
	let(true)

	var did []string
	for _, e := range p.entriesOf(harness.CompanyA) {
		did = append(did, *e.Action)
		if e.Actor == nil || *e.Actor != "Olive Operator" || e.OperatorID == nil || e.UserID != nil {
			t.Errorf("%s was done by %+v", *e.Action, e)
		}
	}
	want := []string{
		"customer.suspended", "customer.suspended", "customer.activated", "customer.cancelled", "customer.activated", "customer.activated",
	}
	if diff := cmp.Diff(want, did); diff != "" {
		t.Error(diff)
	}
}

func TestCustomers_ThePrimaryCustomerStaysOpen(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token("", auth.SuperAdmin)
	p.Exec(`insert into platform.customers (customer_id, company_name) values ('LEGACY001', 'Legacy Grounds Care')`)
	number := harness.Query[int64](p.Portal, `select id from platform.customers where customer_id = 'LEGACY001'`)
	tenant := fmt.Sprintf("/tenants/%d", number)
	for _, call := range [][2]string{
		{"POST", "/api/customers/LEGACY001/suspend"},
		{"DELETE", "/api/customers/LEGACY001"},
		{"POST", tenant + "/suspend"},
		{"DELETE", tenant},
	} {
		p.Do(call[0], call[1], token, nil).Problem(t, http.StatusBadRequest)
	}
	p.Do("PUT", "/api/customers/LEGACY001", token, map[string]any{"company_name": "Legacy", "status": "cancelled"}).Problem(t, http.StatusBadRequest)
	p.Do("PUT", tenant, token, map[string]any{"subscription_status": "suspended"}).Problem(t, http.StatusBadRequest)
	p.Do("POST", "/api/customers/LEGACY001/activate", token, nil).Want(t, http.StatusOK)
	// PostgreSQL holds it too.
	if _, err := p.Super.Exec(t.Context(), `update platform.customers set status = 'suspended' where customer_id = 'LEGACY001'`); harness.SQLState(err) != "23514" {
		t.Errorf("suspended by hand: %v", err)
	}
}

func TestCustomers_ParallelChangesEndInOneState(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token("", auth.SuperAdmin)
	var all sync.WaitGroup
	for i := range 12 {
		action := []string{"/suspend", "/activate", ""}[i%3]
		method := map[bool]string{true: "DELETE", false: "POST"}[action == ""]
		all.Go(func() {
			a, err := p.Try(t.Context(), method, "/api/customers/"+harness.CompanyA+action, token, nil)
			// Suspending a cancelled customer is refused.
			if err != nil || a.Status != http.StatusOK && (action != "/suspend" || a.Status != http.StatusConflict) {
				t.Errorf("%s %s: %d, %v: %s", method, action, a.Status, err, a.Body)
			}
		})
	}
	all.Wait()
	// The log tells a history that hangs together: each entry began where the one before ended.
	status := "active"
	rows, err := p.Super.Query(t.Context(), `select action, detail->>'was' from platform.audit_log where customer_id = $1 order by id`, harness.CompanyA)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var action, was string
		if err := rows.Scan(&action, &was); err != nil {
			t.Fatal(err)
		}
		if was != status {
			t.Errorf("%s began at %s, the customer was %s", action, was, status)
		}
		status = map[string]string{"customer.suspended": "suspended", "customer.activated": "active", "customer.cancelled": "cancelled"}[action]
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if now := harness.Query[string](p.Portal, `select status from platform.customers where customer_id = $1`, harness.CompanyA); now != status {
		t.Errorf("the log ends at %s, the customer is %s", status, now)
	}
}
