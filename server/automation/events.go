package automation

import (
	"context"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// ErrorReport is something that went wrong elsewhere.
type ErrorReport struct {
	ErrorID  string     `json:"error_id" minLength:"1" maxLength:"100" pattern:"^[A-Za-z0-9._:-]+$" example:"E-7"`
	Message  field.Text `json:"message" maxLength:"1000" example:"The invoice run stopped at property 17"`
	Severity string     `json:"severity,omitempty" enum:"critical,high,medium,low" example:"high" doc:"It precedes the message."`
	UserIDs  []int64    `json:"user_ids,omitempty" ref:"users" maxItems:"100" doc:"The Admins to ask; all where nobody is named."`
}

// ErrorReported says whom a report reaches.
type ErrorReported struct {
	OK       bool   `json:"ok"`
	Notified int    `json:"notified" doc:"How many Admins are asked: those with a phone number who take text messages."`
	Message  string `json:"message"`
}

const adminsSQL = `select count(*) from users u where u.id = any (@ids) and u.role = 'Admin' and u.status = 'active'`

// report asks nobody where one of those named is no Admin of the company: which of them, and whether he is another's, is
// not told.
func (h handlers) report(ctx context.Context, tx db.Tx, in *struct{ Body ErrorReport }) (out ErrorReported, err error) {
	b := in.Body
	if len(b.UserIDs) > 0 {
		n, err := db.Value[int](ctx, tx, adminsSQL, db.Args{"ids": b.UserIDs})
		if err != nil {
			return out, err
		}
		if n < distinct(b.UserIDs) {
			return out, endpoint.NotFound("active Admin")
		}
	}
	message := string(b.Message)
	if b.Severity != "" {
		message = b.Severity + ": " + message
	}
	endpoint.Note(ctx, "error", b.ErrorID, map[string]any{"severity": b.Severity})
	told, err := h.texts.AskDecision(ctx, tx, b.ErrorID, message, b.UserIDs)
	return ErrorReported{true, told, endpoint.Count(told, "Admin is", "Admins are") + " asked by text message"}, err
}

func distinct(ids []int64) int {
	set := map[int64]bool{}
	for _, id := range ids {
		set[id] = true
	}
	return len(set)
}

// EventData are the particulars of an event; each type has its own.
type EventData struct {
	PropertyIDs   []int64    `json:"property_ids,omitempty" ref:"locations" maxItems:"10000" doc:"Of weather_alert: the properties that it is about."`
	Message       field.Text `json:"message,omitempty" minLength:"0" maxLength:"1000" example:"Snow from 02:00" doc:"Of weather_alert."`
	ForecastHours int        `json:"forecast_hours,omitempty" minimum:"1" maximum:"120" default:"24" doc:"Of weather_alert."`
	Hours         int        `json:"hours,omitempty" minimum:"1" maximum:"720" default:"12" doc:"Of ticket_reminder: how long a ticket has been open."`
}

// Event is something that people are to be told.
type Event struct {
	Type string    `json:"type" enum:"weather_alert,ticket_reminder" example:"weather_alert"`
	Data EventData `json:"data"`
}

func (h handlers) event(ctx context.Context, tx db.Tx, in *struct{ Body Event }) (out endpoint.Done, err error) {
	d := in.Body.Data
	endpoint.Note(ctx, "event", in.Body.Type, nil)
	if in.Body.Type == "ticket_reminder" {
		told, err := h.texts.RemindOfTickets(ctx, tx, time.Duration(d.Hours)*time.Hour)
		return endpoint.Done{OK: true, Message: endpoint.Count(told, "person is", "people are") + " reminded by text message"}, err
	}
	switch {
	case len(d.PropertyIDs) == 0:
		return out, endpoint.InvalidField("data.property_ids", "expected at least one property")
	case d.Message == "":
		return out, endpoint.InvalidField("data.message", "expected a text")
	}
	reaches, err := h.alert(ctx, tx, d.PropertyIDs, string(d.Message), d.ForecastHours)
	return endpoint.Done{OK: true, Message: reaches}, err
}
