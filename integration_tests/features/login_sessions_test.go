package features

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
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

// An answer may be lost: the last token before comes a second time within ten seconds, and not a third time.
func TestSessions_ALostAnswerIsGivenAgain(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for _, who := range []string{harness.Email(harness.CompanyA, auth.Manager), harness.Operator} {
		first := p.Session(who)
		var lost, again, next harness.Pair
		p.refresh(first.RefreshToken).Want(t, http.StatusOK).JSON(t, &lost)
		p.refresh(first.RefreshToken).Want(t, http.StatusOK).JSON(t, &again)
		p.refresh(again.RefreshToken).Want(t, http.StatusOK).JSON(t, &next)
		p.Do("GET", "/verify-token", next.AccessToken, nil).Want(t, http.StatusOK)
		if n := len(p.Entries("refresh_token.reused")); n != 0 {
			t.Errorf("%s: %d entries", who, n)
		}

		second := p.Session(who)
		p.refresh(second.RefreshToken).Want(t, http.StatusOK)
		p.refresh(second.RefreshToken).Want(t, http.StatusOK).JSON(t, &again)
		p.refresh(second.RefreshToken).Problem(t, http.StatusUnauthorized)
		p.wantOver(again)

		p.Exec(`delete from platform.audit_log`)
	}
}

// Nobody gets the answer that was lost after its time, nor who was given it in its place; the entry says whose session
// has ended.
func TestSessions_ReuseIsRecorded(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	email := harness.Email(harness.CompanyA, auth.Manager)
	for name, reuse := range map[string]func(first, second harness.Pair) string{
		"late": func(first, _ harness.Pair) string {
			p.Exec(`update platform.sessions set refreshed_at = now() - interval '10 seconds'`)
			return first.RefreshToken
		},
		"the lost one": func(first, second harness.Pair) string {
			p.refresh(first.RefreshToken).Want(t, http.StatusOK)
			return second.RefreshToken
		},
		"not the last": func(first, second harness.Pair) string {
			p.refresh(second.RefreshToken).Want(t, http.StatusOK)
			return first.RefreshToken
		},
	} {
		before := len(p.Entries("refresh_token.reused"))
		first := p.Session(email)
		var second harness.Pair
		p.refresh(first.RefreshToken).Want(t, http.StatusOK).JSON(t, &second)
		p.refresh(reuse(first, second)).Problem(t, http.StatusUnauthorized)
		p.wantOver(second)
		entries := p.Entries("refresh_token.reused")
		if len(entries) != before+1 {
			t.Fatalf("%s: %d entries, want one more than %d", name, len(entries), before)
		}
		e := entries[before]
		if e.CustomerID == nil || *e.CustomerID != harness.CompanyA || e.ObjectType == nil || *e.ObjectType != "user" || e.Actor != nil || !e.HasRequest {
			t.Errorf("%s: entry %+v", name, e)
		}
	}
	operator := p.Session(harness.Operator)
	p.refresh(operator.RefreshToken).Want(t, http.StatusOK)
	p.Exec(`update platform.sessions set refreshed_at = now() - interval '10 seconds'`)
	p.refresh(operator.RefreshToken).Problem(t, http.StatusUnauthorized)
	if e := p.Entries("refresh_token.reused"); len(e) != 4 || e[3].CustomerID != nil || *e[3].ObjectType != "operator" {
		t.Errorf("entries %+v", e)
	}
}

func TestSessions_TwoRefreshesAtOnce(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for range 5 {
		first := p.Session(harness.Email(harness.CompanyA, auth.User))
		ok, others := p.Parallel(3, func(int) (string, string, any) {
			return "POST", "/api/refresh/", map[string]string{"refresh_token": first.RefreshToken}
		}, "")
		if ok != 2 || len(others) != 1 || others[0].Status != http.StatusUnauthorized {
			t.Fatalf("%d of three at once were answered, and others %+v", ok, others)
		}
		p.wantOver(first)
	}
}

// A refresh that fails takes nothing away: the token works when it comes again.
func TestSessions_AFailedRefreshCostsNothing(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	s := p.Session(harness.Email(harness.CompanyA, auth.User))
	p.Exec(`revoke select (name) on portal.users from portal_auth`)
	p.refresh(s.RefreshToken).Problem(t, http.StatusForbidden)
	p.refresh(s.RefreshToken).Problem(t, http.StatusForbidden)
	p.Exec(`grant select (name) on portal.users to portal_auth`)
	p.Exec(`update platform.sessions set refreshed_at = now() - interval '1 hour'`)
	p.refresh(s.RefreshToken).Want(t, http.StatusOK)
}

// A person is suspended while his token is refreshed: neither waits for the other in a circle, and he is out.
func TestSessions_RefreshAndSuspensionAtOnce(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	admin := p.Token(harness.CompanyA, auth.Admin)
	id := p.person(harness.CompanyA, auth.User)
	for range 5 {
		s := p.Session(harness.Email(harness.CompanyA, auth.User))
		_, others := p.Parallel(4, func(i int) (string, string, any) {
			if i == 0 {
				return "POST", fmt.Sprintf("/admin/suspend-user/%d", id), nil
			}
			return "POST", "/api/refresh/", map[string]string{"refresh_token": s.RefreshToken}
		}, admin)
		for _, a := range others {
			if a.Status != http.StatusUnauthorized {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		}
		p.wantOver(s)
		p.Do("POST", fmt.Sprintf("/admin/reactivate-user/%d", id), admin, nil).Want(t, http.StatusOK)
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
