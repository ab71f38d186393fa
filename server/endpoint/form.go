package endpoint

import (
	"bytes"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"
)

// maxForm is how large a form may be, in bytes.
const maxForm = 64 << 10

// Form makes an operation take its body as a form too (application/x-www-form-urlencoded or
// multipart/form-data), as the old pages send it.
func Form(op *huma.Operation) { op.Metadata = with(op.Metadata, "form", true) }

// formAsJSON reads a form as an object of texts. A field that is sent twice is in it twice, so that it is
// refused like any other key.
func formAsJSON(c echo.Context) ([]byte, error) {
	if err := parseForm(c, maxForm); err != nil {
		return nil, err
	}
	form := c.Request().PostForm
	if parts := c.Request().MultipartForm; parts != nil {
		form = parts.Value // PostForm has them too
	}
	var text bytes.Buffer
	out := jsontext.NewEncoder(&text, jsontext.AllowDuplicateNames(true))
	tokens := []jsontext.Token{jsontext.BeginObject}
	for name, values := range form {
		for _, value := range values {
			tokens = append(tokens, jsontext.String(name), jsontext.String(value))
		}
	}
	for _, token := range append(tokens, jsontext.EndObject) {
		if err := out.WriteToken(token); err != nil {
			return nil, Invalid("the form is not in UTF-8")
		}
	}
	return text.Bytes(), nil
}

// parseForm reads a form of so many bytes at the most, into memory.
func parseForm(c echo.Context, limit int64) error {
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, limit)
	err := r.ParseForm()
	if err == nil {
		err = r.ParseMultipartForm(limit + maxForm) // the headers of the parts count too
	}
	switch {
	case errors.Is(err, http.ErrNotMultipart):
		return nil
	case errors.Is(err, http.ErrMissingBoundary):
		return Invalid("the form cannot be read: its Content-Type names no boundary")
	}
	return cutShort(err, "form", limit)
}

// documentForm says in the document that the body may come as a form too.
func documentForm(op *huma.Operation) {
	content := op.RequestBody.Content
	content[urlencoded], content[multipart] = content[inJSON], content[inJSON]
}
