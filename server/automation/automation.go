// Package automation is where another company's workflows meet the portal: n8n, or whatever speaks as it does. A service
// comes in by a key of the company's (platform.service_tokens) and may do what the key has a scope for; what the portal
// has to tell goes out to the company's own address, signed.
package automation

import (
	"context"
	"net/http"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/outbound"
	"contractor-portal/server/outbox"
)

// The scopes of keys. The table's rule scopes_are_known has the same.
const (
	reportErrors = "error-report"
	sendEvents   = "events"
)

// Keys finds the company's keys of other services, and keeps one that the portal makes.
type Keys interface {
	// Account is the company's where that is whole, or else the operator's; none where neither is.
	Account(ctx context.Context, tx db.Tx, names ...string) (secrets []string, company bool, err error)
	// Keep seals a key as the company's.
	Keep(ctx context.Context, tx db.Tx, name, secret string) error
}

// Texts tells people of the company by text message; what is told is how many it reaches.
type Texts interface {
	// AskDecision texts Admins, the named ones or all, about an error, and keeps the question in their conversations.
	AskDecision(ctx context.Context, tx db.Tx, errorID, message string, users []int64) (told int, err error)
	// RemindOfTickets texts the owners of tickets that are open for longer.
	RemindOfTickets(ctx context.Context, tx db.Tx, longer time.Duration) (told int, err error)
}

// An Alert tells the office of weather at properties, in the ways that are set up, and says whom it reaches.
type Alert func(ctx context.Context, tx db.Tx, properties []int64, message string, hours int) (reaches string, err error)

// A Config is what the package is made of.
type Config struct {
	Keys   Keys
	Calls  *outbound.Calls
	Outbox *outbox.Outbox
}

// A Service carries the portal's news to a company's workflows.
type Service struct {
	keys   Keys
	calls  *outbound.Provider
	outbox *outbox.Outbox
}

// New returns what carries them, once an outbox lets it (Carry).
func New(cfg Config) *Service {
	calls := cfg.Calls
	if calls == nil {
		calls = outbound.New(outbound.Config{})
	}
	return &Service{cfg.Keys, calls.Provider("the workflow", deliveryTime), cfg.Outbox}
}

// Routes registers the operations of this package.
func Routes(api endpoint.API, a *auth.Auth, s *Service, texts Texts, alert Alert) {
	h := handlers{a, s, texts, alert}
	admins := endpoint.Only(auth.Admin)
	endpoint.Direct(api, http.MethodPost, "/n8n/auth/token", "getServiceToken", "Change a service's key for a token of 15 minutes", h.token, endpoint.Public,
		endpoint.Limited(60, time.Second))
	endpoint.List(api, "/n8n/auth/keys", "listServiceKeys", "List the keys of services, newest first", listKeys, admins)
	endpoint.Post(api, "/n8n/auth/keys", "createServiceKey", "Make a key for a service", makeKey, admins.Own(), endpoint.Audited("service_key.made"), endpoint.Secret,
		endpoint.Describe("The secret is shown this once. Nobody makes a key who acts inside a company from outside: it would outlast his stay."))
	endpoint.Delete(api, "/n8n/auth/keys/{key_id}", "revokeServiceKey", "Revoke a key, and end what came in by it", revokeKey, admins, endpoint.Audited("service_key.revoked"))
	endpoint.Post(api, "/n8n/error-report", "reportError", "Ask Admins by text message what to do about an error", h.report, endpoint.Service(reportErrors), endpoint.Audited("error.reported"),
		endpoint.Describe("The Admins are those named, or all. What one of them answers within 24 hours (1 FIX, 2 IGNORE, 3 CUSTOM) is sent to the company's n8n_webhook_url."))
	endpoint.Post(api, "/n8n/events", "sendEvent", "Have people told of something", h.event, endpoint.Service(sendEvents), endpoint.Audited("event.sent"),
		endpoint.Example(map[string]any{"type": "weather_alert", "data": map[string]any{"property_ids": []int64{1}, "message": "Snow from 02:00"}}),
		endpoint.Describe("weather_alert tells the office, as /weather/send-alert/ does: property_ids, message, forecast_hours. ticket_reminder texts the owners of "+
			"tickets that are open for longer than hours."))
	endpoint.Get(api, "/n8n/status", "getAutomationStatus", "Whether the webhook is set up, and what became of the last deliveries", s.status, admins)
	endpoint.Post(api, "/n8n/webhook-secret", "makeWebhookSecret", "Make the secret by which deliveries are signed", s.makeSecret, admins.Own(), endpoint.Audited("webhook_secret.made"), endpoint.Secret,
		endpoint.Describe("It is shown this once; the one before signs nothing any more. Signatures are those of Standard Webhooks: the headers webhook-id, "+
			"webhook-timestamp and webhook-signature. Without a secret nothing is delivered."))
}

type handlers struct {
	auth  *auth.Auth
	out   *Service
	texts Texts
	alert Alert
}
