package features

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// to are the addresses that mails went to, in order.
func to(mails []harness.Mail) (all []string) {
	for _, m := range mails {
		all = append(all, m.To...)
	}
	slices.Sort(all)
	return all
}

// invoice is the id of an invoice of a company's.
func (p *posted) invoice(company, status string, number any) int64 {
	p.T.Helper()
	event := harness.Query[int64](p.Portal, `insert into portal.winter_events (customer_id, event_name, start_date, end_date, status)
		values ($1, 'Storm & ice', '2026-01-06T00:00:00-05', '2026-01-07T00:00:00-05', 'completed') returning id`, company)
	return harness.Query[int64](p.Portal, `insert into portal.quickbooks_invoices (customer_id, property_id, winter_event_id, quickbooks_invoice_id, quickbooks_invoice_number, total_amount, status, created_at)
		values ($1, $2, $3, $4, $4, 1234.5, $5, '2026-01-08T12:00:00-05') returning id`, company, p.property(company, 1), event, number, status)
}

var goodUntil = regexp.MustCompile(`Good until: .*`)

// Every kind of mail arrives: what it says is in the golden file as text, and the HTML form shows the same as text.
func TestMail_Golden(t *testing.T) {
	t.Parallel()
	p := newPosted(t, public)
	const a = harness.CompanyA
	p.Exec(`update platform.customers set company_name = 'Alder & Söns <Grounds>' where customer_id = $1`, a)
	maple, log, invoice := p.property(a, 1), p.workLog(a), p.invoice(a, "sent", "1042")
	p.Exec(`update portal.locations set name = 'Maple <Plaza>', area_manager = 'manager one' where id = $1`, maple)

	var golden strings.Builder
	show := func(kind string) harness.Mail {
		t.Helper()
		m := p.Taken(1)[0]
		fmt.Fprintf(&golden, "=== %s\nFrom: %s\nTo: %s\nSubject: %s\n\n%s\n", kind, m.Header.Get("From"), strings.Join(m.To, ", "), m.Subject, m.Text)
		if strings.Contains(m.HTML, "<Plaza>") || strings.Contains(m.HTML, "<b>Doyle") || strings.Contains(m.HTML, "<Grounds>") || !strings.Contains(m.HTML, "Alder &amp; Söns &lt;Grounds&gt;") {
			t.Errorf("%s: the HTML form is %s", kind, m.HTML)
		}
		if (m.Header.Get("Auto-Submitted") == "auto-generated") == (kind == "message") || m.Header.Get("Message-Id") == "" || m.Header.Get("Date") == "" {
			t.Errorf("%s: the headers are %v", kind, m.Header)
		}
		return m
	}
	p.test(a, auth.Admin, "somebody@example.com").Want(t, http.StatusOK)
	show("test")
	p.post("/email/send", a, auth.Manager, map[string]any{"to_emails": []string{harness.Email(a, auth.User)}, "subject": "Salz für „Maple <Plaza>“", "body": "Hello,\n\nit comes on <Tuesday>.\n"}).Want(t, http.StatusOK)
	show("message")
	p.post("/email/weather-alert", a, auth.Manager, map[string]any{
		"property_ids": []int64{maple}, "summary": "6 inches of snow tonight <soon>", "start_time": "Tuesday, 02:00", "accumulation": "6 inches", "temperature": "24 °F",
	}).Want(t, http.StatusOK)
	show("weather alert")
	p.post("/email/work-log-notification", a, auth.Manager, map[string]any{"log_id": log, "manager_email": harness.Email(a, auth.Manager)}).Want(t, http.StatusOK)
	if m := show("work log"); !strings.Contains(m.HTML, "Rae &lt;b&gt;Doyle&lt;/b&gt;") || !strings.Contains(m.HTML, "Gate &amp; lock: 5 &lt; 6") {
		t.Errorf("the HTML form is %s", m.HTML)
	}
	p.post("/email/invoice-notification", a, auth.Admin, map[string]any{"invoice_id": invoice, "customer_email": "Client@Example.com"}).Want(t, http.StatusOK)
	show("invoice")

	p.Do("PUT", "/update-signup-email/", p.Token(a, auth.Admin), url.Values{"new_email": {"signups@example.com"}}).Want(t, http.StatusOK)
	form := signUpForm("rae@example.com", url.Values{"customer_id": {a}})
	form.Set("name", "Rae <script>Request</script>")
	p.Do("POST", "/signup-request/", "", form).Want(t, http.StatusOK)
	show("sign-up request")
	rae := harness.Query[int64](p.Portal, `select id from portal.users where email = 'rae@example.com'`)
	p.Do("POST", fmt.Sprintf("/admin/approve-user/%d", rae), p.Token(a, auth.Admin), url.Values{"role": {auth.Manager}}).Want(t, http.StatusOK)
	show("account approved")
	p.Do("PUT", "/reset-password/", p.Token(a, auth.Admin), url.Values{"email": {"rae@example.com"}, "new_password": {harness.Chosen}}).Want(t, http.StatusOK)
	if m := show("password reset"); strings.Contains(m.Raw, harness.Chosen) {
		t.Errorf("the password is in the mail: %s", m.Raw)
	}
	p.forget(harness.Email(a, auth.User), "").Want(t, http.StatusOK)
	p.Exec(`update platform.customers set sign_on_only = true where customer_id = $1`, a)
	m := show("forgotten password")
	p.Do("POST", "/api/my-customer/export", p.Token(a, auth.Admin), nil).Want(t, http.StatusAccepted)
	exported := show("export ready")
	if strings.Contains(exported.Raw, "/file") {
		t.Errorf("the mail leads to the file itself: %s", exported.Raw)
	}
	for _, changing := range []string{p.token(m), goodUntil.FindString(m.Text), goodUntil.FindString(exported.Text)} {
		said := strings.ReplaceAll(golden.String(), changing, "…")
		golden.Reset()
		golden.WriteString(said)
	}
	p.forget(harness.Email(a, auth.User), "").Want(t, http.StatusOK)
	show("forgotten password where none is taken")
	harness.CompareWithGolden(t, "mails.golden", []byte(golden.String()))
}

// The longest mail that the document allows arrives, whatever characters it has.
func TestMail_Longest(t *testing.T) {
	t.Parallel()
	p := newPosted(t)
	body, html := strings.Repeat("❄", 50_000), strings.Repeat("<", 100_000)
	p.post("/email/send", harness.CompanyA, auth.Admin, map[string]any{"to_emails": []string{"x@example.com"}, "subject": strings.Repeat("❄", 255), "body": body, "html_body": html}).Want(t, http.StatusOK)
	if m := p.Taken(1)[0]; m.HTML != html || !strings.HasPrefix(m.Text, body) || m.Subject != strings.Repeat("❄", 255) {
		t.Errorf("%d characters of text and %d of HTML arrived, and %d of the subject", len(m.Text), len(m.HTML), len(m.Subject))
	}
	p.post("/email/send", harness.CompanyA, auth.Admin, map[string]any{"to_emails": []string{"x@example.com"}, "subject": "Salt", "body": body + "x"}).Problem(t, http.StatusUnprocessableEntity)
}

// A mail goes to all whom it names, and those of bcc are known to nobody.
func TestMail_ToCcBcc(t *testing.T) {
	t.Parallel()
	p := newPosted(t)
	p.post("/email/send", harness.CompanyA, auth.Admin, map[string]any{
		"to_emails": []string{"One@example.com", "two@example.com"}, "cc_emails": []string{"three@example.com"}, "bcc_emails": []string{"four@example.com"},
		"subject": "Salt", "body": "It comes.", "html_body": "<p>It <b>comes</b>.</p>",
	}).Want(t, http.StatusOK)
	m := p.Taken(1)[0]
	if have := to([]harness.Mail{m}); strings.Join(have, " ") != "four@example.com one@example.com three@example.com two@example.com" {
		t.Errorf("it went to %q", have)
	}
	if m.Header.Get("To") != "<one@example.com>, <two@example.com>" || m.Header.Get("Cc") != "<three@example.com>" || strings.Contains(m.Raw, "four@") {
		t.Errorf("the headers are %v", m.Header)
	}
	if m.HTML != "<p>It <b>comes</b>.</p>" || !strings.HasPrefix(m.Text, "It comes.\n") {
		t.Errorf("%q, %q", m.Text, m.HTML)
	}
}

// Everybody gets a mail of his own, and where there is nobody none is sent.
func TestMail_WeatherAlertRecipients(t *testing.T) {
	t.Parallel()
	p := newPosted(t)
	const a = harness.CompanyA
	p.Exec(`update portal.locations set area_manager = 'MANAGER one' where name = 'Property 1'`)
	p.Exec(`update portal.locations set area_manager = 'Admin One' where name = 'Property 2'`)
	first, second, third := p.property(a, 1), p.property(a, 2), p.property(a, 3)
	send := func(role string, body map[string]any) (answer struct {
		OK   bool
		Sent int
	},
	) {
		t.Helper()
		body["summary"] = "Snow"
		p.post("/email/weather-alert", a, role, body).Want(t, http.StatusOK).JSON(t, &answer)
		return answer
	}
	for _, c := range []struct {
		body map[string]any
		want []string
	}{
		{map[string]any{"property_ids": []int64{first, second, third}}, []string{"admin@a.example", "manager@a.example"}},
		{map[string]any{"property_ids": []int64{third}}, nil},
		{map[string]any{}, nil},
		{map[string]any{"property_ids": []int64{first}, "manager_emails": []string{"x@example.com", "y@example.com", "X@example.com"}}, []string{"x@example.com", "y@example.com"}},
		{map[string]any{"manager_emails": []string{"x@example.com"}, "property_ids": nil}, []string{"x@example.com"}},
	} {
		answer := send(auth.Admin, c.body)
		mails := p.Taken(len(c.want))
		if have := to(mails); !answer.OK || answer.Sent != len(c.want) || !slices.Equal(have, c.want) {
			t.Errorf("%v: %+v, and mails to %q", c.body, answer, have)
		}
		for _, m := range mails {
			if len(m.To) != 1 {
				t.Errorf("one mail goes to %q", m.To)
			}
		}
	}
	foreign := p.property(harness.CompanyB, 1)
	for _, id := range []int64{foreign, 999999} {
		answer := p.post("/email/weather-alert", a, auth.Admin, map[string]any{"property_ids": []int64{first, id}, "summary": "Snow"})
		if problem := answer.Problem(t, http.StatusNotFound); problem.Detail != "there is no such property" {
			t.Error(problem.Detail)
		}
	}
	p.Do("POST", "/weather/send-alert/", p.Token(a, auth.Manager), map[string]any{"property_ids": []int64{first}, "message": "Snow from 02:00"}).Want(t, http.StatusOK)
	if have := to(p.Taken(2)); !slices.Equal(have, []string{"admin@a.example", "manager@a.example"}) {
		t.Errorf("the office's alert went to %q", have)
	}
}

// What cannot be told of is refused, another company's as if it were absent.
func TestMail_Refusals(t *testing.T) {
	t.Parallel()
	p := newPosted(t)
	const a, b = harness.CompanyA, harness.CompanyB
	log, sent, pending := p.workLog(b), p.invoice(b, "sent", "7"), p.invoice(a, "pending", nil)
	for _, id := range []int64{log, 999999} {
		p.post("/email/work-log-notification", a, auth.Admin, map[string]any{"log_id": id, "manager_email": "m@example.com"}).Problem(t, http.StatusNotFound)
	}
	for _, id := range []int64{sent, 999999} {
		p.post("/email/invoice-notification", a, auth.Admin, map[string]any{"invoice_id": id, "customer_email": "m@example.com"}).Problem(t, http.StatusNotFound)
	}
	p.post("/email/invoice-notification", a, auth.Admin, map[string]any{"invoice_id": pending, "customer_email": "m@example.com"}).Problem(t, http.StatusConflict)
	p.post("/email/invoice-notification", a, auth.Manager, map[string]any{"invoice_id": pending, "customer_email": harness.Email(a, auth.Manager)}).Problem(t, http.StatusForbidden)

	none := newPosted(t, unposted)
	for path, body := range map[string]map[string]any{
		"/email/send":                  {"to_emails": []string{"x@example.com"}, "subject": "Salt", "body": "It comes."},
		"/email/weather-alert":         {"manager_emails": []string{"x@example.com"}, "summary": "Snow"},
		"/email/work-log-notification": {"log_id": none.workLog(a), "manager_email": "x@example.com"},
		"/email/invoice-notification":  {"invoice_id": none.invoice(a, "sent", "8"), "customer_email": "x@example.com"},
	} {
		none.post(path, a, auth.Admin, body).Problem(t, http.StatusServiceUnavailable)
	}
	if n := harness.Query[int](none.Portal, "select count(*) from portal.outbox"); n != 0 {
		t.Errorf("%d mails wait", n)
	}
}

// Each company's mails go by its own account to its own people, however many are under way at once.
func TestMail_OneCompanysMailsNeverByAnothersAccount(t *testing.T) {
	t.Parallel()
	p := newPosted(t)
	accounts := map[string]string{harness.CompanyA: "alder@a.example", harness.CompanyB: "birch@b.example"}
	for company, account := range accounts {
		p.gmail(company, account, "password-of-"+account)
	}
	const each = 60 // more than a round
	for i := range each {
		for company := range accounts {
			p.post("/email/send", company, auth.Admin, map[string]any{
				"to_emails": []string{fmt.Sprintf("client%d@of-%s.example", i, strings.ToLower(company))}, "subject": company, "body": "Of " + company,
			}).Want(t, http.StatusOK)
		}
	}
	seen := map[string]int{}
	for _, m := range p.Taken(2 * each) {
		company := m.Subject
		seen[company+m.To[0]]++
		other := harness.CompanyA
		if company == other {
			other = harness.CompanyB
		}
		if m.User != accounts[company] || m.From != m.User || !strings.HasSuffix(m.To[0], strings.ToLower(company)+".example") || strings.Contains(m.Raw, other) {
			t.Errorf("by %s from %s to %q: %s", m.User, m.From, m.To, m.Raw)
		}
	}
	if len(seen) != 2*each {
		t.Errorf("%d different mails, want %d", len(seen), 2*each)
	}
	if n := p.Sessions(); n >= 2*each {
		t.Errorf("%d connections for %d mails", n, 2*each)
	}
}
