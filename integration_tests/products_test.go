package integration_tests

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/server/auth"
)

func (p *portal) products(kind, company string) (list []string) {
	p.t.Helper()
	var rows []struct{ Name, Unit string }
	p.do("GET", kind, p.token(company, auth.User), nil).want(p.t, http.StatusOK).json(p.t, &rows)
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
			p.exec(`delete from portal.winter_products`) // the starter sets
			p.exec(`delete from portal.landscape_products`)
			token := p.token(companyA, role)
			add := func(company, name string) (id int64) {
				var added struct {
					ProductID int64 `json:"product_id"`
				}
				p.do("POST", kind, p.token(company, role), url.Values{"name": {name}, "unit": {"bags"}}).want(t, http.StatusOK).json(t, &added)
				return added.ProductID
			}
			salt, sand, foreign := add(companyA, " Salt "), add(companyA, "Sand"), add(companyB, "Salt")
			path := func(id int64) string { return fmt.Sprintf("%s%d", kind, id) }

			p.do("PUT", path(sand), token, url.Values{"name": {"Gravel"}, "unit": {"tons"}}).want(t, http.StatusOK)
			p.do("PUT", path(foreign), token, url.Values{"name": {"Mine"}, "unit": {"tons"}}).problem(t, http.StatusNotFound)
			p.do("DELETE", path(foreign), token, nil).problem(t, http.StatusNotFound)
			p.do("POST", kind, token, url.Values{"name": {" "}, "unit": {"bags"}}).problem(t, http.StatusUnprocessableEntity)
			p.do("POST", kind, token, url.Values{"name": {"Salt"}}).problem(t, http.StatusUnprocessableEntity)
			if d := cmp.Diff([]string{"Gravel in tons", "Salt in bags"}, p.products(kind, companyA)); d != "" {
				t.Errorf("%s (-want +got)\n%s", companyA, d)
			}
			p.do("DELETE", path(salt), token, nil).want(t, http.StatusOK)
			p.do("DELETE", path(salt), token, nil).problem(t, http.StatusNotFound)
			if d := cmp.Diff([]string{"Salt in bags"}, p.products(kind, companyB)); d != "" {
				t.Errorf("%s (-want +got)\n%s", companyB, d)
			}
			p.do("POST", kind, p.token(companyA, auth.Contractor), url.Values{"name": {"Salt"}, "unit": {"bags"}}).problem(t, http.StatusForbidden)
		})
	}
}

func TestProducts_LandscapeIsTheAdmins(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.do("POST", "/landscape-products/", p.token(companyA, auth.Manager), url.Values{"name": {"Mulch"}, "unit": {"yards"}}).problem(t, http.StatusForbidden)
	p.do("POST", "/landscape-products/", "", url.Values{"name": {"Mulch"}, "unit": {"yards"}}).problem(t, http.StatusUnauthorized)
	p.do("GET", "/landscape-products/", "", nil).problem(t, http.StatusUnauthorized)
}
