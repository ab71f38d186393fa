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

func TestProperties_Roles(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	id, third := p.property(harness.CompanyA, 1), p.property(harness.CompanyA, 3)
	for _, role := range harness.Roles {
		office := role == auth.Admin || role == auth.Manager
		write := map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[office]
		token := p.Token(harness.CompanyA, role)
		p.Do("GET", "/properties/", token, nil).Want(t, http.StatusOK)
		p.Do("GET", fmt.Sprintf("/properties/%d", id), token, nil).Want(t, http.StatusOK)
		p.Do("GET", "/my-properties/", token, nil).Want(t, http.StatusOK)
		p.Do("POST", "/add-property/", token, propertyBody(map[string]any{"address": "Of " + role})).Want(t, write)
		p.Do("PUT", "/update-property/", token, propertyBody(map[string]any{"id": id, "address": "By " + role})).Want(t, write)
		p.Do("POST", "/update-property-coordinates/", token, map[string]any{"property_id": id, "latitude": 42.5, "longitude": -78.5}).Want(t, write)
		p.Do("DELETE", fmt.Sprintf("/delete-property/%d", third), token, nil).Want(t, map[bool]int{true: map[string]int{auth.Admin: 200, auth.Manager: 404}[role], false: 403}[office])
	}
	p.Do("GET", "/my-properties/", p.ActingToken(), nil).Problem(t, http.StatusForbidden)
	p.Do("GET", "/properties/", p.ActingToken(), nil).Want(t, http.StatusOK)
	p.Do("GET", "/properties/", p.Token(harness.CompanyA, auth.SuperAdmin), nil).Problem(t, http.StatusForbidden)
}

func TestProperties_Duplicates(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token(harness.CompanyA, auth.Admin)
	for _, a := range []harness.Answer{
		p.Do("POST", "/add-property/", token, propertyBody(map[string]any{"address": "1 Same Street, Springfield, NY 14201"})),
		p.Do("PUT", "/update-property/", token, propertyBody(map[string]any{"id": p.property(harness.CompanyA, 2), "address": "1 Same Street, Springfield, NY 14201"})),
	} {
		if problem := a.Problem(t, http.StatusConflict); !strings.Contains(problem.Detail, "1 Same Street") || !strings.Contains(problem.Detail, "Property 1") {
			t.Errorf("detail %q does not name the address and the property that has it", problem.Detail)
		}
	}
	// Its own address is nobody else's, and the other company's is no hindrance.
	p.Do("PUT", "/update-property/", token, propertyBody(map[string]any{"id": p.property(harness.CompanyA, 1), "address": "1 Same Street, Springfield, NY 14201"})).Want(t, http.StatusOK)
	p.Do("POST", "/add-property/", p.Token(harness.CompanyB, auth.Admin), propertyBody(map[string]any{"address": "Only In B"})).Want(t, http.StatusOK)
	p.Do("POST", "/add-property/", token, propertyBody(map[string]any{"address": "Only In B"})).Want(t, http.StatusOK)
}

func TestProperties_LimitOfThePlan(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token(harness.CompanyA, auth.Admin)
	ids := []int64{p.property(harness.CompanyA, 1), p.property(harness.CompanyA, 2), p.property(harness.CompanyA, 3)}
	p.Exec(`update platform.customers set max_properties = 4 where customer_id = $1`, harness.CompanyA)
	p.Do("POST", "/add-property/", token, propertyBody(map[string]any{"address": "The Fourth"})).Want(t, http.StatusOK)
	problem := p.Do("POST", "/add-property/", token, propertyBody(map[string]any{"address": "The Fifth"})).Problem(t, http.StatusForbidden)
	if problem.Type != "/problems/limit-reached" || !strings.Contains(problem.Detail, "4 of 4 properties") {
		t.Errorf("%+v", problem)
	}
	p.Do("POST", "/add-property/", p.Token(harness.CompanyB, auth.Admin), propertyBody(map[string]any{"address": "The Fifth"})).Want(t, http.StatusOK)

	// A lowered limit takes nothing away, and a place that is given up can be used again.
	p.Exec(`update platform.customers set max_properties = 2 where customer_id = $1`, harness.CompanyA)
	p.Do("PUT", "/update-property/", token, propertyBody(map[string]any{"id": ids[0], "address": "Still There"})).Want(t, http.StatusOK)
	for _, id := range ids {
		p.Do("DELETE", fmt.Sprintf("/delete-property/%d", id), token, nil).Want(t, http.StatusOK)
	}
	p.Do("POST", "/add-property/", token, propertyBody(map[string]any{"address": "The Fifth"})).Want(t, http.StatusOK)
	p.Do("POST", "/add-property/", token, propertyBody(map[string]any{"address": "The Sixth"})).Problem(t, http.StatusForbidden)
}

// What refers to a property and must stay holds it, and the answer names it, whatever the table is.
func TestProperties_StayWithWhatRefersToThem(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Exec(`insert into portal.winter_events (customer_id, event_name, start_date) values ($1, 'Storm', now())`, harness.CompanyA)
	for n, held := range []struct{ by, insert string }{
		{"winter ops logs", `winter_ops_logs (customer_id, property_id, time_in, status) values ($1, $2, now(), 'open')`},
		{"green services logs", `green_services_logs (customer_id, property_id, worker_name, service_type, time_in, time_out) values ($1, $2, 'Lee', 'Mowing', now(), now())`},
		{"quickbooks invoices", `quickbooks_invoices (customer_id, property_id, winter_event_id, total_amount, status) select $1, $2, id, 10, 'pending' from portal.winter_events`},
	} {
		id := p.property(harness.CompanyA, n+1)
		p.Exec("insert into portal."+held.insert, harness.CompanyA, id)
		problem := p.Do("DELETE", fmt.Sprintf("/delete-property/%d", id), p.Token(harness.CompanyA, auth.Admin), nil).Problem(t, http.StatusConflict)
		if want := "the property has " + held.by + "; they must stay, so it cannot be deleted"; problem.Detail != want {
			t.Errorf("detail %q, want %q", problem.Detail, want)
		}
	}
	if n := harness.Query[int](p.Portal, `select count(*) from portal.locations where customer_id = $1 and name like 'Property %'`, harness.CompanyA); n != 3 {
		t.Errorf("%d properties are left of 3", n)
	}
}

func TestProperties_Coordinates(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token(harness.CompanyA, auth.Manager)
	place := func(change map[string]any) harness.Answer {
		return p.Do("POST", "/update-property-coordinates/", token, harness.Changed(map[string]any{"property_id": p.property(harness.CompanyA, 1), "latitude": -42.1234567, "longitude": 178.7654321}, change))
	}
	place(nil).Want(t, http.StatusOK)
	var row map[string]any
	p.Do("GET", fmt.Sprintf("/properties/%d", p.property(harness.CompanyA, 1)), token, nil).Want(t, http.StatusOK).JSON(t, &row)
	if row["latitude"] != -42.1234567 || row["longitude"] != 178.7654321 {
		t.Errorf("at %v, %v", row["latitude"], row["longitude"])
	}
	for field, value := range map[string]any{"latitude": 90.5, "longitude": 180.5} {
		place(map[string]any{field: value}).Problem(t, http.StatusUnprocessableEntity)
		place(map[string]any{field: nil}).Problem(t, http.StatusUnprocessableEntity)
		place(map[string]any{field: "north"}).Problem(t, http.StatusUnprocessableEntity)
	}
	absent := place(map[string]any{"property_id": 987_654_321}).Want(t, http.StatusNotFound)
	foreign := place(map[string]any{"property_id": p.property(harness.CompanyB, 1)}).Want(t, http.StatusNotFound)
	if diff := cmp.Diff(harness.Plain(absent, "none"), harness.Plain(foreign, "none")); diff != "" {
		t.Errorf("-absent +foreign:\n%s", diff)
	}
}

func TestLists_WindowAndCount(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token(harness.CompanyA, auth.User)
	for query, want := range map[string]string{
		"":                  "Property 1,Property 2,Property 3",
		"?limit=2":          "Property 1,Property 2",
		"?limit=2&offset=1": "Property 2,Property 3",
		"?offset=2":         "Property 3",
		"?limit=10000":      "Property 1,Property 2,Property 3",
	} {
		var list []struct{ Name string }
		a := p.Do("GET", "/properties/"+query, token, nil).Want(t, http.StatusOK)
		a.JSON(t, &list)
		names := make([]string, len(list))
		for i, row := range list {
			names[i] = row.Name
		}
		if have := strings.Join(names, ","); have != want || a.Header.Get("X-Total-Count") != "3" {
			t.Errorf("%q: %s of %s, want %s of 3", query, have, a.Header.Get("X-Total-Count"), want)
		}
	}
	a := p.Do("GET", "/properties/?offset=3", token, nil).Want(t, http.StatusOK)
	if strings.TrimSpace(string(a.Body)) != "[]" {
		t.Errorf("beyond the end: %s", a.Body)
	}
	p.Exec(`delete from portal.locations where customer_id = $1`, harness.CompanyA)
	if a := p.Do("GET", "/properties/", token, nil).Want(t, http.StatusOK); strings.TrimSpace(string(a.Body)) != "[]" {
		t.Errorf("an empty list: %s", a.Body)
	}
}
