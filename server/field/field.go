// Package field holds the types of what stands in the fields of inputs and answers, each with one rule for
// reading and writing it, and its schema in the OpenAPI document: times, dates, telephone numbers, e-mail
// addresses, truth values, and fields that may be absent. It knows no request and no table, and of ours
// package auth alone, whose roles are such values too.
package field

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Bool is a truth value that clients may also send as 0 or 1.
type Bool bool

// UnmarshalJSON reads true, false, 1 or 0.
func (b *Bool) UnmarshalJSON(text []byte) error {
	switch {
	case bytes.Equal(text, []byte("1")):
		*b = true
	case bytes.Equal(text, []byte("0")):
		*b = false
	default:
		return json.Unmarshal(text, (*bool)(b))
	}
	return nil
}

// Schema describes a Bool in the OpenAPI document: once, so that a generated client has one type for all.
func (Bool) Schema(r huma.Registry) *huma.Schema {
	truth := &huma.Schema{
		Description: "true or 1, false or 0.", Examples: []any{true},
		OneOf: []*huma.Schema{{Type: huma.TypeBoolean}, {Type: huma.TypeInteger, Minimum: new(0.0), Maximum: new(1.0)}},
	}
	truth.PrecomputeMessages()
	r.Map()["Truth"] = truth
	return &huma.Schema{Ref: "#/components/schemas/Truth"}
}

// Optional is a field of a change: absent (Set is false: leave it), null (clear it), or a value.
type Optional[T any] struct {
	Set   bool
	Value *T
}

// UnmarshalJSON is called only for a field that is there.
func (o *Optional[T]) UnmarshalJSON(text []byte) error {
	o.Set = true
	return json.Unmarshal(text, &o.Value)
}

// Elem is the type of the value.
func (Optional[T]) Elem() reflect.Type { return reflect.TypeFor[T]() }

// Schema describes an Optional in the OpenAPI document.
func (Optional[T]) Schema(r huma.Registry) *huma.Schema {
	s := *huma.SchemaFromType(r, reflect.TypeFor[T]())
	s.Nullable = true
	return &s
}

// wrong names the field without repeating its value.
func wrong(path *huma.PathBuffer, message string) []error {
	// An Optional holds its value in a field of its own.
	return []error{&huma.ErrorDetail{Location: strings.TrimSuffix(path.String(), ".value"), Message: message}}
}
