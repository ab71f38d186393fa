package endpoint

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Excerpt returns the document of one operation, with the schemas that its request needs and no others: what a form is made
// of. It is nil where there is no such operation.
func (api API) Excerpt(id string) ([]byte, error) {
	doc := api.huma.OpenAPI()
	for path, item := range doc.Paths {
		for method, op := range map[string]*huma.Operation{
			http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodDelete: item.Delete,
		} {
			if op != nil && op.OperationID == id {
				return excerpt(doc, path, method, *op)
			}
		}
	}
	return nil, nil
}

func excerpt(doc *huma.OpenAPI, path, method string, op huma.Operation) ([]byte, error) {
	op.Responses = nil
	text, err := json.Marshal(&op)
	if err != nil {
		return nil, err
	}
	schemas := map[string]*huma.Schema{}
	if err := gather(doc.Components.Schemas, string(text), schemas); err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{
		"openapi": doc.OpenAPI, "info": doc.Info,
		"paths":      map[string]any{path: map[string]any{strings.ToLower(method): json.RawMessage(text)}},
		"components": map[string]any{"schemas": schemas, "parameters": doc.Components.Parameters},
	})
}

// gather adds the schemas that a text refers to, and those that they do.
func gather(all huma.Registry, text string, schemas map[string]*huma.Schema) error {
	const reference = `"#/components/schemas/`
	for _, rest := range strings.Split(text, reference)[1:] {
		name, _, _ := strings.Cut(rest, `"`)
		if schemas[name] != nil || all.Map()[name] == nil {
			continue
		}
		schemas[name] = all.Map()[name]
		inner, err := json.Marshal(schemas[name])
		if err == nil {
			err = gather(all, string(inner), schemas)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
