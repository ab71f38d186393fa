package properties

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"contractor-portal/server/endpoint"
)

// What an import may have.
const (
	maxImport  = 8 << 20 // bytes
	maxRows    = 20_000  // with something in them, below the headings
	maxColumns = 100
)

var errTooLong = endpoint.Invalid(fmt.Sprintf("the file has more than %d rows; split it", maxRows))

// readSheet reads a spreadsheet by the kind that its name says. Every fault of the file as a whole is
// refused with a sentence; those of rows are in the sheet.
func readSheet(ctx context.Context, name string, content *io.SectionReader) (*sheet, error) {
	s := &sheet{}
	filled := 0
	add := func(row sheetRow) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(row.cells) > maxColumns {
			return endpoint.Invalid(fmt.Sprintf("row %d has more than %d columns", row.number, maxColumns))
		}
		if s.columns != nil && len(row.cells) > 0 {
			filled++
		}
		if filled > maxRows {
			return errTooLong
		}
		return s.add(row)
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
	if err == nil {
		err = s.end()
	}
	return s, err
}

// readCSV reads comma-separated UTF-8, with or without a byte order mark, whatever its lines end with.
func readCSV(content io.Reader, add func(sheetRow) error) error {
	text, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) || bytes.IndexByte(text, 0) >= 0 {
		return endpoint.Invalid("the file is UTF-16 or no text at all; save it as CSV UTF-8")
	}
	text = bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	if line, ok := notUTF8(text); ok {
		return endpoint.Invalid(fmt.Sprintf("line %d is not UTF-8; save the file as CSV UTF-8", line))
	}
	text, comma := plain(text)
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord, r.ReuseRecord, r.Comma = -1, true, comma
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
		if err := add(sheetRow{number: row, cells: cells}); err != nil {
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

// separator is the line by which Excel is told what stands between cells; it does not show it as a row.
var separator = regexp.MustCompile(`^"?sep=([,;|\t])"?\n`)

// plain takes from a text what programs put around the rows, and gives the quotation marks of inches the form of CSV.
func plain(text []byte) (rows []byte, comma rune) {
	text = bytes.TrimRight(bytes.TrimPrefix(text, []byte("\ufeff")), "\x1a\n")
	comma = ','
	if m := separator.FindSubmatch(text); m != nil {
		text, comma = text[len(m[0]):], rune(m[1][0])
	}
	return inches(text, byte(comma)), comma
}

// inches quotes the cells that have quotation marks inside and none around: 0.5" becomes "0.5""".
func inches(text []byte, comma byte) []byte {
	if bytes.IndexByte(text, '"') < 0 {
		return text
	}
	var out bytes.Buffer
	ends := string([]byte{comma, '\n'})
	for len(text) > 0 {
		end := bytes.IndexAny(text, ends)
		quoted := text[0] == '"'
		if quoted {
			end = endOfQuoted(text)
		}
		if end < 0 {
			end = len(text)
		}
		cell := text[:end]
		if !quoted && bytes.IndexByte(cell, '"') >= 0 {
			cell = []byte(`"` + strings.ReplaceAll(string(cell), `"`, `""`) + `"`)
		}
		out.Write(cell)
		if text = text[end:]; len(text) > 0 {
			out.WriteByte(text[0])
			text = text[1:]
		}
	}
	return out.Bytes()
}

// endOfQuoted is where a cell in quotation marks ends; -1 where nothing ends it.
func endOfQuoted(text []byte) int {
	for i := 1; i < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		if i+1 == len(text) || text[i+1] != '"' {
			return i + 1
		}
		i++
	}
	return -1
}
