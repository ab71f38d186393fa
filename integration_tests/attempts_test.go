package integration_tests

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"testing"

	"contractor-portal/server/auth"
)

// tryFrom logs in from a network address, which the server learns from a proxy.
func (p *portal) tryFrom(ctx context.Context, address, email, secret string) (answer, error) {
	req, err := p.newRequest(ctx, "POST", "/api/login/", url.Values{"username": {email}, "password": {secret}})
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("X-Forwarded-For", address)
	return send(req)
}

func (p *portal) loginFrom(address, email, secret string) answer {
	p.t.Helper()
	a, err := p.tryFrom(p.t.Context(), address, email, secret)
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

func behindProxy(s *settings) { s.server.TrustProxy = true }

func wantTooMany(t *testing.T, a answer) {
	t.Helper()
	problem := a.problem(t, http.StatusTooManyRequests)
	if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || seconds < 1 || problem.Type != "/problems/too-many-requests" {
		t.Errorf("Retry-After %q, type %s", a.header.Get("Retry-After"), problem.Type)
	}
}

func TestAttempts_PerLogin(t *testing.T) {
	t.Parallel()
	p := newPortal(t, behindProxy, func(s *settings) { s.auth.Attempts = 3 })
	for range 5 { // what is admitted does not count
		p.loginFrom("198.51.100.1", "admin@a.example", password).want(t, http.StatusOK)
	}
	for i := range 3 {
		p.loginFrom(fmt.Sprintf("198.51.100.%d", i), "admin@a.example", "wrong").problem(t, http.StatusUnauthorized)
	}

	wantTooMany(t, p.loginFrom("198.51.100.9", "admin@a.example", "wrong"))
	wantTooMany(t, p.loginFrom("198.51.100.9", " ADMIN@a.example", password))
	for range 4 { // an unknown address is limited too, or the limit would tell who is known
		p.loginFrom("198.51.100.9", "nobody@a.example", "wrong")
	}
	wantTooMany(t, p.loginFrom("198.51.100.9", "nobody@a.example", "wrong"))
	p.loginFrom("198.51.100.1", "manager@a.example", password).want(t, http.StatusOK)
	p.loginFrom("198.51.100.1", "admin@b.example", password).want(t, http.StatusOK)

	p.exec(`update platform.login_attempts set at = at - interval '16 minutes'`)
	p.loginFrom("198.51.100.1", "admin@a.example", password).want(t, http.StatusOK)
}

func TestAttempts_PerAddress(t *testing.T) {
	t.Parallel()
	p := newPortal(t, behindProxy, func(s *settings) { s.auth.Attempts, s.auth.AddressAttempts = 100, 4 })
	for i := range 4 {
		p.loginFrom("198.51.100.1", fmt.Sprintf("guess%d@a.example", i), "wrong").problem(t, http.StatusUnauthorized)
	}
	wantTooMany(t, p.loginFrom("198.51.100.1", "admin@a.example", password))
	wantTooMany(t, p.loginFrom("::ffff:198.51.100.1", "admin@a.example", password))
	p.loginFrom("198.51.100.2", "admin@a.example", password).want(t, http.StatusOK)
}

// Without a proxy that is believed, nobody gets a fresh address by a header.
func TestAttempts_AddressIsNotTheClientsToSay(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *settings) { s.auth.Attempts, s.auth.AddressAttempts = 100, 2 })
	for i := range 2 {
		p.loginFrom(fmt.Sprintf("198.51.100.%d", i), "admin@a.example", "wrong").problem(t, http.StatusUnauthorized)
	}
	wantTooMany(t, p.loginFrom("198.51.100.9", "manager@a.example", password))
}

// Tries made at the same time are limited as if they came one after the other.
func TestAttempts_InParallel(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		limit func(*settings)
		who   func(int) string
	}{
		"one login":   {func(s *settings) { s.auth.Attempts = 3 }, func(int) string { return "admin@a.example" }},
		"one address": {func(s *settings) { s.auth.Attempts, s.auth.AddressAttempts = 100, 3 }, func(i int) string { return fmt.Sprintf("guess%d@a.example", i) }},
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
					statuses[a.status]++
				})
			}
			all.Wait()
			if statuses[http.StatusUnauthorized] != 3 || statuses[http.StatusTooManyRequests] != 17 {
				t.Errorf("statuses of 20 tries with a limit of 3: %v", statuses)
			}
			p.loginFrom("198.51.100.2", "manager@b.example", password).want(t, http.StatusOK)
		})
	}
}

func TestAttempts_OfThePasswordChange(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *settings) { s.auth.Attempts = 3 })
	token := p.token(companyA, auth.User)
	change := func(current string) answer {
		return p.do("POST", "/api/change-password/", token, map[string]string{"current_password": current, "new_password": "staple correct horse"})
	}
	for range 3 {
		change("wrong password").problem(t, http.StatusUnauthorized)
	}
	wantTooMany(t, change(password))
	p.do("GET", "/properties/", token, nil).want(t, http.StatusOK)
}
