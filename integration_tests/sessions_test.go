package integration_tests

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"contractor-portal/server/auth"
)

func (p *portal) refresh(token string) answer {
	p.t.Helper()
	return p.do("POST", "/api/refresh/", "", map[string]string{"refresh_token": token})
}

// wantOver asserts that neither token of a session is good for anything.
func (p *portal) wantOver(s pair) {
	p.t.Helper()
	p.do("GET", "/verify-token", s.AccessToken, nil).problem(p.t, http.StatusUnauthorized)
	p.refresh(s.RefreshToken).problem(p.t, http.StatusUnauthorized)
}

func TestSessions_RefreshRotates(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, who := range []string{email(companyA, auth.Manager), operator} {
		first := p.session(who)
		var second, third pair
		p.refresh(first.RefreshToken).want(t, http.StatusOK).json(t, &second)
		p.do("POST", "/api/refresh", "", url.Values{"refresh_token": {second.RefreshToken}}).want(t, http.StatusOK).json(t, &third)

		if first.RefreshToken == second.RefreshToken || first.AccessToken == second.AccessToken {
			t.Errorf("%s: a token stayed the same", who)
		}
		old, renewed := claimsOf(t, first.AccessToken), claimsOf(t, third.AccessToken)
		if old["jti"] == renewed["jti"] || old["sid"] != renewed["sid"] || old["name"] != renewed["name"] || old["sub"] != renewed["sub"] {
			t.Errorf("%s: claims before %v and after %v", who, old, renewed)
		}
		for _, s := range []pair{first, second, third} {
			p.do("GET", "/verify-token", s.AccessToken, nil).want(t, http.StatusOK)
		}
	}
}

// Whoever stole a refresh token, and whoever it was stolen from, are out as soon as both have used it.
func TestSessions_ReuseEndsTheFamily(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	first, other := p.session(email(companyA, auth.Manager)), p.session(email(companyA, auth.Manager))
	var second, third pair
	p.refresh(first.RefreshToken).want(t, http.StatusOK).json(t, &second)
	p.refresh(second.RefreshToken).want(t, http.StatusOK).json(t, &third)

	p.refresh(first.RefreshToken).problem(t, http.StatusUnauthorized)

	for _, s := range []pair{first, second, third} {
		p.wantOver(s)
	}
	p.do("GET", "/verify-token", other.AccessToken, nil).want(t, http.StatusOK)
	p.refresh(other.RefreshToken).want(t, http.StatusOK)
}

func TestSessions_TwoRefreshesAtOnce(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for range 5 {
		first := p.session(email(companyA, auth.User))
		answers := make([]answer, 2)
		var both sync.WaitGroup
		for i := range answers {
			both.Go(func() {
				var err error
				if answers[i], err = p.try(t.Context(), "POST", "/api/refresh/", "", map[string]string{"refresh_token": first.RefreshToken}); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()

		won := answers[0]
		if answers[0].status != http.StatusOK {
			won = answers[1]
		}
		if answers[0].status+answers[1].status != http.StatusOK+http.StatusUnauthorized {
			t.Fatalf("statuses %d and %d", answers[0].status, answers[1].status)
		}
		var second pair
		won.json(t, &second)
		p.wantOver(first)
		p.wantOver(second)
	}
}

// The id of a session is in its access token; it alone must end nothing.
func TestSessions_StrangersEndNone(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	s := p.session(email(companyA, auth.Admin))
	genuine, err := base64.RawURLEncoding.DecodeString(s.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	otherFamily := append(append([]byte{}, genuine[:16]...), make([]byte, 48)...)
	otherSession := append(make([]byte, 16), genuine[16:]...)
	for name, token := range map[string]string{
		"another family":  base64.RawURLEncoding.EncodeToString(otherFamily),
		"another session": base64.RawURLEncoding.EncodeToString(otherSession),
		"cut":             s.RefreshToken[:len(s.RefreshToken)-4],
		"longer":          s.RefreshToken + "AAAA",
		"empty":           "",
		"an access token": strings.Split(s.AccessToken, ".")[2],
		"no base64":       strings.Repeat("!", len(s.RefreshToken)),
	} {
		if a := p.refresh(token); a.status != http.StatusUnauthorized {
			t.Errorf("%s: status %d: %s", name, a.status, a.body)
		}
	}
	p.refresh(s.RefreshToken).want(t, http.StatusOK)
}

func TestSessions_LogOut(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, who := range []string{email(companyA, auth.Subcontractor), operator} {
		ended, other := p.session(who), p.session(who)
		p.do("POST", "/api/logout/", ended.AccessToken, nil).want(t, http.StatusOK)

		p.wantOver(ended)
		p.do("GET", "/verify-token", other.AccessToken, nil).want(t, http.StatusOK)
		p.refresh(other.RefreshToken).want(t, http.StatusOK)
	}
}

// A refresh token is no access token, and the other way round.
func TestSessions_TokensAreOfTheirKind(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	s := p.session(email(companyA, auth.Admin))
	p.do("GET", "/verify-token", s.RefreshToken, nil).problem(t, http.StatusUnauthorized)
	p.do("POST", "/api/refresh/", "", url.Values{"refresh_token": {s.AccessToken}}).want(t, http.StatusUnprocessableEntity)
	p.refresh(s.RefreshToken).want(t, http.StatusOK)
}

func TestSessions_EndByThemselves(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	s := p.session(email(companyA, auth.Admin))
	p.exec(`update platform.sessions set created_at = now() - interval '31 days', expires_at = now() - interval '1 second'`)
	p.wantOver(s)
}

// A refresh gives what the person is now, and nothing to whom may not come in any more.
func TestSessions_RefreshTakesThePresentState(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	s := p.session(email(companyA, auth.User))
	p.exec(`update portal.users set role = 'Manager', name = 'Married Name' where email = 'user@a.example'`)
	p.do("GET", "/verify-token", s.AccessToken, nil).problem(t, http.StatusUnauthorized)

	var renewed pair
	p.refresh(s.RefreshToken).want(t, http.StatusOK).json(t, &renewed)
	if claims := claimsOf(t, renewed.AccessToken); claims["role"] != "Manager" || claims["name"] != "Married Name" {
		t.Errorf("claims %v", claims)
	}
	p.do("GET", "/verify-token", renewed.AccessToken, nil).want(t, http.StatusOK)

	p.exec(`update platform.customers set status = 'suspended' where customer_id = $1`, companyA)
	if problem := p.refresh(renewed.RefreshToken).problem(t, http.StatusForbidden); problem.Type != "/problems/customer-suspended" {
		t.Errorf("type %s", problem.Type)
	}
	p.exec(`update platform.customers set status = 'active' where customer_id = $1`, companyA)
	p.exec(`update portal.users set status = 'suspended' where email = 'user@a.example'`)
	p.refresh(renewed.RefreshToken).problem(t, http.StatusUnauthorized)
}
