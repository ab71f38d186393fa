package features

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

// place puts a property at a place, or nowhere.
func (w *weathered) place(company, name, address string, lat, lon any, trigger float64) int64 {
	w.T.Helper()
	return harness.Query[int64](w.Portal, `
		insert into portal.locations (customer_id, name, address, latitude, longitude, trigger_type, trigger_amount, open_by_time, area_manager)
		values ($1, $2, $3, $4, $5, 'custom', $6, '06:30', 'Pat Doyle') returning id`, company, name, address, lat, lon, trigger)
}

type propertiesForecast struct {
	Message    string
	Total      int `json:"total_properties"`
	Needing    int `json:"properties_needing_service"`
	Properties []struct {
		Name     string  `json:"property_name"`
		Trigger  float64 `json:"trigger_amount"`
		Snow     float64 `json:"forecast_snow_24h"`
		Due      bool    `json:"needs_service"`
		OpenBy   *string `json:"open_by_time"`
		Forecast entries
		Stale    bool
	}
	Failures []struct {
		Detail      string
		PropertyIDs []int64 `json:"property_ids"`
	}
}

func (w *weathered) properties() (f propertiesForecast) {
	w.T.Helper()
	w.get("/weather/properties-forecast/", harness.CompanyA, auth.Manager).Want(w.T, http.StatusOK).JSON(w.T, &f)
	return f
}

func (f propertiesForecast) lines() (lines []string) {
	for _, p := range f.Properties {
		lines = append(lines, fmt.Sprintf("%s %g of %g %t", p.Name, p.Snow, p.Trigger, p.Due))
	}
	return lines
}

// Service is due where the snow of 24 hours reaches the trigger: any snow one of 0, and exactly the amount is enough.
func TestWeatherProperties_Due(t *testing.T) {
	t.Parallel()
	w := newWeathered(t)
	const a = harness.CompanyA
	w.Exec(`delete from portal.locations`)
	for _, trigger := range []float64{0, 0.5, 2, 12} {
		w.place(a, fmt.Sprintf("Trigger %g", trigger), fmt.Sprintf("%g Elm Street", trigger), 42.9, -78.9, trigger)
	}
	// No trigger is said: two inches.
	w.Exec(`insert into portal.locations (customer_id, name, address, latitude, longitude) values ($1, 'Trigger of none', 'None', 42.9, -78.9)`, a)
	for _, c := range []struct {
		millimetres float64 // of each of eight entries
		want        []string
	}{
		{0, []string{"Trigger 0 0 of 0 false", "Trigger 0.5 0 of 0.5 false", "Trigger 12 0 of 12 false", "Trigger 2 0 of 2 false", "Trigger of none 0 of 2 false"}},
		{0.001, []string{"Trigger 0 0 of 0 true", "Trigger 0.5 0 of 0.5 false", "Trigger 12 0 of 12 false", "Trigger 2 0 of 2 false", "Trigger of none 0 of 2 false"}},
		{1.5875, []string{"Trigger 0 0.5 of 0 true", "Trigger 0.5 0.5 of 0.5 true", "Trigger 12 0.5 of 12 false", "Trigger 2 0.5 of 2 false", "Trigger of none 0.5 of 2 false"}},
		{6.31, []string{"Trigger 0 1.99 of 0 true", "Trigger 0.5 1.99 of 0.5 true", "Trigger 12 1.99 of 12 false", "Trigger 2 1.99 of 2 false", "Trigger of none 1.99 of 2 false"}},
		{6.35, []string{"Trigger 0 2 of 0 true", "Trigger 0.5 2 of 0.5 true", "Trigger 12 2 of 12 false", "Trigger 2 2 of 2 true", "Trigger of none 2 of 2 true"}},
		{38.1, []string{"Trigger 0 12 of 0 true", "Trigger 0.5 12 of 0.5 true", "Trigger 12 12 of 12 true", "Trigger 2 12 of 2 true", "Trigger of none 12 of 2 true"}},
	} {
		w.Snow(c.millimetres)
		f := w.properties()
		if d := cmp.Diff(c.want, f.lines()); d != "" {
			t.Errorf("%g mm: (-want +got)\n%s", c.millimetres, d)
		}
		if due := strings.Count(strings.Join(c.want, ","), "true"); f.Total != 5 || f.Needing != due {
			t.Errorf("%g mm: %d of %d, want %d of 5", c.millimetres, f.Needing, f.Total, due)
		}
		w.now = w.now.Add(2 * time.Hour)
		w.From(w.now.Add(3 * time.Hour))
	}
}

// Near properties share a call, and so do those of one ZIP code; those of nowhere are left out, and so is what another
// company has.
func TestWeatherProperties_Groups(t *testing.T) {
	t.Parallel()
	w := newWeathered(t)
	const a = harness.CompanyA
	w.Exec(`delete from portal.locations`)
	w.place(a, "A1", "1 Elm Street", 42.901, -78.899, 1)
	w.place(a, "A2", "2 Elm Street, 14201", 42.904, -78.901, 1)
	w.place(a, "A3", "3 Elm Street", 42.906, -78.899, 1) // 42.91
	w.place(a, "Z1", "4 Elm Street, Buffalo, NY 14201", nil, nil, 1)
	w.place(a, "Z2", "5 Elm Street, Buffalo, NY 14201-1234", nil, nil, 1)
	w.place(a, "Nowhere", "6 Elm Street, 123456", nil, nil, 1)
	hidden := w.place(a, "Hidden", "7 Elm Street", 1, 1, 1)
	w.Exec(`update portal.locations set show_on_weather_dashboard = false where id = $1`, hidden)
	w.place(harness.CompanyB, "Foreign", "8 Elm Street", 2, 2, 1)
	f := w.properties()
	if d := cmp.Diff([]string{"A1 0.31 of 1 false", "A2 0.31 of 1 false", "A3 0.31 of 1 false", "Z1 0.31 of 1 false", "Z2 0.31 of 1 false"}, f.lines()); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	calls := w.Calls()
	for _, part := range []string{"lat=42.90&lon=-78.90", "lat=42.91&lon=-78.90", "zip=14201%2CUS"} {
		if strings.Count(strings.Join(calls, " "), part) != 1 {
			t.Errorf("%s was not asked once", part)
		}
	}
	if len(calls) != 3 || len(f.Failures) != 0 {
		t.Errorf("%q, %+v", calls, f.Failures)
	}
	if p := f.Properties[0]; len(p.Forecast) != 8 || p.OpenBy == nil || *p.OpenBy != "06:30" {
		t.Errorf("%+v", p)
	}
	w.properties()
	w.get("/weather/by-zip/?zip_code=14201", a, auth.User).Want(t, http.StatusOK)
	if calls := w.Calls(); len(calls) != 0 {
		t.Errorf("asked again: %q", calls)
	}

	w.Exec(`delete from portal.locations`)
	if f := w.properties(); f.Message == "" || f.Total != 0 || f.Needing != 0 || f.Properties == nil {
		t.Errorf("no property: %+v", f)
	}
}

// A place that fails is told, and spoils no other; what is known of it from before is shown as old.
func TestWeatherProperties_Failures(t *testing.T) {
	t.Parallel()
	w := newWeathered(t)
	const a = harness.CompanyA
	w.Exec(`delete from portal.locations`)
	w.place(a, "Good", "1 Elm Street", 42.9, -78.9, 0)
	bad := w.place(a, "Bad", "2 Elm Street", 43, -79, 0)
	breaking := func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("lat") == "43.00" {
			rw.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Weather(rw, r)
	}
	w.Answers(breaking)
	f := w.properties()
	if len(f.Properties) != 1 || f.Properties[0].Name != "Good" || len(f.Failures) != 1 || f.Failures[0].Detail != "the weather provider answered with status 500" ||
		!cmp.Equal(f.Failures[0].PropertyIDs, []int64{bad}) {
		t.Fatalf("%+v", f)
	}
	if calls := w.Calls(); len(calls) != 2 {
		t.Errorf("%q", calls)
	}
	w.properties()
	if calls := w.Calls(); len(calls) != 1 || !strings.Contains(calls[0], "lat=43.00") {
		t.Errorf("what is known was asked for again: %q", calls)
	}

	w.Answers(nil)
	w.properties()
	w.now = w.now.Add(2 * time.Hour)
	w.Answers(breaking)
	f = w.properties()
	if len(f.Properties) != 2 || !f.Properties[0].Stale || f.Properties[1].Stale || len(f.Failures) != 1 {
		t.Errorf("%+v", f)
	}
}

// Where the provider is down it is not asked for every place.
func TestWeatherProperties_GivesUp(t *testing.T) {
	t.Parallel()
	w := newWeathered(t)
	const a = harness.CompanyA
	for i := range 150 {
		w.place(a, fmt.Sprintf("Far %d", i), fmt.Sprintf("%d Far Street", i), 10+float64(i)/10, 20.5, 1)
	}
	for name, c := range map[string]struct {
		status, most int
	}{"down": {500, 40}, "refused": {401, 32}, "limited": {429, 32}} {
		w.Answers(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(c.status) })
		f := w.properties()
		if calls := w.Calls(); len(calls) > c.most || name != "limited" && len(calls) == 0 || len(f.Failures) != 151 {
			t.Errorf("%s: %d calls, %d failures", name, len(calls), len(f.Failures))
		}
		w.now = w.now.Add(2 * time.Minute)
	}
}

func TestWeather_Summary(t *testing.T) {
	t.Parallel()
	w := newWeathered(t)
	const a = harness.CompanyA
	w.Exec(`delete from portal.locations`)
	w.place(a, "Late", "1 Elm Street", 42.9, -78.9, 0)
	w.Exec(`update portal.locations set open_by_time = '09:00'`)
	w.place(a, "Early", "2 Elm Street", 42.9, -78.9, 0)
	w.place(a, "Never", "3 Elm Street", 42.9, -78.9, 12)
	type summary struct {
		Summary    string
		Needing    int `json:"properties_needing_service"`
		Properties []struct {
			Name string `json:"property_name"`
		}
		At string `json:"forecast_timestamp"`
	}
	see := func(step, want string, needing int) (s summary) {
		t.Helper()
		w.get("/weather/ai-summary/", a, auth.Manager).Want(t, http.StatusOK).JSON(t, &s)
		if s.Summary != want || s.Needing != needing || s.At == "" || len(s.Properties) != needing {
			t.Errorf("%s: %+v", step, s)
		}
		return s
	}
	const count = "2 of 3 properties need service within 24 hours."
	s := see("without the feature", count+" A summary by a model is not part of the company's plan.", 2)
	if len(s.Properties) == 2 && s.Properties[0].Name != "Early" {
		t.Errorf("the first to be open is not the first: %+v", s.Properties)
	}
	w.Exec(`update platform.customers set features = features || '{"ai": true}' where customer_id = $1`, a)
	see("without a key", count+" For a summary by a model an Admin stores openai_api_key under settings.", 2)
	w.setKey(a, auth.Admin, "openai_api_key", "key-of-the-model-0001", nil).Want(t, http.StatusOK)
	see("with a key", "Send everybody.", 2)
	w.Answers(func(rw http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/chat/completions") || r.Header.Get("Authorization") != "Bearer key-of-the-model-0001" {
			t.Errorf("%s with %s", r.URL, r.Header.Get("Authorization"))
		}
		rw.WriteHeader(http.StatusUnauthorized)
	})
	see("refused", count+" the model refuses the key; ask an Admin to look at it under settings", 2)
	w.Answers(func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprint(rw, `{"choices": []}`) })
	see("silent", count+" The model had nothing to say.", 2)
	w.Exec(`update portal.locations set trigger_amount = 12`)
	see("nothing due", "All clear: no property reaches its trigger within 24 hours.", 0)
}

func TestWeather_SettingsAndAlert(t *testing.T) {
	t.Parallel()
	w := newWeathered(t)
	const a = harness.CompanyA
	type state struct {
		Configured bool   `json:"weather_api_configured"`
		AI         bool   `json:"ai_enabled"`
		Provider   string `json:"api_provider"`
		Interval   int    `json:"forecast_interval_minutes"`
		Threshold  int    `json:"alert_threshold_hours"`
	}
	var s state
	w.get("/weather/settings/", a, auth.Manager).Want(t, http.StatusOK).JSON(t, &s)
	if s != (state{true, false, "OpenWeatherMap", 30, 24}) {
		t.Errorf("%+v", s)
	}
	own, foreign := w.property(a, 1), w.property(harness.CompanyB, 1)
	send := func(ids ...int64) harness.Answer {
		return w.Do("POST", "/weather/send-alert/", w.Token(a, auth.Manager), map[string]any{"property_ids": ids, "message": "Snow from 02:00"})
	}
	if p := send(own).Problem(t, http.StatusServiceUnavailable); p.Detail != "neither mail nor text messages are set up: an Admin stores their keys under settings" {
		t.Error(p.Detail)
	}
	for _, name := range []string{"gmail_address", "gmail_app_password"} {
		w.setKey(a, auth.Admin, name, "some-value-of-it", nil).Want(t, http.StatusOK)
	}
	type answer struct {
		Message string
		Summary string
		Alert   struct {
			PropertyIDs   []int64 `json:"property_ids"`
			ForecastHours int     `json:"forecast_hours"`
			Mails, Texts  int
		}
	}
	var sent answer
	send(own, own).Want(t, http.StatusOK).JSON(t, &sent)
	if sent.Alert.Mails != 2 || sent.Alert.Texts != 0 || sent.Alert.ForecastHours != 24 || !strings.Contains(sent.Message, "on its way") || !strings.Contains(sent.Summary, "2 people") {
		t.Errorf("%+v", sent)
	}
	for name, value := range map[string]string{"twilio_account_sid": "AC-of-a-test", "twilio_auth_token": "some-value-of-it", "twilio_phone_number": "+17165550001"} {
		w.setKey(a, auth.Admin, name, value, nil).Want(t, http.StatusOK)
	}
	w.Exec(`update platform.customers set features = features || '{"sms": true}'`)
	w.Exec(`update portal.users set phone = '+1716555' || lpad(id::text, 4, '0') where customer_id = $1`, a)
	w.Exec(`insert into portal.sms_notification_preferences (customer_id, user_id, notify_on_weather_alert) values ($1, $2, false)`, a, w.userID(a, auth.Admin))
	send(own).Want(t, http.StatusOK).JSON(t, &sent)
	if sent.Alert.Mails != 2 || sent.Alert.Texts != 1 {
		t.Errorf("%+v", sent)
	}
	for _, id := range []int64{foreign, 999999} {
		if p := send(own, id).Problem(t, http.StatusNotFound); p.Detail != "there is no such property" {
			t.Error(p.Detail)
		}
	}
	send().Problem(t, http.StatusUnprocessableEntity)
	w.Do("POST", "/weather/send-alert/", w.Token(a, auth.User), map[string]any{"property_ids": []int64{own}, "message": "Snow"}).Problem(t, http.StatusForbidden)
}
