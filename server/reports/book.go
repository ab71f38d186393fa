package reports

import (
	"archive/zip"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// A book is a workbook that is written sheet by sheet and row by row. What is large of it waits in a file that nobody
// else may read, and that is gone when the book is closed.
type book struct {
	layout
	*request
	workbook *excelize.File
	styles   [allLooks]int
	names    names
	sheet    *sheet // the one that is written now
	last     ticket
}

// maxSheets bounds how many sheets a workbook has: nobody leafs through more, and the time it takes grows faster.
const maxSheets = 2000

func newBook(l layout, r *request) (*book, error) {
	b := &book{layout: l, request: r, workbook: excelize.NewFile(), names: names{}}
	var err error
	if b.styles, err = styled(b.workbook); err != nil {
		b.close()
		return nil, err
	}
	made := r.now.UTC().Format(time.RFC3339)
	err = b.workbook.SetDocProps(&excelize.DocProperties{Creator: r.Company, LastModifiedBy: r.Company, Created: made, Modified: made})
	if err == nil {
		err = b.workbook.SetAppProps(&excelize.AppProperties{Application: "Contractor portal", Company: r.Company})
	}
	return b, err
}

// close takes the files away.
func (b *book) close() { _ = b.workbook.Close() }

func (b *book) add(t *ticket) error {
	if b.sheet == nil || t.Opens {
		if err := b.end(); err != nil {
			return err
		}
		if err := b.begin(t); err != nil {
			return err
		}
	}
	cells := b.sheet.cells[:0]
	for _, c := range b.columns {
		cells = append(cells, cell{c.looks, c.value(t)})
	}
	b.sheet.cells, b.last = cells, *t
	return b.sheet.row(cells...)
}

// file ends the last sheet, and is the workbook.
func (b *book) file(name string) (*endpoint.File, error) {
	if err := b.end(); err != nil {
		return nil, err
	}
	b.workbook.SetZipWriter(func(w io.Writer) excelize.ZipWriter { return zip.NewWriter(considerate{w}) })
	content, err := b.workbook.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return &endpoint.File{Name: name, Type: xlsxType, Content: content.Bytes()}, nil
}

// A considerate writer lets others have the processor each time that it is written to. Who computes for a second is
// interrupted every 10 ms only, which is what a request that wants a millisecond would wait.
type considerate struct{ io.Writer }

func (c considerate) Write(text []byte) (int, error) {
	runtime.Gosched()
	return c.Writer.Write(text)
}

// begin begins the sheet of a ticket: how it is seen and printed, what stands above the heading, and the heading.
func (b *book) begin(t *ticket) error {
	name, heading := b.names.unique(b.title(t)), b.above+1
	if len(b.names) > maxSheets {
		return errTooMany
	}
	for _, err := range []error{b.named(name), b.printed(name)} {
		if err != nil {
			return err
		}
	}
	w, err := b.workbook.NewStreamWriter(name)
	if err != nil {
		return err
	}
	b.sheet = &sheet{writer: w, styles: &b.styles}
	for i, c := range b.columns {
		if err := w.SetColWidth(i+1, i+1, c.width(&b.summary)); err != nil {
			return err
		}
	}
	below := fmt.Sprintf("A%d", heading+1)
	if err := w.SetPanes(&excelize.Panes{Freeze: true, YSplit: heading, TopLeftCell: below, ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	if b.head != nil {
		if err := b.head(b.sheet, b.request, t); err != nil {
			return err
		}
	}
	b.sheet.at = b.above
	headings := make([]cell, len(b.columns))
	for i, c := range b.columns {
		headings[i] = cell{aHeading, c.heading}
	}
	return b.sheet.row(headings...)
}

// named makes the sheet; a new workbook has one already.
func (b *book) named(name string) error {
	if b.sheet == nil {
		return b.workbook.SetSheetName("Sheet1", name)
	}
	_, err := b.workbook.NewSheet(name)
	return err
}

// printed says how the sheet is printed: in landscape, as wide as a page.
func (b *book) printed(name string) error {
	f, across, down, fit := b.workbook, "landscape", 0, true
	wide, paper := 1, 9 // A4
	if strings.HasPrefix(b.zone.String(), "America/") || strings.HasPrefix(b.zone.String(), "US/") {
		paper = 1 // Letter
	}
	company := strings.ReplaceAll(cut(b.Company, 80), "&", "&&")
	for _, err := range []error{
		f.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &fit}),
		f.SetPageLayout(name, &excelize.PageLayoutOptions{Orientation: &across, Size: &paper, FitToWidth: &wide, FitToHeight: &down}),
		f.SetHeaderFooter(name, &excelize.HeaderFooterOptions{OddHeader: "&C" + company, OddFooter: "&L&A&R&P / &N"}),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// end ends the sheet that is written now.
func (b *book) end() error {
	s := b.sheet
	if s == nil {
		return nil
	}
	if err := b.headed(s); err != nil {
		return err
	}
	if b.foot != nil {
		if err := b.foot(s, b.request, &b.last); err != nil {
			return err
		}
	}
	return s.writer.Flush()
}

// headed makes the heading one of a list to filter, and repeats it on each page that is printed.
func (b *book) headed(s *sheet) error {
	heading := b.above + 1
	corner, err := excelize.CoordinatesToCellName(len(b.columns), s.at)
	if err != nil {
		return err
	}
	if err := b.workbook.AutoFilter(s.writer.Sheet, fmt.Sprintf("A%d:%s", heading, corner), nil); err != nil {
		return err
	}
	// SetDefinedName compares with the names of all sheets, which takes minutes for a thousand of them. The last name is
	// the filter's, of the same sheet.
	names := b.workbook.WorkBook.DefinedNames
	titles := names.DefinedName[len(names.DefinedName)-1]
	titles.Name, titles.Hidden, titles.Data = "_xlnm.Print_Titles", false, fmt.Sprintf("'%s'!$%d:$%d", s.writer.Sheet, heading, heading)
	names.DefinedName = append(names.DefinedName, titles)
	return nil
}

// A sheet is written from its first row to its last.
type sheet struct {
	writer *excelize.StreamWriter
	styles *[allLooks]int
	at     int // the row that was written last
	cells  []cell
	boxes  []excelize.Cell // of the row that is written; excelize keeps none
	values []any
}

// row writes the next row.
func (s *sheet) row(cells ...cell) error {
	s.at++
	if len(s.boxes) < len(cells) {
		s.boxes = make([]excelize.Cell, len(cells))
	}
	s.values = s.values[:0]
	for i, c := range cells {
		var v any
		if s.boxes[i] = (excelize.Cell{StyleID: s.styles[c.looks], Value: value(c)}); s.boxes[i].Value != nil {
			v = &s.boxes[i]
		}
		s.values = append(s.values, v)
	}
	return s.writer.SetRow("A"+strconv.Itoa(s.at), s.values)
}

// skip leaves rows empty.
func (s *sheet) skip(rows int) { s.at += rows }

// title writes a row that is as wide as so many columns.
func (s *sheet) title(text string, columns int) error {
	if err := s.row(cell{aTitle, text}); err != nil {
		return err
	}
	from, _ := excelize.CoordinatesToCellName(1, s.at)
	to, err := excelize.CoordinatesToCellName(columns, s.at)
	if err != nil {
		return err
	}
	return s.writer.MergeCell(from, to)
}

// value is what excelize writes of a cell; nil: nothing.
func value(c cell) any {
	switch v := c.value.(type) {
	case string:
		if v == "" {
			return nil
		}
	case *field.Time:
		if v == nil {
			return nil
		}
		if c.looks == aDate {
			year, month, day := v.Date()
			return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
		}
		return v.Truncate(time.Second)
	case field.Decimal:
		return decimal(v)
	}
	return c.value
}

// decimal is a number that excelize writes with the very digits of d: it takes no other than a float64, whose shortest
// text has up to 15 digits as they were. One that has more is a text.
func decimal(d field.Decimal) any {
	f, err := strconv.ParseFloat(string(d), 64)
	if err != nil || field.Decimal(strconv.FormatFloat(f, 'f', -1, 64)).Fixed(2) != d.Fixed(2) || len(d) > 16 {
		return string(d)
	}
	return f
}

// isNothing tells whether a cell stays empty.
func isNothing(v any) bool { return value(cell{value: v}) == nil }
