package endpoint

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// operation finds what huma documented of a route.
func operation(doc *huma.OpenAPI, method, path string) *huma.Operation {
	item := doc.Paths[path]
	return map[string]*huma.Operation{
		"GET": item.Get, "POST": item.Post, "PUT": item.Put, "DELETE": item.Delete,
	}[method]
}

var idName = regexp.MustCompile(`(^|_)ids?$`)

// references writes into the document which table each id of an input points to (x-references), from
// the field's tag ref. The attack on every operation with another company's ids is generated from it,
// so an id without the tag is refused at start.
func references[I any](api API, op *huma.Operation) {
	in := reflect.TypeFor[I]()
	for field := range fields(in) {
		for _, place := range []string{"path", "query"} {
			name, _, _ := strings.Cut(field.Tag.Get(place), ",")
			if name == "" {
				continue
			}
			if table := reference(op, field, name); table != "" {
				for _, p := range op.Parameters {
					if p.In == place && p.Name == name {
						p.Extensions = map[string]any{"x-references": table}
					}
				}
			}
		}
	}
	body, ok := in.FieldByName("Body")
	if !ok || body.Type.Kind() != reflect.Struct {
		return
	}
	schema := api.huma.OpenAPI().Components.Schemas.Schema(body.Type, true, "")
	if schema.Ref != "" {
		schema = api.huma.OpenAPI().Components.Schemas.SchemaFromRef(schema.Ref)
	}
	for field := range fields(body.Type) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if table := reference(op, field, name); table != "" {
			schema.Properties[name].Extensions = map[string]any{"x-references": table}
		}
	}
}

func reference(op *huma.Operation, field reflect.StructField, name string) string {
	t := field.Type
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	table := field.Tag.Get("ref")
	if table == "" && t.Kind() == reflect.Int64 && idName.MatchString(name) {
		panic(fmt.Sprintf("%s %s: field %s is an id; say with the tag ref which table it points to", op.Method, op.Path, name))
	}
	return table
}

// fields yields the fields of a struct, those of embedded structs among them.
func fields(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for _, f := range reflect.VisibleFields(t) {
			if !f.Anonymous && !yield(f) {
				return
			}
		}
	}
}
