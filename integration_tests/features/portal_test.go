// Package features tests each feature over HTTP, as its users know it; a test is found by the feature's name.
package features

import (
	"fmt"
	"strconv"
	"testing"

	"contractor-portal/integration_tests/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// A portal is the harness's, with words of its own for what the features do.
type portal struct{ *harness.Portal }

func newPortal(t testing.TB, change ...func(*harness.Settings)) *portal {
	t.Helper()
	return &portal{harness.NewPortal(t, change...)}
}

// property is the id of a company's property of the seed.
func (p *portal) property(company string, n int) int64 {
	p.T.Helper()
	return harness.Query[int64](p.Portal, `select id from portal.locations where customer_id = $1 and name = $2`, company, fmt.Sprintf("Property %d", n))
}

// person is the id of a company's person of that role.
func (p *portal) person(company, role string) int64 {
	p.T.Helper()
	return harness.Query[int64](p.Portal, `select id from portal.users where customer_id = $1 and email = $2`, company, harness.Email(company, role))
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
