package weather

import (
	"context"
	"regexp"
	"strings"

	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// eightEntries are a day of three hours each.
const eightEntries = 8

// PlacePosition is where a ZIP code or a city is.
type PlacePosition struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// ZipForecast is that of a day at a ZIP code.
type ZipForecast struct {
	ZipCode     string          `json:"zip_code" example:"14201"`
	City        string          `json:"city" example:"Buffalo"`
	Forecasts   []ForecastEntry `json:"forecasts"`
	Coordinates PlacePosition   `json:"coordinates"`
	WeatherSource
}

type zipCode struct {
	ZipCode     string `query:"zip_code" required:"true" minLength:"2" maxLength:"10" pattern:"^[A-Za-z0-9][A-Za-z0-9 -]*$" example:"14201" doc:"The ZIP code."`
	CountryCode string `query:"country_code" default:"US" pattern:"^[A-Za-z]{2}$" example:"US" doc:"Two letters."`
}

var usZIP = regexp.MustCompile(`^\d{5}(-\d{4})?$`)

func (s *Service) byZIP(ctx context.Context, work endpoint.Work, in *zipCode) (f ZipForecast, err error) {
	country, zip := strings.ToUpper(in.CountryCode), in.ZipCode
	if country == "US" {
		if !usZIP.MatchString(zip) {
			const message = "expected five digits for a ZIP code of the US; say country_code for another country's"
			return f, endpoint.InvalidFields("zip_code: "+message, []endpoint.FieldError{{Location: "query.zip_code", Message: message}})
		}
		zip = zip[:5]
	}
	r, zone, err := s.at(ctx, work, forecast, atZIP(zip, country))
	if err != nil {
		return f, err
	}
	return ZipForecast{in.ZipCode, r.City, r.coming(endpoint.Now(ctx), eightEntries, zone, false), PlacePosition{r.Latitude, r.Longitude}, r.source(zone)}, nil
}

// CityForecast is that of a day in a city.
type CityForecast struct {
	City        string          `json:"city" example:"Buffalo"`
	Forecasts   []ForecastEntry `json:"forecasts"`
	Coordinates PlacePosition   `json:"coordinates"`
	WeatherSource
}

type city struct {
	City        string `query:"city" required:"true" minLength:"1" maxLength:"60" pattern:"^[^,]*[^, ][^,]*$" example:"Buffalo" doc:"Its name, without a comma."`
	State       string `query:"state" maxLength:"20" pattern:"^[^,]*$" example:"NY" doc:"The state, in the US."`
	CountryCode string `query:"country_code" default:"US" pattern:"^[A-Za-z]{2}$" example:"US" doc:"Two letters."`
}

func (s *Service) byCity(ctx context.Context, work endpoint.Work, in *city) (f CityForecast, err error) {
	r, zone, err := s.at(ctx, work, forecast, atCity(field.Tidy(in.City), field.Tidy(in.State), strings.ToUpper(in.CountryCode)))
	if err != nil {
		return f, err
	}
	return CityForecast{r.City, r.coming(endpoint.Now(ctx), eightEntries, zone, false), PlacePosition{r.Latitude, r.Longitude}, r.source(zone)}, nil
}
