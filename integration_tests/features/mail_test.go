package features

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// A posted portal has a mail provider of its own.
type posted struct {
	*portal
	*harness.Post
}

func newPosted(t *testing.T, change ...func(*harness.Settings)) *posted {
	t.Helper()
	p := &posted{Post: harness.NewPost(t)}
	p.portal = newPortal(t, append([]func(*harness.Settings){p.Over, func(s *harness.Settings) { s.Workers = true }}, change...)...)
	return p
}

func (p *posted) post(path, company, role string, body map[string]any) harness.Answer {
	p.T.Helper()
	return p.Do("POST", path, p.Token(company, role), body)
}

func (p *posted) test(company, role, to string) harness.Answer {
	p.T.Helper()
	return p.post("/email/test", company, role, map[string]any{"to_email": to})
}

// gmail stores an account of a company's, which the provider knows.
func (p *posted) gmail(company, address, password string) {
	p.T.Helper()
	p.Knows(address, password)
	p.setKey(company, auth.Admin, "gmail_address", address, nil).Want(p.T, http.StatusOK)
	p.setKey(company, auth.Admin, "gmail_app_password", password, nil).Want(p.T, http.StatusOK)
}

type mailStatus struct {
	Configured  bool
	FromAddress *string `json:"from_address"`
	Level       *string
}

func (p *posted) status(company, role string) string {
	p.T.Helper()
	var s mailStatus
	p.Do("GET", "/email/status", p.Token(company, role), nil).Want(p.T, http.StatusOK).JSON(p.T, &s)
	if s.Configured != (s.FromAddress != nil) || s.Configured != (s.Level != nil) {
		p.T.Errorf("%+v contradicts itself", s)
	}
	if !s.Configured {
		return ""
	}
	return *s.FromAddress + " of " + *s.Level
}

// The company's account counts, then the operator's; each whole, and nobody else's ever. A person's own keys are no
// account of the company.
func TestMail_Accounts(t *testing.T) {
	t.Parallel()
	p := newPosted(t)
	const a, b = harness.CompanyA, harness.CompanyB
	see := func(step, ofA, userA, ofB, userB string) {
		t.Helper()
		p.Logins()
		for company, want := range map[string][2]string{a: {ofA, userA}, b: {ofB, userB}} {
			for _, role := range []string{auth.Admin, auth.Manager} {
				if have := p.status(company, role); have != want[0] {
					t.Errorf("%s: %s of %s sees %q, want %q", step, role, company, have, want[0])
				}
			}
			p.test(company, auth.Admin, "somebody@example.com").Want(t, http.StatusOK)
			m := p.Taken(1)[0]
			if logins := p.Logins(); m.User != want[1] || m.From != want[1] || len(logins) != 1 || !strings.HasPrefix(logins[0], want[1]+" ") {
				t.Errorf("%s: %s sends as %s from %s after logging in as %q", step, company, m.User, m.From, logins)
			}
		}
	}
	const operators = "o****@example.com of operator"
	see("at first", operators, harness.PostUser, operators, harness.PostUser)
	p.setKey(a, auth.Admin, "gmail_address", "half@a.example", nil).Want(t, http.StatusOK)
	see("half an account", operators, harness.PostUser, operators, harness.PostUser)
	p.gmail(a, "alder@a.example", "password-of-alder")
	see("company's", "a****@a.example of company", "alder@a.example", operators, harness.PostUser)
	for _, role := range []string{auth.Admin, auth.Manager} {
		for name, value := range map[string]string{"gmail_address": "own@a.example", "gmail_app_password": "password-of-a-person"} {
			p.setKey(a, auth.Admin, name, value, p.userID(a, role)).Want(t, http.StatusOK)
		}
	}
	see("persons'", "a****@a.example of company", "alder@a.example", operators, harness.PostUser)
	p.Do("DELETE", apiKeys+"gmail_app_password", p.Token(a, auth.Admin), nil).Want(t, http.StatusOK)
	see("password deleted", operators, harness.PostUser, operators, harness.PostUser)

	none := newPosted(t, func(s *harness.Settings) { s.Server.ServiceKeys = map[string]string{"gmail_address": harness.PostUser} })
	if have := none.status(a, auth.Admin); have != "" {
		t.Errorf("half an operator's account is %s", have)
	}
	problem := none.test(a, auth.Admin, "somebody@example.com").Problem(t, http.StatusServiceUnavailable)
	if problem.Detail != "mail is not set up: an Admin stores gmail_address and gmail_app_password under settings" {
		t.Error(problem.Detail)
	}
}

// The operator's account may be at another server than Gmail, and send from another address. A company's never goes
// there, since its password would.
func TestMail_OperatorsServer(t *testing.T) {
	t.Parallel()
	relay := harness.NewPost(t)
	p := newPosted(t, func(s *harness.Settings) {
		s.Server.Mail.Host, s.Server.Mail.Sender = relay.Address, "portal@operator.example"
	})
	p.gmail(harness.CompanyA, "alder@a.example", "password-of-alder")
	p.test(harness.CompanyA, auth.Admin, "somebody@example.com").Want(t, http.StatusOK)
	p.test(harness.CompanyB, auth.Admin, "somebody@example.com").Want(t, http.StatusOK)
	if m := p.Taken(1)[0]; m.User != "alder@a.example" {
		t.Errorf("Gmail got a mail of %s", m.User)
	}
	if m := relay.Taken(1)[0]; m.User != harness.PostUser || m.From != "portal@operator.example" || m.Header.Get("From") != `"Birch Grounds" <portal@operator.example>` {
		t.Errorf("the operator's server got a mail of %s from %s, %s", m.User, m.From, m.Header.Get("From"))
	}
	if have := p.status(harness.CompanyB, auth.Admin); have != "p****@operator.example of operator" {
		t.Errorf("the status says %s", have)
	}
	for _, login := range relay.Logins() {
		if login != harness.PostUser+" "+harness.PostPassword {
			t.Errorf("the operator's server was told %s", login)
		}
	}
}

// The test says what really happened, and nothing of what it says or the log says names the address or the password.
func TestMail_TestSaysWhatHappened(t *testing.T) {
	t.Parallel()
	p := newPosted(t)
	const a = harness.CompanyA
	var done struct {
		OK      bool
		Message string
	}
	p.test(a, auth.Admin, "Some.Body@Example.com").Want(t, http.StatusOK).JSON(t, &done)
	if m := p.Taken(1)[0]; !done.OK || done.Message != "The mail provider took the mail" || m.To[0] != "some.body@example.com" || m.Subject != "Test of your mail" {
		t.Errorf("%+v, %+v", done, m)
	}
	refusing := func(command string, err error) func(string, string, string) error {
		return func(_, at, _ string) error {
			if at == command {
				return err
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		by     func(string, string, string) error
		status int
		detail string
	}{
		"account":     {refusing("AUTH", harness.Refusal(535, "planted-words")), 502, "the mail provider refuses the key; ask an Admin to look at it under settings"},
		"sender":      {refusing("MAIL", harness.Refusal(550, "planted-words")), 502, "the mail provider answered with status 550"},
		"recipient":   {refusing("RCPT", harness.Refusal(550, "planted-words")), 502, "the mail provider answered with status 550"},
		"busy":        {refusing("RCPT", harness.Refusal(451, "planted-words")), 502, "the mail provider answered with status 451"},
		"content":     {refusing("DATA", harness.Refusal(554, "planted-words")), 502, "the mail provider answered with status 554"},
		"a bug there": {refusing("DATA", errors.New("planted-words")), 502, "the mail provider answered with status 554"},
	} {
		p.Refuses(c.by)
		answer := p.test(a, auth.Admin, "planted@example.com")
		if problem := answer.Problem(t, c.status); problem.Detail != c.detail || !strings.Contains(string(answer.Body), `"ok":false`) {
			t.Errorf("%s: %s", name, answer.Body)
		}
		if mails := p.Mails(); len(mails) != 0 {
			t.Errorf("%s: %d mails were taken", name, len(mails))
		}
	}
	for _, planted := range []string{"planted", "some.body", harness.PostPassword, harness.PostUser} {
		if strings.Contains(p.Log.String(), planted) {
			t.Errorf("the log has %s", planted)
		}
	}
}

// A server is spoken to only where it shows a certificate for its host by somebody who is trusted, and has a public
// address.
func TestMail_SpeaksToTheRightServerOnly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*harness.Settings)
		detail string
	}{
		"another host's":    {harness.NewPostOf(t, "smtp.example.com").Over, "the mail provider cannot be called: its certificate is not one for that host which is trusted here"},
		"unknown authority": {func(s *harness.Settings) { s.Server.Mail.Roots = nil }, "the mail provider cannot be called: its certificate is not one for that host which is trusted here"},
		"plain":             {func(s *harness.Settings) { s.Server.Mail.Gmail = strings.TrimPrefix(s.Server.Weather.URL, "http://") }, "the mail provider cannot be reached"},
		"private":           {func(s *harness.Settings) { s.Server.Outbound = harness.PublicOnly() }, "the mail provider cannot be called: its address is not public"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sky := harness.NewSky(t)
			p := newPosted(t, func(s *harness.Settings) { s.Server.Weather.URL, s.Server.Weather.ModelURL = sky.URL, sky.URL }, c.change)
			if problem := p.test(harness.CompanyA, auth.Admin, "somebody@example.com").Problem(t, http.StatusBadGateway); problem.Detail != c.detail {
				t.Error(problem.Detail)
			}
			if logins, mails := p.Logins(), p.Mails(); len(logins)+len(mails) != 0 {
				t.Errorf("%d tried to log in, %d mails were taken", len(logins), len(mails))
			}
		})
	}
}

// Managers write to the company's own people and contacts, Admins to everybody.
func TestMail_Recipients(t *testing.T) {
	t.Parallel()
	p := newPosted(t)
	const a = harness.CompanyA
	p.Exec(`update platform.customers set contact_email = 'Contact@Client.example', billing_email = 'billing@client.example' where customer_id = $1`, a)
	p.Exec(`insert into portal.admin_settings (customer_id, setting, value) values ($1, 'signup_notification_email', 'signups@client.example'), ($1, 'other', 'other@client.example')`, a)
	p.SeedPerson(a, "Sam Suspended", "sam@a.example", auth.User, "suspended")
	for email, admitted := range map[string]bool{
		harness.Email(a, auth.User): true, strings.ToUpper(harness.Email(a, auth.Admin)): true, "contact@client.example": true, "billing@client.example": true,
		"signups@client.example": true, "other@client.example": false, "sam@a.example": false, "stranger@example.com": false, harness.Email(harness.CompanyB, auth.User): false,
	} {
		answer := p.test(a, auth.Manager, email)
		if admitted {
			answer.Want(t, http.StatusOK)
			p.Taken(1)
			continue
		}
		if problem := answer.Problem(t, http.StatusForbidden); problem.Detail != "to_email: only an Admin writes to others than the company's active people and contacts" {
			t.Errorf("%s: %s", email, problem.Detail)
		}
		p.test(a, auth.Admin, email).Want(t, http.StatusOK)
		p.Taken(1)
	}
	send := func(field string) harness.Answer {
		mail := map[string]any{"to_emails": []string{harness.Email(a, auth.User)}, "subject": "Salt", "body": "It comes."}
		mail[field] = []string{harness.Email(a, auth.Admin), "stranger@example.com"}
		return p.post("/email/send", a, auth.Manager, mail)
	}
	for _, field := range []string{"to_emails", "cc_emails", "bcc_emails"} {
		if problem := send(field).Problem(t, http.StatusForbidden); !strings.HasPrefix(problem.Detail, field+"[1]: ") {
			t.Errorf("%s: %s", field, problem.Detail)
		}
	}
	log, property := p.workLog(a), p.property(a, 1)
	p.post("/email/weather-alert", a, auth.Manager, map[string]any{"manager_emails": []string{"stranger@example.com"}, "property_ids": []int64{property}, "summary": "Snow"}).Problem(t, http.StatusForbidden)
	p.post("/email/work-log-notification", a, auth.Manager, map[string]any{"log_id": log, "manager_email": "stranger@example.com"}).Problem(t, http.StatusForbidden)
}

// workLog is the id of a log of a company's.
func (p *posted) workLog(company string) int64 {
	p.T.Helper()
	return harness.Query[int64](p.Portal, `insert into portal.winter_ops_logs (customer_id, property_id, user_id, worker_name, equipment, time_in, time_out, notes)
		values ($1, $2, $3, 'Rae <b>Doyle</b>', 'Plow truck', '2026-01-06T06:30:00-05', '2026-01-06T09:45:00-05', 'Gate & lock: 5 < 6') returning id`,
		company, p.property(company, 1), p.userID(company, auth.User))
}

// What would go on in another header is refused, and the field is named.
func TestMail_RefusesWhatGoesOnInAnotherHeader(t *testing.T) {
	t.Parallel()
	p := newPosted(t)
	const a = harness.CompanyA
	mail := func(field string, value any) map[string]any {
		m := map[string]any{"to_emails": []string{"to@example.com"}, "subject": "Salt", "body": "It comes."}
		m[field] = value
		return m
	}
	for _, c := range []struct {
		path  string
		body  map[string]any
		field string
	}{
		{"/email/send", mail("subject", "Salt\r\nBcc: victim@example.com"), "body.subject"},
		{"/email/send", mail("subject", "Salt\nBcc: victim@example.com"), "body.subject"},
		{"/email/send", mail("subject", "Salt\x00"), "body.subject"},
		{"/email/send", mail("subject", "Salt\u2028x"), "body.subject"},
		{"/email/send", mail("subject", "Salt\u0085x"), "body.subject"},
		{"/email/send", mail("subject", "  "), "body.subject"},
		{"/email/send", mail("subject", ""), "body.subject"},
		{"/email/send", mail("body", ""), "body.body"},
		{"/email/send", mail("to_emails", []string{}), "body.to_emails"},
		{"/email/send", mail("to_emails", []string{"ok@example.com", "to@example.com\r\nBcc: victim@example.com"}), "body.to_emails[1]"},
		{"/email/send", mail("to_emails", []string{"to@example.com,victim@example.com"}), "body.to_emails[0]"},
		{"/email/send", mail("cc_emails", []string{"<victim@example.com>"}), "body.cc_emails[0]"},
		{"/email/send", mail("bcc_emails", []string{"x@example.com>\nTo:victim@example.com"}), "body.bcc_emails[0]"},
		{"/email/send", mail("cc_emails", []string{"no-address"}), "body.cc_emails[0]"},
		{"/email/test", map[string]any{"to_email": "to@example.com\r\nRCPT TO:<victim@example.com>"}, "body.to_email"},
		{"/email/weather-alert", map[string]any{"manager_emails": []string{"m@example.com"}, "summary": "Snow\r\nBcc: victim@example.com"}, "body.summary"},
		{"/email/work-log-notification", map[string]any{"log_id": p.workLog(a), "manager_email": "a@b.example\nBcc: victim@example.com"}, "body.manager_email"},
		{"/email/invoice-notification", map[string]any{"invoice_id": 1, "customer_email": "a@b.example\nBcc: victim@example.com"}, "body.customer_email"},
	} {
		answer := p.post(c.path, a, auth.Admin, c.body)
		problem := answer.Problem(t, http.StatusUnprocessableEntity)
		if len(problem.Errors) == 0 || problem.Errors[0].Location != c.field || strings.Contains(string(answer.Body), "victim") {
			t.Errorf("%s %v: %s", c.path, c.body, answer.Body)
		}
	}
	if n := harness.Query[int](p.Portal, "select count(*) from portal.outbox"); n != 0 {
		t.Errorf("%d mails wait", n)
	}
}
