package properties

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever stands in the cells of a row, it is a row that the table takes, a bad one that says why, or none at all.
func FuzzCells(f *testing.F) {
	f.Add("Maple Plaza", "120 Maple Street", "Pat Doyle", "42,000", "Yes/No", `0.5"`, "Gate code\nat the office")
	f.Add("Oak Court", "7 Oak Court", "", "4.2E4", "no", "Zero Tol", "")
	f.Add(" ", "\u00a0", "\u200b", "-1", "Y/Y", "NaN", "=1+1")
	f.Add("a\x00", strings.Repeat("é", 300), "'", "1e400", "1", "Infinity", "\ufeff")
	f.Fuzz(func(t *testing.T, name, address, manager, sqft, served, trigger, notes string) {
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		_ = w.Write(strings.Split(headings, ",")) // a buffer takes everything
		_ = w.Write([]string{name, address, manager, sqft, served, trigger, notes})
		w.Flush()
		s, err := readSheet(t.Context(), "x.csv", section(text.Bytes()))
		if err != nil {
			return // no UTF-8, a NUL, or lines that csv does not write as they were
		}
		for _, row := range s.rows {
			fits := func(text string, longest int) bool { return text != "" && utf8.RuneCountInString(text) <= longest }
			if !fits(row.Name, 255) || !fits(row.Address, 255) || row.Sqft != nil && *row.Sqft < 0 || !(row.TriggerAmount >= 0 && row.TriggerAmount <= 12) ||
				utf8.RuneCountInString(row.AreaManager) > 100 || row.Notes != nil && !fits(*row.Notes, 10_000) {
				t.Errorf("%q becomes %+v", text.String(), row)
			}
		}
		for _, bad := range s.bad {
			if bad.Reason == "" || utf8.RuneCountInString(bad.Value) > 100 {
				t.Errorf("%q is refused as %+v", text.String(), bad)
			}
		}
	})
}
