package field

import (
	"errors"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5/pgtype"
)

// A Decimal is an exact number of an answer: the digits that PostgreSQL computed. On its way no binary fraction comes
// near it, so sums of money are to the cent.
type Decimal string

// ScanNumeric reads a numeric column.
func (d *Decimal) ScanNumeric(v pgtype.Numeric) error {
	if !v.Valid || v.NaN || v.InfinityModifier != pgtype.Finite {
		return errors.New("not a finite number")
	}
	text, err := v.MarshalJSON()
	*d = Decimal(text)
	return err
}

// MarshalJSON writes a number.
func (d Decimal) MarshalJSON() ([]byte, error) { return []byte(d), nil }

// Fixed is the number with so many digits behind the point, and no more than it has.
func (d Decimal) Fixed(digits int) string {
	whole, fraction, _ := strings.Cut(string(d), ".")
	if missing := digits - len(fraction); missing > 0 {
		fraction += strings.Repeat("0", missing)
	}
	return whole + "." + fraction
}

// IsZero tells whether it is none.
func (d Decimal) IsZero() bool { return strings.Trim(string(d), "-0.") == "" }

// Schema describes a Decimal in the OpenAPI document.
func (Decimal) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeNumber} }
