package sms

import (
	"context"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/outbox"
)

// accountKeys are the account with the provider: who it is, its password, and the number that messages come from.
var accountKeys = []string{"twilio_account_sid", "twilio_auth_token", "twilio_phone_number"}

// maxText is how long a message may be for the provider.
const maxText = 1600

// A text is a message that is to go out.
type text struct {
	Conversation *int64
	Phone        string
	Body         string
	Kind         string // for the outbox's list: what it is about
	NotBefore    time.Time
}

// content is what the outbox keeps of a text, sealed.
type content struct {
	To   string `json:"to"`
	Body string `json:"body"`
}

// waiting is the status of a message that the provider has not yet.
const waiting = "waiting"

// Rows are made, and so numbered, in the order of the texts.
const putSQL = `
insert into portal.sms_messages (conversation_id, phone_number, direction, message_body, twilio_status)
select t.conversation, t.phone, 'outbound', t.body, @status
from unnest(@conversations::bigint[], @phones::text[], @bodies::text[]) with ordinality as t (conversation, phone, body, n)
order by t.n
returning id`

// put has texts sent, when the unit of work is committed.
func (s *Service) put(ctx context.Context, tx db.Tx, all ...text) error {
	conversations, phones, bodies := make([]*int64, len(all)), make([]string, len(all)), make([]string, len(all))
	for i, t := range all {
		conversations[i], phones[i], bodies[i] = t.Conversation, t.Phone, upTo(t.Body, maxText)
	}
	rows, err := db.All[struct {
		ID int64 `db:"id"`
	}](ctx, tx, putSQL, db.Args{"conversations": conversations, "phones": phones, "bodies": bodies, "status": waiting})
	if err != nil {
		return err
	}
	messages := make([]outbox.Message, len(all))
	for i, t := range all {
		messages[i] = outbox.Message{
			Channel: outbox.SMS, Kind: t.Kind, Content: content{t.Phone, bodies[i]}, Reference: rows[i].ID, NotBefore: t.NotBefore,
		}
	}
	return s.Outbox.Add(ctx, tx, messages...)
}

// A recipient is a person who may get a notice.
type recipient struct {
	ID         int64   `db:"id"`
	Phone      string  `db:"phone"`
	Equipment  string  `db:"equipment"`
	QuietStart *string `db:"quiet_start"`
	QuietEnd   *string `db:"quiet_end"`
}

// The kinds of notice, as people choose among them.
const (
	ofAssignment = "assignment"
	ofRoute      = "route"
	ofWeather    = "weather"
	ofEvent      = "event"
	ofTicket     = "ticket"
	ofError      = "error" // cannot be chosen: an Admin who is named by the automation
)

// Whoever has chosen nothing gets all of them, unless he has stopped text messages. users and roles are whom a notice is
// for; null is everybody.
const recipientsSQL = `
select u.id, u.phone, coalesce(u.default_equipment, '') as equipment,
  to_char(n.quiet_hours_start, 'HH24:MI') as quiet_start, to_char(n.quiet_hours_end, 'HH24:MI') as quiet_end
from users u
left join sms_notification_preferences n on (n.customer_id, n.user_id) = (u.customer_id, u.id)
where u.status = 'active'
  and u.phone is not null
  and u.sms_notifications_enabled
  and (@users::bigint[] is null or u.id = any (@users::bigint[]))
  and (@roles::text[] is null or u.role = any (@roles::text[]))
  and coalesce(case @notice::text
    when 'assignment' then n.notify_on_assignment
    when 'route' then n.notify_on_route_assignment
    when 'weather' then n.notify_on_weather_alert
    when 'event' then n.notify_on_winter_event_start
    when 'ticket' then n.notify_on_ticket_reminder
  end, true)
order by u.id`

// recipients are those of a notice: nobody where text messages are not in the plan, or where no account is whole.
func (s *Service) recipients(ctx context.Context, tx db.Tx, notice string, users []int64, roles []string) ([]recipient, error) {
	ready, err := s.ready(ctx, tx)
	if err != nil || !ready {
		return nil, err
	}
	return db.All[recipient](ctx, tx, recipientsSQL, db.Args{"notice": notice, "users": users, "roles": roles})
}

// ready tells whether text messages can be sent. An operator who acts inside the company sees none of its keys, and is
// believed: what then cannot be sent is in the list of the outbox.
func (s *Service) ready(ctx context.Context, tx db.Tx) (bool, error) {
	has, err := db.Value[bool](ctx, tx, featureSQL)
	if err != nil || !has {
		return false, err
	}
	if caller := endpoint.Caller(ctx); caller != nil && caller.Acting() {
		return true, nil
	}
	account, _, err := s.Keys.Account(ctx, tx, accountKeys...)
	return account != nil, err
}

const threadsSQL = `
insert into sms_context (user_id, phone_number, last_message_at)
select t.user_id, t.phone, @now
from unnest(@users::bigint[], @phones::text[]) as t (user_id, phone)
order by t.user_id
on conflict (customer_id, user_id) do update
set phone_number = excluded.phone_number, last_message_at = excluded.last_message_at
returning user_id, id`

// tell sends each recipient a text of his own, after his quiet hours.
func (s *Service) tell(ctx context.Context, tx db.Tx, notice string, to []recipient, say func(recipient) string) (sent int, err error) {
	if len(to) == 0 {
		return 0, nil
	}
	zone, err := tx.Zone(ctx)
	if err != nil {
		return 0, err
	}
	users, phones := make([]int64, len(to)), make([]string, len(to))
	for i, r := range to {
		users[i], phones[i] = r.ID, r.Phone
	}
	rows, err := db.All[struct {
		UserID int64 `db:"user_id"`
		ID     int64 `db:"id"`
	}](ctx, tx, threadsSQL, db.Args{"users": users, "phones": phones, "now": endpoint.Now(ctx)})
	if err != nil {
		return 0, err
	}
	threads := map[int64]int64{}
	for _, row := range rows {
		threads[row.UserID] = row.ID
	}
	texts := make([]text, len(to))
	for i, r := range to {
		texts[i] = text{Conversation: new(threads[r.ID]), Phone: r.Phone, Body: say(r), Kind: notice, NotBefore: r.quietUntil(endpoint.Now(ctx).In(zone))}
	}
	return len(to), s.put(ctx, tx, texts...)
}

// quietUntil is when the quiet hours are over that now is in, or zero. now is on the company's clock.
func (r recipient) quietUntil(now time.Time) time.Time {
	if r.QuietStart == nil || r.QuietEnd == nil {
		return time.Time{}
	}
	start, err1 := time.Parse("15:04", *r.QuietStart)
	end, err2 := time.Parse("15:04", *r.QuietEnd)
	if err1 != nil || err2 != nil || start.Equal(end) {
		return time.Time{}
	}
	at := func(t time.Time, days int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()+days, t.Hour(), t.Minute(), 0, 0, now.Location())
	}
	// The night has midnight in it, and may have begun yesterday.
	for _, day := range []int{-1, 0} {
		begin, over := at(start, day), at(end, day)
		if !begin.Before(over) {
			over = at(end, day+1)
		}
		if !now.Before(begin) && now.Before(over) {
			return over
		}
	}
	return time.Time{}
}
