package features

import (
	"net/http"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// The old pages filter by texts without asking whether they are there: what a page sends empty comes back empty, and
// an import's empty cells too.
func TestTexts_EmptyComesBackEmpty(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin := p.Token(harness.CompanyA, auth.Admin)
	p.Do("POST", "/bulk-import-properties/", admin, csvFile("Imported,1 Empty Way,,,Yes,,")).Want(t, http.StatusOK)
	imported := harness.Query[int64](p.Portal, `select id from portal.locations where name = 'Imported'`)
	user, contractor := p.person(harness.CompanyA, auth.User), p.person(harness.CompanyA, auth.Contractor)
	p.Do("POST", "/properties/"+itoa(imported)+"/contractors/", admin, map[string]any{"contractor_id": user}).Want(t, http.StatusOK)
	p.Do("PUT", "/update-user/"+itoa(user), admin, map[string]any{
		"name": "User One", "email": harness.Email(harness.CompanyA, auth.User), "role": auth.User, "phone": "", "address": "", "default_equipment": "",
	}).Want(t, http.StatusOK)
	p.Do("POST", "/submit-green-log/", admin, map[string]any{
		"property_id": imported, "contractor_id": contractor, "contractor_name": "", "worker_name": "", "time_in": "2026-06-10T07:30", "time_out": "2026-06-10T09:00",
		"service_type": "Mowing", "products_used": "", "quantity_used": 0, "notes": "",
	}).Want(t, http.StatusOK)
	users := p.Token(harness.CompanyA, auth.User)
	for _, c := range []struct {
		path, token string
		fields      []string
	}{
		{"/properties/", admin, []string{"area_manager"}},
		{"/properties/board/", admin, []string{"area_manager"}},
		{"/my-properties/", users, []string{"area_manager"}},
		{"/my-assignments/properties", users, []string{"area_manager"}},
		{"/properties/" + itoa(imported) + "/contractors/", admin, []string{"phone"}},
		{"/green-logs/", admin, []string{"products_used", "notes"}},
		{"/users/", admin, []string{"phone", "address", "default_equipment"}},
		{"/contractors/", admin, []string{"phone", "default_equipment"}},
		{"/api/my-customer/users", admin, []string{"phone", "address", "default_equipment"}},
	} {
		var list []map[string]any
		p.Do("GET", c.path, c.token, nil).Want(t, http.StatusOK).JSON(t, &list)
		empty := map[string]bool{}
		for _, row := range list {
			for _, f := range c.fields {
				if row[f] == nil {
					t.Errorf("%s: %s is null", c.path, f)
				}
				empty[f] = empty[f] || row[f] == ""
			}
		}
		for _, f := range c.fields {
			if !empty[f] {
				t.Errorf("%s: no %s is empty", c.path, f)
			}
		}
	}
	var account map[string]any
	p.Do("GET", "/verify-token", users, nil).Want(t, http.StatusOK).JSON(t, &account)
	for _, f := range []string{"phone_number", "address", "default_equipment"} {
		if account[f] != "" {
			t.Errorf("/verify-token: %s is %v", f, account[f])
		}
	}
}

// Addresses are one where they differ in capitals, blanks and what nobody sees; the refusal names whose it is.
func TestProperties_AddressesCompareWithoutCase(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	manager := p.Token(harness.CompanyA, auth.Manager)
	add := func(address string) harness.Answer {
		return p.Do("POST", "/add-property/", manager, propertyBody(map[string]any{"name": "Rue Émile", "address": address}))
	}
	add("75 Rue Émile, Québec").Want(t, http.StatusOK)
	for _, twin := range []string{"75 RUE ÉMILE, QUÉBEC", "75 rue e\u0301mile, que\u0301bec", " 75  Rue\u00a0Émile, Québec\u200b"} {
		if got := add(twin).Problem(t, http.StatusConflict); !strings.Contains(got.Detail, `belongs to the property "Rue Émile" already`) {
			t.Errorf("%q: %s", twin, got.Detail)
		}
		change := propertyBody(map[string]any{"id": p.property(harness.CompanyA, 1), "address": twin})
		if got := p.Do("PUT", "/update-property/", manager, change).Problem(t, http.StatusConflict); !strings.Contains(got.Detail, `the property "Rue Émile"`) {
			t.Errorf("%q: %s", twin, got.Detail)
		}
	}
	// The other company has its own, and a property may keep its address in other capitals.
	p.Do("POST", "/add-property/", p.Token(harness.CompanyB, auth.Manager), propertyBody(map[string]any{"address": "75 RUE ÉMILE, QUÉBEC"})).Want(t, http.StatusOK)
	own := harness.Query[int64](p.Portal, `select id from portal.locations where name = 'Rue Émile'`)
	p.Do("PUT", "/update-property/", manager, propertyBody(map[string]any{"id": own, "name": "Rue Émile", "address": "75 RUE ÉMILE, QUÉBEC"})).Want(t, http.StatusOK)
}

// E-mails too, wherever somebody is made of one.
func TestUsers_EmailsCompareWithoutCase(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin := p.Token(harness.CompanyA, auth.Admin)
	person := func(email string) map[string]any {
		return map[string]any{"name": "Zoé", "email": email, "phone": "", "role": auth.User, "password": harness.Chosen}
	}
	p.Do("POST", "/add-user/", admin, person("zoé@example.com")).Want(t, http.StatusOK)
	for _, twin := range []string{"ZOÉ@Example.com", "zoe\u0301@example.com", " zoé@example.com\u200b"} {
		p.Do("POST", "/add-user/", admin, person(twin)).Problem(t, http.StatusConflict)
		p.Do("POST", "/api/invitations/", admin, map[string]any{"email": twin, "role": auth.User}).Problem(t, http.StatusConflict)
		p.LoginWith(twin, harness.Chosen).Want(t, http.StatusOK)
	}
}

// 0, 0 is no position.
func TestPositions_0_0IsNone(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Populate()
	manager, user := p.Token(harness.CompanyA, auth.Manager), p.Token(harness.CompanyA, auth.User)
	one := p.property(harness.CompanyA, 1)
	event := harness.Query[int64](p.Portal, `select id from portal.winter_events where customer_id = $1 and status = 'active'`, harness.CompanyA)
	p.Do("POST", "/events/"+itoa(event)+"/checkin", user, map[string]any{}).Want(t, http.StatusOK)
	for _, lat := range []float64{0, 1} {
		status := http.StatusOK
		if lat == 0 {
			status = http.StatusUnprocessableEntity
		}
		p.Do("POST", "/add-property/", manager, propertyBody(map[string]any{"latitude": lat, "longitude": 0})).Want(t, status)
		p.Do("PUT", "/update-property/", manager, propertyBody(map[string]any{"id": one, "address": "one", "latitude": lat, "longitude": 0})).Want(t, status)
		p.Do("POST", "/update-property-coordinates/", manager, map[string]any{"property_id": one, "latitude": lat, "longitude": 0}).Want(t, status)
		p.Do("PUT", "/events/"+itoa(event)+"/checkin/location", user, map[string]any{"lat": lat, "lon": 0}).Want(t, status)
	}
}
