package endpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
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
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, maxForm)
	if err := r.ParseMultipartForm(maxForm); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		p := Invalid("the form cannot be read")
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			p = newProblem("invalid", http.StatusRequestEntityTooLarge, "the form is too large")
		}
		if err := p.write(c); err != nil {
			c.Set(errorKey, err)
		}
		return
	}
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
