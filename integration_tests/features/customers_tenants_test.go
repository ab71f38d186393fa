package features

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/server/auth"
)

func TestCustomers_OldTenantCalls(t *testing.T) {
	t.Parallel()
	p := newPortal(t, public, unposted)
	token := p.Token("", auth.SuperAdmin)
	check := func(name string, free bool) {
		t.Helper()
		var c struct{ Available bool }
		p.Do("GET", "/check-subdomain/"+name, "", nil).Want(t, http.StatusOK).JSON(t, &c)
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
	p.Do("POST", "/tenants/", token, fields).Want(t, http.StatusOK).JSON(t, &made)
	if made.Invitation.Role != auth.Admin || made.Invitation.Token == "" || made.URL != "https://cedar.portal.example.com" {
		t.Errorf("%+v", made)
	}
	check("cedar", false)
	p.Do("GET", "/check-subdomain/No_Good", "", nil).Problem(t, http.StatusUnprocessableEntity)
	p.Do("POST", "/tenants/", token, fields).Problem(t, http.StatusBadRequest)
	fields["company_name"] = "Cedar Two"
	p.Do("POST", "/tenants/", token, fields).Problem(t, http.StatusBadRequest)

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
		p.Do("GET", path, token, nil).Want(t, http.StatusOK).JSON(t, &one)
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
	p.Do("PUT", path, token, map[string]any{"max_users": 9}).Want(t, http.StatusOK)
	p.Do("PUT", path, token, map[string]any{}).Problem(t, http.StatusBadRequest)
	p.Do("PUT", "/tenants/999999", token, map[string]any{"max_users": 9}).Problem(t, http.StatusNotFound)
	for _, step := range []struct {
		method, suffix, status string
		active                 bool
	}{
		{"POST", "/suspend", "suspended", false},
		{"POST", "/activate", "active", true},
		{"DELETE", "", "cancelled", false},
		{"POST", "/activate", "active", true},
	} {
		p.Do(step.method, path+step.suffix, token, nil).Want(t, http.StatusOK)
		p.Do(step.method, "/tenants/999999"+step.suffix, token, nil).Problem(t, http.StatusNotFound)
		if one := get(); one.SubscriptionStatus != step.status || one.IsActive != step.active || one.MaxUsers != 9 {
			t.Errorf("after %s %s: %+v", step.method, step.suffix, one)
		}
	}
	var all []tenant
	p.Do("GET", "/tenants/", token, nil).Want(t, http.StatusOK).JSON(t, &all)
	if len(all) != 3 || all[0].ID != made.TenantID || all[1].UserCount != 5 {
		t.Errorf("%+v", all)
	}

	// The public call is limited per address.
	last := 0
	for range 40 {
		if last = p.Do("GET", "/check-subdomain/cedar", "", nil).Status; last == http.StatusTooManyRequests {
			break
		}
	}
	if last != http.StatusTooManyRequests {
		t.Error("40 calls at once were all answered")
	}
}
