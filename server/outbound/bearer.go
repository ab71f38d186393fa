package outbound

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
)

// A Request is a call whose answer, and whose refusal, is JSON.
type Request struct {
	Method, Address string
	Token           string // sent as a bearer token; or else
	User, Password  string // as HTTP Basic
	Body            any    // sent as JSON; nil: none
}

// Ask does a call, and decodes the JSON that comes; into may be nil, for an answer that says nothing. Where the call is
// refused, refusal is what was said of it, as far as that is JSON of its kind. Errors are those of Get.
func (p *Provider) Ask(ctx context.Context, call Request, into, refusal any) error {
	var body io.Reader = http.NoBody
	if call.Body != nil {
		text, err := json.Marshal(call.Body)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, call.Method, call.Address, body)
	if err != nil {
		return &Error{Provider: p.name, Outcome: Blocked, cause: errPlain}
	}
	r.Header.Set("Accept", "application/json")
	if call.Body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if call.Token != "" {
		r.Header.Set("Authorization", "Bearer "+call.Token)
	} else {
		r.SetBasicAuth(call.User, call.Password)
	}
	return p.ask(r, into, refusal)
}
