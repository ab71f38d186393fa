package properties

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"contractor-portal/server/endpoint"
)

const headings = "Property Name,Address,area manager,Lot Sq Ft,PLOW/SALT,trigger,Notes"

func section(content []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(content), 0, int64(len(content)))
}

func testdata(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestReadSheet_CSV(t *testing.T) {
	t.Parallel()
	want := []importRow{
		{
			Row: 2, Name: "Maple Plaza", Address: "120 Maple Street, Buffalo, NY", AreaManager: "Pat Doyle", Sqft: new(int32(42000)), Plow: true,
			TriggerType: "half_inch", TriggerAmount: 0.5, Notes: new("Gate code\nat the office"),
		},
		{Row: 3, Name: "Oak Court", Address: "7 Oak Court", Plow: true, Salt: true, TriggerType: "zero_tolerance"},
		{Row: 5, Name: "Birch Mall", Address: "9 Birch Road", AreaManager: "Sam Lee", Sqft: new(int32(1500)), Salt: true, TriggerType: "custom", TriggerAmount: 3.25},
	}
	plain := testdata(t, "locations.csv")
	for name, content := range map[string][]byte{"plain": plain, "with a byte order mark": append([]byte("\ufeff"), plain...)} {
		s, err := readSheet(t.Context(), "Locations.CSV", section(content))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(want, s.rows); d != "" || len(s.bad) > 0 {
			t.Errorf("%s: (-want +got)\n%s%v", name, d, s.bad)
		}
	}
}

// Rows count as in a spreadsheet: an empty line is one, a cell of two lines is in one.
func TestReadSheet_NamesEveryFault(t *testing.T) {
	t.Parallel()
	s, err := readSheet(t.Context(), "faults.csv", section(testdata(t, "faults.csv")))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Row 3, Address: expected an address",
		"Row 5, Lot Sq Ft: expected a whole number of square feet, or nothing",
		"Row 5, PLOW/SALT: expected Yes, No, or one of them for plow and one for salt, such as Yes/No",
		"Row 5, trigger: expected 0 to 12 inches, such as 0.5\", or Zero Tol",
		"Row 7, Lot Sq Ft: expected a whole number of square feet, or nothing",
		"Row 7, trigger: expected 0 to 12 inches, such as 0.5\", or Zero Tol",
	}
	var got []string
	for _, b := range s.bad {
		got = append(got, b.String())
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("faults (-want +got)\n%s", d)
	}
	if len(s.rows) != 2 || s.rows[1].Row != 6 || s.rows[1].Name != "Spans lines" || *s.rows[1].Sqft != 1000 {
		t.Errorf("good rows: %+v", s.rows)
	}
}

func TestReadSheet_Cells(t *testing.T) {
	t.Parallel()
	const fault = "fault"
	read := func(t *testing.T, sqft, served, trigger string) string {
		t.Helper()
		var s sheet
		for i, cells := range [][]string{strings.Split(headings, ","), {"A", "1 Street", "", sqft, served, trigger}} {
			if err := s.add(sheetRow{number: i + 1, cells: cells}); err != nil {
				t.Fatal(err)
			}
		}
		if len(s.bad) > 0 {
			return fault
		}
		r := s.rows[0]
		size := "-"
		if r.Sqft != nil {
			size = fmt.Sprint(*r.Sqft)
		}
		return fmt.Sprint(size, " ", r.Plow, " ", r.Salt, " ", r.TriggerType, " ", r.TriggerAmount)
	}
	for _, c := range []struct{ sqft, served, trigger, want string }{
		{"", "", "", "- false false two_inch 2"},
		{"0", "Yes", "", "0 true true two_inch 2"},
		{"42000", "NO", "", "42000 false false two_inch 2"},
		{"1,234,567", " yes / no ", "", "1234567 true false two_inch 2"},
		{"4.2E4", "no/YES", "", "42000 false true two_inch 2"},
		{"42000.0", "Y/n", "", "42000 true false two_inch 2"},
		{"41999.99999999999", "x/", "", "42000 true false two_inch 2"},
		{"", "/1", "", "- false true two_inch 2"},
		{"", "true", "", "- true true two_inch 2"},
		{"", "false/TRUE", "", "- false true two_inch 2"},
		{"", "0", "", "- false false two_inch 2"},
		{"", "yes please/no", "", fault},
		{"", "yes/yes/yes", "", fault},
		{"", "/", "", "- false false two_inch 2"},
		{"2147483647", "", "", "2147483647 false false two_inch 2"},
		{"2147483648", "", "", fault},
		{"-1", "", "", fault},
		{"1.5", "", "", fault},
		{"12,34", "", "", fault},
		{"1,2345", "", "", fault},
		{"NaN", "", "", fault},
		{"Inf", "", "", fault},
		{"big", "", "", fault},
		{"", "y", "", "- true true two_inch 2"},
		{"", "yes/maybe", "", fault},
		{"", "perhaps", "", fault},
		{"", "", `0.5"`, "- false false half_inch 0.5"},
		{"", "", `1"`, "- false false one_inch 1"},
		{"", "", `2"`, "- false false two_inch 2"},
		{"", "", "1 inch", "- false false one_inch 1"},
		{"", "", "Zero Tol", "- false false zero_tolerance 0"},
		{"", "", "zero tolerance", "- false false zero_tolerance 0"},
		{"", "", "0", "- false false zero_tolerance 0"},
		{"", "", "1.5", "- false false custom 1.5"},
		{"", "", "12", "- false false custom 12"},
		{"", "", "0.333", "- false false custom 0.33"},
		{"", "", "12.5", fault},
		{"", "", "-1", fault},
		{"", "", "NaN", fault},
		{"", "", "some", fault},
	} {
		if got := read(t, c.sqft, c.served, c.trigger); got != c.want {
			t.Errorf("%q %q %q: got %s, want %s", c.sqft, c.served, c.trigger, got, c.want)
		}
	}
}

// workbook makes one with excelize; change may spoil it.
func workbook(t *testing.T, change func(*excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	if err := f.SetSheetName("Sheet1", sheetName); err != nil {
		t.Fatal(err)
	}
	for i, row := range [][]any{
		{"Property Name", "Address", "area manager", "Lot Sq Ft", "PLOW/SALT", "trigger", "Notes"},
		{"Maple Plaza", "120 Maple Street", "Pat Doyle", 42000, "Yes/No", 0.5, "Gate code"},
		{},
		{"Total", nil, nil, 42000},
		{12345, "7 Oak Court", nil, "", "Yes", "Zero Tol"},
	} {
		if err := f.SetSheetRow(sheetName, fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	if change != nil {
		change(f)
	}
	content, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return content.Bytes()
}

func TestReadSheet_Workbook(t *testing.T) {
	t.Parallel()
	s, err := readSheet(t.Context(), "locations.xlsx", section(workbook(t, nil)))
	if err != nil {
		t.Fatal(err)
	}
	want := []importRow{
		{
			Row: 2, Name: "Maple Plaza", Address: "120 Maple Street", AreaManager: "Pat Doyle", Sqft: new(int32(42000)), Plow: true,
			TriggerType: "half_inch", TriggerAmount: 0.5, Notes: new("Gate code"),
		},
		{Row: 5, Name: "12345", Address: "7 Oak Court", Plow: true, Salt: true, TriggerType: "zero_tolerance"},
	}
	if d := cmp.Diff(want, s.rows); d != "" || len(s.bad) > 0 {
		t.Errorf("(-want +got)\n%s%v", d, s.bad)
	}
}

// rezip writes a workbook anew, with its parts changed and more of them.
func rezip(t *testing.T, content []byte, change func(name string, text []byte) []byte, more map[string][]byte) []byte {
	t.Helper()
	r, err := zip.NewReader(section(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	write := func(name string, text []byte) {
		part, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range r.File {
		part, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		if change != nil {
			text = change(f.Name, text)
		}
		write(f.Name, text)
	}
	for name, text := range more {
		write(name, text)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A file as a whole is refused with a sentence, never with a panic, and never read in part.
func TestReadSheet_Refuses(t *testing.T) {
	t.Parallel()
	good := workbook(t, nil)
	sheetXML := func(change func([]byte) []byte) []byte {
		return rezip(t, good, func(name string, text []byte) []byte {
			if strings.HasPrefix(name, "xl/worksheets/") {
				return change(text)
			}
			return text
		}, nil)
	}
	csv := func(rows ...string) []byte { return []byte(headings + "\n" + strings.Join(rows, "\n")) }
	for _, c := range []struct {
		name, file string
		content    []byte
		want       string
	}{
		{"another kind", "a.pdf", nil, "must end in .xlsx or .csv"},
		{"no name", "", nil, "must end in .xlsx or .csv"},
		{"old Excel", "a.xls", nil, "save the sheet as .xlsx"},
		{"macros by name", "a.xlsm", good, "save the sheet as .xlsx"},
		{"macros inside", "a.xlsx", rezip(t, good, nil, map[string][]byte{"xl/vbaProject.bin": {1}}), "has macros"},
		{"old Excel inside", "a.xlsx", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old"), "damaged, encrypted, or of another kind"},
		{"a workbook named CSV", "a.csv", good, "UTF-16 or no text"},
		{"empty CSV", "a.csv", nil, "no row has anything in it"},
		{"no heading", "a.csv", []byte("Address,Property Name\n1 Street,A\n"), "lacks these headings: area manager, Lot Sq Ft, PLOW/SALT"},
		{"semicolons", "a.csv", []byte(strings.ReplaceAll(headings, ",", ";")), "lacks these headings"},
		{"a heading twice", "a.csv", []byte(headings + ",Address\n"), `"Address" stands there twice`},
		{"UTF-16", "a.csv", []byte("\xff\xfeP\x00r\x00"), "UTF-16"},
		{"UTF-16 without a mark", "a.csv", []byte("P\x00r\x00"), "UTF-16"},
		{"Latin-1", "a.csv", csv("Caf\xe9,1 Street,,,Yes"), "line 2 is not UTF-8"},
		{"an open quotation", "a.csv", csv(`"A,1 Street,,,Yes`), "line 2 cannot be read as CSV"},
		{"too many columns", "a.csv", csv("A" + strings.Repeat(",", maxColumns)), "row 2 has more than 100 columns"},
		{"too many rows", "a.csv", csv(strings.Repeat("A,1 Street,,,Yes\n", maxRows+1)), "more than 20000 rows"},
		{"no such sheet", "a.xlsx", workbook(t, func(f *excelize.File) { _ = f.SetSheetName(sheetName, "Locations 2") }), "no sheet named locations"},
		{"too many formulas", "a.xlsx", workbook(t, func(f *excelize.File) {
			for n := range maxFormulas + 1 {
				_ = f.SetCellFormula(sheetName, fmt.Sprintf("Z%d", n+1), "D2*2")
			}
		}), "more than 10000 formulas"},
		{"too many rows in a workbook", "a.xlsx", workbook(t, func(f *excelize.File) {
			for n := range maxRows + maxTitles + 1 {
				_ = f.SetCellValue(sheetName, fmt.Sprintf("A%d", n+2), "A")
			}
		}), "more than 20000 rows"},
		{"a far column", "a.xlsx", workbook(t, func(f *excelize.File) { _ = f.SetCellValue(sheetName, "XFD5", 1) }), "row 5 has more than 100 columns"},
		{"a sheet that breaks off", "a.xlsx", sheetXML(func(text []byte) []byte { return text[:len(text)/2] }), "damaged"},
		{"a cut file", "a.xlsx", good[:len(good)/2], "damaged"},
		{"a zip of something else", "a.xlsx", rezip(t, nilZip(t), nil, map[string][]byte{"hello.txt": []byte("hello")}), ""},
		{"packed tightly", "a.xlsx", rezip(t, good, nil, map[string][]byte{"xl/media/a.bin": make([]byte, 8<<20)}), "packed too tightly"},
		{"a bomb", "a.xlsx", rezip(t, good, nil, map[string][]byte{"xl/media/a.bin": make([]byte, maxUnzipped)}), "more than 32 MiB"},
		{"a bomb of many parts", "a.xlsx", rezip(t, good, nil, manyParts()), "more than 1000 parts"},
	} {
		s, err := readSheet(t.Context(), c.file, section(c.content))
		var p *endpoint.Problem
		if !errors.As(err, &p) || p.Status != 400 || !strings.Contains(p.Detail, c.want) {
			t.Errorf("%s: got %v, want %q (%d rows)", c.name, err, c.want, len(s.rows))
		}
	}
}

func nilZip(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := zip.NewWriter(&b).Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func manyParts() map[string][]byte {
	parts := map[string][]byte{}
	for i := range maxParts {
		parts[fmt.Sprintf("xl/media/%d.bin", i)] = nil
	}
	return parts
}

func TestPlan(t *testing.T) {
	t.Parallel()
	s := sheet{}
	var places []place
	for i, address := range []string{"known", "a", "b", "A", "c", "d"} {
		s.rows = append(s.rows, importRow{Row: i + 2, Name: "N" + address, Address: address})
		places = append(places, place{Key: strings.ToLower(address)})
	}
	places[0].Name = new("Plaza")
	for _, c := range []struct {
		used, allowed int64
		want          string
	}{
		{0, 10, "add [a b c d], over []"},
		{1, 5, "add [a b c d], over []"},
		{2, 5, "add [a b c], over [7]"},
		{5, 5, "add [], over [3 4 6 7]"},
		{9, 5, "add [], over [3 4 6 7]"},
	} {
		p := s.plan(places, propertyUsage{c.used, c.allowed})
		var add []string
		var over []int
		for _, r := range p.add {
			add = append(add, r.Address)
		}
		for _, b := range p.over {
			over = append(over, b.Row)
		}
		if got := fmt.Sprintf("add %v, over %v", add, over); got != c.want {
			t.Errorf("%d of %d: got %s, want %s", c.used, c.allowed, got, c.want)
		}
		want := []BadRow{
			{2, addressColumn, "known", `the property "Plaza" has this address already`},
			{5, addressColumn, "A", "row 3 has this address already"},
		}
		if d := cmp.Diff(want, p.skipped); d != "" {
			t.Errorf("skipped (-want +got)\n%s", d)
		}
	}
}
