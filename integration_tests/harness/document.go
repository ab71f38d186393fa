package harness

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
	Paths      map[string]map[string]*Operation
	Components struct{ Schemas map[string]*jsonSchema }
}

// An Operation is one operation of the document.
type Operation struct {
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
	Own      bool     `json:"x-own"`      // not for operators who act inside a company
	Acting   bool     `json:"x-acting"`   // for nobody else
	Scope    string   `json:"x-scope"`    // for a service whose key has it, and nobody else
	Prepares bool     `json:"x-prepares"` // does work before its unit of work opens
	Reads    bool     `json:"x-reads"`    // changes nothing, though it is a POST
	MayWrite bool     `json:"x-writes"`   // may change something, though it is a GET

	Method, Path string
	document     *document
}

type parameter struct {
	Ref      string `json:"$ref"`
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

// ReadDocument returns the operations that the server documents, in a stable order.
func ReadDocument(t *testing.T, p *Portal) (all []*Operation) {
	t.Helper()
	d := &document{}
	p.Do("GET", "/openapi.json", "", nil).Want(t, http.StatusOK).JSON(t, d)
	for path, methods := range d.Paths {
		for method, op := range methods {
			op.Method, op.Path, op.document = strings.ToUpper(method), path, d
			all = append(all, op)
		}
	}
	slices.SortFunc(all, func(a, b *Operation) int { return strings.Compare(a.String(), b.String()) })
	return all
}

func (o *Operation) String() string { return o.Method + " " + o.Path }

// Public tells whether the operation needs no token.
func (o *Operation) Public() bool { return len(o.Security) == 0 }

// Tag is the group that the document puts the operation into.
func (o *Operation) Tag() string {
	if len(o.Tags) == 0 {
		return "untagged"
	}
	return o.Tags[0]
}

// Admits tells whether the document lets the caller in.
func (o *Operation) Admits(c Caller) bool {
	if o.Acting {
		return c.Acting
	}
	return o.Public() || slices.Contains(o.Roles, c.Role) && !(c.Acting && o.Own)
}

// body returns the schema of the JSON body and the example of a whole one; nil where there is none.
func (o *Operation) body() (*jsonSchema, any) {
	if o.RequestBody == nil {
		return nil, nil
	}
	content := o.RequestBody.Content["application/json"]
	return content.Schema, content.Example
}

// Fields are the names of the fields of the JSON body.
func (o *Operation) Fields() (names []string) {
	s, _ := o.body()
	if s = o.document.resolve(s); s != nil {
		names = slices.Sorted(maps.Keys(s.Properties))
	}
	return names
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

// A Place is where an operation takes an id: path.property_id, query.user_id, body.stops[].property_id.
type Place struct {
	At    string
	Table string
	isInt bool
	sent  bool // in every request: required, or in the example of a whole body
}

// Keyed tells whether the document says that the operation takes an Idempotency-Key.
func (o *Operation) Keyed() bool {
	return slices.ContainsFunc(o.Parameters, func(p parameter) bool { return p.Ref == "#/components/parameters/IdempotencyKey" })
}

// Places returns all of them.
func (o *Operation) Places() (all []Place) {
	for _, p := range o.Parameters {
		all = o.placesIn(p.Schema, p.In+"."+p.Name, p.Required, all, 0)
	}
	body, example := o.body()
	all = o.placesIn(body, "body", true, all, 0)
	for i, p := range all {
		all[i].sent = p.sent && !(example != nil && strings.HasPrefix(p.At, "body")) || holds(example, "body", p.At)
	}
	return all
}

// Of is a key in the form that a place takes.
func (at Place) Of(key any) any {
	if n, err := strconv.ParseInt(fmt.Sprint(key), 10, 64); err == nil && at.isInt {
		return n
	}
	return key
}

// Absent is an id in the form that the place takes and that no row has.
func (at Place) Absent() any {
	if at.isInt {
		return int64(987_654_321)
	}
	return "ZZZZ99999"
}

// maxDepth ends the walk into a schema that refers to itself.
const maxDepth = 6

func (o *Operation) placesIn(s *jsonSchema, at string, required bool, all []Place, depth int) []Place {
	s = o.document.resolve(s)
	if s == nil || depth > maxDepth {
		return all
	}
	if s.References != "" {
		return append(all, Place{At: at, Table: s.References, isInt: s.is("integer"), sent: required})
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

// A Caller is somebody who calls an operation.
type Caller struct {
	Role   string // as x-roles names it
	Acting bool   // an operator inside the company
	Token  string
}

func (c Caller) String() string {
	if c.Acting {
		return "acting operator"
	}
	return c.Role
}

// Callers are all kinds of callers whom the operations of companyA may meet: its own people of every role, an
// operator who acts inside it, one outside of any company, and a service with every scope.
func (p *Portal) Callers() []Caller {
	p.T.Helper()
	var all []Caller
	p.NewServiceKey(CompanyB, Scopes...) // as many in either company
	for _, role := range Roles {
		all = append(all, Caller{Role: role, Token: p.Token(CompanyA, role)})
	}
	all = append(all, Caller{Role: auth.Admin, Acting: true, Token: p.ActingToken()}, Caller{Role: auth.SuperAdmin, Token: p.Token(CompanyA, auth.SuperAdmin)},
		Caller{Role: auth.Service, Token: p.ServiceToken(CompanyA, Scopes...)})
	return all
}

// Texts are the places of the body in which any text may stand, as far as the document says: no format, no list of
// values, no pattern.
func (o *Operation) Texts() []string {
	body, _ := o.body()
	return o.textsIn(body, "body", nil, 0)
}

func (o *Operation) textsIn(s *jsonSchema, at string, all []string, depth int) []string {
	s = o.document.resolve(s)
	if s == nil || depth > maxDepth {
		return all
	}
	if s.is("string") && s.Format == "" && s.Pattern == "" && len(s.Enum) == 0 && s.References == "" {
		return append(all, at)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		all = o.textsIn(s.Properties[name], at+"."+name, all, depth+1)
	}
	return o.textsIn(s.Items, at+"[]", all, depth+1)
}
