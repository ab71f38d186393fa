package sms

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

// SMSPreferences are which text messages a person gets. Whoever has said nothing gets all.
type SMSPreferences struct {
	SMSNotificationsEnabled  bool    `json:"sms_notifications_enabled" db:"enabled" doc:"false: none at all, as after STOP."`
	NotifyOnAssignment       bool    `json:"notify_on_assignment" db:"notify_on_assignment"`
	NotifyOnRouteAssignment  bool    `json:"notify_on_route_assignment" db:"notify_on_route_assignment"`
	NotifyOnWeatherAlert     bool    `json:"notify_on_weather_alert" db:"notify_on_weather_alert" doc:"For Admins and Managers."`
	NotifyOnWinterEventStart bool    `json:"notify_on_winter_event_start" db:"notify_on_winter_event_start"`
	NotifyOnTicketReminder   bool    `json:"notify_on_ticket_reminder" db:"notify_on_ticket_reminder"`
	QuietHoursStart          *string `json:"quiet_hours_start" db:"quiet_hours_start" nullable:"true" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" example:"22:00" doc:"In the company's zone. What comes in quiet hours is sent when they end; replies are sent at once."`
	QuietHoursEnd            *string `json:"quiet_hours_end" db:"quiet_hours_end" nullable:"true" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" example:"06:00" doc:"null, as the start, for none."`
}

const preferencesSQL = `
select u.sms_notifications_enabled as enabled, coalesce(n.notify_on_assignment, true) as notify_on_assignment,
  coalesce(n.notify_on_route_assignment, true) as notify_on_route_assignment,
  coalesce(n.notify_on_weather_alert, true) as notify_on_weather_alert,
  coalesce(n.notify_on_winter_event_start, true) as notify_on_winter_event_start,
  coalesce(n.notify_on_ticket_reminder, true) as notify_on_ticket_reminder,
  to_char(n.quiet_hours_start, 'HH24:MI') as quiet_hours_start, to_char(n.quiet_hours_end, 'HH24:MI') as quiet_hours_end
from users u
left join sms_notification_preferences n on (n.customer_id, n.user_id) = (u.customer_id, u.id)
where u.id = (select tenancy.user_id())`

func (s *Service) preferences(ctx context.Context, tx db.Tx, _ *endpoint.None) (SMSPreferences, error) {
	return db.One[SMSPreferences](ctx, tx, preferencesSQL)
}

const setPreferencesSQL = `
insert into sms_notification_preferences (user_id, notify_on_assignment, notify_on_route_assignment, notify_on_weather_alert,
  notify_on_winter_event_start, notify_on_ticket_reminder, quiet_hours_start, quiet_hours_end)
values ((select tenancy.user_id()), @notify_on_assignment, @notify_on_route_assignment, @notify_on_weather_alert,
  @notify_on_winter_event_start, @notify_on_ticket_reminder, @quiet_hours_start::text::time, @quiet_hours_end::text::time)
on conflict (customer_id, user_id) do update
set notify_on_assignment = excluded.notify_on_assignment, notify_on_route_assignment = excluded.notify_on_route_assignment,
  notify_on_weather_alert = excluded.notify_on_weather_alert, notify_on_winter_event_start = excluded.notify_on_winter_event_start,
  notify_on_ticket_reminder = excluded.notify_on_ticket_reminder,
  quiet_hours_start = excluded.quiet_hours_start, quiet_hours_end = excluded.quiet_hours_end`

func (s *Service) setPreferences(ctx context.Context, tx db.Tx, in *struct{ Body SMSPreferences }) (SMSPreferences, error) {
	b := in.Body
	if (b.QuietHoursStart == nil) != (b.QuietHoursEnd == nil) {
		return b, endpoint.InvalidField("quiet_hours_end", "expected start and end of the quiet hours, or neither")
	}
	if err := enable(ctx, tx, b.SMSNotificationsEnabled); err != nil {
		return b, err
	}
	args := db.Struct(b)
	delete(args, "enabled")
	_, err := db.Exec(ctx, tx, setPreferencesSQL, args)
	return b, err
}
