package features

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// browse logs in as a page of a browser does, which sends the cookies that it was given.
func (p *portal) browse(email, secret string, cookies []*http.Cookie) harness.Answer {
	p.T.Helper()
	req, err := p.NewRequest(p.T.Context(), "POST", "/api/login/", url.Values{"username": {email}, "password": {secret}})
	if err != nil {
		p.T.Fatal(err)
	}
	for _, c := range cookies {
		req.AddCookie(c)
	}
	a, err := harness.Send(req)
	if err != nil {
		p.T.Fatal(err)
	}
	return a
}

func cookiesOf(a harness.Answer) []*http.Cookie { return (&http.Response{Header: a.Header}).Cookies() }

// A device that has logged in before is let in while strangers' guesses keep everybody else out, and has a count of its
// own. It shows any refresh token that it was given, or the cookie that a browser keeps by itself.
func TestDevices_HaveACountOfTheirOwn(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.Auth.Attempts, s.Auth.AddressAttempts, s.Auth.DayAttempts = 3, 9, 6 })
	const email, colleague = "user@a.example", "manager@a.example"
	first := p.browse(email, harness.Password, nil).Want(t, http.StatusOK)
	cookies := cookiesOf(first)
	if len(cookies) != 1 {
		t.Fatalf("cookies %v", cookies)
	}
	if c := cookies[0]; !strings.HasPrefix(c.Name, "__Host-device-") || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.MaxAge <= 0 {
		t.Errorf("cookie %v", c)
	}
	var s, ended harness.Pair
	first.JSON(t, &s)
	refreshed := p.refresh(s.RefreshToken).Want(t, http.StatusOK)
	p.Login(email, "").Want(t, http.StatusOK).JSON(t, &ended)
	p.Do("POST", "/api/logout/", ended.AccessToken, nil).Want(t, http.StatusOK)
	var newer harness.Pair
	refreshed.JSON(t, &newer)
	p.refresh(newer.RefreshToken).Want(t, http.StatusOK) // the cookie ended no session

	for range 3 {
		p.LoginWith(email, "wrong").Problem(t, http.StatusUnauthorized)
	}
	wantTooMany(t, p.LoginWith(email, harness.Password))
	with := func(token string) harness.Answer {
		return p.Do("POST", "/api/login/", "", url.Values{"username": {email}, "password": {harness.Password}, "refresh_token": {token}})
	}
	p.browse(email, harness.Password, cookies).Want(t, http.StatusOK)
	with(s.RefreshToken).Want(t, http.StatusOK)     // used up
	with(newer.RefreshToken).Want(t, http.StatusOK) // the same device's
	with(ended.RefreshToken).Want(t, http.StatusOK) // logged out

	// What shows nothing is a stranger's: made up, another person's, cut.
	cookie := cookies[0].Value
	for name, token := range map[string]string{
		"made up": strings.Repeat("A", 64), "no base64": "!", "cut": cookie[:40], "another family": cookie[:60] + "AAAA", "another's": p.Session(colleague).RefreshToken,
	} {
		if a := with(token); a.Status != http.StatusTooManyRequests {
			t.Errorf("%s: status %d", name, a.Status)
		}
	}
	p.browse(colleague, harness.Password, cookies).Want(t, http.StatusOK)

	// Its own guesses count for it, and keep out nobody else.
	for range 3 {
		p.browse(email, "wrong", cookies).Problem(t, http.StatusUnauthorized)
	}
	wantTooMany(t, p.browse(email, harness.Password, cookies))
	with(ended.RefreshToken).Want(t, http.StatusOK)
	p.Exec(`delete from platform.login_attempts where device is null`)
	p.LoginWith(email, harness.Password).Want(t, http.StatusOK)
}

// What a device shows is no log-in, and refreshes nothing.
func TestDevices_CookieOpensNothing(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	a := p.browse(harness.Operator, harness.Password, nil).Want(t, http.StatusOK)
	cookie := cookiesOf(a)[0].Value
	p.browse(harness.Operator, "wrong", cookiesOf(a)).Problem(t, http.StatusUnauthorized)
	p.refresh(cookie).Problem(t, http.StatusUnauthorized)
	p.Do("GET", "/verify-token", cookie, nil).Problem(t, http.StatusUnauthorized)
	var s harness.Pair
	a.JSON(t, &s)
	p.refresh(s.RefreshToken).Want(t, http.StatusOK)
}

// Who works for two companies is at home on a device in the one where he was last; his password for the other still
// lets him in there.
func TestDevices_OfOneWhoWorksForTwo(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	const sam = "sam@work.example"
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		p.SeedPerson(company, "Sam", sam, auth.Subcontractor, "active")
	}
	inside := func(a harness.Answer) any {
		var s harness.Pair
		a.Want(t, http.StatusOK).JSON(t, &s)
		return harness.ClaimsOf(t, s.AccessToken)["customer_id"]
	}
	var s harness.Pair
	a := p.Login(sam, harness.CompanyB)
	a.Want(t, http.StatusOK).JSON(t, &s)
	if have := inside(p.browse(sam, harness.Password, cookiesOf(a))); have != harness.CompanyB {
		t.Errorf("in %v", have)
	}
	p.Login(sam, "").Problem(t, http.StatusConflict)

	p.Do("PUT", "/reset-password/", p.Token(harness.CompanyA, auth.Admin), map[string]string{"email": sam, "new_password": "staple correct horse"}).Want(t, http.StatusOK)
	if have := inside(p.browse(sam, "staple correct horse", cookiesOf(a))); have != harness.CompanyA {
		t.Errorf("in %v", have)
	}
	p.browse(sam, "wrong", cookiesOf(a)).Problem(t, http.StatusUnauthorized)
}

// Many guess at once, from as many addresses. The owner's device waits for none of them: it is in while they stand in
// line. All who are let in come one after the other, so there are as many wrong guesses as there may be, and no more.
func TestDevices_WaitForNoGuesser(t *testing.T) {
	t.Parallel()
	const guessers, day = 40, 8
	p := newPortal(t, behindProxy, func(s *harness.Settings) {
		s.Auth.Attempts, s.Auth.DayAttempts = 10, day
	})
	const email = "admin@a.example"
	shown := p.device(email)
	var answered atomic.Int32
	var flood sync.WaitGroup
	var statuses map[int]int
	flood.Go(func() {
		statuses = p.atOnce(guessers, func(i int) (harness.Answer, error) {
			defer answered.Add(1)
			return p.tryFrom(t.Context(), each("198.51.100.%d")(i), email, "wrong")
		})
	})
	harness.WaitFor(t, "the first guess", func() bool { return answered.Load() > 0 })
	for range 2 {
		p.loginFrom("203.0.113.1", email, harness.Password, shown).Want(t, http.StatusOK)
	}
	before := answered.Load()
	flood.Wait()
	if before > guessers/2 {
		t.Errorf("when the owner was in, %d of %d guessers had their answers: he waited for them", before, guessers)
	}
	if statuses[http.StatusUnauthorized] != day || statuses[http.StatusTooManyRequests] != guessers-day {
		t.Errorf("statuses of %d guesses: %v", guessers, statuses)
	}
}
