package service

import (
	"net/http"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// Whoever is not let in is told how to be (RFC 9110), by every operation; and who shows two tokens is not let in,
// since it is not for us to choose. The harness holds every other 401 of the tests to the first, too.
func TestUnauthenticated_IsChallengedByEveryOperation(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	token := "Bearer " + p.Token(harness.CompanyA, auth.Admin)
	for _, op := range harness.ReadDocument(t, p.Portal) {
		for name, headers := range map[string][]string{
			"no token": nil, "a bad token": {"Bearer bad"}, "the same twice": {token, token}, "two kinds": {token, "Basic YTpi"}, "a bad one behind a good one": {token, "Bearer bad"},
		} {
			if op.Public() && len(headers) < 2 {
				continue
			}
			r := harness.Request{Op: op}
			req, err := p.NewRequest(t.Context(), op.Method, r.Target(), r.Body())
			if err != nil {
				t.Fatal(err)
			}
			req.Header["Authorization"] = headers
			a, err := harness.Send(req)
			if err != nil {
				t.Fatal(err)
			}
			if challenge := a.Header.Get("WWW-Authenticate"); a.Status != http.StatusUnauthorized || challenge != `Bearer realm="contractor-portal"` {
				t.Errorf("%s with %s: status %d, WWW-Authenticate %q", op, name, a.Status, challenge)
			}
		}
	}
}
