package browser

import (
	"net/http"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// An Admin makes the invoices of an event in QuickBooks, and sees what became of each.
func TestQuickBooks_Invoices(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	p.Populate()
	event := harness.Query[string](p, `select event_name from portal.winter_events where customer_id = $1 order by id limit 1`, harness.CompanyA)
	b := newTab(t, p, desk)
	b.logIn(harness.Email(harness.CompanyA, auth.Admin))

	b.visit("/quickbooks?connected=false")
	b.see("Connected with QuickBooks", "the connection was not made. Try again.")
	b.choose("Event", event)
	b.click("Show")
	b.click("Make the invoices of the event")
	b.see("They are sent to QuickBooks.")
	b.click("Make the invoices of the event")
	b.see(" skipped, ")
	b.picture("quickbooks-connected")
}

// A Manager brings clients and properties from Jobber, sees how far it is, and leaves again.
func TestJobber_Synced(t *testing.T) {
	t.Parallel()
	j := harness.NewJobber(t)
	j.Has(harness.JobberClient{ID: "client-1", Name: "Springfield Malls", Properties: []harness.JobberProperty{{ID: "property-1", Address: []string{"1 Mall Road", "", "Springfield", "IL", "62701"}}}})
	p := harness.NewPortal(t, j.Over, func(s *harness.Settings) { s.Workers = true })
	p.Exec(`update platform.customers set features = features || '{"jobber": true}'`)
	var leaving struct {
		AuthorizationURL string `json:"authorization_url"`
	}
	a := p.Do(http.MethodGet, "/jobber/connect", p.Token(harness.CompanyA, auth.Manager), nil)
	a.JSON(t, &leaving)
	p.Ask(http.MethodGet, j.Agree(leaving.AuthorizationURL), "", map[string]string{"Cookie": strings.Split(a.Header.Get("Set-Cookie"), ";")[0]})

	b := newTab(t, p, desk)
	b.logIn(harness.Email(harness.CompanyA, auth.Manager))
	b.visit("/jobber?connected=true")
	b.see("Connected with Jobber", "Connected.")
	b.click("Sync everything")
	b.see("Full", "Springfield Malls", "1 Mall Road")
	if n := harness.Query[int](p, `select count(*)::int from portal.jobber_sync_logs where customer_id = $1 and status = 'completed'`, harness.CompanyA); n != 1 {
		t.Errorf("%d syncs are done", n)
	}
	b.picture("jobber-connected")
	b.click("Disconnect")
	b.see("Disconnect from Jobber?")
	b.click("Disconnect")
	b.see("Not connected with Jobber")
}
