package integration_tests

import (
	"fmt"
	"maps"
	"net/http"
	"testing"

	"contractor-portal/server/auth"
)

func TestProperties_DeleteOneWithoutLogs(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	id := query[int64](p, `select min(id) from portal.locations where customer_id = $1`, companyA)
	p.exec(`insert into portal.property_contractors (customer_id, property_id, contractor_id)
		select customer_id, $1, id from portal.users where customer_id = $2`, id, companyA)

	path := fmt.Sprintf("/delete-property/%d", id)
	p.do("DELETE", path, p.token(companyA, auth.Manager), nil).want(t, http.StatusOK)

	p.do("DELETE", path, p.token(companyA, auth.Manager), nil).problem(t, http.StatusNotFound)
	if n := query[int](p, `select count(*) from portal.property_contractors where property_id = $1`, id); n != 0 {
		t.Errorf("%d assignments are left of a deleted property", n)
	}
	if n := query[int](p, `select properties from platform.usage where customer_id = $1`, companyA); n != 2 {
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
	manager := p.token(companyA, auth.Manager)
	var added struct {
		PropertyID int64 `json:"property_id"`
	}
	p.do("POST", "/add-property/", manager, propertyBody(map[string]any{"notes": "gate code", "latitude": 42.5, "longitude": -78.5, "show_on_weather_dashboard": false})).
		want(t, http.StatusOK).json(t, &added)

	// The old page changes what it knows; the rest stays.
	p.do("PUT", "/update-property/", manager, propertyBody(map[string]any{"id": added.PropertyID, "name": "Maple Mall", "open_by_time": nil})).want(t, http.StatusOK)
	var row propertyRow
	p.do("GET", fmt.Sprintf("/properties/%d", added.PropertyID), manager, nil).want(t, http.StatusOK).json(t, &row)
	if row.Name != "Maple Mall" || !row.Plow || row.OpenByTime != nil {
		t.Errorf("not changed: %+v", row)
	}
	if row.Notes == nil || *row.Notes != "gate code" || row.Latitude == nil || row.ShowOnWeatherDashboard {
		t.Errorf("not left as it was: %+v", row)
	}

	p.do("POST", "/add-property/", manager, propertyBody(nil)).problem(t, http.StatusConflict)
	p.do("POST", "/add-property/", p.token(companyB, auth.Manager), propertyBody(nil)).want(t, http.StatusOK) // B never heard of it
	p.do("PUT", "/update-property/", manager, propertyBody(map[string]any{"id": p.property(companyA, 1)})).problem(t, http.StatusConflict)
	p.do("PUT", "/update-property/", manager, propertyBody(map[string]any{"id": p.property(companyB, 1), "address": "elsewhere"})).problem(t, http.StatusNotFound)
	p.do("POST", "/add-property/", manager, propertyBody(map[string]any{"address": "elsewhere", "trigger_amount": 3})).problem(t, http.StatusUnprocessableEntity)
	p.do("POST", "/add-property/", manager, propertyBody(map[string]any{"address": "else\x00where"})).problem(t, http.StatusBadRequest)

	// What belongs to it goes with it; logs do not.
	p.do("POST", contractorsPath(added.PropertyID), manager, map[string]any{"contractor_id": p.person(companyA, auth.User)}).want(t, http.StatusOK)
	p.exec(`insert into portal.winter_ops_logs (customer_id, property_id, time_in, status) values ($1, $2, now(), 'open')`, companyA, added.PropertyID)
	p.do("DELETE", fmt.Sprintf("/delete-property/%d", added.PropertyID), manager, nil).problem(t, http.StatusConflict)
	p.exec(`delete from portal.winter_ops_logs`)
	p.do("DELETE", fmt.Sprintf("/delete-property/%d", added.PropertyID), manager, nil).want(t, http.StatusOK)
	p.do("DELETE", fmt.Sprintf("/delete-property/%d", added.PropertyID), manager, nil).problem(t, http.StatusNotFound)
	if n := query[int](p, `select count(*) from portal.property_contractors`); n != 0 {
		t.Errorf("%d assignments are left", n)
	}
}

func TestProperties_MineKnowOpenTickets(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, company := range []string{companyA, companyB} {
		manager, user := p.token(company, auth.Manager), p.person(company, auth.User)
		for n := 1; n <= 2; n++ {
			p.do("POST", contractorsPath(p.property(company, n)), manager, map[string]any{"contractor_id": user, "is_primary": n == 2}).want(t, http.StatusOK)
		}
		// Open since yesterday, closed, and another person's.
		p.exec(`insert into portal.winter_ops_logs (customer_id, property_id, contractor_id, time_in, time_out, status) values
			($1, $2, $3, now() - interval '20 hours', null, 'open'),
			($1, $2, $3, now() - interval '9 hours', now() - interval '8 hours', 'closed'),
			($1, $2, $4, now(), null, 'open')`, company, p.property(company, 1), user, p.person(company, auth.Contractor))
	}
	for _, company := range []string{companyA, companyB} {
		var mine []struct {
			ID              int64
			HasActiveTicket int  `json:"has_active_ticket"`
			IsPrimary       bool `json:"is_primary"`
		}
		p.do("GET", "/my-properties/", p.token(company, auth.User), nil).want(t, http.StatusOK).json(t, &mine)
		if len(mine) != 2 || mine[0].ID != p.property(company, 2) || !mine[0].IsPrimary || mine[0].HasActiveTicket != 0 || mine[1].HasActiveTicket != 1 {
			t.Errorf("%s: %+v", company, mine)
		}
	}
}
