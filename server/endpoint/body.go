package endpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"
)

const (
	// maxBody is how large a body may be in bytes, unless the operation says otherwise.
	maxBody = 2 << 20
	// bodyTime is how long a client may take to send it.
	bodyTime = 30 * time.Second
)

// MaxBody lets the body of an operation have so many bytes.
func MaxBody(bytes int64) Option { return func(op *huma.Operation) { op.MaxBodyBytes = bytes } }

// bodyRead ends the time for the body when it is there. net/http listens on while the handler works, and
// would take the deadline for a client who went away: work of more than bodyTime would be cancelled.
func bodyRead(ctx context.Context) {
	if x := exchangeOf(ctx); x != nil {
		_ = huma.SetReadDeadline(x.request.Response(), time.Time{}) // a recorder in a test has none
	}
}

const (
	inJSON     = "application/json"
	urlencoded = "application/x-www-form-urlencoded"
	multipart  = "multipart/form-data"
)

// takeBody reads the body of a request before huma does, and hands it on as JSON that the operation's schema
// has rewritten, whether it came as JSON or as a form. A file stays where it is, in the form.
func (api API) takeBody(ctx huma.Context, next func(huma.Context)) {
	c, op := humaecho.Unwrap(ctx), ctx.Operation()
	if op.RequestBody == nil {
		next(ctx)
		return
	}
	text, isFile, err := readBody(c, op)
	if err == nil && len(text) > 0 {
		text, err = rewritten(text, op.RequestBody.Content[inJSON].Schema, api.huma.OpenAPI().Components.Schemas)
	}
	switch {
	case err != nil:
		api.refuse(ctx, api.problem(ctx.Context(), err))
	case isFile:
		next(ctx)
	default:
		next(&bodyContext{ctx, text})
	}
}

// bodyContext is a request whose body has been read.
type bodyContext struct {
	request
	json []byte
}

// request is huma.Context under a name that is not one of its own methods.
type request huma.Context

func (c *bodyContext) Unwrap() huma.Context  { return c.request }
func (c *bodyContext) BodyReader() io.Reader { return bytes.NewReader(c.json) }
func (c *bodyContext) Header(name string) string {
	if strings.EqualFold(name, "Content-Type") {
		return inJSON
	}
	return c.request.Header(name)
}

// readBody returns the body as JSON, empty where there is none, or reads the form in which a file came.
func readBody(c echo.Context, op *huma.Operation) (text []byte, isFile bool, err error) {
	takesJSON := op.RequestBody.Content[inJSON] != nil
	kind, err := mediaType(c.Request(), op)
	switch empty := c.Request().ContentLength == 0 && takesJSON; {
	case empty && (err != nil || kind == inJSON): // an empty form is one without fields
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	_ = huma.SetReadDeadline(c.Response(), time.Now().Add(op.BodyReadTimeout)) // a recorder in a test has none
	limit := op.MaxBodyBytes
	switch {
	case kind == inJSON:
		text, err = io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, limit))
		return text, false, cutShort(err, "body", limit)
	case !takesJSON:
		return nil, true, parseForm(c, limit)
	}
	text, err = formAsJSON(c)
	return text, false, err
}

// mediaType is in what form the body comes, of those that the operation takes.
func mediaType(r *http.Request, op *huma.Operation) (string, error) {
	taken := strings.Join(slices.Sorted(maps.Keys(op.RequestBody.Content)), ", ")
	refused := func(what string) error {
		p := newProblem("invalid", http.StatusUnsupportedMediaType, what+"; this takes "+taken)
		p.Errors = []FieldError{{Location: "body", Message: p.Detail}}
		return p
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return "", refused("send the body as it is, without a Content-Encoding")
	}
	said := r.Header.Get("Content-Type")
	if said == "" && op.RequestBody.Content[inJSON] != nil {
		said = inJSON
	}
	kind, parameters, err := mime.ParseMediaType(said)
	if strings.HasSuffix(kind, "+json") {
		kind = inJSON
	}
	charset := strings.ToLower(parameters["charset"])
	switch {
	case err != nil:
		return "", refused("the Content-Type cannot be read")
	case op.RequestBody.Content[kind] == nil:
		return "", refused("the Content-Type is another one")
	case !slices.Contains([]string{"", "utf-8", "utf8"}, charset):
		return "", refused("the charset must be UTF-8")
	}
	return kind, nil
}

// cutShort says why a body, or a form, of so many bytes at the most did not arrive as a whole.
func cutShort(err error, what string, limit int64) error {
	large, isLarge := errors.AsType[*http.MaxBytesError](err)
	network, isNetwork := errors.AsType[net.Error](err)
	switch {
	case err == nil:
		return nil
	case isLarge && large != nil:
		return newProblem("invalid", http.StatusRequestEntityTooLarge, fmt.Sprintf("the %s is too large; it may have %d KiB", what, limit>>10))
	case isNetwork && network.Timeout():
		return newProblem("invalid", http.StatusRequestTimeout, "the "+what+" took too long")
	}
	return Invalid("the " + what + " cannot be read: it was cut short, or its parts are not as they should be")
}

// refuseEarly answers a request before its operation is come to.
func refuseEarly(c echo.Context, p *Problem) {
	if err := p.write(c); err != nil {
		c.Set(errorKey, err)
	}
}
