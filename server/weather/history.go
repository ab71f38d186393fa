package weather

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/shape"
)

// pastHour is an entry as the provider sends it of what is over.
type pastHour struct {
	Dt        int64
	Temp      *float64
	FeelsLike float64 `json:"feels_like"`
	Humidity  float64
	WindSpeed float64 `json:"wind_speed"`
	Weather   []struct{ Description string }
	Snow      struct {
		OneHour float64 `json:"1h"`
	}
	Rain struct {
		OneHour float64 `json:"1h"`
	}
}

// read makes an entry of it; false where it cannot be one.
func (h pastHour) read() (e entry, ok bool) {
	var s said
	s.Dt, s.Main.Temp, s.Main.FeelsLike, s.Main.Humidity = h.Dt, h.Temp, h.FeelsLike, h.Humidity
	s.Weather, s.Wind.Speed, s.Snow.ThreeHours = h.Weather, h.WindSpeed, h.Snow.OneHour
	e, ok = s.read()
	e.Rain = inches(h.Rain.OneHour)
	return e, ok && within(e.Rain, 0, 100)
}

func (p provider) history(ctx context.Context, query url.Values) (r report, err error) {
	var answer struct {
		point
		Data []pastHour
	}
	if err := p.Get(ctx, p.past+"?"+query.Encode(), &answer); err != nil {
		return r, err
	}
	if len(answer.Data) == 0 || !answer.known() {
		return r, p.Wrong("the weather provider sent no past weather")
	}
	e, ok := answer.Data[0].read()
	if !ok {
		return r, p.Wrong("the weather provider sent past weather that is not understood")
	}
	return report{"", *answer.Lat, *answer.Lon, []entry{e}}, nil
}

// atHour is a place in an hour, which is cached apart.
func atHour(h shape.Hour) place {
	p, hour := atCoordinates(h.Latitude, h.Longitude), h.At.Truncate(time.Hour)
	p.key += "@" + hour.UTC().Format("2006-01-02T15")
	p.query["dt"] = strconv.FormatInt(hour.Unix(), 10)
	return p
}

// Past tells the weather of hours that are over, in their order. What cannot be known says why: the company may have no
// key, the provider may not answer. An error is one of the database.
func (s *Service) Past(ctx context.Context, work endpoint.Work, hours []shape.Hour) ([]shape.PastWeather, error) {
	places := make([]place, len(hours))
	for i, h := range hours {
		places[i] = atHour(h)
	}
	var found map[string]reading
	err := work.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if _, err = open(ctx, tx); err == nil {
			found, err = look(ctx, tx, history, places)
		}
		return err
	})
	var known finding
	if err == nil {
		known, err = s.find(ctx, work, history, eachOnce(places), found)
	}
	all := make([]shape.PastWeather, len(hours))
	for i, p := range places {
		switch r, ok := known.readings[p.key]; {
		case ok:
			e := r.Entries[0]
			all[i] = shape.PastWeather{Conditions: e.Description, Temperature: e.Temperature, FeelsLike: e.FeelsLike, Wind: e.Wind, Humidity: e.Humidity, Snow: e.Snow, Rain: e.Rain}
		case err != nil:
			all[i].Unknown = endpoint.Sentence(err)
		case known.failed[p.key] != nil:
			all[i].Unknown = endpoint.Sentence(known.failed[p.key])
		}
	}
	if refusal := new(endpoint.Problem); errors.As(err, &refusal) {
		return all, nil
	}
	return all, err
}

// eachOnce are the places without repetitions.
func eachOnce(places []place) (all []place) {
	seen := map[string]bool{}
	for _, p := range places {
		if !seen[p.key] {
			seen[p.key], all = true, append(all, p)
		}
	}
	return all
}
