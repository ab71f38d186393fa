package legacy

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

var conversations = step{
	from: []string{"sms_conversations", "sms_context"}, into: "portal.sms_context", keeps: true,
	columns: []string{
		"user_id", "phone_number", "conversation_state", "active_ticket_id", "active_property_id", "context_data", "last_message_at", "created_at", "updated_at",
	},
	free:   []string{"conversation_state", "active_ticket_id", "active_property_id", "context_data", "last_message_at"},
	before: meetOpenTickets,
	make:   conversation,
	once:   &once{here: `select user_id::text, id from portal.sms_context`, key: func(v []any) string { return fmt.Sprint(v[0]) }},
}

// meetOpenTickets reads which tickets are open here: a conversation about another one is over.
func meetOpenTickets(ctx context.Context, p *pass) error {
	p.open = map[int64]bool{}
	return p.landing.AsMover(ctx, func() error {
		rows, _ := p.tx.Query(ctx, `select id from portal.winter_ops_logs where status = 'open'`)
		var id int64
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error { p.open[id] = true; return nil })
		return err
	})
}

func conversation(p *pass, r *row) []any {
	text, _ := r.raw("phone_number")
	number := phone(text)
	if number == nil {
		r.refused("phone_number: ‹%s› is no telephone number", shown(text))
	}
	state := r.choice("conversation_state", "idle", "idle", "awaiting_start_confirmation", "collecting_ticket_details", "awaiting_completion",
		"collecting_completion_details")
	ticket, property := r.ref("active_ticket_id", "winter_ops_logs"), r.ref("active_property_id", "locations")
	// What it remembers names rows by their old numbers.
	same := (ticket == nil || *ticket == r.number("active_ticket_id")) && (property == nil || *property == r.number("active_property_id"))
	context := r.object("context_data")
	if state != "idle" && (ticket == nil || !p.open[*ticket] || !same) {
		r.change("conversation_state: its ticket is not open or has another number here, now idle")
		state, ticket, property, context = "idle", nil, nil, nil
	}
	if ticket != nil && !p.open[*ticket] {
		ticket = nil
	}
	if !same {
		context = nil
	}
	return []any{
		r.must("user_id", "users"), number, state, ticket, property, context, r.since(p.now, "last_message_at", "updated_at", "created_at"),
		r.since(p.now, "created_at"), r.since(p.now, "updated_at", "created_at"),
	}
}

var messages = step{
	from: []string{"sms_messages"}, into: "portal.sms_messages", keeps: true,
	columns: []string{
		"conversation_id", "phone_number", "direction", "message_body", "twilio_sid", "twilio_status", "ai_processed", "ai_interpretation",
		"created_at", "updated_at",
	},
	free: []string{"twilio_status", "ai_processed", "ai_interpretation"},
	make: func(p *pass, r *row) []any {
		text, _ := r.raw("phone_number")
		number := phone(text)
		if number == nil {
			number = new(stringOr(r.line("phone_number", 20)))
		}
		return []any{
			r.ref("conversation_id", "sms_conversations"), *number, r.choice("direction", "inbound", "inbound", "outbound"),
			stringOr(r.text("message_body", 10_000)), r.line("twilio_sid", 100), r.line("twilio_status", 50), r.flag("ai_processed", false),
			r.object("ai_interpretation"), r.since(p.now, "created_at"), r.since(p.now, "updated_at", "created_at"),
		}
	},
	once: &once{
		here: `select twilio_sid, id from portal.sms_messages where twilio_sid is not null`,
		key:  func(v []any) string { return stringOr(v[4].(*string)) },
	},
}

var preferences = step{
	from: []string{"sms_notification_preferences"}, into: "portal.sms_notification_preferences", keeps: true,
	columns: []string{
		"user_id", "notify_on_assignment", "notify_on_route_assignment", "notify_on_weather_alert", "notify_on_winter_event_start",
		"notify_on_ticket_reminder", "quiet_hours_start", "quiet_hours_end", "created_at", "updated_at",
	},
	make: func(p *pass, r *row) []any {
		from, to := r.clock("quiet_hours_start"), r.clock("quiet_hours_end")
		if (from == nil) != (to == nil) {
			r.change("quiet_hours_start, quiet_hours_end: one without the other, now none")
			from, to = nil, nil
		}
		return []any{
			r.must("user_id", "users"), r.flag("notify_on_assignment", true), r.flag("notify_on_route_assignment", true),
			r.flag("notify_on_weather_alert", true), r.flag("notify_on_winter_event_start", true), r.flag("notify_on_ticket_reminder", true), from, to,
			r.since(p.now, "created_at"), r.since(p.now, "updated_at", "created_at"),
		}
	},
	once: &once{here: `select user_id::text, id from portal.sms_notification_preferences`, key: func(v []any) string { return fmt.Sprint(v[0]) }},
}
