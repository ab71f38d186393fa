package integration_tests

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/db"
	"contractor-portal/server/auth"
)

var pathParameter = regexp.MustCompile(`\{[^}]+\}`)

// A super admin who has not switched reaches nothing of any company.
func TestSwitching_WithoutItNothingIsReached(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.token("", auth.SuperAdmin)
	tried := 0
	for _, op := range readDocument(t, p) {
		if op.public() || slices.Contains(op.Roles, auth.SuperAdmin) {
			continue
		}
		tried++
		path := pathParameter.ReplaceAllString(op.path, "1")
		if a := p.do(op.method, path, token, nil); a.status != http.StatusForbidden {
			t.Errorf("%s: %d, want 403: %s", op, a.status, a.body)
		}
	}
	if tried < 30 {
		t.Errorf("%d operations of companies were tried", tried)
	}
}

func TestSwitching_SeesOneCompanyAndIsRecorded(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.token("", auth.SuperAdmin)
	var switched struct {
		AccessToken string  `json:"access_token"`
		Refresh     *string `json:"refresh_token"`
		ExpiresIn   int     `json:"expires_in"`
		ActingAs    bool    `json:"acting_as"`
		CustomerID  *string `json:"customer_id"`
	}
	p.do("POST", "/api/customers/"+companyA+"/switch", token, map[string]string{"reason": "ticket 17"}).want(t, http.StatusOK).json(t, &switched)
	claims := claimsOf(t, switched.AccessToken)
	lifetime := claims["exp"].(float64) - claims["iat"].(float64)
	if switched.ExpiresIn != 3600 || lifetime != 3600 || switched.Refresh != nil || !switched.ActingAs || *switched.CustomerID != companyA ||
		claims["acting_as"] != true || claims["role"] != auth.Admin || claims["customer_id"] != companyA {
		t.Errorf("%+v, %v", switched, claims)
	}

	// A's rows, and nothing of B.
	var list []struct {
		ID         int64
		CustomerID string `json:"customer_id"`
	}
	p.do("GET", "/properties/", switched.AccessToken, nil).want(t, http.StatusOK).json(t, &list)
	if len(list) != 3 {
		t.Errorf("%d properties", len(list))
	}
	for _, property := range list {
		if property.CustomerID != companyA {
			t.Errorf("sees a property of %s", property.CustomerID)
		}
	}
	foreign := query[int64](p, `select min(id) from portal.locations where customer_id = $1`, companyB)
	p.do("DELETE", "/delete-property/"+itoa(foreign), switched.AccessToken, nil).problem(t, http.StatusNotFound)

	// Each write stands in A's log under his name, though no feature says so; reads and refusals do not.
	property := map[string]any{"name": "New", "address": "1 New Street", "plow": true, "salt": false, "sqft": nil, "area_manager": nil}
	p.do("POST", "/add-property/", switched.AccessToken, property).want(t, http.StatusOK)
	p.do("POST", "/add-property/", switched.AccessToken, property).problem(t, http.StatusConflict)
	p.do("DELETE", "/delete-property/"+itoa(list[0].ID), switched.AccessToken, nil).want(t, http.StatusOK)
	p.do("PUT", "/api/my-customer/", switched.AccessToken, map[string]string{"contact_name": "Olive"}).want(t, http.StatusOK)
	// A member's writes of the same kind leave none.
	p.do("DELETE", "/delete-property/"+itoa(list[1].ID), p.token(companyA, auth.Admin), nil).want(t, http.StatusOK)

	var back struct {
		AccessToken string  `json:"access_token"`
		ActingAs    bool    `json:"acting_as"`
		CustomerID  *string `json:"customer_id"`
	}
	p.do("POST", "/api/customers/switch-back", switched.AccessToken, nil).want(t, http.StatusOK).json(t, &back)
	if back.ActingAs || back.CustomerID != nil {
		t.Errorf("%+v", back)
	}
	p.do("GET", "/api/customers/", back.AccessToken, nil).want(t, http.StatusOK)
	p.do("GET", "/properties/", back.AccessToken, nil).problem(t, http.StatusForbidden)

	olive := query[int64](p, `select id from platform.operators`)
	entry := func(action, object string, role *string) auditEntry {
		return auditEntry{
			CustomerID: new(companyA), Actor: new("Olive Operator"), Role: role, OperatorID: &olive, Action: &action, ObjectType: &object, HasRequest: true,
		}
	}
	admin := new(auth.Admin)
	want := []auditEntry{
		entry("customer.entered", "customer", nil),
		entry("addProperty", "", admin),
		entry("deleteProperty", "property", admin),
		entry("customer.changed", "customer", admin),
		entry("customer.left", "customer", nil),
	}
	want[1].ObjectType = nil
	if diff := cmp.Diff(want, p.entriesOf(companyA)); diff != "" {
		t.Error(diff)
	}
	if others := p.entriesOf(companyB); len(others) != 0 {
		t.Errorf("B's log has %+v", others)
	}
	if reason := query[string](p, `select detail->>'reason' from platform.audit_log where action = 'customer.entered'`); reason != "ticket 17" {
		t.Errorf("reason %q", reason)
	}
}

// What belongs to a person, or would let him act as the company elsewhere, is not there for him.
func TestSwitching_NoOwnRecordsAndNoSecrets(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	acting, admin := p.actingToken(), p.token(companyA, auth.Admin)
	owns := 0
	for _, op := range readDocument(t, p) {
		if op.Own {
			owns++
			p.do(op.method, pathParameter.ReplaceAllString(op.path, "1"), acting, nil).problem(t, http.StatusForbidden)
		}
	}
	if owns < 4 {
		t.Errorf("%d operations on own records were tried", owns)
	}

	// Through the database, with the very entry of his token: no key, neither to read nor to plant.
	p.exec(`insert into portal.api_keys (customer_id, key_name, key_ciphertext) values ($1, 'weather', '\x00')`, companyA)
	const keysSQL = `select count(*) from api_keys`
	const plantSQL = `insert into api_keys (key_name, key_ciphertext) values ('planted', '\x00')`
	for token, want := range map[string]int{admin: 1, acting: 0} {
		caller, err := p.keys.Verify(token)
		if err != nil {
			t.Fatal(err)
		}
		err = p.db.Read(t.Context(), caller, func(ctx context.Context, tx db.Tx) error {
			n, err := db.Value[int](ctx, tx, keysSQL)
			if n != want {
				t.Errorf("%d keys are seen, want %d (acting %v)", n, want, caller.Acting())
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		err = p.db.Write(t.Context(), caller, func(ctx context.Context, tx db.Tx) error {
			_, err := db.Exec(ctx, tx, plantSQL)
			return err
		})
		if (err == nil) == caller.Acting() {
			t.Errorf("planting a key (acting %v): %v", caller.Acting(), err)
		}
	}
}

func TestSwitching_IntoEachState(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.token("", auth.SuperAdmin)
	path := "/api/customers/" + companyA
	acting := p.actingToken()

	p.do("POST", path+"/suspend", token, nil).want(t, http.StatusOK)
	p.do("GET", "/properties/", p.token(companyB, auth.Admin), nil).want(t, http.StatusOK)
	p.do("GET", "/properties/", acting, nil).want(t, http.StatusOK)
	p.do("GET", "/properties/", p.actingToken(), nil).want(t, http.StatusOK)

	// A trial that is over counts as suspended: it can be entered too.
	p.exec(`update platform.customers set status = 'trial', trial_ends_at = now() - interval '1 day' where customer_id = $1`, companyA)
	p.do("GET", "/properties/", p.actingToken(), nil).want(t, http.StatusOK)

	p.do("DELETE", path, token, nil).want(t, http.StatusOK)
	p.do("POST", path+"/switch", token, nil).problem(t, http.StatusConflict)
	if problem := p.do("GET", "/properties/", acting, nil).problem(t, http.StatusForbidden); problem.Type != "/problems/customer-suspended" {
		t.Errorf("an operator inside a cancelled customer: %s", problem.Type)
	}
	// The way out stays open.
	p.do("POST", "/api/customers/switch-back", acting, nil).want(t, http.StatusOK)

	// Only from inside, and not from one customer into the next.
	p.do("POST", path+"/activate", token, nil).want(t, http.StatusOK)
	p.do("POST", "/api/customers/switch-back", token, nil).problem(t, http.StatusForbidden)
	p.do("POST", "/api/customers/"+companyB+"/switch", acting, nil).problem(t, http.StatusForbidden)
	p.do("GET", "/api/customers/", acting, nil).problem(t, http.StatusForbidden)
}

func TestSwitching_EndsAtItsExpiryAndWithTheSession(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *settings) { s.auth.SwitchLifetime = 2 * time.Second })
	acting := p.actingToken()
	p.do("GET", "/properties/", acting, nil).want(t, http.StatusOK)
	deadline := time.Now().Add(10 * time.Second)
	for p.do("GET", "/properties/", acting, nil).status == http.StatusOK {
		if time.Now().After(deadline) {
			t.Fatal("a switch of 2 s still works after 10")
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.do("GET", "/properties/", acting, nil).problem(t, http.StatusUnauthorized)
	p.do("POST", "/api/customers/switch-back", acting, nil).problem(t, http.StatusUnauthorized)

	// Nobody configures more than an hour.
	long := newPortal(t, func(s *settings) { s.auth.SwitchLifetime = 24 * time.Hour })
	claims := claimsOf(t, long.actingToken())
	if seconds := claims["exp"].(float64) - claims["iat"].(float64); seconds != 3600 {
		t.Errorf("a switch lives %v s", seconds)
	}
	// With the operator's log-out, or his suspension, the switch is over too.
	acting = long.actingToken()
	long.exec(`update platform.operators set status = 'suspended'`)
	long.do("GET", "/properties/", acting, nil).problem(t, http.StatusUnauthorized)
	long.exec(`update platform.operators set status = 'active'`)
	long.do("GET", "/properties/", acting, nil).want(t, http.StatusOK)
	long.do("POST", "/api/logout/", long.token("", auth.SuperAdmin), nil).want(t, http.StatusOK)
	long.do("GET", "/properties/", acting, nil).problem(t, http.StatusUnauthorized)
}
