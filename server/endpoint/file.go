package endpoint

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// A File is an answer that is saved rather than read.
type File struct {
	Name    string // what the client saves it as: letters, digits, - and .
	Type    string // media type
	Content []byte

	stream *Stream // instead of the content
}

// Attached is embedded in an answer, or in an error, that may be sent as a file instead of as JSON.
type Attached struct{ file *File }

// Attach makes f the answer; nil leaves it JSON.
func (a *Attached) Attach(f *File) { a.file = f }

func (a Attached) attached() *File { return a.file }

// A Table is CSV that spreadsheet programs open: UTF-8 with a byte order mark, which they need to believe it. What they
// would take for a formula is made a text by an apostrophe, because the cells may be a stranger's.
type Table struct {
	text bytes.Buffer
	rows *csv.Writer
}

// NewTable begins a table by its heading.
func NewTable(heading []string) *Table {
	t := &Table{}
	t.text.WriteString("\ufeff")
	t.rows = csv.NewWriter(&t.text)
	t.rows.UseCRLF = true
	t.Add(heading)
	return t
}

// Add adds a row, whose cells it may change.
func (t *Table) Add(row []string) {
	for i, cell := range row {
		row[i] = inert(cell)
	}
	_ = t.rows.Write(row) // a buffer takes everything
}

// File is the table as a file.
func (t *Table) File(name string) *File {
	t.rows.Flush()
	return &File{Name: name, Type: "text/csv; charset=utf-8", Content: t.text.Bytes()}
}

// CSV is a Table that is there already.
func CSV(name string, heading []string, rows [][]string) *File {
	t := NewTable(slices.Clone(heading))
	for _, row := range rows {
		t.Add(slices.Clone(row))
	}
	return t.File(name)
}

func inert(cell string) string {
	if strings.IndexAny(cell, "=+-@\t\r") == 0 {
		if _, err := strconv.ParseFloat(cell, 64); err != nil {
			return "'" + cell
		}
	}
	return cell
}

// AlsoCSV says in the document that answers of these statuses may be CSV (Attached).
func AlsoCSV(statuses ...int) Option {
	return func(op *huma.Operation) { op.Metadata = with(op.Metadata, "csv", statuses) }
}

func documentCSV(op *huma.Operation, statuses []int) {
	for _, status := range statuses {
		r := op.Responses[strconv.Itoa(status)]
		if r.Content == nil {
			r.Content = map[string]*huma.MediaType{}
		}
		r.Content["text/csv"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
}
