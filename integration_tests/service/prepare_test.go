package service

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
)

// dear is an input with work of its own, which the test counts.
type dear struct {
	Body struct {
		Text string `json:"text"`
	}
}

var worked atomic.Int64

func (*dear) Prepare(context.Context) error {
	worked.Add(1)
	return nil
}

// Whoever is not admitted any more is told so before anything is worked for him, and before what he sends is looked
// at: by every operation that prepares. What is sent here nobody may send.
func TestPrepare_ComesAfterTheCallerIsAdmitted(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) {
		s.Routes = func(api endpoint.API) {
			endpoint.Post(api, "/dear/", "dear", "Dear", func(context.Context, db.Tx, *dear) (endpoint.Message, error) {
				return endpoint.Message{}, nil
			}, endpoint.Only(auth.Admin))
		}
	})
	var preparing []harness.Request
	for _, op := range harness.ReadDocument(t, p.Portal) {
		if op.Prepares && !op.Public() {
			preparing = append(preparing, harness.Request{Op: op, IDs: map[string]any{"path.user_id": 1}})
		}
	}
	if len(preparing) < 4 {
		t.Errorf("only %v prepare", preparing)
	}
	first, second, third := p.Session(harness.Email(harness.CompanyA, auth.Admin)), p.admin("second"), p.admin("third")
	p.Do("POST", "/api/logout/", first.AccessToken, nil).Want(t, http.StatusOK)
	p.Exec(`update portal.users set status = 'suspended' where email = 'second@a.example'`)
	for why, gone := range map[string]struct {
		token  string
		status int
	}{"logged out": {first.AccessToken, 401}, "suspended": {second, 401}} {
		for _, r := range preparing {
			p.refuses(r, third)
			p.Do(r.Op.Method, r.Target(), gone.token, unfit(r)).Problem(t, gone.status)
		}
		p.Do("POST", "/dear/", gone.token, map[string]string{"text": why}).Problem(t, gone.status)
	}
	p.Exec(`update platform.customers set status = 'suspended' where customer_id = $1`, harness.CompanyA)
	for _, r := range preparing {
		p.Do(r.Op.Method, r.Target(), third, unfit(r)).Problem(t, http.StatusForbidden)
	}
	p.Do("POST", "/dear/", third, map[string]string{"text": "suspended"}).Problem(t, http.StatusForbidden)
	if n := worked.Load(); n != 0 {
		t.Errorf("worked %d times for who is not admitted", n)
	}
	p.Exec(`update platform.customers set status = 'active' where customer_id = $1`, harness.CompanyA)
	p.Do("POST", "/dear/", third, map[string]string{"text": "admitted"}).Want(t, http.StatusOK)
	if n := worked.Load(); n != 1 {
		t.Errorf("worked %d times for who is", n)
	}
}

// admin is the token of one more Admin of companyA.
func (p *portal) admin(name string) string {
	p.T.Helper()
	p.SeedPerson(harness.CompanyA, name, name+"@a.example", auth.Admin, "active")
	return p.Session(name + "@a.example").AccessToken
}

// unfit is a body that the operation refuses.
func unfit(r harness.Request) any {
	if strings.Contains(r.Op.Path, "import") {
		return harness.Upload{Name: "a.csv", Content: "no headings\n"}
	}
	return map[string]any{"email": 1}
}

// refuses asks that the operation refuses the body to who is admitted, because of the body.
func (p *portal) refuses(r harness.Request, token string) {
	p.T.Helper()
	if a := p.Do(r.Op.Method, r.Target(), token, unfit(r)); a.Status != http.StatusBadRequest && a.Status != http.StatusUnprocessableEntity {
		p.T.Errorf("%s: status %d for what nobody may send", r.Op, a.Status)
	}
}
