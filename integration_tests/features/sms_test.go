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
)

const (
	webhook = "/sms/webhook"
	// Both companies have somebody with this telephone.
	mobile = "+17165550100"
	empty  = `<?xml version="1.0" encoding="UTF-8"?><Response></Response>`
)

// The companies' accounts with the provider.
var (
	numbers = map[string]string{harness.CompanyA: "+17165550001", harness.CompanyB: "+13125550001"}
	sids    = map[string]string{harness.CompanyA: "AC" + strings.Repeat("a", 32), harness.CompanyB: "AC" + strings.Repeat("b", 32)}
	tokens  = map[string]string{harness.CompanyA: strings.Repeat("a", 32), harness.CompanyB: strings.Repeat("b", 32)}
)

// A texting portal has a provider of text messages, an account for each company, and a User with the mobile in both.
type texting struct {
	*portal
	*harness.Twilio
	messages int
}

func newTexting(t *testing.T, change ...func(*harness.Settings)) *texting {
	t.Helper()
	p := &texting{Twilio: harness.NewTwilio(t)}
	p.portal = newPortal(t, append([]func(*harness.Settings){p.Over}, change...)...)
	p.Exec(`update platform.customers set features = features || '{"sms": true}'`)
	p.Exec(`update portal.users set phone = $1 where role = 'User'`, mobile)
	for company, number := range numbers {
		p.Account(sids[company], tokens[company], number)
		p.setKey(company, auth.Admin, "twilio_account_sid", sids[company], nil).Want(t, http.StatusOK)
		p.setKey(company, auth.Admin, "twilio_auth_token", tokens[company], nil).Want(t, http.StatusOK)
		p.setKey(company, auth.Admin, "twilio_phone_number", number, nil).Want(t, http.StatusOK)
	}
	return p
}

// brings has the provider bring a message to a company.
func (p *texting) brings(company, from, body string) harness.Answer {
	p.T.Helper()
	p.messages++
	form := harness.Incoming(from, numbers[company], body, 1_000_000+p.messages)
	return p.Call(webhook, form, harness.SignCall(tokens[company], harness.PublicURL+webhook, form))
}

// says has the User of a company write, and returns the reply.
func (p *texting) says(company, body string) string {
	p.T.Helper()
	if a := p.brings(company, mobile, body).Want(p.T, http.StatusOK); string(a.Body) != empty || a.Header.Get("Content-Type") != "application/xml" {
		p.T.Errorf("%s: %s", a.Header.Get("Content-Type"), a.Body)
	}
	sent := p.Sent(1)
	if len(sent) != 1 || sent[0].To != mobile || sent[0].From != numbers[company] || sent[0].Account != sids[company] {
		p.T.Fatalf("%q is answered by %+v", body, sent)
	}
	return sent[0].Body
}

func (p *texting) assign(property int) {
	p.T.Helper()
	const company = harness.CompanyA
	p.Do("POST", fmt.Sprintf("/properties/%d/contractors/", p.property(company, property)), p.Token(company, auth.Manager),
		map[string]any{"contractor_id": p.person(company, auth.User)}).Want(p.T, http.StatusOK)
}

func (p *texting) storm(company string) {
	p.T.Helper()
	p.Do("POST", "/winter-events/", p.Token(company, auth.Manager), map[string]any{"event_name": "Storm 1", "start_date": "2026-01-10T18:00"}).Want(p.T, http.StatusOK)
}

func (p *texting) one(sql string) string {
	p.T.Helper()
	return harness.Query[string](p.Portal, sql)
}

// A day of a person in the field, each word once, from the webhook to the reply.
func TestSMS_ADay(t *testing.T) {
	t.Parallel()
	p := newTexting(t)
	const a = harness.CompanyA
	says := func(body, want string) {
		t.Helper()
		if have := p.says(a, body); have != want {
			t.Errorf("%q is answered with\n%q, want\n%q", body, have, want)
		}
	}
	is := func(sql, want string) {
		t.Helper()
		if have := p.one(sql); have != want {
			t.Errorf("%s: %s, want %s", sql, have, want)
		}
	}
	notice := func(want string) {
		t.Helper()
		if sent := p.Sent(1); len(sent) != 1 || sent[0].Body != want || sent[0].To != mobile || sent[0].Account != sids[a] {
			t.Errorf("%+v, want %q", sent, want)
		}
	}
	const checkin = `select coalesce((select status || ' ' || coalesce(notes, '') || ' ' || (checked_out_at is not null) from portal.event_checkins), 'none')`
	const ticket = `select concat_ws('|', status, equipment, bulk_salt_qty, bag_salt_qty, calcium_chloride_qty, contractor_name, worker_name,
	  time_in = date_bin('15 minutes', time_in, '2000-01-01'), time_out >= time_in, winter_event_id is not null, regexp_replace(notes, '\d\d:\d\d', 'NOW', 'g'))
	  from portal.winter_ops_logs order by id desc limit 1`

	says("what now", "Text START, DONE, READY, WORKING or HOME. HELP lists all words.")
	says("Help", "READY: check in. START: open a ticket. Then send equipment, salt and notes. DONE: close the ticket. WORKING: on site. HOME: gone for the day. ACCEPT or DECLINE: answer an assignment. STOP: no more texts.")
	says("ready", "There is no active winter event. Ask your manager.")
	says("start", "You have no accepted property. Contact your manager.")
	p.storm(a)
	notice("Winter event started: Storm 1. Reply READY to check in.")
	says("working", "You are not checked in. Text READY first.")
	says("READY ❄️", "Checked in for Storm 1. Next: START at a property, WORKING on site, HOME at the end.")
	is(checkin, "checked_in By text message false")
	says("on site", "You are marked as working.")
	is(`select status from portal.event_checkins`, "working")

	p.assign(1)
	notice("New assignment: Property 1, 1 Same Street, Springfield, NY 14201\nReply ACCEPT or DECLINE. START or OMW when you are on your way.")
	says("start", "You have no accepted property, and 1 assignment that waits for your answer: text ACCEPT.")
	says("Accept", "Accepted: Property 1. Text START when you begin.")
	is(`select acceptance_status || ' ' || (accepted_at is not null) from portal.property_contractors`, "accepted true")
	is(`select string_agg(action, ' ' order by id) from portal.assignment_history`, "assigned accepted")
	says("OMW", "Started: Property 1. Send equipment, salt (5 bags, 2 yards) and notes. DONE when finished.")
	is(ticket, "open|Not specified|0.00|0.00|0.00|User One|User One|t|t|Started by text message at NOW")
	says("begin", "Your ticket at Property 1 is open. Text DONE to close it first.")
	says("3 bags salt, Snow Blower. Gate’s locked", "Noted for Property 1. Send more, or DONE when finished.")
	says("1½ yards", "Noted for Property 1. Send more, or DONE when finished.")
	says("Done 5 bags and 2 bags calcium", "Completed: Property 1, 5 bags salt, 2 bags calcium. Text START for the next one.")
	is(ticket, "closed|Snow Blower|1.50|5.00|2.00|User One|User One|t|t|t|Started by text message at NOW\nGate's locked\nCompleted by text message at NOW")
	says("done", "You have no open ticket. Text START to open one.")

	for _, n := range []int{2, 3} {
		p.assign(n)
		p.Sent(1)
	}
	says("decline", "Which one? Send DECLINE with a number, or DECLINE ALL:\n1. Property 2\n2. Property 3")
	says("decline 2", "Declined: Property 3.")
	says("accept", "Accepted: Property 2. Text START when you begin.")
	list := p.says(a, "start")
	if want := "Which property? Send its number:\n1. Property 2 - 2 Same Street, Springfield, NY 14201\n2. Property 1 - 1 Same Street, Springfield, NY 14201"; list != want {
		t.Errorf("%q", list)
	}
	says("7", "That is none of the list. Send a number or a name:"+strings.TrimPrefix(list, "Which property? Send its number:"))
	says("property 2", "Started: Property 2. Send equipment, salt (5 bags, 2 yards) and notes. DONE when finished.")
	says("home", "You are marked as home. Closed: 1 open ticket. Good night!")
	is(ticket, "closed|Not specified|0.00|0.00|0.00|User One|User One|t|t|t|Started by text message at NOW\nClosed by text message: went home")
	is(`select status || ' ' || (checked_out_at is not null) from portal.event_checkins`, "completed true")
	is(`select string_agg(role, ' ') from portal.users where not available_for_assignment`, "User")
	is(`select conversation_state || coalesce(active_ticket_id::text, '') from portal.sms_context`, "idle")

	// The other company's person has the same telephone, and knows nothing of all this.
	if have := p.says(harness.CompanyB, "done"); have != "You have no open ticket. Text START to open one." {
		t.Error(have)
	}
	is(`select string_agg(distinct customer_id, ' ') from portal.winter_ops_logs`, a)
	p.readsBack(a)
}

// readsBack compares what the office sees of the conversation.
func (p *texting) readsBack(a string) {
	t := p.T
	t.Helper()
	var all []struct {
		ID                                              int64
		PhoneNumber, ConversationState, UserName, Other string
	}
	p.Do("GET", "/sms/conversations", p.Token(a, auth.Manager), nil).Want(t, http.StatusOK).JSON(t, &all)
	if len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	var messages []struct {
		Direction    string
		MessageBody  string `json:"message_body"`
		TwilioStatus string `json:"twilio_status"`
	}
	harness.WaitFor(t, "the outcome of the last message", func() bool {
		p.Do("GET", fmt.Sprintf("/sms/messages/%d", all[0].ID), p.Token(a, auth.Manager), nil).Want(t, http.StatusOK).JSON(t, &messages)
		return messages[len(messages)-1].TwilioStatus == "queued"
	})
	if first, second := messages[0], messages[1]; first.Direction != "inbound" || first.MessageBody != "what now" || second.Direction != "outbound" || !strings.HasPrefix(second.MessageBody, "Text START") {
		t.Errorf("%+v", messages[:2])
	}
	for _, role := range []string{auth.User, auth.Contractor} {
		p.Do("GET", "/sms/conversations", p.Token(a, role), nil).Problem(t, http.StatusForbidden)
	}
	p.Do("GET", fmt.Sprintf("/sms/messages/%d", all[0].ID), p.Token(harness.CompanyB, auth.Admin), nil).Problem(t, http.StatusNotFound)
}

// Nobody but the provider brings anything, and who is refused learns nothing of the reason.
func TestSMS_Signature(t *testing.T) {
	t.Parallel()
	p := newTexting(t)
	const a, b = harness.CompanyA, harness.CompanyB
	form := harness.Incoming(mobile, numbers[a], "help", 1)
	right := harness.SignCall(tokens[a], harness.PublicURL+webhook, form)
	changed := func(name, value string) url.Values {
		f := url.Values{}
		for k, v := range form {
			f[k] = slices.Clone(v)
		}
		f[name] = append(f[name][:0:0], value)
		return f
	}
	twice := changed("Body", "help")
	twice["Body"] = []string{"help", "home"}
	unknown, foreign, none := changed("To", "+17165559999"), changed("To", numbers[b]), changed("To", "")
	sign := func(token string, f url.Values) string { return harness.SignCall(token, harness.PublicURL+webhook, f) }
	var first string
	for name, c := range map[string]struct {
		form      url.Values
		signature string
	}{
		"none":                    {form, ""},
		"another":                 {form, sign("another token", form)},
		"the other company's":     {form, sign(tokens[b], form)},
		"no token":                {form, sign("", form)},
		"of another address":      {form, harness.SignCall(tokens[a], "https://other.example.com"+webhook, form)},
		"of the status address":   {form, harness.SignCall(tokens[a], harness.PublicURL+"/sms/status", form)},
		"of another text":         {changed("Body", "home"), right},
		"of another sender":       {changed("From", "+17165550111"), right},
		"for the other company":   {foreign, sign(tokens[a], foreign)},
		"two texts":               {twice, sign(tokens[a], twice)},
		"a number that is nobody": {unknown, sign(tokens[a], unknown)},
		"no number":               {none, sign(tokens[a], none)},
	} {
		answer := p.Call(webhook, c.form, c.signature)
		answer.Problem(t, http.StatusForbidden)
		plain := fmt.Sprint(harness.Plain(answer, ""))
		if first == "" {
			first = plain
		}
		if plain != first {
			t.Errorf("%s: %s, and before %s", name, plain, first)
		}
	}
	p.Exec(`update platform.customers set status = 'suspended' where customer_id = $1`, a)
	if answer := p.Call(webhook, form, right); fmt.Sprint(harness.Plain(answer, "")) != first {
		t.Errorf("suspended: %s", answer.Body)
	}
	p.Exec(`update platform.customers set status = 'active'`)
	if n := harness.Query[int](p.Portal, `select count(*) from portal.sms_messages`); n != 0 {
		t.Errorf("%d messages are stored", n)
	}
	p.Call(webhook, form, right).Want(t, http.StatusOK)
	if sent := p.Sent(1); len(sent) != 1 || sent[0].Account != sids[a] {
		t.Errorf("%+v", sent)
	}
	p.Do("POST", webhook, p.Token(a, auth.Admin), map[string]string{"From": mobile}).Problem(t, http.StatusUnsupportedMediaType)
}

// A message that the provider brings again is answered the same, and changes nothing.
func TestSMS_Repeated(t *testing.T) {
	t.Parallel()
	p := newTexting(t)
	form := harness.Incoming(mobile, numbers[harness.CompanyA], "help", 1)
	for range 3 {
		if a := p.Call(webhook, form, harness.SignCall(tokens[harness.CompanyA], harness.PublicURL+webhook, form)).Want(t, http.StatusOK); string(a.Body) != empty {
			t.Errorf("%s", a.Body)
		}
	}
	p.Sent(1)
	p.SentNone()
	if n := harness.Query[int](p.Portal, `select count(*) from portal.sms_messages where direction = 'inbound'`); n != 1 {
		t.Errorf("%d are stored", n)
	}
}

// STOP is heard before everything, and in all that is sent later.
func TestSMS_Stop(t *testing.T) {
	t.Parallel()
	p := newTexting(t)
	const a = harness.CompanyA
	enabled := func(want bool) {
		t.Helper()
		harness.WaitFor(t, fmt.Sprint("text messages to be ", want), func() bool {
			return harness.Query[bool](p.Portal, `select sms_notifications_enabled from portal.users where customer_id = $1 and role = 'User'`, a) == want
		})
	}
	p.brings(a, mobile, "Stop").Want(t, http.StatusOK)
	enabled(false)
	p.storm(a)
	p.assign(1)
	p.brings(a, mobile, "help").Want(t, http.StatusOK)
	p.brings(a, mobile, "ready").Want(t, http.StatusOK)
	p.SentNone()
	if n := harness.Query[int](p.Portal, `select count(*) from portal.event_checkins`); n != 1 {
		t.Error("who gets no messages cannot check in")
	}
	var note struct{ Message, Phone string }
	notify := fmt.Sprintf("/sms/notify-assignment?property_id=%d&contractor_id=%d", p.property(a, 1), p.person(a, auth.User))
	p.Do("POST", notify, p.Token(a, auth.Manager), nil).Want(t, http.StatusOK).JSON(t, &note)
	if note.Message != "User One was not notified: text messages are switched off, by STOP or in the profile" {
		t.Error(note.Message)
	}
	p.Do("POST", "/sms/send-test?phone_number="+url.QueryEscape(mobile), p.Token(a, auth.Manager), nil).Problem(t, http.StatusConflict)
	// In the other company he has not.
	if have := p.says(harness.CompanyB, "working"); have != "You are not checked in. Text READY first." {
		t.Error(have)
	}
	if have := p.says(a, "unstop"); have != "You get text messages again. HELP lists the words." {
		t.Error(have)
	}
	enabled(true)
	// The provider has heard a STOP that the portal has not.
	p.Refuses(mobile, 21610)
	p.brings(a, mobile, "help").Want(t, http.StatusOK)
	enabled(false)
	if have := p.one(`select twilio_status || ' ' || twilio_error_code from portal.sms_messages where direction = 'outbound' order by id desc limit 1`); have != "failed 21610" {
		t.Error(have)
	}
	p.Refuses(mobile, 0)
	if have := p.says(a, "start"); !strings.HasPrefix(have, "You have no accepted property") {
		t.Error(have)
	}
	enabled(true)
}

// Messages of one person at the same instant are handled one after the other, in the order in which they came.
func TestSMS_AtTheSameInstant(t *testing.T) {
	t.Parallel()
	p := newTexting(t)
	const a = harness.CompanyA
	p.Exec(`insert into portal.property_contractors (customer_id, property_id, contractor_id, acceptance_status, accepted_at) values ($1, $2, $3, 'accepted', now())`,
		a, p.property(a, 1), p.person(a, auth.User))
	const n = 6
	answers := make(chan harness.Answer, n)
	for i := range n {
		form := harness.Incoming(mobile, numbers[a], "start", i+1)
		go func() { answers <- p.Call(webhook, form, harness.SignCall(tokens[a], harness.PublicURL+webhook, form)) }()
	}
	for range n {
		(<-answers).Want(t, http.StatusOK)
	}
	var started, running int
	for _, m := range p.Sent(n) {
		switch {
		case strings.HasPrefix(m.Body, "Started: Property 1."):
			started++
		case m.Body == "Your ticket at Property 1 is open. Text DONE to close it first.":
			running++
		default:
			t.Errorf("%q", m.Body)
		}
	}
	if started != 1 || running != n-1 {
		t.Errorf("%d started, %d were told that it runs", started, running)
	}
}
