package harness

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// A Request is one call of an operation, made from the document alone: required fields from their
// examples, defaults, enums and types; ids from outside.
type Request struct {
	Op  *Operation
	IDs map[string]any // place → id
	// full sends the optional fields that have an example, too.
	full bool
}

// Target is the path with its parameters.
func (r Request) Target() string {
	path := r.Op.Path
	query := url.Values{}
	for _, p := range r.Op.Parameters {
		at := p.In + "." + p.Name
		_, placed := r.idAt(at)
		if !p.Required && !placed && !(r.full && hasExample(p.Schema)) {
			continue
		}
		value := p.Example
		if value == nil || placed {
			value = r.value(p.Schema, at, 0)
		}
		switch p.In {
		case "path":
			path = strings.Replace(path, "{"+p.Name+"}", url.PathEscape(text(value)), 1)
		case "query":
			query.Set(p.Name, text(value))
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

// text writes a value as it stands in an address; a list as its elements with commas.
func text(value any) string {
	switch v := value.(type) {
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = text(e)
		}
		return strings.Join(parts, ",")
	case float64:
		return fmt.Sprintf("%g", v)
	}
	return fmt.Sprint(value)
}

// Body is the JSON body, or nil.
func (r Request) Body() any {
	s, example := r.Op.body()
	switch {
	case s == nil:
		return nil
	case example != nil:
		return r.fill(example, "body")
	}
	return r.value(s, "body", 0)
}

// fill puts the ids into a copy of an example.
func (r Request) fill(example any, at string) any {
	if id, ok := r.IDs[at]; ok {
		return id
	}
	switch v := example.(type) {
	case map[string]any:
		filled := map[string]any{}
		for name, e := range v {
			filled[name] = r.fill(e, at+"."+name)
		}
		for _, name := range r.fieldsWithin(at) {
			if _, there := filled[name]; !there {
				filled[name] = r.fill(nil, at+"."+name)
			}
		}
		return filled
	case []any:
		filled := make([]any, len(v))
		for i, e := range v {
			filled[i] = r.fill(e, at+"[]")
		}
		return filled
	}
	return example
}

// fieldsWithin names the fields of an object in which an id stands.
func (r Request) fieldsWithin(at string) (names []string) {
	for place := range r.IDs {
		if rest, ok := strings.CutPrefix(place, at+"."); ok && !strings.ContainsAny(rest, ".[") {
			names = append(names, rest)
		}
	}
	return names
}

// idAt returns the id of a place, or whether one stands within it.
func (r Request) idAt(at string) (id any, within bool) {
	if id, ok := r.IDs[at]; ok {
		return id, true
	}
	for place := range r.IDs {
		if strings.HasPrefix(place, at+".") || strings.HasPrefix(place, at+"[") {
			return nil, true
		}
	}
	return nil, false
}

// value makes one that fits a schema. Where the schema does not say enough (a pattern), the feature
// says more by an example.
func (r Request) value(s *jsonSchema, at string, depth int) any {
	s = r.Op.document.resolve(s)
	if s == nil || depth > maxDepth {
		return nil
	}
	id, within := r.idAt(at)
	switch {
	case id != nil:
		return id
	case within:
	case len(s.Examples) > 0:
		return s.Examples[0]
	case s.Default != nil:
		return s.Default
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	switch {
	case len(s.OneOf) > 0:
		return r.value(s.OneOf[0], at, depth+1)
	case s.is("object"):
		return r.object(s, at, depth)
	case s.is("array"):
		return []any{r.value(s.Items, at+"[]", depth+1)}
	case s.is("integer"), s.is("number"):
		if s.Minimum != nil {
			return max(*s.Minimum, 1)
		}
		return 1
	case s.is("boolean"):
		return true
	}
	return textOf(s)
}

func (r Request) object(s *jsonSchema, at string, depth int) map[string]any {
	object := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		_, within := r.idAt(at + "." + name)
		if within || slices.Contains(s.Required, name) || r.full && hasExample(r.Op.document.resolve(s.Properties[name])) {
			object[name] = r.value(s.Properties[name], at+"."+name, depth+1)
		}
	}
	return object
}

func hasExample(s *jsonSchema) bool {
	return s != nil && s.References == "" && (len(s.Examples) > 0 || s.Default != nil)
}

func textOf(s *jsonSchema) string {
	switch s.Format {
	case "date":
		return "2026-01-06"
	case "date-time":
		return "2026-01-06T06:30:00"
	case "email":
		return "somebody@example.com"
	case "uuid":
		return "00000000-0000-4000-8000-000000000000"
	case "uri":
		return "https://example.com/"
	}
	return strings.Repeat("text", 1+s.MinLength/4)
}

// With is the request with another id in one place.
func (r Request) With(at Place, id any) Request {
	ids := map[string]any{}
	for other, own := range r.IDs {
		ids[other] = own
	}
	ids[at.At] = id
	r.IDs = ids
	return r
}

func (r Request) String() string {
	body, err := json.Marshal(r.Body())
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s %s %s", r.Op.Method, r.Target(), body)
}
