package features

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// A number that is nobody's is told so once a day; who has no account is nobody, and so is who is not active.
func TestSMS_Stranger(t *testing.T) {
	t.Parallel()
	p := newTexting(t)
	const a, stranger = harness.CompanyA, "+17165550199"
	p.brings(a, stranger, "STOP").Want(t, http.StatusOK)
	p.brings(a, stranger, "home\x00").Want(t, http.StatusOK)
	if sent := p.Sent(1); len(sent) != 1 || sent[0].To != stranger || sent[0].Body != "This number is not registered. Ask your company to add it to your account." {
		t.Errorf("%+v", sent)
	}
	p.brings(a, stranger, "hello?").Want(t, http.StatusOK)
	p.SentNone()
	p.Exec(`update portal.users set status = 'suspended' where customer_id = $1 and role = 'User'`, a)
	p.brings(a, mobile, "home").Want(t, http.StatusOK)
	if sent := p.Sent(1); !strings.HasPrefix(sent[0].Body, "This number is not registered") {
		t.Errorf("%+v", sent)
	}
	if n := harness.Query[int](p.Portal, `select count(*) from portal.users where not available_for_assignment`); n != 0 {
		t.Error("a stranger's word changed something")
	}
}

// What a rule of another feature forbids is not done in part, and the person reads why.
func TestSMS_Forbidden(t *testing.T) {
	t.Parallel()
	p := newTexting(t)
	const a = harness.CompanyA
	p.Exec(`insert into portal.property_contractors (customer_id, property_id, contractor_id, acceptance_status, accepted_at) values ($1, $2, $3, 'accepted', now())`,
		a, p.property(a, 1), p.person(a, auth.User))
	p.Do("POST", "/submit-winter-log/", p.Token(a, auth.User), map[string]any{"property_id": p.property(a, 1), "time_in": "2026-01-10T19:00"}).Want(t, http.StatusOK)
	if have := p.says(a, "start"); have != "That could not be done: this worker has a ticket open at the property already; close that one first." {
		t.Error(have)
	}
	if have := p.one(`select conversation_state || ' ' || (active_ticket_id is null) from portal.sms_context`); have != "idle true" {
		t.Error(have)
	}
	if have := p.says(a, "done"); have != "You have no open ticket. Text START to open one." {
		t.Error(have)
	}
}

// An old command is not obeyed.
func TestSMS_Stale(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p := newTexting(t, func(s *harness.Settings) { s.Server.Clock = func() time.Time { return now.Add(25 * time.Hour) } })
	p.brings(harness.CompanyA, mobile, "home").Want(t, http.StatusOK)
	harness.WaitFor(t, "the message to be put away", func() bool {
		return harness.Query[int](p.Portal, `select count(*) from portal.sms_messages where direction = 'inbound' and not waits`) == 1
	})
	p.SentNone()
	if d := cmp.Diff("true", p.one(`select bool_and(available_for_assignment)::text from portal.users`)); d != "" {
		t.Error("who wrote yesterday is sent home")
	}
}
