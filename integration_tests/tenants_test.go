package integration_tests

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/server/auth"
)

func TestCustomers_OldTenantCalls(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.token("", auth.SuperAdmin)
	check := func(name string, free bool) {
		t.Helper()
		var c struct{ Available bool }
		p.do("GET", "/check-subdomain/"+name, "", nil).want(t, http.StatusOK).json(t, &c)
		if c.Available != free {
			t.Errorf("subdomain %s is free: %v", name, c.Available)
		}
	}
	check("cedar", true)
	var made struct {
		TenantID   int64  `json:"tenant_id"`
		CustomerID string `json:"customer_id"`
		Subdomain  string
		URL        string
		Invitation struct{ Token, Role, Email string }
	}
	fields := map[string]any{"company_name": "Cedar Grounds", "subdomain": "cedar", "admin_email": "cleo@cedar.example", "admin_phone": "+1 716 555 0100"}
	p.do("POST", "/tenants/", token, fields).want(t, http.StatusOK).json(t, &made)
	if made.Invitation.Role != auth.Admin || made.Invitation.Token == "" || !strings.Contains(made.URL, "://cedar.") {
		t.Errorf("%+v", made)
	}
	check("cedar", false)
	p.do("GET", "/check-subdomain/No_Good", "", nil).problem(t, http.StatusUnprocessableEntity)
	p.do("POST", "/tenants/", token, fields).problem(t, http.StatusBadRequest)
	fields["company_name"] = "Cedar Two"
	p.do("POST", "/tenants/", token, fields).problem(t, http.StatusBadRequest)

	type tenant struct {
		ID                 int64
		CustomerID         string  `json:"customer_id"`
		AdminEmail         string  `json:"admin_email"`
		SubscriptionStatus string  `json:"subscription_status"`
		TrialEndsAt        *string `json:"trial_ends_at"`
		MaxUsers           int     `json:"max_users"`
		MaxProperties      int     `json:"max_properties"`
		IsActive           bool    `json:"is_active"`
		UserCount          int     `json:"user_count"`
	}
	path := fmt.Sprintf("/tenants/%d", made.TenantID)
	get := func() (one tenant) {
		t.Helper()
		p.do("GET", path, token, nil).want(t, http.StatusOK).json(t, &one)
		return one
	}
	one := get()
	if one.TrialEndsAt == nil {
		t.Error("a trial without an end")
	}
	one.TrialEndsAt = nil
	want := tenant{
		ID: made.TenantID, CustomerID: made.CustomerID, AdminEmail: "cleo@cedar.example", SubscriptionStatus: "trial", MaxUsers: 5, MaxProperties: 100, IsActive: true,
	}
	if diff := cmp.Diff(want, one); diff != "" {
		t.Error(diff)
	}
	p.do("PUT", path, token, map[string]any{"max_users": 9}).want(t, http.StatusOK)
	p.do("PUT", path, token, map[string]any{}).problem(t, http.StatusBadRequest)
	p.do("PUT", "/tenants/999999", token, map[string]any{"max_users": 9}).problem(t, http.StatusNotFound)
	for _, step := range []struct {
		method, suffix, status string
		active                 bool
	}{
		{"POST", "/suspend", "suspended", false},
		{"POST", "/activate", "active", true},
		{"DELETE", "", "cancelled", false},
		{"POST", "/activate", "active", true},
	} {
		p.do(step.method, path+step.suffix, token, nil).want(t, http.StatusOK)
		p.do(step.method, "/tenants/999999"+step.suffix, token, nil).problem(t, http.StatusNotFound)
		if one := get(); one.SubscriptionStatus != step.status || one.IsActive != step.active || one.MaxUsers != 9 {
			t.Errorf("after %s %s: %+v", step.method, step.suffix, one)
		}
	}
	var all []tenant
	p.do("GET", "/tenants/", token, nil).want(t, http.StatusOK).json(t, &all)
	if len(all) != 3 || all[0].ID != made.TenantID || all[1].UserCount != 5 {
		t.Errorf("%+v", all)
	}

	// The public call is limited per address.
	last := 0
	for range 40 {
		if last = p.do("GET", "/check-subdomain/cedar", "", nil).status; last == http.StatusTooManyRequests {
			break
		}
	}
	if last != http.StatusTooManyRequests {
		t.Error("40 calls at once were all answered")
	}
}
