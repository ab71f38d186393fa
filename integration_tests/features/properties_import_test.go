package features

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

const importHeadings = "Property Name,Address,area manager,Lot Sq Ft,PLOW/SALT,trigger,Notes"

func csvFile(rows ...string) harness.Upload {
	return harness.Upload{Name: "properties.csv", Content: importHeadings + "\n" + strings.Join(rows, "\n") + "\n"}
}

// importReport is the answer to an import.
type importReport struct {
	Message        string
	Count, Skipped int
	Errors         []string
	BadRows        []struct {
		Row                   int
		Column, Value, Reason string
	} `json:"bad_rows"`
}

func (p *portal) properties(company string) int {
	p.T.Helper()
	return harness.Query[int](p.Portal, `select count(*) from portal.locations where customer_id = $1`, company)
}

// locationsBook is a workbook with one sheet, which is imported.
func locationsBook(t *testing.T, rows [][]any) *excelize.File {
	t.Helper()
	book := excelize.NewFile()
	if err := book.SetSheetName("Sheet1", "locations"); err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if err := book.SetSheetRow("locations", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	return book
}

func TestImport_WorkbookOfTheTemplate(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	book := locationsBook(t, [][]any{
		{"Property Name", "Address", "area manager", "Lot Sq Ft", "PLOW/SALT", "trigger", "Notes"},
		{"Maple Plaza", "120 Maple Street", "Pat Doyle", 42000, "Yes/No", `0.5"`, "Gate code"},
		{"Same again", "1 Same Street, Springfield, NY 14201", "", nil, "Yes", "", ""},
		{"Oak Court", " 7 Oak Court ", nil, nil, "Yes", "Zero Tol"},
	})
	content, err := book.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	file := harness.Upload{Name: "Locations.xlsx", Content: content.String()}

	// Both companies import the same; neither sees the other's.
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		for _, c := range []struct {
			query          string
			count, skipped int
			total          int
		}{{"?dry_run=true", 2, 1, 3}, {"", 2, 1, 5}, {"?mode=partial", 0, 3, 5}} {
			var report importReport
			p.Do("POST", "/bulk-import-properties/"+c.query, p.Token(company, auth.Manager), file).Want(t, http.StatusOK).JSON(t, &report)
			if report.Count != c.count || report.Skipped != c.skipped || report.Errors != nil {
				t.Errorf("%s%s: %+v", company, c.query, report)
			}
			if n := p.properties(company); n != c.total {
				t.Errorf("%s%s: %d properties, want %d", company, c.query, n, c.total)
			}
		}
	}
	got := harness.Query[string](p.Portal, `
		select string_agg(concat_ws('|', name, address, area_manager, sqft, plow, salt, trigger_type, trigger_amount, contract_tier, billing_type, notes), E'\n' order by name)
		from portal.locations where customer_id = $1 and name in ('Maple Plaza', 'Oak Court')`, harness.CompanyA)
	want := "Maple Plaza|120 Maple Street|Pat Doyle|42000|t|f|half_inch|0.50|Standard|hourly|Gate code\n" +
		"Oak Court|7 Oak Court||t|t|zero_tolerance|0.00|Standard|hourly"
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("rows (-want +got)\n%s", d)
	}
	p.Do("POST", "/bulk-import-properties/", p.Token(harness.CompanyA, auth.Contractor), file).Problem(t, http.StatusForbidden)
}

var faulty = csvFile(
	"Good,1 Street,,100,Yes,,",
	"=cmd,,,100,Yes,,",
	"Bad size,3 Street,,=1+1,Yes,,",
	"Bad trigger,4 Street,,100,Yes,50,",
	"Good too,5 Street,,,No,,",
)

func TestImport_BadRows(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	manager := p.Token(harness.CompanyA, auth.Manager)
	send := func(query string) harness.Answer {
		return p.Do("POST", "/bulk-import-properties/"+query, manager, faulty)
	}
	reasons := []string{
		"Row 3, Address: expected an address",
		"Row 4, Lot Sq Ft: expected a whole number of square feet, or nothing",
		"Row 5, trigger: expected 0 to 12 inches, such as 0.5\", or Zero Tol",
	}

	// All: nothing changes, and the three are named, dry or not.
	for _, query := range []string{"", "?mode=all&dry_run=true"} {
		refusal := send(query).Problem(t, http.StatusUnprocessableEntity)
		if !strings.Contains(refusal.Detail, "3 rows have errors") || !strings.Contains(refusal.Detail, strings.Join(reasons, "; ")) {
			t.Errorf("%s: detail %q", query, refusal.Detail)
		}
		var named []string
		for _, e := range refusal.Errors {
			named = append(named, strings.Replace(e.Location, "row", "Row", 1)+": "+e.Message)
		}
		if d := cmp.Diff(reasons, named); d != "" {
			t.Errorf("%s: errors (-want +got)\n%s", query, d)
		}
	}
	// The same as a file. What a spreadsheet would run is a text.
	list := [][]string{
		{"Row", "Column", "Value", "Reason"},
		{"3", "Address", "", "expected an address"},
		{"4", "Lot Sq Ft", "'=1+1", "expected a whole number of square feet, or nothing"},
		{"5", "trigger", "50", "expected 0 to 12 inches, such as 0.5\", or Zero Tol"},
	}
	for query, status := range map[string]int{"?errors=csv": http.StatusUnprocessableEntity, "?errors=csv&mode=partial&dry_run=true": http.StatusOK} {
		a := send(query).Want(t, status)
		if kind, name := a.Header.Get("Content-Type"), a.Header.Get("Content-Disposition"); kind != "text/csv; charset=utf-8" || name != `attachment; filename="import-errors.csv"` {
			t.Errorf("%s: %q, %q", query, kind, name)
		}
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(a.Body, []byte("\ufeff")))).ReadAll()
		if d := cmp.Diff(list, rows); d != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", query, err, d)
		}
	}
	if n := p.properties(harness.CompanyA); n != 3 {
		t.Fatalf("%d properties after refused files and dry runs", n)
	}

	// Partial: the good ones come in.
	var report importReport
	send("?mode=partial").Want(t, http.StatusOK).JSON(t, &report)
	if report.Count != 2 || p.properties(harness.CompanyA) != 5 || len(report.BadRows) != 3 || report.BadRows[1].Row != 4 || report.BadRows[1].Value != "=1+1" {
		t.Errorf("%+v", report)
	}
	if d := cmp.Diff(reasons, report.Errors); d != "" {
		t.Errorf("errors (-want +got)\n%s", d)
	}
}

func TestImport_RefusesFiles(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	manager := p.Token(harness.CompanyA, auth.Manager)
	for _, c := range []struct {
		file   harness.Upload
		status int
		detail string
	}{
		{harness.Upload{Name: "a.xls", Content: "old"}, http.StatusBadRequest, "save the sheet as .xlsx"},
		{harness.Upload{Name: "a.csv", Content: "Name,Address\n"}, http.StatusBadRequest, "lacks these headings: Property Name, area manager"},
		{harness.Upload{Name: "a.csv", Content: "\xff\xfea\x00"}, http.StatusBadRequest, "UTF-16"},
		{harness.Upload{Name: "a.csv", Content: strings.Repeat("a", 8<<20)}, http.StatusRequestEntityTooLarge, "too large"},
	} {
		if got := p.Do("POST", "/bulk-import-properties/", manager, c.file).Problem(t, c.status); !strings.Contains(got.Detail, c.detail) {
			t.Errorf("%s: %q, want %q", c.file.Name, got.Detail, c.detail)
		}
	}
	p.Do("POST", "/bulk-import-properties/", manager, map[string]string{"file": "a"}).Problem(t, http.StatusUnsupportedMediaType)
	if n := p.properties(harness.CompanyA); n != 3 {
		t.Errorf("%d properties", n)
	}
}

func TestImport_Limit(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Exec(`update platform.customers set max_properties = 5 where customer_id = $1`, harness.CompanyA)
	manager := p.Token(harness.CompanyA, auth.Manager)
	file := csvFile("A,1 Street,,,Yes,,", "Known,1 Same Street\\, Springfield,,,Yes,,", "B,2 Street,,,Yes,,", "C,3 Street,,,Yes,,")
	file.Content = strings.Replace(file.Content, `1 Same Street\, Springfield`, `"1 Same Street, Springfield, NY 14201"`, 1)

	for _, query := range []string{"", "?dry_run=true"} {
		if got := p.Do("POST", "/bulk-import-properties/"+query, manager, file).Problem(t, http.StatusForbidden); got.Type != "/problems/limit-reached" ||
			!strings.Contains(got.Detail, "3 of 5 properties are in use, and the file has 3 new ones") {
			t.Errorf("%q: %+v", query, got)
		}
	}
	for _, query := range []string{"?mode=partial&dry_run=true", "?mode=partial"} {
		if n := p.properties(harness.CompanyA); n != 3 {
			t.Fatalf("%d properties before %s", n, query)
		}
		var report importReport
		p.Do("POST", "/bulk-import-properties/"+query, manager, file).Want(t, http.StatusOK).JSON(t, &report)
		if report.Count != 2 || report.Skipped != 1 || len(report.Errors) != 1 || report.Errors[0] != "Row 5: the limit of 5 properties is reached" {
			t.Errorf("%s: %+v", query, report)
		}
	}
	if n := p.properties(harness.CompanyA); n != 5 {
		t.Errorf("%d properties", n)
	}
	if n := harness.Query[int](p.Portal, `select properties from platform.usage where customer_id = $1`, harness.CompanyA); n != 5 {
		t.Errorf("usage counts %d", n)
	}
	p.Do("POST", "/add-property/", manager, propertyBody(nil)).Problem(t, http.StatusForbidden)
}

// Imports of both modes and single additions at limit - 1 all at once create exactly one property.
func TestImport_ParallelAtTheLimit(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Exec(`update platform.customers set max_properties = 4 where customer_id = $1`, harness.CompanyA)
	manager := p.Token(harness.CompanyA, auth.Manager)
	var added atomic.Int64
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			a, err := p.addOne(t.Context(), manager, i, fmt.Sprintf("%d Street", i))
			if err != nil {
				t.Error(err)
			}
			added.Add(a)
		})
	}
	wg.Wait()
	if n := p.properties(harness.CompanyA); n != 4 || added.Load() != 1 {
		t.Errorf("%d properties, %d calls say they added one", n, added.Load())
	}
}

// addOne adds one property: by import, whole or partial, or alone, as i says.
func (p *portal) addOne(ctx context.Context, token string, i int, address string) (added int64, err error) {
	path, body := "/bulk-import-properties/?mode=all", any(csvFile("A,"+address+",,,Yes,,"))
	switch i % 4 {
	case 0:
		path = "/bulk-import-properties/?mode=partial"
	case 1:
		path, body = "/add-property/", propertyBody(map[string]any{"address": address})
	}
	a, err := p.Try(ctx, "POST", path, token, body)
	switch {
	case err != nil:
		return 0, err
	case a.Status == http.StatusOK && i%4 == 1:
		return 1, nil
	case a.Status == http.StatusOK:
		_, rest, _ := strings.Cut(string(a.Body), `"count":`)
		if strings.HasPrefix(rest, "1,") {
			added = 1
		}
	case a.Status != http.StatusForbidden && a.Status != http.StatusConflict:
		return 0, fmt.Errorf("%s: %d %s", path, a.Status, a.Body)
	}
	return added, nil
}

// An addition that waits for an import holds no address that the import may come to: else each would
// wait for the other.
func TestImport_NobodyWaitsWithAnAddress(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	manager := p.Token(harness.CompanyA, auth.Manager)
	importing, err := p.Super.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer importing.Rollback(t.Context()) //nolint:errcheck // it is committed below
	if _, err := importing.Exec(t.Context(), `select set_config('app.customer_id', $1, true), tenancy.lock_properties()`, harness.CompanyA); err != nil {
		t.Fatal(err)
	}
	adding := make(chan harness.Answer, 1)
	go func() {
		a, err := p.Try(t.Context(), "POST", "/add-property/", manager, propertyBody(nil))
		if err != nil {
			t.Error(err)
		}
		adding <- a
	}()
	for harness.Query[int](p.Portal, `select count(*) from pg_stat_activity where datname = current_database() and usename = 'portal_app' and wait_event_type = 'Lock'`) == 0 {
		select {
		case a := <-adding:
			t.Fatalf("the addition did not wait: %d %s", a.Status, a.Body)
		case <-time.After(5 * time.Millisecond):
		}
	}
	if _, err := importing.Exec(t.Context(), `insert into portal.locations (name, address) values ('Imported', $1)`, propertyBody(nil)["address"]); err != nil {
		t.Fatalf("the import: %v", err)
	}
	if err := importing.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := (<-adding).Problem(t, http.StatusConflict); !strings.Contains(got.Detail, `belongs to the property "Imported" already`) {
		t.Errorf("the addition: %q", got.Detail)
	}
}

// A thousand rows are one batch: they take as many statements as one.
func TestImport_StatementsDoNotGrowWithRows(t *testing.T) {
	t.Parallel()
	w := harness.NewWire(t)
	p := newPortal(t, w.Between)
	p.Exec(`update platform.customers set max_properties = 2000 where customer_id = $1`, harness.CompanyA)
	manager := p.Token(harness.CompanyA, auth.Manager)
	statements := func(rows int) int {
		lines := make([]string, rows)
		for i := range lines {
			lines[i] = fmt.Sprintf("N,%d Street of %d,,,Yes,,", i, rows)
		}
		return w.During(func() {
			p.Do("POST", "/bulk-import-properties/", manager, csvFile(lines...)).Want(t, http.StatusOK)
		}).Statements
	}
	if one, batch := statements(1), statements(1000); one != batch || one == 0 {
		t.Errorf("%d statements for one row, %d for 1,000", one, batch)
	}
}
