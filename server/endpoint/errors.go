package endpoint

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"contractor-portal/db"
	"contractor-portal/server/auth"
)

// A Problem is every error that a client sees (RFC 9457). It is an error itself, so a handler returns
// it. Detail is for a person and names what to do; no SQL, no secret and no other company's value is
// ever in it.
type Problem struct {
	Type      string         `json:"type" example:"/problems/not-found" doc:"Kind of problem, with a page that explains it."`
	Title     string         `json:"title" example:"Not Found" doc:"The status in words."`
	Status    int            `json:"status" example:"404" doc:"HTTP status."`
	Detail    string         `json:"detail" example:"there is no such property" doc:"What is wrong, as one text."`
	Errors    []FieldError   `json:"errors,omitempty" doc:"The fields that are wrong."`
	IDs       map[string]any `json:"ids,omitempty" doc:"What a call has made that was done before, and whose answer is not kept."`
	OK        *bool          `json:"ok,omitempty" example:"false" doc:"false, where the operation's other answers have ok too, and under /admin/."`
	Message   string         `json:"message,omitempty" doc:"detail once more, where there is ok: the old pages show it."`
	RequestID string         `json:"request_id,omitempty" doc:"Quote it to support."`

	retryAfter string
	extension  any
	file       *File
}

// An Extended error adds to its problem the members that encoding/json makes of the extension, a struct.
type Extended interface {
	error
	Extension() any
}

// Extends says in the document what an Extended error adds to the problems of a status.
func Extends[E Extended](status int) Option {
	return func(op *huma.Operation) {
		op.Metadata = with(op.Metadata, "extends", func(r huma.Registry, op *huma.Operation) {
			problem := op.Responses[strconv.Itoa(status)].Content[problemType]
			members := huma.SchemaFromType(r, reflect.TypeFor[E]().Elem())
			members.AdditionalProperties = nil
			problem.Schema = &huma.Schema{AllOf: []*huma.Schema{problem.Schema, members}}
		})
	}
}

// A FieldError is one field of a request that is wrong.
type FieldError struct {
	Location string `json:"location" example:"body.name" doc:"The field."`
	Message  string `json:"message" example:"expected required property name to be present" doc:"What is wrong with it."`
}

func (p *Problem) Error() string { return p.Detail }

// GetStatus makes a huma.StatusError of a Problem.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType makes a huma.ContentTypeFilter of a Problem.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// challenge is what every 401 says of how to be let in (RFC 9110, RFC 6750).
const challenge = `Bearer realm="contractor-portal"`

// GetHeaders makes a huma.HeadersError of a Problem.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.Status == http.StatusUnauthorized {
		h[echo.HeaderWWWAuthenticate] = []string{challenge}
	}
	if p.retryAfter != "" {
		h.Set("Retry-After", p.retryAfter)
	}
	return h
}

// Types are the kinds of problems, each with a sentence for its page under /problems/.
var Types = map[string]string{
	"unauthenticated":    "The request has no valid token: it is absent, expired, or its session has ended. Log in again.",
	"forbidden":          "The caller's role may not do this, or it is not his own record.",
	"not-found":          "There is no such thing, or it belongs to another company; which of the two is not told.",
	"conflict":           "The request contradicts what is stored: something is taken already, or was changed meanwhile.",
	"limit-reached":      "The company's plan does not allow more of this.",
	"customer-suspended": "The company is suspended or cancelled, or its trial is over. Nothing is lost; the operator can activate it.",
	"invalid":            "The request cannot be understood or breaks a rule. errors names the fields.",
	"too-many-requests":  "Too many tries, or too many requests of one company at once. Retry-After says how many seconds to wait.",
	"unavailable":        "The server cannot serve this now, or another company that it asks cannot. Retry-After, where it is, says how many seconds to wait.",
	"internal":           "Something failed on our side. The request_id finds it in the log.",
}

func newProblem(kind string, status int, detail string) *Problem {
	return &Problem{Type: "/problems/" + kind, Title: http.StatusText(status), Status: status, Detail: detail}
}

// Unauthenticated is 401.
func Unauthenticated(detail string) *Problem {
	return newProblem("unauthenticated", http.StatusUnauthorized, detail)
}

// Forbidden is 403.
func Forbidden(detail string) *Problem { return newProblem("forbidden", http.StatusForbidden, detail) }

// NotFound is 404, for what is absent and for what is another company's.
func NotFound(what string) *Problem {
	return newProblem("not-found", http.StatusNotFound, "there is no such "+what)
}

// Missing is NotFound where err is db.ErrNotFound, and any other err as it is.
func Missing(err error, what string) error {
	if errors.Is(err, db.ErrNotFound) {
		return NotFound(what)
	}
	return err
}

// Kept is Conflict where the rows of another table hold what was to be deleted, and any other err as it is. It names
// the table, so that what refers to a row says so itself: the person has green services logs.
func Kept(err error, what, so string) error {
	if table := db.Referrer(err); table != "" {
		return Conflict("the " + what + " has " + strings.ReplaceAll(table, "_", " ") + "; they must stay, so " + so)
	}
	return err
}

// Conflict is 409.
func Conflict(detail string) *Problem { return newProblem("conflict", http.StatusConflict, detail) }

// Invalid is 400: a rule over several fields, or over what is stored.
func Invalid(detail string) *Problem { return newProblem("invalid", http.StatusBadRequest, detail) }

// InvalidField is 422 for one field of the body.
func InvalidField(field, message string) *Problem {
	p := newProblem("invalid", http.StatusUnprocessableEntity, field+": "+message)
	p.Errors = []FieldError{{Location: "body." + field, Message: message}}
	return p
}

// InvalidFields is 422 where more than one thing is wrong.
func InvalidFields(detail string, fields []FieldError) *Problem {
	p := newProblem("invalid", http.StatusUnprocessableEntity, detail)
	p.Errors = fields
	return p
}

// Unavailable is 503: what cannot be served now.
func Unavailable(detail string) *Problem {
	p := newProblem("unavailable", http.StatusServiceUnavailable, detail)
	p.retryAfter = "1"
	return p
}

// After is the problem with another time after which to try again.
func (p *Problem) After(wait time.Duration) *Problem {
	p.retryAfter = strconv.Itoa(int(math.Ceil(wait.Seconds())))
	return p
}

// BadGateway is 502: another company that was asked gave no answer that can be used.
func BadGateway(detail string) *Problem {
	return newProblem("unavailable", http.StatusBadGateway, detail)
}

// GatewayTimeout is 504: another company that was asked gave no answer in time.
func GatewayTimeout(detail string) *Problem {
	return newProblem("unavailable", http.StatusGatewayTimeout, detail)
}

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
	{auth.ErrRefused, false, func(error) *Problem { return Unauthenticated(auth.ErrRefused.Error()) }},
	{auth.ErrToken, false, func(error) *Problem { return Unauthenticated("the token is not valid or has expired; log in again") }},
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

func (p *Problem) attached() *File { return p.file }

// MarshalJSON writes the extension's members between the problem's own and the request's id.
func (p *Problem) MarshalJSON() ([]byte, error) {
	type plain Problem
	own := plain(*p)
	own.RequestID = ""
	var members [][]byte
	for _, part := range []any{own, p.extension, struct {
		ID string `json:"request_id,omitempty"`
	}{p.RequestID}} {
		var object bytes.Buffer
		if err := jsonFormat.Marshal(&object, part); err != nil {
			return nil, err
		}
		inside := bytes.TrimSuffix(bytes.TrimPrefix(object.Bytes(), []byte("{")), []byte("}\n"))
		if part != nil && len(inside) > 0 {
			members = append(members, inside)
		}
	}
	return slices.Concat([]byte("{"), bytes.Join(members, []byte(",")), []byte("}")), nil
}

// answer makes p the answer to a request.
func (p *Problem) answer(c echo.Context) {
	p.RequestID = requestID(c)
	if c.Get(saysOKKey) == true || strings.HasPrefix(c.Request().URL.Path, "/admin/") {
		p.OK, p.Message = new(false), p.Detail
	}
}

func (p *Problem) write(c echo.Context) error {
	p.answer(c)
	for name, values := range p.GetHeaders() {
		c.Response().Header()[name] = values
	}
	c.Response().Header().Set(echo.HeaderContentType, p.ContentType(""))
	c.Response().WriteHeader(p.Status)
	return json.NewEncoder(c.Response()).Encode(p)
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
