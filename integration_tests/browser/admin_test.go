package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// An operator makes a customer and the invitation of its first Admin, who accepts it elsewhere and invites a person; the
// operator acts inside, which the company's log shows, and comes back. Nobody sees anything of another company.
func TestCustomers_FromNothingToAPersonInvited(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	operator := newTab(t, p, desk)
	operator.logIn(harness.Operator)
	operator.visit("/customers")
	operator.see("Alder Grounds", "Birch Grounds")
	operator.click("New customer")
	operator.fill("Company", "Cedar Grounds")
	operator.fill("Contact name", "Cleo Cedar")
	operator.fill("Contact e-mail", "cleo@cedar.example")
	operator.choose("Time zone", "America/Denver")
	operator.click("Create, then invite its Admin")
	operator.see("Cedar Grounds is created: invite its first Admin")
	operator.click("Invite")
	link := operator.linkOf("cleo@cedar.example")
	operator.click("Close")
	operator.see("cleo@cedar.example is invited.", "Act inside and see people")

	admin := newTab(t, p, desk)
	admin.follow(link)
	admin.see("You are invited into the portal.")
	if left := admin.eval(`location.href`); strings.Contains(left, "token") {
		t.Errorf("the token stays in the address: %s", left)
	}
	admin.expect("answer: POST "+p.URL+"/api/invitations/accept: 422", "status of 422")
	admin.fill("Password", "password1")
	admin.click("Accept and log in")
	admin.see("Not done:")
	admin.fill("Password", harness.Chosen)
	admin.click("Accept and log in")
	admin.see("Hello Cleo Cedar.", "Cedar Grounds")

	admin.visit("/invitations")
	admin.click("New invitation")
	admin.fill("E-mail", "mo@cedar.example")
	admin.choose("Role", "Manager")
	admin.click("Invite")
	second := admin.linkOf("mo@cedar.example")
	admin.click("Close")
	admin.see("mo@cedar.example is invited.", "Open")

	operator.click("Act inside and see people")
	operator.fill("Reason", "the first storm")
	operator.click("Act inside")
	operator.see("You act inside Cedar Grounds.", "Cleo Cedar")
	operator.visit("/audit-log")
	operator.see("customer.entered", "the first storm", "invitation.made")
	if text := operator.text(); strings.Contains(text, "Alder") || strings.Contains(text, "a.example") {
		t.Errorf("another company inside this one:\n%s", text)
	}
	operator.click("Switch back")
	operator.see("Alder Grounds", "Cedar Grounds")

	manager := newTab(t, p, phone)
	manager.follow(second)
	manager.fill("Password", harness.Chosen)
	manager.click("Accept and log in")
	manager.see("Cedar Grounds")
	admin.visit("/people")
	admin.see("Cleo Cedar", "mo@cedar.example", "Manager")
	other := newTab(t, p, desk)
	other.logIn(harness.Email(harness.CompanyA, auth.Admin))
	other.visit("/people")
	other.see("Admin One")
	if text := other.text(); strings.Contains(text, "cedar") {
		t.Errorf("Cedar's people in Alder:\n%s", text)
	}
}

// An Admin keeps his people: adds one, changes and suspends him, and keeps one out who asked for an account.
func TestPeople_KeptByAnAdmin(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	stranger := newTab(t, p, phone)
	stranger.visit("/sign-up?customer_id=" + harness.CompanyA)
	stranger.fill("Name", "Nils Newcomer")
	stranger.fill("E-mail", "nils@a.example")
	stranger.fill("Phone", "716 555 0199")
	stranger.choose("Role", "Admin")
	stranger.fill("Password", harness.Chosen)
	stranger.click("Ask")
	stranger.see("Your request is sent.")

	admin := newTab(t, p, desk)
	admin.logIn(harness.Email(harness.CompanyA, auth.Admin))
	admin.visit("/sign-ups")
	admin.see("Nils Newcomer", "Admin")
	admin.click("Approve Nils Newcomer")
	admin.choose("Role", "User")
	admin.click("Approve")
	admin.see("Nobody waits for approval.")
	admin.visit("/people")
	admin.click("New person")
	admin.fill("Name", "Sue Shovel")
	admin.fill("E-mail", "sue@a.example")
	admin.choose("Role", "Subcontractor")
	admin.choose("Works for", "Contractor One")
	admin.fill("Password", harness.Chosen)
	admin.click("Save")
	admin.see("Sue Shovel", "Subcontractor, for Contractor One")
	admin.click("Change Sue Shovel")
	admin.fill("Name", "Sue Plow")
	admin.click("Save")
	admin.click("Suspend Sue Plow")
	admin.click("Suspend")
	admin.see("Suspended")
	admin.click("Delete Nils Newcomer")
	admin.click("Delete")
	admin.until("a list without him", `!document.querySelector("table").innerText.includes("Nils")`)
	if strings.Contains(admin.text(), "Password of Admin One") {
		t.Error("an Admin may shut himself out")
	}

	other := newTab(t, p, desk)
	other.logIn(harness.Email(harness.CompanyB, auth.Admin))
	for _, path := range []string{"/people", "/sign-ups", "/audit-log"} {
		other.visit(path)
		if text := other.text(); strings.Contains(text, "Sue") || strings.Contains(text, "Nils") {
			t.Errorf("%s of another company:\n%s", path, text)
		}
	}
}

// linkOf is the link of an invitation, which is shown once.
func (b *tab) linkOf(email string) string {
	b.t.Helper()
	b.see("Invitation of " + email)
	link := b.eval(`document.querySelector("dialog[open] input[readonly]").value`)
	if !strings.HasPrefix(link, b.portal.URL+"/#/accept-invitation?token=") {
		b.t.Fatalf("the link is %q", link)
	}
	return link
}

// follow opens a link as one from a mail.
func (b *tab) follow(link string) {
	b.t.Helper()
	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(link))
	b.settled()
}

// A service's secret is shown this once, and its key is revoked by a click. Whoever acts inside the company makes none.
func TestServices_SecretIsShownOnce(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t)
	admin := newTab(t, p, desk)
	admin.logIn(harness.Email(harness.CompanyA, auth.Admin))
	admin.visit("/services")
	admin.click("New service key")
	admin.fill("Name", "n8n")
	admin.check("Events")
	admin.click("Make it")
	secret := admin.eval(`[...document.querySelectorAll("dialog[open] input[readonly]")].at(-1).value`)
	if len(secret) < 30 {
		t.Fatalf("the secret is %q", secret)
	}
	admin.click("Close")
	admin.see("The secret is not shown again.", "Valid")
	if admin.visit("/services"); strings.Contains(admin.eval(`document.documentElement.outerHTML`), secret) {
		t.Error("the secret is shown again")
	}
	admin.click("Revoke n8n")
	admin.click("Revoke")
	admin.see("Revoked")

	operator := newTab(t, p, desk)
	operator.logIn(harness.Operator)
	operator.visit("/customers/" + harness.CompanyA)
	operator.click("Act inside")
	operator.click("Act inside")
	operator.see("You act inside Alder Grounds.")
	operator.visit("/services")
	operator.see("Who acts inside a company makes no keys there")
	if strings.Contains(operator.text(), "New service key") {
		t.Error("an operator is offered a key that outlasts his stay")
	}
}

// The assistant does what a person has confirmed by a click, and nothing else.
func TestAssistant_DoesWhatIsConfirmed(t *testing.T) {
	t.Parallel()
	models := harness.NewModels(t)
	p := harness.NewPortal(t, func(s *harness.Settings) { models.Over(s, "openai_api_key") })
	p.Exec(`update platform.customers set features = features || '{"ai": true}'`)
	property := harness.Query[int64](p, `select id from portal.locations where customer_id = $1 and name = 'Property 1'`, harness.CompanyA)
	models.Say(func(q harness.Asked) harness.Said {
		if len(q.Results) > 0 || !strings.HasPrefix(q.Last, "Log") {
			return harness.Said{Text: "You asked: " + q.Last}
		}
		log := fmt.Sprintf(`{"property_id": %d, "contractor_name": "contractor one", "time_in": "2026-01-10T19:00", "time_out": "2026-01-10T20:00"}`, property)
		return harness.Said{Calls: []harness.ToolCall{{Tool: "create_winter_log", Arguments: log}}}
	})
	logs := func() int { return harness.Query[int](p, `select count(*)::int from portal.winter_ops_logs`) }
	b := newTab(t, p, phone)
	b.logIn(harness.Email(harness.CompanyA, auth.Manager))
	b.visit("/assistant")
	b.click("What are my open tickets?")
	b.see("You asked: What are my open tickets?")
	b.fill("Your question", "Log what was done")
	b.click("Ask")
	b.click("Leave it")
	b.see("Left as it is.")
	if n := logs(); n != 0 {
		t.Fatalf("%d logs before anybody confirmed one", n)
	}
	b.fill("Your question", "Log it again")
	b.click("Ask")
	b.click("Do it")
	b.see("✓ ")
	if n := logs(); n != 1 {
		t.Errorf("%d logs after one was confirmed", n)
	}
}

// An Admin takes all data of the company home, once; another is asked for and discarded. An operator who acts inside only looks.
func TestCompany_AllItsDataOnce(t *testing.T) {
	t.Parallel()
	p := harness.NewPortal(t, func(s *harness.Settings) { s.Workers = true })
	admin := newTab(t, p, desk)
	admin.logIn(harness.Email(harness.CompanyA, auth.Admin))
	admin.visit("/company")
	admin.click("Ask for all data")
	admin.see("It is being made.", "Admin One", "Ready")
	admin.click("Download it, once")
	if file := admin.saved(".tar.zst"); !strings.HasPrefix(file, "\x28\xb5\x2f\xfd") {
		t.Errorf("the file begins with %q", file[:min(len(file), 20)])
	}
	admin.see("Saved as "+harness.CompanyA+"-", "Downloaded")
	admin.until("no second download", `!document.body.innerText.includes("Download it, once")`)
	admin.click("Ask for all data")
	admin.see("Download it, once")

	operator := newTab(t, p, desk)
	operator.logIn(harness.Operator)
	operator.visit("/customers")
	operator.click("Alder Grounds")
	operator.click("Act inside")
	operator.fill("Reason", "the data")
	operator.click("Act inside")
	operator.see("You act inside Alder Grounds.")
	operator.visit("/company")
	operator.see("Who acts inside a company asks for none and downloads none", "Ready")
	if text := operator.text(); strings.Contains(text, "Download it, once") {
		t.Errorf("an operator is offered the data:\n%s", text)
	}

	admin.click("Discard it")
	admin.click("Discard it")
	admin.see("The export was discarded", "Ask for all data")
}
