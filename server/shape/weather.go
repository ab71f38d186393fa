package shape

import "time"

// An Hour is one hour at a place.
type Hour struct {
	Latitude, Longitude float64
	At                  time.Time
}

// PastWeather is the weather of an Hour.
type PastWeather struct {
	Conditions  string
	Temperature float64 // degrees Fahrenheit, and so is FeelsLike
	FeelsLike   float64
	Wind        float64 // miles an hour
	Humidity    float64 // per cent
	Snow, Rain  float64 // inches, of the hour
	Unknown     string  // a sentence that says why nothing of it is known; or ""
}
