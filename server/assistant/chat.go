package assistant

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

const (
	chatTokens      = 2000
	chatTemperature = 0.7
	mostCharacters  = 60_000 // of a conversation
	mostCalls       = 8      // of tools in one answer
	mostResult      = 60_000 // bytes that one tool tells
)

// A ChatMessage is what one side said.
type ChatMessage struct {
	Role    string `json:"role" enum:"user,assistant" example:"user"`
	Content string `json:"content" minLength:"1" maxLength:"8000" example:"Who worked yesterday?"`
}

// A ChatRequest goes on with a conversation, or confirms proposals.
type ChatRequest struct {
	Messages    []ChatMessage `json:"messages,omitempty" maxItems:"40" doc:"The conversation so far, the person's question last. Required without confirm."`
	PageContext field.Text    `json:"page_context,omitempty" minLength:"0" maxLength:"100" example:"MyTickets" doc:"The page that the person looks at."`
	Confirm     []string      `json:"confirm,omitempty" maxItems:"10" doc:"Proposals that the person wants done. Without messages: the assistant is not asked."`
}

// check refuses what is no conversation.
func (r ChatRequest) check() error {
	total := 0
	for _, m := range r.Messages {
		total += len([]rune(m.Content))
	}
	switch {
	case len(r.Confirm) > 0 && len(r.Messages) > 0:
		return endpoint.InvalidField("confirm", "expected without messages: what is confirmed is no part of a conversation")
	case len(r.Confirm) > 0:
		return r.tidy()
	case len(r.Messages) == 0:
		return endpoint.InvalidField("messages", "expected at least one message, or confirm")
	case r.Messages[len(r.Messages)-1].Role != user:
		return endpoint.InvalidField("messages", "expected the last message to be the person's")
	case total > mostCharacters:
		return endpoint.InvalidField("messages", fmt.Sprintf("expected at most %d characters in all; begin anew", mostCharacters))
	}
	return nil
}

// tidy writes ids as the database does.
func (r ChatRequest) tidy() error {
	for i, text := range r.Confirm {
		id, err := uuid.Parse(text)
		if err != nil {
			return endpoint.InvalidField(fmt.Sprintf("confirm[%d]", i), "expected the id of a proposal")
		}
		r.Confirm[i] = id.String()
	}
	slices.Sort(r.Confirm)
	if len(slices.Compact(slices.Clone(r.Confirm))) < len(r.Confirm) {
		return endpoint.InvalidField("confirm", "expected each proposal once")
	}
	return nil
}

// A ChatAnswer is what the assistant said, and what it would do.
type ChatAnswer struct {
	Message     string     `json:"message"`
	Suggestions []string   `json:"suggestions" doc:"Empty."`
	Pending     []Proposal `json:"pending" doc:"What the assistant would write, for the person to confirm. The assistant knows none of the ids."`
	Done        []Deed     `json:"done" doc:"What became of the proposals in confirm."`
}

func (s *Service) chat(ctx context.Context, work endpoint.Work, in *struct{ Body ChatRequest }) (out ChatAnswer, err error) {
	out = ChatAnswer{Suggestions: []string{}, Pending: []Proposal{}, Done: []Deed{}}
	if err := in.Body.check(); err != nil {
		return out, err
	}
	if len(in.Body.Confirm) > 0 {
		return s.confirmAll(ctx, work, in.Body.Confirm, out)
	}
	var (
		m   model
		key string
		q   = question{tools: offered(endpoint.Caller(ctx).Role()), temperature: chatTemperature, most: chatTokens}
	)
	err = work.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if m, key, err = s.choose(ctx, tx); err != nil {
			return err
		}
		q.system, err = situation(ctx, tx, string(in.Body.PageContext))
		return err
	})
	if err != nil {
		return out, err
	}
	for _, said := range in.Body.Messages {
		q.turns = append(q.turns, turn{role: said.Role, text: said.Content})
	}
	r, err := s.consult(ctx, work, m, key, q)
	if err != nil {
		return out, err
	}
	if len(r.calls) == 0 {
		out.Message = r.text
		return out, nil
	}
	results, proposals, err := use(ctx, work, q.tools, r.calls)
	if err != nil {
		return out, err
	}
	out.Pending = append(out.Pending, proposals...)
	// The words that come now are for the person. Whatever else the model wants, this was its only round.
	q.turns = append(q.turns, turn{role: assistant, text: r.text, calls: r.calls}, turn{role: user, results: results})
	if r, err = s.consult(ctx, work, m, key, q); err != nil {
		return out, err
	}
	out.Message = r.text
	return out, nil
}

// use has the tools answer. What one of them would write becomes a proposal, of which the model learns nothing but that it
// was made.
func use(ctx context.Context, work endpoint.Work, tools []tool, calls []call) (results []result, proposals []Proposal, err error) {
	for n, c := range calls {
		answer, proposal, err := one(ctx, work, tools, c, n)
		said, refused := told(err)
		switch {
		case refused:
			answer = map[string]string{"status": "refused", "message": said}
		case err != nil:
			return nil, nil, err
		case proposal != nil:
			proposals = append(proposals, *proposal)
		}
		text, err := json.Marshal(answer)
		if err != nil {
			return nil, nil, err
		}
		if len(text) > mostResult {
			text, refused = []byte(`{"status":"refused","message":"this is too much to tell; ask for less"}`), true
		}
		results = append(results, result{c.id, string(text), refused})
	}
	return results, proposals, nil
}

func one(ctx context.Context, work endpoint.Work, tools []tool, c call, n int) (any, *Proposal, error) {
	if n >= mostCalls {
		return nil, nil, &refusal{endpoint.Count(mostCalls, "tool is", "tools are") + " used at a time"}
	}
	for _, t := range tools {
		switch {
		case t.name != c.tool:
		case t.look != nil:
			answer, err := t.look(ctx, portal{work}, c.arguments)
			return answer, nil, err
		default:
			sentence, err := t.propose(ctx, portal{work}, c.arguments)
			if err != nil {
				return nil, nil, err
			}
			made, err := t.keep(ctx, work, c.arguments, sentence)
			return map[string]string{"status": "proposed", "message": "nothing was written; the person sees the proposal beside your answer and decides"}, &made, err
		}
	}
	return nil, nil, &refusal{"there is no such tool for this person"}
}

func (s *Service) confirmAll(ctx context.Context, work endpoint.Work, ids []string, out ChatAnswer) (ChatAnswer, error) {
	done, err := s.confirm(ctx, work, ids)
	if err != nil {
		return out, err
	}
	out.Done = done
	var said []string
	for _, d := range done {
		if d.OK {
			said = append(said, "Done: "+d.Message)
		} else {
			said = append(said, "Not done: "+d.Message)
		}
	}
	out.Message = strings.Join(said, "\n")
	return out, nil
}
