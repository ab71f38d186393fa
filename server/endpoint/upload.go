package endpoint

import (
	"io"

	"github.com/danielgtaylor/huma/v2"
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

// documentUpload leaves out of the document how the file is encoded, which huma needs to serve: a binary
// field says it already, and ogen knows no encoding of one.
func documentUpload(op *huma.Operation) {
	op.RequestBody.Required = true
	body := *op.RequestBody
	body.Content = map[string]*huma.MediaType{multipart: {Schema: body.Content[multipart].Schema}}
	op.RequestBody = &body
}
