// Package quickbooks makes invoices at QuickBooks Online of the work that was logged in a winter event: one for a property
// and an event, whatever happens on the way. The tables are portal.quickbooks_auth, quickbooks_customer_mapping and
// quickbooks_invoices.
package quickbooks

import (
	"context"
	"net/http"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/connect"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
	"contractor-portal/server/jobs"
	"contractor-portal/server/outbound"
)

// A Config is what the package is made of.
type Config struct {
	Connect connect.Config
	Sandbox bool   // invoices are made in QuickBooks' sandbox, where they are nobody's
	URL     string // of all of QuickBooks, in tests; empty: the usual ones
}

// Service is the portal at QuickBooks.
type Service struct {
	connection *connect.Connection
	books      books
}

// New returns the portal at QuickBooks.
func New(cfg Config) *Service {
	if cfg.Connect.Calls == nil {
		cfg.Connect.Calls = outbound.New(outbound.Config{})
	}
	at := usual(cfg.Sandbox)
	if cfg.URL != "" {
		at = addresses{cfg.URL, cfg.URL, cfg.URL, cfg.URL}
	}
	return &Service{
		books: books{cfg.Connect.Calls.Provider("QuickBooks", callTime), at.api},
		connection: connect.New(cfg.Connect, connect.Provider{
			Purpose: "quickbooks", Name: "QuickBooks", Table: "quickbooks_auth",
			AuthURL: at.pages + "/connect/oauth2", TokenURL: at.tokens + "/oauth2/v1/tokens/bearer", Scopes: []string{"com.intuit.quickbooks.accounting"},
			Roles: endpoint.Only(auth.Admin), Early: 10 * time.Minute, Page: "/#/quickbooks",
			Revoke: revoke(at.revocations + "/v2/oauth2/tokens/revoke"),
		}, store{}),
	}
}

// Routes registers the operations of this package.
func Routes(api endpoint.API, s *Service) {
	admin := endpoint.Only(auth.Admin)
	s.connection.Routes(api)
	endpoint.Get(api, "/quickbooks/status", "getQuickBooksStatus", "Whether the company is connected with QuickBooks", s.status, admin.Own())
	endpoint.Consult(api, http.MethodPost, "/quickbooks/sync-property/{property_id}", "syncPropertyWithQuickBooks", "Have a customer at QuickBooks for a property", s.syncProperty, admin.Own(), endpoint.Keyed,
		endpoint.Describe("A property that has one keeps it. Otherwise the customer of its name is taken, or made."))
	endpoint.Consult(api, http.MethodPost, "/quickbooks/invoices", "makeInvoice", "Make the invoice of a property and an event", s.invoice, admin.Own(), endpoint.Keyed,
		endpoint.Describe("Of closed logs only, one line for each piece of equipment, by the property's billing_type. There is one invoice for a property and an event, whatever happens: "+
			"where QuickBooks' answer was lost (502, 504) call again, or wait: a job asks QuickBooks what became of it."))
	endpoint.Consult(api, http.MethodPost, "/quickbooks/invoices/event/{winter_event_id}", "makeInvoicesOfEvent", "Make the invoices of an event, for each property with closed logs", s.invoiceEvent, admin.Own(), endpoint.Keyed,
		endpoint.Describe("What is not done when the time of a request is over, or because QuickBooks cannot be reached, is done by a job in the caller's name: remaining says of how many properties. "+
			"What became of each is in GET /quickbooks/invoices?winter_event_id=…, with the reason where it failed. It can be called again at any time."))
	endpoint.List(api, "/quickbooks/invoices", "listInvoices", "List the invoices, the newest first", s.list, admin)
}

// Work lets jobs do what is theirs.
func (s *Service) Work(w *jobs.Workers) {
	w.Handle(jobs.InvoiceEvent, s.restOfEvent)
	w.Handle(jobs.ReconcileInvoices, s.reconcile)
}

// QuickBooksStatus is how things are between the company and QuickBooks.
type QuickBooksStatus struct {
	Connected        bool        `json:"connected" db:"connected" doc:"QuickBooks takes the connection, as far as is known."`
	RealmID          *string     `json:"realm_id" db:"realm_id" nullable:"true" doc:"The company at QuickBooks."`
	TokenExpiresAt   *field.Time `json:"token_expires_at" db:"token_expires_at" nullable:"true" doc:"It is renewed by itself."`
	MappedProperties int64       `json:"mapped_properties" db:"mapped_properties" doc:"Properties with a customer in the company at QuickBooks."`
	InvoiceCount     int64       `json:"invoice_count" db:"invoice_count" doc:"Invoices that were made."`
	PendingInvoices  int64       `json:"pending_invoices" db:"pending_invoices" doc:"Of which QuickBooks' answer is not known yet."`
	BrokenAt         *field.Time `json:"broken_at" db:"broken_at" nullable:"true" doc:"When QuickBooks took the connection no more."`
	WhatToDo         *string     `json:"what_to_do" db:"what_to_do" nullable:"true" doc:"Where an Admin has to do something."`
}

const statusSQL = `
select q.realm_id is not null and q.broken_at is null as connected, q.realm_id, q.token_expires_at, q.broken_at,
  (select count(*) from quickbooks_customer_mapping m where (m.customer_id, m.realm_id) = (q.customer_id, q.realm_id)) as mapped_properties,
  (select count(*) from quickbooks_invoices i where i.status = 'sent') as invoice_count,
  (select count(*) from quickbooks_invoices i where i.status = 'pending') as pending_invoices,
  case when q.broken_at is not null then 'QuickBooks takes this connection no more: an Admin connects again' end as what_to_do
from (select) one
left join quickbooks_auth q on true`

func (s *Service) status(ctx context.Context, tx db.Tx, _ *endpoint.None) (out QuickBooksStatus, err error) {
	if err := s.connection.Admits(ctx, tx); err != nil {
		return out, err
	}
	return db.One[QuickBooksStatus](ctx, tx, statusSQL)
}
