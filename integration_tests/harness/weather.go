package harness

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	"contractor-portal/server/outbound"
)

// Loopback lets a portal call the fakes of a test.
func Loopback() *outbound.Calls {
	return outbound.New(outbound.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
}

// PublicOnly are a portal's calls as they are outside of tests.
func PublicOnly() *outbound.Calls { return outbound.New(outbound.Config{}) }

// A Sky is a weather provider of a test's own. Unless it is told otherwise it answers as OpenWeatherMap does: 40 entries
// from the next hour on, of so much snow each.
type Sky struct {
	URL string

	mu      sync.Mutex
	snow    float64 // millimetres in three hours
	answer  http.HandlerFunc
	start   time.Time
	waiting time.Duration
	calls   []string
}

// NewSky serves until the test ends.
func NewSky(t testing.TB) *Sky {
	t.Helper()
	s := &Sky{snow: 1}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	s.URL = web.URL
	return s
}

// Over lets a portal ask it, and gives all companies a key.
func (s *Sky) Over(settings *Settings) {
	settings.Server.Weather.URL, settings.Server.Weather.ModelURL = s.URL, s.URL
	settings.Server.ServiceKeys = map[string]string{"openweather_api_key": "operators-weather-key"}
}

// Snow says how many millimetres fall in three hours.
func (s *Sky) Snow(millimetres float64) { s.mu.Lock(); defer s.mu.Unlock(); s.snow = millimetres }

// From says when the first entry ends.
func (s *Sky) From(start time.Time) { s.mu.Lock(); defer s.mu.Unlock(); s.start = start }

// Waits says how long an answer takes.
func (s *Sky) Waits(d time.Duration) { s.mu.Lock(); defer s.mu.Unlock(); s.waiting = d }

// Answers says what is answered from now on; nil: the weather.
func (s *Sky) Answers(by http.HandlerFunc) { s.mu.Lock(); defer s.mu.Unlock(); s.answer = by }

// Calls are the addresses that were asked for since the last time.
func (s *Sky) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

// ServeHTTP answers one call.
func (s *Sky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.calls = append(s.calls, r.URL.String())
	answer, wait := s.answer, s.waiting
	s.mu.Unlock()
	time.Sleep(wait)
	if answer == nil {
		answer = s.Weather
	}
	answer(w, r)
}

// Weather answers as the provider does.
func (s *Sky) Weather(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	snow, start := s.snow, s.start
	s.mu.Unlock()
	if start.IsZero() {
		start = time.Now().Add(time.Hour)
	}
	lat, _ := strconv.ParseFloat(r.URL.Query().Get("lat"), 64)
	lon, _ := strconv.ParseFloat(r.URL.Query().Get("lon"), 64)
	place := map[string]any{"lat": lat, "lon": lon}
	entry := func(at time.Time) map[string]any {
		return map[string]any{
			"dt": at.Unix(), "main": map[string]any{"temp": 28.5, "feels_like": 20.25, "humidity": 90}, "weather": []any{map[string]any{"description": "light snow"}},
			"wind": map[string]any{"speed": 11.5}, "pop": 0.75, "snow": map[string]any{"3h": snow},
		}
	}
	var said map[string]any
	switch r.URL.Path {
	case "/weather":
		said = entry(start)
		said["name"], said["coord"] = "Buffalo", place
	case "/data/3.0/onecall/timemachine":
		at, _ := strconv.ParseInt(r.URL.Query().Get("dt"), 10, 64)
		said = map[string]any{"lat": lat, "lon": lon, "data": []any{map[string]any{
			"dt": at, "temp": -3.25, "feels_like": -10, "humidity": 90, "wind_speed": 11.5, "weather": []any{map[string]any{"description": "heavy snow"}},
			"snow": map[string]any{"1h": 10 * snow},
		}}}
	case "/chat/completions":
		said = map[string]any{"choices": []any{map[string]any{"message": map[string]any{"role": "assistant", "content": "Send everybody."}}}}
	default:
		list := make([]any, 40)
		for i := range list {
			list[i] = entry(start.Add(time.Duration(i) * 3 * time.Hour))
		}
		said = map[string]any{"list": list, "city": map[string]any{"name": "Buffalo", "coord": place}}
	}
	_ = json.NewEncoder(w).Encode(said)
}

// usualSky is over every portal whose test does not care for the weather.
var usualSky = sync.OnceValue(func() string { return httptest.NewServer(&Sky{snow: 1}).URL })

// usualKeys are those of an operator who has set up everything.
var usualKeys = map[string]string{
	"openweather_api_key": "operators-weather-key", "gmail_address": PostUser, "gmail_app_password": PostPassword,
	"twilio_account_sid": operatorsSID, "twilio_auth_token": operatorsToken, "twilio_phone_number": operatorsNumber,
	"quickbooks_client_id": BooksClient, "quickbooks_client_secret": BooksSecret,
	"jobber_client_id": jobberID, "jobber_client_secret": jobberSecret,
}
