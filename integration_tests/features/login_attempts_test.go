package features

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// tryFrom logs in from a network address, which the server learns from a proxy. more are further fields of the form.
func (p *portal) tryFrom(ctx context.Context, address, email, secret string, more ...url.Values) (harness.Answer, error) {
	form := url.Values{"username": {email}, "password": {secret}}
	for _, fields := range more {
		maps.Copy(form, fields)
	}
	req, err := p.NewRequest(ctx, "POST", "/api/login/", form)
	if err != nil {
		return harness.Answer{}, err
	}
	req.Header.Set("X-Forwarded-For", address)
	return harness.Send(req)
}

func (p *portal) loginFrom(address, email, secret string, more ...url.Values) harness.Answer {
	p.T.Helper()
	a, err := p.tryFrom(p.T.Context(), address, email, secret, more...)
	if err != nil {
		p.T.Fatal(err)
	}
	return a
}

// device is what a client that was once logged in sends along.
func (p *portal) device(email string) url.Values {
	p.T.Helper()
	return url.Values{"refresh_token": {p.Session(email).RefreshToken}}
}

func behindProxy(s *harness.Settings) { s.Server.TrustProxy = true }

func wantTooMany(t *testing.T, a harness.Answer) {
	t.Helper()
	problem := a.Problem(t, http.StatusTooManyRequests)
	if seconds, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || seconds < 1 || problem.Type != "/problems/too-many-requests" {
		t.Errorf("Retry-After %q, type %s", a.Header.Get("Retry-After"), problem.Type)
	}
}

// Wrong guesses of one e-mail lock out where they come from, and nobody elsewhere.
func TestAttempts_PerLoginAndAddress(t *testing.T) {
	t.Parallel()
	p := newPortal(t, behindProxy, func(s *harness.Settings) { s.Auth.Attempts = 3 })
	for range 5 { // what is admitted does not count
		p.loginFrom("198.51.100.9", "admin@a.example", harness.Password).Want(t, http.StatusOK)
	}
	for range 3 {
		p.loginFrom("198.51.100.9", "admin@a.example", "wrong").Problem(t, http.StatusUnauthorized)
	}

	wantTooMany(t, p.loginFrom("198.51.100.9", "admin@a.example", "wrong"))
	wantTooMany(t, p.loginFrom("198.51.100.9", " ADMIN@a.example", harness.Password))
	wantTooMany(t, p.loginFrom("::ffff:198.51.100.9", "admin@a.example", harness.Password))
	for range 4 { // an unknown address is limited too, or the limit would tell who is known
		p.loginFrom("198.51.100.9", "nobody@a.example", "wrong")
	}
	wantTooMany(t, p.loginFrom("198.51.100.9", "nobody@a.example", "wrong"))
	p.loginFrom("198.51.100.1", "admin@a.example", harness.Password).Want(t, http.StatusOK)
	p.loginFrom("198.51.100.9", "manager@a.example", harness.Password).Want(t, http.StatusOK)
	p.loginFrom("198.51.100.9", "admin@b.example", harness.Password).Want(t, http.StatusOK)

	p.Exec(`update platform.login_attempts set at = at - interval '16 minutes'`)
	p.loginFrom("198.51.100.9", "admin@a.example", harness.Password).Want(t, http.StatusOK)
}

func TestAttempts_PerAddress(t *testing.T) {
	t.Parallel()
	p := newPortal(t, behindProxy, func(s *harness.Settings) { s.Auth.Attempts, s.Auth.AddressAttempts = 100, 4 })
	for i := range 4 {
		p.loginFrom("198.51.100.1", fmt.Sprintf("guess%d@a.example", i), "wrong").Problem(t, http.StatusUnauthorized)
	}
	wantTooMany(t, p.loginFrom("198.51.100.1", "admin@a.example", harness.Password))
	wantTooMany(t, p.loginFrom("::ffff:198.51.100.1", "admin@a.example", harness.Password))
	p.loginFrom("198.51.100.2", "admin@a.example", harness.Password).Want(t, http.StatusOK)
}

// Whoever has a /64 has as many addresses as he wants; they count as one, wherever addresses are counted.
func TestAttempts_OfOneNetworkOfIPv6(t *testing.T) {
	t.Parallel()
	p := newPortal(t, behindProxy, func(s *harness.Settings) { s.Auth.Attempts, s.Auth.AddressAttempts, s.Auth.SignUps = 2, 3, 2 })
	own := func(i int) string { return fmt.Sprintf("2001:db8:0:7:%x::1", i+1) }
	const neighbour = "2001:db8:0:8::1"
	for i := range 2 {
		p.loginFrom(own(i), "admin@a.example", "wrong").Problem(t, http.StatusUnauthorized)
	}
	wantTooMany(t, p.loginFrom(own(7), "admin@a.example", harness.Password))
	p.loginFrom(neighbour, "admin@a.example", harness.Password).Want(t, http.StatusOK)
	p.loginFrom(own(2), "manager@a.example", "wrong").Problem(t, http.StatusUnauthorized)
	wantTooMany(t, p.loginFrom(own(3), "user@a.example", harness.Password))

	from := func(address, path string, body any) harness.Answer {
		req, err := p.NewRequest(t.Context(), "POST", path, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Forwarded-For", address)
		a, err := harness.Send(req)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	request := func(i int) url.Values {
		return url.Values{"name": {"New"}, "email": {fmt.Sprintf("new%d@a.example", i)}, "phone": {""}, "role": {"User"}, "password": {harness.Chosen}, "customer_id": {harness.CompanyA}}
	}
	for i := range 2 {
		from(own(i), "/signup-request/", request(i)).Want(t, http.StatusOK)
	}
	wantTooMany(t, from(own(7), "/signup-request/", request(7)))
	from(neighbour, "/signup-request/", request(7)).Want(t, http.StatusOK)

	accept := map[string]string{"token": "guess", "password": harness.Chosen}
	limited := false
	for i := range 40 {
		limited = limited || from(own(i), "/api/invitations/accept", accept).Status == http.StatusTooManyRequests
	}
	if from(neighbour, "/api/invitations/accept", accept).Problem(t, http.StatusNotFound); !limited {
		t.Error("40 guesses of an invitation from one network were all answered")
	}
}

// Without a proxy that is believed, nobody gets a fresh address by a header.
func TestAttempts_AddressIsNotTheClientsToSay(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.Auth.Attempts, s.Auth.AddressAttempts = 100, 2 })
	for i := range 2 {
		p.loginFrom(fmt.Sprintf("198.51.100.%d", i), "admin@a.example", "wrong").Problem(t, http.StatusUnauthorized)
	}
	wantTooMany(t, p.loginFrom("198.51.100.9", "manager@a.example", harness.Password))
}

// Tries made at the same time are limited as if they came one after the other.
func TestAttempts_InParallel(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		limit     func(*harness.Settings)
		who, from func(int) string
	}{
		"one login":          {func(s *harness.Settings) { s.Auth.Attempts = 3 }, always("admin@a.example"), always("198.51.100.1")},
		"one address":        {func(s *harness.Settings) { s.Auth.Attempts, s.Auth.AddressAttempts = 100, 3 }, each("guess%d@a.example"), always("198.51.100.1")},
		"one login in a day": {func(s *harness.Settings) { s.Auth.Attempts, s.Auth.DayAttempts = 100, 3 }, always("admin@a.example"), each("198.51.100.%d")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t, behindProxy, tt.limit)
			statuses := p.atOnce(20, func(i int) (harness.Answer, error) { return p.tryFrom(t.Context(), tt.from(i), tt.who(i), "wrong") })
			if statuses[http.StatusUnauthorized] != 3 || statuses[http.StatusTooManyRequests] != 17 {
				t.Errorf("statuses of 20 tries with a limit of 3: %v", statuses)
			}
			p.loginFrom("198.51.100.2", "manager@b.example", harness.Password).Want(t, http.StatusOK)
		})
	}
}

func always(text string) func(int) string { return func(int) string { return text } }
func each(format string) func(int) string {
	return func(i int) string { return fmt.Sprintf(format, i+10) }
}

// atOnce makes n requests at the same time, and counts what they are answered.
func (p *portal) atOnce(n int, request func(i int) (harness.Answer, error)) (statuses map[int]int) {
	p.T.Helper()
	var mu sync.Mutex
	statuses = map[int]int{}
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			a, err := request(i)
			if err != nil {
				p.T.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			statuses[a.Status]++
		})
	}
	all.Wait()
	return statuses
}

// Many who log in at once, at the beginning of a shift, are no guesses before their passwords are known to be wrong.
func TestAttempts_RightOnesInFlightDoNotCount(t *testing.T) {
	t.Parallel()
	p := newPortal(t, behindProxy, func(s *harness.Settings) { s.Auth.Attempts, s.Auth.AddressAttempts, s.Auth.DayAttempts = 2, 2, 2 })
	shown := p.device("user@a.example")
	for name, more := range map[string]url.Values{"strangers": {}, "one device": shown} {
		statuses := p.atOnce(8, func(int) (harness.Answer, error) {
			return p.tryFrom(t.Context(), "198.51.100.1", "user@a.example", harness.Password, more)
		})
		if statuses[http.StatusOK] != 8 {
			t.Errorf("%s: statuses of 8 right log-ins at once: %v", name, statuses)
		}
	}
}

// The day's guesses of one e-mail are counted wherever they come from, and lock out strangers alone.
func TestAttempts_PerDay(t *testing.T) {
	t.Parallel()
	p := newPortal(t, behindProxy, func(s *harness.Settings) { s.Auth.Attempts, s.Auth.DayAttempts = 3, 5 })
	shown := p.device("admin@a.example")
	for i := range 5 {
		p.loginFrom(each("198.51.100.%d")(i), "admin@a.example", "wrong").Problem(t, http.StatusUnauthorized)
	}
	wantTooMany(t, p.loginFrom("198.51.100.99", "admin@a.example", "wrong"))
	wantTooMany(t, p.loginFrom("198.51.100.99", "admin@a.example", harness.Password))
	p.loginFrom("198.51.100.99", "admin@a.example", harness.Password, shown).Want(t, http.StatusOK)
	p.loginFrom("198.51.100.99", "manager@a.example", harness.Password).Want(t, http.StatusOK)

	p.Exec(`update platform.login_attempts set at = at - interval '23 hours'`)
	wantTooMany(t, p.loginFrom("198.51.100.99", "admin@a.example", harness.Password))
	p.Exec(`update platform.login_attempts set at = at - interval '1 hour'`)
	p.loginFrom("198.51.100.99", "admin@a.example", harness.Password).Want(t, http.StatusOK)
}

// Whoever has a company of his own can give somebody there the e-mail of a stranger and any password: that it fits there
// makes it no less a guess at the stranger's own account.
func TestAttempts_ByACompanyOfOnesOwn(t *testing.T) {
	t.Parallel()
	p := newPortal(t, behindProxy, func(s *harness.Settings) { s.Auth.Attempts, s.Auth.DayAttempts = 100, 3 })
	const victim = "admin@a.example"
	admin := p.Token(harness.CompanyB, auth.Admin)
	person := func(secret string) map[string]any {
		return map[string]any{"name": "Planted", "email": victim, "phone": nil, "role": auth.User, "password": secret}
	}
	p.Do("POST", "/add-user/", admin, person("guess number 0")).Want(t, http.StatusOK)
	var device url.Values
	for i := range 3 {
		guess := fmt.Sprintf("guess number %d", i)
		p.Do("PUT", "/reset-password/", admin, map[string]any{"email": victim, "new_password": guess}).Want(t, http.StatusOK)
		var s harness.Pair
		p.loginFrom("198.51.100.1", victim, guess).Want(t, http.StatusOK).JSON(t, &s)
		device = url.Values{"refresh_token": {s.RefreshToken}}
	}
	wantTooMany(t, p.loginFrom("198.51.100.2", victim, "guess number 2"))
	// The device is known in that company, and opens its account alone; what it guesses at the other counts as a stranger's.
	p.loginFrom("198.51.100.1", victim, "guess number 2", device).Want(t, http.StatusOK)
	wantTooMany(t, p.loginFrom("198.51.100.1", victim, harness.Password, device))
	// Nor does its count help where the company is named.
	wantTooMany(t, p.loginFrom("198.51.100.1", victim, harness.Password, device, url.Values{"customer_id": {harness.CompanyA}}))
}

func TestAttempts_OfThePasswordChange(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.Auth.Attempts = 3 })
	s, other := p.Session("user@a.example"), p.Session("user@a.example")
	for range 3 {
		p.changePassword(s.AccessToken, "wrong password", "staple correct horse").Problem(t, http.StatusUnauthorized)
	}
	wantTooMany(t, p.changePassword(s.AccessToken, harness.Password, "staple correct horse"))
	p.Do("GET", "/properties/", s.AccessToken, nil).Want(t, http.StatusOK)
	// Whoever guesses in one session keeps nobody out elsewhere.
	p.changePassword(other.AccessToken, harness.Password, "staple correct horse").Want(t, http.StatusOK)
	p.LoginWith("user@a.example", "staple correct horse").Want(t, http.StatusOK)
}
