package assistant

import (
	"context"
	"encoding/json"
)

// A model is another company's.
type model interface {
	// key is the name of its key under settings.
	key() string
	// provider is its name in sentences for people.
	provider() string
	// ask has it go on with a conversation. Every error is an *outbound.Error. No unit of work may be open.
	ask(ctx context.Context, key string, q question) (reply, error)
}

// A question is a conversation so far, and how to go on.
type question struct {
	system      string
	turns       []turn
	tools       []tool // that it may call; none: it answers in words
	small       bool   // a cheaper model will do
	temperature float64
	most        int64 // tokens of the answer
}

// The roles of turns.
const (
	user      = "user"
	assistant = "assistant"
)

// A turn is what one side said. Calls are the assistant's; results are of the calls in the turn before.
type turn struct {
	role    string
	text    string
	calls   []call
	results []result
}

// A call is a tool that the model wants used.
type call struct {
	id, tool  string
	arguments json.RawMessage
}

// A result is what the model is told of a call.
type result struct {
	id, text string
	failed   bool
}

// A reply is what the model said: words, calls, or both.
type reply struct {
	text   string
	calls  []call
	tokens int64 // of the question and the reply
}
