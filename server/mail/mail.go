// Package mail sends mails: what people of a company write, and by what the portal tells of something that has
// happened. They go through the mail account of the company, or else of the portal's operator. Mails wait in the outbox
// (package outbox) until a job hands them over; the package has no table of its own.
package mail

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"net/http"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
	"contractor-portal/server/outbound"
	"contractor-portal/server/outbox"
)

// Accounts finds the keys of an account.
type Accounts interface {
	// Account is the keys of these names: all of them the company's, or all the operator's, or none.
	Account(ctx context.Context, tx db.Tx, names ...string) (secrets []string, company bool, err error)
	// Operators tells whether the operator gives all of them.
	Operators(names ...string) bool
}

// A Config is what the package is made of.
type Config struct {
	Accounts Accounts
	Calls    *outbound.Calls
	Outbox   *outbox.Outbox
	Gmail    string         // host and port for the accounts of companies; empty: Gmail's
	Host     string         // host and port for the operator's account; empty: as for companies
	Sender   string         // the address that mails of the operator's account come from; empty: the account's own
	Roots    *x509.CertPool // who is believed to know the mail servers; nil: whom the machine believes
}

// A Service sends mails.
type Service struct{ cfg Config }

// New returns what sends mails.
func New(cfg Config) *Service {
	if cfg.Calls == nil {
		cfg.Calls = outbound.New(outbound.Config{})
	}
	return &Service{cfg}
}

// Routes registers the operations of this package.
func Routes(api endpoint.API, s *Service) {
	office := endpoint.Only(auth.Admin, auth.Manager)
	limits := "A Manager writes to active people of the company and to its contacts; an Admin to anybody. "
	queued := limits + "The mail is sent within moments, and tried again for a day where the provider cannot take it."
	endpoint.Get(api, "/email/status", "getEmailStatus", "Whether mail is set up", s.status, office)
	endpoint.Consult(api, http.MethodPost, "/email/test", "testEmail", "Send a mail at once, and say whether the provider took it", s.test, office, endpoint.Keyed,
		endpoint.Describe(limits+"Nothing is tried a second time."))
	endpoint.Post(api, "/email/send", "sendEmail", "Send a mail", s.send, office, endpoint.Audited("mail.queued"), endpoint.Describe(queued))
	endpoint.Post(api, "/email/weather-alert", "sendWeatherAlertEmail", "Tell managers of coming snow", s.weatherAlert, office, endpoint.Audited("mail.queued"),
		endpoint.Describe("To managers by their addresses, or to the area managers of properties. Each gets a mail of his own; where there is nobody, none is sent. "+queued))
	endpoint.Post(api, "/email/work-log-notification", "sendWorkLogEmail", "Tell a manager of a winter log", s.workLog, office, endpoint.Audited("mail.queued"), endpoint.Describe(queued))
	endpoint.Post(api, "/email/invoice-notification", "sendInvoiceEmail", "Tell somebody of an invoice", s.invoice, endpoint.Only(auth.Admin), endpoint.Audited("mail.queued"),
		endpoint.Describe("QuickBooks sends the invoice itself. The mail is sent within moments, and tried again for a day where the provider cannot take it."))
}

// EmailStatus is how mail is set up.
type EmailStatus struct {
	Configured  bool    `json:"configured"`
	FromAddress *string `json:"from_address" example:"o****@example.com" doc:"Masked; null where mail is not set up."`
	Level       *string `json:"level" example:"company" doc:"company or operator: whose account it is; null where mail is not set up."`
}

func (s *Service) status(ctx context.Context, tx db.Tx, _ *endpoint.None) (out EmailStatus, err error) {
	a, err := s.account(ctx, tx)
	if err != nil || a == nil {
		return out, err
	}
	out = EmailStatus{true, new(masked(a.from)), new("operator")}
	if a.company {
		*out.Level = "company"
	}
	return out, nil
}

// TestMail says where a mail is sent to that tells nothing.
type TestMail struct {
	ToEmail field.Email `json:"to_email"`
}

func (s *Service) test(ctx context.Context, work endpoint.Work, in *struct{ Body TestMail }) (out endpoint.Done, err error) {
	var a *account
	var company string
	to := []string{string(in.Body.ToEmail)}
	err = work.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if a, err = s.needed(ctx, tx); err != nil {
			return err
		}
		if err = mayReach(ctx, tx, "to_email", to); err == nil {
			company, err = db.Value[string](ctx, tx, companySQL)
		}
		return err
	})
	if err != nil {
		return out, err
	}
	p, err := s.open(ctx, a, company)
	if err != nil {
		return out, err
	}
	defer p.close()
	if _, err := p.send(ctx, content{To: to, Letter: aTest()}, "test-"+rand.Text()); err != nil {
		return out, err
	}
	out = endpoint.Done{OK: true, Message: "The mail provider took the mail"}
	return out, endpoint.Writing(out)(ctx, func(ctx context.Context, tx db.Tx) error {
		return auth.Record(ctx, tx, auth.Deed{Action: "mail.tested", ObjectType: "mail", ObjectID: "test", Detail: map[string]any{"to": to}})
	})
}

const companySQL = `select c.company_name from platform.customers c`

// NewMail is a mail that a person writes.
type NewMail struct {
	ToEmails  []field.Email `json:"to_emails" minItems:"1" maxItems:"50"`
	Subject   string        `json:"subject" minLength:"1" maxLength:"255" example:"Salt delivery on Tuesday" doc:"One line."`
	Body      string        `json:"body" minLength:"1" maxLength:"50000" example:"The salt comes on Tuesday at 06:00."`
	HTMLBody  *string       `json:"html_body,omitempty" nullable:"true" maxLength:"100000" doc:"Sent as it is; without it the HTML form is made of body."`
	CcEmails  []field.Email `json:"cc_emails,omitempty" nullable:"true" maxItems:"50"`
	BccEmails []field.Email `json:"bcc_emails,omitempty" nullable:"true" maxItems:"50" doc:"Nobody else sees them."`
}

func (s *Service) send(ctx context.Context, tx db.Tx, in *struct{ Body NewMail }) (out endpoint.Done, err error) {
	b := in.Body
	c := content{Letter: letter{Paragraphs: []string{b.Body}, ByPerson: true}}
	if c.Letter.Subject, err = oneLine("subject", b.Subject); err != nil {
		return out, err
	}
	if b.HTMLBody != nil {
		c.Letter.HTML = *b.HTMLBody
	}
	if _, err := s.needed(ctx, tx); err != nil {
		return out, err
	}
	all := 0
	for _, list := range []struct {
		field string
		from  []field.Email
		to    *[]string
	}{{"to_emails", b.ToEmails, &c.To}, {"cc_emails", b.CcEmails, &c.Cc}, {"bcc_emails", b.BccEmails, &c.Bcc}} {
		*list.to = texts(list.from)
		if err := mayReach(ctx, tx, list.field, *list.to); err != nil {
			return out, err
		}
		all += len(*list.to)
	}
	endpoint.Note(ctx, "mail", "message", map[string]any{"to": c.To, "cc": c.Cc, "bcc": c.Bcc})
	return queuedTo(all), s.queue(ctx, tx, "message", c)
}

// queuedTo is the answer to a mail that waits in the outbox.
func queuedTo(n int) endpoint.Done {
	return endpoint.Done{OK: true, Message: "The mail to " + endpoint.Count(n, "address", "addresses") + " is on its way"}
}
