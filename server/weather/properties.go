package weather

import (
	"context"
	"math"
	"regexp"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

// PropertyForecast is the snow that a property is to get.
type PropertyForecast struct {
	PropertyID      int64           `json:"property_id" db:"id"`
	PropertyName    string          `json:"property_name" db:"name"`
	Address         string          `json:"address" db:"address"`
	AreaManager     string          `json:"area_manager" db:"area_manager"`
	TriggerAmount   float64         `json:"trigger_amount" db:"trigger_amount" doc:"Inches at which service is due."`
	TriggerType     string          `json:"trigger_type" db:"trigger_type"`
	ForecastSnow24h float64         `json:"forecast_snow_24h" db:"-" doc:"Inches of the next 24 hours, two decimals."`
	NeedsService    bool            `json:"needs_service" db:"-" doc:"The trigger is reached; one of 0 by any snow."`
	OpenByTime      *string         `json:"open_by_time" db:"open_by_time" doc:"HH:MM, local time."`
	Forecast        []ForecastEntry `json:"forecast" db:"-" doc:"The next eight entries."`
	Stale           bool            `json:"stale" db:"-" doc:"The forecast is older than an hour, and the provider cannot be asked now."`
	Latitude        *float64        `json:"-" db:"latitude"`
	Longitude       *float64        `json:"-" db:"longitude"`
}

// A ForecastFailure is a place whose forecast cannot be had.
type ForecastFailure struct {
	Detail      string  `json:"detail"`
	PropertyIDs []int64 `json:"property_ids" doc:"The properties there. Where they are listed too, it is with an older forecast."`
}

// PropertiesForecast is the snow of all properties.
type PropertiesForecast struct {
	Message                  string             `json:"message,omitempty" doc:"Where there is no property."`
	TotalProperties          int                `json:"total_properties"`
	PropertiesNeedingService int                `json:"properties_needing_service"`
	Properties               []PropertyForecast `json:"properties"`
	Failures                 []ForecastFailure  `json:"failures"`
}

// Without a trigger two inches count.
const propertiesSQL = `
select p.id, p.name, p.address, coalesce(p.area_manager, '') as area_manager, coalesce(p.trigger_amount, 2.0)::float8 as trigger_amount, p.trigger_type,
  to_char(p.open_by_time, 'HH24:MI') as open_by_time, p.latitude::float8 as latitude, p.longitude::float8 as longitude
from locations p
where p.show_on_weather_dashboard
order by p.name, p.id`

// anyZIP is the first number of five digits in an address.
var anyZIP = regexp.MustCompile(`\b\d{5}\b`)

// place is where the weather of a property is asked for; false where nothing says it.
func (p PropertyForecast) place() (at place, ok bool) {
	if p.Latitude != nil && p.Longitude != nil {
		return atCoordinates(*p.Latitude, *p.Longitude), true
	}
	if zip := anyZIP.FindString(p.Address); zip != "" {
		return atZIP(zip, "US"), true
	}
	return place{}, false
}

// A group is the properties of one place.
type group struct {
	at         place
	properties []PropertyForecast
}

func grouped(properties []PropertyForecast) (groups []*group) {
	of := map[string]*group{}
	for _, p := range properties {
		at, ok := p.place()
		if !ok {
			continue
		}
		g := of[at.key]
		if g == nil {
			g = &group{at: at}
			of[at.key], groups = g, append(groups, g)
		}
		g.properties = append(g.properties, p)
	}
	return groups
}

func (s *Service) properties(ctx context.Context, work endpoint.Work, _ *endpoint.None) (f PropertiesForecast, err error) {
	var (
		rows   []PropertyForecast
		groups []*group
		places []place
		found  map[string]reading
		zone   *time.Location
	)
	err = work.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if zone, err = open(ctx, tx); err != nil {
			return err
		}
		if rows, err = db.All[PropertyForecast](ctx, tx, propertiesSQL); err != nil {
			return err
		}
		groups, places = grouped(rows), nil
		for _, g := range groups {
			places = append(places, g.at)
		}
		found, err = look(ctx, tx, forecast, places)
		return err
	})
	if err != nil {
		return f, err
	}
	known, err := s.find(ctx, work, forecast, places, found)
	if err != nil {
		return f, err
	}
	f = of(rows, groups, known, endpoint.Now(ctx), zone)
	if len(f.Properties) == 0 && len(f.Failures) == 0 {
		f.Message = "no property with a position or a ZIP code is shown on the weather dashboard"
	}
	return f, nil
}

// of tells for each property what its place is to get.
func of(rows []PropertyForecast, groups []*group, known finding, now time.Time, zone *time.Location) PropertiesForecast {
	f := PropertiesForecast{Properties: make([]PropertyForecast, 0, len(rows)), Failures: []ForecastFailure{}}
	there := map[int64]PropertyForecast{}
	for _, g := range groups {
		if err := known.failed[g.at.key]; err != nil {
			f.Failures = append(f.Failures, failureOf(err, g.properties))
		}
		r, ok := known.readings[g.at.key]
		if !ok {
			continue
		}
		total, next := r.snow(now, 24*time.Hour), r.coming(now, eightEntries, zone, true)
		for _, p := range g.properties {
			p.ForecastSnow24h, p.NeedsService = inHundredths(total), due(total, p.TriggerAmount)
			p.Forecast, p.Stale = next, r.Stale
			there[p.PropertyID] = p
		}
	}
	for _, row := range rows {
		if p, ok := there[row.PropertyID]; ok {
			f.Properties = append(f.Properties, p)
			if p.NeedsService {
				f.PropertiesNeedingService++
			}
		}
	}
	f.TotalProperties = len(f.Properties)
	return f
}

// snow is what falls between now and a time, in inches.
func (r reading) snow(now time.Time, within time.Duration) (total float64) {
	for _, e := range r.Entries {
		if e.At > now.Unix() && e.At <= now.Add(within).Unix() {
			total += e.Snow
		}
	}
	return total
}

func inHundredths(x float64) float64 { return math.Round(x*100) / 100 }

// due tells whether snow reaches a trigger: one of 0 by any snow, every other by as much as is shown.
func due(snow, trigger float64) bool {
	if trigger == 0 {
		return snow > 0
	}
	return inHundredths(snow) >= trigger
}

func failureOf(err error, properties []PropertyForecast) ForecastFailure {
	f := ForecastFailure{Detail: endpoint.Sentence(err), PropertyIDs: make([]int64, len(properties))}
	for i := range properties {
		f.PropertyIDs[i] = properties[i].PropertyID
	}
	return f
}
