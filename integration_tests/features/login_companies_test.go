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

// One person, two companies, one password: the person chooses.
func TestSeveralCompanies_SamePassword(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		p.SeedPerson(company, "Sam", "sam@work.example", auth.Subcontractor, "active")
	}

	problem := p.Login("sam@work.example", "").Problem(t, http.StatusConflict)
	want := []auth.Company{{CustomerID: harness.CompanyA, CompanyName: "Alder Grounds"}, {CustomerID: harness.CompanyB, CompanyName: "Birch Grounds"}}
	if diff := cmp.Diff(want, problem.Companies); diff != "" {
		t.Errorf("-want +have:\n%s", diff)
	}
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		var s harness.Pair
		p.Login("sam@work.example", " "+company).Want(t, http.StatusUnprocessableEntity) // longer than an id
		p.Login("sam@work.example", company).Want(t, http.StatusOK).JSON(t, &s)
		if have := harness.ClaimsOf(t, s.AccessToken)["customer_id"]; have != company {
			t.Errorf("in %v, want %s", have, company)
		}
		p.Do("GET", "/properties/", s.AccessToken, nil).Want(t, http.StatusOK)
	}

	p.Exec(`update platform.customers set status = 'suspended' where customer_id = $1`, harness.CompanyB)
	p.Login("sam@work.example", "").Want(t, http.StatusOK)
	p.Login("sam@work.example", harness.CompanyB).Problem(t, http.StatusUnauthorized)
}

func TestSeveralCompanies_DifferentPasswords(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	chosen, err := auth.HashPassword(t.Context(), "staple correct horse")
	if err != nil {
		t.Fatal(err)
	}
	p.SeedPerson(harness.CompanyA, "Sam", "sam@work.example", auth.Subcontractor, "active")
	p.Exec(`update platform.logins set password_hash = $1 where user_id = $2`, chosen.Hash, p.SeedPerson(harness.CompanyB, "Sam", "sam@work.example", auth.Subcontractor, "active"))

	for secret, company := range map[string]string{harness.Password: harness.CompanyA, "staple correct horse": harness.CompanyB} {
		var s harness.Pair
		p.Do("POST", "/api/login/", "", url.Values{"username": {"sam@work.example"}, "password": {secret}}).Want(t, http.StatusOK).JSON(t, &s)
		if have := harness.ClaimsOf(t, s.AccessToken)["customer_id"]; have != company {
			t.Errorf("in %v, want %s", have, company)
		}
	}
}

// Right tries that end in the choice of a company do not count as refused.
func TestSeveralCompanies_ChoosingIsNoRefusal(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.Auth.Attempts = 2 })
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		p.SeedPerson(company, "Sam", "sam@work.example", auth.Subcontractor, "active")
	}
	for range 4 {
		p.Login("sam@work.example", "").Problem(t, http.StatusConflict)
	}
	p.Login("sam@work.example", harness.CompanyA).Want(t, http.StatusOK)
}

// Strangers who enter a person's address in companies of their own cannot crowd him out, nor make his
// log-in cost more and more.
func TestSeveralCompanies_StrangersDoNotCrowdOut(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.SeedPerson(harness.CompanyA, "Sam", "sam@work.example", auth.Subcontractor, "active")
	for i := range 7 {
		company := fmt.Sprintf("EVIL%05d", i)
		p.Exec(`insert into platform.customers (customer_id, company_name) values ($1, 'Evil')`, company)
		id := p.SeedPerson(company, "Not Sam", "sam@work.example", auth.User, "active")
		p.Exec(`update platform.logins set confirmed_at = null, created_at = now() - interval '1 year',
			password_hash = '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' where user_id = $1`, id)
	}

	var s harness.Pair
	p.Login("sam@work.example", "").Want(t, http.StatusOK).JSON(t, &s)
	if have := harness.ClaimsOf(t, s.AccessToken)["customer_id"]; have != harness.CompanyA {
		t.Errorf("in %v, want %s", have, harness.CompanyA)
	}

	p.Exec(`update platform.logins set password_hash = (select password_hash from platform.logins where email = 'sam@work.example' and customer_id = $1)
		where email = 'sam@work.example'`, harness.CompanyA)
	if fits := p.Login("sam@work.example", "").Problem(t, http.StatusConflict).Companies; len(fits) != 5 || fits[0].CustomerID != harness.CompanyA {
		t.Errorf("the password was compared with these: %v; want five, company A's before the strangers'", fits)
	}
}

func TestOperators_LogIn(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	var s harness.Pair
	p.Login(harness.Operator, "").Want(t, http.StatusOK).JSON(t, &s)
	claims := harness.ClaimsOf(t, s.AccessToken)
	if _, inside := claims["customer_id"]; inside || claims["role"] != "Super Admin" || claims["name"] != "Olive Operator" {
		t.Errorf("claims %v", claims)
	}

	var me struct {
		Email, Role string
		CustomerID  *string `json:"customer_id"`
	}
	p.Do("GET", "/verify-token", s.AccessToken, nil).Want(t, http.StatusOK).JSON(t, &me)
	if me.Email != harness.Operator || me.Role != "Super Admin" || me.CustomerID != nil {
		t.Errorf("account %+v", me)
	}
	p.Do("GET", "/properties/", s.AccessToken, nil).Problem(t, http.StatusForbidden)
}

// An operator who is a member somewhere, too, chooses like anybody else.
func TestOperators_WhoAreMembersChoose(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.SeedPerson(harness.CompanyA, "Olive", harness.Operator, auth.User, "active")

	problem := p.Login(harness.Operator, "").Problem(t, http.StatusConflict)
	want := []auth.Company{{CustomerID: harness.CompanyA, CompanyName: "Alder Grounds"}, {CustomerID: "PLATFORM", CompanyName: "the platform"}}
	if diff := cmp.Diff(want, problem.Companies); diff != "" {
		t.Errorf("-want +have:\n%s", diff)
	}
	for company, role := range map[string]string{harness.CompanyA: "User", "PLATFORM": "Super Admin"} {
		var s harness.Pair
		p.Login(harness.Operator, company).Want(t, http.StatusOK).JSON(t, &s)
		if have := harness.ClaimsOf(t, s.AccessToken)["role"]; have != role {
			t.Errorf("%s: role %v, want %s", company, have, role)
		}
	}
}
