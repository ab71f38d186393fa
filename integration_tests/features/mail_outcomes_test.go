package features

import (
	"net/http"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// send queues a mail of company A's to each, in one transaction.
func (p *posted) send(to ...string) {
	p.T.Helper()
	p.post("/email/weather-alert", harness.CompanyA, auth.Admin, map[string]any{"manager_emails": to, "summary": "planted-summary"}).Want(p.T, http.StatusOK)
}

// waiting tells what becomes of all mails, the oldest first.
func (p *posted) waiting() string {
	p.T.Helper()
	return harness.Query[string](p.Portal, `select coalesce(string_agg(concat_ws(' ', status, failure, attempts), ', ' order by id), '') from portal.outbox`)
}

func (p *posted) comesTo(want string) {
	p.T.Helper()
	have := ""
	defer func() {
		if p.T.Failed() {
			p.T.Logf("it came to %q, want %q", have, want)
		}
	}()
	harness.WaitFor(p.T, want, func() bool { have = p.waiting(); return have == want })
}

// again has the mails that wait tried again now.
func (p *posted) again() {
	p.T.Helper()
	p.Exec(`update portal.outbox set next_try_at = now() where status = 'queued'`)
	p.Exec(`update jobs.river_job set scheduled_at = now(), state = 'available' where kind = 'drain_mail' and state = 'scheduled'`)
}

// What is refused for good is given up, and keeps nothing else back. What the provider cannot take now, or because of the
// account, is tried again and arrives.
func TestMail_Outcomes(t *testing.T) {
	t.Parallel()
	at := func(command string, code int) func(user, at, argument string) error {
		return func(_, at, argument string) error {
			if at == command && (command != "RCPT" || strings.HasPrefix(argument, "bad")) {
				return harness.Refusal(code, "planted-words")
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		by         func(user, command, argument string) error
		then, last string
		taken      int // at once
	}{
		"no such mailbox":  {at("RCPT", 550), "failed bad-address 1, sent 1", "failed bad-address 1, sent 1", 1},
		"mailbox is full":  {at("RCPT", 450), "queued refused 1, sent 1", "sent 2, sent 1", 1},
		"content":          {at("DATA", 554), "failed refused 1, failed refused 1", "failed refused 1, failed refused 1", 0},
		"sender":           {at("MAIL", 553), "failed refused 1, failed refused 1", "failed refused 1, failed refused 1", 0},
		"account":          {at("AUTH", 535), "queued bad-account 1, queued 0", "sent 2, sent 1", 0},
		"busy":             {at("MAIL", 421), "queued throttled 1, queued 0", "sent 2, sent 1", 0},
		"no more for now":  {at("RCPT", 452), "queued throttled 1, queued 0", "sent 2, sent 1", 0},
		"account for good": {at("AUTH", 534), "queued bad-account 1, queued 0", "sent 2, sent 1", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPosted(t)
			p.Refuses(c.by)
			p.send("bad@example.com", "good@example.com")
			p.comesTo(c.then)
			if n := len(p.Mails()); n != c.taken {
				t.Errorf("%d mails were taken, want %d", n, c.taken)
			}
			p.Refuses(nil)
			p.again()
			p.comesTo(c.last)
			for what, text := range map[string]string{"the log": p.Log.String(), "the database": p.dump()} {
				for _, planted := range []string{"planted", "bad@"} {
					if strings.Contains(text, planted) && (what == "the log" || planted == "planted") {
						t.Errorf("%s has %s", what, planted)
					}
				}
			}
		})
	}
}

// A mail whose account is gone when its turn comes is given up, and says so.
func TestMail_AccountGone(t *testing.T) {
	t.Parallel()
	p := newPosted(t, func(s *harness.Settings) { s.Server.ServiceKeys = map[string]string{} })
	const a = harness.CompanyA
	p.gmail(a, "alder@a.example", "password-of-alder")
	p.Refuses(func(_, command, _ string) error {
		if command == "AUTH" {
			return harness.Refusal(454, "later")
		}
		return nil
	})
	p.send("somebody@example.com")
	p.comesTo("queued refused 1")
	p.Do("DELETE", apiKeys+"gmail_app_password", p.Token(a, auth.Admin), nil).Want(t, http.StatusOK)
	p.again()
	p.comesTo("failed not-configured 2")
}
