package endpoint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep arrays and objects of a body may lie in one another.
const maxDepth = 64

// unmarshal reads JSON that has been rewritten. What it cannot read it says without repeating it, nor
// naming our types.
func unmarshal(text []byte, v any) error {
	err := json.Unmarshal(text, v)
	var kind *json.SemanticError
	switch {
	case errors.As(err, &kind):
		return errors.New(place(kind.JSONPointer) + " is out of range")
	case err != nil:
		return errNoJSON
	}
	return nil
}

var errNoJSON = fmt.Errorf("expected JSON, in UTF-8 without a byte order mark, whole, and at most %d levels deep", maxDepth)

// rewritten is the JSON text of a body as its schema wants it. Numbers and truth values may be written as
// texts, and a whole number with a fraction or an exponent that adds nothing. A key that occurs twice, or
// differs from another one or from a field of the schema in its case alone, is refused: who checks the text
// and who uses it could each take another of the two.
func rewritten(text []byte, s *huma.Schema, registry huma.Registry) ([]byte, error) {
	var out bytes.Buffer
	w := rewriting{
		in:       jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true)),
		out:      jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true)),
		registry: registry,
	}
	err := w.value(s)
	if err == nil {
		if _, err = w.in.ReadToken(); errors.Is(err, io.EOF) {
			return out.Bytes(), nil
		}
	}
	if p, ok := errors.AsType[*Problem](err); ok {
		return nil, p
	}
	return nil, wrongBody("body", errNoJSON.Error())
}

func wrongBody(location, message string) *Problem {
	p := Invalid(location + ": " + message)
	p.Errors = []FieldError{{Location: location, Message: message}}
	return p
}

type rewriting struct {
	in       *jsontext.Decoder
	out      *jsontext.Encoder
	registry huma.Registry
}

// value copies the next one, which s describes.
func (w rewriting) value(s *huma.Schema) error {
	if s != nil && s.Ref != "" {
		s = w.registry.SchemaFromRef(s.Ref)
	}
	if s == nil {
		s = &huma.Schema{}
	}
	switch kind := w.in.PeekKind(); {
	case kind != '{' && kind != '[':
	case w.in.StackDepth() == maxDepth:
		return errNoJSON
	case kind == '{':
		return w.object(s)
	default:
		return w.array(s)
	}
	token, err := w.in.ReadToken()
	if err != nil {
		return err
	}
	if text, ok := fit(token, s); ok {
		return w.out.WriteValue(jsontext.Value(text))
	}
	return w.out.WriteToken(token)
}

func (w rewriting) object(s *huma.Schema) error {
	if err := w.token(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for w.in.PeekKind() != '}' {
		name, err := w.in.ReadToken()
		if err != nil {
			return err
		}
		key := name.String()
		if seen[folded(key)] {
			return wrongBody(place(w.in.StackPointer().Parent()), "two of its keys are the same, or differ in their case alone")
		}
		seen[folded(key)] = true
		if field := misspelt(key, s); field != "" {
			return wrongBody(place(w.in.StackPointer().Parent()), "expected the key "+field+" in that case")
		}
		if err := w.out.WriteToken(name); err != nil {
			return err
		}
		of := s.Properties[key]
		if of == nil {
			of, _ = s.AdditionalProperties.(*huma.Schema)
		}
		if err := w.value(of); err != nil {
			return err
		}
	}
	return w.token()
}

func (w rewriting) array(s *huma.Schema) error {
	if err := w.token(); err != nil {
		return err
	}
	for w.in.PeekKind() != ']' {
		if err := w.value(s.Items); err != nil {
			return err
		}
	}
	return w.token()
}

// token copies the next one as it is.
func (w rewriting) token() error {
	token, err := w.in.ReadToken()
	if err != nil {
		return err
	}
	return w.out.WriteToken(token)
}

// misspelt is the field of a schema that a key is but for its case, or "".
func misspelt(key string, s *huma.Schema) string {
	if s.Properties[key] != nil {
		return ""
	}
	for field := range s.Properties {
		if strings.EqualFold(field, key) {
			return field
		}
	}
	return ""
}

// folded is the same for two keys that strings.EqualFold takes for equal.
func folded(key string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, key)
}

// truths are the words for true and false that the old server knew.
var truths = map[string]string{
	"true": "true", "t": "true", "yes": "true", "y": "true", "on": "true", "1": "true",
	"false": "false", "f": "false", "no": "false", "n": "false", "off": "false", "0": "false",
}

// fit is a number, or a text where the schema wants none, in the form that the schema wants. Where it has
// none, it stays as it is, and is refused as what it is.
func fit(token jsontext.Token, s *huma.Schema) (text string, ok bool) {
	text = token.String()
	switch token.Kind() {
	case '0':
	case '"':
		if wants(s, huma.TypeString) {
			return "", false
		}
		text = strings.TrimSpace(text)
	default:
		return "", false
	}
	isNumber := number.MatchString(text)
	if isNumber && !wants(s, huma.TypeNumber) {
		text = whole(text)
	}
	if truth := truths[strings.ToLower(text)]; truth != "" && wants(s, huma.TypeBoolean) {
		return truth, true
	}
	return text, isNumber && (wants(s, huma.TypeInteger) || wants(s, huma.TypeNumber))
}

// number is the grammar of JSON's.
var number = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func wants(s *huma.Schema, kind string) bool {
	for _, one := range s.OneOf {
		if wants(one, kind) {
			return true
		}
	}
	return s.Type == kind
}

// whole is a number without a fraction or an exponent, if it is a whole one that both ways of writing
// give exactly.
func whole(text string) string {
	if n, err := strconv.ParseFloat(text, 64); err == nil && n == math.Trunc(n) && math.Abs(n) < 1<<53 {
		return strconv.FormatInt(int64(n), 10)
	}
	return text
}

// place names a place in a body as problems do: body.stops[0].notes.
func place(p jsontext.Pointer) string {
	at := "body"
	for name := range p.Tokens() {
		if _, err := strconv.ParseUint(name, 10, 32); err == nil {
			at += "[" + name + "]"
		} else {
			at += "." + name
		}
	}
	return at
}
