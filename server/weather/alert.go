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

// WeatherAlert is an alert and whom it would reach.
type WeatherAlert struct {
	PropertyIDs   []int64 `json:"property_ids"`
	Message       string  `json:"message"`
	ForecastHours int     `json:"forecast_hours"`
	Mails         int64   `json:"mails" doc:"Admins and Managers who would get it by mail; 0 where mail is not set up."`
	Texts         int64   `json:"texts" doc:"Admins and Managers who would get it as a text message; 0 where these are not set up."`
}

// WeatherAlertAnswer says what became of an alert.
type WeatherAlertAnswer struct {
	Message      string       `json:"message"`
	WeatherAlert WeatherAlert `json:"alert"`
	Summary      string       `json:"summary"`
}

const knownPropertiesSQL = `select count(*) from locations p where p.id = any(@ids)`

// Whoever has said nothing gets alerts.
const recipientsSQL = `
select count(u.email) as mails,
  count(u.phone) filter (where coalesce(n.notify_on_weather_alert, true)) as texts
from users u
left join sms_notification_preferences n on (n.customer_id, n.user_id) = (u.customer_id, u.id)
where u.status = 'active' and u.role in ('Admin', 'Manager')`

type recipients struct {
	Mails int64 `db:"mails"`
	Texts int64 `db:"texts"`
}

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
	keys, err := s.keys.Configured(ctx, tx)
	if err != nil {
		return out, err
	}
	mail := keys["gmail_address"] && keys["gmail_app_password"]
	text := keys["twilio_account_sid"] && keys["twilio_auth_token"] && keys["twilio_phone_number"]
	if !mail && !text {
		return out, endpoint.Unavailable("neither mail nor text messages are set up: an Admin stores their keys under settings")
	}
	r, err := db.One[recipients](ctx, tx, recipientsSQL)
	if err != nil {
		return out, err
	}
	a := WeatherAlert{PropertyIDs: b.PropertyIDs, Message: string(b.Message), ForecastHours: b.ForecastHours}
	if mail {
		a.Mails = r.Mails
	}
	if text {
		a.Texts = r.Texts
	}
	return WeatherAlertAnswer{
		Message:      "The alert was not sent: the portal sends no messages yet",
		WeatherAlert: a,
		Summary: endpoint.Count(a.Mails, "person", "people") + " would get it by mail and " + strconv.FormatInt(a.Texts, 10) +
			" as a text message, about " + endpoint.Count(known, "property", "properties"),
	}, nil
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
