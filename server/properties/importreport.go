package properties

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"contractor-portal/server/endpoint"
)

// A BadRow is a cell of an import, or a row as a whole, and what there is to say of it.
type BadRow struct {
	Row    int    `json:"row" doc:"As the spreadsheet counts."`
	Column string `json:"column" doc:"Its heading; empty where the row as a whole is meant."`
	Value  string `json:"value" doc:"What stands there, cut to 100 characters."`
	Reason string `json:"reason" doc:"What was expected, or what became of it."`
}

func (b BadRow) String() string {
	if b.Column == "" {
		return fmt.Sprintf("Row %d: %s", b.Row, b.Reason)
	}
	return fmt.Sprintf("Row %d, %s: %s", b.Row, b.Column, b.Reason)
}

// An ImportReport says what became of a spreadsheet.
type ImportReport struct {
	endpoint.Attached `json:"-"`

	Message     string   `json:"message"`
	Count       int64    `json:"count" doc:"How many properties were added."`
	Skipped     int64    `json:"skipped" doc:"How many rows have an address that the company has already, or an earlier row."`
	SkippedRows []BadRow `json:"skipped_rows,omitempty" doc:"They, and whose address it is."`
	PassedOver  []BadRow `json:"passed_over,omitempty" doc:"Rows that are no properties, such as totals."`
	Hidden      int64    `json:"hidden,omitempty" doc:"How many of those that were added are hidden in the sheet, by a filter for instance."`
	Errors      []string `json:"errors,omitempty" doc:"bad_rows as sentences, for people."`
	BadRows     []BadRow `json:"bad_rows,omitempty" doc:"What could not be added, and why."`
}

// list names the bad rows, in the order of the sheet.
func (r *ImportReport) list(bad []BadRow) {
	slices.SortStableFunc(bad, func(a, b BadRow) int { return a.Row - b.Row })
	r.BadRows = bad
	for _, b := range bad {
		r.Errors = append(r.Errors, b.String())
	}
}

// rows is how many rows are bad; one may have several faults.
func (r *ImportReport) rows() int {
	return len(slices.CompactFunc(slices.Clone(r.BadRows), func(a, b BadRow) bool { return a.Row == b.Row }))
}

func (r *ImportReport) sentence(dry bool) string {
	verb := "added"
	if dry {
		verb = "would be added"
	}
	text := endpoint.Count(r.Count, "property", "properties") + " " + verb
	if r.Hidden > 0 {
		text += fmt.Sprintf(", %d of them hidden in the sheet", r.Hidden)
	}
	if r.Skipped > 0 {
		text += fmt.Sprintf(", %d skipped because the address is there already", r.Skipped)
	}
	if n := len(r.PassedOver); n > 0 {
		text += ", " + endpoint.Count(n, "row", "rows") + " passed over as no property"
	}
	if n := r.rows(); n > 0 {
		text += ", " + endpoint.Count(n, "row has errors", "rows have errors")
	}
	return text
}

// A refusal is a problem that may be answered by the list of the bad rows.
type refusal struct {
	error
	endpoint.Attached
}

func (r refusal) Unwrap() error { return r.error }

// refusal is the answer to a file with bad rows, of which nothing is added.
func (in *importRequest) refusal() (out refusal) {
	var r ImportReport
	r.list(in.sheet.bad)
	fields := make([]endpoint.FieldError, len(r.BadRows))
	for i, b := range r.BadRows {
		fields[i] = endpoint.FieldError{Location: strings.TrimSuffix(fmt.Sprintf("row %d, %s", b.Row, b.Column), ", "), Message: b.Reason}
	}
	first := r.Errors[:min(10, len(r.Errors))]
	out.error = endpoint.InvalidFields(fmt.Sprintf("nothing was added, because %s. %s",
		endpoint.Count(r.rows(), "row has errors", "rows have errors"), strings.Join(first, "; ")), fields)
	if in.Errors == "csv" {
		out.Attach(badRowsFile(r.BadRows))
	}
	return out
}

func badRowsFile(bad []BadRow) *endpoint.File {
	rows := make([][]string, len(bad))
	for i, b := range bad {
		rows[i] = []string{strconv.Itoa(b.Row), b.Column, b.Value, b.Reason}
	}
	return endpoint.CSV("import-errors.csv", []string{"Row", "Column", "Value", "Reason"}, rows)
}
