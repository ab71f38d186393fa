// Package shape holds rows that several features answer. Each is a view of the same columns, in
// policies/after/26_shapes.sql: statements take all of them.
package shape

import "contractor-portal/server/field"

// A Property is a row of portal.properties.
type Property struct {
	ID                     int64      `json:"id" db:"id" doc:"The property."`
	CustomerID             string     `json:"customer_id" db:"customer_id"`
	Name                   string     `json:"name" db:"name"`
	Address                string     `json:"address" db:"address"`
	Sqft                   *int32     `json:"sqft" db:"sqft" doc:"Lot size in square feet."`
	AreaManager            string     `json:"area_manager" db:"area_manager"`
	Plow                   bool       `json:"plow" db:"plow"`
	Salt                   bool       `json:"salt" db:"salt"`
	Notes                  *string    `json:"notes" db:"notes"`
	TriggerType            string     `json:"trigger_type" db:"trigger_type"`
	TriggerAmount          float64    `json:"trigger_amount" db:"trigger_amount" doc:"Inches of snow at which service becomes due."`
	ContractTier           string     `json:"contract_tier" db:"contract_tier"`
	OpenByTime             *string    `json:"open_by_time" db:"open_by_time" doc:"HH:MM, local time."`
	BillingType            string     `json:"billing_type" db:"billing_type"`
	PlowRate               *float64   `json:"plow_rate" db:"plow_rate"`
	SaltRate               *float64   `json:"salt_rate" db:"salt_rate"`
	SidewalkDeiceRate      *float64   `json:"sidewalk_deice_rate" db:"sidewalk_deice_rate"`
	SidewalkSnowRate       *float64   `json:"sidewalk_snow_rate" db:"sidewalk_snow_rate"`
	Latitude               *float64   `json:"latitude" db:"latitude"`
	Longitude              *float64   `json:"longitude" db:"longitude"`
	ShowOnWeatherDashboard bool       `json:"show_on_weather_dashboard" db:"show_on_weather_dashboard"`
	CreatedAt              field.Time `json:"created_at" db:"created_at"`
	UpdatedAt              field.Time `json:"updated_at" db:"updated_at"`
}
