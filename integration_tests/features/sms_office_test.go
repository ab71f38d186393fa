package features

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

func (p *texting) test(number string) harness.Answer {
	p.T.Helper()
	return p.Do("POST", "/sms/send-test?phone_number="+url.QueryEscape(number), p.Token(harness.CompanyA, auth.Manager), nil)
}

// A test says what really happened, and is in no conversation.
func TestSMS_SendTest(t *testing.T) {
	t.Parallel()
	p := newTexting(t)
	const a, landline = harness.CompanyA, "+17165550188"
	var done struct{ Message, Phone string }
	p.test("(716) 555-0177").Want(t, http.StatusOK).JSON(t, &done)
	if sent := p.Sent(1); len(sent) != 1 || sent[0].To != "+17165550177" || sent[0].Account != sids[a] || done.Phone != sent[0].To || done.Message != "The provider took the text message; it is queued" {
		t.Errorf("%+v, %+v", sent, done)
	}
	p.Refuses(landline, 21614)
	if problem := p.test(landline).Problem(t, http.StatusUnprocessableEntity); problem.Errors[0].Location != "query.phone_number" || !strings.Contains(problem.Detail, "it is no mobile number") {
		t.Errorf("%+v", problem)
	}
	p.Refuses(landline, 21408)
	if problem := p.test(landline).Problem(t, http.StatusBadGateway); !strings.Contains(problem.Detail, "may not send text messages to that country") {
		t.Error(problem.Detail)
	}
	p.Refuses(landline, 30999)
	if problem := p.test(landline).Problem(t, http.StatusBadGateway); !strings.Contains(problem.Detail, "code 30999") {
		t.Error(problem.Detail)
	}
	p.Account(sids[a], "another token", numbers[a])
	if problem := p.test(mobile).Problem(t, http.StatusBadGateway); !strings.Contains(problem.Detail, "refuses the key") {
		t.Error(problem.Detail)
	}
	p.Account(sids[a], tokens[a], "+17165550002")
	if problem := p.test(mobile).Problem(t, http.StatusBadGateway); !strings.Contains(problem.Detail, "not one of the account") {
		t.Error(problem.Detail)
	}
	p.Answers(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"status": "queued"}`)) })
	p.test(mobile).Problem(t, http.StatusBadGateway)
	p.test("12").Problem(t, http.StatusUnprocessableEntity)
	if have := p.one(`select string_agg(concat_ws(' ', twilio_status, twilio_error_code), ', ' order by id) from portal.sms_messages where conversation_id is null`); have != "queued, failed 21614, failed 21408, failed 30999, failed, failed 21659, failed" {
		t.Error(have)
	}
	p.Do("DELETE", apiKeys+"twilio_auth_token", p.Token(a, auth.Admin), nil).Want(t, http.StatusOK)
	p.Answers(nil)
	// Without a whole account of its own the company has the operator's, which this provider does not know.
	p.test(mobile).Problem(t, http.StatusBadGateway)
	none := newTexting(t, func(s *harness.Settings) { s.Server.ServiceKeys = map[string]string{} })
	none.Do("DELETE", apiKeys+"twilio_auth_token", none.Token(a, auth.Admin), nil).Want(t, http.StatusOK)
	none.test(mobile).Problem(t, http.StatusServiceUnavailable)
	none.Exec(`update platform.customers set features = '{}'`)
	for _, path := range []string{"/sms/conversations", "/sms/messages/1"} {
		if problem := none.Do("GET", path, none.Token(a, auth.Admin), nil).Problem(t, http.StatusForbidden); !strings.Contains(problem.Detail, "without the feature sms") {
			t.Error(problem.Detail)
		}
	}
}

// A number that gets no text messages is said to get none; who has no number, too.
func TestSMS_Notify(t *testing.T) {
	t.Parallel()
	p := newTexting(t)
	const a = harness.CompanyA
	notify := func(company string, property, person int64) harness.Answer {
		t.Helper()
		return p.Do("POST", fmt.Sprintf("/sms/notify-assignment?property_id=%d&contractor_id=%d", property, person), p.Token(company, auth.Manager), nil)
	}
	says := func(person int64, want string) {
		t.Helper()
		var note struct{ Message string }
		notify(a, p.property(a, 1), person).Want(t, http.StatusOK).JSON(t, &note)
		if note.Message != want {
			t.Errorf("%q, want %q", note.Message, want)
		}
	}
	user := p.person(a, auth.User)
	p.Exec(`update portal.users set default_equipment = 'Snow Blower' where id = $1`, user)
	says(user, "The text message to User One is on its way")
	if sent := p.Sent(1); sent[0].Body != "New assignment: Property 1, 1 Same Street, Springfield, NY 14201\nEquipment: Snow Blower\nReply ACCEPT or DECLINE. START or OMW when you are on your way." {
		t.Errorf("%+v", sent)
	}
	says(p.person(a, auth.Contractor), "Contractor One was not notified: there is no telephone number")
	p.Refuses(mobile, 30006)
	says(user, "The text message to User One is on its way")
	harness.WaitFor(t, "the outcome", func() bool {
		return harness.Query[int](p.Portal, `select count(*) from portal.sms_messages where twilio_error_code = 30006`) == 1
	})
	says(user, "User One was not notified: the number cannot get text messages: it is a landline, or its carrier takes none")
	p.Refuses(mobile, 0)
	p.test(mobile).Want(t, http.StatusOK)
	says(user, "The text message to User One is on its way")

	if problem := notify(a, p.property(harness.CompanyB, 1), user).Problem(t, http.StatusNotFound); problem.Detail != "there is no such property" {
		t.Error(problem.Detail)
	}
	if problem := notify(a, p.property(a, 1), p.person(harness.CompanyB, auth.User)).Problem(t, http.StatusNotFound); problem.Detail != "there is no such person" {
		t.Error(problem.Detail)
	}
}

// A number is its owner's: whoever has sent from it with an account of his own. Nobody else gets it, nor keeps it from him.
func TestSMS_Numbers(t *testing.T) {
	t.Parallel()
	p := newTexting(t)
	const a, b = harness.CompanyA, harness.CompanyB
	owner := func(number string) string {
		return p.one(fmt.Sprintf(`select coalesce((select customer_id || ' ' || (proven_at is not null) from platform.receiving_numbers where phone_number = '%s'), 'nobody')`, number))
	}
	is := func(number, want string) {
		t.Helper()
		if have := owner(number); have != want {
			t.Errorf("%s: %s, want %s", number, have, want)
		}
	}
	set := func(company, number string) harness.Answer {
		return p.setKey(company, auth.Admin, "twilio_phone_number", number, nil)
	}
	is(numbers[a], a+" false")
	set(b, numbers[a]).Want(t, http.StatusOK) // it is not proven
	is(numbers[a], b+" false")
	is(numbers[b], "nobody") // one for each company
	p.test("+17165550177").Want(t, http.StatusOK)
	p.Sent(1)
	is(numbers[a], a+" true")
	answer := set(b, numbers[a])
	if problem := answer.Problem(t, http.StatusConflict); strings.Contains(string(answer.Body), a) || strings.Contains(string(answer.Body), "Alder") || !strings.Contains(problem.Detail, "somebody else") {
		t.Error(problem.Detail)
	}
	is(numbers[a], a+" true")
	set(b, "(312) 555-0001").Want(t, http.StatusOK)
	is(numbers[b], b+" false")
	p.says(b, "help") // a reply proves it, too
	harness.WaitFor(t, "the proof", func() bool { return owner(numbers[b]) == b+" true" })
	if problem := set(a, "call me").Problem(t, http.StatusUnprocessableEntity); problem.Errors[0].Location != "body.key_value" {
		t.Errorf("%+v", problem)
	}
	// A person's own key is no number of the company's, and only the Admin's counts.
	p.setKey(b, auth.User, "twilio_phone_number", "+17165559998", nil).Want(t, http.StatusOK)
	is("+17165559998", "nobody")
	p.Do("DELETE", apiKeys+"twilio_phone_number", p.Token(a, auth.Admin), nil).Want(t, http.StatusOK)
	is(numbers[a], "nobody")
	form := harness.Incoming(mobile, numbers[a], "help", 77)
	p.Call(webhook, form, harness.SignCall(tokens[a], harness.PublicURL+webhook, form)).Problem(t, http.StatusForbidden)
}

// What the provider says of a message is noted, and what is final stays.
func TestSMS_Report(t *testing.T) {
	t.Parallel()
	p := newTexting(t)
	const a, b, path = harness.CompanyA, harness.CompanyB, "/sms/status"
	p.says(a, "help")
	harness.WaitFor(t, "the message's id", func() bool {
		return harness.Query[int](p.Portal, `select count(*) from portal.sms_messages where twilio_sid is not null and direction = 'outbound'`) == 1
	})
	sid := p.one(`select twilio_sid from portal.sms_messages where direction = 'outbound'`)
	report := func(token, from, status, code string) harness.Answer {
		form := url.Values{"MessageSid": {sid}, "MessageStatus": {status}, "From": {from}, "To": {mobile}}
		if code != "" {
			form.Set("ErrorCode", code)
		}
		return p.Call(path, form, harness.SignCall(token, harness.PublicURL+path, form))
	}
	is := func(want string) {
		t.Helper()
		if have := p.one(`select concat_ws(' ', twilio_status, twilio_error_code) from portal.sms_messages where direction = 'outbound'`); have != want {
			t.Errorf("%s, want %s", have, want)
		}
	}
	report(tokens[b], numbers[a], "delivered", "").Problem(t, http.StatusForbidden)
	report(tokens[b], numbers[b], "delivered", "").Want(t, http.StatusOK) // its own, of which there is none
	is("queued")
	report(tokens[a], numbers[a], "sent", "").Want(t, http.StatusOK)
	is("sent")
	report(tokens[a], numbers[a], "undelivered", "30006").Want(t, http.StatusOK)
	report(tokens[a], numbers[a], "sent", "").Want(t, http.StatusOK)
	is("undelivered 30006")
	report(tokens[a], numbers[a], "<b>", "").Problem(t, http.StatusBadRequest)
}

// Notices wait for the end of quiet hours in the company's zone, and replies do not. Who wants none gets none.
func TestSMS_Preferences(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	today := time.Now().In(zone)
	now := time.Date(today.Year(), today.Month(), today.Day(), 23, 30, 0, 0, zone)
	p := newTexting(t, func(s *harness.Settings) { s.Server.Clock = func() time.Time { return now } })
	const a, path = harness.CompanyA, "/sms/preferences"
	wants := func(body map[string]any) harness.Answer {
		all := map[string]any{
			"sms_notifications_enabled": true, "notify_on_assignment": true, "notify_on_route_assignment": true, "notify_on_weather_alert": true,
			"notify_on_winter_event_start": true, "notify_on_ticket_reminder": true, "quiet_hours_start": nil, "quiet_hours_end": nil,
		}
		for name, value := range body {
			all[name] = value
		}
		return p.Do("PUT", path, p.Token(a, auth.User), all)
	}
	var seen map[string]any
	p.Do("GET", path, p.Token(a, auth.User), nil).Want(t, http.StatusOK).JSON(t, &seen)
	if seen["notify_on_assignment"] != true || seen["quiet_hours_start"] != nil || seen["sms_notifications_enabled"] != true {
		t.Errorf("%v", seen)
	}
	wants(map[string]any{"quiet_hours_start": "22:00"}).Problem(t, http.StatusUnprocessableEntity)
	wants(map[string]any{"quiet_hours_start": "25:00", "quiet_hours_end": "06:00"}).Problem(t, http.StatusUnprocessableEntity)
	wants(map[string]any{"quiet_hours_start": "22:00", "quiet_hours_end": "06:15", "notify_on_winter_event_start": false}).Want(t, http.StatusOK)
	p.Do("GET", path, p.Token(a, auth.User), nil).Want(t, http.StatusOK).JSON(t, &seen)
	if seen["quiet_hours_end"] != "06:15" || seen["notify_on_winter_event_start"] != false {
		t.Errorf("%v", seen)
	}
	p.storm(a)
	p.assign(1)
	p.SentNone()
	until := harness.Query[time.Time](p.Portal, `select next_try_at from portal.outbox where kind = 'assignment'`)
	if want := time.Date(now.Year(), now.Month(), now.Day()+1, 6, 15, 0, 0, zone); !until.Equal(want) {
		t.Errorf("it is sent at %v, want %v", until.In(zone), want)
	}
	if n := harness.Query[int](p.Portal, `select count(*) from portal.outbox where kind = 'event'`); n != 0 {
		t.Error("who wants to hear of no event is told of one")
	}
	if have := p.says(a, "accept"); !strings.HasPrefix(have, "Accepted: Property 1.") {
		t.Error(have)
	}
	wants(map[string]any{"sms_notifications_enabled": false}).Want(t, http.StatusOK)
	p.brings(a, mobile, "help").Want(t, http.StatusOK)
	p.assign(2)
	p.SentNone()
	p.Do("GET", path, p.ActingToken(), nil).Problem(t, http.StatusForbidden)
}

// Routes, lists and alerts: each person gets one text, whatever it is about.
func TestSMS_Notices(t *testing.T) {
	t.Parallel()
	p := newTexting(t)
	const a = harness.CompanyA
	p.Exec(`update portal.users set phone = '+17165550150', default_equipment = 'Sidewalk plow' where customer_id = $1 and role = 'Subcontractor'`, a)
	p.Exec(`update portal.users set phone = '+17165550160' where role = 'Manager'`)
	manager := p.Token(a, auth.Manager)
	user, sidewalk := p.person(a, auth.User), p.person(a, auth.Subcontractor)
	p.Exec(`update portal.users set available_for_assignment = false where customer_id = $1 and role = 'Contractor'`, a)

	var list struct {
		ListID int64 `json:"list_id"`
	}
	p.Do("POST", "/property-lists/", manager, map[string]any{"name": "All"}).Want(t, http.StatusOK).JSON(t, &list)
	for n := range 3 {
		p.Do("POST", "/property-lists/add-property/", manager, map[string]any{"list_id": list.ListID, "property_id": p.property(a, n+1)}).Want(t, http.StatusOK)
	}
	var shared struct {
		Sent int `json:"sms_notifications_sent"`
	}
	p.Do("POST", "/ai-assign-property-list", manager, map[string]any{"property_list_id": list.ListID}).Want(t, http.StatusOK).JSON(t, &shared)
	bodies := map[string]string{}
	for _, m := range p.Sent(2) {
		bodies[m.To] += m.Body
	}
	if shared.Sent != 2 || !strings.HasPrefix(bodies["+17165550150"], "2 new assignments:\nProperty 1, 1 Same Street") || !strings.HasPrefix(bodies[mobile], "New assignment: Property 2,") {
		t.Errorf("%+v %q", shared, bodies)
	}

	var route struct {
		RouteID int64 `json:"route_id"`
	}
	p.Do("POST", "/routes/", manager, map[string]any{"name": "North"}).Want(t, http.StatusOK).JSON(t, &route)
	drivers := func(ids ...int64) {
		p.Do("POST", "/routes/assign-users/", manager, map[string]any{"route_id": route.RouteID, "user_ids": ids}).Want(t, http.StatusOK)
	}
	drivers(user)
	if sent := p.Sent(1); sent[0].To != mobile || sent[0].Body != "New route: North, 0 stops. Accept or decline it in the portal." {
		t.Errorf("%+v", sent)
	}
	drivers(user, sidewalk) // who drives it already is not told again
	if sent := p.Sent(1); len(sent) != 1 || sent[0].To != "+17165550150" {
		t.Errorf("%+v", sent)
	}

	p.Do("POST", "/weather/send-alert/", manager, map[string]any{"property_ids": []int64{p.property(a, 1)}, "message": "Snow from 02:00"}).Want(t, http.StatusOK)
	if sent := p.Sent(1); len(sent) != 1 || sent[0].To != "+17165550160" || sent[0].Body != "Weather alert: Snow from 02:00" || sent[0].Account != sids[a] {
		t.Errorf("%+v", sent)
	}
	p.SentNone()
}

// A provider that is down is tried again; a message is not lost, and not sent twice.
func TestSMS_ProviderDown(t *testing.T) {
	t.Parallel()
	p := newTexting(t)
	const a = harness.CompanyA
	p.Answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	p.brings(a, mobile, "help").Want(t, http.StatusOK)
	harness.WaitFor(t, "a try", func() bool {
		return harness.Query[int](p.Portal, `select count(*) from portal.outbox where status = 'queued' and failure = 'unreachable'`) == 1
	})
	if have := p.one(`select twilio_status from portal.sms_messages where direction = 'outbound'`); have != "waiting" {
		t.Error(have)
	}
	p.Answers(nil)
	p.Exec(`update portal.outbox set next_try_at = now()`)
	p.Exec(`update jobs.river_job set scheduled_at = now(), state = 'available' where state in ('scheduled', 'retryable')`)
	if sent := p.Sent(1); len(sent) != 1 || !strings.HasPrefix(sent[0].Body, "READY") {
		t.Errorf("%+v", sent)
	}
	p.SentNone()
}

// The operator's account has numbers of several companies, so that what is sent by it proves none. Whoever has a whole
// account of his own is never served by it.
func TestSMS_OperatorsNumber(t *testing.T) {
	t.Parallel()
	const number, token = "+17165550009", "operators-own-token"
	sid := "AC" + strings.Repeat("c", 32)
	p := newTexting(t, func(s *harness.Settings) {
		s.Server.ServiceKeys = map[string]string{"twilio_account_sid": sid, "twilio_auth_token": token, "twilio_phone_number": number}
	})
	p.Account(sid, token, number)
	p.Do("DELETE", apiKeys+"twilio_account_sid", p.Token(harness.CompanyA, auth.Admin), nil).Want(t, http.StatusOK)
	p.test("+17165550177").Want(t, http.StatusOK)
	if sent := p.Sent(1); len(sent) != 1 || sent[0].Account != sid || sent[0].From != number {
		t.Errorf("%+v", sent)
	}
	if have := p.one(`select string_agg(phone_number || ' ' || (proven_at is not null), ', ' order by phone_number) from platform.receiving_numbers`); have != "+13125550001 false, +17165550001 false" {
		t.Error(have)
	}
	p.says(harness.CompanyB, "help")
}
