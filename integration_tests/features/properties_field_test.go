package features

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// A fieldFile is a file as people send it (testdata/field, all invented), and what a person expects of it.
type fieldFile struct {
	name           string
	query          string
	status         int      // 200 by default
	count, skipped int      // properties added and rows with an address that is there
	bad            []string // what is said of bad rows
	says           []string // what stands in the message, the detail, or of rows that were skipped or passed over
	rows           []string // name|plow|salt|trigger|amount|sqft of what was added, where that is not plain
}

const invalid = http.StatusUnprocessableEntity

var byHand = []string{
	"Row 3, Lot Sq Ft: expected a whole number",
	`Row 4, trigger: expected 0 to 12 inches`,
	"Row 5, PLOW/SALT: expected Yes, No",
	"Row 5, trigger: expected 0 to 12 inches",
	"Row 6, PLOW/SALT: expected Yes, No",
	"Row 6, trigger: expected 0 to 12 inches",
	"Row 7, PLOW/SALT: expected Yes, No",
	"Row 9, Lot Sq Ft: expected a whole number",
	"Row 11, PLOW/SALT: expected Yes, No",
}

var converted = []string{"Row 2, trigger: expected 0 to 12 inches", "Row 5, Lot Sq Ft: expected a whole number", "Row 8, Lot Sq Ft: expected a whole number"}

var fieldFiles = []fieldFile{
	{name: "plow-salt-y.csv", count: 3, rows: []string{"PY 0|t|t|two_inch|2.00|", "PY 1|t|f|two_inch|2.00|", "PY 2|f|t|two_inch|2.00|"}},
	{name: "mac-cr-one-row.csv", count: 1, rows: []string{"Cr Only One|t|f|two_inch|2.00|4200"}},
	{name: "mac-cr-two-rows.csv", count: 2},
	{name: "mac-cr.csv", count: 2},
	{name: "mac-cr-eight-rows.csv", count: 8},
	{name: "formula-other-sheet.xlsx", count: 1},
	{name: "sheet6-filled-by-hand.xlsx", status: invalid, bad: byHand},
	{name: "sheet6-filled-by-hand.xlsx", query: "?mode=partial", count: 3, bad: byHand, rows: []string{
		"Plaza 0|t|t|two_inch|2.00|10000", "Plaza 6|t|f|half_inch|0.50|6500", "Plaza 8|t|t|two_inch|2.00|4000",
	}},
	{name: "sheet6b-without-hidden-lists.xlsx", status: invalid, bad: byHand},
	{name: "sheet1-title-rows-total.xlsx", count: 40, says: []string{"40 properties added, 1 row passed over", "row 47, Total: passed over"}},
	{name: "sheet2-total-row.xlsx", count: 40, says: []string{"40 properties added, 1 row passed over", "row 43, Total: passed over"}},
	{name: "sheet3-rentroll-other-headings.xlsx", status: http.StatusBadRequest, says: []string{
		`no sheet named locations; it has "Sheet1"`, "expected the headings Property Name, Address, area manager, Lot Sq Ft, PLOW/SALT",
		`and has "Property", "Property Street Address 1"`,
	}},
	{name: "sheet5-city-list.csv", count: 25, says: []string{"25 properties added, 1 row passed over", "row 29, 25 properties: passed over"}},
	{name: "dup-variants.csv", count: 1, skipped: 5, says: []string{"1 property added, 5 skipped", "row 3, 75 Rue Émile, Québec: row 2 has this address already", "row 4, 75 RUE ÉMILE, QUÉBEC: row 2 has", "row 7, 75 Rue Émile, Québec: row 2 has"}},
	{name: "merged-names.xlsx", status: invalid, bad: []string{"Row 3, Property Name: expected a name", "Row 4, Property Name: expected a name"}},
	{name: "merged-names.xlsx", query: "?mode=partial", count: 1, bad: []string{"Row 3, Property Name: expected a name", "Row 4, Property Name: expected a name"}},
	{name: "blank-first-row.xlsx", count: 1},
	{name: "blank-first-row.csv", count: 1},
	{name: "comma-first-row.csv", count: 1},
	{name: "header-linebreak.xlsx", count: 1},
	{name: "header-nbsp.csv", count: 1},
	{name: "sheet-trailing-space.xlsx", count: 1},
	{name: "sep-comma.csv", count: 1},
	{name: "sep-semi.csv", count: 1},
	{name: "ctrl-z.csv", count: 1},
	{name: "inch-unquoted.csv", count: 1, rows: []string{"Inch One|t|f|half_inch|0.50|100"}},
	{name: "excel-autoconvert.xlsx", status: invalid, bad: converted},
	{name: "excel-autoconvert.xlsx", query: "?mode=partial", count: 5, bad: converted, rows: []string{
		"Frac|t|t|half_inch|0.50|100", "Float noise|t|t|custom|1.10|42000", "46054|t|t|one_inch|1.00|100", "1|t|t|one_inch|1.00|100", "ZIP|t|t|one_inch|1.00|100",
	}},
	{name: "latin1-xml.xlsx", count: 1, rows: []string{"Café|t|t|one_inch|1.00|100"}},
	{name: "hidden-rows.xlsx", count: 2, says: []string{"2 properties added, 1 of them hidden in the sheet"}},
	{name: "abs-target.xlsx", count: 1},
	{name: "header-formatted-300-cols.xlsx", count: 1},
	{name: "hidden-sheet.xlsx", count: 1},
	{name: "no-refs.xlsx", count: 1},
	{name: "prefix-x.xlsx", count: 1},
	{name: "rich-phonetic.xlsx", count: 1, rows: []string{"Rich Plaza|t|t|one_inch|1.00|100"}},
	{name: "sheet-upper.xlsx", count: 1},
	{name: "strict-ns.xlsx", count: 1},
	{name: "styled-last-row.xlsx", count: 3},
}

// Each file of testdata/field does what a person expects of it.
func TestImport_FilesOfTheField(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	tested := map[string]bool{}
	for _, f := range fieldFiles {
		tested[f.name] = true
		p.importField(f)
	}
	files, err := os.ReadDir("testdata/field")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !tested[f.Name()] {
			t.Errorf("nothing is expected of %s", f.Name())
		}
	}
}

func (p *portal) importField(f fieldFile) {
	p.T.Helper()
	content, err := os.ReadFile("testdata/field/" + f.name)
	if err != nil {
		p.T.Fatal(err)
	}
	p.Exec(`delete from portal.locations where customer_id = $1`, harness.CompanyA)
	a := p.Do("POST", "/bulk-import-properties/"+f.query, p.Token(harness.CompanyA, auth.Manager), harness.Upload{Name: f.name, Content: string(content)})
	if status := max(f.status, http.StatusOK); a.Status != status {
		p.T.Errorf("%s%s: status %d, want %d: %s", f.name, f.query, a.Status, status, a.Body)
		return
	}
	count, skipped, said, bad := read(p.T, a)
	p.T.Logf("%s%s → %d %s", f.name, f.query, a.Status, said)
	if n := p.properties(harness.CompanyA); count != f.count || n != f.count || skipped != f.skipped {
		p.T.Errorf("%s%s: %d added (%d rows), %d skipped, want %d and %d: %s", f.name, f.query, count, n, skipped, f.count, f.skipped, a.Body)
	}
	for _, want := range f.says {
		if !strings.Contains(said, want) {
			p.T.Errorf("%s%s: says %q, want %q", f.name, f.query, said, want)
		}
	}
	if len(bad) != len(f.bad) {
		p.T.Errorf("%s%s: bad rows %q, want %q", f.name, f.query, bad, f.bad)
	}
	for i, want := range f.bad {
		if i < len(bad) && !strings.HasPrefix(bad[i], want) {
			p.T.Errorf("%s%s: bad row %q, want %q", f.name, f.query, bad[i], want)
		}
	}
	if f.rows != nil {
		got := harness.Query[[]string](p.Portal, `
			select array_agg(concat(name, '|', plow, '|', salt, '|', trigger_type, '|', trigger_amount, '|', sqft) order by id)
			from portal.locations where customer_id = $1`, harness.CompanyA)
		if d := cmp.Diff(f.rows, got); d != "" {
			p.T.Errorf("%s%s: rows (-want +got)\n%s", f.name, f.query, d)
		}
	}
}

// read is what an answer says: of an import, or of one that is refused.
func read(t testing.TB, a harness.Answer) (count, skipped int, said string, bad []string) {
	t.Helper()
	type row struct {
		Row           int
		Value, Reason string
	}
	var answer struct {
		Message, Detail string
		Count, Skipped  int
		SkippedRows     []row `json:"skipped_rows"`
		PassedOver      []row `json:"passed_over"`
		Errors          []any
	}
	a.JSON(t, &answer)
	said = answer.Message + answer.Detail
	for _, r := range append(answer.SkippedRows, answer.PassedOver...) {
		said += fmt.Sprintf("; row %d, %s: %s", r.Row, r.Value, r.Reason)
	}
	for _, e := range answer.Errors {
		switch e := e.(type) {
		case string:
			bad = append(bad, e)
		case map[string]any:
			bad = append(bad, strings.Replace(e["location"].(string), "row", "Row", 1)+": "+e["message"].(string))
		}
	}
	return answer.Count, answer.Skipped, said, bad
}

// What a row without an address is depends on what stands below it.
func TestImport_TheFootOfTheList(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	send := func(rows ...string) harness.Answer {
		return p.Do("POST", "/bulk-import-properties/", p.Token(harness.CompanyA, auth.Manager), csvFile(rows...))
	}
	// The old portal's own template ends so.
	_, _, said, _ := read(t, send("One,1 Foot Way,,,Yes,,", "Notes go here,,,,,,").Want(t, http.StatusOK))
	if !strings.Contains(said, "1 property added, 1 row passed over as no property; row 3, Notes go here: passed over") {
		t.Error(said)
	}
	// Above an address it is a property that lacks one; a subtotal never is.
	_, _, said, bad := read(t, send("Two,2 Foot Way,,,Yes,,", "Forgotten,,,,Yes,,", "Subtotal north,,,5000,,,", "Three,3 Foot Way,,,Yes,,").Want(t, invalid))
	if len(bad) != 1 || bad[0] != "Row 3, Address: expected an address" {
		t.Errorf("%s %q", said, bad)
	}
	// A list without any address has no foot.
	send("Four,,,,Yes,,").Want(t, invalid)
}

// A formula counts where it would be read, and is named with its sheet.
func TestImport_Formulas(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	book := locationsBook(t, [][]any{
		{"Property Name", "Address", "area manager", "Lot Sq Ft", "PLOW/SALT"},
		{"One", "1 Formula Road", "", 5, "Yes"},
		{"Two", "2 Formula Road", "", 6, "Yes"},
	})
	if err := book.SetCellFormula("locations", "D3", "D2+1"); err != nil {
		t.Fatal(err)
	}
	if err := book.SetCellFormula("locations", "H2", "D2*2"); err != nil { // nobody reads it
		t.Fatal(err)
	}
	content, err := book.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	file := harness.Upload{Name: "f.xlsx", Content: content.String()}
	refusal := p.Do("POST", "/bulk-import-properties/", p.Token(harness.CompanyA, auth.Manager), file).Problem(t, invalid)
	if want := "Row 3, Lot Sq Ft: locations!D3 holds a formula"; !strings.Contains(refusal.Detail, want) || len(refusal.Errors) != 1 {
		t.Errorf("%q, want %q", refusal.Detail, want)
	}
	if count, _, _, _ := read(t, p.Do("POST", "/bulk-import-properties/?mode=partial", p.Token(harness.CompanyA, auth.Manager), file).Want(t, http.StatusOK)); count != 1 {
		t.Errorf("%d added", count)
	}
}
