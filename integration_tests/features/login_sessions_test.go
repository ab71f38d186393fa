package features

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

func (p *portal) refresh(token string) harness.Answer {
	p.T.Helper()
	return p.Do("POST", "/api/refresh/", "", map[string]string{"refresh_token": token})
}

// wantOver asserts that neither token of a session is good for anything.
func (p *portal) wantOver(s harness.Pair) {
	p.T.Helper()
	p.Do("GET", "/verify-token", s.AccessToken, nil).Problem(p.T, http.StatusUnauthorized)
	p.refresh(s.RefreshToken).Problem(p.T, http.StatusUnauthorized)
}

func TestSessions_RefreshRotates(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, who := range []string{harness.Email(harness.CompanyA, auth.Manager), harness.Operator} {
		first := p.Session(who)
		var second, third harness.Pair
		p.refresh(first.RefreshToken).Want(t, http.StatusOK).JSON(t, &second)
		p.Do("POST", "/api/refresh", "", url.Values{"refresh_token": {second.RefreshToken}}).Want(t, http.StatusOK).JSON(t, &third)

		if first.RefreshToken == second.RefreshToken || first.AccessToken == second.AccessToken {
			t.Errorf("%s: a token stayed the same", who)
		}
		old, renewed := harness.ClaimsOf(t, first.AccessToken), harness.ClaimsOf(t, third.AccessToken)
		if old["jti"] == renewed["jti"] || old["sid"] != renewed["sid"] || old["name"] != renewed["name"] || old["sub"] != renewed["sub"] {
			t.Errorf("%s: claims before %v and after %v", who, old, renewed)
		}
		for _, s := range []harness.Pair{first, second, third} {
			p.Do("GET", "/verify-token", s.AccessToken, nil).Want(t, http.StatusOK)
		}
	}
}

// Whoever stole a refresh token, and whoever it was stolen from, are out as soon as both have used it.
func TestSessions_ReuseEndsTheFamily(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	first, other := p.Session(harness.Email(harness.CompanyA, auth.Manager)), p.Session(harness.Email(harness.CompanyA, auth.Manager))
	var second, third harness.Pair
	p.refresh(first.RefreshToken).Want(t, http.StatusOK).JSON(t, &second)
	p.refresh(second.RefreshToken).Want(t, http.StatusOK).JSON(t, &third)

	p.refresh(first.RefreshToken).Problem(t, http.StatusUnauthorized)

	for _, s := range []harness.Pair{first, second, third} {
		p.wantOver(s)
	}
	p.Do("GET", "/verify-token", other.AccessToken, nil).Want(t, http.StatusOK)
	p.refresh(other.RefreshToken).Want(t, http.StatusOK)
}

func TestSessions_TwoRefreshesAtOnce(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for range 5 {
		first := p.Session(harness.Email(harness.CompanyA, auth.User))
		answers := make([]harness.Answer, 2)
		var both sync.WaitGroup
		for i := range answers {
			both.Go(func() {
				var err error
				if answers[i], err = p.Try(t.Context(), "POST", "/api/refresh/", "", map[string]string{"refresh_token": first.RefreshToken}); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()

		won := answers[0]
		if answers[0].Status != http.StatusOK {
			won = answers[1]
		}
		if answers[0].Status+answers[1].Status != http.StatusOK+http.StatusUnauthorized {
			t.Fatalf("statuses %d and %d", answers[0].Status, answers[1].Status)
		}
		var second harness.Pair
		won.JSON(t, &second)
		p.wantOver(first)
		p.wantOver(second)
	}
}

// The id of a session is in its access token; it alone must end nothing.
func TestSessions_StrangersEndNone(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	s := p.Session(harness.Email(harness.CompanyA, auth.Admin))
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
		if a := p.refresh(token); a.Status != http.StatusUnauthorized {
			t.Errorf("%s: status %d: %s", name, a.Status, a.Body)
		}
	}
	p.refresh(s.RefreshToken).Want(t, http.StatusOK)
}

func TestSessions_LogOut(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, who := range []string{harness.Email(harness.CompanyA, auth.Subcontractor), harness.Operator} {
		ended, other := p.Session(who), p.Session(who)
		p.Do("POST", "/api/logout/", ended.AccessToken, nil).Want(t, http.StatusOK)

		p.wantOver(ended)
		p.Do("GET", "/verify-token", other.AccessToken, nil).Want(t, http.StatusOK)
		p.refresh(other.RefreshToken).Want(t, http.StatusOK)
	}
}

// A refresh token is no access token, and the other way round.
func TestSessions_TokensAreOfTheirKind(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	s := p.Session(harness.Email(harness.CompanyA, auth.Admin))
	p.Do("GET", "/verify-token", s.RefreshToken, nil).Problem(t, http.StatusUnauthorized)
	p.Do("POST", "/api/refresh/", "", url.Values{"refresh_token": {s.AccessToken}}).Want(t, http.StatusUnprocessableEntity)
	p.refresh(s.RefreshToken).Want(t, http.StatusOK)
}

func TestSessions_EndByThemselves(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	s := p.Session(harness.Email(harness.CompanyA, auth.Admin))
	p.Exec(`update platform.sessions set created_at = now() - interval '31 days', expires_at = now() - interval '1 second'`)
	p.wantOver(s)
}

// A refresh gives what the person is now, and nothing to whom may not come in any more.
func TestSessions_RefreshTakesThePresentState(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	s := p.Session(harness.Email(harness.CompanyA, auth.User))
	p.Exec(`update portal.users set role = 'Manager', name = 'Married Name' where email = 'user@a.example'`)
	p.Do("GET", "/verify-token", s.AccessToken, nil).Problem(t, http.StatusUnauthorized)

	var renewed harness.Pair
	p.refresh(s.RefreshToken).Want(t, http.StatusOK).JSON(t, &renewed)
	if claims := harness.ClaimsOf(t, renewed.AccessToken); claims["role"] != "Manager" || claims["name"] != "Married Name" {
		t.Errorf("claims %v", claims)
	}
	p.Do("GET", "/verify-token", renewed.AccessToken, nil).Want(t, http.StatusOK)

	p.Exec(`update platform.customers set status = 'suspended' where customer_id = $1`, harness.CompanyA)
	if problem := p.refresh(renewed.RefreshToken).Problem(t, http.StatusForbidden); problem.Type != "/problems/customer-suspended" {
		t.Errorf("type %s", problem.Type)
	}
	p.Exec(`update platform.customers set status = 'active' where customer_id = $1`, harness.CompanyA)
	p.Exec(`update portal.users set status = 'suspended' where email = 'user@a.example'`)
	p.refresh(renewed.RefreshToken).Problem(t, http.StatusUnauthorized)
}
