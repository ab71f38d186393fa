package integration_tests

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"contractor-portal/server/auth"
)

// A document is what the tests read of the OpenAPI document that the server serves. What they ask of
// every operation covers a new one by itself.
type document struct {
	Paths      map[string]map[string]*operation
	Components struct{ Schemas map[string]*jsonSchema }
}

type operation struct {
	OperationID string
	Tags        []string
	Parameters  []parameter
	RequestBody *struct {
		Content map[string]struct {
			Schema  *jsonSchema
			Example any
		}
	}
	Security []map[string][]string
	Roles    []string `json:"x-roles"`
	Own      bool     `json:"x-own"`    // not for operators who act inside a company
	Acting   bool     `json:"x-acting"` // for nobody else

	method, path string
	document     *document
}

type parameter struct {
	In, Name string
	Required bool
	Schema   *jsonSchema
	Example  any
}

type jsonSchema struct {
	Ref                  string `json:"$ref"`
	Type                 any    // a text, or a list of texts
	Format, Pattern      string
	Default              any
	Examples, Enum       []any
	Minimum              *float64
	MinLength, MinItems  int
	Items                *jsonSchema
	Properties           map[string]*jsonSchema
	AdditionalProperties any
	Required             []string
	OneOf                []*jsonSchema
	References           string `json:"x-references"`
}

// readDocument returns the operations that the server documents, in a stable order.
func readDocument(t *testing.T, p *portal) (all []*operation) {
	t.Helper()
	d := &document{}
	p.do("GET", "/openapi.json", "", nil).want(t, http.StatusOK).json(t, d)
	for path, methods := range d.Paths {
		for method, op := range methods {
			op.method, op.path, op.document = strings.ToUpper(method), path, d
			all = append(all, op)
		}
	}
	slices.SortFunc(all, func(a, b *operation) int { return strings.Compare(a.String(), b.String()) })
	return all
}

func (o *operation) String() string { return o.method + " " + o.path }

func (o *operation) public() bool { return len(o.Security) == 0 }

func (o *operation) tag() string {
	if len(o.Tags) == 0 {
		return "untagged"
	}
	return o.Tags[0]
}

// admits tells whether the document lets the caller in.
func (o *operation) admits(c caller) bool {
	if o.Acting {
		return c.acting
	}
	return o.public() || slices.Contains(o.Roles, c.role) && !(c.acting && o.Own)
}

// body returns the schema of the JSON body and the example of a whole one; nil where there is none.
func (o *operation) body() (*jsonSchema, any) {
	if o.RequestBody == nil {
		return nil, nil
	}
	content := o.RequestBody.Content["application/json"]
	return content.Schema, content.Example
}

func (d *document) resolve(s *jsonSchema) *jsonSchema {
	if s != nil && s.Ref != "" {
		return d.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
	}
	return s
}

func (s *jsonSchema) is(kind string) bool {
	switch t := s.Type.(type) {
	case string:
		return t == kind
	case []any:
		return slices.Contains(t, any(kind))
	}
	return false
}

// A place is where an operation takes an id: path.property_id, query.user_id, body.stops[].property_id.
type place struct {
	at    string
	table string
	isInt bool
	sent  bool // in every request: required, or in the example of a whole body
}

// places returns all of them.
func (o *operation) places() (all []place) {
	for _, p := range o.Parameters {
		all = o.placesIn(p.Schema, p.In+"."+p.Name, p.Required, all, 0)
	}
	body, example := o.body()
	all = o.placesIn(body, "body", true, all, 0)
	for i, p := range all {
		all[i].sent = p.sent && !(example != nil && strings.HasPrefix(p.at, "body")) || holds(example, "body", p.at)
	}
	return all
}

// of is a key in the form that a place takes.
func (at place) of(key any) any {
	if n, err := strconv.ParseInt(fmt.Sprint(key), 10, 64); err == nil && at.isInt {
		return n
	}
	return key
}

func (at place) absent() any {
	if at.isInt {
		return int64(987_654_321)
	}
	return "ZZZZ99999"
}

// maxDepth ends the walk into a schema that refers to itself.
const maxDepth = 6

func (o *operation) placesIn(s *jsonSchema, at string, required bool, all []place, depth int) []place {
	s = o.document.resolve(s)
	if s == nil || depth > maxDepth {
		return all
	}
	if s.References != "" {
		return append(all, place{at: at, table: s.References, isInt: s.is("integer"), sent: required})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		all = o.placesIn(s.Properties[name], at+"."+name, required && slices.Contains(s.Required, name), all, depth+1)
	}
	return o.placesIn(s.Items, at+"[]", required, all, depth+1)
}

// holds tells whether an example has a value at a place.
func holds(example any, at, wanted string) bool {
	switch v := example.(type) {
	case map[string]any:
		for name, e := range v {
			if holds(e, at+"."+name, wanted) {
				return true
			}
		}
	case []any:
		for _, e := range v {
			if holds(e, at+"[]", wanted) {
				return true
			}
		}
	}
	return example != nil && at == wanted
}

// A caller is somebody who calls an operation.
type caller struct {
	role   string // as x-roles names it
	acting bool   // an operator inside the company
	token  string
}

func (c caller) String() string {
	if c.acting {
		return "acting operator"
	}
	return c.role
}

// callers are all kinds of people whom the operations of companyA may meet: its own of every role, an
// operator who acts inside it, and one outside of any company.
func (p *portal) callers() []caller {
	p.t.Helper()
	var all []caller
	for _, role := range roles {
		all = append(all, caller{role: role, token: p.token(companyA, role)})
	}
	all = append(all, caller{role: auth.Admin, acting: true, token: p.actingToken()}, caller{role: auth.SuperAdmin, token: p.token(companyA, auth.SuperAdmin)})
	return all
}
