package features

import (
	"fmt"
	"html"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// exports are the workbooks, with what each must be asked with to show all of it.
var exports = []struct{ path, golden, file string }{
	{"/export/contractor-timesheets/", "timesheets.golden", "contractor_timesheets_2026-01-01_2026-03-31"},
	{"/export/property-logs/", "propertylogs.golden", "property_logs_2026-01-01_2026-03-31"},
	{"/export/billing-report/", "billing.golden", "billing_report_all_contractors_2026-01-01_2026-03-31"},
	{"/export/winter-logs/", "winterlogs.golden", "winter_logs_2026-01-01_2026-03-31"},
	{"/export/field-service-reports/", "fieldservice.golden", "field_service_reports_2026-01-01_2026-03-31"},
}

var quarter = map[string]any{"start_date": "2026-01-01", "end_date": "2026-03-31"}

// seedWork gives a company work with all that is awkward: an open ticket, no worker, no equipment, none of a known rate, a
// formula, names that no sheet may have and that are equal when they are cut, both nights in which clocks change, and
// quantities whose binary fractions do not add up.
func (p *portal) seedWork(company string) {
	p.T.Helper()
	p.Exec(`delete from portal.equipment_rates where customer_id = $1`, company)
	p.Exec(`insert into portal.equipment_rates (customer_id, equipment_name, hourly_rate) values ($1, 'Loader', 0.15), ($1, 'Plow Truck', 95)`, company)
	p.Exec(`insert into portal.locations (customer_id, name, address, area_manager) values
		($1, 'Mall: North [Lots/Docks] of the Great Lakes A', '10 Mall', 'Pat Doyle'), ($1, 'Mall: North [Lots/Docks] of the Great Lakes B', '11 Mall', null),
		($1, '=1+1', '12 Mall', '@sum(A1)')`, company)
	p.Exec(`update portal.locations set latitude = 42.8864, longitude = -78.8784 where address = '11 Mall'`)
	p.Exec(`insert into portal.winter_events (customer_id, event_name, start_date, end_date, status) values ($1, 'Lake Band & <Squall>', '2026-01-10', '2026-01-12', 'completed')`, company)
	p.Exec(`
		insert into portal.winter_ops_logs (customer_id, property_id, contractor_id, contractor_name, user_id, worker_name, equipment, time_in, time_out, status,
			bulk_salt_qty, bag_salt_qty, calcium_chloride_qty, customer_provided, notes, winter_event_id)
		select $1, p.id, c.id, w.contractor, s.id, w.worker, w.equipment, (w.time_in || ' ' || k.timezone)::timestamptz, (w.time_out || ' ' || k.timezone)::timestamptz,
			case when w.time_out is null then 'open' else 'closed' end, w.bulk, w.bag, w.calcium, w.provided, w.notes, e.id
		from (values
			('10 Mall', 'Contractor One', 'Dan Digger', 'Plow Truck', '2026-01-10 22:30', '2026-01-11 02:15', 1.10, 0, 0, true, 'gate 4', true),
			('11 Mall', 'Contractor One', 'Dan Digger', 'Plow Truck', '2026-01-11 02:15', '2026-01-11 02:35', 2.20, 3, 0.5, false, E'two\nlines', true),
			('10 Mall', 'Contractor One', 'Dan Digger', 'Loader',     '2026-01-11 05:00', '2026-01-11 05:02', 0, 0, 0, false, null, false),
			('12 Mall', 'Contractor One', '-Dash',      'Blower',     '2026-03-07 23:00', '2026-03-08 07:00', 0.1, 0.2, 0.3, false, '=HYPERLINK("http://x")', false),
			('12 Mall', null,             null,         null,         '2026-03-09 08:00', null, 0, 1, 0, false, '+49 30', false)
		) w (address, contractor, worker, equipment, time_in, time_out, bulk, bag, calcium, provided, notes, stormy)
		join platform.customers k on k.customer_id = $1
		join portal.locations p on p.customer_id = $1 and p.address = w.address
		join portal.users s on s.customer_id = $1 and s.role = 'Subcontractor'
		left join portal.users c on c.customer_id = $1 and c.name = w.contractor
		left join portal.winter_events e on e.customer_id = $1 and w.stormy`, company)
}

func newPortalOfWork(t *testing.T) *portal {
	t.Helper()
	_, withClock := harness.NewClock(t, "2026-04-01T09:00:00")
	p := newPortal(t, withClock)
	p.seedWork(harness.CompanyA)
	p.seedWork(harness.CompanyB)
	return p
}

func TestExports_Golden(t *testing.T) {
	t.Parallel()
	p := newPortalOfWork(t)
	token := p.Token(harness.CompanyA, auth.Manager)
	for _, e := range exports {
		a := p.export(e.path, token, quarter)
		if have := a.Header.Get("Content-Disposition"); have != `attachment; filename="`+e.file+`.xlsx"` || a.Header.Get("Content-Type") != workbookType {
			t.Errorf("%s: %s, %s", e.path, have, a.Header.Get("Content-Type"))
		}
		table := p.export(e.path+"?format=csv", token, quarter)
		if have := table.Header.Get("Content-Disposition"); have != `attachment; filename="`+e.file+`.csv"` {
			t.Errorf("%s: %s", e.path, have)
		}
		harness.CompareWithGolden(t, e.golden, []byte(described(t, a.Body)+"\n# CSV\n"+strings.ReplaceAll(string(table.Body), "\r\n", "\n")))
	}
}

// Nothing of a workbook is of another company: no part of the file holds a text that only the other one's rows have.
func TestExports_HoldOneCompany(t *testing.T) {
	t.Parallel()
	p := newPortalOfWork(t)
	p.Exec(`update portal.winter_ops_logs set notes = 'Zebra note', worker_name = worker_name || ' Zebra' where customer_id = $1`, harness.CompanyA)
	p.Exec(`update portal.locations set name = name || ' Zebra', area_manager = 'Zebra' where customer_id = $1`, harness.CompanyA)
	p.Exec(`update portal.winter_events set event_name = 'Zebra storm' where customer_id = $1`, harness.CompanyA)
	for company, others := range map[string][]string{
		harness.CompanyA: {"Birch", harness.CompanyB},
		harness.CompanyB: {"Zebra", "Alder", harness.CompanyA},
	} {
		for _, e := range exports {
			for _, format := range []string{"xlsx", "csv"} {
				content := p.export(e.path+"?format="+format, p.Token(company, auth.Admin), quarter).Body
				texts := map[string]string{"csv": string(content)}
				if format == "xlsx" {
					texts = parts(t, content)
				}
				own := ""
				for name, text := range texts {
					own += text
					for _, other := range others {
						if strings.Contains(html.UnescapeString(text), other) {
							t.Errorf("%s of %s: %s holds %s", e.path, company, name, other)
						}
					}
				}
				if want := map[string]string{harness.CompanyA: "Zebra", harness.CompanyB: "Great Lakes"}[company]; !strings.Contains(own, want) {
					t.Errorf("%s of %s as %s does not hold its own %s", e.path, company, format, want)
				}
			}
		}
	}
}

// Field roles export what they entered or are the contractor of, as a timesheet, and nothing else.
func TestExports_OfFieldRoles(t *testing.T) {
	t.Parallel()
	p := newPortalOfWork(t)
	workers := func(role string) (names []string) {
		t.Helper()
		for _, row := range rows(t, p.export("/export/contractor-timesheets/?format=csv", p.Token(harness.CompanyA, role), map[string]any{}))[1:] {
			names = append(names, row[0])
		}
		return names
	}
	digger := []string{"Dan Digger", "Dan Digger", "Dan Digger"}
	all := append([]string{"", "'-Dash"}, digger...)
	for role, want := range map[string][]string{
		auth.Admin: all, auth.Manager: all, auth.Subcontractor: all, // who entered all of it
		auth.Contractor: all[1:],
	} {
		if diff := cmp.Diff(want, workers(role)); diff != "" {
			t.Errorf("%s: -want +have:\n%s", role, diff)
		}
	}
	p.Do("POST", "/export/contractor-timesheets/", p.Token(harness.CompanyA, auth.User), map[string]any{}).Problem(t, http.StatusNotFound)
	for _, role := range []string{auth.Contractor, auth.Subcontractor, auth.User} {
		for _, path := range []string{"/export/property-logs/", "/export/billing-report/", "/export/winter-logs/", "/export/field-service-reports/", "/report/by-product/", "/report/by-property/", "/report/by-user/"} {
			p.Do("POST", path, p.Token(harness.CompanyA, role), map[string]any{}).Problem(t, http.StatusForbidden)
		}
	}
	acting := p.export("/export/contractor-timesheets/?format=csv", p.ActingToken(), map[string]any{})
	if n := len(rows(t, acting)); n != 6 {
		t.Errorf("an acting operator gets %d lines, want 6", n)
	}
}

func TestExports_Refuse(t *testing.T) {
	t.Parallel()
	p := newPortalOfWork(t)
	token := p.Token(harness.CompanyA, auth.Admin)
	foreign := harness.Query[int64](p.Portal, `select id from portal.locations where customer_id = $1 and address = '10 Mall'`, harness.CompanyB)
	event := harness.Query[int64](p.Portal, `select id from portal.winter_events where customer_id = $1`, harness.CompanyB)
	for _, e := range exports {
		for _, c := range []struct {
			filter map[string]any
			status int
			detail string
		}{
			{map[string]any{"start_date": "2026-02-30"}, http.StatusUnprocessableEntity, "expected a date"},
			{map[string]any{"start_date": "2026-03-02", "end_date": "2026-03-01"}, http.StatusBadRequest, "end_date precedes start_date"},
			{map[string]any{"property_id": foreign}, http.StatusNotFound, "there is no such winter log"},
			{map[string]any{"property_id": 987654321}, http.StatusNotFound, "there is no such winter log"},
			{map[string]any{"winter_event_id": event}, http.StatusNotFound, "there is no such winter log"},
			{map[string]any{"user_id": p.person(harness.CompanyB, auth.Subcontractor)}, http.StatusNotFound, "there is no such winter log"},
			{map[string]any{"end_date": "2025-12-31"}, http.StatusNotFound, "there is no such winter log"},
			{map[string]any{"contractor_name": "Contractor"}, http.StatusNotFound, "there is no such winter log"},
			{map[string]any{"equipment": "loader"}, http.StatusNotFound, "there is no such winter log"},
		} {
			if problem := p.Do("POST", e.path, token, c.filter).Problem(t, c.status); !strings.Contains(problem.Detail, c.detail) {
				t.Errorf("%s %v: %s", e.path, c.filter, problem.Detail)
			}
		}
		p.Do("POST", e.path+"?format=pdf", token, quarter).Problem(t, http.StatusUnprocessableEntity)
		p.Do("POST", e.path, "", quarter).Problem(t, http.StatusUnauthorized)
	}
}

// Each part of the filter leaves the logs that it names; for a field service report an event wins over dates.
func TestExports_Filter(t *testing.T) {
	t.Parallel()
	p := newPortalOfWork(t)
	id := func(sql string, args ...any) int64 { return harness.Query[int64](p.Portal, sql, args...) }
	event := id(`select id from portal.winter_events where customer_id = $1`, harness.CompanyA)
	for _, c := range []struct {
		path   string
		filter map[string]any
		lines  int
	}{
		{"/export/winter-logs/", map[string]any{}, 5},
		{"/export/winter-logs/", map[string]any{"start_date": "2026-03-07", "end_date": "2026-03-07"}, 1},
		{"/export/winter-logs/", map[string]any{"start_date": "2026-01-11"}, 4},
		{"/export/winter-logs/", map[string]any{"end_date": "2026-01-11"}, 3},
		{"/export/winter-logs/", map[string]any{"contractor_name": " Contractor One "}, 4},
		{"/export/winter-logs/", map[string]any{"equipment": "Loader"}, 1},
		{"/export/winter-logs/", map[string]any{"winter_event_id": event}, 2},
		{"/export/winter-logs/", map[string]any{"winter_event_id": event, "start_date": "2026-01-11"}, 1},
		{"/export/field-service-reports/", map[string]any{"winter_event_id": event, "start_date": "2026-03-01"}, 2},
		{"/export/winter-logs/", map[string]any{"user_id": p.person(harness.CompanyA, auth.Subcontractor)}, 5},
		{"/export/winter-logs/", map[string]any{"property_id": id(`select id from portal.locations where customer_id = $1 and address = '10 Mall'`, harness.CompanyA)}, 2},
	} {
		a := p.export(c.path+"?format=csv", p.Token(harness.CompanyA, auth.Manager), c.filter)
		if have := len(rows(t, a)) - 1; have != c.lines {
			t.Errorf("%s %v: %d lines, want %d", c.path, c.filter, have, c.lines)
		}
	}
}

// More than a batch of the cursor, in order and whole, on one sheet and on many.
func TestExports_OfManyLogs(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Exec(`
		insert into portal.winter_ops_logs (customer_id, property_id, contractor_name, worker_name, equipment, time_in, time_out, bulk_salt_qty)
		select $1, $2, 'Crew', 'Worker ' || n % 7, 'Loader', '2026-01-01 12:00Z'::timestamptz + n * interval '1 minute', '2026-01-01 12:00Z'::timestamptz + n * interval '1 minute' + interval '6 minutes', 0.01
		from generate_series(0, 5999) n`, harness.CompanyA, p.property(harness.CompanyA, 1))
	token := p.Token(harness.CompanyA, auth.Admin)
	f := opened(t, p.export("/export/winter-logs/", token, map[string]any{}).Body)
	for at, want := range map[string]string{"F2": "01/05/2026 10:59", "F6001": "01/01/2026 07:00", "B6003": "6000 logs", "H6003": "600.00", "I6003": "60.00"} {
		if have, err := f.GetCellValue("Winter Logs", at); err != nil || have != want {
			t.Errorf("%s is %q, want %q: %v", at, have, want, err)
		}
	}
	sheets := opened(t, p.export("/export/contractor-timesheets/", token, map[string]any{}).Body)
	if n := len(sheets.GetSheetList()); n != 7*5 {
		t.Errorf("%d timesheets, want 7 workers on 5 days", n)
	}
	sum := 0.0
	for _, name := range sheets.GetSheetList() {
		total, err := sheets.GetCellValue(name, "F1")
		must(t, err)
		var hours float64
		if _, err := fmt.Sscanf(total, "Total Time: %f hrs", &hours); err != nil {
			t.Errorf("%s: %q", name, total)
		}
		sum += hours
	}
	if sum < 599.99 || sum > 600.01 {
		t.Errorf("all timesheets have %v hours, want 600", sum)
	}
}

// A stop of a route that waits has no time: it is on no timesheet, and no day asks for it.
func TestExports_OfQueuedStops(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Exec(`insert into portal.winter_ops_logs (customer_id, property_id, worker_name, time_in, status, route_status) values ($1, $2, 'Dan', null, 'open', 'queued')`,
		harness.CompanyA, p.property(harness.CompanyA, 1))
	token := p.Token(harness.CompanyA, auth.Admin)
	f := opened(t, p.export("/export/winter-logs/", token, map[string]any{}).Body)
	if status, err := f.GetCellValue("Winter Logs", "O2"); err != nil || status != "not begun" {
		t.Errorf("%q, %v", status, err)
	}
	field := opened(t, p.export("/export/field-service-reports/", token, map[string]any{}).Body)
	for at, want := range map[string]string{"A17": "", "B17": "Missing", "C17": "Incomplete ticket", "B9": "All Time"} {
		if have, err := field.GetCellValue("Property 1-Unspecified", at); err != nil || have != want {
			t.Errorf("%s is %q, want %q: %v", at, have, want, err)
		}
	}
	p.export("/export/property-logs/", token, map[string]any{})
	p.export("/export/billing-report/", token, map[string]any{})
	p.Do("POST", "/export/contractor-timesheets/", token, map[string]any{}).Problem(t, http.StatusNotFound)
	p.Do("POST", "/export/winter-logs/", token, quarter).Problem(t, http.StatusNotFound)
}

// What is too much for a file is refused as a whole, and the answer says how to ask for less: more sheets than anybody
// leafs through, or more than is done in the time of a request.
func TestExports_OfTooMuch(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.Server.Timeout = 5 * time.Second })
	p.Exec(`
		insert into portal.winter_ops_logs (customer_id, property_id, worker_name, time_in, time_out)
		select $1, $2, 'Worker ' || n, '2026-01-01 12:00Z', '2026-01-01 13:00Z' from generate_series(1, 2001) n`, harness.CompanyA, p.property(harness.CompanyA, 1))
	token, want := p.Token(harness.CompanyA, auth.Admin), "choose fewer days by start_date and end_date, or one property by property_id"
	if problem := p.Do("POST", "/export/contractor-timesheets/", token, map[string]any{}).Problem(t, http.StatusRequestEntityTooLarge); !strings.Contains(problem.Detail, want) {
		t.Error(problem.Detail)
	}
	p.export("/export/contractor-timesheets/?format=csv", token, map[string]any{})

	// What it reads keeps it waiting until the time is over.
	blocker, err := p.Super.Begin(t.Context())
	must(t, err)
	defer blocker.Rollback(t.Context()) //nolint:errcheck // the database ends with the test
	if _, err := blocker.Exec(t.Context(), `lock table portal.locations in access exclusive mode`); err != nil {
		t.Fatal(err)
	}
	p.Exec(fmt.Sprintf(`alter database %s set lock_timeout = 0`, p.Database))
	if problem := p.Do("POST", "/export/winter-logs/", token, map[string]any{}).Problem(t, http.StatusRequestEntityTooLarge); !strings.Contains(problem.Detail, want) {
		t.Error(problem.Detail)
	}
}
