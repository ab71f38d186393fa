package reports

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/shape"
)

// Weather tells the weather of hours that are over, in their order.
type Weather interface {
	Past(ctx context.Context, work endpoint.Work, hours []shape.Hour) ([]shape.PastWeather, error)
}

// begun names a sheet whose weather is shown.
type begun struct {
	PropertyID int64  `db:"property_id"`
	Equipment  string `db:"equipment"`
}

func (t *ticket) begun() begun { return begun{t.PropertyID, t.Equipment} }

// A beginning is when the work of a sheet began, and where.
type beginning struct {
	begun
	At        *time.Time `db:"at"`
	Latitude  *float64   `db:"latitude"`
	Longitude *float64   `db:"longitude"`
}

// A workbook has no more sheets than that.
const beginningsSQL = chosen + `
select t.property_id, t.equipment, min(t.time_in) as at, min(t.latitude)::float8 as latitude, min(t.longitude)::float8 as longitude
from t
group by t.property_id, t.equipment
limit 2000`

// askWeather finds the weather of each sheet before the workbook is begun. A table has no place for it.
func askWeather(ctx context.Context, work endpoint.Work, in *exportRequest, from Weather) error {
	if in.Format != "xlsx" {
		return nil
	}
	var all []beginning
	err := work.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		args, err := fieldServiceLayout.args(ctx, tx, in)
		if err == nil {
			args["days"] = []time.Time{}
			all, err = db.All[beginning](ctx, tx, beginningsSQL, args)
		}
		return err
	})
	if err != nil {
		return err
	}
	in.weather = map[begun]shape.PastWeather{}
	var hours []shape.Hour
	var asked []begun
	for _, b := range all {
		switch {
		case b.At == nil:
			in.weather[b.begun] = shape.PastWeather{Unknown: "no ticket of this sheet has begun"}
		case b.Latitude == nil || b.Longitude == nil:
			in.weather[b.begun] = shape.PastWeather{Unknown: "the property has no coordinates"}
		default:
			hours, asked = append(hours, shape.Hour{Latitude: *b.Latitude, Longitude: *b.Longitude, At: *b.At}), append(asked, b.begun)
		}
	}
	if len(hours) == 0 {
		return nil
	}
	known, err := from.Past(ctx, work, hours)
	for i, w := range known {
		in.weather[asked[i]] = w
	}
	return err
}

// weatherRows tell the weather, or why it is not known.
func weatherRows(s *sheet, w shape.PastWeather) error {
	if w.Conditions == "" {
		why := w.Unknown
		if why == "" {
			why = "it is not known"
		}
		return s.row(text("Not shown: " + why + "."))
	}
	rows := [][]cell{
		{bold("Conditions"), text(w.Conditions)},
		{bold("Temperature"), text(fmt.Sprintf("%s °F (feels like %s °F)", tenth(w.Temperature), tenth(w.FeelsLike)))},
		{bold("Wind Speed"), text(tenth(w.Wind) + " mph")},
		{bold("Humidity"), text(tenth(w.Humidity) + " %")},
	}
	if w.Snow > 0 {
		rows = append(rows, []cell{bold("Snow (1hr)"), text(strconv.FormatFloat(w.Snow, 'f', 2, 64) + " in")})
	}
	if w.Rain > 0 {
		rows = append(rows, []cell{bold("Rain (1hr)"), text(strconv.FormatFloat(w.Rain, 'f', 2, 64) + " in")})
	}
	for _, row := range rows {
		if err := s.row(row...); err != nil {
			return err
		}
	}
	return nil
}

// tenth is a number with at most one decimal.
func tenth(x float64) string { return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) }
