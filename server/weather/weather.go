// Package weather tells the weather of a place, and how much snow each property is to get against the amount at which
// its service is due. It asks OpenWeatherMap, once an hour for a place and a company; the table is
// portal.weather_data, a cache.
package weather

import (
	"context"
	"math"
	"net/http"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
	"contractor-portal/server/outbound"
)

// Keys finds the keys of other services that count for the caller.
type Keys interface {
	// Secret is the key itself, or "".
	Secret(ctx context.Context, tx db.Tx, name string) (string, error)
	// Configured are the names of those that are there.
	Configured(ctx context.Context, tx db.Tx) (map[string]bool, error)
}

// A Mailer sends an alert by mail.
type Mailer interface {
	// WeatherAlert queues a mail to each of several people, and tells how many: none where mail is not set up.
	WeatherAlert(ctx context.Context, tx db.Tx, to []string, message string) (mails int, err error)
}

// A Texter sends an alert by text message.
type Texter interface {
	// WeatherAlert queues one to each Admin and Manager who wants it, and tells how many: none where they are not set up.
	WeatherAlert(ctx context.Context, tx db.Tx, message string) (texts int, err error)
}

// A Config is what the package is made of.
type Config struct {
	Keys     Keys
	Mail     Mailer
	Text     Texter
	Calls    *outbound.Calls
	URL      string // of the weather provider; empty: the usual one
	ModelURL string // of the model that summarises; empty: the usual one
}

// Routes registers the operations of this package.
func Routes(api endpoint.API, s *Service) {
	office := endpoint.Only(auth.Admin, auth.Manager)
	endpoint.Consult(api, http.MethodGet, "/weather/current/", "getCurrentWeather", "The weather now at coordinates", s.current, endpoint.Members, hourly)
	endpoint.Consult(api, http.MethodGet, "/weather/forecast/", "getForecast", "Five days at coordinates, in steps of three hours", s.forecast, endpoint.Members, hourly)
	endpoint.Consult(api, http.MethodGet, "/weather/by-zip/", "getForecastByZip", "24 hours at a ZIP code", s.byZIP, endpoint.Members, hourly)
	endpoint.Consult(api, http.MethodGet, "/weather/by-city/", "getForecastByCity", "24 hours in a city", s.byCity, endpoint.Members, hourly)
	endpoint.Consult(api, http.MethodGet, "/weather/properties-forecast/", "getPropertiesForecast", "Snow of the next 24 hours for each property", s.properties, office,
		endpoint.Describe("Properties within about a kilometre, or of one ZIP code where there are no coordinates, share a forecast. A place whose forecast "+
			"cannot be had is in failures, and spoils no other."))
	endpoint.Consult(api, http.MethodGet, "/weather/ai-summary/", "getWeatherSummary", "What is due, in words of a model", s.summary, office)
	endpoint.Post(api, "/weather/send-alert/", "sendWeatherAlert", "Alert the Admins and Managers", s.alert, office, endpoint.Audited("weather_alert.sent"),
		endpoint.Describe("By mail and by text message, where these are set up."))
	endpoint.Get(api, "/weather/settings/", "getWeatherSettings", "Whether weather and summaries are set up", s.settings, office)
}

var hourly = endpoint.Describe("Answers are good for an hour. Where the provider cannot be asked then, an older one is sent, marked as stale.")

// New returns what tells the weather.
func New(cfg Config) *Service {
	calls := cfg.Calls
	if calls == nil {
		calls = outbound.New(outbound.Config{})
	}
	if cfg.URL == "" {
		cfg.URL = defaultURL
	}
	return &Service{
		keys: cfg.Keys, mail: cfg.Mail, text: cfg.Text, provider: newProvider(calls, cfg.URL), model: calls.Provider("the model", modelTime), modelURL: cfg.ModelURL,
		paused: map[account]time.Time{},
	}
}

const featureSQL = `select coalesce(c.features -> 'weather' = 'true', false) from platform.customers c`

// open begins a consultation: the company has the feature, and its zone is known.
func open(ctx context.Context, tx db.Tx) (*time.Location, error) {
	has, err := db.Value[bool](ctx, tx, featureSQL)
	if err != nil {
		return nil, err
	}
	if !has {
		return nil, endpoint.Forbidden("the company's plan is without the feature weather")
	}
	return tx.Zone(ctx)
}

// at tells what is known of one place.
func (s *Service) at(ctx context.Context, work endpoint.Work, k kind, p place) (r reading, zone *time.Location, err error) {
	var found map[string]reading
	err = work.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if zone, err = open(ctx, tx); err == nil {
			found, err = look(ctx, tx, k, []place{p})
		}
		return err
	})
	if err != nil {
		return r, nil, err
	}
	f, err := s.find(ctx, work, k, []place{p}, found)
	if err != nil {
		return r, nil, err
	}
	r, ok := f.readings[p.key]
	if !ok {
		return r, nil, f.failed[p.key]
	}
	return r, zone, nil
}

// Coordinates are a place in an address.
type Coordinates struct {
	Lat float64 `query:"lat" required:"true" minimum:"-90" maximum:"90" example:"42.8864" doc:"Latitude."`
	Lon float64 `query:"lon" required:"true" minimum:"-180" maximum:"180" example:"-78.8784" doc:"Longitude."`
}

func (c Coordinates) place() (p place, err error) {
	wrong := func(name, message string) error {
		return endpoint.InvalidFields(name+": "+message, []endpoint.FieldError{{Location: "query." + name, Message: message}})
	}
	switch {
	case math.IsNaN(c.Lat):
		return p, wrong("lat", "expected a number from -90 to 90")
	case math.IsNaN(c.Lon):
		return p, wrong("lon", "expected a number from -180 to 180")
	case c.Lat == 0 && c.Lon == 0:
		return p, wrong("lat", "0, 0 is no position")
	}
	return atCoordinates(c.Lat, c.Lon), nil
}

// WeatherSource is how old an answer is.
type WeatherSource struct {
	FetchedAt field.Time `json:"fetched_at" doc:"When the provider was asked."`
	Stale     bool       `json:"stale" doc:"The answer is older than an hour, and the provider cannot be asked now."`
}

func (r reading) source(zone *time.Location) WeatherSource {
	return WeatherSource{field.Time{Time: r.FetchedAt.In(zone)}, r.Stale}
}

// CurrentWeather is the weather now.
type CurrentWeather struct {
	Temperature float64    `json:"temperature" doc:"Degrees Fahrenheit."`
	FeelsLike   float64    `json:"feels_like" doc:"Degrees Fahrenheit."`
	Humidity    float64    `json:"humidity" doc:"Per cent."`
	Description string     `json:"description" example:"light snow"`
	WindSpeed   float64    `json:"wind_speed" doc:"Miles an hour."`
	Timestamp   field.Time `json:"timestamp"`
	WeatherSource
}

func (s *Service) current(ctx context.Context, work endpoint.Work, in *Coordinates) (w CurrentWeather, err error) {
	p, err := in.place()
	if err != nil {
		return w, err
	}
	r, zone, err := s.at(ctx, work, current, p)
	if err != nil {
		return w, err
	}
	e := r.Entries[0]
	return CurrentWeather{e.Temperature, e.FeelsLike, e.Humidity, e.Description, e.Wind, e.time(zone), r.source(zone)}, nil
}

func (e entry) time(zone *time.Location) field.Time {
	return field.Time{Time: time.Unix(e.At, 0).In(zone)}
}

// ForecastEntry is the weather of the three hours until a time.
type ForecastEntry struct {
	Datetime                 field.Time `json:"datetime"`
	Temperature              float64    `json:"temperature" doc:"Degrees Fahrenheit."`
	Description              string     `json:"description" example:"light snow"`
	Snow3h                   float64    `json:"snow_3h" doc:"Inches in three hours."`
	PrecipitationProbability float64    `json:"precipitation_probability" doc:"Per cent."`
	WindSpeed                *float64   `json:"wind_speed,omitempty" doc:"Miles an hour; at coordinates only."`
}

// coming are the entries that are not over, n at the most.
func (r reading) coming(now time.Time, n int, zone *time.Location, wind bool) []ForecastEntry {
	list := []ForecastEntry{}
	for _, e := range r.Entries {
		if e.At <= now.Unix() || len(list) == n {
			continue
		}
		f := ForecastEntry{e.time(zone), e.Temperature, e.Description, e.Snow, e.Probability, nil}
		if wind {
			f.WindSpeed = &e.Wind
		}
		list = append(list, f)
	}
	return list
}

// Forecast is that of five days.
type Forecast struct {
	City      string          `json:"city" example:"Buffalo"`
	Forecasts []ForecastEntry `json:"forecasts"`
	WeatherSource
}

func (s *Service) forecast(ctx context.Context, work endpoint.Work, in *Coordinates) (f Forecast, err error) {
	p, err := in.place()
	if err != nil {
		return f, err
	}
	r, zone, err := s.at(ctx, work, forecast, p)
	if err != nil {
		return f, err
	}
	return Forecast{r.City, r.coming(endpoint.Now(ctx), maxEntries, zone, true), r.source(zone)}, nil
}
