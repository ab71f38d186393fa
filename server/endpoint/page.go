package endpoint

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type htmlPage struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// Page registers a page of HTML that everybody may read.
func Page(api API, path, summary string, html []byte) {
	register(api, http.MethodGet, path, summary, func(context.Context, *None) (*htmlPage, error) {
		return &htmlPage{ContentType: "text/html; charset=utf-8", Body: html}, nil
	}, Public, nil)
	documented := operation(api.huma.OpenAPI(), http.MethodGet, path).Responses["200"]
	documented.Headers = nil
	documented.Content = map[string]*huma.MediaType{"text/html": {Schema: &huma.Schema{Type: huma.TypeString}}}
}
