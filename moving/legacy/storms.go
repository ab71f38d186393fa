package legacy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// A storm is a winter event, to which the work in its time belongs.
type storm struct {
	key, id    int64
	start, end time.Time // end is zero where it goes on
	active     bool
}

var events = step{
	from: []string{"winter_events"}, into: "portal.winter_events", keeps: true,
	columns: []string{"event_name", "description", "start_date", "end_date", "status", "created_by", "completed_at", "created_at", "updated_at"},
	// A storm that was going on ends here, or is cancelled.
	before: meetStorms,
	make:   event,
}

// meetStorms reads when the customer's storms are: of several that go on the latest does, and those before it end where the
// next one begins.
func meetStorms(ctx context.Context, p *pass) error {
	p.storms = nil
	err := p.scan(ctx, "winter_events", func(r *row) {
		start := r.at("start_date")
		if start == nil {
			start = r.at("created_at")
		}
		if start != nil {
			p.storms = append(p.storms, storm{key: r.key, start: *start, active: r.choice("status", "active", "active", "completed", "cancelled") == "active"})
		}
	})
	if err != nil {
		return err
	}
	n := p.ids["winter_events"]
	err = p.landing.AsMover(ctx, func() error {
		rows, _ := p.tx.Query(ctx, `select id, start_date from portal.winter_events where status = 'active'`)
		s := storm{active: true}
		_, err := pgx.ForEachRow(rows, []any{&s.id, &s.start}, func() error {
			if !slices.ContainsFunc(p.storms, func(other storm) bool { id, ok := n.before.id(other.key); return ok && id == s.id }) {
				// It goes on here, whatever goes on there.
				s.start = s.start.Add(100 * 365 * 24 * time.Hour)
				p.storms = append(p.storms, s)
			}
			return nil
		})
		return err
	})
	slices.SortStableFunc(p.storms, func(a, b storm) int { return a.start.Compare(b.start) })
	return err
}

// next is the storm that goes on after one; ok is false where none does.
func (p *pass) next(key int64) (s storm, ok bool) {
	i := slices.IndexFunc(p.storms, func(s storm) bool { return s.key == key })
	j := slices.IndexFunc(p.storms[i+1:], func(s storm) bool { return s.active })
	if j < 0 {
		return s, false
	}
	return p.storms[i+1], true
}

func event(p *pass, r *row) []any {
	start := r.at("start_date")
	if start == nil {
		if start = r.at("created_at"); start == nil {
			r.refused("start_date: none")
			return nil
		}
		r.change("start_date: none, now when it was made")
	}
	end, completed := r.at("end_date"), r.at("completed_at")
	status := r.choice("status", "active", "active", "completed", "cancelled")
	if status == "active" {
		if next, more := p.next(r.key); more {
			r.change("status: a later event is active, so this one is completed")
			status = "completed"
			if end == nil {
				end = new(next.start)
				if next.start.After(p.now) {
					end = new(p.now)
				}
			}
		}
	}
	if status == "completed" && end == nil {
		r.change("end_date: none, now when it was completed")
		if end = completed; end == nil {
			end = start
		}
	}
	if end != nil && end.Before(*start) {
		r.change("end_date: before start_date, now the same")
		end = start
	}
	if status != "completed" {
		completed = nil
	} else if completed == nil {
		completed = end
	}
	return []any{
		r.named("event_name", 255, fmt.Sprintf("Event %d", r.key)), r.text("description", 10_000), *start, end, status, r.ref("created_by", "users"),
		completed, r.since(p.now, "created_at"), r.since(p.now, "updated_at", "created_at"),
	}
}

// readStorms reads the storms that are here now: those that are active before the others, and later ones before earlier ones.
func readStorms(ctx context.Context, p *pass) error {
	p.storms = nil
	return p.landing.AsMover(ctx, func() error {
		rows, _ := p.tx.Query(ctx, `
select id, start_date, coalesce(end_date, 'infinity') = 'infinity', coalesce(end_date, start_date), status = 'active'
from portal.winter_events
where status <> 'cancelled'
order by status = 'active' desc, start_date desc, id desc`)
		var s storm
		var open bool
		_, err := pgx.ForEachRow(rows, []any{&s.id, &s.start, &open, &s.end, &s.active}, func() error {
			if open {
				s.end = time.Time{}
			}
			p.storms = append(p.storms, s)
			return nil
		})
		return err
	})
}

// during is the storm in whose time work began.
func (p *pass) during(began time.Time) *int64 {
	for i := range p.storms {
		s := &p.storms[i]
		if !s.start.After(began) && (s.end.IsZero() || !began.After(s.end)) {
			return &s.id
		}
	}
	return nil
}

var checkins = step{
	from: []string{"event_checkins"}, into: "portal.event_checkins", keeps: true,
	columns: []string{
		"winter_event_id", "user_id", "checked_in_at", "checked_out_at", "equipment_in_use", "status", "current_property_id", "last_location_lat",
		"last_location_lon", "last_location_update", "notes", "created_at", "updated_at",
	},
	before: findOpenCheckins,
	make:   checkin,
}

// findOpenCheckins says which of several open check-ins of a person stays open: the newest, unless one was opened here.
func findOpenCheckins(ctx context.Context, p *pass) error {
	p.newest = map[string]int64{}
	latest := map[string]time.Time{}
	err := p.scan(ctx, "event_checkins", func(r *row) {
		event, ok := p.ref("winter_events", r.number("winter_event_id"))
		person, here := p.ref("users", r.number("user_id"))
		if !ok || !here || r.at("checked_out_at") != nil {
			return
		}
		key, at := pair(event, person), r.since(time.Time{}, "checked_in_at", "created_at")
		if !at.Before(latest[key]) {
			p.newest[key], latest[key] = r.key, at
		}
	})
	if err != nil {
		return err
	}
	if err := p.lookHere(ctx, `select winter_event_id || ' ' || user_id, id from portal.event_checkins where checked_out_at is null`); err != nil {
		return err
	}
	p.yield("event_checkins")
	return nil
}

// yield lets what is here go before what would be the newest of the source, where that is another row.
func (p *pass) yield(table string) {
	for key, id := range p.seen {
		if row := p.newest[key]; row != 0 {
			if own, ok := p.ids[table].before.id(row); !ok || own != id {
				p.newest[key] = 0
			}
		}
	}
}

func checkin(p *pass, r *row) []any {
	event, person := r.must("winter_event_id", "winter_events"), r.must("user_id", "users")
	in, out := r.since(p.now, "checked_in_at", "created_at"), r.at("checked_out_at")
	status := r.choice("status", "checked_in", "checked_in", "working", "completed", "unavailable")
	if out == nil && p.newest[pair(event, person)] != r.key {
		r.change("checked_out_at: a newer check-in is open, so this one is not")
		out, status = &in, "completed"
	}
	if out != nil && out.Before(in) {
		r.change("checked_out_at: before checked_in_at, now the same")
		out = &in
	}
	lat, lon := r.place("last_location_lat", "last_location_lon")
	seen := r.at("last_location_update")
	if lat == nil {
		seen = nil
	}
	return []any{
		event, person, in, out, r.line("equipment_in_use", 255), status, r.ref("current_property_id", "locations"), decimalOr(lat, 7), decimalOr(lon, 7),
		seen, r.text("notes", 50_000), r.since(p.now, "created_at", "checked_in_at"), r.since(p.now, "updated_at", "created_at", "checked_in_at"),
	}
}
