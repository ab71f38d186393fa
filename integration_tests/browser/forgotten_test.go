package browser

import (
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// Somebody who has forgotten his password gets a link by mail, chooses another password there, and logs in with it, while the
// same person of another company goes on; an Admin sees who is logged in and ends a session.
func TestForgotten_ALinkByMail(t *testing.T) {
	t.Parallel()
	const public = "https://portal.example"
	post := harness.NewPost(t)
	p := harness.NewPortal(t, post.Over, func(s *harness.Settings) { s.Workers, s.Server.PublicURL = true, public })
	email := harness.Email(harness.CompanyA, auth.Manager)
	before, other := newTab(t, p, desk), newTab(t, p, desk)
	before.logIn(email)
	other.logIn(harness.Email(harness.CompanyB, auth.Manager))

	b := newTab(t, p, phone)
	b.click("Forgotten your password?")
	b.fill("E-mail", email)
	b.click("Send me a link")
	b.see("a link is on its way")
	mail := post.Taken(1)[0]
	_, rest, found := strings.Cut(mail.Text, public)
	if !found || mail.To[0] != email {
		t.Fatalf("to %q: %s", mail.To, mail.Text)
	}
	b.follow(p.URL + strings.Fields(rest)[0])
	b.fill("New password", harness.Chosen)
	b.click("Save")
	b.see("Password set", "Log in")
	if left := b.eval(`location.href`); strings.Contains(left, "token") {
		t.Errorf("the token stays in the address: %s", left)
	}
	b.fill("E-mail", email)
	b.fill("Password", harness.Chosen)
	b.click("Log in")
	b.see("Hello Manager One.", "Alder Grounds")

	before.expect("401")
	before.visit("/properties")
	before.see("Forgotten your password?")
	other.visit("/properties")
	other.see("Property 1")

	admin := newTab(t, p, desk)
	admin.logIn(harness.Email(harness.CompanyA, auth.Admin))
	admin.visit("/sessions")
	admin.see("Manager One")
	admin.click("End the session of Manager One")
	admin.click("End")
	admin.see("Session ended")
	b.expect("401")
	b.visit("/properties")
	b.see("Forgotten your password?")
	other.visit("/profile")
	other.see("Where you are logged in", "Yes")
}
