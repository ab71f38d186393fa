package endpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"
)

// maxForm is how large a form may be, in bytes.
const maxForm = 64 << 10

const (
	urlencoded = "application/x-www-form-urlencoded"
	multipart  = "multipart/form-data"
)

// formAsJSON hands a form on as JSON, so that it is decoded and checked like any other body. A field
// sent more than once counts as its first value.
func formAsJSON(ctx huma.Context, next func(huma.Context)) {
	kind, _, _ := mime.ParseMediaType(ctx.Header("Content-Type"))
	if kind != urlencoded && kind != multipart {
		next(ctx)
		return
	}
	c := humaecho.Unwrap(ctx)
	if p := parseForm(c, maxForm); p != nil {
		refuseForm(c, p)
		return
	}
	r := c.Request()
	fields := map[string]string{}
	for name, values := range r.PostForm {
		if len(values) > 0 {
			fields[name] = values[0]
		}
	}
	if r.MultipartForm != nil {
		for name, values := range r.MultipartForm.Value {
			if len(values) > 0 {
				fields[name] = values[0]
			}
		}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		c.Set(errorKey, err)
		return
	}
	next(&formContext{ctx, text})
}

// parseForm reads a form of so many bytes at the most, into memory.
func parseForm(c echo.Context, limit int64) *Problem {
	r := c.Request()
	_ = huma.SetReadDeadline(c.Response(), time.Now().Add(bodyTime)) // a recorder in a test has none
	r.Body = http.MaxBytesReader(c.Response(), r.Body, limit)
	err := r.ParseForm()
	if err == nil {
		err = r.ParseMultipartForm(limit + maxForm) // the headers of the parts count too
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return newProblem("invalid", http.StatusRequestEntityTooLarge, fmt.Sprintf("the form is too large; it may have %d KiB", limit>>10))
	case err != nil && !errors.Is(err, http.ErrNotMultipart):
		return Invalid("the form cannot be read")
	}
	return nil
}

func refuseForm(c echo.Context, p *Problem) {
	if err := p.write(c); err != nil {
		c.Set(errorKey, err)
	}
}

// formContext is a request whose form became JSON.
type formContext struct {
	request
	json []byte
}

// request is huma.Context under a name that is not one of its own methods.
type request huma.Context

func (c *formContext) Unwrap() huma.Context  { return c.request }
func (c *formContext) BodyReader() io.Reader { return bytes.NewReader(c.json) }
func (c *formContext) Header(name string) string {
	if strings.EqualFold(name, "Content-Type") {
		return "application/json"
	}
	return c.request.Header(name)
}

// documentForm says in the document that the body may come as a form too.
func documentForm(op *huma.Operation) {
	content := op.RequestBody.Content
	content[urlencoded], content[multipart] = content["application/json"], content["application/json"]
}
