// Package sms is the portal by text message: people check in, open and close tickets, and answer assignments with a few
// words, and get notices. What a message means is a pure function of the message and of what is so (Respond).
//
// The webhook verifies, stores and answers; a job does the rest, as the person whose telephone it is. What goes out is in
// the outbox. The tables are portal.sms_context (the conversations), portal.sms_messages and
// portal.sms_notification_preferences; tickets, check-ins and assignments are changed by their own packages.
package sms

import (
	"context"
	"net/http"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/jobs"
	"contractor-portal/server/outbound"
	"contractor-portal/server/outbox"
	"contractor-portal/server/shape"
)

// Keys finds the account with the provider.
type Keys interface {
	// Account is the company's where that is whole, or else the operator's; none where neither is.
	Account(ctx context.Context, tx db.Tx, names ...string) (secrets []string, company bool, err error)
	// SigningToken is that with which the provider signs what it brings, inside a webhook.
	SigningToken(ctx context.Context, tx db.Tx) (string, error)
}

// Webhooks admit the provider.
type Webhooks interface {
	Webhook(ctx context.Context, number string, isSigned func(context.Context, db.Tx) (bool, error), fn func(context.Context, db.Tx) error) error
}

// Tickets are those of the person who writes.
type Tickets interface {
	Open(ctx context.Context, tx db.Tx, property int64) (int64, error)
	Add(ctx context.Context, tx db.Tx, ticket int64, said shape.Work) error
	Finish(ctx context.Context, tx db.Tx, ticket int64, said shape.Work) error
	FinishAll(ctx context.Context, tx db.Tx) error
}

// Checkins are the person's.
type Checkins interface {
	CheckIn(ctx context.Context, tx db.Tx, event int64, equipment string) error
	Work(ctx context.Context, tx db.Tx, event int64) error
	CheckOut(ctx context.Context, tx db.Tx, event int64) error
}

// Decisions are handed to the automation that has asked for them.
type Decisions interface {
	Decide(ctx context.Context, tx db.Tx, errorID, message, phone string) error
}

// A Config is what the package is made of.
type Config struct {
	Webhooks    Webhooks
	Keys        Keys
	Calls       *outbound.Calls
	Outbox      *outbox.Outbox
	Tickets     Tickets
	Checkins    Checkins
	Answer      func(ctx context.Context, tx db.Tx, assignment int64, accept bool) error
	Interpreter Interpreter // nil: literal words alone
	Decisions   Decisions   // nil: nothing is asked
	URL         string      // of the provider; empty: the usual one
	PublicURL   string      // to which the provider reports what became of a message; empty: it does not
}

// Service is the portal by text message.
type Service struct {
	Config
	provider *provider
}

// New returns the portal by text message.
func New(cfg Config) *Service {
	if cfg.Calls == nil {
		cfg.Calls = outbound.New(outbound.Config{})
	}
	return &Service{Config: cfg, provider: newProvider(cfg.Calls, cfg.URL)}
}

// Work lets the jobs and the outbox do what is theirs.
func (s *Service) Work(w *jobs.Workers) {
	w.Handle(jobs.InboundSMS, s.inbound)
	s.Outbox.Carry(outbox.SMS, s)
}

// Routes registers the operations of this package.
func Routes(api endpoint.API, s *Service) {
	office := endpoint.Only(auth.Admin, auth.Manager)
	own := endpoint.Members.Own()
	endpoint.Hook(api, webhookPath, "receiveSMS", "A text message that the provider brings", "application/xml", map[string]string{
		"From": "The number that it comes from.", "To": "The company's number.", "Body": "The text.", "MessageSid": "The provider's id of it. One that comes again changes nothing.",
	}, s.receive, endpoint.Describe("For Twilio, which signs its calls (X-Twilio-Signature) with the token of the company's account. The answer is empty; a reply comes as a message of its own."))
	endpoint.Hook(api, statusPath, "reportSMS", "What became of a text message", "application/xml", map[string]string{
		"From": "The company's number.", "MessageSid": "The provider's id of the message.", "MessageStatus": "What became of it.", "ErrorCode": "Why it did not arrive.",
	}, s.report, endpoint.Describe("For Twilio, which signs its calls as those to /sms/webhook."))
	endpoint.Post(api, "/sms/notify-assignment", "notifyAssignment", "Text a person about a property that he is to serve", s.notify, office)
	endpoint.Consult(api, http.MethodPost, "/sms/send-test", "sendTestSMS", "Send a text message to try the account", s.test, office, endpoint.Keyed,
		endpoint.Describe("The answer says what the provider said. A message that it takes proves that the number is the company's, when the account is."))
	endpoint.List(api, "/sms/conversations", "listConversations", "The latest conversations, 50 at the most", s.conversations, office)
	endpoint.List(api, "/sms/messages/{conversation_id}", "listMessages", "The messages of a conversation, the oldest first", s.messages, office)
	endpoint.Get(api, "/sms/preferences", "getSMSPreferences", "Which text messages the caller gets", s.preferences, own)
	endpoint.Put(api, "/sms/preferences", "setSMSPreferences", "Say which text messages the caller gets", s.setPreferences, own)
}

const (
	webhookPath = "/sms/webhook"
	statusPath  = "/sms/status"
)

const featureSQL = `select coalesce(c.features -> 'sms' = 'true', false) from platform.customers c`

// admitted begins an operation: the company has the feature.
func admitted(ctx context.Context, tx db.Tx) error {
	has, err := db.Value[bool](ctx, tx, featureSQL)
	if err == nil && !has {
		err = endpoint.Forbidden("the company's plan is without the feature sms")
	}
	return err
}
