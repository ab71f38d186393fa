package properties

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// The headings of an import, as the template has them. They are told apart by their letters only:
// upper and lower case are the same, and white space does not count.
const (
	nameColumn    = "Property Name"
	addressColumn = "Address"
	managerColumn = "area manager"
	sqftColumn    = "Lot Sq Ft"
	servedColumn  = "PLOW/SALT"
	triggerColumn = "trigger"
	notesColumn   = "Notes"
)

var (
	requiredColumns = []string{nameColumn, addressColumn, managerColumn, sqftColumn, servedColumn}
	allColumns      = append(slices.Clone(requiredColumns), triggerColumn, notesColumn)
)

// maxTitles is how many rows may stand before the headings.
const maxTitles = 20

// A sheetRow is a row of a spreadsheet.
type sheetRow struct {
	number  int // as the spreadsheet counts
	cells   []string
	hidden  bool
	formula func(row, column int) string // the name of a cell that holds a formula, else ""; nil: there is none
}

// An importRow is a property of a spreadsheet. What it does not say has the table's defaults.
type importRow struct {
	Row           int
	Hidden        bool
	Name, Address string
	Sqft          *int32
	AreaManager   string
	Plow, Salt    bool
	TriggerType   string
	TriggerAmount float64
	Notes         *string
}

// A sheet is what an import says, row by row.
type sheet struct {
	columns map[string]int // heading → index
	nearest titles         // until the headings are found
	rows    []importRow
	bad     []BadRow
	passed  []BadRow // rows that are no properties, such as totals

	addressed bool          // a row with an address was seen
	foot      [][2][]BadRow // rows without an address since then: what is wrong with each, and what it is passed over for
}

// add reads the next row of a spreadsheet. An error refuses the file as a whole.
//
// Empty rows are nothing. A row that has no address and says a total, or neither a name, is passed over, and so is
// what stands below the last row with an address: the foot of the list.
func (s *sheet) add(row sheetRow) error {
	if s.columns == nil {
		return s.title(row)
	}
	r := rowReader{sheetRow: row, columns: s.columns}
	if !slices.ContainsFunc(allColumns, func(c string) bool { return r.cell(c) != "" }) {
		return nil
	}
	p := r.property()
	switch name := r.cell(nameColumn); {
	case r.cell(addressColumn) != "":
		s.endFoot()
		s.addressed = true
		s.keep(p, r.bad)
	case name == "", total.MatchString(name):
		s.passed = append(s.passed, r.remark(nameColumn, "passed over, because it is no property: it has no address"))
	default:
		s.foot = append(s.foot, [2][]BadRow{r.bad, {r.remark(nameColumn, "passed over, because it has no address and stands below the last one")}})
	}
	return nil
}

// total is what the row of a sum or of a count says where the others have their name.
var total = regexp.MustCompile(`(?i)\b(sub-?|grand )?totals?\b|\b(sum|count|average)\b|^\d[\d,. ]* (propert|locat|address|site|row|record|entr|item)`)

// end is called after the last row.
func (s *sheet) end() error {
	if s.columns == nil {
		return s.nearest.refusal()
	}
	if !s.addressed {
		s.endFoot()
	}
	for _, row := range s.foot {
		s.passed = append(s.passed, row[1]...)
	}
	return nil
}

// endFoot finds that rows without an address were none of the foot: they lack one.
func (s *sheet) endFoot() {
	for _, row := range s.foot {
		s.bad = append(s.bad, row[0]...)
	}
	s.foot = nil
}

func (s *sheet) keep(p importRow, bad []BadRow) {
	if s.bad = append(s.bad, bad...); len(bad) == 0 {
		s.rows = append(s.rows, p)
	}
}

// property reads the row of a property.
func (r *rowReader) property() importRow {
	for _, c := range allColumns {
		r.computed(c)
	}
	if len(r.bad) > 0 {
		return importRow{}
	}
	p := importRow{Row: r.number, Hidden: r.hidden, Name: r.text(nameColumn, 255), Address: r.text(addressColumn, 255)}
	if p.Name == "" {
		r.fault(nameColumn, "expected a name: the row has an address")
	}
	if p.Address == "" {
		r.fault(addressColumn, "expected an address")
	}
	p.AreaManager = r.text(managerColumn, 100)
	p.Sqft = r.whole(sqftColumn)
	p.Plow, p.Salt = r.served(servedColumn)
	p.TriggerType, p.TriggerAmount = r.trigger(triggerColumn)
	if notes := r.notes(notesColumn, 10000); notes != "" {
		p.Notes = &notes
	}
	return p
}

// heading is what tells a heading from others.
func heading(text string) string {
	return strings.ReplaceAll(strings.ToLower(field.Tidy(text)), " ", "")
}

// titles are the rows before the headings, of which the one that comes nearest to them is kept.
type titles struct {
	row            int
	found, missing []string
}

// title reads a row before the headings, or the headings.
func (s *sheet) title(row sheetRow) error {
	columns := map[string]int{}
	t := titles{row: row.number}
	for i, cell := range row.cells {
		title := heading(cell)
		if _, again := columns[title]; !again {
			columns[title] = i
		}
		if title != "" {
			t.found = append(t.found, field.Tidy(cell))
		}
	}
	for _, c := range requiredColumns {
		if _, ok := columns[heading(c)]; !ok {
			t.missing = append(t.missing, c)
		}
	}
	if len(t.missing) == 0 {
		s.columns = columns
		return onlyOnce(row.cells)
	}
	if s.nearest.found == nil || len(t.missing) < len(s.nearest.missing) {
		s.nearest = t
	}
	if row.number > maxTitles {
		return s.nearest.refusal()
	}
	return nil
}

// onlyOnce refuses headings of which one that is read stands there twice.
func onlyOnce(cells []string) error {
	seen := map[string]bool{}
	for _, c := range cells {
		title := heading(c)
		if seen[title] && slices.ContainsFunc(allColumns, func(c string) bool { return heading(c) == title }) {
			return endpoint.Invalid(fmt.Sprintf("the heading %q stands there twice", field.Tidy(c)))
		}
		seen[title] = true
	}
	return nil
}

func (t titles) refusal() error { return endpoint.Invalid(t.String()) }

// String says which headings are wanted, and which were found.
func (t titles) String() string {
	wanted := "expected the headings " + strings.Join(requiredColumns, ", ")
	if t.found == nil {
		return "no row has anything in it; " + wanted
	}
	return fmt.Sprintf("%s in one of the first %d rows; row %d lacks these headings: %s, and has %s",
		wanted, maxTitles+1, t.row, strings.Join(t.missing, ", "), quoted(t.found))
}

// quoted names a few texts of a file.
func quoted(texts []string) string {
	const few = 15
	var names []string
	for _, text := range texts[:min(few, len(texts))] {
		names = append(names, fmt.Sprintf("%q", shortened(text)))
	}
	if len(texts) > few {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}
