package integration_tests

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

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
	p.t.Helper()
	p.do("POST", "/api/invitations/", p.token(company, auth.Admin), map[string]string{"email": email, "role": role, "name": "New Person"}).
		want(p.t, http.StatusOK).json(p.t, &i)
	return i
}

const chosen = "a password that was chosen"

func (p *portal) accept(token string) answer {
	p.t.Helper()
	return p.do("POST", "/api/invitations/accept", "", map[string]string{"token": token, "password": chosen})
}

func TestInvitations_AcceptedOnceBecomesAUser(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	i := p.invite(companyA, "New.Person@Example.com", auth.Manager)
	if i.CustomerID != companyA || i.Email != "new.person@example.com" || !strings.HasSuffix(i.Link, i.Token) || !strings.HasPrefix(i.Link, p.url) {
		t.Errorf("%+v", i)
	}
	// What is stored opens nothing.
	if n := query[int](p, `select count(*) from platform.invitations where token_hash = $1::text::bytea or encode(token_hash, 'base64') = $1`, i.Token); n != 0 {
		t.Error("the token itself is stored")
	}

	var tokens struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	p.accept(i.Token).want(t, http.StatusOK).json(t, &tokens)
	p.do("GET", "/properties/", tokens.AccessToken, nil).want(t, http.StatusOK)
	p.do("POST", "/api/refresh/", "", map[string]string{"refresh_token": tokens.RefreshToken}).want(t, http.StatusOK)
	if claims := claimsOf(t, tokens.AccessToken); claims["customer_id"] != companyA || claims["role"] != auth.Manager || claims["name"] != "New Person" {
		t.Errorf("%v", claims)
	}
	state := query[string](p, `
		select concat_ws(' ', u.customer_id, u.role, u.status, u.name, u.username, l.role, l.status, l.confirmed_at is not null)
		from portal.users u join platform.logins l on (l.customer_id, l.user_id) = (u.customer_id, u.id) where u.email = 'new.person@example.com'`)
	if state != companyA+" Manager active New Person new.person Manager active t" {
		t.Error(state)
	}
	a := p.do("POST", "/api/login/", "", map[string]string{"username": "new.person@example.com", "password": chosen})
	a.want(t, http.StatusOK)

	p.accept(i.Token).problem(t, http.StatusNotFound)
	p.do("DELETE", "/api/invitations/"+itoa(i.InvitationID), p.token(companyA, auth.Admin), nil).problem(t, http.StatusConflict)
	// Nobody logged in accepted it; the log names the user it made.
	entries := p.entries("invitation.accepted")
	if len(entries) != 1 || *entries[0].CustomerID != companyA || *entries[0].ObjectType != "user" || entries[0].Actor != nil || !entries[0].HasRequest {
		t.Errorf("%+v", entries)
	}
}

// Whatever is wrong with an invitation, the answer is the same.
func TestInvitations_RefusedAlike(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	used := p.invite(companyA, "used@example.com", auth.User)
	p.accept(used.Token).want(t, http.StatusOK)
	withdrawn := p.invite(companyA, "withdrawn@example.com", auth.User)
	p.do("DELETE", "/api/invitations/"+itoa(withdrawn.InvitationID), p.token(companyA, auth.Admin), nil).want(t, http.StatusOK)
	expired := p.invite(companyA, "expired@example.com", auth.User)
	p.exec(`update platform.invitations set expires_at = now() where id = $1`, expired.InvitationID)
	replaced := p.invite(companyA, "again@example.com", auth.User)
	again := p.invite(companyA, "again@example.com", auth.User)
	other := p.invite(companyB, "again@example.com", auth.User)

	var first string
	for name, token := range map[string]string{
		"used": used.Token, "withdrawn": withdrawn.Token, "expired": expired.Token, "replaced": replaced.Token,
		"unknown": strings.Repeat("A", 43), "no base64": "!!", "empty": "", "cut": again.Token[:42],
	} {
		problem := p.accept(token).problem(t, http.StatusNotFound)
		if first == "" {
			first = problem.Detail
		}
		if problem.Detail != first || problem.Type != "/problems/not-found" {
			t.Errorf("%s: %s (%s)", name, problem.Detail, problem.Type)
		}
	}
	// A second invitation replaces the first of the same company only; a short password uses nothing up.
	p.do("POST", "/api/invitations/accept", "", map[string]string{"token": again.Token, "password": "short"}).problem(t, http.StatusUnprocessableEntity)
	p.accept(again.Token).want(t, http.StatusOK)
	p.accept(other.Token).want(t, http.StatusOK)
	if n := query[int](p, `select count(*) from portal.users where email = 'again@example.com'`); n != 2 {
		t.Errorf("%d users", n)
	}

	// Who is a user already is not invited, but the other company may invite him.
	taken := map[string]string{"email": email(companyA, auth.User), "role": auth.User}
	p.do("POST", "/api/invitations/", p.token(companyA, auth.Admin), taken).problem(t, http.StatusConflict)
	p.do("POST", "/api/invitations/", p.token(companyB, auth.Admin), taken).want(t, http.StatusOK)
	// Who became one meanwhile finds out, and the invitation stays.
	late := p.invite(companyA, "late@example.com", auth.User)
	p.exec(`insert into portal.users (customer_id, email, status) values ($1, 'late@example.com', 'pending')`, companyA)
	p.accept(late.Token).problem(t, http.StatusConflict)
	p.exec(`delete from portal.users where email = 'late@example.com'`)
	p.accept(late.Token).want(t, http.StatusOK)
}

func TestInvitations_AreTheCompanysAdminsOnly(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	i := map[string]invited{companyA: p.invite(companyA, "one@example.com", auth.User), companyB: p.invite(companyB, "one@example.com", auth.User)}
	for company, other := range map[string]string{companyA: companyB, companyB: companyA} {
		var list []struct {
			ID                     int64
			Email, Status          string
			InvitedByName          string `json:"invited_by_name"`
			Token, TokenHash, Hash *string
		}
		p.do("GET", "/api/invitations/", p.token(company, auth.Admin), nil).want(t, http.StatusOK).json(t, &list)
		if len(list) != 1 || list[0].ID != i[company].InvitationID || list[0].Status != "open" || list[0].InvitedByName != "Admin One" || list[0].Token != nil {
			t.Errorf("%s lists %+v", company, list)
		}
		p.do("DELETE", "/api/invitations/"+itoa(i[other].InvitationID), p.token(company, auth.Admin), nil).problem(t, http.StatusNotFound)
		for _, role := range roles[1:] {
			token := p.token(company, role)
			p.do("GET", "/api/invitations/", token, nil).problem(t, http.StatusForbidden)
			p.do("POST", "/api/invitations/", token, map[string]string{"email": "x@example.com"}).problem(t, http.StatusForbidden)
			p.do("DELETE", "/api/invitations/"+itoa(i[company].InvitationID), token, nil).problem(t, http.StatusForbidden)
		}
	}
	if n := query[int](p, `select count(*) from platform.invitations where revoked_at is null`); n != 2 {
		t.Errorf("%d invitations are open", n)
	}
	// Made by an operator inside, an invitation is his in the log, and nobody's in the list.
	p.do("POST", "/api/invitations/", p.actingToken(), map[string]string{"email": "two@example.com"}).want(t, http.StatusOK)
	made := p.entries("invitation.made")
	if last := made[len(made)-1]; last.OperatorID == nil || last.UserID != nil || *last.CustomerID != companyA {
		t.Errorf("%+v", last)
	}
}

func TestInvitations_OperatorsInviteTheFirstAdmin(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := p.token("", auth.SuperAdmin)
	c := p.createCustomer(map[string]any{})
	var i invited
	p.do("POST", "/api/customers/"+c.CustomerID+"/users", token, map[string]string{"email": "cleo@cedar.example"}).want(t, http.StatusOK).json(t, &i)
	if i.Role != auth.Admin || i.CustomerID != c.CustomerID {
		t.Errorf("%+v", i)
	}
	// Suspended, the company takes nobody in; the invitation outlasts it.
	p.do("POST", "/api/customers/"+c.CustomerID+"/suspend", token, nil).want(t, http.StatusOK)
	if problem := p.accept(i.Token).problem(t, http.StatusForbidden); problem.Type != "/problems/customer-suspended" {
		t.Error(problem.Type)
	}
	p.do("POST", "/api/customers/"+c.CustomerID+"/activate", token, nil).want(t, http.StatusOK)
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	p.accept(i.Token).want(t, http.StatusOK).json(t, &tokens)
	var log []struct {
		Action    string
		ActorName *string `json:"actor_name"`
	}
	p.do("GET", "/api/audit-log/", tokens.AccessToken, nil).want(t, http.StatusOK).json(t, &log)
	if len(log) != 5 || log[0].Action != "invitation.accepted" || log[3].Action != "invitation.made" || *log[3].ActorName != "Olive Operator" || log[4].Action != "customer.created" {
		t.Errorf("%+v", log)
	}
	p.do("DELETE", "/api/customers/"+c.CustomerID, token, nil).want(t, http.StatusOK)
	p.do("POST", "/api/customers/"+c.CustomerID+"/users", token, map[string]string{"email": "cy@cedar.example"}).problem(t, http.StatusConflict)
	p.do("POST", "/api/customers/ZZZZ99999/users", token, map[string]string{"email": "cy@cedar.example"}).problem(t, http.StatusNotFound)
	p.do("POST", "/api/customers/"+companyA+"/users", token, map[string]string{"email": "cy@cedar.example", "role": "Super Admin"}).problem(t, http.StatusUnprocessableEntity)
}

func TestInvitations_OneUseAndTheLimitUnderConcurrency(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	// The same one 16 times: one user.
	i := p.invite(companyA, "one@example.com", auth.User)
	ok, others := p.parallel(16, func(int) (method, path string, body any) {
		return "POST", "/api/invitations/accept", map[string]string{"token": i.Token, "password": chosen}
	}, "")
	if ok != 1 {
		t.Errorf("an invitation was accepted %d times", ok)
	}
	for _, a := range others {
		a.problem(t, http.StatusNotFound)
	}

	// 16 at limit - 1: one more user, and the other invitations can be used when there is room.
	p = newPortal(t)
	p.exec(`update platform.customers set max_users = 6 where customer_id = $1`, companyA)
	tokens := make([]string, 16)
	for n := range tokens {
		tokens[n] = p.invite(companyA, fmt.Sprintf("person.%d@example.com", n), auth.User).Token
	}
	ok, others = p.parallel(16, func(n int) (method, path string, body any) {
		return "POST", "/api/invitations/accept", map[string]string{"token": tokens[n], "password": chosen}
	}, "")
	if ok != 1 || len(others) != 15 {
		t.Errorf("%d were accepted, %d refused", ok, len(others))
	}
	for _, a := range others {
		if problem := a.problem(t, http.StatusForbidden); problem.Type != "/problems/limit-reached" || !strings.Contains(problem.Detail, "6 of 6 users") {
			t.Errorf("%s: %s", problem.Type, problem.Detail)
		}
	}
	if n := query[int](p, `select users from platform.usage where customer_id = $1`, companyA); n != 6 {
		t.Errorf("%d users are counted", n)
	}
	if n := query[int](p, `select count(*) from platform.invitations where accepted_at is null and revoked_at is null`); n != 15 {
		t.Errorf("%d invitations are left", n)
	}
}

func TestInvitations_AcceptIsLimitedPerAddress(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for range 40 {
		if a := p.accept("guess"); a.status == http.StatusTooManyRequests {
			if a.header.Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
			return
		}
	}
	t.Error("40 guesses at once were all answered")
}
