package endpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5/pgtype"
)

// Time is an instant as the API shows it: YYYY-MM-DDTHH:MM:SS on the clock of the customer.
type Time struct{ time.Time }

const timeLayout = "2006-01-02T15:04:05"

// MarshalJSON writes the time in the zone it was read in, which is the customer's (package db).
func (t Time) MarshalJSON() ([]byte, error) {
	return t.AppendFormat(make([]byte, 0, len(timeLayout)+2), `"`+timeLayout+`"`), nil
}

// Schema describes a Time in the OpenAPI document.
func (Time) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Pattern: `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`, Examples: []any{"2026-11-23T06:30:00"},
		Description: "Local time of the company.",
	}
}

// ScanTimestamptz reads a timestamptz column.
func (t *Time) ScanTimestamptz(v pgtype.Timestamptz) error {
	if !v.Valid || v.InfinityModifier != pgtype.Finite {
		return errors.New("not a finite time")
	}
	t.Time = v.Time
	return nil
}

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

// Schema describes a Bool in the OpenAPI document.
func (Bool) Schema(huma.Registry) *huma.Schema {
	zero, one := 0.0, 1.0
	return &huma.Schema{
		Examples: []any{true},
		OneOf:    []*huma.Schema{{Type: huma.TypeBoolean}, {Type: huma.TypeInteger, Minimum: &zero, Maximum: &one}},
	}
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

func (Optional[T]) elem() reflect.Type { return reflect.TypeFor[T]() }

// Schema describes an Optional in the OpenAPI document.
func (Optional[T]) Schema(r huma.Registry) *huma.Schema {
	s := *huma.SchemaFromType(r, reflect.TypeFor[T]())
	s.Nullable = true
	return &s
}
