package service

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// A read with one statement is one round trip, its entry into the company
// included, and a connection that was idle is not asked first whether it still lives.
func TestWire_ReadIsOneTurn(t *testing.T) {
	t.Parallel()
	w := harness.NewWire(t)
	p := newPortal(t, w.Between)
	id := harness.Query[int64](p.Portal, `select min(id) from portal.locations where customer_id = $1`, harness.CompanyA)
	token := p.Token(harness.CompanyA, auth.User)
	for _, path := range []string{fmt.Sprintf("/properties/%d", id), "/properties/", "/verify-token"} {
		read := func() { p.Do("GET", path, token, nil).Want(t, http.StatusOK) }
		read()
		read()
		want := harness.Traffic{Statements: 2, Syncs: 1, Turns: 1}
		if diff := cmp.Diff(want, w.During(read)); diff != "" {
			t.Errorf("%s, warm: -want +have:\n%s", path, diff)
		}
		time.Sleep(2100 * time.Millisecond) // idle is what is tested
		if diff := cmp.Diff(want, w.During(read)); diff != "" {
			t.Errorf("%s, after 2 s: -want +have:\n%s", path, diff)
		}
	}
}

// A write opens its transaction, enters and does its first statement in one turn, and commits in another.
func TestWire_WriteIsTwoTurns(t *testing.T) {
	t.Parallel()
	w := harness.NewWire(t)
	p := newPortal(t, w.Between)
	id := harness.Query[int64](p.Portal, `select min(id) from portal.locations where customer_id = $1`, harness.CompanyA)
	token := p.Token(harness.CompanyA, auth.Manager)
	for name, tt := range map[string]struct {
		id     int64
		status int
	}{
		"committed":   {id, http.StatusOK},
		"rolled back": {987_654_321, http.StatusNotFound},
	} {
		write := func() {
			p.Do("POST", "/update-property-coordinates/", token, map[string]any{"property_id": tt.id, "latitude": 42.8, "longitude": -78.8}).Want(t, tt.status)
		}
		write()
		write()
		want := harness.Traffic{Statements: 4, Syncs: 2, Turns: 2}
		if diff := cmp.Diff(want, w.During(write)); diff != "" {
			t.Errorf("%s: -want +have:\n%s", name, diff)
		}
	}
}
