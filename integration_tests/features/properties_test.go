package features

import (
	"fmt"
	"maps"
	"net/http"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

func TestProperties_DeleteOneWithoutLogs(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	id := harness.Query[int64](p.Portal, `select min(id) from portal.locations where customer_id = $1`, harness.CompanyA)
	p.Exec(`insert into portal.property_contractors (customer_id, property_id, contractor_id)
		select customer_id, $1, id from portal.users where customer_id = $2`, id, harness.CompanyA)

	path := fmt.Sprintf("/delete-property/%d", id)
	p.Do("DELETE", path, p.Token(harness.CompanyA, auth.Manager), nil).Want(t, http.StatusOK)

	p.Do("DELETE", path, p.Token(harness.CompanyA, auth.Manager), nil).Problem(t, http.StatusNotFound)
	if n := harness.Query[int](p.Portal, `select count(*) from portal.property_contractors where property_id = $1`, id); n != 0 {
		t.Errorf("%d assignments are left of a deleted property", n)
	}
	if n := harness.Query[int](p.Portal, `select properties from platform.usage where customer_id = $1`, harness.CompanyA); n != 2 {
		t.Errorf("usage counts %d properties, there are 2", n)
	}
}

// propertyBody is what the old page sends of a property: neither notes, coordinates nor the weather
// flag. More fields replace or add.
func propertyBody(more map[string]any) map[string]any {
	body := map[string]any{
		"name": "Maple Plaza", "address": "120 Maple Street", "sqft": 42000, "area_manager": "Pat Doyle", "plow": 1, "salt": false,
		"trigger_type": "one_inch", "trigger_amount": 1, "contract_tier": "Premium", "open_by_time": "06:30", "billing_type": "hourly",
	}
	maps.Copy(body, more)
	return body
}

type propertyRow struct {
	ID                     int64
	Name, Address          string
	Plow                   bool
	Notes                  *string
	OpenByTime             *string `json:"open_by_time"`
	Latitude               *float64
	ShowOnWeatherDashboard bool `json:"show_on_weather_dashboard"`
}

func TestProperties_AddChangeDelete(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	manager := p.Token(harness.CompanyA, auth.Manager)
	var added struct {
		PropertyID int64 `json:"property_id"`
	}
	p.Do("POST", "/add-property/", manager, propertyBody(map[string]any{"notes": "gate code", "latitude": 42.5, "longitude": -78.5, "show_on_weather_dashboard": false})).
		Want(t, http.StatusOK).JSON(t, &added)

	// The old page changes what it knows; the rest stays.
	p.Do("PUT", "/update-property/", manager, propertyBody(map[string]any{"id": added.PropertyID, "name": "Maple Mall", "open_by_time": nil})).Want(t, http.StatusOK)
	var row propertyRow
	p.Do("GET", fmt.Sprintf("/properties/%d", added.PropertyID), manager, nil).Want(t, http.StatusOK).JSON(t, &row)
	if row.Name != "Maple Mall" || !row.Plow || row.OpenByTime != nil {
		t.Errorf("not changed: %+v", row)
	}
	if row.Notes == nil || *row.Notes != "gate code" || row.Latitude == nil || row.ShowOnWeatherDashboard {
		t.Errorf("not left as it was: %+v", row)
	}

	p.Do("POST", "/add-property/", manager, propertyBody(nil)).Problem(t, http.StatusConflict)
	p.Do("POST", "/add-property/", p.Token(harness.CompanyB, auth.Manager), propertyBody(nil)).Want(t, http.StatusOK) // B never heard of it
	p.Do("PUT", "/update-property/", manager, propertyBody(map[string]any{"id": p.property(harness.CompanyA, 1)})).Problem(t, http.StatusConflict)
	p.Do("PUT", "/update-property/", manager, propertyBody(map[string]any{"id": p.property(harness.CompanyB, 1), "address": "elsewhere"})).Problem(t, http.StatusNotFound)
	p.Do("POST", "/add-property/", manager, propertyBody(map[string]any{"address": "elsewhere", "trigger_amount": 3})).Problem(t, http.StatusUnprocessableEntity)
	p.Do("POST", "/add-property/", manager, propertyBody(map[string]any{"address": "else\x00where"})).Problem(t, http.StatusBadRequest)

	// What belongs to it goes with it; logs do not.
	p.Do("POST", contractorsPath(added.PropertyID), manager, map[string]any{"contractor_id": p.person(harness.CompanyA, auth.User)}).Want(t, http.StatusOK)
	p.Exec(`insert into portal.winter_ops_logs (customer_id, property_id, time_in, status) values ($1, $2, now(), 'open')`, harness.CompanyA, added.PropertyID)
	p.Do("DELETE", fmt.Sprintf("/delete-property/%d", added.PropertyID), manager, nil).Problem(t, http.StatusConflict)
	p.Exec(`delete from portal.winter_ops_logs`)
	p.Do("DELETE", fmt.Sprintf("/delete-property/%d", added.PropertyID), manager, nil).Want(t, http.StatusOK)
	p.Do("DELETE", fmt.Sprintf("/delete-property/%d", added.PropertyID), manager, nil).Problem(t, http.StatusNotFound)
	if n := harness.Query[int](p.Portal, `select count(*) from portal.property_contractors`); n != 0 {
		t.Errorf("%d assignments are left", n)
	}
}

func TestProperties_MineKnowOpenTickets(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		manager, user := p.Token(company, auth.Manager), p.person(company, auth.User)
		for n := 1; n <= 2; n++ {
			p.Do("POST", contractorsPath(p.property(company, n)), manager, map[string]any{"contractor_id": user, "is_primary": n == 2}).Want(t, http.StatusOK)
		}
		// Open since yesterday, closed, and another person's.
		p.Exec(`insert into portal.winter_ops_logs (customer_id, property_id, contractor_id, time_in, time_out, status) values
			($1, $2, $3, now() - interval '20 hours', null, 'open'),
			($1, $2, $3, now() - interval '9 hours', now() - interval '8 hours', 'closed'),
			($1, $2, $4, now(), null, 'open')`, company, p.property(company, 1), user, p.person(company, auth.Contractor))
	}
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		var mine []struct {
			ID              int64
			HasActiveTicket int  `json:"has_active_ticket"`
			IsPrimary       bool `json:"is_primary"`
		}
		p.Do("GET", "/my-properties/", p.Token(company, auth.User), nil).Want(t, http.StatusOK).JSON(t, &mine)
		if len(mine) != 2 || mine[0].ID != p.property(company, 2) || !mine[0].IsPrimary || mine[0].HasActiveTicket != 0 || mine[1].HasActiveTicket != 1 {
			t.Errorf("%s: %+v", company, mine)
		}
	}
}
