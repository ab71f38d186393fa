package harness

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// A Leaf is a place where an operation takes a single value, or one that no schema describes:
// path.route_id, query.limit, body.stops[].notes.
type Leaf struct {
	At     string
	schema *jsonSchema
}

// Leaves returns all of them.
func (o *Operation) Leaves() (all []Leaf) {
	for _, p := range o.Parameters {
		all = o.leavesIn(p.Schema, p.In+"."+p.Name, all, 0)
	}
	if o.RequestBody == nil {
		return all
	}
	for _, kind := range slices.Sorted(maps.Keys(o.RequestBody.Content)) {
		if kind == "application/x-www-form-urlencoded" {
			continue // a form and nothing else: of another company's, which signs it
		}
		return o.leavesIn(o.RequestBody.Content[kind].Schema, "body", all, 0)
	}
	return all
}

func (o *Operation) leavesIn(s *jsonSchema, at string, all []Leaf, depth int) []Leaf {
	s = o.document.resolve(s)
	switch {
	case s == nil || depth > maxDepth:
		return all
	case s.Items != nil:
		return o.leavesIn(s.Items, at+"[]", all, depth+1)
	case len(s.Properties) > 0:
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			all = o.leavesIn(s.Properties[name], at+"."+name, all, depth+1)
		}
		return all
	}
	return append(all, Leaf{at, s})
}

// InBody tells whether the leaf is in the body, and not in the address.
func (l Leaf) InBody() bool { return strings.HasPrefix(l.At, "body") }

// Name is the key under which the leaf is sent, or under which the list is that it is in.
func (l Leaf) Name() string {
	at := strings.TrimRight(l.At, "[]")
	return at[strings.LastIndexAny(at, ".]")+1:]
}

// Takes tells whether the leaf takes values of a kind: integer, number, boolean, string or object.
func (l Leaf) Takes(kind string) bool {
	return slices.ContainsFunc(append(l.schema.OneOf, l.schema), func(s *jsonSchema) bool { return s.is(kind) })
}

var timeExample = regexp.MustCompile(`^\d{4}-\d\d-\d\d`)

// IsTime tells whether the leaf is a date or a time, by its example.
func (l Leaf) IsTime() bool {
	if len(l.schema.Examples) == 0 {
		return false
	}
	example, _ := l.schema.Examples[0].(string)
	return timeExample.MatchString(example)
}

// mark stands in a body for what will be put there.
const mark = "\u2020 here \u2020"

// A Spelling is how a key is written, and how often. In it %k is the key, %K the key in capitals, %v the value, and %o
// what would be sent otherwise.
type Spelling string

// The ways of writing a key.
const (
	Proper     Spelling = `"%k":%v`
	OtherCase  Spelling = `"%K":%v`
	BesideCase Spelling = `"%k":%o,"%K":%v`
	Twice      Spelling = `"%k":%o,"%k":%v`
)

// Spell is the request with JSON in the place of a leaf, written in one of these ways. In an address JSON's texts stand
// without their quotes; a file has the JSON for its content.
func (r Request) Spell(l Leaf, value string, s Spelling) (method, target string, body any) {
	if !l.InBody() {
		plain := value
		_ = json.Unmarshal([]byte(value), &plain) // what is no text stays as it is
		if strings.HasPrefix(l.At, "path.") && strings.Trim(plain, "./") == "" {
			plain = "-" + plain // another path
		}
		placed := r.With(Place{At: l.At}, plain)
		target = placed.Target()
		if s != Proper {
			target = strings.Replace(target, l.Name()+"=", strings.ToUpper(l.Name())+"=", 1)
		}
		return r.Op.Method, target, r.Body()
	}
	if r.Op.RequestBody.Content["multipart/form-data"].Schema != nil && l.Takes("string") && l.Name() == "file" {
		return r.Op.Method, r.Target(), Upload{"file.csv", value}
	}
	at, other := l.At, r.value(l.schema, l.At, 0)
	if list, ok := strings.CutSuffix(at, "[]"); ok && s != Proper { // it is the list that has a key
		at, other, value = list, []any{other}, "["+value+"]"
	}
	otherwise, _ := json.Marshal(other)
	text, _ := json.Marshal(r.With(Place{At: at}, mark).Body())
	marked, _ := json.Marshal(mark)
	before, after, _ := strings.Cut(string(text), string(marked))
	if head, ok := strings.CutSuffix(before, `"`+l.Name()+`":`); ok {
		before = head
		value = strings.NewReplacer("%k", l.Name(), "%K", strings.ToUpper(l.Name()), "%v", value, "%o", string(otherwise)).Replace(string(s))
	}
	after = strings.ReplaceAll(after, string(marked), string(otherwise)) // further elements of a list
	return r.Op.Method, r.Target(), RawBody{"application/json", before + value + after}
}

// Writes tells whether the operation changes anything.
func (o *Operation) Writes() bool { return o.Method != http.MethodGet }

// Asking adds a parameter to a target.
func Asking(target, name, value string) string {
	sign := "?"
	if strings.Contains(target, "?") {
		sign = "&"
	}
	return target + sign + url.QueryEscape(name) + "=" + url.QueryEscape(value)
}

// Example is the first that the document has for the leaf, as JSON.
func (l Leaf) Example() string {
	text, _ := json.Marshal(l.schema.Examples[0])
	return string(text)
}
