package integration_tests

import (
	"crypto/ed25519"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/lestrrat-go/jwx/v2/jwa"

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
func lists(t *testing.T, p *portal) (all []*operation) {
	t.Helper()
	for _, op := range readDocument(t, p) {
		if op.method == "GET" && len(op.places()) == 0 && !op.public() && op.admits(caller{role: auth.Admin}) {
			all = append(all, op)
		}
	}
	return all
}

// serverBehind is the real server behind a bouncer: under the requests of two companies at once each
// operation answers as the server does that has the database for itself.
func serverBehind(t *testing.T, b bouncer) {
	direct := newPortal(t)
	direct.run("testdata/every_table.sql", everyTableSQL)
	p := newPortal(t, func(s *settings) {
		s.database = direct.database
		s.db.App, s.db.Auth, s.db.Platform = b.url("portal_app", direct.database), b.url("portal_auth", direct.database), b.url("portal_platform", direct.database)
		s.db.AppConns = 8
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
		for _, company := range []string{companyA, companyB} {
			c := &cell{Route: "PgBouncer", Vector: 21, Name: "the server, two companies at once", Object: op.String(), Command: company}
			cells = append(cells, c)
			token, other := p.token(company, auth.Admin), map[string]string{companyA: companyB, companyB: companyA}[company]
			work <- func() {
				target := request{op: op}.target()
				want, err := direct.try(t.Context(), op.method, target, token, nil)
				if err != nil {
					t.Error(err)
				}
				for range 3 {
					have, err := p.try(t.Context(), op.method, target, token, nil)
					foreign := strings.Contains(string(have.body), other) || strings.Contains(string(have.body), strings.ToLower(other[:1])+".example")
					c.note(false, err == nil && !foreign, "GET "+target, fmt.Sprintf("%d, %d bytes", have.status, len(have.body)), "nothing of the other company's")
					c.note(true, err == nil && plain(have, nil) == plain(want, nil) && have.status < http.StatusInternalServerError, "GET "+target,
						fmt.Sprintf("%d, as without PgBouncer", want.status), "the same answer")
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
	p := newPortal(t)
	p.run("testdata/every_table.sql", everyTableSQL)
	pair := p.session(email(companyA, auth.Admin))
	claims := claimsOf(t, pair.AccessToken)
	parts := strings.Split(pair.AccessToken, ".")
	_, own, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	victim := member(t, p.super, companyB, auth.Admin)
	suspended := changed(claims, map[string]any{"sub": number(member(t, p.super, companyA, auth.User).user), "role": auth.User})
	elsewhere := map[string]any{"customer_id": companyB, "sub": number(victim.user)}
	tokens := []struct {
		number int
		name   string
		tokens []string
	}{
		{105, "forged signatures", []string{
			sign(t, jwa.EdDSA, own, changed(claims, elsewhere), nil), sign(t, jwa.HS256, []byte("key"), changed(claims, elsewhere), nil),
			parts[0] + "." + strings.Split(sign(t, jwa.EdDSA, own, changed(claims, elsewhere), nil), ".")[1] + "." + parts[2], parts[0] + "." + parts[1] + ".", "",
		}},
		{106, "claims that are not ours", []string{
			signGenuine(t, changed(claims, map[string]any{"aud": "another"}), nil), signGenuine(t, changed(claims, map[string]any{"iss": "another"}), nil),
			signGenuine(t, changed(claims, map[string]any{"exp": 1}), nil), signGenuine(t, changed(claims, map[string]any{"customer_id": []string{companyB}}), nil),
			signGenuine(t, claims, map[string]any{"typ": "JWT"}),
		}},
		{107, "a refresh token", []string{pair.RefreshToken}},
		{109, "another company's, another's session", []string{signGenuine(t, changed(claims, elsewhere), nil), signGenuine(t, suspended, nil)}},
	}
	before := takeSnapshot(t, p)
	var cells []*cell
	for _, op := range readDocument(t, p) {
		if op.public() || op.Acting || !op.admits(caller{role: auth.Admin}) {
			continue
		}
		target := request{op: op}.target()
		// A session of its own: an operation may end it.
		genuine := signGenuine(t, changed(claims, map[string]any{"sid": member(t, p.super, companyA, auth.Admin).session}), nil)
		control := p.do(op.method, target, genuine, nil)
		for _, v := range tokens {
			// A claim that only PostgreSQL can judge is judged after role and request. Whoever logs out is
			// out in any case.
			late := v.number == 109
			if late && (control.status >= http.StatusMultipleChoices || op.path == "/api/logout/") {
				continue
			}
			c := &cell{Route: "HTTP", Vector: v.number, Name: v.name, Object: op.String(), Command: op.method}
			for _, token := range v.tokens {
				a := p.do(op.method, target, token, nil)
				c.note(false, a.status == http.StatusUnauthorized || late && a.status == http.StatusForbidden, op.method+" "+target, fmt.Sprint(a.status), "401")
			}
			c.note(true, control.status != http.StatusUnauthorized && control.status < http.StatusInternalServerError, op.method+" "+target,
				fmt.Sprintf("%d with a genuine token", control.status), "let in")
			cells = append(cells, c)
		}
	}
	cells = append(cells, headers(t, p)...)
	changes, err := before.changes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range changes {
		if at.customer == companyB && at.table != "platform.sessions" {
			t.Errorf("rows of %s of the other company changed", at.table)
		}
	}
	judge(t, cells)
}

// headers name the other company beside a genuine token: the answer is that without them.
func headers(t *testing.T, p *portal) (cells []*cell) {
	t.Helper()
	token := p.token(companyA, auth.Admin)
	for _, op := range lists(t, p) {
		target := request{op: op}.target()
		c := &cell{Route: "HTTP", Vector: 108, Name: "the company in a header and in the address", Object: op.String(), Command: op.method}
		join := map[bool]string{true: "&", false: "?"}[strings.Contains(target, "?")]
		want := p.ask(op.method, target, token, nil)
		have := p.ask(op.method, target+join+"customer_id="+companyB+"&tenant="+companyB, token, map[string]string{
			"X-Customer-Id": companyB, "X-Tenant-Id": companyB, "Cookie": "customer_id=" + companyB, "Host": "birch.example",
		})
		c.note(false, plain(have, companyB) == plain(want, companyB), "GET "+target+" with X-Customer-Id: "+companyB, fmt.Sprintf("%d, as without", have.status), "the same answer")
		c.note(true, want.status < http.StatusInternalServerError, "GET "+target, fmt.Sprintf("%d, %d bytes", want.status, len(want.body)), "an answer")
		cells = append(cells, c)
	}
	return cells
}
