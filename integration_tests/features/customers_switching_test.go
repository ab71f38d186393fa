package features

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

var pathParameter = regexp.MustCompile(`\{[^}]+\}`)

// A super admin who has not switched reaches nothing of any company.
func TestSwitching_WithoutItNothingIsReached(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token("", auth.SuperAdmin)
	tried := 0
	for _, op := range harness.ReadDocument(t, p.Portal) {
		if op.Public() || slices.Contains(op.Roles, auth.SuperAdmin) {
			continue
		}
		tried++
		path := pathParameter.ReplaceAllString(op.Path, "1")
		if a := p.Do(op.Method, path, token, nil); a.Status != http.StatusForbidden {
			t.Errorf("%s: %d, want 403: %s", op, a.Status, a.Body)
		}
	}
	if tried < 30 {
		t.Errorf("%d operations of companies were tried", tried)
	}
}

func TestSwitching_SeesOneCompanyAndIsRecorded(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token("", auth.SuperAdmin)
	var switched struct {
		AccessToken string  `json:"access_token"`
		Refresh     *string `json:"refresh_token"`
		ExpiresIn   int     `json:"expires_in"`
		ActingAs    bool    `json:"acting_as"`
		CustomerID  *string `json:"customer_id"`
	}
	p.Do("POST", "/api/customers/"+harness.CompanyA+"/switch", token, map[string]string{"reason": "ticket 17"}).Want(t, http.StatusOK).JSON(t, &switched)
	claims := harness.ClaimsOf(t, switched.AccessToken)
	lifetime := claims["exp"].(float64) - claims["iat"].(float64)
	if switched.ExpiresIn != 3600 || lifetime != 3600 || switched.Refresh != nil || !switched.ActingAs || *switched.CustomerID != harness.CompanyA ||
		claims["acting_as"] != true || claims["role"] != auth.Admin || claims["customer_id"] != harness.CompanyA {
		t.Errorf("%+v, %v", switched, claims)
	}

	// A's rows, and nothing of B.
	var list []struct {
		ID         int64
		CustomerID string `json:"customer_id"`
	}
	p.Do("GET", "/properties/", switched.AccessToken, nil).Want(t, http.StatusOK).JSON(t, &list)
	if len(list) != 3 {
		t.Errorf("%d properties", len(list))
	}
	for _, property := range list {
		if property.CustomerID != harness.CompanyA {
			t.Errorf("sees a property of %s", property.CustomerID)
		}
	}
	foreign := harness.Query[int64](p.Portal, `select min(id) from portal.locations where customer_id = $1`, harness.CompanyB)
	p.Do("DELETE", "/delete-property/"+itoa(foreign), switched.AccessToken, nil).Problem(t, http.StatusNotFound)

	// Each write stands in A's log under his name, though no feature says so; reads and refusals do not.
	property := map[string]any{"name": "New", "address": "1 New Street", "plow": true, "salt": false, "sqft": nil, "area_manager": nil}
	p.Do("POST", "/add-property/", switched.AccessToken, property).Want(t, http.StatusOK)
	p.Do("POST", "/add-property/", switched.AccessToken, property).Problem(t, http.StatusConflict)
	p.Do("DELETE", "/delete-property/"+itoa(list[0].ID), switched.AccessToken, nil).Want(t, http.StatusOK)
	p.Do("PUT", "/api/my-customer/", switched.AccessToken, map[string]string{"contact_name": "Olive"}).Want(t, http.StatusOK)
	// A member's writes of the same kind leave none.
	p.Do("DELETE", "/delete-property/"+itoa(list[1].ID), p.Token(harness.CompanyA, auth.Admin), nil).Want(t, http.StatusOK)

	var back struct {
		AccessToken string  `json:"access_token"`
		ActingAs    bool    `json:"acting_as"`
		CustomerID  *string `json:"customer_id"`
	}
	p.Do("POST", "/api/customers/switch-back", switched.AccessToken, nil).Want(t, http.StatusOK).JSON(t, &back)
	if back.ActingAs || back.CustomerID != nil {
		t.Errorf("%+v", back)
	}
	p.Do("GET", "/api/customers/", back.AccessToken, nil).Want(t, http.StatusOK)
	p.Do("GET", "/properties/", back.AccessToken, nil).Problem(t, http.StatusForbidden)

	olive := harness.Query[int64](p.Portal, `select id from platform.operators`)
	entry := func(action, object string, role *string) harness.AuditEntry {
		return harness.AuditEntry{
			CustomerID: new(harness.CompanyA), Actor: new("Olive Operator"), Role: role, OperatorID: &olive, Action: &action, ObjectType: &object, HasRequest: true,
		}
	}
	admin := new(auth.Admin)
	want := []harness.AuditEntry{
		entry("customer.entered", "customer", nil),
		entry("addProperty", "", admin),
		entry("deleteProperty", "property", admin),
		entry("customer.changed", "customer", admin),
		entry("customer.left", "customer", nil),
	}
	want[1].ObjectType = nil
	if diff := cmp.Diff(want, p.entriesOf(harness.CompanyA)); diff != "" {
		t.Error(diff)
	}
	if others := p.entriesOf(harness.CompanyB); len(others) != 0 {
		t.Errorf("B's log has %+v", others)
	}
	if reason := harness.Query[string](p.Portal, `select detail->>'reason' from platform.audit_log where action = 'customer.entered'`); reason != "ticket 17" {
		t.Errorf("reason %q", reason)
	}
}

// What belongs to a person, or would let him act as the company elsewhere, is not there for him.
func TestSwitching_NoOwnRecordsAndNoSecrets(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	acting, admin := p.ActingToken(), p.Token(harness.CompanyA, auth.Admin)
	owns := 0
	for _, op := range harness.ReadDocument(t, p.Portal) {
		if op.Own {
			owns++
			p.Do(op.Method, pathParameter.ReplaceAllString(op.Path, "1"), acting, nil).Problem(t, http.StatusForbidden)
		}
	}
	if owns < 4 {
		t.Errorf("%d operations on own records were tried", owns)
	}

	// Through the database, with the very entry of his token: no key, neither to read nor to plant.
	p.Exec(`insert into portal.api_keys (customer_id, key_name, key_ciphertext) values ($1, 'weather', '\x00')`, harness.CompanyA)
	const keysSQL = `select count(*) from api_keys`
	const plantSQL = `insert into api_keys (key_name, key_ciphertext) values ('planted', '\x00')`
	for token, want := range map[string]int{admin: 1, acting: 0} {
		caller, err := p.Keys.Verify(token)
		if err != nil {
			t.Fatal(err)
		}
		err = p.DB.Read(t.Context(), caller, func(ctx context.Context, tx db.Tx) error {
			n, err := db.Value[int](ctx, tx, keysSQL)
			if n != want {
				t.Errorf("%d keys are seen, want %d (acting %v)", n, want, caller.Acting())
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		err = p.DB.Write(t.Context(), caller, func(ctx context.Context, tx db.Tx) error {
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
	token := p.Token("", auth.SuperAdmin)
	path := "/api/customers/" + harness.CompanyA
	acting := p.ActingToken()

	p.Do("POST", path+"/suspend", token, nil).Want(t, http.StatusOK)
	p.Do("GET", "/properties/", p.Token(harness.CompanyB, auth.Admin), nil).Want(t, http.StatusOK)
	p.Do("GET", "/properties/", acting, nil).Want(t, http.StatusOK)
	p.Do("GET", "/properties/", p.ActingToken(), nil).Want(t, http.StatusOK)

	// A trial that is over counts as suspended: it can be entered too.
	p.Exec(`update platform.customers set status = 'trial', trial_ends_at = now() - interval '1 day' where customer_id = $1`, harness.CompanyA)
	p.Do("GET", "/properties/", p.ActingToken(), nil).Want(t, http.StatusOK)

	p.Do("DELETE", path, token, nil).Want(t, http.StatusOK)
	p.Do("POST", path+"/switch", token, nil).Problem(t, http.StatusConflict)
	if problem := p.Do("GET", "/properties/", acting, nil).Problem(t, http.StatusForbidden); problem.Type != "/problems/customer-suspended" {
		t.Errorf("an operator inside a cancelled customer: %s", problem.Type)
	}
	// The way out stays open.
	p.Do("POST", "/api/customers/switch-back", acting, nil).Want(t, http.StatusOK)

	// Only from inside, and not from one customer into the next.
	p.Do("POST", path+"/activate", token, nil).Want(t, http.StatusOK)
	p.Do("POST", "/api/customers/switch-back", token, nil).Problem(t, http.StatusForbidden)
	p.Do("POST", "/api/customers/"+harness.CompanyB+"/switch", acting, nil).Problem(t, http.StatusForbidden)
	p.Do("GET", "/api/customers/", acting, nil).Problem(t, http.StatusForbidden)
}

func TestSwitching_EndsAtItsExpiryAndWithTheSession(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.Auth.SwitchLifetime = 2 * time.Second })
	acting := p.ActingToken()
	p.Do("GET", "/properties/", acting, nil).Want(t, http.StatusOK)
	deadline := time.Now().Add(10 * time.Second)
	for p.Do("GET", "/properties/", acting, nil).Status == http.StatusOK {
		if time.Now().After(deadline) {
			t.Fatal("a switch of 2 s still works after 10")
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.Do("GET", "/properties/", acting, nil).Problem(t, http.StatusUnauthorized)
	p.Do("POST", "/api/customers/switch-back", acting, nil).Problem(t, http.StatusUnauthorized)

	// Nobody configures more than an hour.
	long := newPortal(t, func(s *harness.Settings) { s.Auth.SwitchLifetime = 24 * time.Hour })
	claims := harness.ClaimsOf(t, long.ActingToken())
	if seconds := claims["exp"].(float64) - claims["iat"].(float64); seconds != 3600 {
		t.Errorf("a switch lives %v s", seconds)
	}
}

// switchFrom switches into company A from a session.
func (p *portal) switchFrom(own harness.Pair) (acting string) {
	p.T.Helper()
	var switched struct {
		AccessToken string `json:"access_token"`
	}
	p.Do("POST", "/api/customers/"+harness.CompanyA+"/switch", own.AccessToken, nil).Want(p.T, http.StatusOK).JSON(p.T, &switched)
	return switched.AccessToken
}

// Whatever ends the operator's session ends the switches made in it. What ends a switch leaves him his session, save that
// who logs out is out.
func TestSwitching_EndsWithItsParent(t *testing.T) {
	t.Parallel()
	refresh := func(p *portal, own harness.Pair) harness.Answer {
		return p.Do("POST", "/api/refresh/", "", map[string]string{"refresh_token": own.RefreshToken})
	}
	for name, tt := range map[string]struct {
		end             func(p *portal, own harness.Pair, acting string)
		stays, otherToo bool // his own session stays; a switch made in another session of his ends too
	}{
		"switching back": {func(p *portal, _ harness.Pair, acting string) {
			p.Do("POST", "/api/customers/switch-back", acting, nil).Want(t, http.StatusOK)
		}, true, false},
		"log-out": {func(p *portal, own harness.Pair, _ string) {
			p.Do("POST", "/api/logout/", own.AccessToken, nil).Want(t, http.StatusOK)
		}, false, false},
		"log-out while acting": {func(p *portal, _ harness.Pair, acting string) {
			p.Do("POST", "/api/logout/", acting, nil).Want(t, http.StatusOK)
		}, false, false},
		"a used refresh token": {func(p *portal, own harness.Pair, _ string) {
			refresh(p, own).Want(t, http.StatusOK)
			refresh(p, own).Want(t, http.StatusOK) // the answer was lost
			refresh(p, own).Problem(t, http.StatusUnauthorized)
		}, false, false},
		"suspension": {func(p *portal, _ harness.Pair, _ string) {
			p.Exec(`update platform.operators set status = 'suspended'`)
			p.Exec(`update platform.operators set status = 'active'`)
		}, false, true},
		"a new password": {func(p *portal, own harness.Pair, _ string) {
			p.changePassword(own.AccessToken, harness.Password, "another horse battery").Want(t, http.StatusOK)
		}, true, true},
		"the end of his session": {func(p *portal, own harness.Pair, _ string) {
			p.Exec(`delete from platform.sessions where id = $1`, harness.ClaimsOf(t, own.AccessToken)["sid"])
		}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t)
			own, elsewhere := p.Session(harness.Operator), p.Session(harness.Operator)
			acting, other := p.switchFrom(own), p.switchFrom(elsewhere)
			for _, token := range []string{acting, other} {
				p.Do("GET", "/properties/", token, nil).Want(t, http.StatusOK)
			}
			tt.end(p, own, acting)
			status := map[bool]int{true: http.StatusOK, false: http.StatusUnauthorized}
			p.Do("GET", "/properties/", acting, nil).Problem(t, http.StatusUnauthorized)
			p.Do("GET", "/properties/", other, nil).Want(t, status[!tt.otherToo])
			p.Do("GET", "/api/customers/", own.AccessToken, nil).Want(t, status[tt.stays])
		})
	}
}

// A switch is over with the session that it was made in, however long it might be.
func TestSwitching_IsNoLongerThanItsParent(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	own := p.Session(harness.Operator)
	p.Exec(`update platform.sessions set expires_at = now() + interval '10 minutes' where id = $1`, harness.ClaimsOf(t, own.AccessToken)["sid"])
	claims := harness.ClaimsOf(t, p.switchFrom(own))
	if seconds := claims["exp"].(float64) - claims["iat"].(float64); seconds > 600 || seconds < 590 {
		t.Errorf("a switch in a session of 10 minutes lives %v s", seconds)
	}
	if !harness.Query[bool](p.Portal, `select c.expires_at = o.expires_at from platform.sessions c join platform.sessions o on o.id = c.parent_id where c.id = $1`, claims["sid"]) {
		t.Error("the switch is over at another time than its parent")
	}
}
