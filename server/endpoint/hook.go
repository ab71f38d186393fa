package endpoint

import (
	"context"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"
)

// A Hooked call is one that another company makes. Its signature is over all of this.
type Hooked struct {
	URL    string // at which it called, by the address at which people reach the portal
	Form   url.Values
	Header http.Header
}

// Hook registers an operation that another company calls, with a form (application/x-www-form-urlencoded) and without
// a token: h verifies by itself who calls. The answer is of a media type of its own. fields are those of the form that
// the document names, each with a sentence.
func Hook(api API, path, id, summary, answer string, fields map[string]string, h func(context.Context, Hooked) ([]byte, error), options ...Option) {
	call := func(ctx context.Context, _ *None) (*body[download], error) {
		x := exchangeOf(ctx)
		r := x.request.Request()
		text, err := h(ctx, Hooked{URL: PublicURL(ctx) + r.URL.RequestURI(), Form: r.PostForm, Header: r.Header})
		x.answer = &File{Type: answer, Content: text}
		return &body[download]{}, err
	}
	register(api, http.MethodPost, path, id, summary, call, Public, append(options, direct, MaxBody(maxForm), files([]string{answer}), takesForm(fields)))
}

// takesForm documents a body that is a form and nothing else.
func takesForm(fields map[string]string) Option {
	return func(op *huma.Operation) {
		form := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}}
		for name, sentence := range fields {
			form.Properties[name] = &huma.Schema{Type: huma.TypeString, Description: sentence}
		}
		op.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{urlencoded: {Schema: form}}}
	}
}
