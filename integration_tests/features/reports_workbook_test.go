package features

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"contractor-portal/integration_tests/harness"
)

const workbookType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// export asks for a file and wants it.
func (p *portal) export(path, token string, filter any) harness.Answer {
	p.T.Helper()
	return p.Do("POST", path, token, filter).Want(p.T, http.StatusOK)
}

// rows are those of a table.
func rows(t *testing.T, a harness.Answer) [][]string {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(a.Body)).ReadAll()
	must(t, err)
	return all
}

// opened is a workbook as excelize reads it.
func opened(t testing.TB, content []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// parts are the files that a workbook is made of.
func parts(t *testing.T, content []byte) map[string]string {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name] = string(text)
	}
	return all
}

// described is all that a reader of a workbook notices, in lines: of each sheet how it is seen and printed, and of each
// cell the value in the file, its type, what is shown, and the looks of it.
func described(t *testing.T, content []byte) string {
	t.Helper()
	f := opened(t, content)
	var b strings.Builder
	properties, err := f.GetDocProps()
	must(t, err)
	fmt.Fprintf(&b, "made by %s at %s\n", properties.Creator, properties.Created)
	names := f.GetDefinedName()
	sort.Slice(names, func(i, j int) bool { return names[i].Scope+names[i].Name < names[j].Scope+names[j].Name })
	for _, sheet := range f.GetSheetList() {
		fmt.Fprintf(&b, "\n[%s]\n", sheet)
		describeSheet(t, &b, f, sheet)
		for _, n := range names {
			if n.Scope == sheet {
				fmt.Fprintf(&b, "%s: %s\n", n.Name, n.RefersTo)
			}
		}
		describeCells(t, &b, f, sheet)
	}
	return b.String()
}

func describeSheet(t *testing.T, b *strings.Builder, f *excelize.File, sheet string) {
	t.Helper()
	panes, err := f.GetPanes(sheet)
	must(t, err)
	layout, err := f.GetPageLayout(sheet)
	must(t, err)
	printed, err := f.GetHeaderFooter(sheet)
	must(t, err)
	props, err := f.GetSheetProps(sheet)
	must(t, err)
	merged, err := f.GetMergeCells(sheet)
	must(t, err)
	fmt.Fprintf(b, "frozen: %v above row %d; %s, paper %d, fit to page %v: %d × %d; header %q, footer %q\n",
		panes.Freeze, panes.YSplit+1, *layout.Orientation, *layout.Size, *props.FitToPage, *layout.FitToWidth, *layout.FitToHeight, printed.OddHeader, printed.OddFooter)
	for _, m := range merged {
		fmt.Fprintf(b, "merged: %s:%s\n", m.GetStartAxis(), m.GetEndAxis())
	}
	fmt.Fprint(b, "widths:")
	columns, err := f.GetCols(sheet)
	must(t, err)
	for i := range columns {
		name, err := excelize.ColumnNumberToName(i + 1)
		must(t, err)
		width, err := f.GetColWidth(sheet, name)
		must(t, err)
		fmt.Fprintf(b, " %s %g", name, width)
	}
	fmt.Fprintln(b)
}

var cellTypes = map[excelize.CellType]string{
	excelize.CellTypeUnset: "number", excelize.CellTypeNumber: "number", excelize.CellTypeInlineString: "text", excelize.CellTypeSharedString: "text",
	excelize.CellTypeDate: "date", excelize.CellTypeFormula: "formula", excelize.CellTypeBool: "bool", excelize.CellTypeError: "error",
}

func describeCells(t *testing.T, b *strings.Builder, f *excelize.File, sheet string) {
	t.Helper()
	rows, err := f.GetRows(sheet)
	must(t, err)
	for i, row := range rows {
		for j := range row {
			at, err := excelize.CoordinatesToCellName(j+1, i+1)
			must(t, err)
			raw, err := f.GetCellValue(sheet, at, excelize.Options{RawCellValue: true})
			must(t, err)
			if raw == "" {
				continue
			}
			kind, err := f.GetCellType(sheet, at)
			must(t, err)
			id, err := f.GetCellStyle(sheet, at)
			must(t, err)
			style, err := f.GetStyle(id)
			must(t, err)
			fmt.Fprintf(b, "%s %s %q", at, cellTypes[kind], raw)
			if row[j] != raw {
				fmt.Fprintf(b, " shown %q", row[j])
			}
			if style.CustomNumFmt != nil {
				fmt.Fprintf(b, " as %s", *style.CustomNumFmt)
			} else if style.NumFmt != 0 {
				fmt.Fprintf(b, " as format %d", style.NumFmt)
			}
			if style.Font != nil && style.Font.Bold {
				fmt.Fprintf(b, " bold %g", style.Font.Size)
			}
			if len(style.Fill.Color) > 0 {
				fmt.Fprintf(b, " on %s", style.Fill.Color[0])
			}
			fmt.Fprintln(b)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
