package features

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

func rate(name string, perHour float64) map[string]any {
	return map[string]any{"equipment_name": name, "hourly_rate": perHour}
}

func (p *portal) addEquipment(company, name string, perHour float64) int64 {
	p.T.Helper()
	var added struct {
		EquipmentID int64 `json:"equipment_id"`
	}
	p.Do("POST", "/equipment-rates/", p.Token(company, auth.Manager), rate(name, perHour)).Want(p.T, http.StatusOK).JSON(p.T, &added)
	return added.EquipmentID
}

func TestEquipment_Rates(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Exec(`delete from portal.equipment_rates`) // the starter set
	loader, shovel := p.addEquipment(harness.CompanyA, "Loader", 175.5), p.addEquipment(harness.CompanyA, " Shovel ", 25)
	foreign := p.addEquipment(harness.CompanyB, "Loader", 60) // the same name is nobody's business
	manager, admin := p.Token(harness.CompanyA, auth.Manager), p.Token(harness.CompanyA, auth.Admin)
	path := func(id int64) string { return fmt.Sprintf("/equipment-rates/%d", id) }

	p.Do("POST", "/equipment-rates/", manager, rate("Loader", 1)).Problem(t, http.StatusConflict)
	p.Do("POST", "/equipment-rates/", manager, rate("Blower", -1)).Problem(t, http.StatusUnprocessableEntity)
	p.Do("PUT", path(shovel), manager, rate("Loader", 1)).Problem(t, http.StatusConflict)
	p.Do("PUT", path(shovel), manager, rate("Snow Shovel", 30)).Want(t, http.StatusOK)
	p.Do("PUT", path(foreign), manager, rate("Mine", 30)).Problem(t, http.StatusNotFound)

	for role, want := range map[string]string{
		auth.Admin: "Loader 175.5, Snow Shovel 30, ", auth.Contractor: "Loader 175.5, Snow Shovel 30, ",
		auth.Subcontractor: "Loader -, Snow Shovel -, ", auth.User: "Loader -, Snow Shovel -, ",
	} {
		var rows []struct {
			EquipmentName string   `json:"equipment_name"`
			HourlyRate    *float64 `json:"hourly_rate"`
		}
		p.Do("GET", "/equipment-rates/", p.Token(harness.CompanyA, role), nil).Want(t, http.StatusOK).JSON(t, &rows)
		got := ""
		for _, row := range rows {
			got += row.EquipmentName + " " + orDash(row.HourlyRate) + ", "
		}
		if got != want {
			t.Errorf("%s sees %q, want %q", role, got, want)
		}
	}

	p.Do("DELETE", path(loader), manager, nil).Problem(t, http.StatusForbidden)
	p.Do("DELETE", path(foreign), admin, nil).Problem(t, http.StatusNotFound)
	p.Do("DELETE", path(loader), admin, nil).Want(t, http.StatusOK)
	p.Do("DELETE", path(loader), admin, nil).Problem(t, http.StatusNotFound)
	if n := harness.Query[float64](p.Portal, `select hourly_rate::float8 from portal.equipment_rates where id = $1`, foreign); n != 60 {
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
	p.T.Helper()
	var rows []usageRow
	p.Do("GET", "/equipment-usage-report/"+query, p.Token(company, role), nil).Want(p.T, http.StatusOK).JSON(p.T, &rows)
	for _, r := range rows {
		lines = append(lines, fmt.Sprintf("%s: %d uses, %v h at %s = %s", r.Equipment, r.TotalUses, r.TotalHours, orDash(r.HourlyRate), orDash(r.TotalCost)))
	}
	return lines
}

func TestEquipment_UsageReport(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Exec(`delete from portal.equipment_rates`)
	p.addEquipment(harness.CompanyA, "Loader", 100)
	p.addEquipment(harness.CompanyB, "Loader", 1)
	p.addEquipment(harness.CompanyB, "Old Truck", 1) // only the other company knows a rate
	contractor := p.person(harness.CompanyA, auth.Contractor)
	// The clocks of New York go forward in the night of 2026-03-08: 23:00 to 07:00 is 7 hours.
	p.Exec(`
		insert into portal.winter_ops_logs (customer_id, property_id, contractor_id, equipment, time_in, time_out, status) values
		($1, $2, $3,   'Loader',    '2026-03-07 23:00 America/New_York', '2026-03-08 07:00 America/New_York', 'closed'),
		($1, $2, null, 'Loader',    '2026-03-08 23:59 America/New_York', '2026-03-09 00:29 America/New_York', 'closed'),
		($1, $4, null, 'Loader',    '2026-03-09 08:00 America/New_York', null, 'open'),
		($1, $4, null, 'Old Truck', '2026-03-09 08:00 America/New_York', '2026-03-09 18:00 America/New_York', 'closed'),
		($1, $4, null, '',          '2026-03-09 08:00 America/New_York', '2026-03-09 18:00 America/New_York', 'closed'),
		($1, $4, null, null,        '2026-03-09 08:00 America/New_York', '2026-03-09 18:00 America/New_York', 'closed'),
		($5, $6, null, 'Loader',    '2026-03-08 08:00 America/New_York', '2026-03-08 18:00 America/New_York', 'closed')`,
		harness.CompanyA, p.property(harness.CompanyA, 1), contractor, p.property(harness.CompanyA, 2), harness.CompanyB, p.property(harness.CompanyB, 1))

	for _, c := range []struct {
		company, role, query string
		want                 []string
	}{
		{harness.CompanyA, auth.Admin, "", []string{"Old Truck: 1 uses, 10 h at - = -", "Loader: 3 uses, 7.5 h at 100 = 750"}},
		{harness.CompanyB, auth.Manager, "", []string{"Loader: 1 uses, 10 h at 1 = 10"}},
		{harness.CompanyA, auth.Contractor, "", []string{"Old Truck: 1 uses, 10 h at - = -", "Loader: 3 uses, 7.5 h at 100 = -"}},
		{harness.CompanyA, auth.User, "", []string{"Old Truck: 1 uses, 10 h at - = -", "Loader: 3 uses, 7.5 h at - = -"}},
		// Both ends are included, by the local date of the time in.
		{harness.CompanyA, auth.Manager, "?start_date=2026-03-08&end_date=2026-03-08", []string{"Loader: 1 uses, 0.5 h at 100 = 50"}},
		{harness.CompanyA, auth.Manager, "?end_date=2026-03-07", []string{"Loader: 1 uses, 7 h at 100 = 700"}},
		{harness.CompanyA, auth.Manager, fmt.Sprintf("?contractor_id=%d", contractor), []string{"Loader: 1 uses, 7 h at 100 = 700"}},
		{harness.CompanyA, auth.Manager, fmt.Sprintf("?property_id=%d&equipment_name=Loader", p.property(harness.CompanyA, 2)), []string{"Loader: 1 uses, 0 h at 100 = 0"}},
		{harness.CompanyA, auth.Manager, fmt.Sprintf("?property_id=%d", p.property(harness.CompanyB, 1)), nil},
	} {
		if d := cmp.Diff(c.want, p.usage(c.company, c.role, c.query)); d != "" {
			t.Errorf("%s of %s %s (-want +got)\n%s", c.role, c.company, c.query, d)
		}
	}
	p.Do("GET", "/equipment-usage-report/?start_date=yesterday", p.Token(harness.CompanyA, auth.Manager), nil).Problem(t, http.StatusUnprocessableEntity)
}

// A cost comes of the seconds, and is rounded once: two minutes at 0.15 are half a cent, and not 0.03 hours' worth.
func TestEquipment_CostsComeOfUnroundedHours(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.Exec(`delete from portal.equipment_rates`)
	p.addEquipment(harness.CompanyA, "Broom", 0.15)
	p.addEquipment(harness.CompanyA, "Loader", 1000)
	p.Exec(`
		insert into portal.winter_ops_logs (customer_id, property_id, equipment, time_in, time_out, status) values
		($1, $2, 'Broom',  '2026-01-10 06:00Z', '2026-01-10 06:02Z', 'closed'),
		($1, $2, 'Loader', '2026-01-10 06:00Z', '2026-01-10 06:20Z', 'closed')`, harness.CompanyA, p.property(harness.CompanyA, 1))
	want := []string{"Loader: 1 uses, 0.33 h at 1000 = 333.33", "Broom: 1 uses, 0.03 h at 0.15 = 0.01"}
	if d := cmp.Diff(want, p.usage(harness.CompanyA, auth.Admin, "")); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}
