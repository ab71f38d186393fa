package service

import (
	"net/http"
	"testing"

	"contractor-portal/integration_tests/harness"
)

// ofCompanyA puts company A where an operation names a customer.
func ofCompanyA(op *harness.Operation, r harness.Request) harness.Request {
	for _, place := range op.Places() {
		if place.Table == "customers" {
			r = r.With(place, harness.CompanyA)
		}
	}
	return r
}

// Every time and date of every operation is of the years 2000 to 2100.
func TestTimes_OfOurYears(t *testing.T) {
	t.Parallel()
	p, asked := newPortal(t), 0
	askAll(t, p, func(op *harness.Operation, r harness.Request, token string) {
		r = ofCompanyA(op, r)
		for _, l := range op.Leaves() {
			if !l.IsTime() {
				continue
			}
			for value, want := range map[string]bool{
				`"1999-12-31"`: false, `"2101-01-01"`: false, `"1999-12-31T12:00"`: false, `"2101-01-01T12:00"`: false, `"9999-12-31T23:59-12:00"`: false,
				`"0001-01-01T00:00"`: false, `"infinity"`: false, l.Example(): true,
			} {
				asked++
				method, target, body := r.Spell(l, value, harness.Proper)
				a := p.Do(method, target, token, body)
				if refused := wrongAt(t, a, l.At); refused == want || refused && a.Status != http.StatusUnprocessableEntity {
					t.Errorf("%s with %s at %s: %d %s", op, value, l.At, a.Status, a.Body)
				}
			}
		}
	})
	if asked < 100 {
		t.Errorf("only %d were asked", asked)
	}
}

// A zone is of the list that all servers share, wherever one is given.
func TestTimes_ZonesOfTheList(t *testing.T) {
	t.Parallel()
	p, asked := newPortal(t), 0
	askAll(t, p, func(op *harness.Operation, r harness.Request, token string) {
		r = ofCompanyA(op, r)
		for _, l := range op.Leaves() {
			if l.Name() != "timezone" {
				continue
			}
			for value, want := range map[string]bool{
				`"America/Chicago"`: true, `"UTC"`: true,
				`"right/America/Chicago"`: false, `"posix/America/Chicago"`: false, `"localtime"`: false, `"posixrules"`: false, `"Factory"`: false,
				`"Local"`: false, `""`: false, `"../UTC"`: false, `"America"`: false, `"america/chicago"`: false,
			} {
				asked++
				method, target, body := r.Spell(l, value, harness.Proper)
				a := p.Do(method, target, token, body)
				if refused := wrongAt(t, a, l.At); refused == want || !want && a.Status != http.StatusUnprocessableEntity || want && a.Status != http.StatusOK {
					t.Errorf("%s with %s: %d %s", op, value, a.Status, a.Body)
				}
			}
		}
	})
	if asked < 24 {
		t.Errorf("only %d were asked", asked)
	}
	for _, zone := range []string{"right/UTC", "posix/UTC", "localtime", "posixrules", "Factory", "Local"} {
		_, err := p.Super.Exec(t.Context(), `update platform.customers set timezone = $1`, zone)
		if harness.SQLState(err) != "23514" {
			t.Errorf("the database takes %s: %v", zone, err)
		}
	}
}
