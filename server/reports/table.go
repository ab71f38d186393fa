package reports

import (
	"slices"
	"strconv"
	"time"

	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// A table is an export as CSV: the tickets of all sheets below one another, each with what its sheet is about.
type table struct {
	columns []column
	csv     *endpoint.Table
	row     []string
}

func newTable(l layout) *table {
	t := &table{columns: slices.Concat(l.keys, l.columns)}
	var headings []string
	for _, c := range t.columns {
		headings = append(headings, c.heading)
	}
	t.csv = endpoint.NewTable(headings)
	return t
}

func (t *table) add(of *ticket) error {
	t.row = t.row[:0]
	for _, c := range t.columns {
		t.row = append(t.row, written(c.looks, c.value(of)))
	}
	t.csv.Add(t.row)
	return nil
}

func (t *table) file(name string) (*endpoint.File, error) { return t.csv.File(name), nil }

func (*table) close() {}

// written is a value in letters: times as everybody sorts them, numbers as they are.
func written(as looks, v any) string {
	switch v := v.(type) {
	case string:
		return v
	case *field.Time:
		switch {
		case v == nil:
			return ""
		case as == aDate:
			return v.Format(time.DateOnly)
		}
		return v.Format(time.DateTime)
	case field.Decimal:
		return v.Fixed(2)
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return ""
}
