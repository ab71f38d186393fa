package features

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
	"contractor-portal/server/vault"
)

func (p *posted) signUp(company, email string) {
	p.T.Helper()
	p.Do("POST", "/signup-request/", "", signUpForm(email, url.Values{"customer_id": {company}})).Want(p.T, http.StatusOK)
}

// A company's Admins are told of a request, or whom they have named; never another company's, and nobody of one who was
// known already.
func TestMail_SignUpRequest(t *testing.T) {
	t.Parallel()
	p := newPosted(t)
	const a, b = harness.CompanyA, harness.CompanyB
	p.SeedPerson(a, "Ann Admin", "ann@a.example", auth.Admin, "active")
	p.SeedPerson(a, "Sam Suspended", "sam@a.example", auth.Admin, "suspended")
	p.signUp(a, "rae@example.com")
	mails := p.Taken(2)
	if have := to(mails); !slices.Equal(have, []string{"admin@a.example", "ann@a.example"}) {
		t.Errorf("it went to %q", have)
	}
	p.Refuses(func(_, command, argument string) error {
		if command == "RCPT" && argument == "admin@a.example" {
			return harness.Refusal(550, "no such mailbox")
		}
		return nil
	})
	p.signUp(a, "joe@example.com") // one who cannot be reached keeps it from nobody
	if have := to(p.Taken(1)); !slices.Equal(have, []string{"ann@a.example"}) {
		t.Errorf("it went to %q", have)
	}
	p.Refuses(nil)
	m := mails[0]
	if m.Subject != "Request for an account: Rae Request" || !strings.Contains(m.Text, "E-mail: rae@example.com\nPhone: +17165550100\nRole: Admin\n") {
		t.Errorf("%s: %s", m.Subject, m.Text)
	}
	p.Do("PUT", "/update-signup-email/", p.Token(a, auth.Admin), url.Values{"new_email": {"signups@example.com"}}).Want(t, http.StatusOK)
	p.signUp(a, "rae@example.com") // known already
	p.signUp(a, "moe@example.com")
	if have := to(p.Taken(1)); !slices.Equal(have, []string{"signups@example.com"}) {
		t.Errorf("it went to %q", have)
	}
	p.signUp(b, "rae@example.com")
	if have := to(p.Taken(1)); !slices.Equal(have, []string{"admin@b.example"}) {
		t.Errorf("it went to %q", have)
	}
}

// Who is approved is told, each alone and with the role that he has; where mail is not set up nothing waits for it.
func TestMail_Approved(t *testing.T) {
	t.Parallel()
	p := newPosted(t)
	const a = harness.CompanyA
	var ids []int64
	for _, name := range []string{"rae", "moe", "joe"} {
		ids = append(ids, harness.Query[int64](p.Portal, `insert into portal.users (customer_id, name, email, requested_role) values ($1, $2, $2 || '@example.com', 'Manager') returning id`, a, name))
	}
	p.Do("POST", "/approve-signup-requests/?confirm_requested_role=true", p.Token(a, auth.Admin), ids[:2]).Want(t, http.StatusOK)
	mails := p.Taken(2)
	if have := to(mails); !slices.Equal(have, []string{"moe@example.com", "rae@example.com"}) || len(mails[0].To) != 1 || !strings.Contains(mails[0].Text, "Role: Manager\n") {
		t.Errorf("%q: %s", have, mails[0].Text)
	}
	p.Do("POST", fmt.Sprintf("/admin/approve-user/%d", ids[0]), p.Token(a, auth.Admin), url.Values{}).Problem(t, http.StatusConflict)
	none := newPosted(t, unposted)
	id := harness.Query[int64](none.Portal, `insert into portal.users (customer_id, name, email) values ($1, 'rae', 'rae@example.com') returning id`, a)
	none.Do("POST", fmt.Sprintf("/admin/approve-user/%d", id), none.Token(a, auth.Admin), url.Values{}).Want(t, http.StatusOK)
	none.Do("PUT", "/reset-password/", none.Token(a, auth.Admin), url.Values{"email": {"rae@example.com"}, "new_password": {harness.Chosen}}).Want(t, http.StatusOK)
	if n := harness.Query[int](none.Portal, "select count(*) from portal.outbox"); n != 0 {
		t.Errorf("%d mails wait", n)
	}
}

// A server whose keys have no vault yet cannot keep a mail, and does what mails would tell of all the same.
func TestMail_WithoutAVault(t *testing.T) {
	t.Parallel()
	p := newPosted(t, public, func(s *harness.Settings) { s.Server.Vault = vault.New(func() []byte { return nil }) })
	const a = harness.CompanyA
	p.signUp(a, "rae@example.com")
	rae := harness.Query[int64](p.Portal, `select id from portal.users where email = 'rae@example.com'`)
	p.Do("POST", fmt.Sprintf("/admin/approve-user/%d", rae), p.Token(a, auth.Admin), url.Values{}).Want(t, http.StatusOK)
	p.Do("PUT", "/reset-password/", p.Token(a, auth.Admin), url.Values{"email": {"rae@example.com"}, "new_password": {harness.Chosen}}).Want(t, http.StatusOK)
	if i := p.invite(a, "moe@example.com", auth.User); i.Link == "" || i.Token == "" {
		t.Errorf("%+v", i)
	}
	p.post("/email/send", a, auth.Admin, map[string]any{"to_emails": []string{"x@example.com"}, "subject": "Salt", "body": "It comes."}).Problem(t, http.StatusServiceUnavailable)
	p.test(a, auth.Admin, "x@example.com").Want(t, http.StatusOK) // which is not kept
}

// A person learns at the address that he had that an Admin has set a password for him.
func TestMail_PasswordSet(t *testing.T) {
	t.Parallel()
	p := newPosted(t)
	const a = harness.CompanyA
	user := p.person(a, auth.User)
	replace := func(id int64, email, role, password string) {
		t.Helper()
		p.Do("PUT", fmt.Sprintf("/update-user/%d", id), p.Token(a, auth.Admin), map[string]any{"name": "New Name", "phone": nil, "email": email, "role": role, "password": password}).Want(t, http.StatusOK)
	}
	replace(user, "renamed@a.example", auth.User, harness.Chosen)
	if have := to(p.Taken(1)); !slices.Equal(have, []string{harness.Email(a, auth.User)}) {
		t.Errorf("it went to %q", have)
	}
	replace(user, "renamed@a.example", auth.User, "")
	replace(p.person(a, auth.Admin), harness.Email(a, auth.Admin), auth.Admin, harness.Chosen)
	if n := harness.Query[int](p.Portal, "select count(*) from portal.outbox"); n != 1 {
		t.Errorf("%d mails were queued", n)
	}
}

// Where mail is set up the link of an invitation reaches the person invited and nobody else; where it is not, or cannot
// be used, the answer has it.
func TestMail_Invitations(t *testing.T) {
	t.Parallel()
	p := newPosted(t, public)
	const a, b = harness.CompanyA, harness.CompanyB
	made := func(answer harness.Answer, mailed bool) {
		t.Helper()
		var i struct {
			Token, Link string
			Mailed      bool
		}
		answer.Want(t, http.StatusOK).JSON(t, &i)
		if i.Mailed != mailed || (i.Token == "") != mailed || (i.Link == "") != mailed {
			t.Errorf("mailed: %t, and %s", mailed, answer.Body)
		}
	}
	arrived := func(email string) {
		t.Helper()
		m := p.Taken(1)[0]
		_, rest, _ := strings.Cut(m.Text, publicURL+"/#/accept-invitation?token=")
		token, _, _ := strings.Cut(rest, "\n")
		if !slices.Equal(m.To, []string{email}) {
			t.Errorf("the link of %s went to %q", email, m.To)
		}
		p.Accept(token).Want(t, http.StatusOK)
		if strings.Contains(p.Log.String()+p.dump(), token) {
			t.Error("the token is in the log or the database")
		}
	}
	invite := func(company, email string) harness.Answer {
		t.Helper()
		return p.Do("POST", "/api/invitations/", p.Token(company, auth.Admin), map[string]string{"email": email, "role": auth.User})
	}
	operator := p.Token(a, auth.SuperAdmin)
	byOperator := func(company, email string) harness.Answer {
		t.Helper()
		return p.Do("POST", "/api/customers/"+company+"/users", operator, map[string]string{"email": email, "role": auth.Manager})
	}
	made(invite(a, "one@example.com"), true)
	arrived("one@example.com")
	p.gmail(b, "birch@b.example", "password-of-birch")
	made(invite(b, "one@example.com"), true)
	arrived("one@example.com")
	made(byOperator(a, "two@example.com"), true)
	arrived("two@example.com")
	var tenant struct {
		CustomerID string `json:"customer_id"`
		Invitation struct {
			Link   string
			Mailed bool
		}
	}
	p.Do("POST", "/tenants/", operator, map[string]string{"company_name": "Maple", "subdomain": "maple", "admin_email": "three@example.com"}).Want(t, http.StatusOK).JSON(t, &tenant)
	if !tenant.Invitation.Mailed || tenant.Invitation.Link != "" {
		t.Errorf("%+v", tenant)
	}
	arrived("three@example.com")

	// Who has invited sees what became of the mail.
	p.Refuses(func(_, command, argument string) error {
		if command == "RCPT" && argument == "nobody@example.com" {
			return harness.Refusal(550, "no such mailbox")
		}
		return nil
	})
	made(invite(a, "nobody@example.com"), true)
	p.Exec(`insert into platform.invitations (customer_id, email, role, token_hash, invited_by, expires_at) values ($1, 'by.hand@example.com', 'User', sha256('x'), $2, now() + interval '1 day')`, a, p.person(a, auth.Admin))
	outcomes := func() string {
		var list []struct {
			Email     string
			Mail      *string
			MailError *string `json:"mail_error"`
		}
		p.Do("GET", "/api/invitations/", p.Token(a, auth.Admin), nil).Want(t, http.StatusOK).JSON(t, &list)
		var all []string
		for _, i := range list {
			all = append(all, i.Email)
			for _, s := range []*string{i.Mail, i.MailError} {
				if s != nil {
					all = append(all, *s)
				}
			}
		}
		return strings.Join(all, " ")
	}
	harness.WaitFor(t, "what became of the mails", func() bool {
		return outcomes() == "by.hand@example.com nobody@example.com failed The provider says that it cannot be delivered to this recipient. two@example.com sent one@example.com sent"
	})

	// A company that is closed sends nothing.
	p.Do("POST", "/api/customers/"+tenant.CustomerID+"/suspend", operator, nil).Want(t, http.StatusOK)
	made(byOperator(tenant.CustomerID, "four@example.com"), false)
	if n := harness.Query[int](p.Portal, "select count(*) from portal.outbox where customer_id = $1", tenant.CustomerID); n != 1 {
		t.Errorf("%d mails of it were queued", n)
	}
	for name, change := range map[string]func(*harness.Settings){"no account": unposted, "no address of its own": func(s *harness.Settings) { s.Server.PublicURL = "" }} {
		p := newPosted(t, public, change)
		made(p.Do("POST", "/api/invitations/", p.Token(a, auth.Admin), map[string]string{"email": "one@example.com", "role": auth.User}), false)
		made(p.Do("POST", "/api/customers/"+a+"/users", p.Token(a, auth.SuperAdmin), map[string]string{"email": "two@example.com", "role": auth.User}), false)
		if n := harness.Query[int](p.Portal, "select count(*) from portal.outbox"); n != 0 {
			t.Errorf("%s: %d mails wait", name, n)
		}
	}
}
