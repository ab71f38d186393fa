package features

import (
	"net/http"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

const (
	mySessions      = "/api/my-sessions/"
	companySessions = "/api/my-customer/sessions/"
	noSession       = "00000000-0000-4000-8000-00000000dead"
)

type listedSession struct {
	ID          string
	Kind        string
	UserID      *int64 `json:"user_id"`
	Name, Email *string
	Role        string
	Current     bool
	Acting      bool
}

// sessions are those that a list shows, by their ids.
func (p *portal) sessions(path, token string) map[string]listedSession {
	p.T.Helper()
	var list []listedSession
	p.Do("GET", path, token, nil).Want(p.T, http.StatusOK).JSON(p.T, &list)
	byID := map[string]listedSession{}
	for _, s := range list {
		byID[s.ID] = s
	}
	return byID
}

func (p *portal) sid(token string) string {
	p.T.Helper()
	id, _ := harness.ClaimsOf(p.T, token)["sid"].(string)
	return id
}

// A person sees where he is logged in, which of it is here, and leaves one place without the others; an operator too, with
// the switches that end with it. What is another's is as absent as what never was.
func TestMySessions(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	const a = harness.CompanyA
	for _, who := range []string{harness.Email(a, auth.User), harness.Email(a, auth.Admin), harness.Operator} {
		here, there := p.Session(who), p.Session(who)
		list := p.sessions(mySessions, here.AccessToken)
		if !list[p.sid(here.AccessToken)].Current || list[p.sid(there.AccessToken)].ID == "" || list[p.sid(there.AccessToken)].Current {
			t.Errorf("%s sees %v", who, list)
		}
		// An Admin's own are not his company's.
		for id := range p.sessions(mySessions, here.AccessToken) {
			if n := harness.Query[int](p.Portal, `select count(*) from platform.sessions s left join platform.logins l using (customer_id, user_id)
				left join platform.operators o on o.id = s.operator_id where s.id = $1::text::uuid and coalesce(l.email, o.email) = $2`, id, who); n != 1 {
				t.Errorf("%s sees another's session %s", who, id)
			}
		}
		strangers := p.sid(p.Token(a, auth.Manager))
		for _, id := range []string{strangers, p.sid(p.Token(harness.CompanyB, auth.User)), noSession} {
			if problem := p.Do("DELETE", mySessions+id, here.AccessToken, nil).Problem(t, http.StatusNotFound); problem.Detail != "there is no such session" {
				t.Errorf("%s: %s", id, problem.Detail)
			}
		}
		p.Do("GET", "/verify-token", p.Token(a, auth.Manager), nil).Want(t, http.StatusOK)
		p.Do("DELETE", mySessions+"1", here.AccessToken, nil).Problem(t, http.StatusUnprocessableEntity)

		p.Do("DELETE", mySessions+p.sid(there.AccessToken), here.AccessToken, nil).Want(t, http.StatusOK)
		p.wantOver(there)
		p.Do("DELETE", mySessions+p.sid(there.AccessToken), here.AccessToken, nil).Problem(t, http.StatusNotFound)
		if _, still := p.sessions(mySessions, here.AccessToken)[p.sid(there.AccessToken)]; still {
			t.Errorf("%s still sees what has ended", who)
		}
		p.Do("DELETE", mySessions+p.sid(here.AccessToken), here.AccessToken, nil).Want(t, http.StatusOK)
		p.wantOver(here)
	}
	if n := len(p.Entries("session.ended")); n != 6 {
		t.Errorf("%d entries of the audit log", n)
	}

	leaves, stays := p.Session(harness.Operator), p.Session(harness.Operator)
	acting := p.switchFrom(leaves)
	if list := p.sessions(mySessions, stays.AccessToken); !list[p.sid(acting)].Acting || list[p.sid(leaves.AccessToken)].Acting {
		t.Errorf("the operator sees %v", list)
	}
	p.Do("GET", mySessions, acting, nil).Problem(t, http.StatusForbidden)
	p.Do("DELETE", mySessions+p.sid(leaves.AccessToken), stays.AccessToken, nil).Want(t, http.StatusOK)
	p.Do("GET", "/verify-token", acting, nil).Problem(t, http.StatusUnauthorized)
}

// An Admin sees who is logged in to his company, and puts one out; nobody of another company, and nothing that stands for
// a token.
func TestCompanySessions(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	const a, b = harness.CompanyA, harness.CompanyB
	manager, foreign := p.Session(harness.Email(a, auth.Manager)), p.Session(harness.Email(b, auth.Manager))
	acting := p.switchFrom(p.Session(harness.Operator))
	service := p.ServiceToken(a, "events")
	admin := p.Token(a, auth.Admin)
	list := p.sessions(companySessions, admin)
	if s := list[p.sid(manager.AccessToken)]; s.Kind != "member" || *s.UserID != p.person(a, auth.Manager) || *s.Name != "Manager One" || *s.Email != harness.Email(a, auth.Manager) || s.Role != auth.Manager || s.Current {
		t.Errorf("%+v", s)
	}
	if s := list[p.sid(acting)]; s.Kind != "operator" || s.UserID != nil || s.Name != nil || s.Email != nil {
		t.Errorf("%+v", s)
	}
	if s := list[p.sid(service)]; s.Kind != "service" || s.UserID != nil || *s.Name != "Robot" || s.Role != auth.Service {
		t.Errorf("%+v", s)
	}
	if !list[p.sid(admin)].Current {
		t.Errorf("%+v is not the current one", list[p.sid(admin)])
	}
	live := harness.Query[int](p.Portal, `select count(*) from platform.sessions where customer_id = $1 and revoked_at is null and expires_at > now()`, a)
	if live != len(list) {
		t.Errorf("%d of %d sessions are shown", len(list), live)
	}
	for _, token := range []string{p.Token(a, auth.Manager), p.Token(a, auth.User), service} {
		p.Do("GET", companySessions, token, nil).Problem(t, http.StatusForbidden)
		p.Do("DELETE", companySessions+p.sid(manager.AccessToken), token, nil).Problem(t, http.StatusForbidden)
	}

	p.Do("DELETE", companySessions+p.sid(foreign.AccessToken), admin, nil).Problem(t, http.StatusNotFound)
	p.Do("DELETE", companySessions+p.sid(p.Token("", auth.SuperAdmin)), admin, nil).Problem(t, http.StatusNotFound)
	p.Do("DELETE", companySessions+noSession, admin, nil).Problem(t, http.StatusNotFound)
	p.Do("GET", "/verify-token", foreign.AccessToken, nil).Want(t, http.StatusOK)
	p.Do("GET", "/verify-token", manager.AccessToken, nil).Want(t, http.StatusOK)
	for _, token := range []string{manager.AccessToken, acting, service} {
		p.Do("DELETE", companySessions+p.sid(token), admin, nil).Want(t, http.StatusOK)
	}
	p.wantOver(manager)
	p.Do("GET", "/verify-token", acting, nil).Problem(t, http.StatusUnauthorized)
	entries := p.Entries("session.ended")
	if len(entries) != 3 || *entries[0].CustomerID != a || *entries[0].ObjectType != "session" || *entries[0].UserID != p.person(a, auth.Admin) {
		t.Errorf("%+v", entries)
	}
}
