package endpoint

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// A File is an answer that is saved rather than read.
type File struct {
	Name    string // what the client saves it as: letters, digits, - and .
	Type    string // media type
	Content []byte
}

// Attached is embedded in an answer, or in an error, that may be sent as a file instead of as JSON.
type Attached struct{ file *File }

// Attach makes f the answer; nil leaves it JSON.
func (a *Attached) Attach(f *File) { a.file = f }

func (a Attached) attached() *File { return a.file }

// CSV is a table as a file that spreadsheet programs open: UTF-8 with a byte order mark, which they
// need to believe it. What they would take for a formula is made a text by an apostrophe, because the
// cells may be a stranger's.
func CSV(name string, heading []string, rows [][]string) *File {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	for _, row := range append([][]string{heading}, rows...) {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = inert(cell)
		}
		_ = w.Write(cells) // a buffer takes everything
	}
	w.Flush()
	return &File{Name: name, Type: "text/csv; charset=utf-8", Content: b.Bytes()}
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
