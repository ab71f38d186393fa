package integration_tests

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

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
