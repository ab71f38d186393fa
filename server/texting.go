package server

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/assignments"
	"contractor-portal/server/assistant"
	"contractor-portal/server/automation"
	"contractor-portal/server/checkins"
	"contractor-portal/server/outbox"
	"contractor-portal/server/settings"
	"contractor-portal/server/sms"
	"contractor-portal/server/winterlogs"
)

// texting is the portal by text message: what a message brings about is done by the packages whose it is.
func texting(cfg Config, keys *settings.Keys, out *outbox.Outbox, flows *automation.Service, helper *assistant.Service) *sms.Service {
	c := cfg.SMS
	c.Webhooks, c.Keys, c.Calls, c.Outbox, c.PublicURL = cfg.Auth, keys, cfg.Outbound, out, cfg.PublicURL
	c.Tickets, c.Checkins, c.Answer = winterlogs.Texted{}, checkins.Texted{}, assignments.Answer
	if c.Decisions == nil {
		c.Decisions = flows
	}
	if c.Interpreter == nil {
		c.Interpreter = interpreter{helper}
	}
	return sms.New(c)
}

// interpreter has the assistant read text messages.
type interpreter struct{ helper *assistant.Service }

func (i interpreter) Interpret(ctx context.Context, work sms.Unit, q sms.Question) (sms.Reading, error) {
	r, err := i.helper.Interpret(ctx, unit{work}, assistant.Message{Text: q.Text, State: string(q.State), Property: q.Property, Choices: q.Choices})
	return sms.Reading(r), err
}

// unit is a job's, as the assistant names it.
type unit struct{ sms.Unit }

func (u unit) Write(ctx context.Context, fn func(context.Context, db.Tx) error) error {
	return u.Do(ctx, fn)
}
