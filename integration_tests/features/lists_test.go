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

func (p *portal) newPropertyList(company, role, name string, shared bool) int64 {
	p.T.Helper()
	var created struct {
		ListID int64 `json:"list_id"`
	}
	p.Do("POST", "/property-lists/", p.Token(company, role), map[string]any{"name": name, "is_shared": shared, "filters": map[string]any{"plow": true}}).
		Want(p.T, http.StatusOK).JSON(p.T, &created)
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
	p.T.Helper()
	var rows []listRow
	p.Do("GET", "/property-lists/", p.Token(company, role), nil).Want(p.T, http.StatusOK).JSON(p.T, &rows)
	for _, row := range rows {
		names = append(names, row.Name)
	}
	return names
}

func listPath(id int64) string { return fmt.Sprintf("/property-lists/%d", id) }

func TestPropertyLists_OwnAndShared(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		p.newPropertyList(company, auth.Manager, "private of "+company, false)
		p.newPropertyList(company, auth.Manager, "shared of "+company, true)
		p.newPropertyList(company, auth.User, "user's of "+company, false)
	}
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
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
	manager, user := p.Token(harness.CompanyA, auth.Manager), p.Token(harness.CompanyA, auth.User)
	private, shared := p.newPropertyList(harness.CompanyA, auth.Manager, "private", false), p.newPropertyList(harness.CompanyA, auth.Manager, "shared", true)
	foreign := p.newPropertyList(harness.CompanyB, auth.Manager, "shared", true)
	put := func(token string, list, property int64) harness.Answer {
		return p.Do("POST", "/property-lists/add-property/", token, map[string]any{"list_id": list, "property_id": property})
	}
	item := func(list, property int64) string { return fmt.Sprintf("%s/properties/%d", listPath(list), property) }

	put(manager, private, p.property(harness.CompanyA, 1)).Want(t, http.StatusOK)
	for _, n := range []int{1, 2, 1} { // a repeat is ignored
		put(user, shared, p.property(harness.CompanyA, n)).Want(t, http.StatusOK)
	}
	put(user, private, p.property(harness.CompanyA, 2)).Problem(t, http.StatusForbidden)
	put(user, foreign, p.property(harness.CompanyA, 2)).Problem(t, http.StatusNotFound)
	put(user, shared, p.property(harness.CompanyB, 2)).Problem(t, http.StatusNotFound)

	var list listRow
	p.Do("GET", listPath(shared), user, nil).Want(t, http.StatusOK).JSON(t, &list)
	if len(list.Properties) != 2 || list.PropertyCount != 2 || list.Properties[0].Name != "Property 2" || list.OwnerName != "Manager One" || list.Filters["plow"] != true {
		t.Errorf("%+v", list)
	}
	p.Do("GET", listPath(private), user, nil).Problem(t, http.StatusNotFound)
	p.Do("GET", listPath(foreign), user, nil).Problem(t, http.StatusNotFound)

	p.Do("DELETE", item(private, p.property(harness.CompanyA, 1)), user, nil).Problem(t, http.StatusForbidden)
	p.Do("DELETE", item(foreign, p.property(harness.CompanyA, 1)), user, nil).Problem(t, http.StatusNotFound)
	p.Do("DELETE", item(shared, p.property(harness.CompanyA, 1)), user, nil).Want(t, http.StatusOK)
	p.Do("DELETE", item(shared, p.property(harness.CompanyA, 1)), user, nil).Problem(t, http.StatusNotFound)
	if n := harness.Query[int](p.Portal, `select count(*) from portal.property_list_items`); n != 2 {
		t.Errorf("%d items", n)
	}
}

func TestPropertyLists_ChangeAndDelete(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	own, others := p.newPropertyList(harness.CompanyA, auth.User, "own", false), p.newPropertyList(harness.CompanyA, auth.Manager, "another's", true)
	foreign := p.newPropertyList(harness.CompanyB, auth.User, "foreign", true)
	user, admin := p.Token(harness.CompanyA, auth.User), p.Token(harness.CompanyA, auth.Admin)
	change := func(token string, id int64) harness.Answer {
		return p.Do("PUT", "/property-lists/", token, map[string]any{"id": id, "name": "renamed", "is_shared": true, "filters": nil})
	}

	change(user, others).Problem(t, http.StatusForbidden) // shared, but not his
	change(admin, own).Problem(t, http.StatusForbidden)
	change(user, foreign).Problem(t, http.StatusNotFound)
	change(user, own).Want(t, http.StatusOK)
	var list listRow
	p.Do("GET", listPath(own), admin, nil).Want(t, http.StatusOK).JSON(t, &list)
	if list.Name != "renamed" || list.Filters != nil {
		t.Errorf("%+v", list)
	}

	p.Do("DELETE", listPath(others), user, nil).Problem(t, http.StatusForbidden)
	p.Do("DELETE", listPath(foreign), admin, nil).Problem(t, http.StatusNotFound)
	p.Do("POST", "/property-lists/add-property/", user, map[string]any{"list_id": own, "property_id": p.property(harness.CompanyA, 1)}).Want(t, http.StatusOK)
	p.Do("DELETE", listPath(own), user, nil).Want(t, http.StatusOK)
	p.Do("DELETE", listPath(others), admin, nil).Want(t, http.StatusOK)
	if got := harness.Query[string](p.Portal, `select string_agg(name, ', ') from portal.property_lists`); got != "foreign" {
		t.Errorf("lists left: %s", got)
	}
	p.Do("POST", "/property-lists/", user, map[string]any{"name": "  "}).Problem(t, http.StatusUnprocessableEntity)
}

// What a client stores with a list has an end, and is shown with that list alone.
func TestPropertyLists_Filters(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	user := p.Token(harness.CompanyA, auth.User)
	id := p.newPropertyList(harness.CompanyA, auth.User, "own", true)
	with := func(size int) map[string]any {
		return map[string]any{"id": id, "name": "own", "filters": map[string]any{"note": strings.Repeat("x", size)}}
	}
	for _, write := range []string{"POST", "PUT"} {
		p.Do(write, "/property-lists/", user, with(16<<10-20)).Want(t, http.StatusOK)
		problem := p.Do(write, "/property-lists/", user, with(16<<10)).Problem(t, http.StatusUnprocessableEntity)
		if len(problem.Errors) != 1 || problem.Errors[0].Location != "body.filters" {
			t.Errorf("%s: %+v", write, problem)
		}
	}
	if all := string(p.Do("GET", "/property-lists/", user, nil).Want(t, http.StatusOK).Body); strings.Contains(all, "filters") || len(all) > 2000 {
		t.Errorf("the list of lists repeats the filters: %.500s", all)
	}
	var list listRow
	p.Do("GET", listPath(id), user, nil).Want(t, http.StatusOK).JSON(t, &list)
	if text, _ := list.Filters["note"].(string); len(text) != 16<<10-20 {
		t.Errorf("%d characters are left of the filters", len(text))
	}
}
