package integration_tests

import (
	"net/http"
	"testing"

	"contractor-portal/server/auth"
)

func TestLogin_ListsOwnPropertiesOnly(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, company := range []string{companyA, companyB} {
		var list []struct {
			ID         int64
			CustomerID string `json:"customer_id"`
		}
		a := p.do("GET", "/properties/", p.token(company, auth.Admin), nil).want(t, http.StatusOK)
		a.json(t, &list)
		if len(list) != 3 || a.header.Get("X-Total-Count") != "3" {
			t.Fatalf("%s sees %d properties, total %q: %s", company, len(list), a.header.Get("X-Total-Count"), a.body)
		}
		for _, row := range list {
			if row.CustomerID != company {
				t.Errorf("%s sees property %d of %s", company, row.ID, row.CustomerID)
			}
		}
	}
}
