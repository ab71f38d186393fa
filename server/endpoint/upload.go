package endpoint

import (
	"io"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
)

// An Upload is the input of an operation that takes one file, in the field file of a form
// (multipart/form-data). MaxBody says how large it may be; it is held in memory and touches no disk.
type Upload struct {
	RawBody huma.MultipartFormFiles[uploaded]
}

type uploaded struct {
	File huma.FormFile `form:"file" required:"true" doc:"The file."`
}

// File returns the uploaded file, and its name as the client gave it.
func (u *Upload) File() (name string, content *io.SectionReader) {
	f := u.RawBody.Data().File
	return f.Filename, io.NewSectionReader(f, 0, f.Size)
}

func (*Upload) uploaded() {}

// takesUpload tells whether the input I is one with a file.
func takesUpload[I any]() bool {
	_, ok := any(new(I)).(interface{ uploaded() })
	return ok
}

// readUpload reads the form before huma does, which knows no limit for it.
func readUpload(ctx huma.Context, next func(huma.Context)) {
	c := humaecho.Unwrap(ctx)
	if kind, _, _ := mime.ParseMediaType(ctx.Header("Content-Type")); kind != multipart {
		refuseForm(c, newProblem("invalid", http.StatusUnsupportedMediaType, "send the file in the field file of a form (multipart/form-data)"))
		return
	}
	if p := parseForm(c, ctx.Operation().MaxBodyBytes); p != nil {
		refuseForm(c, p)
		return
	}
	next(ctx)
}

// documentUpload leaves out of the document how the file is encoded, which huma needs to serve: a binary
// field says it already, and ogen knows no encoding of one.
func documentUpload(op *huma.Operation) {
	op.RequestBody.Required = true
	body := *op.RequestBody
	body.Content = map[string]*huma.MediaType{multipart: {Schema: body.Content[multipart].Schema}}
	op.RequestBody = &body
}
