package endpoint

import (
	"bytes"
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
	"github.com/labstack/echo/v4"

	"contractor-portal/db"
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
	"misdirected":        "The company of the token is not on this server. The request may be sent again, to the company's own address.",
	"moving":             "The company is moved to another server. It takes seconds; Retry-After says how many to wait. Nobody is logged out by it.",
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

// TooMany is 429: what may be done again after a while.
func TooMany(detail string, wait time.Duration) *Problem {
	return newProblem("too-many-requests", http.StatusTooManyRequests, detail).After(wait)
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

// TooMuch is 413: what was asked for is more than can be answered. The detail says how to ask for less.
func TooMuch(detail string) *Problem {
	return newProblem("invalid", http.StatusRequestEntityTooLarge, detail)
}
