package features

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"contractor-portal/db"
	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/sms"
)

// A reader reads messages as the test says, and notes what it was asked.
type reader struct {
	mu     sync.Mutex
	answer map[string]sms.Reading
	asked  []sms.Question
	inside bool
}

func (r *reader) Interpret(ctx context.Context, work sms.Unit, q sms.Question) (sms.Reading, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inside = r.inside || db.Inside(ctx)
	r.asked = append(r.asked, q)
	// It looks for its key as the person's company.
	err := work.Do(ctx, func(ctx context.Context, _ db.Tx) error {
		if endpoint.Caller(ctx).CustomerID() != harness.CompanyA {
			return errors.New("another company")
		}
		return nil
	})
	answer, ok := r.answer[q.Text]
	if !ok || err != nil {
		return sms.Reading{}, errors.Join(errors.New("the model is down"), err)
	}
	return answer, nil
}

// A model is asked, outside of every unit of work, for what is not in the portal's words, and what it made of a message is
// kept with it. A model that is down, or not sure, changes nothing of what the words do.
func TestSMS_Interpreter(t *testing.T) {
	t.Parallel()
	r := &reader{answer: map[string]sms.Reading{
		"five bags and a lot of ice": {Intent: "provide_details", Confidence: "high", BagSaltQty: new(5.0), Notes: new("icy")},
		"gimme another one":          {Intent: "unknown", Confidence: "low"},
		"that is it for here":        {Intent: "complete_ticket", Confidence: "high"},
	}}
	p := newTexting(t, func(s *harness.Settings) { s.Server.SMS.Interpreter = r })
	const a = harness.CompanyA
	p.Exec(`insert into portal.property_contractors (customer_id, property_id, contractor_id, acceptance_status, accepted_at) values ($1, $2, $3, 'accepted', now())`,
		a, p.property(a, 1), p.person(a, "User"))
	for _, step := range []struct{ text, want string }{
		{"start", "Started: Property 1."},
		{"five bags and a lot of ice", "Noted for Property 1."},
		{"gimme another one", "Noted for Property 1."},
		{"2 yards", "Noted for Property 1."},
		{"that is it for here", "Completed: Property 1."},
		{"help", "READY: check in."},
	} {
		if have := p.says(a, step.text); !strings.HasPrefix(have, step.want) {
			t.Errorf("%q: %s", step.text, have)
		}
	}
	if have := p.one(`select concat_ws('|', status, bulk_salt_qty, bag_salt_qty, regexp_replace(notes, '\d\d:\d\d', 'NOW', 'g')) from portal.winter_ops_logs`); have != "closed|2.00|5.00|Started by text message at NOW\nicy\ngimme another one\nCompleted by text message at NOW" {
		t.Error(have)
	}
	var asked []string
	for _, q := range r.asked {
		asked = append(asked, q.Text)
		if q.Property != "Property 1" || q.State != sms.Collecting {
			t.Errorf("%+v", q)
		}
	}
	if have := strings.Join(asked, ", "); have != "five bags and a lot of ice, gimme another one, 2 yards, that is it for here" || r.inside {
		t.Errorf("asked for %s; within a unit of work: %v", have, r.inside)
	}
	if have := p.one(`select string_agg(coalesce(ai_interpretation ->> 'intent', '-') || ' ' || ai_processed, ', ' order by id) from portal.sms_messages where direction = 'inbound'`); have !=
		"- false, provide_details true, unknown true, - false, complete_ticket true, - false" {
		t.Error(have)
	}
}

// A decider notes what was decided.
type decider struct{ decided chan string }

func (d decider) Decide(_ context.Context, _ db.Tx, errorID, message, phone string) error {
	d.decided <- errorID + " " + message + " " + phone
	return nil
}

// A decision is handed on where the automation has asked for one within a day, once; else the words mean what they mean.
func TestSMS_Decision(t *testing.T) {
	t.Parallel()
	d := decider{make(chan string, 9)}
	p := newTexting(t, func(s *harness.Settings) { s.Server.SMS.Decisions = d })
	const a = harness.CompanyA
	asks := func(expires string) {
		p.Exec(`insert into portal.sms_context (customer_id, user_id, phone_number, context_data)
			values ($1, $2, $3, jsonb_build_object('error_id', 'E-7', 'error_expires_at', now() + $4::text::interval, 'last_message', 'ERROR ID: E-7'))
			on conflict (customer_id, user_id) do update set context_data = excluded.context_data`, a, p.person(a, "User"), mobile, expires)
	}
	const hint = "Text START, DONE, READY, WORKING or HOME. HELP lists all words."
	says := func(text, want string) {
		t.Helper()
		if have := p.says(a, text); have != want {
			t.Errorf("%q: %s", text, have)
		}
	}
	says("1", hint)
	asks("-1 minute")
	says("fix", hint)
	asks("1 hour")
	says("working", "You are not checked in. Text READY first.")
	says("Ignore.", "Your decision IGNORE for error E-7 was passed on.")
	says("ignore", hint)
	if have := <-d.decided; have != "E-7 IGNORE "+mobile || len(d.decided) != 0 {
		t.Error(have)
	}
	p.brings(harness.CompanyB, mobile, "1").Want(t, http.StatusOK)
	p.Sent(1)
	if len(d.decided) != 0 {
		t.Error("the other company's person decides")
	}
}
