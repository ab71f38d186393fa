package isolation

import (
	"crypto/ed25519"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/lestrrat-go/jwx/v2/jwa"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// judge records cells, and fails the test for each that is not held.
func judge(t *testing.T, cells []*cell) {
	t.Helper()
	record(cells...)
	for _, c := range cells {
		if c.verdict() != held {
			t.Error(c)
		}
	}
}

// lists are the operations that only read and need no id.
func lists(t *testing.T, p *harness.Portal) (all []*harness.Operation) {
	t.Helper()
	for _, op := range harness.ReadDocument(t, p) {
		if op.Method == "GET" && len(op.Places()) == 0 && !op.Public() && op.Admits(harness.Caller{Role: auth.Admin}) {
			all = append(all, op)
		}
	}
	return all
}

// serverBehind is the real server behind a bouncer: under the requests of two companies at once each
// operation answers as the server does that has the database for itself.
func serverBehind(t *testing.T, b bouncer) {
	_, now := harness.NewClock(t, "2026-01-06T06:30:00") // which some answer
	direct := harness.NewPortal(t, now)
	direct.Run("testdata/every_table.sql", harness.EveryTableSQL)
	p := harness.NewPortal(t, now, func(s *harness.Settings) {
		s.Database = direct.Database
		s.DB.App, s.DB.Auth, s.DB.Platform = b.url("portal_app", direct.Database), b.url("portal_auth", direct.Database), b.url("portal_platform", direct.Database)
		s.DB.AppConns = 8
	})
	var cells []*cell
	var all sync.WaitGroup
	work := make(chan func())
	for range 6 {
		all.Go(func() {
			for do := range work {
				do()
			}
		})
	}
	for _, op := range lists(t, p) {
		for _, company := range []string{harness.CompanyA, harness.CompanyB} {
			c := &cell{Route: "PgBouncer", Vector: 21, Name: "the server, two companies at once", Object: op.String(), Command: company}
			cells = append(cells, c)
			token, other := p.Token(company, auth.Admin), map[string]string{harness.CompanyA: harness.CompanyB, harness.CompanyB: harness.CompanyA}[company]
			work <- func() {
				target := harness.Request{Op: op}.Target()
				want, err := direct.Try(t.Context(), op.Method, target, token, nil)
				if err != nil {
					t.Error(err)
				}
				for range 3 {
					have, err := p.Try(t.Context(), op.Method, target, token, nil)
					foreign := strings.Contains(string(have.Body), other) || strings.Contains(string(have.Body), strings.ToLower(other[:1])+".example")
					c.note(false, err == nil && !foreign, "GET "+target, fmt.Sprintf("%d, %d bytes", have.Status, len(have.Body)), "nothing of the other company's")
					c.note(true, err == nil && harness.Plain(have, nil) == harness.Plain(want, nil) && have.Status < http.StatusInternalServerError, "GET "+target,
						fmt.Sprintf("%d, as without PgBouncer", want.Status), "the same answer")
				}
			}
		}
	}
	close(work)
	all.Wait()
	judge(t, cells)
}

// TestAttack_OverHTTP comes to every operation of the served document with tokens that are none.
func TestAttack_OverHTTP(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	p.Run("testdata/every_table.sql", harness.EveryTableSQL)
	pair := p.Session(harness.Email(harness.CompanyA, auth.Admin))
	claims := harness.ClaimsOf(t, pair.AccessToken)
	parts := strings.Split(pair.AccessToken, ".")
	_, own, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	victim := harness.NewMember(t, p.Super, harness.CompanyB, auth.Admin)
	suspended := harness.Changed(claims, map[string]any{"sub": fmt.Sprint(*harness.NewMember(t, p.Super, harness.CompanyA, auth.User).User), "role": auth.User})
	elsewhere := map[string]any{"customer_id": harness.CompanyB, "sub": fmt.Sprint(*victim.User)}
	tokens := []struct {
		number int
		name   string
		tokens []string
	}{
		{105, "forged signatures", []string{
			harness.Sign(t, jwa.EdDSA, own, harness.Changed(claims, elsewhere), nil), harness.Sign(t, jwa.HS256, []byte("key"), harness.Changed(claims, elsewhere), nil),
			parts[0] + "." + strings.Split(harness.Sign(t, jwa.EdDSA, own, harness.Changed(claims, elsewhere), nil), ".")[1] + "." + parts[2], parts[0] + "." + parts[1] + ".", "",
		}},
		{106, "claims that are not ours", []string{
			harness.SignGenuine(t, harness.Changed(claims, map[string]any{"aud": "another"}), nil), harness.SignGenuine(t, harness.Changed(claims, map[string]any{"iss": "another"}), nil),
			harness.SignGenuine(t, harness.Changed(claims, map[string]any{"exp": 1}), nil), harness.SignGenuine(t, harness.Changed(claims, map[string]any{"customer_id": []string{harness.CompanyB}}), nil),
			harness.SignGenuine(t, claims, map[string]any{"typ": "JWT"}),
		}},
		{107, "a refresh token", []string{pair.RefreshToken}},
		{109, "another company's, another's session", []string{harness.SignGenuine(t, harness.Changed(claims, elsewhere), nil), harness.SignGenuine(t, suspended, nil)}},
	}
	before := harness.TakeSnapshot(t, p)
	var cells []*cell
	for _, op := range harness.ReadDocument(t, p) {
		if op.Public() || op.Acting || !op.Admits(harness.Caller{Role: auth.Admin}) {
			continue
		}
		target := harness.Request{Op: op}.Target()
		// A session of its own: an operation may end it.
		genuine := harness.SignGenuine(t, harness.Changed(claims, map[string]any{"sid": harness.NewMember(t, p.Super, harness.CompanyA, auth.Admin).Session}), nil)
		control := p.Do(op.Method, target, genuine, nil)
		for _, v := range tokens {
			// A claim that only PostgreSQL can judge is judged after role and request. Whoever logs out is
			// out in any case.
			late := v.number == 109
			if late && (control.Status >= http.StatusMultipleChoices || op.Path == "/api/logout/") {
				continue
			}
			c := &cell{Route: "HTTP", Vector: v.number, Name: v.name, Object: op.String(), Command: op.Method}
			for _, token := range v.tokens {
				a := p.Do(op.Method, target, token, nil)
				c.note(false, a.Status == http.StatusUnauthorized || late && a.Status == http.StatusForbidden, op.Method+" "+target, fmt.Sprint(a.Status), "401")
			}
			c.note(true, control.Status != http.StatusUnauthorized && control.Status < http.StatusInternalServerError, op.Method+" "+target,
				fmt.Sprintf("%d with a genuine token", control.Status), "let in")
			cells = append(cells, c)
		}
	}
	cells = append(cells, headers(t, p)...)
	changes, err := before.Changes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range changes {
		if at.Customer == harness.CompanyB && at.Table != "platform.sessions" {
			t.Errorf("rows of %s of the other company changed", at.Table)
		}
	}
	judge(t, cells)
}

// headers name the other company beside a genuine token: the answer is that without them.
func headers(t *testing.T, p *harness.Portal) (cells []*cell) {
	t.Helper()
	token := p.Token(harness.CompanyA, auth.Admin)
	for _, op := range lists(t, p) {
		target := harness.Request{Op: op}.Target()
		c := &cell{Route: "HTTP", Vector: 108, Name: "the company in a header and in the address", Object: op.String(), Command: op.Method}
		join := map[bool]string{true: "&", false: "?"}[strings.Contains(target, "?")]
		want := p.Ask(op.Method, target, token, nil)
		have := p.Ask(op.Method, target+join+"customer_id="+harness.CompanyB+"&tenant="+harness.CompanyB, token, map[string]string{
			"X-Customer-Id": harness.CompanyB, "X-Tenant-Id": harness.CompanyB, "Cookie": "customer_id=" + harness.CompanyB, "Host": "birch.example",
		})
		alike := harness.Plain(have, harness.CompanyB) == harness.Plain(want, harness.CompanyB)
		if !alike { // a minute may have turned between the two
			alike = harness.Plain(have, harness.CompanyB) == harness.Plain(p.Ask(op.Method, target, token, nil), harness.CompanyB)
		}
		c.note(false, alike, "GET "+target+" with X-Customer-Id: "+harness.CompanyB, fmt.Sprintf("%d, as without", have.Status), "the same answer")
		c.note(true, want.Status < http.StatusInternalServerError, "GET "+target, fmt.Sprintf("%d, %d bytes", want.Status, len(want.Body)), "an answer")
		cells = append(cells, c)
	}
	return cells
}
