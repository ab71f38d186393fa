package properties

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"contractor-portal/server/endpoint"
)

// The headings of an import, as the template has them. They are told apart by their letters only:
// upper and lower case are the same.
const (
	nameColumn    = "Property Name"
	addressColumn = "Address"
	managerColumn = "area manager"
	sqftColumn    = "Lot Sq Ft"
	servedColumn  = "PLOW/SALT"
	triggerColumn = "trigger"
	notesColumn   = "Notes"
)

var requiredColumns = []string{nameColumn, addressColumn, managerColumn, sqftColumn, servedColumn}

// A BadRow is a cell of an import that cannot be used, or a row that has no room.
type BadRow struct {
	Row    int    `json:"row" doc:"As the spreadsheet counts: the heading is row 1."`
	Column string `json:"column" doc:"Its heading; empty where the row as a whole is meant."`
	Value  string `json:"value" doc:"What stands there, cut to 100 characters."`
	Reason string `json:"reason" doc:"What was expected."`
}

func (b BadRow) String() string {
	if b.Column == "" {
		return fmt.Sprintf("Row %d: %s", b.Row, b.Reason)
	}
	return fmt.Sprintf("Row %d, %s: %s", b.Row, b.Column, b.Reason)
}

// An importRow is a property of a spreadsheet. What it does not say has the table's defaults.
type importRow struct {
	Row           int
	Name, Address string
	Sqft          *int32
	AreaManager   *string
	Plow, Salt    bool
	TriggerType   string
	TriggerAmount float64
	Notes         *string
}

// A sheet is what an import says, row by row.
type sheet struct {
	columns map[string]int // lower-case heading → index
	rows    []importRow
	bad     []BadRow
}

// add reads the next row of a spreadsheet; the first one is the heading. Rows without a property name
// are passed over. An error refuses the file as a whole.
func (s *sheet) add(number int, cells []string) error {
	if s.columns == nil {
		return s.heading(cells)
	}
	r := rowReader{number: number, columns: s.columns, cells: cells}
	row := importRow{Row: number, Name: r.text(nameColumn, 255)}
	if row.Name == "" && len(r.bad) == 0 {
		return nil
	}
	row.Address = r.text(addressColumn, 255)
	if row.Address == "" {
		r.fault(addressColumn, "expected an address")
	}
	row.AreaManager = optional(r.text(managerColumn, 100))
	row.Sqft = r.whole(sqftColumn)
	row.Plow, row.Salt = r.served(servedColumn)
	row.TriggerType, row.TriggerAmount = r.trigger(triggerColumn)
	row.Notes = optional(r.text(notesColumn, 10000))
	if len(r.bad) > 0 {
		s.bad = append(s.bad, r.bad...)
		return nil
	}
	s.rows = append(s.rows, row)
	return nil
}

func (s *sheet) heading(cells []string) error {
	s.columns = map[string]int{}
	for i, cell := range cells {
		title := strings.ToLower(strings.TrimSpace(cell))
		if _, twice := s.columns[title]; twice && title != "" {
			return endpoint.Invalid(fmt.Sprintf("the heading %q stands there twice", strings.TrimSpace(cell)))
		}
		s.columns[title] = i
	}
	missing := slices.DeleteFunc(slices.Clone(requiredColumns), func(title string) bool {
		_, ok := s.columns[strings.ToLower(title)]
		return ok
	})
	if len(missing) > 0 {
		return endpoint.Invalid("the first row lacks these headings: " + strings.Join(missing, ", "))
	}
	return nil
}

// A rowReader reads the cells of one row and keeps what is wrong with them.
type rowReader struct {
	number  int
	columns map[string]int
	cells   []string
	bad     []BadRow
}

func (r *rowReader) cell(column string) string {
	if i, ok := r.columns[strings.ToLower(column)]; ok && i < len(r.cells) {
		return strings.TrimSpace(r.cells[i])
	}
	return ""
}

func (r *rowReader) fault(column, reason string) {
	value := []rune(r.cell(column))
	if len(value) > 100 {
		value = append(value[:99], '…')
	}
	r.bad = append(r.bad, BadRow{Row: r.number, Column: column, Value: string(value), Reason: reason})
}

func (r *rowReader) text(column string, longest int) string {
	text := r.cell(column)
	switch {
	case utf8.RuneCountInString(text) > longest:
		r.fault(column, fmt.Sprintf("expected at most %d characters", longest))
	case strings.ContainsRune(text, 0):
		r.fault(column, "expected a text without NUL characters")
	}
	return text
}

// whole reads a whole number that is not negative, as people write it (42,000) and as spreadsheets
// keep it (4.2E4); nil where there is none.
func (r *rowReader) whole(column string) *int32 {
	text := r.cell(column)
	if text == "" {
		return nil
	}
	n, err := strconv.ParseFloat(withoutGroups(text), 64)
	if err != nil || n != math.Trunc(n) || n < 0 || n > math.MaxInt32 {
		r.fault(column, "expected a whole number of square feet, or nothing")
		return nil
	}
	whole := int32(n)
	return &whole
}

// withoutGroups takes the commas out of a number that has one before each three digits.
func withoutGroups(text string) string {
	groups := strings.Split(text, ",")
	for i, g := range groups {
		if i > 0 && len(g) != 3 || len(g) > 3 && len(groups) > 1 || g == "" {
			return text
		}
	}
	return strings.Join(groups, "")
}

// served reads what is done there: Yes/No says plow and salt apart, plain Yes or No both at once.
func (r *rowReader) served(column string) (plow, salt bool) {
	text := strings.ToLower(r.cell(column))
	first, second, apart := strings.Cut(text, "/")
	switch {
	case apart:
		second, _, _ = strings.Cut(second, "/")
		return strings.Contains(first, "yes"), strings.Contains(second, "yes")
	case text == "yes":
		return true, true
	case text != "no" && text != "":
		r.fault(column, "expected Yes, No, or one of them for plow and one for salt, such as Yes/No")
	}
	return false, false
}

// trigger reads at how much snow service becomes due: inches, with or without their sign, or Zero Tol.
func (r *rowReader) trigger(column string) (kind string, amount float64) {
	text := strings.ToLower(r.cell(column))
	switch text {
	case "":
		return "two_inch", 2
	case "zero tol", "zero tol.", "zero tolerance":
		return "zero_tolerance", 0
	}
	for _, sign := range []string{`"`, "”", "″", "''", "inches", "inch", "in"} {
		text = strings.TrimSuffix(text, sign)
	}
	amount, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(amount >= 0 && amount <= 12) {
		r.fault(column, `expected 0 to 12 inches, such as 0.5", or Zero Tol`)
		return "", 0
	}
	amount = math.Round(amount*100) / 100
	for kind, inches := range triggerAmounts {
		if inches == amount {
			return kind, amount
		}
	}
	return "custom", amount
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
