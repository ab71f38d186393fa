package features

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// newPerson is a body that makes a person.
func newPerson(name, email, role string) map[string]any {
	return map[string]any{"name": name, "email": email, "phone": "(716) 555-0100", "role": role, "password": harness.Password}
}

// addPerson adds somebody to a company and returns his id.
func (p *portal) addPerson(company, name, email, role string) int64 {
	p.T.Helper()
	var added struct {
		UserID int64 `json:"user_id"`
	}
	p.Do("POST", "/add-user/", p.Token(company, auth.Admin), newPerson(name, email, role)).Want(p.T, http.StatusOK).JSON(p.T, &added)
	return added.UserID
}

// request makes somebody who waits for approval.
func (p *portal) request(company, email, role string) (id int64) {
	p.T.Helper()
	return harness.Query[int64](p.Portal, `insert into portal.users (customer_id, name, email, requested_role) values ($1, 'Rae Request', $2, $3) returning id`, company, email, role)
}

// signIn logs in with the password of all and returns the access token.
func (p *portal) signIn(email, customer string) string {
	p.T.Helper()
	var s harness.Pair
	p.Login(email, customer).Want(p.T, http.StatusOK).JSON(p.T, &s)
	return s.AccessToken
}

func userPath(action string, id int64) string { return fmt.Sprintf("/%s/%d", action, id) }

// emails is the column of a list.
func emails(t *testing.T, a harness.Answer) (all []string) {
	t.Helper()
	var list []struct{ Email string }
	a.Want(t, http.StatusOK).JSON(t, &list)
	for _, row := range list {
		all = append(all, row.Email)
	}
	return all
}

// role and status of a person, as stored.
func (p *portal) state(id int64) string {
	p.T.Helper()
	return harness.Query[string](p.Portal, `select coalesce((select role || ' ' || status from portal.users where id = $1), 'gone')`, id)
}

func TestUsers_AddChangeDelete(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin := p.Token(harness.CompanyA, auth.Admin)
	boss := p.person(harness.CompanyA, auth.Contractor)
	body := newPerson("  Pat Doyle ", "Pat.Doyle@Example.com", auth.Subcontractor)
	body["contractor_id"], body["default_equipment"] = boss, "Plow truck"
	var added struct {
		UserID int64 `json:"user_id"`
	}
	p.Do("POST", "/add-user/", admin, body).Want(t, http.StatusOK).JSON(t, &added)
	p.signIn("pat.doyle@example.com", "")

	type row struct {
		ID               int64
		Name, Phone      string
		Email, Role      string
		Status           string
		ContractorID     *int64  `json:"contractor_id"`
		ContractorName   *string `json:"contractor_name"`
		DefaultEquipment *string `json:"default_equipment"`
	}
	find := func() (found row) {
		var list []row
		a := p.Do("GET", "/users/", admin, nil).Want(t, http.StatusOK)
		a.JSON(t, &list)
		if a.Header.Get("X-Total-Count") != "6" || len(list) != 6 {
			t.Errorf("%d people, total %s, want 6", len(list), a.Header.Get("X-Total-Count"))
		}
		for _, r := range list {
			if r.ID == added.UserID {
				found = r
			}
		}
		return found
	}
	want := row{
		ID: added.UserID, Name: "Pat Doyle", Phone: "+17165550100", Email: "pat.doyle@example.com", Role: auth.Subcontractor,
		Status: "active", ContractorID: &boss, ContractorName: new("Contractor One"), DefaultEquipment: new("Plow truck"),
	}
	if diff := cmp.Diff(want, find()); diff != "" {
		t.Errorf("added (-want +have):\n%s", diff)
	}

	// The whole record is replaced; without a password the old one stays.
	changed := map[string]any{"name": "Pat Dole", "email": "Pat.Dole@example.com", "phone": nil, "role": auth.Manager, "password": "", "contractor_id": nil}
	p.Do("PUT", userPath("update-user", added.UserID), admin, changed).Want(t, http.StatusOK)
	want = row{ID: added.UserID, Name: "Pat Dole", Email: "pat.dole@example.com", Role: auth.Manager, Status: "active", DefaultEquipment: new("")}
	if diff := cmp.Diff(want, find()); diff != "" {
		t.Errorf("changed (-want +have):\n%s", diff)
	}
	p.Login("pat.doyle@example.com", "").Want(t, http.StatusUnauthorized)
	p.signIn("pat.dole@example.com", "")

	p.Do("DELETE", userPath("delete-user", added.UserID), admin, nil).Want(t, http.StatusOK)
	p.Do("DELETE", userPath("delete-user", added.UserID), admin, nil).Problem(t, http.StatusNotFound)
	p.Login("pat.dole@example.com", "").Want(t, http.StatusUnauthorized)

	for _, action := range []string{"user.added", "user.updated", "user.deleted"} {
		if entries := p.Entries(action); len(entries) != 1 || *entries[0].Actor != "Admin One" || *entries[0].CustomerID != harness.CompanyA {
			t.Errorf("audit of %s: %+v", action, entries)
		}
	}
}

func TestUsers_CreateByForm(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	form := url.Values{"name": {"Kim Crew"}, "email": {"KIM@example.com"}, "phone": {"7165550101"}, "role": {auth.User}, "password": {harness.Password}}
	var done struct {
		OK bool
	}
	p.Do("POST", "/admin/create-user/", p.Token(harness.CompanyA, auth.Admin), form).Want(t, http.StatusOK).JSON(t, &done)
	if !done.OK {
		t.Error("ok is not true")
	}
	p.signIn("kim@example.com", harness.CompanyA)
	p.Do("POST", "/admin/create-user/", p.Token(harness.CompanyA, auth.Admin), form).Problem(t, http.StatusConflict)
	if have := emails(t, p.Do("GET", "/users/", p.Token(harness.CompanyB, auth.Admin), nil)); strings.Contains(fmt.Sprint(have), "kim@") {
		t.Errorf("the other company sees him: %v", have)
	}
}

func TestUsers_ContractorsAreTheActiveOnes(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.request(harness.CompanyA, "rae@example.com", auth.Manager)
	p.Exec(`update portal.users set status = 'suspended' where email = 'manager@a.example'`)
	want := []string{"admin@a.example", "contractor@a.example", "subcontractor@a.example", "user@a.example"}
	if diff := cmp.Diff(want, emails(t, p.Do("GET", "/contractors/", p.Token(harness.CompanyA, auth.User), nil))); diff != "" {
		t.Errorf("assignable (-want +have):\n%s", diff)
	}
	want = []string{"admin@a.example", "contractor@a.example", "manager@a.example", "subcontractor@a.example", "user@a.example"}
	if diff := cmp.Diff(want, emails(t, p.Do("GET", "/users/", p.Token(harness.CompanyA, auth.Admin), nil))); diff != "" {
		t.Errorf("users (-want +have):\n%s", diff)
	}
}

func TestUsers_Refusals(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin := p.Token(harness.CompanyA, auth.Admin)
	self, manager := p.person(harness.CompanyA, auth.Admin), p.person(harness.CompanyA, auth.Manager)
	with := func(change map[string]any) map[string]any {
		body := newPerson("Pat Doyle", "pat@example.com", auth.User)
		for k, v := range change {
			body[k] = v
		}
		return body
	}
	own := newPerson("Admin One", "admin@a.example", auth.Manager)
	for _, c := range []struct {
		name, method, path string
		body               any
		status             int
	}{
		{"taken", "POST", "/add-user/", with(map[string]any{"email": "MANAGER@a.example"}), http.StatusConflict},
		{"taken by a change", "PUT", userPath("update-user", manager), with(map[string]any{"email": "user@a.example"}), http.StatusConflict},
		{"role unknown", "POST", "/add-user/", with(map[string]any{"role": auth.SuperAdmin}), http.StatusUnprocessableEntity},
		{"password short", "POST", "/add-user/", with(map[string]any{"password": "short"}), http.StatusUnprocessableEntity},
		{"password short in a change", "PUT", userPath("update-user", manager), with(map[string]any{"password": "short"}), http.StatusUnprocessableEntity},
		{"phone", "POST", "/add-user/", with(map[string]any{"phone": "1234"}), http.StatusUnprocessableEntity},
		{"e-mail", "POST", "/add-user/", with(map[string]any{"email": "nobody"}), http.StatusUnprocessableEntity},
		{"blank name", "POST", "/add-user/", with(map[string]any{"name": "  "}), http.StatusUnprocessableEntity},
		{"contractor of others", "POST", "/add-user/", with(map[string]any{"contractor_id": p.person(harness.CompanyB, auth.Contractor)}), http.StatusNotFound},
		{"contractor of nobody", "POST", "/add-user/", with(map[string]any{"contractor_id": 987654321}), http.StatusNotFound},
		{"own contractor", "PUT", userPath("update-user", manager), with(map[string]any{"contractor_id": manager}), http.StatusBadRequest},
		{"own role", "PUT", userPath("update-user", self), own, http.StatusForbidden},
		{"own role by form", "POST", userPath("admin/change-user-role", self), url.Values{"role": {auth.User}}, http.StatusForbidden},
		{"suspend oneself", "POST", userPath("admin/suspend-user", self), nil, http.StatusForbidden},
		{"delete oneself", "DELETE", userPath("delete-user", self), nil, http.StatusForbidden},
		{"role unknown by form", "POST", userPath("admin/change-user-role", manager), url.Values{"role": {"King"}}, http.StatusBadRequest},
		{"approve an active one", "POST", userPath("admin/approve-user", manager), url.Values{}, http.StatusConflict},
		{"reject an active one", "POST", userPath("admin/reject-user", manager), nil, http.StatusConflict},
		{"reactivate an active one", "POST", userPath("admin/reactivate-user", manager), nil, http.StatusConflict},
	} {
		if a := p.Do(c.method, c.path, admin, c.body); a.Status != c.status {
			t.Errorf("%s: status %d, want %d: %s", c.name, a.Status, c.status, a.Body)
		}
	}
	if n := harness.Query[int](p.Portal, `select count(*) from portal.users where name like '% One' and status = 'active'`); n != 10 {
		t.Errorf("%d people are as they were, of 10", n)
	}
}

// Each operation on people, as each role: Admins only, except the list of who can be assigned.
func TestUsers_Roles(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	id := p.person(harness.CompanyA, auth.User)
	for _, op := range []struct{ method, path string }{
		{"GET", "/users/"},
		{"GET", "/admin/pending-users/"},
		{"POST", "/add-user/"},
		{"POST", "/admin/create-user/"},
		{"PUT", userPath("update-user", id)},
		{"DELETE", userPath("delete-user", id)},
		{"POST", userPath("admin/approve-user", id)},
		{"POST", userPath("admin/reject-user", id)},
		{"POST", userPath("admin/suspend-user", id)},
		{"POST", userPath("admin/reactivate-user", id)},
		{"POST", userPath("admin/change-user-role", id)},
	} {
		p.Do(op.method, op.path, "", nil).Problem(t, http.StatusUnauthorized)
		for _, role := range append(harness.Roles[1:], auth.SuperAdmin) {
			if a := p.Do(op.method, op.path, p.Token(harness.CompanyA, role), nil); a.Status != http.StatusForbidden {
				t.Errorf("%s %s as %s: status %d", op.method, op.path, role, a.Status)
			}
		}
	}
	for _, role := range harness.Roles {
		p.Do("GET", "/contractors/", p.Token(harness.CompanyA, role), nil).Want(t, http.StatusOK)
	}
	p.Do("GET", "/contractors/", p.Token("", auth.SuperAdmin), nil).Problem(t, http.StatusForbidden)
	if have := p.state(id); have != "User active" {
		t.Errorf("refused calls made him %s", have)
	}
}

// Another company's person is an absent one, for every operation and both ways; his row stays as it is.
func TestUsers_ForeignIsAbsent(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, c := range []struct{ own, other string }{{harness.CompanyA, harness.CompanyB}, {harness.CompanyB, harness.CompanyA}} {
		foreign, admin := p.person(c.other, auth.User), p.Token(c.own, auth.Admin)
		before := p.state(foreign)
		for _, op := range []struct {
			method, path string
			body         any
		}{
			{"PUT", "update-user", newPerson("Stolen", "stolen@example.com", auth.Admin)},
			{"DELETE", "delete-user", nil},
			{"POST", "admin/approve-user", url.Values{"role": {auth.Admin}}},
			{"POST", "admin/reject-user", nil},
			{"POST", "admin/suspend-user", nil},
			{"POST", "admin/reactivate-user", nil},
			{"POST", "admin/change-user-role", url.Values{"role": {auth.Admin}}},
		} {
			a := p.Do(op.method, userPath(op.path, foreign), admin, op.body).Problem(t, http.StatusNotFound)
			b := p.Do(op.method, userPath(op.path, 987654321), admin, op.body).Problem(t, http.StatusNotFound)
			if a.Detail != b.Detail {
				t.Errorf("%s tells a foreign from an absent person: %q, %q", op.path, a.Detail, b.Detail)
			}
		}
		if after := p.state(foreign); after != before {
			t.Errorf("a person of %s became %s", c.other, after)
		}
	}
}

// Logs are what customers are billed by: who has any is suspended instead. What a person owned for
// others goes to the Admin who deletes him.
func TestUsers_DeleteKeepsLogsAndLists(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin := p.Token(harness.CompanyA, auth.Admin)
	for _, log := range []struct{ table, insert, detail string }{
		{"portal.winter_ops_logs", `(customer_id, property_id, %s, time_in, status) values ($1, $2, $3, now(), 'open')`, "the person has winter ops logs; they must stay, so suspend him instead"},
		{"portal.green_services_logs", `(customer_id, property_id, %s, worker_name, service_type, time_in, time_out) values ($1, $2, $3, 'Lee', 'Mowing', now(), now())`, "the person has green services logs; they must stay, so suspend him instead"},
	} {
		for _, column := range []string{"user_id", "contractor_id"} {
			id := p.addPerson(harness.CompanyA, "Lee Logger", "lee@example.com", auth.User)
			p.Exec("insert into "+log.table+fmt.Sprintf(log.insert, column), harness.CompanyA, p.property(harness.CompanyA, 1), id)
			if problem := p.Do("DELETE", userPath("delete-user", id), admin, nil).Problem(t, http.StatusConflict); problem.Detail != log.detail {
				t.Errorf("detail %q, want %q", problem.Detail, log.detail)
			}
			p.Exec("delete from " + log.table)
			p.Do("DELETE", userPath("delete-user", id), admin, nil).Want(t, http.StatusOK)
		}
	}

	manager := p.person(harness.CompanyA, auth.Manager)
	p.Exec(`insert into portal.property_lists (customer_id, name, user_id) values ($1, 'North', $2)`, harness.CompanyA, manager)
	p.Exec(`insert into portal.routes (customer_id, name, user_id) values ($1, 'North', $2)`, harness.CompanyA, manager)
	p.Do("DELETE", userPath("delete-user", manager), admin, nil).Want(t, http.StatusOK)
	owners := harness.Query[[]int64](p.Portal, `select array[(select user_id from portal.property_lists), (select user_id from portal.routes)]`)
	if self := p.person(harness.CompanyA, auth.Admin); owners[0] != self || owners[1] != self {
		t.Errorf("owners of list and route are %v, want the Admin %d", owners, self)
	}
}

func TestUsers_ProfileTakesAnyFormOfAPhone(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token(harness.CompanyA, auth.User)
	phone := func() string {
		return harness.Query[string](p.Portal, `select coalesce(phone, 'none') from portal.users where email = 'user@a.example'`)
	}
	p.Do("PUT", "/update-profile", token, map[string]any{"phone_number": "716-555-0100", "address": "1 Main Street"}).Want(t, http.StatusOK)
	if have := phone(); have != "+17165550100" {
		t.Errorf("phone %s", have)
	}
	p.Do("PUT", "/update-profile", token, map[string]any{"phone_number": "12"}).Problem(t, http.StatusUnprocessableEntity)
	p.Do("PUT", "/update-profile", token, map[string]any{"default_equipment": "Loader"}).Want(t, http.StatusOK)
	if have := phone(); have != "+17165550100" {
		t.Errorf("phone %s after a change of something else", have)
	}
	p.Do("PUT", "/update-profile", token, map[string]any{"phone_number": "", "address": nil}).Want(t, http.StatusOK)
	if have := phone(); have != "none" {
		t.Errorf("phone %s after clearing", have)
	}
}
