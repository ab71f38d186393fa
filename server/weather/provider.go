package weather

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"contractor-portal/server/endpoint"
	"contractor-portal/server/outbound"
)

// A report is what the provider has said of one place, in the portal's units: degrees Fahrenheit, miles an hour, inches.
// It is what the cache holds.
type report struct {
	City      string  `json:"city"`
	Latitude  float64 `json:"lat"`
	Longitude float64 `json:"lon"`
	Entries   []entry `json:"entries"`
}

// An entry is the weather now, that of the three hours until a time, or that of an hour that is over.
type entry struct {
	At          int64   `json:"at"` // seconds since 1970
	Temperature float64 `json:"temp"`
	FeelsLike   float64 `json:"feels"`
	Humidity    float64 `json:"humidity"`
	Description string  `json:"text"`
	Wind        float64 `json:"wind"`
	Snow        float64 `json:"snow"` // of three hours; of the one hour of a past entry, and so is Rain
	Rain        float64 `json:"rain,omitempty"`
	Probability float64 `json:"pop"` // of precipitation, in per cent
}

// inches is the one place where the provider's millimetres end: it sends snow in them, whatever units it is asked for.
func inches(millimetres float64) float64 { return millimetres * 0.0393701 }

// said is an entry as the provider sends it. What must be there is a pointer.
type said struct {
	Dt   int64
	Main struct {
		Temp      *float64
		FeelsLike float64 `json:"feels_like"`
		Humidity  float64
	}
	Weather []struct{ Description string }
	Wind    struct{ Speed float64 }
	Pop     float64
	Snow    struct {
		ThreeHours float64 `json:"3h"`
	}
}

// read makes an entry of it; false where it cannot be one.
func (s said) read() (e entry, ok bool) {
	if s.Main.Temp == nil || len(s.Weather) == 0 {
		return e, false
	}
	at := time.Unix(s.Dt, 0).UTC().Year()
	e = entry{
		At: s.Dt, Temperature: *s.Main.Temp, FeelsLike: s.Main.FeelsLike, Humidity: s.Main.Humidity, Description: line(s.Weather[0].Description),
		Wind: s.Wind.Speed, Snow: inches(s.Snow.ThreeHours), Probability: s.Pop * 100,
	}
	return e, 2000 <= at && at <= 2100 &&
		within(e.Temperature, -200, 200) && within(e.FeelsLike, -300, 300) && within(e.Humidity, 0, 100) &&
		within(e.Wind, 0, 1000) && within(e.Snow, 0, 100) && within(e.Probability, 0, 100)
}

func within(x, least, most float64) bool { return least <= x && x <= most }

// line is a short text of the provider's that can be stored.
func line(text string) string {
	text = strings.ReplaceAll(text, "\x00", "")
	if runes := []rune(text); len(runes) > 100 {
		text = string(runes[:100])
	}
	return text
}

type point struct{ Lat, Lon *float64 }

func (p point) known() bool {
	return p.Lat != nil && p.Lon != nil && within(*p.Lat, -90, 90) && within(*p.Lon, -180, 180)
}

// A provider is OpenWeatherMap 2.5, and for what is over One Call 3.0.
type provider struct {
	*outbound.Provider
	url, past string
}

const defaultURL = "https://api.openweathermap.org/data/2.5"

func newProvider(calls *outbound.Calls, url string) provider {
	past := strings.TrimSuffix(url, "/data/2.5") + "/data/3.0/onecall/timemachine"
	return provider{calls.Provider("the weather provider", 10*time.Second), url, past}
}

// ask asks for one place.
func (p provider) ask(ctx context.Context, kind kind, at place, secret string) (r report, err error) {
	query := url.Values{"units": {"imperial"}, "appid": {secret}}
	for name, value := range at.query {
		query[name] = []string{value}
	}
	switch kind {
	case current:
		r, err = p.current(ctx, query)
	case history:
		r, err = p.history(ctx, query)
	default:
		r, err = p.forecast(ctx, query)
	}
	var failed *outbound.Error
	if errors.As(err, &failed) && failed.Status == http.StatusNotFound && at.what != "" {
		return r, endpoint.NotFound(at.what)
	}
	return r, err
}

func (p provider) current(ctx context.Context, query url.Values) (r report, err error) {
	var answer struct {
		said
		Name  string
		Coord point
	}
	if err := p.Get(ctx, p.url+"/weather?"+query.Encode(), &answer); err != nil {
		return r, err
	}
	now, ok := answer.read()
	if !ok || !answer.Coord.known() {
		return r, p.Wrong("the weather provider sent no weather that is understood")
	}
	return report{line(answer.Name), *answer.Coord.Lat, *answer.Coord.Lon, []entry{now}}, nil
}

// maxEntries is more than five days of three hours.
const maxEntries = 48

func (p provider) forecast(ctx context.Context, query url.Values) (r report, err error) {
	var answer struct {
		List []said
		City struct {
			Name  string
			Coord point
		}
	}
	if err := p.Get(ctx, p.url+"/forecast?"+query.Encode(), &answer); err != nil {
		return r, err
	}
	if len(answer.List) == 0 {
		return r, p.Wrong("the weather provider sent an empty forecast")
	}
	if !answer.City.Coord.known() {
		return r, p.Wrong("the weather provider sent a forecast of no place")
	}
	r = report{line(answer.City.Name), *answer.City.Coord.Lat, *answer.City.Coord.Lon, nil}
	for _, s := range answer.List[:min(len(answer.List), maxEntries)] {
		e, ok := s.read()
		if !ok {
			return r, p.Wrong("the weather provider sent a forecast that is not understood")
		}
		r.Entries = append(r.Entries, e)
	}
	slices.SortFunc(r.Entries, func(a, b entry) int { return int(a.At - b.At) })
	return r, nil
}

// A place is where the weather is asked for: by what key it is cached, and how the provider is asked.
type place struct {
	key   string
	query map[string]string
	zip   *string
	what  string // what it is, where the provider may not know it
}

// atCoordinates is a place to two decimals, which is about a kilometre: properties near each other share it.
func atCoordinates(latitude, longitude float64) place {
	lat, lon := twoDecimals(latitude), twoDecimals(longitude)
	return place{key: "coord:" + lat + "," + lon, query: map[string]string{"lat": lat, "lon": lon}}
}

func twoDecimals(x float64) string {
	text := strconv.FormatFloat(x, 'f', 2, 64)
	if text == "-0.00" {
		return "0.00"
	}
	return text
}

func atZIP(zip, country string) place {
	of := zip + "," + country
	return place{key: "zip:" + of, query: map[string]string{"zip": of}, zip: &zip, what: "ZIP code in that country"}
}

func atCity(city, state, country string) place {
	parts := slices.DeleteFunc([]string{city, state, country}, func(s string) bool { return s == "" })
	of := strings.Join(parts, ",")
	return place{key: "city:" + strings.ToLower(of), query: map[string]string{"q": of}, what: "city"}
}
