package sms

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/jobs"
)

// stale is how old a message may be to be acted upon: who went home on Monday is not sent home on Thursday.
const stale = 24 * time.Hour

// A received message waits until it is handled.
type received struct {
	ID    int64  `db:"id"`
	Body  string `db:"message_body"`
	Phone string `db:"phone_number"`
	Stale bool   `db:"stale"`
}

// The messages of one telephone are handled in the order in which they came, whichever of their jobs is the first.
const nextSQL = `
select m.id, m.message_body, m.phone_number, m.created_at < @since as stale
from sms_messages m
where m.phone_number = (select own.phone_number from sms_messages own where own.id = @id)
  and m.waits
  and m.id <= @id
order by m.id
limit 1`

func next(ctx context.Context, tx db.Tx, id int64) (received, error) {
	return db.One[received](ctx, tx, nextSQL, db.Args{"id": id, "since": endpoint.Now(ctx).Add(-stale)})
}

// inbound handles the message of a job, and those before it that still wait.
func (s *Service) inbound(ctx context.Context, j *jobs.Job) error {
	for {
		err := s.handle(ctx, j)
		switch {
		case errors.Is(err, errNoneWaits):
			return nil
		case err != nil:
			return err
		}
	}
}

// errNoneWaits ends a job: all that it was to handle is handled.
var errNoneWaits = errors.New("no message waits")

// handle handles one message of a person.
func (s *Service) handle(ctx context.Context, j *jobs.Job) error {
	understood, err := s.interpret(ctx, j)
	if err != nil {
		return err
	}
	a := attempt{Service: s, upTo: j.ID, understood: understood}
	err = j.Do(ctx, a.answer)
	// What a rule forbids is taken back as a whole, and the person is told.
	if sentence, ok := endpoint.Refusal(err); ok {
		a.refused, a.why = a.tried, sentence
		err = j.Do(ctx, a.answer)
	}
	return err
}

func none(err error) error {
	if errors.Is(err, db.ErrNotFound) {
		return errNoneWaits
	}
	return err
}

// An attempt acts upon the oldest message that waits, and replies.
type attempt struct {
	*Service
	upTo       int64 // the last one that it may be
	understood interpretation
	tried      int64  // the message that was acted upon
	refused    int64  // the one with which that was forbidden
	why        string // by a rule
}

func (a *attempt) answer(ctx context.Context, tx db.Tx) error {
	m, err := next(ctx, tx, a.upTo)
	if err != nil {
		return none(err)
	}
	t, c, err := a.take(ctx, tx, m.Phone)
	if err != nil {
		return err
	}
	// Who has waited for the conversation may find that another job has handled the message.
	if m, err = next(ctx, tx, a.upTo); err != nil {
		return none(err)
	}
	a.tried = m.ID
	f, event, err := t.facts(ctx, tx)
	if err != nil {
		return err
	}
	out := a.outcome(c, m, f)
	d := deed{Service: a.Service, thread: &t, event: event, facts: f, phone: m.Phone}
	for _, e := range out.Effects {
		if err := d.do(ctx, tx, e); err != nil {
			return err
		}
	}
	if err := t.keep(ctx, tx, out.Next); err != nil {
		return err
	}
	if err := handled(ctx, tx, m, &t.ID, a.understood); err != nil {
		return err
	}
	if out.Reply == "" {
		return nil
	}
	return a.put(ctx, tx, text{Conversation: &t.ID, Phone: m.Phone, Body: out.Reply, Kind: "reply"})
}

func (a *attempt) outcome(c Conversation, m received, f Facts) Outcome {
	switch {
	case m.Stale:
		return Outcome{Next: c}
	case a.refused != m.ID:
		return Respond(c, m.Body, f, a.understood.of(m))
	case f.Stopped:
		return Outcome{Next: c}
	}
	return Outcome{Next: c, Reply: "That could not be done: " + a.why + "."}
}

const handledSQL = `
update sms_messages
set waits = false, conversation_id = coalesce(@conversation, conversation_id), ai_processed = @ai, ai_interpretation = @reading
where id = @id`

func handled(ctx context.Context, tx db.Tx, m received, conversation *int64, understood interpretation) error {
	var reading json.RawMessage
	if r := understood.of(m); r != nil {
		text, err := json.Marshal(r)
		if err != nil {
			return err
		}
		reading = text
	}
	return db.Touch(ctx, tx, handledSQL, db.Args{"id": m.ID, "conversation": conversation, "ai": reading != nil, "reading": reading})
}

// An interpretation is what a model has made of one message.
type interpretation struct {
	message int64
	reading *Reading
}

func (i interpretation) of(m received) *Reading {
	if i.message == m.ID {
		return i.reading
	}
	return nil
}

type pictured struct {
	State    State           `db:"conversation_state"`
	Data     json.RawMessage `db:"context_data"`
	Property string          `db:"property"`
}

const pictureSQL = `
select coalesce(c.conversation_state, 'idle') as conversation_state, c.context_data, coalesce(p.name, '') as property
from users u
left join sms_context c on (c.customer_id, c.user_id) = (u.customer_id, u.id)
left join locations p on (p.customer_id, p.id) = (c.customer_id, c.active_property_id)
where u.id = (select tenancy.user_id())`

// interpret asks a model, where there is one, for what is not in the portal's words. A model that fails is no reason not
// to answer.
func (s *Service) interpret(ctx context.Context, j *jobs.Job) (i interpretation, err error) {
	if s.Interpreter == nil {
		return i, nil
	}
	var m received
	var p pictured
	err = j.Do(ctx, func(ctx context.Context, tx db.Tx) error {
		if m, err = next(ctx, tx, j.ID); err != nil {
			return none(err)
		}
		p, err = db.One[pictured](ctx, tx, pictureSQL)
		return err
	})
	if err != nil {
		return i, err
	}
	var r remembered
	if p.Data != nil {
		_ = json.Unmarshal(p.Data, &r)
	}
	if m.Stale || Reads(Conversation{State: p.State, Choices: r.Choices, ErrorID: r.ErrorID}, m.Body) {
		return i, nil
	}
	q := Question{Text: m.Body, State: p.State, Property: p.Property}
	for _, c := range r.Choices {
		q.Choices = append(q.Choices, c.Name)
	}
	reading, err := s.Interpreter.Interpret(ctx, j, q)
	if err != nil {
		return i, nil //nolint:nilerr // the words alone count then
	}
	return interpretation{m.ID, &reading}, nil
}
