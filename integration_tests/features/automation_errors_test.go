package features

import (
	"net/http"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

const office = "+17165550109"

// newAsking is a texting portal whose Admins have a telephone, the same in both companies, and whose company A has a workflow.
func newAsking(t *testing.T) (*texting, *flowing, *workflow) {
	t.Helper()
	p := newTexting(t)
	f, w := &flowing{portal: p.portal, vault: harness.VaultOf(harness.Suite.Keys)}, newWorkflow(t)
	p.Exec(`update portal.users set phone = $1 where role = 'Admin'`, office)
	f.goesTo(harness.CompanyA, w.URL)
	w.secret = f.secret(harness.CompanyA)
	return p, f, w
}

// From a service's error to an Admin's telephone, and from his answer to the workflow, all within one company.
func TestErrors_AskAnAdminWhoDecides(t *testing.T) {
	t.Parallel()
	p, f, w := newAsking(t)
	service := p.ServiceToken(harness.CompanyA, "error-report")
	var out struct {
		OK       bool
		Notified int
	}
	p.Do("POST", "/n8n/error-report", service, map[string]any{"error_id": "E-7", "message": "The invoice run stopped", "severity": "critical"}).Want(t, http.StatusOK).JSON(t, &out)
	if !out.OK || out.Notified != 1 {
		t.Errorf("%+v", out)
	}
	sent := p.Sent(1)
	if len(sent) != 1 || sent[0].To != office || sent[0].From != numbers[harness.CompanyA] || sent[0].Account != sids[harness.CompanyA] {
		t.Fatalf("%+v", sent)
	}
	for _, part := range []string{"critical: The invoice run stopped", "ERROR ID: E-7", "1 FIX, 2 IGNORE", "3 CUSTOM"} {
		if !strings.Contains(sent[0].Body, part) {
			t.Errorf("%q is not in %q", part, sent[0].Body)
		}
	}
	if of := harness.Query[string](p.Portal, `select string_agg(customer_id, ' ') from portal.sms_context where context_data ->> 'error_id' = 'E-7' and (context_data ->> 'error_expires_at')::timestamptz between now() + interval '23 hours' and now() + interval '24 hours'`); of != harness.CompanyA {
		t.Errorf("the question is kept in %q", of)
	}

	// B's Admin, of the same number, was asked nothing; what he says is no decision.
	p.brings(harness.CompanyB, office, "fix").Want(t, http.StatusOK)
	p.Sent(1)
	p.brings(harness.CompanyA, office, " Fix ").Want(t, http.StatusOK)
	if reply := p.Sent(1); len(reply) != 1 || !strings.Contains(reply[0].Body, "E-7") {
		t.Errorf("%+v", reply)
	}
	f.last(harness.CompanyA, "sent 1")
	if all := w.all(); len(all) != 1 || all[0].ErrorID != "E-7" || all[0].Message != "FIX" || all[0].Phone != office || !all[0].Genuine {
		t.Errorf("%+v", all)
	}
	if s := f.status(harness.CompanyB); len(s.Deliveries) != 0 {
		t.Errorf("%+v", s)
	}
	// It is asked once.
	p.brings(harness.CompanyA, office, "ignore").Want(t, http.StatusOK)
	p.Sent(1)
	if all := w.all(); len(all) != 1 {
		t.Errorf("%+v", all)
	}
}

// A reminder goes to the owners of tickets that have been open for long, of the service's own company.
func TestEvents_RemindOwnersOfOpenTickets(t *testing.T) {
	t.Parallel()
	p, _, _ := newAsking(t)
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		p.Do("POST", "/submit-winter-log/", p.Token(company, auth.User), map[string]any{"property_id": p.property(company, 1), "time_in": "2026-01-10T01:00"}).Want(t, http.StatusOK)
	}
	remind := func(hours int) string {
		t.Helper()
		a := p.Do("POST", "/n8n/events", p.ServiceToken(harness.CompanyA, "events"), map[string]any{"type": "ticket_reminder", "data": map[string]any{"hours": hours}}).Want(t, http.StatusOK)
		return string(a.Body)
	}
	if said := remind(12); !strings.Contains(said, "1 person is reminded") {
		t.Error(said)
	}
	if sent := p.Sent(1); len(sent) != 1 || sent[0].To != mobile || sent[0].Account != sids[harness.CompanyA] || !strings.Contains(sent[0].Body, "Property 1") {
		t.Errorf("%+v", sent)
	}
	p.Exec(`update portal.winter_ops_logs set time_in = now() - interval '2 hours'`)
	if said := remind(12); !strings.Contains(said, "0 people are reminded") {
		t.Error(said)
	}
}
