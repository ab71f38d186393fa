package integration_tests

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/server/auth"
)

func TestProperties_Roles(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	id, third := p.property(companyA, 1), p.property(companyA, 3)
	for _, role := range roles {
		office := role == auth.Admin || role == auth.Manager
		write := map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[office]
		token := p.token(companyA, role)
		p.do("GET", "/properties/", token, nil).want(t, http.StatusOK)
		p.do("GET", fmt.Sprintf("/properties/%d", id), token, nil).want(t, http.StatusOK)
		p.do("GET", "/my-properties/", token, nil).want(t, http.StatusOK)
		p.do("POST", "/add-property/", token, propertyBody(map[string]any{"address": "Of " + role})).want(t, write)
		p.do("PUT", "/update-property/", token, propertyBody(map[string]any{"id": id, "address": "By " + role})).want(t, write)
		p.do("POST", "/update-property-coordinates/", token, map[string]any{"property_id": id, "latitude": 42.5, "longitude": -78.5}).want(t, write)
		p.do("DELETE", fmt.Sprintf("/delete-property/%d", third), token, nil).want(t, map[bool]int{true: map[string]int{auth.Admin: 200, auth.Manager: 404}[role], false: 403}[office])
	}
	p.do("GET", "/my-properties/", p.actingToken(), nil).problem(t, http.StatusForbidden)
	p.do("GET", "/properties/", p.actingToken(), nil).want(t, http.StatusOK)
	p.do("GET", "/properties/", p.token(companyA, auth.SuperAdmin), nil).problem(t, http.StatusForbidden)
}

func TestProperties_Duplicates(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.token(companyA, auth.Admin)
	for _, a := range []answer{
		p.do("POST", "/add-property/", token, propertyBody(map[string]any{"address": "1 Same Street, Springfield, NY 14201"})),
		p.do("PUT", "/update-property/", token, propertyBody(map[string]any{"id": p.property(companyA, 2), "address": "1 Same Street, Springfield, NY 14201"})),
	} {
		if problem := a.problem(t, http.StatusConflict); !strings.Contains(problem.Detail, "1 Same Street") || !strings.Contains(problem.Detail, "Property 1") {
			t.Errorf("detail %q does not name the address and the property that has it", problem.Detail)
		}
	}
	// Its own address is nobody else's, and the other company's is no hindrance.
	p.do("PUT", "/update-property/", token, propertyBody(map[string]any{"id": p.property(companyA, 1), "address": "1 Same Street, Springfield, NY 14201"})).want(t, http.StatusOK)
	p.do("POST", "/add-property/", p.token(companyB, auth.Admin), propertyBody(map[string]any{"address": "Only In B"})).want(t, http.StatusOK)
	p.do("POST", "/add-property/", token, propertyBody(map[string]any{"address": "Only In B"})).want(t, http.StatusOK)
}

func TestProperties_LimitOfThePlan(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.token(companyA, auth.Admin)
	ids := []int64{p.property(companyA, 1), p.property(companyA, 2), p.property(companyA, 3)}
	p.exec(`update platform.customers set max_properties = 4 where customer_id = $1`, companyA)
	p.do("POST", "/add-property/", token, propertyBody(map[string]any{"address": "The Fourth"})).want(t, http.StatusOK)
	problem := p.do("POST", "/add-property/", token, propertyBody(map[string]any{"address": "The Fifth"})).problem(t, http.StatusForbidden)
	if problem.Type != "/problems/limit-reached" || !strings.Contains(problem.Detail, "4 of 4 properties") {
		t.Errorf("%+v", problem)
	}
	p.do("POST", "/add-property/", p.token(companyB, auth.Admin), propertyBody(map[string]any{"address": "The Fifth"})).want(t, http.StatusOK)

	// A lowered limit takes nothing away, and a place that is given up can be used again.
	p.exec(`update platform.customers set max_properties = 2 where customer_id = $1`, companyA)
	p.do("PUT", "/update-property/", token, propertyBody(map[string]any{"id": ids[0], "address": "Still There"})).want(t, http.StatusOK)
	for _, id := range ids {
		p.do("DELETE", fmt.Sprintf("/delete-property/%d", id), token, nil).want(t, http.StatusOK)
	}
	p.do("POST", "/add-property/", token, propertyBody(map[string]any{"address": "The Fifth"})).want(t, http.StatusOK)
	p.do("POST", "/add-property/", token, propertyBody(map[string]any{"address": "The Sixth"})).problem(t, http.StatusForbidden)
}

func TestProperties_WithInvoicesStay(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.populate()
	for n := 1; n <= 3; n++ { // logs, logs to be done, an invoice
		problem := p.do("DELETE", fmt.Sprintf("/delete-property/%d", p.property(companyA, n)), p.token(companyA, auth.Admin), nil).problem(t, http.StatusConflict)
		if !strings.Contains(problem.Detail, "logs or invoices") {
			t.Errorf("detail %q", problem.Detail)
		}
	}
	if n := query[int](p, `select count(*) from portal.locations where customer_id = $1 and name like 'Property %'`, companyA); n != 3 {
		t.Errorf("%d properties are left of 3", n)
	}
}

func TestProperties_Coordinates(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.token(companyA, auth.Manager)
	place := func(change map[string]any) answer {
		return p.do("POST", "/update-property-coordinates/", token, changed(map[string]any{"property_id": p.property(companyA, 1), "latitude": -42.1234567, "longitude": 178.7654321}, change))
	}
	place(nil).want(t, http.StatusOK)
	var row map[string]any
	p.do("GET", fmt.Sprintf("/properties/%d", p.property(companyA, 1)), token, nil).want(t, http.StatusOK).json(t, &row)
	if row["latitude"] != -42.1234567 || row["longitude"] != 178.7654321 {
		t.Errorf("at %v, %v", row["latitude"], row["longitude"])
	}
	for field, value := range map[string]any{"latitude": 90.5, "longitude": 180.5} {
		place(map[string]any{field: value}).problem(t, http.StatusUnprocessableEntity)
		place(map[string]any{field: nil}).problem(t, http.StatusUnprocessableEntity)
		place(map[string]any{field: "north"}).problem(t, http.StatusUnprocessableEntity)
	}
	absent := place(map[string]any{"property_id": 987_654_321}).want(t, http.StatusNotFound)
	foreign := place(map[string]any{"property_id": p.property(companyB, 1)}).want(t, http.StatusNotFound)
	if diff := cmp.Diff(plain(absent, "none"), plain(foreign, "none")); diff != "" {
		t.Errorf("-absent +foreign:\n%s", diff)
	}
}

func TestLists_WindowAndCount(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.token(companyA, auth.User)
	for query, want := range map[string]string{
		"":                  "Property 1,Property 2,Property 3",
		"?limit=2":          "Property 1,Property 2",
		"?limit=2&offset=1": "Property 2,Property 3",
		"?offset=2":         "Property 3",
		"?limit=10000":      "Property 1,Property 2,Property 3",
	} {
		var list []struct{ Name string }
		a := p.do("GET", "/properties/"+query, token, nil).want(t, http.StatusOK)
		a.json(t, &list)
		names := make([]string, len(list))
		for i, row := range list {
			names[i] = row.Name
		}
		if have := strings.Join(names, ","); have != want || a.header.Get("X-Total-Count") != "3" {
			t.Errorf("%q: %s of %s, want %s of 3", query, have, a.header.Get("X-Total-Count"), want)
		}
	}
	a := p.do("GET", "/properties/?offset=3", token, nil).want(t, http.StatusOK)
	if strings.TrimSpace(string(a.body)) != "[]" {
		t.Errorf("beyond the end: %s", a.body)
	}
	p.exec(`delete from portal.locations where customer_id = $1`, companyA)
	if a := p.do("GET", "/properties/", token, nil).want(t, http.StatusOK); strings.TrimSpace(string(a.body)) != "[]" {
		t.Errorf("an empty list: %s", a.body)
	}
}
