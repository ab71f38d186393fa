package features

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

type invited struct {
	InvitationID int64  `json:"invitation_id"`
	CustomerID   string `json:"customer_id"`
	Email, Role  string
	Token, Link  string
}

// invite makes an invitation as a company's Admin.
func (p *portal) invite(company, email, role string) (i invited) {
	p.T.Helper()
	p.Do("POST", "/api/invitations/", p.Token(company, auth.Admin), map[string]string{"email": email, "role": role, "name": "New Person"}).
		Want(p.T, http.StatusOK).JSON(p.T, &i)
	return i
}

func TestInvitations_AcceptedOnceBecomesAUser(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	i := p.invite(harness.CompanyA, "New.Person@Example.com", auth.Manager)
	if i.CustomerID != harness.CompanyA || i.Email != "new.person@example.com" || !strings.HasSuffix(i.Link, i.Token) || !strings.HasPrefix(i.Link, "/#/") {
		t.Errorf("%+v", i)
	}
	// What is stored opens nothing.
	if n := harness.Query[int](p.Portal, `select count(*) from platform.invitations where token_hash = $1::text::bytea or encode(token_hash, 'base64') = $1`, i.Token); n != 0 {
		t.Error("the token itself is stored")
	}

	var tokens struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	p.Accept(i.Token).Want(t, http.StatusOK).JSON(t, &tokens)
	p.Do("GET", "/properties/", tokens.AccessToken, nil).Want(t, http.StatusOK)
	p.Do("POST", "/api/refresh/", "", map[string]string{"refresh_token": tokens.RefreshToken}).Want(t, http.StatusOK)
	if claims := harness.ClaimsOf(t, tokens.AccessToken); claims["customer_id"] != harness.CompanyA || claims["role"] != auth.Manager || claims["name"] != "New Person" {
		t.Errorf("%v", claims)
	}
	state := harness.Query[string](p.Portal, `
		select concat_ws(' ', u.customer_id, u.role, u.status, u.name, u.username, l.role, l.status, l.confirmed_at is not null)
		from portal.users u join platform.logins l on (l.customer_id, l.user_id) = (u.customer_id, u.id) where u.email = 'new.person@example.com'`)
	// The link was the Admin's to hand on, or to follow himself: it confirms no address.
	if state != harness.CompanyA+" Manager active New Person new.person Manager active f" {
		t.Error(state)
	}
	a := p.Do("POST", "/api/login/", "", map[string]string{"username": "new.person@example.com", "password": harness.Chosen})
	a.Want(t, http.StatusOK)

	p.Accept(i.Token).Problem(t, http.StatusNotFound)
	p.Do("DELETE", "/api/invitations/"+itoa(i.InvitationID), p.Token(harness.CompanyA, auth.Admin), nil).Problem(t, http.StatusConflict)
	// Nobody logged in accepted it; the log names the user it made.
	entries := p.Entries("invitation.accepted")
	if len(entries) != 1 || *entries[0].CustomerID != harness.CompanyA || *entries[0].ObjectType != "user" || entries[0].Actor != nil || !entries[0].HasRequest {
		t.Errorf("%+v", entries)
	}
}

// Whatever is wrong with an invitation, the answer is the same.
func TestInvitations_RefusedAlike(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	used := p.invite(harness.CompanyA, "used@example.com", auth.User)
	p.Accept(used.Token).Want(t, http.StatusOK)
	withdrawn := p.invite(harness.CompanyA, "withdrawn@example.com", auth.User)
	p.Do("DELETE", "/api/invitations/"+itoa(withdrawn.InvitationID), p.Token(harness.CompanyA, auth.Admin), nil).Want(t, http.StatusOK)
	expired := p.invite(harness.CompanyA, "expired@example.com", auth.User)
	p.Exec(`update platform.invitations set expires_at = now() where id = $1`, expired.InvitationID)
	replaced := p.invite(harness.CompanyA, "again@example.com", auth.User)
	again := p.invite(harness.CompanyA, "again@example.com", auth.User)
	other := p.invite(harness.CompanyB, "again@example.com", auth.User)

	var first string
	for name, token := range map[string]string{
		"used": used.Token, "withdrawn": withdrawn.Token, "expired": expired.Token, "replaced": replaced.Token,
		"unknown": strings.Repeat("A", 43), "no base64": "!!", "empty": "", "cut": again.Token[:42],
	} {
		problem := p.Accept(token).Problem(t, http.StatusNotFound)
		if first == "" {
			first = problem.Detail
		}
		if problem.Detail != first || problem.Type != "/problems/not-found" {
			t.Errorf("%s: %s (%s)", name, problem.Detail, problem.Type)
		}
	}
	// A second invitation replaces the first of the same company only; a short password uses nothing up.
	p.Do("POST", "/api/invitations/accept", "", map[string]string{"token": again.Token, "password": "short"}).Problem(t, http.StatusUnprocessableEntity)
	p.Accept(again.Token).Want(t, http.StatusOK)
	p.Accept(other.Token).Want(t, http.StatusOK)
	if n := harness.Query[int](p.Portal, `select count(*) from portal.users where email = 'again@example.com'`); n != 2 {
		t.Errorf("%d users", n)
	}

	// Who is a user already is not invited, but the other company may invite him.
	taken := map[string]string{"email": harness.Email(harness.CompanyA, auth.User), "role": auth.User}
	p.Do("POST", "/api/invitations/", p.Token(harness.CompanyA, auth.Admin), taken).Problem(t, http.StatusConflict)
	p.Do("POST", "/api/invitations/", p.Token(harness.CompanyB, auth.Admin), taken).Want(t, http.StatusOK)
	// Who became one meanwhile finds out, and the invitation stays.
	late := p.invite(harness.CompanyA, "late@example.com", auth.User)
	p.Exec(`insert into portal.users (customer_id, email, status) values ($1, 'late@example.com', 'pending')`, harness.CompanyA)
	p.Accept(late.Token).Problem(t, http.StatusConflict)
	p.Exec(`delete from portal.users where email = 'late@example.com'`)
	p.Accept(late.Token).Want(t, http.StatusOK)
}

func TestInvitations_AreTheCompanysAdminsOnly(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	i := map[string]invited{harness.CompanyA: p.invite(harness.CompanyA, "one@example.com", auth.User), harness.CompanyB: p.invite(harness.CompanyB, "one@example.com", auth.User)}
	for company, other := range map[string]string{harness.CompanyA: harness.CompanyB, harness.CompanyB: harness.CompanyA} {
		var list []struct {
			ID                     int64
			Email, Status          string
			InvitedByName          string `json:"invited_by_name"`
			Token, TokenHash, Hash *string
		}
		p.Do("GET", "/api/invitations/", p.Token(company, auth.Admin), nil).Want(t, http.StatusOK).JSON(t, &list)
		if len(list) != 1 || list[0].ID != i[company].InvitationID || list[0].Status != "open" || list[0].InvitedByName != "Admin One" || list[0].Token != nil {
			t.Errorf("%s lists %+v", company, list)
		}
		p.Do("DELETE", "/api/invitations/"+itoa(i[other].InvitationID), p.Token(company, auth.Admin), nil).Problem(t, http.StatusNotFound)
		for _, role := range harness.Roles[1:] {
			token := p.Token(company, role)
			p.Do("GET", "/api/invitations/", token, nil).Problem(t, http.StatusForbidden)
			p.Do("POST", "/api/invitations/", token, map[string]string{"email": "x@example.com"}).Problem(t, http.StatusForbidden)
			p.Do("DELETE", "/api/invitations/"+itoa(i[company].InvitationID), token, nil).Problem(t, http.StatusForbidden)
		}
	}
	if n := harness.Query[int](p.Portal, `select count(*) from platform.invitations where revoked_at is null`); n != 2 {
		t.Errorf("%d invitations are open", n)
	}
	// Made by an operator inside, an invitation is his in the log, and nobody's in the list.
	p.Do("POST", "/api/invitations/", p.ActingToken(), map[string]string{"email": "two@example.com"}).Want(t, http.StatusOK)
	made := p.Entries("invitation.made")
	if last := made[len(made)-1]; last.OperatorID == nil || last.UserID != nil || *last.CustomerID != harness.CompanyA {
		t.Errorf("%+v", last)
	}
}

func TestInvitations_OperatorsInviteTheFirstAdmin(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.Token("", auth.SuperAdmin)
	c := p.createCustomer(map[string]any{})
	var i invited
	p.Do("POST", "/api/customers/"+c.CustomerID+"/users", token, map[string]string{"email": "cleo@cedar.example"}).Want(t, http.StatusOK).JSON(t, &i)
	if i.Role != auth.Admin || i.CustomerID != c.CustomerID {
		t.Errorf("%+v", i)
	}
	// Suspended, the company takes nobody in; the invitation outlasts it.
	p.Do("POST", "/api/customers/"+c.CustomerID+"/suspend", token, nil).Want(t, http.StatusOK)
	if problem := p.Accept(i.Token).Problem(t, http.StatusForbidden); problem.Type != "/problems/customer-suspended" {
		t.Error(problem.Type)
	}
	p.Do("POST", "/api/customers/"+c.CustomerID+"/activate", token, nil).Want(t, http.StatusOK)
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	p.Accept(i.Token).Want(t, http.StatusOK).JSON(t, &tokens)
	if !harness.Query[bool](p.Portal, `select confirmed_at is not null from platform.logins where email = 'cleo@cedar.example'`) {
		t.Error("the address that an operator answers for is not confirmed")
	}
	var log []struct {
		Action    string
		ActorName *string `json:"actor_name"`
	}
	p.Do("GET", "/api/audit-log/", tokens.AccessToken, nil).Want(t, http.StatusOK).JSON(t, &log)
	if len(log) != 5 || log[0].Action != "invitation.accepted" || log[3].Action != "invitation.made" || *log[3].ActorName != "Olive Operator" || log[4].Action != "customer.created" {
		t.Errorf("%+v", log)
	}
	p.Do("DELETE", "/api/customers/"+c.CustomerID, token, nil).Want(t, http.StatusOK)
	p.Do("POST", "/api/customers/"+c.CustomerID+"/users", token, map[string]string{"email": "cy@cedar.example"}).Problem(t, http.StatusConflict)
	p.Do("POST", "/api/customers/ZZZZ99999/users", token, map[string]string{"email": "cy@cedar.example"}).Problem(t, http.StatusNotFound)
	p.Do("POST", "/api/customers/"+harness.CompanyA+"/users", token, map[string]string{"email": "cy@cedar.example", "role": "Super Admin"}).Problem(t, http.StatusUnprocessableEntity)
}

func TestInvitations_OneUseAndTheLimitUnderConcurrency(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	// The same one 16 times: one user.
	i := p.invite(harness.CompanyA, "one@example.com", auth.User)
	ok, others := p.Parallel(16, func(int) (method, path string, body any) {
		return "POST", "/api/invitations/accept", map[string]string{"token": i.Token, "password": harness.Chosen}
	}, "")
	if ok != 1 {
		t.Errorf("an invitation was accepted %d times", ok)
	}
	for _, a := range others {
		a.Problem(t, http.StatusNotFound)
	}

	// 16 at limit - 1: one more user, and the other invitations can be used when there is room.
	p = newPortal(t)
	p.Exec(`update platform.customers set max_users = 6 where customer_id = $1`, harness.CompanyA)
	tokens := make([]string, 16)
	for n := range tokens {
		tokens[n] = p.invite(harness.CompanyA, fmt.Sprintf("person.%d@example.com", n), auth.User).Token
	}
	ok, others = p.Parallel(16, func(n int) (method, path string, body any) {
		return "POST", "/api/invitations/accept", map[string]string{"token": tokens[n], "password": harness.Chosen}
	}, "")
	if ok != 1 || len(others) != 15 {
		t.Errorf("%d were accepted, %d refused", ok, len(others))
	}
	for _, a := range others {
		if problem := a.Problem(t, http.StatusForbidden); problem.Type != "/problems/limit-reached" || !strings.Contains(problem.Detail, "6 of 6 users") {
			t.Errorf("%s: %s", problem.Type, problem.Detail)
		}
	}
	if n := harness.Query[int](p.Portal, `select users from platform.usage where customer_id = $1`, harness.CompanyA); n != 6 {
		t.Errorf("%d users are counted", n)
	}
	if n := harness.Query[int](p.Portal, `select count(*) from platform.invitations where accepted_at is null and revoked_at is null`); n != 15 {
		t.Errorf("%d invitations are left", n)
	}
}

func TestInvitations_AcceptIsLimitedPerAddress(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for range 40 {
		if a := p.Accept("guess"); a.Status == http.StatusTooManyRequests {
			if a.Header.Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
			return
		}
	}
	t.Error("40 guesses at once were all answered")
}
