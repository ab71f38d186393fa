package endpoint

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// documented gives the document a copy of the operation by which huma serves a route, and returns it.
func documented(doc *huma.OpenAPI, method, path string) *huma.Operation {
	item := doc.Paths[path]
	place := map[string]**huma.Operation{
		"GET": &item.Get, "POST": &item.Post, "PUT": &item.Put, "DELETE": &item.Delete,
	}[method]
	op := **place
	*place = &op
	return &op
}

// Example adds a whole body to the document, where the examples of its fields do not make a request
// that works: a rule spans several of them. The attack on the operation sends it, with ids of its own.
func Example(body any) Option {
	return func(op *huma.Operation) { op.Metadata = with(op.Metadata, "example", body) }
}

// complete writes into the document what huma does not know of an operation: where its ids point,
// that it may answer null, and what its options say of its bodies.
func complete[I, O any](api API, op *huma.Operation) {
	references[I](api, op)
	if out, ok := reflect.TypeFor[O]().FieldByName("Body"); ok && out.Type.Kind() == reflect.Pointer {
		answer := op.Responses["200"].Content["application/json"]
		answer.Schema = &huma.Schema{OneOf: []*huma.Schema{answer.Schema, {Type: "null"}}}
	}
	if takesUpload[I]() {
		documentUpload(op)
	}
	if op.Metadata["keyed"] == true {
		documentKey(api.huma.OpenAPI().Components, op, reflect.TypeFor[O]())
	}
	for _, s := range api.huma.OpenAPI().Components.Schemas.Map() {
		if s.AdditionalProperties == true {
			s.AdditionalProperties = nil // means the same: more fields are passed over
		}
	}
	if example, ok := op.Metadata["example"]; ok {
		op.RequestBody.Content["application/json"].Example = example
	}
	if op.Metadata["form"] == true {
		documentForm(op)
	}
	if types, ok := op.Metadata["files"].([]string); ok {
		documentFiles(op, types)
	}
	if statuses, ok := op.Metadata["csv"].([]int); ok {
		documentCSV(op, statuses)
	}
	if extend, ok := op.Metadata["extends"].(func(huma.Registry, *huma.Operation)); ok {
		extend(api.huma.OpenAPI().Components.Schemas, op)
	}
	shareProblem(api.huma.OpenAPI().Components, op)
}

// shareProblem makes the answer that is a Problem and nothing else the operation's default, which says with
// which statuses it comes. All operations share it, so that a generated client has one error instead of one
// for each status of each operation.
func shareProblem(c *huma.Components, op *huma.Operation) {
	var statuses []string
	for status, response := range op.Responses {
		problem := response.Content[problemType]
		if len(response.Content) == 1 && problem != nil && problem.Schema.Ref != "" {
			statuses = append(statuses, status)
			c.Responses = map[string]*huma.Response{"Problem": {
				Description: "What was refused or has failed, and why (RFC 9457). Its type has a page that explains it.",
				Content:     response.Content,
			}}
			delete(op.Responses, status)
		}
	}
	slices.Sort(statuses)
	op.Responses["default"] = &huma.Response{Ref: "#/components/responses/Problem", Description: "A problem, of status " + strings.Join(statuses, ", ")}
}

// references writes into the document which table each id of an input points to: x-references in the
// schema of the id, from the field's tag ref. The attack on every operation with another company's ids
// is generated from it, so an id without the tag is refused at start.
func references[I any](api API, op *huma.Operation) {
	m := marker{registry: api.huma.OpenAPI().Components.Schemas, seen: map[reflect.Type]bool{}}
	in := reflect.TypeFor[I]()
	for field := range fields(in) {
		for _, place := range []string{"path", "query"} {
			name, _, _ := strings.Cut(field.Tag.Get(place), ",")
			if name == "" {
				continue
			}
			i := slices.IndexFunc(op.Parameters, func(p *huma.Param) bool { return p.In == place && p.Name == name })
			if i < 0 {
				panic(name + " is never read: export the struct that is embedded for it")
			}
			m.of = owner(in, field)
			m.mark(name, field.Type, op.Parameters[i].Schema, field.Tag.Get("ref"))
		}
	}
	if body, ok := in.FieldByName("Body"); ok {
		m.mark("body", body.Type, op.RequestBody.Content["application/json"].Schema, body.Tag.Get("ref"))
	}
}

var idName = regexp.MustCompile(`(^|_)ids?$`)

// A marker marks the ids in the schemas of one operation's input.
type marker struct {
	registry huma.Registry
	seen     map[reflect.Type]bool
	of       string // the type around a field, for a message
}

// mark marks every id in a value of type t. name and table are those of the nearest field around it.
func (m marker) mark(name string, t reflect.Type, s *huma.Schema, table string) {
	if s != nil && s.Ref != "" {
		s = m.registry.SchemaFromRef(s.Ref)
	}
	if s == nil {
		return
	}
	if o, ok := reflect.Zero(t).Interface().(interface{ Elem() reflect.Type }); ok {
		t = o.Elem()
	}
	switch t.Kind() {
	case reflect.Pointer:
		m.mark(name, t.Elem(), s, table)
	case reflect.Slice:
		m.mark(name, t.Elem(), s.Items, table)
	case reflect.Map:
		values, _ := s.AdditionalProperties.(*huma.Schema)
		m.mark(name, t.Elem(), values, table)
	case reflect.Struct:
		m.markFields(t, s)
	default:
		m.markID(name, t, s, table)
	}
}

func (m marker) markFields(t reflect.Type, s *huma.Schema) {
	if m.seen[t] {
		return
	}
	m.seen[t] = true
	for field := range fields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		m.of = owner(t, field)
		m.mark(name, field.Type, s.Properties[name], field.Tag.Get("ref"))
	}
}

// markID refuses an id that does not say where it points. An int64 is one, whatever its name is: ids
// are the only ones, unless its tag is ref:"-".
func (m marker) markID(name string, t reflect.Type, s *huma.Schema, table string) {
	switch {
	case table == "-":
	case table != "":
		s.Extensions = map[string]any{"x-references": table}
	case t.Kind() == reflect.Int64, t.Kind() != reflect.String && idName.MatchString(name):
		panic(typeFault("field " + name + m.of + ` is an id: say with the tag ref which table it points to, such as ref:"locations", or ref:"-" where it is none`))
	}
}

// owner names the type that a field of t stands in, itself or one that is embedded.
func owner(t reflect.Type, field reflect.StructField) string {
	if around := field.Index[:len(field.Index)-1]; len(around) > 0 {
		t = t.FieldByIndex(around).Type
	}
	if t.Name() == "" {
		return ""
	}
	return " of " + t.String()
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
