package sms

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"

	twilio "github.com/twilio/twilio-go/client"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/jobs"
)

// nothing is the answer to the provider: no reply in this call.
const nothing = `<?xml version="1.0" encoding="UTF-8"?><Response></Response>`

// admit enters the company of a number for the provider, whose signature is over the whole call.
func (s *Service) admit(ctx context.Context, call endpoint.Hooked, number string, fn func(context.Context, db.Tx) error) error {
	signature := call.Header.Get("X-Twilio-Signature")
	if signature == "" || number == "" {
		return auth.ErrSignature
	}
	isSigned := func(ctx context.Context, tx db.Tx) (bool, error) {
		token, err := s.Keys.SigningToken(ctx, tx)
		return token != "" && signed(token, call, signature), err
	}
	return s.Webhooks.Webhook(ctx, number, isSigned, fn)
}

func signed(token string, call endpoint.Hooked, signature string) bool {
	fields := map[string]string{}
	for name, values := range call.Form {
		if len(values) != 1 { // which of them is meant, the signature would not say
			return false
		}
		fields[name] = values[0]
	}
	validator := twilio.NewRequestValidator(token)
	return validator.Validate(call.URL, fields, signature)
}

// A message that has come before is not stored again, and has no second job.
const receiveSQL = `
insert into portal.sms_messages (phone_number, direction, message_body, twilio_sid, waits)
values (@phone, 'inbound', @body, @sid, @waits)
on conflict (customer_id, twilio_sid) do nothing
returning id`

const writerSQL = `select tenancy.webhook_person(@phone)`

var sidForm = regexp.MustCompile(`^[A-Z]{2}[0-9a-f]{32}$`)

const maxMessage = 10_000

// receive stores a message, and has a job handle it for the person whose telephone it comes from.
func (s *Service) receive(ctx context.Context, call endpoint.Hooked) ([]byte, error) {
	from, sid := call.Form.Get("From"), call.Form.Get("MessageSid")
	return []byte(nothing), s.admit(ctx, call, call.Form.Get("To"), func(ctx context.Context, tx db.Tx) error {
		if !sidForm.MatchString(sid) || from == "" || len(from) > 20 {
			return endpoint.Invalid("expected From and MessageSid, as the provider sends them")
		}
		body := strings.TrimSpace(upTo(strings.ReplaceAll(strings.ToValidUTF8(call.Form.Get("Body"), ""), "\x00", ""), maxMessage))
		person, err := db.Value[*int64](ctx, tx, writerSQL, db.Args{"phone": from})
		if err != nil {
			return err
		}
		id, err := db.Value[int64](ctx, tx, receiveSQL, db.Args{"phone": from, "body": body, "sid": sid, "waits": person != nil})
		switch {
		case errors.Is(err, db.ErrNotFound):
			return nil
		case err != nil:
			return err
		case person != nil:
			return jobs.Enqueue(ctx, tx, jobs.InboundSMS, jobs.Options{ID: id, Person: *person})
		}
		return s.answerStranger(ctx, tx, from, body)
	})
}

// Two machines that answer each other are told once a day.
const toldSQL = `
select exists (
  select from portal.sms_messages m
  where m.phone_number = @phone and m.direction = 'outbound' and m.created_at > @since)`

// answerStranger answers a number that belongs to nobody who is active.
func (s *Service) answerStranger(ctx context.Context, tx db.Tx, phone, body string) error {
	said := read(body)
	if said.is(stopWords) || said.is(resumeWords) {
		return nil
	}
	told, err := db.Value[bool](ctx, tx, toldSQL, db.Args{"phone": phone, "since": endpoint.Now(ctx).Add(-stale)})
	if err != nil || told {
		return err
	}
	return s.put(ctx, tx, text{Phone: phone, Body: notRegistered, Kind: "reply"})
}

// What came first may be reported last: what is final stays.
const reportSQL = `
update portal.sms_messages
set twilio_status = @status, twilio_error_code = @code
where twilio_sid = @sid
  and direction = 'outbound'
  and coalesce(twilio_status, '') not in ('delivered', 'undelivered', 'failed', 'read')`

var statusForm = regexp.MustCompile(`^[a-z_]{1,50}$`)

// report notes what became of a message that went out.
func (s *Service) report(ctx context.Context, call endpoint.Hooked) ([]byte, error) {
	f := call.Form
	return []byte(nothing), s.admit(ctx, call, f.Get("From"), func(ctx context.Context, tx db.Tx) error {
		if !sidForm.MatchString(f.Get("MessageSid")) || !statusForm.MatchString(f.Get("MessageStatus")) {
			return endpoint.Invalid("expected MessageSid and MessageStatus, as the provider sends them")
		}
		var code *int
		if n, err := strconv.Atoi(f.Get("ErrorCode")); err == nil && 0 < n && n < 1_000_000 {
			code = &n
		}
		_, err := db.Exec(ctx, tx, reportSQL, db.Args{"status": f.Get("MessageStatus"), "code": code, "sid": f.Get("MessageSid")})
		if err == nil && code != nil && *code == codeStopped {
			_, err = db.Exec(ctx, tx, stopSQL, db.Args{"phone": f.Get("To")})
		}
		return err
	})
}
