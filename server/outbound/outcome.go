package outbound

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"code.dny.dev/ssrf"

	"contractor-portal/server/endpoint"
)

// An Outcome is how a call ended.
type Outcome string

// The outcomes of a call.
const (
	OK          Outcome = "ok"
	Refused     Outcome = "refused" // it takes the call for a mistake of ours
	NoKey       Outcome = "key refused"
	Limited     Outcome = "limited" // too many calls
	Failed      Outcome = "failed"
	TimedOut    Outcome = "timed out"
	Unreachable Outcome = "unreachable"
	Blocked     Outcome = "blocked" // by us
	Unreadable  Outcome = "unreadable"
)

// An Error is a call that brought nothing. It carries the problem that a client of the portal sees.
type Error struct {
	Provider   string
	Outcome    Outcome
	Status     int           // what the provider answered, or 0
	RetryAfter time.Duration // how long it asks to be left alone; at least a second where it is Limited
	sentence   string        // in place of the usual one
	cause      error
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %s", e.Provider, e.Outcome)
	if e.Status != 0 {
		text += fmt.Sprintf(", status %d", e.Status)
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap lets the problem be found, and a caller who has gone away.
func (e *Error) Unwrap() []error { return []error{e.problem(), e.cause} }

func (e *Error) problem() *endpoint.Problem {
	switch e.Outcome {
	case TimedOut:
		return endpoint.GatewayTimeout(e.Provider + " did not answer in time")
	case Limited:
		return endpoint.Unavailable(e.Provider + " was asked too often and wants to be left alone for a while").After(e.RetryAfter)
	case NoKey:
		return endpoint.BadGateway(e.Provider + " refuses the key; ask an Admin to look at it under settings")
	case Refused, Failed:
		return endpoint.BadGateway(fmt.Sprintf("%s answered with status %d", e.Provider, e.Status))
	case Blocked:
		return endpoint.BadGateway(e.Provider + " cannot be called: " + e.cause.Error())
	case Unreadable:
		return endpoint.BadGateway(cmp.Or(e.sentence, e.Provider+" answered something that is not understood"))
	}
	return endpoint.BadGateway(e.Provider + " cannot be reached")
}

// Failed tells what went wrong where a library has called by this client. What did not go wrong on the way was in the
// answer, of which nothing is in the error.
func (p *Provider) Failed(err error) *Error {
	var way *url.Error
	if errors.As(err, &way) || errors.Is(err, context.Canceled) || outcomeOf(err) != Unreachable {
		return p.failed(err)
	}
	count(p.name, Unreadable)
	return &Error{Provider: p.name, Outcome: Unreadable, cause: errNotJSON}
}

// Answered is what a status means where a library has called by this client, and which is no success.
func (p *Provider) Answered(status int, header http.Header) *Error {
	return &Error{Provider: p.name, Outcome: ofStatus(status), Status: status, RetryAfter: retryAfter(header.Get("Retry-After"))}
}

// failed tells what went wrong on the way.
func (p *Provider) failed(err error) *Error {
	// The outer error quotes the address, and so the key.
	var outer *url.Error
	if errors.As(err, &outer) {
		timedOut := outer.Timeout()
		if err = outer.Err; timedOut {
			return &Error{Provider: p.name, Outcome: TimedOut, cause: err}
		}
	}
	e := &Error{Provider: p.name, Outcome: outcomeOf(err), cause: err}
	if e.Outcome == Blocked && errors.Is(err, ssrf.ErrProhibitedIP) {
		e.cause = errPrivate // the guard's text names the address, which is nobody's business
	}
	return e
}

// outcomeOf is how a call ended that failed with err on its way.
func outcomeOf(err error) Outcome {
	var slow net.Error
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, errPrivate), errors.Is(err, errPlain), errors.Is(err, errNoAddress), errors.Is(err, errUnverified), errors.Is(err, errElsewhere), errors.Is(err, errWaiting):
		return Blocked
	case errors.Is(err, errTooLarge), errors.Is(err, errNotJSON), errors.Is(err, io.ErrUnexpectedEOF):
		return Unreadable
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return TimedOut
	}
	return Unreachable
}

func ofStatus(status int) Outcome {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return NoKey
	case status == http.StatusTooManyRequests:
		return Limited
	case status >= http.StatusInternalServerError:
		return Failed
	case status < 200 || status > 299:
		return Refused
	}
	return OK
}

// retryAfter reads the header, seconds or a date: a minute where there is none, a day at the most.
func retryAfter(header string) time.Duration {
	wait := time.Minute
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second //nolint:gosec // 31 bits
	} else if at, err := http.ParseTime(header); err == nil {
		wait = time.Until(at)
	}
	return min(max(wait, time.Second), 24*time.Hour)
}

// decode reads one JSON value. The decoder's own error would quote it.
func decode(text []byte, into any) error {
	if json.Unmarshal(text, into) != nil {
		return errNotJSON
	}
	return nil
}

// Wrong is an answer that is JSON and of no use; the sentence says why.
func (p *Provider) Wrong(sentence string) *Error {
	count(p.name, Unreadable)
	return &Error{Provider: p.name, Outcome: Unreadable, sentence: sentence}
}
