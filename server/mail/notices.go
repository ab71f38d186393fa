package mail

import (
	"context"
	"slices"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// NewWeatherMail is an alert by mail, and to whom.
type NewWeatherMail struct {
	PropertyIDs   []int64       `json:"property_ids,omitempty" ref:"locations" nullable:"true" maxItems:"10000" doc:"Their area managers get it, who are active people of that name."`
	ManagerEmails []field.Email `json:"manager_emails,omitempty" nullable:"true" maxItems:"50" doc:"Who gets it; these count before property_ids."`
	Summary       string        `json:"summary" minLength:"1" maxLength:"200" example:"6 inches of snow tonight" doc:"One line; it is the subject too."`
	StartTime     *field.Line   `json:"start_time,omitempty" nullable:"true" maxLength:"100" example:"Tuesday, 02:00"`
	Accumulation  *field.Line   `json:"accumulation,omitempty" nullable:"true" maxLength:"100" example:"6 inches"`
	Temperature   *field.Line   `json:"temperature,omitempty" nullable:"true" maxLength:"100" example:"24 °F"`
}

// MailsQueued is the answer to a mail that goes to each of several people.
type MailsQueued struct {
	endpoint.Done
	Sent int `json:"sent" doc:"How many mails are on their way."`
}

// An area manager is named at the property, and is a person where an active one has that name.
const areaManagersSQL = `
select count(distinct p.id) as properties,
  coalesce(array_agg(distinct u.email) filter (where u.email is not null), '{}') as emails
from locations p
left join users u on (u.customer_id, lower(u.name)) = (p.customer_id, lower(p.area_manager)) and u.status = 'active'
where p.id = any (@ids)`

func (s *Service) weatherAlert(ctx context.Context, tx db.Tx, in *struct{ Body NewWeatherMail }) (out MailsQueued, err error) {
	b := in.Body
	summary, err := oneLine("summary", b.Summary)
	if err != nil {
		return out, err
	}
	if _, err := s.needed(ctx, tx); err != nil {
		return out, err
	}
	to := texts(b.ManagerEmails)
	if err := mayReach(ctx, tx, "manager_emails", to); err != nil {
		return out, err
	}
	slices.Sort(to)
	if to = slices.Compact(to); len(to) == 0 {
		if to, err = areaManagers(ctx, tx, b.PropertyIDs); err != nil {
			return out, err
		}
	}
	l := aWeatherAlert(endpoint.PublicURL(ctx), summary).
		with("Expected start", line(b.StartTime)).with("Accumulation", line(b.Accumulation)).with("Temperature", line(b.Temperature))
	endpoint.Note(ctx, "mail", "weather_alert", map[string]any{"to": to})
	out = MailsQueued{queuedTo(len(to)), len(to)}
	if len(to) == 0 {
		out.Message = "Nobody is named whom a mail can be sent to, so none is"
	}
	return out, s.toEach(ctx, tx, "weather_alert", to, l)
}

func areaManagers(ctx context.Context, tx db.Tx, properties []int64) ([]string, error) {
	found, err := db.One[struct {
		Properties int      `db:"properties"`
		Emails     []string `db:"emails"`
	}](ctx, tx, areaManagersSQL, db.Args{"ids": properties})
	if err == nil && found.Properties < distinct(properties) {
		return nil, endpoint.NotFound("property")
	}
	return found.Emails, err
}

func distinct(ids []int64) int {
	set := map[int64]bool{}
	for _, id := range ids {
		set[id] = true
	}
	return len(set)
}

// toEach queues a mail of his own for everybody, who need not know of the others.
func (s *Service) toEach(ctx context.Context, tx db.Tx, kind string, to []string, l letter) error {
	all := make([]content, len(to))
	for i, email := range to {
		all[i] = content{To: []string{email}, Letter: l}
	}
	return s.queue(ctx, tx, kind, all...)
}

func line(l *field.Line) string {
	if l == nil {
		return ""
	}
	return string(*l)
}

// WorkLogMail says of which log a manager is told.
type WorkLogMail struct {
	LogID        int64       `json:"log_id" ref:"winter_ops_logs" minimum:"1" doc:"The winter log."`
	ManagerEmail field.Email `json:"manager_email"`
}

type workLog struct {
	Property  string     `db:"property"`
	Worker    string     `db:"worker"`
	Equipment string     `db:"equipment"`
	Notes     string     `db:"notes"`
	TimeIn    *time.Time `db:"time_in"`
	TimeOut   *time.Time `db:"time_out"`
}

const workLogSQL = `
select p.name as property, coalesce(nullif(l.worker_name, ''), nullif(l.contractor_name, ''), c.name, u.name, '') as worker,
  coalesce(l.equipment, '') as equipment, coalesce(l.notes, '') as notes, l.time_in, l.time_out
from winter_ops_logs l
join locations p on (p.customer_id, p.id) = (l.customer_id, l.property_id)
left join users c on (c.customer_id, c.id) = (l.customer_id, l.contractor_id)
left join users u on (u.customer_id, u.id) = (l.customer_id, l.user_id)
where l.id = @id`

func (s *Service) workLog(ctx context.Context, tx db.Tx, in *struct{ Body WorkLogMail }) (out endpoint.Done, err error) {
	if _, err := s.needed(ctx, tx); err != nil {
		return out, err
	}
	to := []string{string(in.Body.ManagerEmail)}
	if err := mayReach(ctx, tx, "manager_email", to); err != nil {
		return out, err
	}
	log, err := db.One[workLog](ctx, tx, workLogSQL, db.Args{"id": in.Body.LogID})
	if err != nil {
		return out, endpoint.Missing(err, "log")
	}
	zone, err := tx.Zone(ctx)
	if err != nil {
		return out, err
	}
	endpoint.Note(ctx, "mail", "work_log", map[string]any{"to": to, "log_id": in.Body.LogID})
	return queuedTo(1), s.queue(ctx, tx, "work_log", content{To: to, Letter: log.letter(endpoint.PublicURL(ctx), zone)})
}

// InvoiceMail says of which invoice somebody is told.
type InvoiceMail struct {
	InvoiceID     int64       `json:"invoice_id" ref:"quickbooks_invoices" minimum:"1" doc:"The invoice, by its id here."`
	CustomerEmail field.Email `json:"customer_email"`
}

type invoice struct {
	Number   string    `db:"number"`
	Property string    `db:"property"`
	Event    string    `db:"event"`
	Amount   float64   `db:"amount"`
	Status   string    `db:"status"`
	Created  time.Time `db:"created_at"`
}

const invoiceSQL = `
select coalesce(i.quickbooks_invoice_number, i.quickbooks_invoice_id, '') as number, p.name as property, e.event_name as event,
  i.total_amount::float8 as amount, i.status, i.created_at
from quickbooks_invoices i
join locations p on (p.customer_id, p.id) = (i.customer_id, i.property_id)
join winter_events e on (e.customer_id, e.id) = (i.customer_id, i.winter_event_id)
where i.id = @id`

func (s *Service) invoice(ctx context.Context, tx db.Tx, in *struct{ Body InvoiceMail }) (out endpoint.Done, err error) {
	if _, err := s.needed(ctx, tx); err != nil {
		return out, err
	}
	to := []string{string(in.Body.CustomerEmail)}
	if err := mayReach(ctx, tx, "customer_email", to); err != nil {
		return out, err
	}
	i, err := db.One[invoice](ctx, tx, invoiceSQL, db.Args{"id": in.Body.InvoiceID})
	if err != nil {
		return out, endpoint.Missing(err, "invoice")
	}
	if i.Status != "sent" {
		return out, endpoint.Conflict("the invoice is not in QuickBooks; only one that is can be told of")
	}
	zone, err := tx.Zone(ctx)
	if err != nil {
		return out, err
	}
	endpoint.Note(ctx, "mail", "invoice", map[string]any{"to": to, "invoice_id": in.Body.InvoiceID})
	return queuedTo(1), s.queue(ctx, tx, "invoice", content{To: to, Letter: i.letter(zone)})
}
