package sms

import (
	"context"
	"encoding/json"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

// A thread is a row of portal.sms_context, locked.
type thread struct {
	ID       int64           `db:"id"`
	State    State           `db:"conversation_state"`
	TicketID *int64          `db:"active_ticket_id"`
	Data     json.RawMessage `db:"context_data"`

	errorExpires *time.Time
	lastMessage  string
}

// remembered is the form of context_data.
type remembered struct {
	Choices      []Place    `json:"available_properties,omitempty"`
	Offers       []Offer    `json:"pending_assignments,omitempty"`
	ErrorID      string     `json:"error_id,omitempty"`
	ErrorExpires *time.Time `json:"error_expires_at,omitempty"`
	LastMessage  string     `json:"last_message,omitempty"`
}

// Two messages of one person at the same instant are handled one after the other: the row is locked here.
const takeSQL = `
insert into sms_context (user_id, phone_number, last_message_at)
values ((select tenancy.user_id()), @phone, @now)
on conflict (customer_id, user_id) do update
set phone_number = excluded.phone_number, last_message_at = excluded.last_message_at
returning id, conversation_state, active_ticket_id, context_data`

// take finds or begins the conversation of the person who writes, and holds it until the end of the unit of work.
func (s *Service) take(ctx context.Context, tx db.Tx, phone string) (t thread, c Conversation, err error) {
	t, err = db.One[thread](ctx, tx, takeSQL, db.Args{"phone": phone, "now": endpoint.Now(ctx)})
	if err != nil {
		return t, c, err
	}
	var r remembered
	if t.Data != nil {
		_ = json.Unmarshal(t.Data, &r) // what the older portal has left there may have another form
	}
	c = Conversation{State: t.State, Choices: r.Choices, Offers: r.Offers}
	if s.Decisions != nil && r.ErrorExpires != nil && r.ErrorExpires.After(endpoint.Now(ctx)) {
		c.ErrorID, t.errorExpires, t.lastMessage = r.ErrorID, r.ErrorExpires, r.LastMessage
	}
	return t, c, nil
}

const keepSQL = `
update sms_context
set conversation_state = @state, active_ticket_id = @ticket,
  active_property_id = (select l.property_id from winter_ops_logs l where l.id = @ticket), context_data = @data
where id = @id`

func (t thread) keep(ctx context.Context, tx db.Tx, c Conversation) error {
	r := remembered{Choices: c.Choices, Offers: c.Offers, ErrorID: c.ErrorID}
	if c.ErrorID != "" {
		r.ErrorExpires, r.LastMessage = t.errorExpires, t.lastMessage
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return db.Touch(ctx, tx, keepSQL, db.Args{"id": t.ID, "state": c.State, "ticket": t.TicketID, "data": json.RawMessage(data)})
}

// circumstances are what the database says of the person who writes.
type circumstances struct {
	Stopped     bool   `db:"stopped"`
	Ticket      string `db:"ticket"`
	EventID     *int64 `db:"event_id"`
	Event       string `db:"event"`
	CheckedIn   bool   `db:"checked_in"`
	Equipment   string `db:"equipment"`
	OpenTickets int    `db:"open_tickets"`
}

const circumstancesSQL = `
select not u.sms_notifications_enabled as stopped, coalesce(left(p.name, 60), '') as ticket, e.id as event_id,
  coalesce(left(e.event_name, 60), '') as event, c.id is not null as checked_in, coalesce(u.default_equipment, '') as equipment,
  (
    select count(*)
    from winter_ops_logs w
    where (w.customer_id, coalesce(w.contractor_id, w.user_id)) = (u.customer_id, u.id)
      and w.status = 'open'
      and w.time_in is not null
  ) as open_tickets
from users u
left join winter_events e on e.customer_id = u.customer_id and e.status = 'active'
left join event_checkins c on (c.customer_id, c.winter_event_id) = (e.customer_id, e.id) and (c.customer_id, c.user_id) = (u.customer_id, u.id)
  and c.checked_out_at is null
left join winter_ops_logs l on l.customer_id = u.customer_id and l.id = @ticket and l.status = 'open'
left join locations p on (p.customer_id, p.id) = (l.customer_id, l.property_id)
where u.id = (select tenancy.user_id())`

const acceptedSQL = `
select p.id, left(p.name, 60) as name, left(p.address, 80) as address
from property_contractors a
join locations p on (p.customer_id, p.id) = (a.customer_id, a.property_id)
where a.contractor_id = (select tenancy.user_id())
  and a.acceptance_status = 'accepted'
order by a.accepted_at desc nulls last, a.id desc
limit 5`

const pendingSQL = `
select a.id, left(p.name, 60) as name
from property_contractors a
join locations p on (p.customer_id, p.id) = (a.customer_id, a.property_id)
where a.contractor_id = (select tenancy.user_id())
  and a.acceptance_status = 'pending'
order by a.id
limit 10`

type equipmentName struct {
	Name string `db:"equipment_name"`
}

const equipmentSQL = `select r.equipment_name from equipment_rates r order by r.equipment_name limit 1000`

// facts are what is so for the person who writes; event is the active one, or nil.
func (t thread) facts(ctx context.Context, tx db.Tx) (f Facts, event *int64, err error) {
	c, err := db.One[circumstances](ctx, tx, circumstancesSQL, db.Args{"ticket": t.TicketID})
	if err != nil {
		return f, nil, err
	}
	f = Facts{Stopped: c.Stopped, Ticket: c.Ticket, Event: c.Event, CheckedIn: c.CheckedIn, Equipment: c.Equipment, OpenTickets: c.OpenTickets}
	if f.Accepted, err = db.All[Place](ctx, tx, acceptedSQL); err != nil {
		return f, nil, err
	}
	if f.Pending, err = db.All[Offer](ctx, tx, pendingSQL); err != nil {
		return f, nil, err
	}
	names, err := db.All[equipmentName](ctx, tx, equipmentSQL)
	for _, n := range names {
		f.EquipmentNames = append(f.EquipmentNames, n.Name)
	}
	return f, c.EventID, err
}
