package properties

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"contractor-portal/server/endpoint"
)

// What an import may have. The worst file within these bounds takes about 250 MB to read.
const (
	maxImport   = 8 << 20  // bytes
	maxUnzipped = 32 << 20 // bytes of all parts of a workbook
	maxStrings  = 12 << 20 // bytes of the table of texts, which is held as a whole
	maxRatio    = 150      // unzipped to zipped, of a part of more than 1 MiB
	maxParts    = 1000     // of a workbook
	maxRows     = 20_000   // with something in them
	maxColumns  = 100
)

// sheetName is the sheet of a workbook that is imported.
const sheetName = "locations"

// readSheet reads a spreadsheet by the kind that its name says. Every fault of the file as a whole is
// refused with a sentence; those of rows are in the sheet.
func readSheet(ctx context.Context, name string, content *io.SectionReader) (*sheet, error) {
	s := &sheet{}
	filled := 0
	add := func(number int, cells []string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(cells) > maxColumns {
			return endpoint.Invalid(fmt.Sprintf("row %d has more than %d columns", number, maxColumns))
		}
		if filled > maxRows {
			return endpoint.Invalid(fmt.Sprintf("the file has more than %d rows; split it", maxRows))
		}
		if len(cells) > 0 {
			filled++
		}
		return s.add(number, cells)
	}
	var err error
	switch kind := strings.ToLower(path.Ext(name)); kind {
	case ".csv":
		err = readCSV(content, add)
	case ".xlsx":
		err = readWorkbook(content, add)
	case ".xls", ".xlsm", ".xlsb", ".xltx", ".xltm", ".ods":
		err = endpoint.Invalid(kind + " files are not read; save the sheet as .xlsx (without macros) or .csv")
	default:
		err = endpoint.Invalid("the name of the file must end in .xlsx or .csv")
	}
	if err == nil && s.columns == nil {
		err = endpoint.Invalid("the file is empty; its first row must hold the headings " + strings.Join(requiredColumns, ", "))
	}
	return s, err
}

// readCSV reads comma-separated UTF-8, with or without a byte order mark.
func readCSV(content io.Reader, add func(int, []string) error) error {
	text, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) || bytes.IndexByte(text, 0) >= 0 {
		return endpoint.Invalid("the file is UTF-16 or no text at all; save it as CSV UTF-8")
	}
	if line, ok := notUTF8(text); ok {
		return endpoint.Invalid(fmt.Sprintf("line %d is not UTF-8; save the file as CSV UTF-8", line))
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	// A row may span lines, and an empty line is a row in which there is nothing.
	row, end := 0, 0
	for {
		cells, err := r.Read()
		var wrong *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &wrong):
			return endpoint.Invalid(fmt.Sprintf("line %d cannot be read as CSV: %v", wrong.Line, wrong.Err))
		case err != nil:
			return err
		}
		line, _ := r.FieldPos(0)
		row += line - end
		end = line + strings.Count(strings.Join(cells, ""), "\n")
		if err := add(row, cells); err != nil {
			return err
		}
	}
}

// notUTF8 finds the first line that is no UTF-8.
func notUTF8(text []byte) (line int, found bool) {
	for l := range bytes.Lines(text) {
		line++
		if !utf8.Valid(l) {
			return line, true
		}
	}
	return 0, false
}

const damaged = "the file cannot be read as .xlsx; it is damaged, encrypted, or of another kind"

// readWorkbook reads the sheet locations of a workbook, as it is kept and not as it is shown.
func readWorkbook(content *io.SectionReader, add func(int, []string) error) (err error) {
	if err := inspect(content); err != nil {
		return err
	}
	// Nothing is larger than maxUnzipped, so that nothing goes to a temporary file.
	book, err := excelize.OpenReader(content, excelize.Options{
		UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxUnzipped, RawCellValue: true,
	})
	if err != nil {
		return endpoint.Invalid(damaged)
	}
	defer book.Close() //nolint:errcheck // there is no temporary file
	rows, err := book.Rows(sheetName)
	if err != nil {
		return endpoint.Invalid("the workbook has no sheet named " + sheetName)
	}
	for number := 1; rows.Next(); number++ {
		cells, err := rows.Columns()
		if err != nil {
			return endpoint.Invalid(damaged)
		}
		if err := add(number, cells); err != nil {
			return err
		}
	}
	if rows.Error() != nil {
		return endpoint.Invalid(damaged)
	}
	return nil
}

// inspect looks through a workbook before it is read, holding none of it: how large it is unzipped,
// whether it has macros, formulas, or XML that breaks off.
func inspect(content *io.SectionReader) error {
	archive, err := zip.NewReader(content, content.Size())
	if err != nil {
		return endpoint.Invalid(damaged)
	}
	if len(archive.File) > maxParts {
		return endpoint.Invalid(fmt.Sprintf("the workbook has more than %d parts", maxParts))
	}
	var total uint64
	for _, part := range archive.File {
		// Reading stops with an error where a part is larger than it says.
		size := part.UncompressedSize64
		if total += size; size > maxUnzipped || total > maxUnzipped {
			return endpoint.Invalid(fmt.Sprintf("the workbook has more than %d MiB when unzipped", maxUnzipped>>20))
		}
		if strings.EqualFold(path.Base(part.Name), "sharedStrings.xml") && size > maxStrings {
			return endpoint.Invalid(fmt.Sprintf("the workbook has more than %d MiB of texts; split it", maxStrings>>20))
		}
		if size > 1<<20 && size/maxRatio > part.CompressedSize64 {
			return endpoint.Invalid("the workbook is packed too tightly to be a list of properties")
		}
	}
	for _, part := range archive.File {
		name := strings.ToLower(strings.ReplaceAll(part.Name, `\`, "/"))
		if strings.HasSuffix(name, "vbaproject.bin") {
			return endpoint.Invalid("the workbook has macros; save it as .xlsx without them")
		}
		if strings.HasPrefix(name, "xl/worksheets/") && strings.HasSuffix(name, ".xml") {
			if err := inspectSheet(part); err != nil {
				return err
			}
		}
	}
	return nil
}

// inspectSheet refuses formulas: what a cell shows was computed elsewhere, and may be missing or old.
func inspectSheet(part *zip.File) error {
	r, err := part.Open()
	if err != nil {
		return endpoint.Invalid(damaged)
	}
	defer r.Close() //nolint:errcheck // read only
	cell := ""
	for d := xml.NewDecoder(r); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return endpoint.Invalid(damaged)
		}
		start, ok := token.(xml.StartElement)
		switch {
		case !ok:
		case start.Name.Local == "c":
			cell = "somewhere"
			for _, a := range start.Attr {
				if a.Name.Local == "r" {
					cell = "in " + a.Value
				}
			}
		case start.Name.Local == "f":
			return endpoint.Invalid("the workbook has a formula " + cell + "; copy its cells and paste them as values")
		}
	}
}
