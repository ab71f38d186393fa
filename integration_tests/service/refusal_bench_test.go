package service

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// BenchmarkRefusal tells whether the time of a refused log-in gives its reason away: 50 tries of each
// kind, one after the other in turn, with the limiter off and RefusalTime as it is by default. It
// prints medians and spread; no test fails by a time.
//
//	go test ./integration_tests/service -run '^$' -bench Refusal -benchtime 1x
func BenchmarkRefusal(b *testing.B) {
	p := newPortal(b, func(s *harness.Settings) { s.Auth.RefusalTime = 0 })
	hash, err := bcrypt.GenerateFromPassword([]byte(harness.Password), 12) // the cost of the old portal
	if err != nil {
		b.Fatal(err)
	}
	p.SeedPerson(harness.CompanyA, "Bea", "bcrypt@a.example", auth.User, "active")
	p.Exec(`update platform.logins set password_hash = $1 where email = 'bcrypt@a.example'`, string(hash))
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		p.SeedPerson(company, "Sam", "two@work.example", auth.User, "active")
	}
	people := []string{"unknown@a.example", "admin@a.example", "bcrypt@a.example", "two@work.example"}

	for b.Loop() {
		times := map[string][]time.Duration{}
		for range 50 {
			for _, who := range people {
				start := time.Now()
				p.Do("POST", "/api/login/", "", url.Values{"username": {who}, "password": {"wrong password"}}).Problem(b, http.StatusUnauthorized)
				times[who] = append(times[who], time.Since(start))
			}
		}
		for _, who := range people {
			slices.Sort(times[who])
			fmt.Printf("%-20s median %8.2f ms, %8.2f to %8.2f\n", who, ms(times[who][25]), ms(times[who][0]), ms(times[who][49]))
			b.ReportMetric(ms(times[who][25]), who+"-ms")
		}
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
