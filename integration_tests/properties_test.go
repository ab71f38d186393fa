package integration_tests

import (
	"fmt"
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
