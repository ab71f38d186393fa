package features

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

type totals struct {
	WinterLogs        int     `json:"winter_logs"`
	OpenTickets       int     `json:"open_tickets"`
	GreenLogs         int     `json:"green_logs"`
	WinterHours       float64 `json:"winter_hours"`
	GreenHours        float64 `json:"green_hours"`
	BulkSalt          float64 `json:"bulk_salt"`
	BagSalt           float64 `json:"bag_salt"`
	CalciumChloride   float64 `json:"calcium_chloride"`
	GreenProductsUsed float64 `json:"green_products_used"`
}

func (t totals) String() string {
	return fmt.Sprintf("%d+%d open, %v h, salt %v %v %v; green %d, %v h, %v", t.WinterLogs, t.OpenTickets, t.WinterHours, t.BulkSalt, t.BagSalt, t.CalciumChloride, t.GreenLogs, t.GreenHours, t.GreenProductsUsed)
}

// report is what a report answers, a line for each row.
func (p *portal) report(kind, token string, filter any) (lines []string) {
	p.T.Helper()
	var all []struct {
		totals
		Property      string
		Subcontractor string
		UserID        *int64  `json:"user_id"`
		ProductName   string  `json:"product_name"`
		TotalUsed     float64 `json:"total_used"`
		Unit          *string
	}
	p.Do("POST", "/report/by-"+kind+"/", token, filter).Want(p.T, http.StatusOK).JSON(p.T, &all)
	for _, r := range all {
		switch kind {
		case "product":
			unit := "-"
			if r.Unit != nil {
				unit = *r.Unit
			}
			lines = append(lines, fmt.Sprintf("%s: %v %s", r.ProductName, r.TotalUsed, unit))
		case "property":
			lines = append(lines, r.Property+": "+r.String())
		case "user":
			known := "?"
			if r.UserID != nil {
				known = harness.Query[string](p.Portal, `select role from portal.users where id = $1`, *r.UserID)
			}
			lines = append(lines, fmt.Sprintf("%s (%s): %s", r.Subcontractor, known, r))
		}
	}
	return lines
}

// Sums of both kinds of logs stand beside each other and multiply nothing; a day is the company's.
func TestReports(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Exec(`delete from portal.landscape_products`)
	p.Exec(`insert into portal.landscape_products (customer_id, name, unit) values ($1, 'Mulch', 'yards'), ($2, 'Mulch', 'bags'), ($2, 'Seed', 'lbs')`, harness.CompanyA, harness.CompanyB)
	one, two := p.property(harness.CompanyA, 1), p.property(harness.CompanyA, 2)
	sub, admin := p.person(harness.CompanyA, auth.Subcontractor), p.person(harness.CompanyA, auth.Admin)
	// In the night to March 8 a day of 23 hours begins in New York, in that to November 1 one of 25.
	p.Exec(`
		insert into portal.winter_ops_logs (customer_id, property_id, user_id, worker_name, contractor_name, time_in, time_out, status, bulk_salt_qty, bag_salt_qty, calcium_chloride_qty) values
		($1, $2, $4,   'Dan',  null,   '2026-03-07 23:00-05', '2026-03-08 07:00-04', 'closed', 0.1, 1, 0),
		($1, $2, $4,   'Dan',  null,   '2026-03-08 00:00-05', '2026-03-08 23:59:59-04', 'closed', 0.2, 0, 0.5),
		($1, $2, $4,   'Zoe',  null,   '2026-03-09 00:00-04', null, 'open', 0, 2, 0),
		($1, $3, null, 'Eve',  null,   '2026-11-01 00:00-04', '2026-11-02 00:00-05', 'closed', 0, 0, 0),
		($1, $3, null, null,   'Crew', '2026-11-02 00:00-05', '2026-11-02 00:00:18-05', 'closed', 7.77, 0, 0)`, harness.CompanyA, one, two, sub)
	p.Exec(`insert into portal.winter_ops_logs (customer_id, property_id, time_in, status, route_status, bulk_salt_qty) values ($1, $2, null, 'open', 'queued', 99)`, harness.CompanyA, one)
	p.Exec(`
		insert into portal.green_services_logs (customer_id, property_id, user_id, worker_name, time_in, time_out, service_type, products_used, quantity_used) values
		($1, $2, $4, 'Dan', '2026-03-08 08:00-04', '2026-03-08 09:30-04', 'Mowing', 'Mulch', 3),
		($1, $2, $3, 'Dan', '2026-03-08 08:00-04', '2026-03-08 08:30-04', 'Mowing', 'Mulch', 0.25),
		($1, $2, $3, 'Dan', '2026-06-08 08:00-04', '2026-06-08 08:30-04', 'Labor', 'Seed', 4),
		($1, $2, $3, 'Dan', '2026-06-08 08:00-04', '2026-06-08 08:30-04', 'Labor', '', 5)`, harness.CompanyA, one, admin, sub)
	p.Exec(`insert into portal.winter_ops_logs (customer_id, property_id, time_in, time_out, bulk_salt_qty) values ($1, $2, '2026-03-08 12:00Z', '2026-03-08 13:00Z', 1000)`,
		harness.CompanyB, p.property(harness.CompanyB, 1))

	all, day, fall := map[string]any{}, map[string]any{"start_date": "2026-03-08", "end_date": "2026-03-08"}, map[string]any{"start_date": "2026-11-01", "end_date": "2026-11-01"}
	for _, c := range []struct {
		kind   string
		filter map[string]any
		want   []string
	}{
		{"product", all, []string{"Bulk Salt: 8.07 yards", "Seed: 4 -", "Mulch: 3.25 yards", "Bag Salt: 3 bags", "Calcium Chloride: 0.5 bags"}},
		{"product", day, []string{"Mulch: 3.25 yards", "Calcium Chloride: 0.5 bags", "Bulk Salt: 0.2 yards"}},
		{"product", map[string]any{"property_id": two}, []string{"Bulk Salt: 7.77 yards"}},
		{"product", map[string]any{"user_id": sub, "end_date": "2026-03-07"}, []string{"Bag Salt: 1 bags", "Bulk Salt: 0.1 yards"}},
		{"property", all, []string{
			"Property 1: 2+1 open, 30 h, salt 0.3 3 0.5; green 4, 3 h, 12.25",
			"Property 2: 2+0 open, 25.01 h, salt 7.77 0 0; green 0, 0 h, 0",
		}},
		{"property", day, []string{"Property 1: 1+0 open, 23 h, salt 0.2 0 0.5; green 2, 2 h, 3.25"}},
		{"property", fall, []string{"Property 2: 1+0 open, 25 h, salt 0 0 0; green 0, 0 h, 0"}},
		{"property", map[string]any{"start_date": "2026-11-02"}, []string{"Property 2: 1+0 open, 0.01 h, salt 7.77 0 0; green 0, 0 h, 0"}},
		{"property", map[string]any{"equipment": "Loader"}, nil},
		{"user", all, []string{
			"Crew (?): 1+0 open, 0.01 h, salt 7.77 0 0; green 0, 0 h, 0",
			"Dan (Admin): 0+0 open, 0 h, salt 0 0 0; green 3, 1.5 h, 9.25",
			"Dan (Subcontractor): 2+1 open, 30 h, salt 0.3 3 0.5; green 1, 1.5 h, 3",
			"Eve (?): 1+0 open, 25 h, salt 0 0 0; green 0, 0 h, 0",
		}},
		{"user", map[string]any{"contractor_name": "Crew"}, []string{"Crew (?): 1+0 open, 0.01 h, salt 7.77 0 0; green 0, 0 h, 0"}},
		// Another company's id is one that nobody has.
		{"user", map[string]any{"property_id": p.property(harness.CompanyB, 1)}, nil},
		{"user", map[string]any{"property_id": 987654321}, nil},
	} {
		if diff := cmp.Diff(c.want, p.report(c.kind, p.Token(harness.CompanyA, auth.Manager), c.filter)); diff != "" {
			t.Errorf("%s %v: -want +have\n%s", c.kind, c.filter, diff)
		}
	}
	if diff := cmp.Diff([]string{"Bulk Salt: 1000 yards"}, p.report("product", p.Token(harness.CompanyB, auth.Admin), all)); diff != "" {
		t.Errorf("the other company: -want +have\n%s", diff)
	}
	p.Do("POST", "/report/by-user/", p.Token(harness.CompanyA, auth.Admin), map[string]any{"start_date": "2026-02-30"}).Problem(t, http.StatusUnprocessableEntity)
	p.Do("POST", "/report/by-user/", p.Token(harness.CompanyA, auth.Admin), map[string]any{"start_date": "2026-03-02", "end_date": "2026-03-01"}).Problem(t, http.StatusBadRequest)
}

// The storm of both companies, summed by hand. In both Kim plowed the third property for 70 and 20 minutes and the first
// for 120, Sam the first for 70 and the second for 75, Lee the third for 45. Alder's clock said 23:00 when Kim left the
// second, an hour after he came; Birch's 22:00, when he came.
func TestReports_OfTheStorm(t *testing.T) {
	t.Parallel()
	p, companies := playStorm(t, false, func(*harness.Settings) {})
	p.Exec(`insert into portal.equipment_rates (customer_id, equipment_name, hourly_rate) values ($1, 'Loader', 175.50), ($1, 'Plow truck', 95), ($2, 'Loader', 60)`,
		harness.CompanyA, harness.CompanyB)
	figures := map[string]struct {
		user, property []string
		hours          string
		bill           []string // Kim's: line by line, and the total
	}{
		harness.CompanyA: {
			[]string{
				"Kim Storm (User): 4+0 open, 4.5 h, salt 1.5 3 0; green 0, 0 h, 0",
				"Lee Storm (Contractor): 1+0 open, 0.75 h, salt 0 0 3; green 0, 0 h, 0",
				"Sam Storm (Subcontractor): 2+0 open, 2.42 h, salt 0 0 0; green 0, 0 h, 0",
			},
			[]string{
				"Property 1: 2+0 open, 3.17 h, salt 1.5 1 0; green 0, 0 h, 0",
				"Property 2: 2+0 open, 2.25 h, salt 0 0 0; green 0, 0 h, 0",
				"Property 3: 3+0 open, 2.25 h, salt 0 2 3; green 0, 0 h, 0",
			},
			"7.67",
			[]string{"110.83", "31.67", "351.00", "95.00", "", "", "588.50"},
		},
		harness.CompanyB: {
			[]string{
				"Kim Storm (User): 4+0 open, 3.5 h, salt 1.5 3 0; green 0, 0 h, 0",
				"Lee Storm (Contractor): 1+0 open, 0.75 h, salt 0 0 3; green 0, 0 h, 0",
				"Sam Storm (Subcontractor): 2+0 open, 2.42 h, salt 0 0 0; green 0, 0 h, 0",
			},
			[]string{
				"Property 1: 2+0 open, 3.17 h, salt 1.5 1 0; green 0, 0 h, 0",
				"Property 2: 2+0 open, 1.25 h, salt 0 0 0; green 0, 0 h, 0",
				"Property 3: 3+0 open, 2.25 h, salt 0 2 3; green 0, 0 h, 0",
			},
			"6.67",
			[]string{"", "", "120.00", "", "", "", "120.00"},
		},
	}
	for _, c := range companies {
		want, token, storm := figures[c.customer], c.tokens["dana"], map[string]any{"start_date": "2026-01-10", "end_date": "2026-01-11"}
		for kind, lines := range map[string][]string{
			"user": want.user, "property": want.property, "product": {"Bag Salt: 3 bags", "Calcium Chloride: 3 bags", "Bulk Salt: 1.5 yards"},
		} {
			if diff := cmp.Diff(lines, p.report(kind, token, storm)); diff != "" {
				t.Errorf("%s by %s: -want +have\n%s", c.name, kind, diff)
			}
		}
		logs := opened(t, p.export("/export/winter-logs/", token, storm).Body)
		have := ""
		for _, at := range []string{"A10", "B10", "H10", "I10", "J10", "K10"} {
			text, err := logs.GetCellValue("Winter Logs", at)
			must(t, err)
			have += text + " "
		}
		if want := "TOTALS 7 logs " + want.hours + " 1.50 3.00 3.00 "; have != want {
			t.Errorf("%s: winter logs say %q, want %q", c.name, have, want)
		}
		bill, err := opened(t, p.export("/export/billing-report/", token, map[string]any{"contractor_name": "Kim Storm"}).Body).GetCols("Kim Storm")
		must(t, err)
		if diff := cmp.Diff(want.bill, bill[4][3:10]); diff != "" {
			t.Errorf("%s: the bill: -want +have\n%s", c.name, diff)
		}
		c.sheets(t, storm)
	}
}

// sheets compares the sheets of the storm with what stands in their heads and ends, which is the same in both companies but
// for Kim's hour.
func (c *player) sheets(t *testing.T, storm map[string]any) {
	t.Helper()
	hour := map[string]float64{harness.CompanyA: 1}[c.customer]
	for path, want := range map[string]map[string]string{
		"/export/contractor-timesheets/": {
			"01102026_Kim Storm": fmt.Sprintf("F1 Total Time: %.2f hrs", 3.5+hour), "01102026_Lee Storm": "F1 Total Time: 0.75 hrs",
			"01102026_Walker, Sam": "F1 Total Time: 1.17 hrs", "01112026_Sam Storm": "F1 Total Time: 1.25 hrs",
		},
		"/export/property-logs/": {
			"Property 1": "F1 Total Hours: 3.17", "Property 2": fmt.Sprintf("F1 Total Hours: %.2f", 1.25+hour), "Property 3": "F1 Total Hours: 2.25",
		},
		"/export/field-service-reports/": {
			"Property 1-Unspecified": "C18 1.17", "Property 1-Loader": "C18 2.00", "Property 2-Plow truck": fmt.Sprintf("C18 %.2f", hour), "Property 2-Sidewalk plow": "C18 1.25",
			"Property 3-Unspecified": "C18 0.75", "Property 3-Plow truck": "C19 1.50",
		},
	} {
		f, have := opened(t, c.p.export(path, c.tokens["dana"], storm).Body), map[string]string{}
		for _, sheet := range f.GetSheetList() {
			have[sheet] = "?"
			if cell := want[sheet]; cell != "" {
				at := cell[:len("F1")]
				if at[0] == 'C' {
					at = cell[:len("C18")]
				}
				text, err := f.GetCellValue(sheet, at)
				must(t, err)
				have[sheet] = at + " " + text
			}
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s of %s: -want +have\n%s", path, c.name, diff)
		}
	}
}
