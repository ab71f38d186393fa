package features

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

func (p *portal) products(kind, company string) (list []string) {
	p.T.Helper()
	var rows []struct{ Name, Unit string }
	p.Do("GET", kind, p.Token(company, auth.User), nil).Want(p.T, http.StatusOK).JSON(p.T, &rows)
	for _, row := range rows {
		list = append(list, row.Name+" in "+row.Unit)
	}
	return list
}

func TestProducts(t *testing.T) {
	t.Parallel()
	for kind, role := range map[string]string{"/winter-products/": auth.Manager, "/landscape-products/": auth.Admin} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t)
			p.Exec(`delete from portal.winter_products`) // the starter sets
			p.Exec(`delete from portal.landscape_products`)
			token := p.Token(harness.CompanyA, role)
			add := func(company, name string) (id int64) {
				var added struct {
					ProductID int64 `json:"product_id"`
				}
				p.Do("POST", kind, p.Token(company, role), url.Values{"name": {name}, "unit": {"bags"}}).Want(t, http.StatusOK).JSON(t, &added)
				return added.ProductID
			}
			salt, sand, foreign := add(harness.CompanyA, " Salt "), add(harness.CompanyA, "Sand"), add(harness.CompanyB, "Salt")
			path := func(id int64) string { return fmt.Sprintf("%s%d", kind, id) }

			p.Do("PUT", path(sand), token, url.Values{"name": {"Gravel"}, "unit": {"tons"}}).Want(t, http.StatusOK)
			p.Do("PUT", path(foreign), token, url.Values{"name": {"Mine"}, "unit": {"tons"}}).Problem(t, http.StatusNotFound)
			p.Do("DELETE", path(foreign), token, nil).Problem(t, http.StatusNotFound)
			p.Do("POST", kind, token, url.Values{"name": {" "}, "unit": {"bags"}}).Problem(t, http.StatusUnprocessableEntity)
			p.Do("POST", kind, token, url.Values{"name": {"Salt"}}).Problem(t, http.StatusUnprocessableEntity)
			if d := cmp.Diff([]string{"Gravel in tons", "Salt in bags"}, p.products(kind, harness.CompanyA)); d != "" {
				t.Errorf("%s (-want +got)\n%s", harness.CompanyA, d)
			}
			p.Do("DELETE", path(salt), token, nil).Want(t, http.StatusOK)
			p.Do("DELETE", path(salt), token, nil).Problem(t, http.StatusNotFound)
			if d := cmp.Diff([]string{"Salt in bags"}, p.products(kind, harness.CompanyB)); d != "" {
				t.Errorf("%s (-want +got)\n%s", harness.CompanyB, d)
			}
			p.Do("POST", kind, p.Token(harness.CompanyA, auth.Contractor), url.Values{"name": {"Salt"}, "unit": {"bags"}}).Problem(t, http.StatusForbidden)
		})
	}
}

func TestProducts_LandscapeIsTheAdmins(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Do("POST", "/landscape-products/", p.Token(harness.CompanyA, auth.Manager), url.Values{"name": {"Mulch"}, "unit": {"yards"}}).Problem(t, http.StatusForbidden)
	p.Do("POST", "/landscape-products/", "", url.Values{"name": {"Mulch"}, "unit": {"yards"}}).Problem(t, http.StatusUnauthorized)
	p.Do("GET", "/landscape-products/", "", nil).Problem(t, http.StatusUnauthorized)
}
