package endpoint

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"contractor-portal/db"
	"contractor-portal/server/auth"
)

// table says, for each error that a handler may return, what the client sees. The first that fits
// counts. grave: it means a bug or an attack, and is logged though it is no 5xx.
var table = []struct {
	err     error
	grave   bool
	problem func(error) *Problem
}{
	{db.ErrNotFound, false, func(error) *Problem { return NotFound("object") }},
	{db.ErrConflict, false, func(err error) *Problem { return Conflict("this contradicts what is stored" + rule(err)) }},
	{db.ErrReference, false, func(err error) *Problem { return Invalid("this breaks a rule" + rule(err)) }},
	{db.ErrDenied, true, func(error) *Problem { return Forbidden("the database does not allow this") }},
	{db.ErrPerson, false, func(error) *Problem { return Unauthenticated("the account is not active or has changed; log in again") }},
	{db.ErrSession, false, func(error) *Problem { return Unauthenticated("the session has ended; log in again") }},
	{db.ErrSuspended, false, func(error) *Problem {
		return newProblem("customer-suspended", http.StatusForbidden, "the company is suspended or its trial is over")
	}},
	{db.ErrElsewhere, false, func(error) *Problem {
		return newProblem("misdirected", http.StatusMisdirectedRequest, "the company is not on this server; its address leads to where it is")
	}},
	{db.ErrMoving, false, func(error) *Problem {
		p := newProblem("moving", http.StatusServiceUnavailable, "the company is moved to another server this moment; come again")
		p.retryAfter = "1"
		return p
	}},
	{db.ErrLimit, false, func(err error) *Problem {
		return newProblem("limit-reached", http.StatusForbidden, "the plan's limit is reached: "+limit(err))
	}},
	{db.ErrCrowded, false, func(error) *Problem {
		p := newProblem("too-many-requests", http.StatusTooManyRequests, "your company sends too many requests at once; wait a little")
		p.retryAfter = "1"
		return p
	}},
	{db.ErrBusy, true, func(error) *Problem { return Unavailable("the server is busy") }},
	{db.ErrTimeout, true, func(error) *Problem { return Unavailable("this took too long") }},
	{context.DeadlineExceeded, true, func(error) *Problem { return Unavailable("this took too long") }}, // such as a wait for a hash
	{db.ErrDown, true, func(error) *Problem { return Unavailable("the database cannot be reached") }},
	{db.ErrClosed, true, func(error) *Problem { return Unavailable("the portal is being updated") }},
	{auth.ErrRefused, false, func(error) *Problem { return Unauthenticated(auth.ErrRefused.Error()) }},
	{auth.ErrServiceKey, false, func(error) *Problem { return Unauthenticated(auth.ErrServiceKey.Error()) }},
	{auth.ErrToken, false, func(error) *Problem { return Unauthenticated("the token is not valid or has expired; log in again") }},
	{auth.ErrTravel, false, func(error) *Problem { return Invalid(auth.ErrTravel.Error()) }},
	{auth.ErrCode, false, func(error) *Problem { return Unauthenticated(auth.ErrCode.Error()) }},
	{auth.ErrInactive, false, func(error) *Problem { return Forbidden(auth.ErrInactive.Error()) }},
	{auth.ErrSignOnOnly, false, func(error) *Problem { return Forbidden(auth.ErrSignOnOnly.Error()) }},
	{auth.ErrTaken, false, func(error) *Problem { return Conflict(auth.ErrTaken.Error()) }},
	{auth.ErrSignature, false, func(error) *Problem { return Forbidden(auth.ErrSignature.Error()) }},
	{auth.ErrReset, false, func(error) *Problem { return newProblem("not-found", http.StatusNotFound, auth.ErrReset.Error()) }},
	{auth.ErrInvitation, false, func(error) *Problem {
		return newProblem("not-found", http.StatusNotFound, auth.ErrInvitation.Error())
	}},
}

// rule names the constraint that was broken; constraints are named so that they read as sentences.
func rule(err error) string {
	var r *db.Refusal
	if errors.As(err, &r) && r.Constraint != "" && !strings.HasSuffix(r.Constraint, "_pkey") {
		return ": " + strings.ReplaceAll(r.Constraint, "_", " ")
	}
	return ""
}

func limit(err error) string {
	var r *db.Refusal
	if errors.As(err, &r) {
		return r.Detail
	}
	return ""
}

// problem turns any error into a Problem, and notes for the log what must not be seen by the client.
func (api API) problem(ctx context.Context, err error) *Problem {
	p, grave := problemOf(err)
	if x := exchangeOf(ctx); x != nil {
		p.answer(x.request)
		if grave || p.Status >= http.StatusInternalServerError {
			x.request.Set(errorKey, err)
		}
	}
	return p
}

// statusClientGone is what the access log shows of a request that its client did not wait for. Nobody
// sees the answer.
const statusClientGone = 499

// problemOf is the Problem of an error, with all that the error adds to it.
func problemOf(err error) (p *Problem, grave bool) {
	p, grave = kindOf(err)
	var extended Extended
	if errors.As(err, &extended) {
		p.extension = extended.Extension()
	}
	var withFile interface{ attached() *File }
	if errors.As(err, &withFile) {
		p.file = withFile.attached()
	}
	return p, grave
}

func kindOf(err error) (p *Problem, grave bool) {
	var several *auth.SeveralError
	var limited *auth.TooManyError
	switch {
	case db.Cancelled(err):
		return newProblem("unavailable", statusClientGone, "the request was cancelled"), false
	case errors.As(err, &p):
		ours := *p
		return &ours, false
	case errors.As(err, &several):
		return Conflict(several.Error()), false
	case errors.As(err, &limited):
		p := newProblem("too-many-requests", http.StatusTooManyRequests, limited.Error())
		p.retryAfter = strconv.Itoa(int(limited.RetryAfter.Seconds()))
		return p, false
	}
	for _, row := range table {
		if errors.Is(err, row.err) {
			return row.problem(err), row.grave
		}
	}
	return newProblem("internal", http.StatusInternalServerError, "internal error"), true
}

func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// Answer writes an error that did not come through a typed endpoint: Echo's own, or a middleware's. It
// is Echo's HTTPErrorHandler, and answers as endpoints do.
func Answer(err error, c echo.Context) {
	if c.Response().Committed {
		c.Set(errorKey, err) // it has begun: only the log can say that it is not whole
		return
	}
	var p *Problem
	var he *echo.HTTPError
	if errors.As(err, &he) {
		p = ofStatus(he.Code)
	} else {
		var grave bool
		if p, grave = problemOf(err); grave {
			c.Set(errorKey, err)
		}
	}
	if err := p.write(c); err != nil {
		c.Set(errorKey, err)
	}
}

// ofStatus is the Problem where only a status is known.
func ofStatus(status int) *Problem {
	switch status {
	case http.StatusUnauthorized:
		return Unauthenticated("log in first")
	case http.StatusForbidden:
		return Forbidden("this is not allowed")
	case http.StatusNotFound:
		return newProblem("not-found", status, "there is nothing at this path")
	case http.StatusConflict:
		return Conflict("this contradicts what is stored")
	case http.StatusTooManyRequests:
		return newProblem("too-many-requests", status, "too many requests")
	case http.StatusServiceUnavailable:
		return Unavailable("the server is busy")
	}
	if status >= http.StatusInternalServerError {
		return newProblem("internal", status, "internal error")
	}
	return newProblem("invalid", status, strings.ToLower(http.StatusText(status)))
}

// huma makes its own errors, for requests it cannot decode or that do not fit their schema, through
// these two. What the client sent is not repeated.
func init() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return newHumaProblem(status, message, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		p := newHumaProblem(status, message, errs)
		if ctx != nil {
			p.answer(humaecho.Unwrap(ctx))
		}
		return p
	}
}

func newHumaProblem(status int, message string, errs []error) *Problem {
	p := ofStatus(status)
	if status < http.StatusInternalServerError {
		p.Detail = message
	}
	for _, err := range errs {
		var detailed huma.ErrorDetailer
		if errors.As(err, &detailed) {
			d := detailed.ErrorDetail()
			p.Errors = append(p.Errors, FieldError{Location: d.Location, Message: d.Message})
		}
	}
	if len(p.Errors) > 0 {
		p.Detail = p.Errors[0].Location + ": " + p.Errors[0].Message
	}
	return p
}
