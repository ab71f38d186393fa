package features

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// tryFrom logs in from a network address, which the server learns from a proxy.
func (p *portal) tryFrom(ctx context.Context, address, email, secret string) (harness.Answer, error) {
	req, err := p.NewRequest(ctx, "POST", "/api/login/", url.Values{"username": {email}, "password": {secret}})
	if err != nil {
		return harness.Answer{}, err
	}
	req.Header.Set("X-Forwarded-For", address)
	return harness.Send(req)
}

func (p *portal) loginFrom(address, email, secret string) harness.Answer {
	p.T.Helper()
	a, err := p.tryFrom(p.T.Context(), address, email, secret)
	if err != nil {
		p.T.Fatal(err)
	}
	return a
}

func behindProxy(s *harness.Settings) { s.Server.TrustProxy = true }

func wantTooMany(t *testing.T, a harness.Answer) {
	t.Helper()
	problem := a.Problem(t, http.StatusTooManyRequests)
	if seconds, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || seconds < 1 || problem.Type != "/problems/too-many-requests" {
		t.Errorf("Retry-After %q, type %s", a.Header.Get("Retry-After"), problem.Type)
	}
}

func TestAttempts_PerLogin(t *testing.T) {
	t.Parallel()
	p := newPortal(t, behindProxy, func(s *harness.Settings) { s.Auth.Attempts = 3 })
	for range 5 { // what is admitted does not count
		p.loginFrom("198.51.100.1", "admin@a.example", harness.Password).Want(t, http.StatusOK)
	}
	for i := range 3 {
		p.loginFrom(fmt.Sprintf("198.51.100.%d", i), "admin@a.example", "wrong").Problem(t, http.StatusUnauthorized)
	}

	wantTooMany(t, p.loginFrom("198.51.100.9", "admin@a.example", "wrong"))
	wantTooMany(t, p.loginFrom("198.51.100.9", " ADMIN@a.example", harness.Password))
	for range 4 { // an unknown address is limited too, or the limit would tell who is known
		p.loginFrom("198.51.100.9", "nobody@a.example", "wrong")
	}
	wantTooMany(t, p.loginFrom("198.51.100.9", "nobody@a.example", "wrong"))
	p.loginFrom("198.51.100.1", "manager@a.example", harness.Password).Want(t, http.StatusOK)
	p.loginFrom("198.51.100.1", "admin@b.example", harness.Password).Want(t, http.StatusOK)

	p.Exec(`update platform.login_attempts set at = at - interval '16 minutes'`)
	p.loginFrom("198.51.100.1", "admin@a.example", harness.Password).Want(t, http.StatusOK)
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
		limit func(*harness.Settings)
		who   func(int) string
	}{
		"one login":   {func(s *harness.Settings) { s.Auth.Attempts = 3 }, func(int) string { return "admin@a.example" }},
		"one address": {func(s *harness.Settings) { s.Auth.Attempts, s.Auth.AddressAttempts = 100, 3 }, func(i int) string { return fmt.Sprintf("guess%d@a.example", i) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t, behindProxy, tt.limit)
			var mu sync.Mutex
			statuses := map[int]int{}
			var all sync.WaitGroup
			for i := range 20 {
				all.Go(func() {
					a, err := p.tryFrom(t.Context(), "198.51.100.1", tt.who(i), "wrong")
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					statuses[a.Status]++
				})
			}
			all.Wait()
			if statuses[http.StatusUnauthorized] != 3 || statuses[http.StatusTooManyRequests] != 17 {
				t.Errorf("statuses of 20 tries with a limit of 3: %v", statuses)
			}
			p.loginFrom("198.51.100.2", "manager@b.example", harness.Password).Want(t, http.StatusOK)
		})
	}
}

func TestAttempts_OfThePasswordChange(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.Auth.Attempts = 3 })
	token := p.Token(harness.CompanyA, auth.User)
	change := func(current string) harness.Answer {
		return p.Do("POST", "/api/change-password/", token, map[string]string{"current_password": current, "new_password": "staple correct horse"})
	}
	for range 3 {
		change("wrong password").Problem(t, http.StatusUnauthorized)
	}
	wantTooMany(t, change(harness.Password))
	p.Do("GET", "/properties/", token, nil).Want(t, http.StatusOK)
}
