package sms

import (
	"context"
	"errors"
	"slices"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// AssignmentNotice names whom to text about which property.
type AssignmentNotice struct {
	PropertyID   int64 `query:"property_id" required:"true" ref:"locations" minimum:"1" doc:"The property."`
	ContractorID int64 `query:"contractor_id" required:"true" ref:"users" minimum:"1" doc:"The person."`
}

// SMSNotified is the answer to it.
type SMSNotified struct {
	Message string `json:"message"`
	Phone   string `json:"phone" doc:"Empty where the person has none."`
}

type notified struct {
	Property  string `db:"property"`
	Address   string `db:"address"`
	Person    string `db:"person"`
	Phone     string `db:"phone"`
	Active    bool   `db:"active"`
	Stopped   bool   `db:"stopped"`
	LastError *int   `db:"last_error"`
}

// What became of the last message to a number tells whether it gets any.
const notifiedSQL = `
select p.name as property, p.address, coalesce(u.name, u.email) as person, coalesce(u.phone, '') as phone, u.status = 'active' as active,
  not u.sms_notifications_enabled as stopped,
  (
    select m.twilio_error_code
    from sms_messages m
    where m.customer_id = u.customer_id
      and m.phone_number = u.phone
      and m.direction = 'outbound'
      and m.twilio_status <> 'waiting'
    order by m.id desc
    limit 1
  ) as last_error
from locations p
join users u on u.customer_id = p.customer_id
where p.id = @property_id
  and u.id = @contractor_id`

const propertySQL = `select id from locations where id = @id`

func (s *Service) notify(ctx context.Context, tx db.Tx, in *AssignmentNotice) (out SMSNotified, err error) {
	if err := admitted(ctx, tx); err != nil {
		return out, err
	}
	n, err := db.One[notified](ctx, tx, notifiedSQL, db.Args{"property_id": in.PropertyID, "contractor_id": in.ContractorID})
	if errors.Is(err, db.ErrNotFound) {
		if _, err := db.Value[int64](ctx, tx, propertySQL, db.Args{"id": in.PropertyID}); err != nil {
			return out, endpoint.Missing(err, "property")
		}
		return out, endpoint.NotFound("person")
	}
	if err != nil {
		return out, err
	}
	if note := n.cannot(); note != "" {
		return SMSNotified{n.Person + " was not notified: " + note, n.Phone}, nil
	}
	ready, err := s.ready(ctx, tx)
	if err == nil && !ready {
		err = errNoAccount
	}
	if err != nil {
		return out, err
	}
	to, err := s.recipients(ctx, tx, ofAssignment, []int64{in.ContractorID}, nil)
	if err != nil {
		return out, err
	}
	if len(to) == 0 {
		return SMSNotified{n.Person + " was not notified: he wants no text messages about assignments", n.Phone}, nil
	}
	_, err = s.tell(ctx, tx, ofAssignment, to, func(r recipient) string {
		return assigned([]given{{r.ID, n.Property, n.Address}}, r.Equipment)
	})
	return SMSNotified{"The text message to " + n.Person + " is on its way", n.Phone}, err
}

// cannot is why a person gets no text message, or "".
func (n notified) cannot() string {
	switch {
	case n.Phone == "":
		return "there is no telephone number"
	case !n.Active:
		return "the account is not active"
	case n.Stopped:
		return "text messages are switched off, by STOP or in the profile"
	case n.LastError != nil && slices.Contains(unable, *n.LastError):
		return codes[*n.LastError]
	}
	return ""
}

// TestMessage names where to send one.
type TestMessage struct {
	PhoneNumber field.Phone `query:"phone_number" required:"true" minLength:"1" doc:"Any form that names a valid number; + is %2B in an address."`
}

const testText = "Test message from the contractor portal. Text messages work."

const stoppedSQL = `select exists (select from users u where u.phone = @phone and not u.sms_notifications_enabled)`

// test sends a message, and tells what really happened.
func (s *Service) test(ctx context.Context, work endpoint.Work, in *TestMessage) (out SMSNotified, err error) {
	phone := string(in.PhoneNumber)
	var a account
	err = work.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := admitted(ctx, tx); err != nil {
			return err
		}
		stopped, err := db.Value[bool](ctx, tx, stoppedSQL, db.Args{"phone": phone})
		if err == nil && stopped {
			err = endpoint.Conflict("whoever has this number has stopped text messages")
		}
		if err != nil {
			return err
		}
		a, err = s.account(ctx, tx)
		return err
	})
	if err != nil {
		return out, err
	}
	t, sendErr := s.provider.send(ctx, a, phone, testText)
	note := func(ctx context.Context, tx db.Tx) error { return s.noteTest(ctx, tx, a, phone, t, sendErr) }
	if sendErr == nil {
		out = SMSNotified{"The provider took the text message; it is " + t.Status, phone}
		return out, endpoint.Writing(out)(ctx, note)
	}
	err = work.Write(ctx, note)
	var refused *refusedError
	switch {
	case err != nil:
		return out, err
	case errors.As(sendErr, &refused) && slices.Contains(unable, refused.Code):
		return out, endpoint.InvalidFields("phone_number: "+refused.sentence(), []endpoint.FieldError{{Location: "query.phone_number", Message: refused.sentence()}})
	case errors.As(sendErr, &refused):
		return out, endpoint.BadGateway(refused.sentence())
	}
	return out, sendErr
}

const noteTestSQL = `
insert into sms_messages (phone_number, direction, message_body, twilio_sid, twilio_status, twilio_error_code)
values (@phone, 'outbound', @body, nullif(@sid, ''), @status, @code)`

func (s *Service) noteTest(ctx context.Context, tx db.Tx, a account, phone string, t taken, sendErr error) error {
	status, code := t.Status, (*int)(nil)
	if sendErr != nil {
		status = "failed"
	}
	var refused *refusedError
	if errors.As(sendErr, &refused) {
		code = &refused.Code
	}
	_, err := db.Exec(ctx, tx, noteTestSQL, db.Args{"phone": phone, "body": testText, "sid": t.SID, "status": status, "code": code})
	switch {
	case err != nil:
	case sendErr == nil:
		err = prove(ctx, tx, a)
	case code != nil && *code == codeStopped:
		_, err = db.Exec(ctx, tx, stopSQL, db.Args{"phone": phone})
	}
	return err
}

// SMSConversation is one with a person.
type SMSConversation struct {
	ID                int64      `json:"id" db:"id"`
	PhoneNumber       string     `json:"phone_number" db:"phone_number"`
	ConversationState string     `json:"conversation_state" db:"conversation_state"`
	ActiveTicketID    *int64     `json:"active_ticket_id" db:"active_ticket_id"`
	LastMessageAt     field.Time `json:"last_message_at" db:"last_message_at"`
	UserName          string     `json:"user_name" db:"user_name"`
	PropertyName      *string    `json:"property_name" db:"property_name"`
}

const conversationsSQL = `
select c.id, c.phone_number, c.conversation_state, c.active_ticket_id, c.last_message_at, coalesce(u.name, u.email) as user_name,
  p.name as property_name, count(*) over () as total
from sms_context c
join users u on (u.customer_id, u.id) = (c.customer_id, c.user_id)
left join locations p on (p.customer_id, p.id) = (c.customer_id, c.active_property_id)
order by c.last_message_at desc, c.id desc
limit least(@limit, 50) offset @offset`

func (s *Service) conversations(ctx context.Context, tx db.Tx, in *endpoint.Window) ([]SMSConversation, int64, error) {
	if err := admitted(ctx, tx); err != nil {
		return nil, 0, err
	}
	return db.Page[SMSConversation](ctx, tx, conversationsSQL, db.Struct(in))
}

// ConversationRef names a conversation, and a part of its messages.
type ConversationRef struct {
	ConversationID int64 `path:"conversation_id" db:"conversation_id" ref:"sms_context" minimum:"1" doc:"The conversation."`
	endpoint.Window
}

// SMSMessage is one text message.
type SMSMessage struct {
	ID               int64          `json:"id" db:"id"`
	Direction        string         `json:"direction" db:"direction" enum:"inbound,outbound"`
	MessageBody      string         `json:"message_body" db:"message_body"`
	AIInterpretation map[string]any `json:"ai_interpretation" db:"ai_interpretation" nullable:"true" doc:"What a model has made of it; null where none was asked."`
	TwilioStatus     *string        `json:"twilio_status" db:"twilio_status" doc:"What became of it: waiting until the provider has it, then what the provider says."`
	TwilioErrorCode  *int           `json:"twilio_error_code" db:"twilio_error_code" doc:"The provider's, where it did not arrive."`
	CreatedAt        field.Time     `json:"created_at" db:"created_at"`
}

const messagesSQL = `
select m.id, m.direction, m.message_body, m.ai_interpretation, m.twilio_status, m.twilio_error_code, m.created_at, count(*) over () as total
from sms_messages m
where m.conversation_id = @conversation_id
order by m.created_at, m.id
limit @limit offset @offset`

const conversationSQL = `select id from sms_context where id = @id`

func (s *Service) messages(ctx context.Context, tx db.Tx, in *ConversationRef) (page []SMSMessage, total int64, err error) {
	if err := admitted(ctx, tx); err != nil {
		return nil, 0, err
	}
	page, total, err = db.Page[SMSMessage](ctx, tx, messagesSQL, db.Struct(in))
	if err == nil && len(page) == 0 {
		_, err = db.Value[int64](ctx, tx, conversationSQL, db.Args{"id": in.ConversationID})
	}
	return page, total, endpoint.Missing(err, "conversation")
}
