package weather

import (
	"context"
	"strconv"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// NewWeatherAlert is an alert to the office.
type NewWeatherAlert struct {
	PropertyIDs   []int64    `json:"property_ids" ref:"locations" minItems:"1" maxItems:"10000" doc:"The properties that it is about."`
	Message       field.Text `json:"message" maxLength:"1000" example:"Snow from 02:00"`
	ForecastHours int        `json:"forecast_hours,omitempty" minimum:"1" maximum:"120" default:"24"`
}

// WeatherAlert is an alert and whom it reaches.
type WeatherAlert struct {
	PropertyIDs   []int64 `json:"property_ids"`
	Message       string  `json:"message"`
	ForecastHours int     `json:"forecast_hours"`
	Mails         int64   `json:"mails" doc:"Admins and Managers to whom it is on its way by mail; 0 where mail is not set up."`
	Texts         int64   `json:"texts" doc:"Admins and Managers who get it as a text message, after their quiet hours; 0 where these are not set up."`
}

// WeatherAlertAnswer says what became of an alert.
type WeatherAlertAnswer struct {
	Message      string       `json:"message"`
	WeatherAlert WeatherAlert `json:"alert"`
	Summary      string       `json:"summary"`
}

const knownPropertiesSQL = `select count(*) from locations p where p.id = any(@ids)`

const recipientsSQL = `
select coalesce(array_agg(u.email order by u.id), '{}') as emails
from users u
where u.status = 'active' and u.role in ('Admin', 'Manager')`

func (s *Service) alert(ctx context.Context, tx db.Tx, in *struct{ Body NewWeatherAlert }) (out WeatherAlertAnswer, err error) {
	b := in.Body
	if _, err := open(ctx, tx); err != nil {
		return out, err
	}
	known, err := db.Value[int](ctx, tx, knownPropertiesSQL, db.Args{"ids": b.PropertyIDs})
	if err != nil {
		return out, err
	}
	if known < len(distinct(b.PropertyIDs)) {
		return out, endpoint.NotFound("property")
	}
	emails, err := db.Value[[]string](ctx, tx, recipientsSQL)
	if err != nil {
		return out, err
	}
	mails, err := s.mail.WeatherAlert(ctx, tx, emails, string(b.Message))
	if err != nil {
		return out, err
	}
	texts, err := s.text.WeatherAlert(ctx, tx, string(b.Message))
	if err != nil {
		return out, err
	}
	if mails == 0 && texts == 0 {
		return out, endpoint.Unavailable("neither mail nor text messages are set up: an Admin stores their keys under settings")
	}
	a := WeatherAlert{PropertyIDs: b.PropertyIDs, Message: string(b.Message), ForecastHours: b.ForecastHours, Mails: int64(mails), Texts: int64(texts)}
	return WeatherAlertAnswer{
		Message:      "The alert is on its way",
		WeatherAlert: a,
		Summary: endpoint.Count(a.Mails, "person gets", "people get") + " it by mail, and " + strconv.FormatInt(a.Texts, 10) +
			" as a text message, about " + endpoint.Count(known, "property", "properties"),
	}, nil
}

// Alert tells the office of weather at properties, as its operation does, and says whom it reaches.
func (s *Service) Alert(ctx context.Context, tx db.Tx, properties []int64, message string, hours int) (reaches string, err error) {
	in := struct{ Body NewWeatherAlert }{NewWeatherAlert{PropertyIDs: properties, Message: field.Text(message), ForecastHours: hours}}
	out, err := s.alert(ctx, tx, &in)
	return out.Message + ". " + out.Summary, err
}

func distinct(ids []int64) map[int64]bool {
	set := map[int64]bool{}
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// WeatherSettings are how weather is set up.
type WeatherSettings struct {
	WeatherAPIConfigured    bool   `json:"weather_api_configured"`
	AIEnabled               bool   `json:"ai_enabled" doc:"Summaries by a model are in the plan, and have a key."`
	APIProvider             string `json:"api_provider" example:"OpenWeatherMap"`
	ForecastIntervalMinutes int    `json:"forecast_interval_minutes" example:"30" doc:"How often a page may ask; the provider is asked once an hour."`
	AlertThresholdHours     int    `json:"alert_threshold_hours" example:"24"`
}

func (s *Service) settings(ctx context.Context, tx db.Tx, _ *endpoint.None) (out WeatherSettings, err error) {
	if _, err := open(ctx, tx); err != nil {
		return out, err
	}
	keys, err := s.keys.Configured(ctx, tx)
	if err != nil {
		return out, err
	}
	allowed, err := db.Value[bool](ctx, tx, modelAllowedSQL)
	return WeatherSettings{keys[keyName], allowed && keys[modelKeyName], "OpenWeatherMap", 30, 24}, err
}
