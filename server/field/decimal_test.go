package field

import (
	"encoding/json"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
)

func TestDecimal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sql, json, fixed string
		zero             bool
	}{
		{"0", "0", "0.00", true},
		{"0.00", "0.00", "0.00", true},
		{"500", "500", "500.00", false},
		{"10.50", "10.50", "10.50", false},
		{"0.05", "0.05", "0.05", false},
		{"-0.1", "-0.1", "-0.10", false},
		{"90071992547409933.33", "90071992547409933.33", "90071992547409933.33", false}, // of which a float64 knows nothing
	} {
		var n pgtype.Numeric
		if err := n.Scan(c.sql); err != nil {
			t.Fatal(err)
		}
		var d Decimal
		if err := d.ScanNumeric(n); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(d)
		if err != nil || string(text) != c.json || d.Fixed(2) != c.fixed || d.IsZero() != c.zero {
			t.Errorf("%s: %s %s %v %v", c.sql, text, d.Fixed(2), d.IsZero(), err)
		}
	}
	var d Decimal
	for _, bad := range []pgtype.Numeric{{}, {NaN: true, Valid: true}, {InfinityModifier: pgtype.Infinity, Valid: true}} {
		if err := d.ScanNumeric(bad); err == nil {
			t.Errorf("%v is read as %s", bad, d)
		}
	}
}
