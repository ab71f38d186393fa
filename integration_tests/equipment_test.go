package integration_tests

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/server/auth"
)

func rate(name string, perHour float64) map[string]any {
	return map[string]any{"equipment_name": name, "hourly_rate": perHour}
}

func (p *portal) addEquipment(company, name string, perHour float64) int64 {
	p.t.Helper()
	var added struct {
		EquipmentID int64 `json:"equipment_id"`
	}
	p.do("POST", "/equipment-rates/", p.token(company, auth.Manager), rate(name, perHour)).want(p.t, http.StatusOK).json(p.t, &added)
	return added.EquipmentID
}

func TestEquipment_Rates(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.exec(`delete from portal.equipment_rates`) // the starter set
	loader, shovel := p.addEquipment(companyA, "Loader", 175.5), p.addEquipment(companyA, " Shovel ", 25)
	foreign := p.addEquipment(companyB, "Loader", 60) // the same name is nobody's business
	manager, admin := p.token(companyA, auth.Manager), p.token(companyA, auth.Admin)
	path := func(id int64) string { return fmt.Sprintf("/equipment-rates/%d", id) }

	p.do("POST", "/equipment-rates/", manager, rate("Loader", 1)).problem(t, http.StatusConflict)
	p.do("POST", "/equipment-rates/", manager, rate("Blower", -1)).problem(t, http.StatusUnprocessableEntity)
	p.do("PUT", path(shovel), manager, rate("Loader", 1)).problem(t, http.StatusConflict)
	p.do("PUT", path(shovel), manager, rate("Snow Shovel", 30)).want(t, http.StatusOK)
	p.do("PUT", path(foreign), manager, rate("Mine", 30)).problem(t, http.StatusNotFound)

	for role, want := range map[string]string{
		auth.Admin: "Loader 175.5, Snow Shovel 30, ", auth.Contractor: "Loader 175.5, Snow Shovel 30, ",
		auth.Subcontractor: "Loader -, Snow Shovel -, ", auth.User: "Loader -, Snow Shovel -, ",
	} {
		var rows []struct {
			EquipmentName string   `json:"equipment_name"`
			HourlyRate    *float64 `json:"hourly_rate"`
		}
		p.do("GET", "/equipment-rates/", p.token(companyA, role), nil).want(t, http.StatusOK).json(t, &rows)
		got := ""
		for _, row := range rows {
			got += row.EquipmentName + " " + orDash(row.HourlyRate) + ", "
		}
		if got != want {
			t.Errorf("%s sees %q, want %q", role, got, want)
		}
	}

	p.do("DELETE", path(loader), manager, nil).problem(t, http.StatusForbidden)
	p.do("DELETE", path(foreign), admin, nil).problem(t, http.StatusNotFound)
	p.do("DELETE", path(loader), admin, nil).want(t, http.StatusOK)
	p.do("DELETE", path(loader), admin, nil).problem(t, http.StatusNotFound)
	if n := query[float64](p, `select hourly_rate::float8 from portal.equipment_rates where id = $1`, foreign); n != 60 {
		t.Errorf("the other company's rate is %v", n)
	}
}

func orDash(n *float64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

type usageRow struct {
	Equipment  string
	HourlyRate *float64 `json:"hourly_rate"`
	TotalUses  int      `json:"total_uses"`
	TotalHours float64  `json:"total_hours"`
	TotalCost  *float64 `json:"total_cost"`
}

func (p *portal) usage(company, role, query string) (lines []string) {
	p.t.Helper()
	var rows []usageRow
	p.do("GET", "/equipment-usage-report/"+query, p.token(company, role), nil).want(p.t, http.StatusOK).json(p.t, &rows)
	for _, r := range rows {
		lines = append(lines, fmt.Sprintf("%s: %d uses, %v h at %s = %s", r.Equipment, r.TotalUses, r.TotalHours, orDash(r.HourlyRate), orDash(r.TotalCost)))
	}
	return lines
}

func TestEquipment_UsageReport(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.exec(`delete from portal.equipment_rates`)
	p.addEquipment(companyA, "Loader", 100)
	p.addEquipment(companyB, "Loader", 1)
	p.addEquipment(companyB, "Old Truck", 1) // only the other company knows a rate
	contractor := p.person(companyA, auth.Contractor)
	// The clocks of New York go forward in the night of 2026-03-08: 23:00 to 07:00 is 7 hours.
	p.exec(`
		insert into portal.winter_ops_logs (customer_id, property_id, contractor_id, equipment, time_in, time_out, status) values
		($1, $2, $3,   'Loader',    '2026-03-07 23:00 America/New_York', '2026-03-08 07:00 America/New_York', 'closed'),
		($1, $2, null, 'Loader',    '2026-03-08 23:59 America/New_York', '2026-03-09 00:29 America/New_York', 'closed'),
		($1, $4, null, 'Loader',    '2026-03-09 08:00 America/New_York', null, 'open'),
		($1, $4, null, 'Old Truck', '2026-03-09 08:00 America/New_York', '2026-03-09 18:00 America/New_York', 'closed'),
		($1, $4, null, '',          '2026-03-09 08:00 America/New_York', '2026-03-09 18:00 America/New_York', 'closed'),
		($1, $4, null, null,        '2026-03-09 08:00 America/New_York', '2026-03-09 18:00 America/New_York', 'closed'),
		($5, $6, null, 'Loader',    '2026-03-08 08:00 America/New_York', '2026-03-08 18:00 America/New_York', 'closed')`,
		companyA, p.property(companyA, 1), contractor, p.property(companyA, 2), companyB, p.property(companyB, 1))

	for _, c := range []struct {
		company, role, query string
		want                 []string
	}{
		{companyA, auth.Admin, "", []string{"Old Truck: 1 uses, 10 h at - = -", "Loader: 3 uses, 7.5 h at 100 = 750"}},
		{companyB, auth.Manager, "", []string{"Loader: 1 uses, 10 h at 1 = 10"}},
		{companyA, auth.Contractor, "", []string{"Old Truck: 1 uses, 10 h at - = -", "Loader: 3 uses, 7.5 h at 100 = -"}},
		{companyA, auth.User, "", []string{"Old Truck: 1 uses, 10 h at - = -", "Loader: 3 uses, 7.5 h at - = -"}},
		// Both ends are included, by the local date of the time in.
		{companyA, auth.Manager, "?start_date=2026-03-08&end_date=2026-03-08", []string{"Loader: 1 uses, 0.5 h at 100 = 50"}},
		{companyA, auth.Manager, "?end_date=2026-03-07", []string{"Loader: 1 uses, 7 h at 100 = 700"}},
		{companyA, auth.Manager, fmt.Sprintf("?contractor_id=%d", contractor), []string{"Loader: 1 uses, 7 h at 100 = 700"}},
		{companyA, auth.Manager, fmt.Sprintf("?property_id=%d&equipment_name=Loader", p.property(companyA, 2)), []string{"Loader: 1 uses, 0 h at 100 = 0"}},
		{companyA, auth.Manager, fmt.Sprintf("?property_id=%d", p.property(companyB, 1)), nil},
	} {
		if d := cmp.Diff(c.want, p.usage(c.company, c.role, c.query)); d != "" {
			t.Errorf("%s of %s %s (-want +got)\n%s", c.role, c.company, c.query, d)
		}
	}
	p.do("GET", "/equipment-usage-report/?start_date=yesterday", p.token(companyA, auth.Manager), nil).problem(t, http.StatusUnprocessableEntity)
}
