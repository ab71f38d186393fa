package assistant

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// A proposer checks what the model wants written, and says it in a sentence for the person. It writes nothing.
type proposer func(ctx context.Context, p portal, arguments json.RawMessage) (sentence string, err error)

// logArguments are those of both tools that write logs; what is absent is null.
type logArguments struct {
	LogID              int64    `json:"log_id,omitempty"`
	PropertyID         int64    `json:"property_id,omitempty"`
	TimeIn             string   `json:"time_in,omitempty"`
	TimeOut            *string  `json:"time_out,omitempty"`
	ContractorName     *string  `json:"contractor_name,omitempty"`
	WorkerName         *string  `json:"worker_name,omitempty"`
	Equipment          *string  `json:"equipment,omitempty"`
	BulkSaltQty        *float64 `json:"bulk_salt_qty,omitempty"`
	BagSaltQty         *float64 `json:"bag_salt_qty,omitempty"`
	CalciumChlorideQty *float64 `json:"calcium_chloride_qty,omitempty"`
	Notes              *string  `json:"notes,omitempty"`
}

// list says what is set, each with its value.
func (a logArguments) list() string {
	var parts []string
	say := func(name string, value any) { parts = append(parts, fmt.Sprintf("%s %v", name, value)) }
	for name, text := range map[string]*string{"contractor": a.ContractorName, "worker": a.WorkerName, "equipment": a.Equipment} {
		if text != nil {
			say(name, *text)
		}
	}
	for name, quantity := range map[string]*float64{"bulk salt": a.BulkSaltQty, "bag salt": a.BagSaltQty, "calcium chloride": a.CalciumChlorideQty} {
		if quantity != nil {
			say(name, *quantity)
		}
	}
	slices.Sort(parts)
	if a.Notes != nil {
		say("notes:", *a.Notes)
	}
	return strings.Join(parts, ", ")
}

// logFor is a log as its replacement takes it.
type logFor struct {
	PropertyID         int64    `json:"property_id"`
	PropertyName       string   `json:"property_name,omitempty"`
	TimeIn             string   `json:"time_in"`
	TimeOut            *string  `json:"time_out"`
	ContractorID       *int64   `json:"contractor_id"`
	WorkerName         *string  `json:"worker_name"`
	Equipment          *string  `json:"equipment"`
	BulkSaltQty        *float64 `json:"bulk_salt_qty"`
	BagSaltQty         *float64 `json:"bag_salt_qty"`
	CalciumChlorideQty *float64 `json:"calcium_chloride_qty"`
	CustomerProvided   bool     `json:"customer_provided"`
	Notes              *string  `json:"notes"`
}

// set puts what the arguments name into the log.
func (l *logFor) set(ctx context.Context, p portal, a logArguments) error {
	for _, pair := range []struct{ to, from **string }{{&l.WorkerName, &a.WorkerName}, {&l.Equipment, &a.Equipment}, {&l.Notes, &a.Notes}, {&l.TimeOut, &a.TimeOut}} {
		if *pair.from != nil {
			*pair.to = *pair.from
		}
	}
	for _, pair := range []struct{ to, from **float64 }{{&l.BulkSaltQty, &a.BulkSaltQty}, {&l.BagSaltQty, &a.BagSaltQty}, {&l.CalciumChlorideQty, &a.CalciumChlorideQty}} {
		if *pair.from != nil {
			*pair.to = *pair.from
		}
	}
	if a.ContractorName == nil {
		return nil
	}
	who, err := p.person(ctx, *a.ContractorName)
	l.ContractorID = &who
	return err
}

func (p portal) log(ctx context.Context, logID int64) (logFor, error) {
	var found []logFor
	if err := p.get(ctx, "/winter-logs/", url.Values{"log_id": {id(logID)}}, &found); err != nil {
		return logFor{}, err
	}
	if len(found) != 1 || logID == 0 {
		return logFor{}, &refusal{"there is no such winter log"}
	}
	return found[0], nil
}

func proposeUpdate(ctx context.Context, p portal, arguments json.RawMessage) (string, error) {
	var a logArguments
	if err := decode(arguments, &a); err != nil {
		return "", err
	}
	l, err := p.log(ctx, a.LogID)
	if err != nil {
		return "", err
	}
	if err := l.set(ctx, p, a); err != nil {
		return "", err
	}
	if a.PropertyID != 0 || a.TimeIn != "" || a.TimeOut != nil || a.list() == "" {
		return "", &refusal{"name the log and what is to be changed of it, and neither property nor times"}
	}
	return fmt.Sprintf("Change winter log %d, %s, %s: %s", a.LogID, l.PropertyName, l.TimeIn, a.list()), nil
}

func proposeLog(ctx context.Context, p portal, arguments json.RawMessage) (string, error) {
	var a logArguments
	if err := decode(arguments, &a); err != nil {
		return "", err
	}
	if a.PropertyID == 0 || a.TimeIn == "" || a.ContractorName == nil || a.LogID != 0 {
		return "", &refusal{"property_id, contractor_name and time_in are required"}
	}
	var at place
	if err := p.get(ctx, "/properties/"+id(a.PropertyID), nil, &at); err != nil {
		return "", err
	}
	if _, err := p.person(ctx, *a.ContractorName); err != nil {
		return "", err
	}
	until := ", still open"
	if a.TimeOut != nil {
		until = " to " + *a.TimeOut
	}
	return fmt.Sprintf("Log work at %s, %s, from %s%s: %s", at.Name, at.Address, a.TimeIn, until, a.list()), nil
}

type textArguments struct {
	PhoneNumber string `json:"phone_number"`
}

func proposeText(_ context.Context, _ portal, arguments json.RawMessage) (string, error) {
	var a textArguments
	if err := decode(arguments, &a); err != nil {
		return "", err
	}
	if a.PhoneNumber == "" {
		return "", &refusal{"phone_number is required"}
	}
	return "Send a test text message to " + a.PhoneNumber, nil
}

// confirmTime is how long a proposal may be confirmed.
const confirmTime = 10 * time.Minute

// A Proposal is what the assistant would write. Nothing of it is done until the person confirms it.
type Proposal struct {
	ID        string         `json:"id" db:"confirmation" doc:"Send it in confirm to have it done."`
	Tool      string         `json:"tool" db:"tool" example:"update_winter_log"`
	Arguments map[string]any `json:"arguments" db:"arguments"`
	Sentence  string         `json:"sentence" db:"sentence" doc:"What would be done, for the person to read."`
	ExpiresAt field.Time     `json:"expires_at" db:"expires_at"`
}

// What nobody can confirm any more goes at the next proposal.
const proposeSQL = `
with outdated as (
  delete from assistant_actions
  where expires_at < @now::timestamptz - interval '1 day'
)
insert into assistant_actions (session_id, tool, arguments, sentence, expires_at)
values (@session, @tool, @arguments, left(@sentence, 16000), @expires)
returning confirmation::text, tool, arguments, sentence, expires_at`

// keep keeps what a tool would write, for the person to confirm.
func (t tool) keep(ctx context.Context, work endpoint.Work, arguments json.RawMessage, sentence string) (made Proposal, err error) {
	now := endpoint.Now(ctx)
	err = work.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		made, err = db.One[Proposal](ctx, tx, proposeSQL, db.Args{
			"session": endpoint.Caller(ctx).SessionID(), "tool": t.name, "arguments": arguments, "sentence": sentence, "now": now, "expires": now.Add(confirmTime),
		})
		return err
	})
	if db.Violates(err, "arguments_are_at_most_16_kib") {
		err = &refusal{"the arguments are too long"}
	}
	return made, err
}

// A Deed is what became of a confirmed proposal.
type Deed struct {
	ID      string `json:"id"`
	OK      bool   `json:"ok"`
	Message string `json:"message" doc:"What was done, or why not."`
}

type confirmed struct {
	ID        string          `db:"confirmation"`
	Tool      string          `db:"tool"`
	Arguments json.RawMessage `db:"arguments"`
	Sentence  string          `db:"sentence"`
}

// A session is one person's, whom PostgreSQL has let in with it. Of two who confirm at once the second finds it done.
const confirmSQL = `
update assistant_actions a
set done_at = @now
where a.confirmation = any(@ids::uuid[])
  and a.session_id = @session
  and a.done_at is null
  and a.expires_at > @now
returning a.confirmation::text, a.tool, a.arguments, a.sentence`

// confirm does what was proposed, each thing at most once. Errors: 404 where one of them was never proposed in this
// session, was done, or has expired; nothing is done then.
func (s *Service) confirm(ctx context.Context, work endpoint.Work, ids []string) (done []Deed, err error) {
	var actions []confirmed
	err = work.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		actions, err = db.All[confirmed](ctx, tx, confirmSQL, db.Args{"ids": ids, "session": endpoint.Caller(ctx).SessionID(), "now": endpoint.Now(ctx)})
		if err == nil && len(actions) < len(ids) {
			return endpoint.NotFound("proposal in this session, or it was done or has expired; ask the assistant again")
		}
		if err == nil && endpoint.Caller(ctx).OperatorID() != 0 {
			return auth.Record(ctx, tx, auth.Deed{Action: "assistant.confirmed"})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	p := portal{work}
	for _, id := range ids {
		a := actions[slices.IndexFunc(actions, func(a confirmed) bool { return a.ID == id })]
		deed := Deed{ID: a.ID, OK: true, Message: a.Sentence}
		if err := p.do(ctx, a); err != nil {
			said, refused := told(err)
			if !refused {
				return done, err
			}
			deed.OK, deed.Message = false, said
		}
		done = append(done, deed)
	}
	return done, nil
}

// do does one thing, by the operation that the person's own page would call.
func (p portal) do(ctx context.Context, a confirmed) error {
	var ignored map[string]any
	if a.Tool == "send_test_sms" {
		var in textArguments
		if err := decode(a.Arguments, &in); err != nil {
			return err
		}
		return p.ask(ctx, http.MethodPost, "/sms/send-test", url.Values{"phone_number": {in.PhoneNumber}}, nil, &ignored)
	}
	var in logArguments
	if err := decode(a.Arguments, &in); err != nil {
		return err
	}
	l := logFor{PropertyID: in.PropertyID, TimeIn: in.TimeIn}
	method, path := http.MethodPost, "/submit-winter-log/"
	if in.LogID != 0 {
		var err error
		if l, err = p.log(ctx, in.LogID); err != nil {
			return err
		}
		method, path = http.MethodPut, "/winter-logs/"+id(in.LogID)
	}
	if err := l.set(ctx, p, in); err != nil {
		return err
	}
	l.PropertyName = ""
	return p.ask(ctx, method, path, nil, l, &ignored)
}
