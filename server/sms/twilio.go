package sms

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"contractor-portal/server/endpoint"
	"contractor-portal/server/outbound"
)

const (
	defaultURL = "https://api.twilio.com"
	// sendTime is how long the provider may take for one message.
	sendTime = 10 * time.Second
)

// A provider is Twilio.
type provider struct {
	*outbound.Provider
	url string
}

func newProvider(calls *outbound.Calls, address string) *provider {
	return &provider{calls.Provider("the provider of text messages", sendTime), strings.TrimSuffix(cmp.Or(address, defaultURL), "/")}
}

// An account is one with the provider, and the number that its messages come from.
type account struct {
	SID, Token, Number string
	Company            bool // the company's own
	Callback           string
}

// taken is what the provider says of a message that it takes.
type taken struct {
	SID    string `json:"sid"`
	Status string `json:"status"`
}

// A refusedError is what the provider says of a message that it does not take. Its code has a page of its documents.
type refusedError struct {
	Code  int `json:"code"`
	cause error
}

func (e *refusedError) Error() string { return fmt.Sprintf("code %d: %v", e.Code, e.cause) }
func (e *refusedError) Unwrap() error { return e.cause }

// The provider's codes that lead to something here.
const (
	codeStopped = 21610
)

// unable are those of a number that gets no text messages: none, no mobile one, a landline.
var unable = []int{21211, 21217, 21614, 30006}

// badSender are those of a number that messages cannot come from.
var badSender = []int{21603, 21606, 21659}

// codes are sentences for what the provider refuses most.
var codes = map[int]string{
	codeStopped: "the person has stopped text messages with the provider, by STOP",
	21211:       "this is no telephone number for the provider",
	21217:       "this is no telephone number for the provider",
	21614:       "the number cannot get text messages: it is no mobile number",
	30005:       "the number cannot get text messages: nobody has it, or it is switched off",
	30006:       "the number cannot get text messages: it is a landline, or its carrier takes none",
	21408:       "the provider's account may not send text messages to that country",
	21606:       "the number that messages come from is not one of the account that can send them",
	21659:       "the number that messages come from is not one of the account",
	21603:       "the number that messages come from is not one of the account",
}

func (e *refusedError) sentence() string {
	return cmp.Or(codes[e.Code], fmt.Sprintf("the provider of text messages refuses it (code %d)", e.Code))
}

// send hands a message over. Errors: *refusedError where the provider says why, else *outbound.Error.
func (p *provider) send(ctx context.Context, a account, to, body string) (t taken, err error) {
	form := url.Values{"To": {to}, "From": {a.Number}, "Body": {body}}
	if a.Callback != "" {
		form.Set("StatusCallback", a.Callback)
	}
	var why refusedError
	err = p.PostForm(ctx, p.url+"/2010-04-01/Accounts/"+url.PathEscape(a.SID)+"/Messages.json", a.SID, a.Token, form, &t, &why)
	var failed *outbound.Error
	if errors.As(err, &failed) && failed.Status == http.StatusBadRequest && why.Code != 0 {
		why.cause = err
		return t, &why
	}
	if err == nil && (!sidForm.MatchString(t.SID) || !statusForm.MatchString(t.Status)) {
		return taken{}, p.Wrong("the provider of text messages answered without the message's id")
	}
	return t, err
}

var errNoAccount = endpoint.Unavailable("text messages are not set up: an Admin stores the three keys of the Twilio account under settings")
