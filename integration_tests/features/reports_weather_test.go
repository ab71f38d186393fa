package features

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// weatherLines are what the sheets of a field-service report say of the weather, by the name of the sheet.
func (p *portal) weatherLines(company string) map[string][]string {
	p.T.Helper()
	f := opened(p.T, p.export("/export/field-service-reports/", p.Token(company, auth.Admin), map[string]any{}).Body)
	all := map[string][]string{}
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			p.T.Fatal(err)
		}
		at := slices.IndexFunc(rows, func(row []string) bool { return len(row) > 0 && row[0] == "24-Hour Weather Report" })
		for _, row := range rows[at+1:] {
			all[sheet] = append(all[sheet], strings.Join(row, ": "))
		}
	}
	return all
}

func (p *portal) wantWeather(company string, want ...string) {
	p.T.Helper()
	for sheet, lines := range p.weatherLines(company) {
		if !slices.Equal(lines, want) {
			p.T.Errorf("%s of %s: %q, want %q", sheet, company, lines, want)
		}
	}
}

// A field-service report tells the weather of the hour in which its first ticket began, which is asked for once and then
// known; or why it is not known. What fails there spoils no report.
func TestExports_WeatherOfTheHour(t *testing.T) {
	t.Parallel()
	w := newWeathered(t)
	const a, b = harness.CompanyA, harness.CompanyB
	for _, company := range []string{a, b} {
		w.Exec(`
			insert into portal.winter_ops_logs (customer_id, property_id, worker_name, equipment, time_in, time_out)
			select $1, $2, 'Dan', 'Loader', at, at + interval '1 hour' from unnest(array['2026-01-10 12:45Z', '2026-01-10 09:20Z']::timestamptz[]) at`, company, w.property(company, 1))
	}
	w.wantWeather(a, "Not shown: the property has no coordinates.")
	if calls := w.Calls(); len(calls) > 0 {
		t.Errorf("asked: %q", calls)
	}

	w.Exec(`update portal.locations set latitude = 42.8864, longitude = -78.8784`)
	heavy := []string{"Conditions: heavy snow", "Temperature: -3.3 °F (feels like -10 °F)", "Wind Speed: 11.5 mph", "Humidity: 90 %", "Snow (1hr): 0.39 in"}
	w.export("/export/field-service-reports/?format=csv", w.Token(a, auth.Admin), map[string]any{})
	if calls := w.Calls(); len(calls) > 0 {
		t.Errorf("for a table was asked: %q", calls)
	}
	for range 2 {
		w.wantWeather(a, heavy...)
	}
	calls := w.Calls()
	if len(calls) != 1 || !strings.HasPrefix(calls[0], "/data/3.0/onecall/timemachine?") || !strings.Contains(calls[0], "dt=1768035600&lat=42.89&lon=-78.88&units=imperial") {
		t.Errorf("asked: %q, want once for the hour from 2026-01-10 09:00Z", calls)
	}
	// The other company is at the same place, and asks with its own key.
	w.wantWeather(b, heavy...)
	if calls := w.Calls(); len(calls) != 1 {
		t.Errorf("for the other company was asked: %q", calls)
	}

	w.Exec(`delete from portal.weather_data`)
	for status, want := range map[int]string{
		http.StatusInternalServerError: "Not shown: the weather provider answered with status 500.", http.StatusOK: "Not shown: the weather provider sent no past weather.",
	} {
		w.Answers(func(answer http.ResponseWriter, _ *http.Request) {
			answer.Header().Set("Content-Type", "application/json")
			answer.WriteHeader(status)
			_, _ = answer.Write([]byte(`{"data": []}`))
		})
		w.wantWeather(a, want)
	}
	w.Exec(`update platform.customers set features = features || '{"weather": false}'`)
	w.wantWeather(a, "Not shown: the company's plan is without the feature weather.")
}

// Where nobody has a key the report says which.
func TestExports_WeatherWithoutAKey(t *testing.T) {
	t.Parallel()
	p := newPortal(t, func(s *harness.Settings) { s.Server.ServiceKeys = map[string]string{} })
	p.Exec(`update portal.locations set latitude = 42.8864, longitude = -78.8784`)
	p.Exec(`insert into portal.winter_ops_logs (customer_id, property_id, worker_name, time_in, time_out) values ($1, $2, 'Dan', '2026-01-10 12:00Z', '2026-01-10 13:00Z')`,
		harness.CompanyA, p.property(harness.CompanyA, 1))
	p.wantWeather(harness.CompanyA, "Not shown: there is no key for the weather: an Admin stores openweather_api_key under settings.")
}
