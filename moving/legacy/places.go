package legacy

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

var places = step{
	from: []string{"locations", "properties"}, into: "portal.locations", keeps: true,
	columns: []string{
		"name", "address", "sqft", "area_manager", "plow", "salt", "notes", "trigger_type", "trigger_amount", "contract_tier", "open_by_time",
		"billing_type", "plow_rate", "salt_rate", "sidewalk_deice_rate", "sidewalk_snow_rate", "latitude", "longitude", "show_on_weather_dashboard",
		"created_at", "updated_at",
	},
	before: func(ctx context.Context, p *pass) error {
		return p.lookHere(ctx, `select address_key, id from portal.locations`)
	},
	make: place,
}

func place(p *pass, r *row) []any {
	name := r.named("name", 255, fmt.Sprintf("Property %d", r.key))
	address := p.address(r)
	trigger, amount := r.trigger()
	lat, lon := r.place("latitude", "longitude")
	return []any{
		name, address, r.whole("sqft"), r.line("area_manager", 100), r.flag("plow", false), r.flag("salt", false), r.text("notes", 10_000),
		trigger, decimal(amount, 2), r.choice("contract_tier", "Standard", "Premium", "Standard", "Basic"), r.clock("open_by_time"),
		r.choice("billing_type", "hourly", "hourly", "per_occurrence"),
		decimalOr(r.amount("plow_rate"), 2), decimalOr(r.amount("salt_rate"), 2), decimalOr(r.amount("sidewalk_deice_rate"), 2),
		decimalOr(r.amount("sidewalk_snow_rate"), 2), decimalOr(lat, 7), decimalOr(lon, 7), r.flag("show_on_weather_dashboard", true),
		r.since(p.now, "created_at"), r.since(p.now, "updated_at", "created_at"),
	}
}

// folded is what makes two addresses one, as PostgreSQL has it.
func folded(address string) string { return cases.Lower(language.Und).String(address) }

// address is the row's own: a later one that is the same gets its number behind it.
func (p *pass) address(r *row) string {
	address := r.named("address", 255, fmt.Sprintf("Property %d", r.key))
	holder := r.id
	if holder == 0 {
		holder = -r.key // its id is not drawn yet
	}
	for i := 0; ; i++ {
		own := address
		if i > 0 {
			suffix := fmt.Sprintf(" (%d)", r.key)
			if i > 1 {
				suffix = fmt.Sprintf(" (%d-%d)", r.key, i)
			}
			cut := []rune(address)
			own = string(cut[:min(len(cut), 255-len(suffix))]) + suffix
		}
		key := folded(own)
		if other, ok := p.seen[key]; ok && other != holder {
			continue
		}
		p.seen[key] = holder
		if i > 0 {
			r.change("address: another property has it, so its number is behind it now")
		}
		return own
	}
}

// fixed are the amounts of snow, in hundredths of an inch, of the triggers that have one.
var fixed = map[string]int64{"zero_tolerance": 0, "half_inch": 50, "one_inch": 100, "two_inch": 200}

// trigger says when snow service is due. A plan for the old portal had other words, and an amount that is none of its
// word's makes it a trigger of its own.
func (r *row) trigger() (word string, amount int64) {
	said, _ := r.raw("trigger_type")
	given := r.amount("trigger_amount")
	if given != nil && *given > 1200 {
		r.change("trigger_amount: more than 12 inches, now 12")
		*given = 1200
	}
	switch said = strings.ToLower(strings.TrimSpace(said)); said {
	case "accumulation":
		word = "custom"
		for w, n := range fixed {
			if given != nil && *given == n {
				word = w
			}
		}
		r.change("trigger_type: accumulation, now %s", word)
	case "event":
		r.change("trigger_type: event, now custom")
		word = "custom"
	default:
		word = r.choice("trigger_type", "two_inch", "zero_tolerance", "half_inch", "one_inch", "two_inch", "custom")
	}
	n, isFixed := fixed[word]
	switch {
	case given == nil && isFixed:
		return word, n
	case given == nil:
		return word, 200
	case isFixed && *given != n:
		r.change("trigger_amount: not that of %s, now a trigger of its own", word)
		return "custom", *given
	}
	return word, *given
}

// clock is a time of the day, to the minute.
func (r *row) clock(column string) any {
	text, ok := r.raw(column)
	if !ok || text == "" {
		return nil
	}
	for _, layout := range []string{"15:04:05", "15:04", "15:04:05.999999"} {
		if t, err := time.Parse(layout, text); err == nil {
			return pgtype.Time{Microseconds: (int64(t.Hour())*60 + int64(t.Minute())) * 60_000_000, Valid: true}
		}
	}
	r.change("%s: ‹%s› is no time of the day, now none", column, shown(text))
	return nil
}

// what is said once in a price list, and kept as it is here where it is here already.
var rates = step{
	from: []string{"equipment_rates"}, into: "portal.equipment_rates", keeps: true,
	columns: []string{"equipment_name", "hourly_rate", "description", "created_at", "updated_at"},
	make: func(p *pass, r *row) []any {
		return []any{
			r.named("equipment_name", 255, fmt.Sprintf("Equipment %d", r.key)), decimal(r.quantity("hourly_rate"), 2), r.text("description", 10_000),
			r.since(p.now, "created_at"), r.since(p.now, "updated_at", "created_at"),
		}
	},
	once: &once{here: `select equipment_name, id from portal.equipment_rates`, key: func(v []any) string { return v[0].(string) }},
}

func products(table string) step {
	return step{
		from: []string{table}, into: "portal." + table, keeps: true,
		columns: []string{"name", "unit", "created_at", "updated_at"},
		make: func(p *pass, r *row) []any {
			unit := r.line("unit", 50)
			if unit == nil {
				r.change("unit: none")
				unit = new("")
			}
			if text := r.text("description", 10_000); text != nil {
				r.change("description: has no place here")
			}
			return []any{r.named("name", 255, fmt.Sprintf("Product %d", r.key)), *unit, r.since(p.now, "created_at"), r.since(p.now, "updated_at", "created_at")}
		},
		once: &once{
			here: `select lower(name) || ' ' || lower(unit), id from portal.` + table,
			key:  func(v []any) string { return strings.ToLower(v[0].(string) + " " + v[1].(string)) },
		},
	}
}

var settings = step{
	from: []string{"admin_settings"}, into: "portal.admin_settings", keeps: true,
	columns: []string{"setting", "value", "created_at", "updated_at"},
	make: func(p *pass, r *row) []any {
		return []any{
			r.named("setting", 255, fmt.Sprintf("setting_%d", r.key)), r.text("value", 255),
			r.since(p.now, "created_at"), r.since(p.now, "updated_at", "created_at"),
		}
	},
	once: &once{here: `select setting, id from portal.admin_settings`, key: func(v []any) string { return v[0].(string) }},
}
