package integration_tests

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/server/auth"
)

// One person, two companies, one password: the person chooses.
func TestSeveralCompanies_SamePassword(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, company := range []string{companyA, companyB} {
		p.seedPerson(company, "Sam", "sam@work.example", auth.Subcontractor, "active")
	}

	problem := p.login("sam@work.example", "").problem(t, http.StatusConflict)
	want := []auth.Company{{CustomerID: companyA, CompanyName: "Alder Grounds"}, {CustomerID: companyB, CompanyName: "Birch Grounds"}}
	if diff := cmp.Diff(want, problem.Companies); diff != "" {
		t.Errorf("-want +have:\n%s", diff)
	}
	for _, company := range []string{companyA, companyB} {
		var s pair
		p.login("sam@work.example", " "+company).want(t, http.StatusUnprocessableEntity) // longer than an id
		p.login("sam@work.example", company).want(t, http.StatusOK).json(t, &s)
		if have := claimsOf(t, s.AccessToken)["customer_id"]; have != company {
			t.Errorf("in %v, want %s", have, company)
		}
		p.do("GET", "/properties/", s.AccessToken, nil).want(t, http.StatusOK)
	}

	p.exec(`update platform.customers set status = 'suspended' where customer_id = $1`, companyB)
	p.login("sam@work.example", "").want(t, http.StatusOK)
	p.login("sam@work.example", companyB).problem(t, http.StatusUnauthorized)
}

func TestSeveralCompanies_DifferentPasswords(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	hash, err := auth.HashPassword(t.Context(), "staple correct horse")
	if err != nil {
		t.Fatal(err)
	}
	p.seedPerson(companyA, "Sam", "sam@work.example", auth.Subcontractor, "active")
	p.exec(`update platform.logins set password_hash = $1 where user_id = $2`, hash, p.seedPerson(companyB, "Sam", "sam@work.example", auth.Subcontractor, "active"))

	for secret, company := range map[string]string{password: companyA, "staple correct horse": companyB} {
		var s pair
		p.do("POST", "/api/login/", "", url.Values{"username": {"sam@work.example"}, "password": {secret}}).want(t, http.StatusOK).json(t, &s)
		if have := claimsOf(t, s.AccessToken)["customer_id"]; have != company {
			t.Errorf("in %v, want %s", have, company)
		}
	}
}

// Right tries that end in the choice of a company do not count as refused.
func TestSeveralCompanies_ChoosingIsNoRefusal(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *settings) { s.auth.Attempts = 2 })
	for _, company := range []string{companyA, companyB} {
		p.seedPerson(company, "Sam", "sam@work.example", auth.Subcontractor, "active")
	}
	for range 4 {
		p.login("sam@work.example", "").problem(t, http.StatusConflict)
	}
	p.login("sam@work.example", companyA).want(t, http.StatusOK)
}

// Strangers who enter a person's address in companies of their own cannot crowd him out, nor make his
// log-in cost more and more.
func TestSeveralCompanies_StrangersDoNotCrowdOut(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.seedPerson(companyA, "Sam", "sam@work.example", auth.Subcontractor, "active")
	for i := range 7 {
		company := fmt.Sprintf("EVIL%05d", i)
		p.exec(`insert into platform.customers (customer_id, company_name) values ($1, 'Evil')`, company)
		id := p.seedPerson(company, "Not Sam", "sam@work.example", auth.User, "active")
		p.exec(`update platform.logins set confirmed_at = null, created_at = now() - interval '1 year',
			password_hash = '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' where user_id = $1`, id)
	}

	before := p.auth.Verifications.Load()
	var s pair
	p.login("sam@work.example", "").want(t, http.StatusOK).json(t, &s)
	if have := claimsOf(t, s.AccessToken)["customer_id"]; have != companyA {
		t.Errorf("in %v, want %s", have, companyA)
	}
	if n := p.auth.Verifications.Load() - before; n > 5 {
		t.Errorf("%d verifications for one log-in", n)
	}
}

func TestOperators_LogIn(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	var s pair
	p.login(operator, "").want(t, http.StatusOK).json(t, &s)
	claims := claimsOf(t, s.AccessToken)
	if _, inside := claims["customer_id"]; inside || claims["role"] != "Super Admin" || claims["name"] != "Olive Operator" {
		t.Errorf("claims %v", claims)
	}

	var me struct {
		Email, Role string
		CustomerID  *string `json:"customer_id"`
	}
	p.do("GET", "/verify-token", s.AccessToken, nil).want(t, http.StatusOK).json(t, &me)
	if me.Email != operator || me.Role != "Super Admin" || me.CustomerID != nil {
		t.Errorf("account %+v", me)
	}
	p.do("GET", "/properties/", s.AccessToken, nil).problem(t, http.StatusForbidden)
}

// An operator who is a member somewhere, too, chooses like anybody else.
func TestOperators_WhoAreMembersChoose(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.seedPerson(companyA, "Olive", operator, auth.User, "active")

	problem := p.login(operator, "").problem(t, http.StatusConflict)
	want := []auth.Company{{CustomerID: companyA, CompanyName: "Alder Grounds"}, {CustomerID: "PLATFORM", CompanyName: "the platform"}}
	if diff := cmp.Diff(want, problem.Companies); diff != "" {
		t.Errorf("-want +have:\n%s", diff)
	}
	for company, role := range map[string]string{companyA: "User", "PLATFORM": "Super Admin"} {
		var s pair
		p.login(operator, company).want(t, http.StatusOK).json(t, &s)
		if have := claimsOf(t, s.AccessToken)["role"]; have != role {
			t.Errorf("%s: role %v, want %s", company, have, role)
		}
	}
}
