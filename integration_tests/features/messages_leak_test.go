package features

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// marks are in every text that a company has, and in none of the other's.
var marks = map[string]string{harness.CompanyA: "alder", harness.CompanyB: "birch"}

// mark writes a company's mark into what its messages may say.
func (p *texting) mark(company string) {
	word := marks[company]
	p.Exec(`update platform.customers set company_name = initcap($2) || ' Grounds', features = features || '{"ai": true, "weather": true}' where customer_id = $1`, company, word)
	p.Exec(`update portal.users set name = name || ' ' || initcap($2) where customer_id = $1`, company, word)
	p.Exec(`update portal.locations set name = name || ' ' || initcap($2), address = address || ', ' || initcap($2) || 'town', notes = $2 || ' note' where customer_id = $1`, company, word)
	p.Exec(`update portal.winter_events set event_name = event_name || ' ' || initcap($2) where customer_id = $1`, company, word)
	p.Exec(`update portal.winter_ops_logs set notes = $2 || ' ticket', worker_name = initcap($2) || ' Worker', contractor_name = initcap($2) || ' Crew' where customer_id = $1`, company, word)
	p.Exec(`update portal.equipment_rates set equipment_name = equipment_name || ' ' || $2 where customer_id = $1`, company, word)
}

// A teller is what a company's messages are about.
type teller struct {
	company, service     string
	property, log, event int64
}

// tell has a company send every kind of message.
func (p *texting) tell(of teller) {
	company := of.company
	admin, word, at := p.Token(company, auth.Admin), marks[company], strings.ToLower(company)+".example"
	do := func(path, token string, body any) { p.Do("POST", path, token, body).Want(p.T, http.StatusOK) }
	do("/email/send", admin, map[string]any{"to_emails": []string{"client@" + at}, "subject": "Of " + word, "body": word + " writes."})
	do("/email/test", admin, map[string]any{"to_email": "client@" + at})
	do("/email/weather-alert", admin, map[string]any{"manager_emails": []string{harness.Email(company, auth.Manager)}, "summary": "Snow for " + word})
	do("/email/work-log-notification", admin, map[string]any{"log_id": of.log, "manager_email": harness.Email(company, auth.Manager)})
	do("/email/invoice-notification", admin, map[string]any{"invoice_id": p.invoiceOf(of), "customer_email": "client@" + at})
	do("/api/invitations/", admin, map[string]string{"email": "invited@" + at, "role": auth.User})
	do("/signup-request/", "", signUpForm("asks@"+at, url.Values{"customer_id": {company}, "name": {"Rae " + word}}))
	var asks []struct{ ID int64 }
	p.Do("GET", "/signup-requests/", admin, nil).Want(p.T, http.StatusOK).JSON(p.T, &asks)
	do("/approve-signup-requests/", admin, []int64{asks[0].ID})
	do("/weather/send-alert/", admin, map[string]any{"property_ids": []int64{of.property}, "message": "Snow for " + word})
	do("/sms/send-test?phone_number=%2B17165550177", admin, nil)
	do(fmt.Sprintf("/sms/notify-assignment?property_id=%d&contractor_id=%d", of.property, p.person(company, auth.User)), admin, nil)
	do("/n8n/error-report", of.service, map[string]any{"error_id": "E-" + word, "message": word + " has an error"})
}

func (p *texting) invoiceOf(of teller) int64 {
	return harness.Query[int64](p.Portal, `insert into portal.quickbooks_invoices (customer_id, property_id, winter_event_id, quickbooks_invoice_id, quickbooks_invoice_number, total_amount)
		values ($1, $2, $3, '7', $4, 95) returning id`, of.company, of.property, of.event, "No. "+marks[of.company])
}

// Two companies in the same storm, with mails, text messages, webhooks and a model: what reaches a provider by the account of
// one holds nothing of the other.
func TestMessages_HoldNothingOfAnotherCompany(t *testing.T) {
	t.Parallel()
	post, models := harness.NewPost(t), harness.NewModels(t)
	p := newTexting(t, func(s *harness.Settings) {
		post.Over(s)
		models.Over(s, "openai_api_key")
	})
	p.Exec(`update portal.users set phone = '+17165550109' where role = 'Admin'`)
	flows := map[string]*workflow{}
	f := &flowing{portal: p.portal, vault: harness.VaultOf(harness.Suite.Keys)}
	var tellers []teller
	for company, word := range marks {
		flows[company] = newWorkflow(t)
		f.goesTo(company, flows[company].URL)
		flows[company].secret = f.secret(company)
		post.Knows(word+"@mail.example", word+"-password-of-a-test")
		p.setKey(company, auth.Admin, "gmail_address", word+"@mail.example", nil).Want(t, http.StatusOK)
		p.setKey(company, auth.Admin, "gmail_app_password", word+"-password-of-a-test", nil).Want(t, http.StatusOK)
		of := teller{company: company, service: p.ServiceToken(company, "error-report"), property: p.property(company, 1)}
		p.storm(company)
		of.event = harness.Query[int64](p.Portal, `select id from portal.winter_events where customer_id = $1 and status = 'active'`, company)
		p.Do("POST", fmt.Sprintf("/properties/%d/contractors/", of.property), p.Token(company, auth.Manager), map[string]any{"contractor_id": p.person(company, auth.User)}).Want(t, http.StatusOK)
		of.log = harness.Query[int64](p.Portal, `insert into portal.winter_ops_logs (customer_id, property_id, contractor_id, user_id, equipment, time_in, time_out, status, notes)
			values ($1, $2, $3, $3, 'Plow truck', now() - interval '3 hours', now() - interval '1 hour', 'closed', 'done') returning id`, company, of.property, p.person(company, auth.User))
		tellers = append(tellers, of)
		p.mark(company)
	}

	var both sync.WaitGroup
	for _, of := range tellers {
		both.Go(func() { p.tell(of) })
	}
	both.Wait()
	for company := range marks {
		for _, said := range []string{"ACCEPT", "READY", "START", "2 bags of salt, " + marks[company] + " gate is open", "DONE", "HOME"} {
			p.brings(company, mobile, said).Want(t, http.StatusOK)
		}
		p.brings(company, "+17165550109", "1").Want(t, http.StatusOK)
	}
	harness.WaitFor(t, "all to be sent", func() bool {
		return harness.Query[int](p.Portal, `select count(*)::int from portal.outbox where status in ('queued', 'sending')`)+
			harness.Query[int](p.Portal, `select count(*)::int from jobs.river_job where kind = 'inbound_sms' and state in ('available', 'running', 'retryable')`) == 0
	})

	bodies := map[string]map[string][]string{"mail": {}, "text": {}, "webhook": {}, "model": {}}
	for _, m := range post.Mails() {
		for company, word := range marks {
			if m.User == word+"@mail.example" {
				bodies["mail"][company] = append(bodies["mail"][company], m.Raw+m.Text+m.HTML+m.Subject+strings.Join(m.To, " "))
			}
		}
	}
	for _, s := range p.Sent(0) {
		for company, sid := range sids {
			if s.Account == sid {
				bodies["text"][company] = append(bodies["text"][company], s.From+" "+s.Body)
			}
		}
	}
	for company, w := range flows {
		for _, d := range w.all() {
			bodies["webhook"][company] = append(bodies["webhook"][company], d.ErrorID+" "+d.Message)
		}
	}
	models.Say(func(q harness.Asked) harness.Said {
		if len(q.Results) > 0 {
			return harness.Said{Text: "Told."}
		}
		return harness.Said{Calls: []harness.ToolCall{{Tool: "query_winter_logs", Arguments: `{}`}, {Tool: "get_properties", Arguments: `{}`}, {Tool: "get_winter_events", Arguments: `{}`}}}
	})
	for company, word := range marks {
		models.Asked()
		p.Do("POST", "/ai/chat/", p.Token(company, auth.Admin), map[string]any{"messages": []map[string]string{{"role": "user", "content": "What did " + word + " do?"}}}).Want(t, http.StatusOK)
		for _, q := range models.Asked() {
			bodies["model"][company] = append(bodies["model"][company], q.Body)
		}
	}

	least := map[string]int{"mail": 8, "text": 9, "webhook": 1, "model": 2}
	for channel, of := range bodies {
		for company, word := range marks {
			other := marks[map[string]string{harness.CompanyA: harness.CompanyB, harness.CompanyB: harness.CompanyA}[company]]
			own := 0
			for _, body := range of[company] {
				if strings.Contains(strings.ToLower(body), other) || strings.Contains(body, numbers[harness.CompanyA]) && company != harness.CompanyA || strings.Contains(body, numbers[harness.CompanyB]) && company != harness.CompanyB {
					t.Errorf("%s of %s: %s", channel, word, body)
				}
				if strings.Contains(strings.ToLower(body), word) {
					own++
				}
			}
			if len(of[company]) < least[channel] || own == 0 {
				t.Errorf("only %d of %s by %s, %d with its own mark: %q", len(of[company]), channel, word, own, of[company])
			}
			harness.Summarize("messages of two companies: %d of %s by %s, %d name its own things, none the other's\n", len(of[company]), channel, word, own)
		}
	}
}
