package integration_tests

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/server/auth"
)

func (p *portal) newPropertyList(company, role, name string, shared bool) int64 {
	p.t.Helper()
	var created struct {
		ListID int64 `json:"list_id"`
	}
	p.do("POST", "/property-lists/", p.token(company, role), map[string]any{"name": name, "is_shared": shared, "filters": map[string]any{"plow": true}}).
		want(p.t, http.StatusOK).json(p.t, &created)
	return created.ListID
}

type listRow struct {
	ID            int64
	Name          string
	IsShared      bool   `json:"is_shared"`
	OwnerName     string `json:"owner_name"`
	PropertyCount int    `json:"property_count"`
	Filters       map[string]any
	Properties    []struct {
		ID      int64
		Name    string
		AddedAt string `json:"added_at"`
	}
}

func (p *portal) lists(company, role string) (names []string) {
	p.t.Helper()
	var rows []listRow
	p.do("GET", "/property-lists/", p.token(company, role), nil).want(p.t, http.StatusOK).json(p.t, &rows)
	for _, row := range rows {
		names = append(names, row.Name)
	}
	return names
}

func listPath(id int64) string { return fmt.Sprintf("/property-lists/%d", id) }

func TestPropertyLists_OwnAndShared(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, company := range []string{companyA, companyB} {
		p.newPropertyList(company, auth.Manager, "private of "+company, false)
		p.newPropertyList(company, auth.Manager, "shared of "+company, true)
		p.newPropertyList(company, auth.User, "user's of "+company, false)
	}
	for _, company := range []string{companyA, companyB} {
		for role, want := range map[string][]string{
			auth.Manager: {"shared of " + company, "private of " + company},
			auth.User:    {"user's of " + company, "shared of " + company},
			auth.Admin:   {"shared of " + company},
		} {
			if d := cmp.Diff(want, p.lists(company, role)); d != "" {
				t.Errorf("%s of %s (-want +got)\n%s", role, company, d)
			}
		}
	}
}

func TestPropertyLists_Items(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	manager, user := p.token(companyA, auth.Manager), p.token(companyA, auth.User)
	private, shared := p.newPropertyList(companyA, auth.Manager, "private", false), p.newPropertyList(companyA, auth.Manager, "shared", true)
	foreign := p.newPropertyList(companyB, auth.Manager, "shared", true)
	put := func(token string, list, property int64) answer {
		return p.do("POST", "/property-lists/add-property/", token, map[string]any{"list_id": list, "property_id": property})
	}
	item := func(list, property int64) string { return fmt.Sprintf("%s/properties/%d", listPath(list), property) }

	put(manager, private, p.property(companyA, 1)).want(t, http.StatusOK)
	for _, n := range []int{1, 2, 1} { // a repeat is ignored
		put(user, shared, p.property(companyA, n)).want(t, http.StatusOK)
	}
	put(user, private, p.property(companyA, 2)).problem(t, http.StatusForbidden)
	put(user, foreign, p.property(companyA, 2)).problem(t, http.StatusNotFound)
	put(user, shared, p.property(companyB, 2)).problem(t, http.StatusNotFound)

	var list listRow
	p.do("GET", listPath(shared), user, nil).want(t, http.StatusOK).json(t, &list)
	if len(list.Properties) != 2 || list.PropertyCount != 2 || list.Properties[0].Name != "Property 2" || list.OwnerName != "Manager One" || list.Filters["plow"] != true {
		t.Errorf("%+v", list)
	}
	p.do("GET", listPath(private), user, nil).problem(t, http.StatusNotFound)
	p.do("GET", listPath(foreign), user, nil).problem(t, http.StatusNotFound)

	p.do("DELETE", item(private, p.property(companyA, 1)), user, nil).problem(t, http.StatusForbidden)
	p.do("DELETE", item(foreign, p.property(companyA, 1)), user, nil).problem(t, http.StatusNotFound)
	p.do("DELETE", item(shared, p.property(companyA, 1)), user, nil).want(t, http.StatusOK)
	p.do("DELETE", item(shared, p.property(companyA, 1)), user, nil).problem(t, http.StatusNotFound)
	if n := query[int](p, `select count(*) from portal.property_list_items`); n != 2 {
		t.Errorf("%d items", n)
	}
}

func TestPropertyLists_ChangeAndDelete(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	own, others := p.newPropertyList(companyA, auth.User, "own", false), p.newPropertyList(companyA, auth.Manager, "another's", true)
	foreign := p.newPropertyList(companyB, auth.User, "foreign", true)
	user, admin := p.token(companyA, auth.User), p.token(companyA, auth.Admin)
	change := func(token string, id int64) answer {
		return p.do("PUT", "/property-lists/", token, map[string]any{"id": id, "name": "renamed", "is_shared": true, "filters": nil})
	}

	change(user, others).problem(t, http.StatusForbidden) // shared, but not his
	change(admin, own).problem(t, http.StatusForbidden)
	change(user, foreign).problem(t, http.StatusNotFound)
	change(user, own).want(t, http.StatusOK)
	var list listRow
	p.do("GET", listPath(own), admin, nil).want(t, http.StatusOK).json(t, &list)
	if list.Name != "renamed" || list.Filters != nil {
		t.Errorf("%+v", list)
	}

	p.do("DELETE", listPath(others), user, nil).problem(t, http.StatusForbidden)
	p.do("DELETE", listPath(foreign), admin, nil).problem(t, http.StatusNotFound)
	p.do("POST", "/property-lists/add-property/", user, map[string]any{"list_id": own, "property_id": p.property(companyA, 1)}).want(t, http.StatusOK)
	p.do("DELETE", listPath(own), user, nil).want(t, http.StatusOK)
	p.do("DELETE", listPath(others), admin, nil).want(t, http.StatusOK)
	if got := query[string](p, `select string_agg(name, ', ') from portal.property_lists`); got != "foreign" {
		t.Errorf("lists left: %s", got)
	}
	p.do("POST", "/property-lists/", user, map[string]any{"name": "  "}).problem(t, http.StatusUnprocessableEntity)
}
