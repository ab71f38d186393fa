package features

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

func contractorsPath(property int64) string {
	return fmt.Sprintf("/properties/%d/contractors/", property)
}

func contractorPath(property, person int64) string {
	return fmt.Sprintf("/properties/%d/contractors/%d", property, person)
}

type boardColumn struct {
	ID          int64
	Name        string
	Contractors []struct {
		ContractorID     int64 `json:"contractor_id"`
		Name, Email      string
		Role             string
		IsPrimary        bool   `json:"is_primary"`
		AssignedDate     string `json:"assigned_date"`
		AcceptanceStatus string `json:"acceptance_status"`
		AcceptedAt       any    `json:"accepted_at"`
	}
}

// names are who stands on a board, property by property.
func names(board []boardColumn) (lines []string) {
	for _, property := range board {
		line := property.Name + ":"
		for _, c := range property.Contractors {
			line += " " + c.Email
			if c.IsPrimary {
				line += "*"
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func TestBoard_ShowsActivePeopleOfTheOwnCompany(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		manager := p.Token(company, auth.Manager)
		first, second := p.property(company, 1), p.property(company, 2)
		for _, a := range []struct {
			property int64
			role     string
			primary  bool
		}{{first, auth.User, false}, {first, auth.Contractor, true}, {first, auth.Admin, false}, {second, auth.Subcontractor, false}} {
			p.Do("POST", contractorsPath(a.property), manager, map[string]any{"contractor_id": p.person(company, a.role), "is_primary": a.primary}).Want(t, http.StatusOK)
		}
	}
	p.Exec(`update portal.users set status = 'suspended' where email = 'subcontractor@b.example'`)
	p.Exec(`update portal.property_contractors set assigned_date = '2026-01-15 12:00:00+00', acceptance_status = 'accepted', accepted_at = '2026-01-15 13:30:00+00' where is_primary`)

	for _, c := range []struct {
		company, hour string
		want          []string
	}{
		{harness.CompanyA, "07", []string{"Property 1: contractor@a.example* admin@a.example user@a.example", "Property 2: subcontractor@a.example", "Property 3:"}},
		{harness.CompanyB, "06", []string{"Property 1: contractor@b.example* admin@b.example user@b.example", "Property 2:", "Property 3:"}},
	} {
		var board []boardColumn
		a := p.Do("GET", "/properties/board/", p.Token(c.company, auth.User), nil).Want(t, http.StatusOK)
		a.JSON(t, &board)
		if d := cmp.Diff(c.want, names(board)); d != "" {
			t.Errorf("%s (-want +got)\n%s", c.company, d)
		}
		if a.Header.Get("X-Total-Count") != "3" {
			t.Errorf("total %q", a.Header.Get("X-Total-Count"))
		}
		if board[2].Contractors == nil {
			t.Error("nobody assigned is null, not []")
		}
		primary := board[0].Contractors[0]
		if primary.AssignedDate != "2026-01-15T"+c.hour+":00:00" || primary.AcceptanceStatus != "accepted" || primary.AcceptedAt == nil {
			t.Errorf("%s: %+v", c.company, primary)
		}
	}
}

func TestPropertyContractors_Rules(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	manager, property := p.Token(harness.CompanyA, auth.Manager), p.property(harness.CompanyA, 1)
	user, contractor := p.person(harness.CompanyA, auth.User), p.person(harness.CompanyA, auth.Contractor)
	assign := func(property, person int64, primary bool) harness.Answer {
		return p.Do("POST", contractorsPath(property), manager, map[string]any{"contractor_id": person, "is_primary": primary})
	}

	assign(property, user, true).Want(t, http.StatusOK)
	assign(property, contractor, true).Want(t, http.StatusOK)
	assign(property, contractor, false).Problem(t, http.StatusBadRequest)

	var list []struct {
		ContractorID int64 `json:"contractor_id"`
		IsPrimary    bool  `json:"is_primary"`
	}
	p.Do("GET", contractorsPath(property), p.Token(harness.CompanyA, auth.Subcontractor), nil).Want(t, http.StatusOK).JSON(t, &list)
	if len(list) != 2 || list[0].ContractorID != contractor || !list[0].IsPrimary || list[1].IsPrimary {
		t.Errorf("after two assignments as primary: %+v", list)
	}
	history := harness.Query[string](p.Portal, `select string_agg(action || ' ' || user_id, ', ' order by id) from portal.assignment_history where property_id = $1`, property)
	if want := fmt.Sprintf("assigned %d, assigned %d", user, contractor); history != want {
		t.Errorf("history %q, want %q", history, want)
	}

	p.Do("PUT", contractorPath(property, user)+"/primary", manager, nil).Want(t, http.StatusOK)
	if n := harness.Query[int64](p.Portal, `select contractor_id from portal.property_contractors where property_id = $1 and is_primary`, property); n != user {
		t.Errorf("primary is %d, want %d", n, user)
	}
	p.Do("PUT", contractorPath(property, p.person(harness.CompanyA, auth.Admin))+"/primary", manager, nil).Problem(t, http.StatusNotFound)
	if n := harness.Query[int](p.Portal, `select count(*) from portal.property_contractors where property_id = $1 and is_primary`, property); n != 1 {
		t.Errorf("%d primary contractors after a refused change", n)
	}

	for range 2 { // the second finds nothing to remove
		p.Do("DELETE", contractorPath(property, user), manager, nil).Want(t, http.StatusOK)
	}
	p.Exec(`update portal.users set status = 'suspended' where id = $1`, user)
	assign(property, user, false).Problem(t, http.StatusNotFound)

	for _, role := range []string{auth.Contractor, auth.Subcontractor} {
		token := p.Token(harness.CompanyA, role)
		p.Do("POST", contractorsPath(property), token, map[string]any{"contractor_id": contractor}).Problem(t, http.StatusForbidden)
		p.Do("DELETE", contractorPath(property, contractor), token, nil).Problem(t, http.StatusForbidden)
		p.Do("PUT", contractorPath(property, contractor)+"/primary", token, nil).Problem(t, http.StatusForbidden)
	}
}

// What another company has answers as what nobody has, and stays as it was.
func TestPropertyContractors_AreWalled(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, c := range [][2]string{{harness.CompanyA, harness.CompanyB}, {harness.CompanyB, harness.CompanyA}} {
		own, other := c[0], c[1]
		manager := p.Token(own, auth.Manager)
		ownProperty, ownPerson := p.property(own, 1), p.person(own, auth.User)
		otherProperty, otherPerson := p.property(other, 2), p.person(other, auth.Contractor)
		p.Do("POST", contractorsPath(otherProperty), p.Token(other, auth.Manager), map[string]any{"contractor_id": otherPerson}).Want(t, http.StatusOK)
		const absent = int64(1) << 40

		for _, r := range []struct {
			method  string
			foreign [2]int64
			absent  [2]int64
			suffix  string
		}{
			{"POST", [2]int64{otherProperty, ownPerson}, [2]int64{absent, ownPerson}, ""},
			{"POST", [2]int64{ownProperty, otherPerson}, [2]int64{ownProperty, absent}, ""},
			{"GET", [2]int64{otherProperty}, [2]int64{absent}, ""},
			{"DELETE", [2]int64{otherProperty, otherPerson}, [2]int64{absent, absent}, ""},
			{"DELETE", [2]int64{ownProperty, otherPerson}, [2]int64{ownProperty, absent}, ""},
			{"PUT", [2]int64{otherProperty, otherPerson}, [2]int64{absent, absent}, "/primary"},
			{"PUT", [2]int64{ownProperty, otherPerson}, [2]int64{ownProperty, absent}, "/primary"},
		} {
			send := func(ids [2]int64) string {
				if r.method == "POST" || r.method == "GET" {
					var body any
					if r.method == "POST" {
						body = map[string]any{"contractor_id": ids[1], "is_primary": true}
					}
					a := p.Do(r.method, contractorsPath(ids[0]), manager, body)
					return fmt.Sprint(a.Status, a.Header.Get("Content-Type"), withoutRequest(t, a))
				}
				a := p.Do(r.method, contractorPath(ids[0], ids[1])+r.suffix, manager, nil)
				return fmt.Sprint(a.Status, a.Header.Get("Content-Type"), withoutRequest(t, a))
			}
			if d := cmp.Diff(send(r.absent), send(r.foreign)); d != "" {
				t.Errorf("%s %v: a foreign id answers otherwise than an absent one (-absent +foreign)\n%s", r.method, r.foreign, d)
			}
		}
		if n := harness.Query[int](p.Portal, `select count(*) from portal.property_contractors where property_id = $1 and contractor_id = $2 and not is_primary`, otherProperty, otherPerson); n != 1 {
			t.Errorf("%s changed an assignment of %s", own, other)
		}
	}
}

// withoutRequest is the body of an answer without the id of its request.
func withoutRequest(t *testing.T, a harness.Answer) any {
	t.Helper()
	var body any
	a.JSON(t, &body)
	if object, ok := body.(map[string]any); ok {
		delete(object, "request_id")
	}
	return body
}

func TestPropertyContractors_ParallelPrimariesLeaveOne(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	property := p.property(harness.CompanyA, 1)
	manager := p.Token(harness.CompanyA, auth.Manager)
	for _, role := range harness.Roles {
		p.Do("POST", contractorsPath(property), manager, map[string]any{"contractor_id": p.person(harness.CompanyA, role)}).Want(t, http.StatusOK)
	}
	var wg sync.WaitGroup
	for i := range 40 {
		person := p.person(harness.CompanyA, harness.Roles[i%len(harness.Roles)])
		wg.Go(func() {
			a, err := p.Try(t.Context(), "PUT", contractorPath(property, person)+"/primary", manager, nil)
			if err != nil || a.Status != http.StatusOK {
				t.Errorf("%d %s %v", a.Status, a.Body, err)
			}
		})
	}
	wg.Wait()
	if n := harness.Query[int](p.Portal, `select count(*) from portal.property_contractors where property_id = $1 and is_primary`, property); n != 1 {
		t.Errorf("%d primary contractors", n)
	}
}
