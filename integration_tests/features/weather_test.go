package features

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"contractor-portal/integration_tests/harness"
	"contractor-portal/server/auth"
)

const (
	buffalo = "?lat=42.8864&lon=-78.8784"
	nowPath = "/weather/current/" + buffalo
	ahead   = "/weather/forecast/" + buffalo
)

// A weathered portal has a sky of its own, and a clock that the test moves.
type weathered struct {
	*portal
	*harness.Sky
	now time.Time
}

func newWeathered(t *testing.T, change ...func(*harness.Settings)) *weathered {
	t.Helper()
	w := &weathered{Sky: harness.NewSky(t), now: time.Now().Truncate(time.Hour)}
	w.From(w.now.Add(3 * time.Hour))
	w.portal = newPortal(t, append([]func(*harness.Settings){w.Over, func(s *harness.Settings) {
		s.Server.Clock = func() time.Time { return w.now }
	}}, change...)...)
	return w
}

func (w *weathered) get(path, company, role string) harness.Answer {
	w.T.Helper()
	return w.Do("GET", path, w.Token(company, role), nil)
}

type aged struct {
	Stale       bool
	Temperature float64
	FetchedAt   string `json:"fetched_at"`
}

type entries []struct {
	Datetime    string
	Temperature float64
	Description string
	Snow        float64  `json:"snow_3h"`
	Probability float64  `json:"precipitation_probability"`
	Wind        *float64 `json:"wind_speed"`
}

// What the provider says arrives in the portal's units and the company's time.
func TestWeather(t *testing.T) {
	t.Parallel()
	w := newWeathered(t)
	const a = harness.CompanyA
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	local := func(at time.Time) string { return at.In(zone).Format("2006-01-02T15:04:05") }
	first := w.now.Add(3 * time.Hour)

	var now map[string]any
	w.get(nowPath, a, auth.User).Want(t, http.StatusOK).JSON(t, &now)
	want := map[string]any{
		"temperature": 28.5, "feels_like": 20.25, "humidity": 90.0, "description": "light snow", "wind_speed": 11.5,
		"timestamp": local(first), "fetched_at": local(w.now), "stale": false,
	}
	if d := cmp.Diff(want, now); d != "" {
		t.Errorf("now (-want +got)\n%s", d)
	}
	for path, n := range map[string]int{ahead: 40, "/weather/by-zip/?zip_code=14201": 8, "/weather/by-city/?city=Buffalo&state=NY": 8} {
		var f struct {
			City      string
			Forecasts entries
		}
		w.get(path, a, auth.User).Want(t, http.StatusOK).JSON(t, &f)
		if len(f.Forecasts) != n || f.City != "Buffalo" {
			t.Fatalf("%s: %d entries of %s", path, len(f.Forecasts), f.City)
		}
		e := f.Forecasts[0]
		if e.Datetime != local(first) || e.Temperature != 28.5 || e.Description != "light snow" || e.Snow != 0.0393701 || e.Probability != 75 || (e.Wind != nil) != (n == 40) {
			t.Errorf("%s: %+v", path, e)
		}
	}
	w.Calls()
	w.get("/weather/by-city/?city=%20buffalo&state=ny&country_code=us", a, auth.User).Want(t, http.StatusOK)
	w.get("/weather/by-zip/?zip_code=14201-1234", a, auth.User).Want(t, http.StatusOK)
	w.get("/weather/forecast/?lat=42.8911&lon=-78.8751", a, auth.User).Want(t, http.StatusOK) // the same to two decimals: 42.89, -78.88
	if calls := w.Calls(); len(calls) != 0 {
		t.Errorf("places that are known were asked for: %q", calls)
	}
}

// A place is asked for once an hour and company, however many ask at the same time; after that, and where the provider
// is down, an older answer is marked.
func TestWeather_Cache(t *testing.T) {
	t.Parallel()
	w := newWeathered(t)
	const a = harness.CompanyA
	w.Waits(50 * time.Millisecond)
	token := w.Token(a, auth.User)
	if ok, others := w.Parallel(8, func(int) (string, string, any) { return "GET", nowPath, nil }, token); ok != 8 {
		t.Fatalf("%v", others)
	}
	asked := func(step string, want int) {
		t.Helper()
		if calls := w.Calls(); len(calls) != want {
			t.Errorf("%s: %d calls, want %d: %q", step, len(calls), want, calls)
		}
	}
	see := func(step string, stale bool) {
		t.Helper()
		var now aged
		w.get(nowPath, a, auth.Manager).Want(t, http.StatusOK).JSON(t, &now)
		if now.Stale != stale || now.Temperature != 28.5 {
			t.Errorf("%s: %+v", step, now)
		}
	}
	asked("eight at once", 1)
	w.Waits(0)
	see("soon", false)
	asked("soon", 0)
	w.get(ahead, a, auth.User).Want(t, http.StatusOK)
	asked("the forecast", 1)
	w.get(nowPath, harness.CompanyB, auth.User).Want(t, http.StatusOK)
	asked("another company", 1)

	w.now = w.now.Add(time.Hour)
	see("an hour later", false)
	asked("an hour later", 1)
	w.now = w.now.Add(time.Hour)
	w.Answers(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusInternalServerError) })
	see("down", true)
	asked("down", 1)
	if problem := w.get("/weather/current/?lat=1&lon=1", a, auth.User).Problem(t, http.StatusBadGateway); problem.Detail != "the weather provider answered with status 500" {
		t.Errorf("what is not known: %s", problem.Detail)
	}
	w.now = w.now.Add(48 * time.Hour)
	w.get(nowPath, a, auth.User).Problem(t, http.StatusBadGateway)
	w.Answers(nil)
	see("up again", false)
	if n := harness.Query[int](w.Portal, "select count(*) from portal.weather_data where customer_id = $1", a); n != 1 {
		t.Errorf("%d rows are kept, want the fresh one", n)
	}
}

// Two companies at the same place ask with their own keys, and see what their own key brought.
func TestWeather_CacheIsOfOneCompany(t *testing.T) {
	t.Parallel()
	w := newWeathered(t)
	for company, key := range map[string]string{harness.CompanyA: "key-of-company-a", harness.CompanyB: "key-of-company-b"} {
		w.setKey(company, auth.Admin, "openweather_api_key", key, nil).Want(t, http.StatusOK)
	}
	for _, company := range []string{harness.CompanyA, harness.CompanyB} {
		w.Token(company, auth.User)
	}
	w.Answers(func(rw http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(rw, `{"dt": %d, "name": "Buffalo", "coord": {"lat": 42.89, "lon": -78.88}, "main": {"temp": 1}, "weather": [{"description": "by %s"}]}`, w.now.Unix(), r.URL.Query().Get("appid"))
	})
	see := func(company, token, want string) {
		var now struct{ Description string }
		a, err := w.Try(t.Context(), "GET", nowPath, token, nil)
		if err != nil || json.Unmarshal(a.Body, &now) != nil || now.Description != want {
			t.Errorf("%s sees the weather %s (%v)", company, a.Body, err)
		}
	}
	w.Waits(300 * time.Millisecond) // at first both wait at the same time
	for range 2 {
		var all sync.WaitGroup
		for company, want := range map[string]string{harness.CompanyA: "by key-of-company-a", harness.CompanyB: "by key-of-company-b"} {
			token := w.Token(company, auth.User)
			all.Go(func() { see(company, token, want) })
		}
		all.Wait()
	}
	if calls := w.Calls(); len(calls) != 2 {
		t.Errorf("%q", calls)
	}
}

// Every way in which the provider can fail has its status and sentence, and none shows the key.
func TestWeather_ProviderFails(t *testing.T) {
	t.Parallel()
	const entry = `{"dt": 1767700000, "main": {"temp": 20}, "weather": [{"description": "snow"}], "snow": {"3h": %s}}`
	forecast := func(list string) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(rw, `{"city": {"name": "Buffalo", "coord": {"lat": 42.89, "lon": -78.88}}, "list": [%s]}`, list)
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(code) }
	}
	text := func(answer string) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprint(rw, answer) }
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		status int
		detail string
	}{
		"401":  {status(401), 502, "the weather provider refuses the key; ask an Admin to look at it under settings"},
		"500":  {status(500), 502, "the weather provider answered with status 500"},
		"404":  {status(404), 502, "the weather provider answered with status 404"},
		"HTML": {text("<html>"), 502, "the weather provider answered something that is not understood"},
		"half": {text(`{"list": [`), 502, "the weather provider answered something that is not understood"},
		"50 MB": {func(rw http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(rw, `{"x": %q}`, strings.Repeat("x", 50<<20))
		}, 502, "the weather provider answered something that is not understood"},
		"redirect": {func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
		}, 502, "the weather provider cannot be called: it leads elsewhere"},
		"NaN":      {forecast(fmt.Sprintf(entry, "NaN")), 502, "the weather provider answered something that is not understood"},
		"1e999":    {forecast(fmt.Sprintf(entry, "1e999")), 502, "the weather provider answered something that is not understood"},
		"negative": {forecast(fmt.Sprintf(entry, "-1")), 502, "the weather provider sent a forecast that is not understood"},
		"no text":  {forecast(`{"dt": 1767700000, "main": {"temp": 20}}`), 502, "the weather provider sent a forecast that is not understood"},
		"empty":    {forecast(""), 502, "the weather provider sent an empty forecast"},
		"nowhere":  {text(`{"list": [{"dt": 1}]}`), 502, "the weather provider sent a forecast of no place"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWeathered(t)
			w.Answers(c.answer)
			a := w.get(ahead, harness.CompanyA, auth.User)
			if p := a.Problem(t, c.status); p.Detail != c.detail {
				t.Errorf("%s", p.Detail)
			}
			if said := string(a.Body) + w.Log.String(); strings.Contains(said, "operators-weather-key") || strings.Contains(said, w.URL) {
				t.Errorf("the key or the address is told: %s", said)
			}
			if n := harness.Query[int](w.Portal, "select count(*) from portal.weather_data"); n != 0 {
				t.Errorf("%d answers are kept", n)
			}
		})
	}
}

// Odd characters of the provider's can be stored.
func TestWeather_OddTexts(t *testing.T) {
	t.Parallel()
	w := newWeathered(t)
	w.Answers(func(rw http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(rw, `{"dt": %d, "name": "%s", "coord": {"lat": 0, "lon": 0}, "main": {"temp": 1}, "weather": [{"description": "a\u0000b\ud800 <é>"}]}`, w.now.Unix(), strings.Repeat("n", 999))
	})
	var now struct{ Description string }
	w.get("/weather/current/?lat=0.001&lon=-0.001", harness.CompanyA, auth.User).Want(t, http.StatusOK).JSON(t, &now)
	if now.Description != "ab\ufffd <é>" || harness.Query[int](w.Portal, "select count(*) from portal.weather_data where location_key = 'coord:0.00,0.00'") != 1 {
		t.Errorf("%q", now.Description)
	}
}

// What the provider asks for is done: no call before its time is over, but for another key.
func TestWeather_RetryAfter(t *testing.T) {
	t.Parallel()
	w := newWeathered(t)
	const a = harness.CompanyA
	w.Answers(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Retry-After", "300")
		rw.WriteHeader(http.StatusTooManyRequests)
	})
	limited := func(step, wait string, calls int) {
		t.Helper()
		answer := w.get(ahead, a, auth.User)
		if p := answer.Problem(t, http.StatusServiceUnavailable); answer.Header.Get("Retry-After") != wait || !strings.Contains(p.Detail, "asked too often") {
			t.Errorf("%s: Retry-After %s: %s", step, answer.Header.Get("Retry-After"), p.Detail)
		}
		if have := len(w.Calls()); have != calls {
			t.Errorf("%s: %d calls, want %d", step, have, calls)
		}
	}
	limited("at first", "300", 1)
	w.now = w.now.Add(100 * time.Second)
	limited("soon", "200", 0)
	w.Answers(nil)
	w.get(ahead, harness.CompanyB, auth.User).Want(t, http.StatusOK) // nobody asked this of another company
	w.Calls()
	limited("still", "200", 0)
	w.setKey(a, auth.Admin, "openweather_api_key", "another-key-0001", nil).Want(t, http.StatusOK)
	w.get(ahead, a, auth.User).Want(t, http.StatusOK)
	w.Do("DELETE", apiKeys+"openweather_api_key", w.Token(a, auth.Admin), nil).Want(t, http.StatusOK)
	w.now = w.now.Add(3000 * time.Second)
	w.get("/weather/forecast/?lat=2&lon=2", a, auth.User).Want(t, http.StatusOK)
}

func TestWeather_Refusals(t *testing.T) {
	t.Parallel()
	w := newWeathered(t)
	const a = harness.CompanyA
	for path, want := range map[string]string{
		"/weather/current/?lat=91&lon=1":                       "query.lat",
		"/weather/current/?lat=NaN&lon=1":                      "query.lat",
		"/weather/current/?lat=1&lon=nan":                      "query.lon",
		"/weather/current/?lat=Inf&lon=1":                      "query.lat",
		"/weather/current/?lat=1":                              "query.lon",
		"/weather/forecast/?lat=0&lon=0":                       "query.lat",
		"/weather/forecast/?lat=1&lon=-180.1":                  "query.lon",
		"/weather/by-zip/?zip_code=K1A0B1":                     "query.zip_code",
		"/weather/by-zip/?zip_code=1420":                       "query.zip_code",
		"/weather/by-zip/?zip_code=14201&country_code=USA":     "query.country_code",
		"/weather/by-zip/?zip_code=14201%2CUS&country_code=US": "query.zip_code",
		"/weather/by-city/?city=Buffalo%2CUS":                  "query.city",
		"/weather/by-city/?city=%20":                           "query.city",
		"/weather/by-city/":                                    "query.city",
	} {
		p := w.get(path, a, auth.User).Problem(t, http.StatusUnprocessableEntity)
		if !strings.HasPrefix(p.Detail, strings.TrimPrefix(want, "query.")) && !strings.HasPrefix(p.Detail, want) {
			t.Errorf("%s: %s", path, p.Detail)
		}
	}
	w.get("/weather/by-zip/?zip_code=K1A0B1&country_code=CA", a, auth.User).Want(t, http.StatusOK)
	for path, want := range map[string]string{"/weather/by-city/?city=Nowhere": "there is no such city", "/weather/by-zip/?zip_code=99999": "there is no such ZIP code in that country"} {
		w.Answers(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNotFound) })
		if p := w.get(path, a, auth.User).Problem(t, http.StatusNotFound); p.Detail != want {
			t.Errorf("%s: %s", path, p.Detail)
		}
	}
	w.Calls()

	w.Exec(`update platform.customers set features = features || '{"weather": false}' where customer_id = $1`, a)
	for _, path := range []string{nowPath, ahead, "/weather/properties-forecast/", "/weather/ai-summary/", "/weather/settings/"} {
		if p := w.get(path, a, auth.Admin).Problem(t, http.StatusForbidden); !strings.Contains(p.Detail, "feature weather") {
			t.Errorf("%s: %s", path, p.Detail)
		}
	}
	if calls := w.Calls(); len(calls) != 0 {
		t.Errorf("%q", calls)
	}

	keyless := newWeathered(t, func(s *harness.Settings) { s.Server.ServiceKeys = map[string]string{} })
	for _, path := range []string{nowPath, ahead, "/weather/properties-forecast/"} {
		if p := keyless.get(path, a, auth.Admin).Problem(t, http.StatusServiceUnavailable); !strings.Contains(p.Detail, "openweather_api_key") {
			t.Errorf("%s: %s", path, p.Detail)
		}
	}
}

// Where the database can only be read, the cache is passed over.
func TestWeather_ReadOnlyDatabase(t *testing.T) {
	t.Parallel()
	w := newWeathered(t)
	const a = harness.CompanyA
	w.get(nowPath, a, auth.User).Want(t, http.StatusOK)
	w.Exec("alter database " + w.Database + " set default_transaction_read_only = on")
	w.Exec("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and usename = 'portal_app'", w.Database)
	for range 2 {
		w.get(ahead, a, auth.User).Want(t, http.StatusOK)
	}
	if n := harness.Query[int](w.Portal, "select count(*) from portal.weather_data"); n != 1 || len(w.Calls()) != 3 {
		t.Errorf("%d answers are kept", n)
	}
}

// An operator who acts inside a company leaves no trace in its cache, and uses none of its keys.
func TestWeather_ActingOperator(t *testing.T) {
	t.Parallel()
	w := newWeathered(t)
	w.setKey(harness.CompanyA, auth.Admin, "openweather_api_key", "key-of-company-a", nil).Want(t, http.StatusOK)
	token := w.ActingToken()
	w.Do("GET", nowPath, token, nil).Want(t, http.StatusOK)
	calls := w.Calls()
	if n := harness.Query[int](w.Portal, "select count(*) from portal.weather_data"); n != 0 || len(calls) != 1 || !strings.Contains(calls[0], "operators-weather-key") {
		t.Errorf("%d answers are kept; %q", n, calls)
	}
}
