package browser

import (
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// A company from nothing to the books of its first storm, by clicks alone: the operator makes the customer and invites its
// Admin, who imports the properties, invites a crew and starts an event; the crew works from a phone; the Admin completes
// the event and takes its logs home. A company that is there meanwhile sees nothing of it.
func TestScenario(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	operator, admin, crew, other := newTab(t, p, desk), newTab(t, p, desk), newTab(t, p, phone), newTab(t, p, desk)

	operator.logIn(harness.Operator)
	operator.visit("/customers")
	operator.click("New customer")
	operator.fill("Company", "Cedar Grounds")
	operator.fill("Contact name", "Cleo Cedar")
	operator.fill("Contact e-mail", "cleo@cedar.example")
	operator.click("Create, then invite its Admin")
	operator.click("Invite")
	admin.accepts(operator.linkOf("cleo@cedar.example"), "Cedar Grounds")

	admin.imports(sheet)
	admin.visit("/invitations")
	admin.click("New invitation")
	admin.fill("Name", "Carl Crew")
	admin.fill("E-mail", "carl@cedar.example")
	admin.choose("Role", "Contractor")
	admin.click("Invite")
	crew.accepts(admin.linkOf("carl@cedar.example"), "Cedar Grounds")
	admin.click("Close")

	admin.visit("/board")
	admin.click("Assign somebody to Maple Plaza")
	admin.choose("Person", "Carl Crew")
	admin.click("Assign")
	admin.see("Not answered")
	admin.visit("/events")
	admin.click("Start an event")
	admin.fill("Start date", hoursAgo(t, 3))
	admin.fill("Event name", "First storm of Cedar")
	admin.click("Start an event")
	admin.see("First storm of Cedar", "Nobody has checked in.")

	crew.visit("/today")
	crew.see("First storm of Cedar")
	crew.click("Check in")
	crew.click("Check in")
	crew.see("Free for work")
	crew.click("Accept Maple Plaza")
	crew.see("No property waits for your answer.")
	for _, ticket := range []struct{ start, notes, bags string }{{"", "First pass", "2"}, {hoursAgo(t, 1), "Second pass", "5"}} {
		crew.click("Start Maple Plaza")
		if ticket.start != "" { // else as it is suggested
			crew.fill("Start", ticket.start)
		}
		crew.fill("Notes", ticket.notes)
		crew.click("Start")
		crew.see("Ticket runs")
		crew.click("Finish Maple Plaza")
		crew.fill("Salt (bags)", ticket.bags)
		crew.click("Finish")
		crew.until("no running ticket", `!document.body.innerText.includes("Ticket runs")`)
	}

	admin.visit("/events")
	admin.click("First storm of Cedar")
	admin.see("Carl Crew", "First pass", "Second pass", "7 bags of salt")
	admin.click("Complete the event")
	admin.click("Complete the event")
	admin.see("Completed at")
	admin.visit("/logs")
	admin.choose("Event", "First storm of Cedar")
	admin.fill("From", "")
	admin.click("Show")
	admin.see("Second pass")
	admin.click("Winter logs (csv)")
	if text := admin.saved(".csv"); strings.Count(text, "Maple Plaza") != 2 || !strings.Contains(text, "First pass") {
		t.Errorf("the export: %s", text)
	}

	other.logIn(harness.Email(harness.CompanyA, auth.Admin))
	other.eachPage(func(path string) {
		for _, theirs := range []string{"Cedar", "cedar", "Maple Plaza", "Carl", "Cleo", "pass"} {
			if strings.Contains(strings.ReplaceAll(other.text(), "password", ""), theirs) {
				t.Errorf("%s of another company says %s", path, theirs)
			}
		}
	})
}

// accepts opens the link of an invitation, and chooses a password.
func (b *tab) accepts(link, company string) {
	b.t.Helper()
	b.follow(link)
	b.fill("Password", harness.Chosen)
	b.click("Accept and log in")
	b.see("Hello", company)
}
