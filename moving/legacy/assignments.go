package legacy

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

func pair(a, b any) string { return fmt.Sprint(a, " ", b) }

// acceptance is whether somebody has taken on what he was assigned. An assignment from before there was such a thing counts
// as taken on.
func (r *row) acceptance() (status string, accepted, declined *time.Time) {
	status = "accepted"
	if text, _ := r.raw("acceptance_status"); text != "" {
		status = r.choice("acceptance_status", "pending", "pending", "accepted", "declined")
	}
	switch status {
	case "accepted":
		accepted = r.at("accepted_at")
	case "declined":
		declined = r.at("declined_at")
	}
	return status, accepted, declined
}

var assignments = step{
	from: []string{"property_contractors"}, into: "portal.property_contractors", keeps: true,
	columns: []string{
		"property_id", "contractor_id", "assigned_date", "is_primary", "acceptance_status", "accepted_at", "declined_at", "notes", "created_at", "updated_at",
	},
	free:   []string{"assigned_date"},
	before: findPrimaries,
	make: func(p *pass, r *row) []any {
		property, contractor := r.must("property_id", "locations"), r.must("contractor_id", "users")
		status, accepted, declined := r.acceptance()
		first := r.flag("is_primary", false)
		if newest := p.newest[strconv.FormatInt(property, 10)]; first && newest != r.key {
			r.change("is_primary: a newer one is")
			first = false
		}
		return []any{
			property, contractor, r.since(p.now, "assigned_date", "created_at"), first, status, accepted, declined, r.text("notes", 10_000),
			r.since(p.now, "created_at", "assigned_date"), r.since(p.now, "updated_at", "created_at", "assigned_date"),
		}
	},
	once: &once{
		here: `select property_id || ' ' || contractor_id, id from portal.property_contractors`,
		key:  func(v []any) string { return pair(v[0], v[1]) },
	},
}

// findPrimaries says which of several primary contractors of a property stays so: the newest, unless people have chosen one
// here.
func findPrimaries(ctx context.Context, p *pass) error {
	p.newest = map[string]int64{}
	err := p.scan(ctx, "property_contractors", func(r *row) {
		property, ok := p.ref("locations", r.number("property_id"))
		_, here := p.ref("users", r.number("contractor_id"))
		if ok && here && r.flag("is_primary", false) {
			key := strconv.FormatInt(property, 10)
			p.newest[key] = max(p.newest[key], r.key)
		}
	})
	if err != nil {
		return err
	}
	if err := p.lookHere(ctx, `select property_id::text, id from portal.property_contractors where is_primary`); err != nil {
		return err
	}
	n := p.ids["property_contractors"]
	for property, id := range p.seen {
		if key := p.newest[property]; key != 0 {
			if own, ok := n.before.id(key); !ok || own != id {
				p.newest[property] = 0
			}
		}
	}
	return nil
}

func (r *row) number(column string) int64 {
	text, _ := r.raw(column)
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

// scan looks at the customer's rows of a table before they are taken. Their notes are lost: they come again.
func (p *pass) scan(ctx context.Context, name string, do func(*row)) error {
	t := p.source.tables[name]
	owners, some := p.source.of(t, p.owner, p.alone)
	if !some {
		return nil
	}
	r := &row{table: t, zone: p.Zone, refs: p.ref}
	return p.source.rows(ctx, t, owners, func(v []sql.RawBytes) error {
		r.values, r.notes, r.refuse, r.key = v, r.notes[:0], "", 0
		r.key = r.number("id")
		do(r)
		return nil
	})
}

var routes = step{
	from: []string{"routes"}, into: "portal.routes", keeps: true,
	columns: []string{"user_id", "name", "description", "is_template", "created_at", "updated_at"},
	make: func(p *pass, r *row) []any {
		return []any{
			r.must("user_id", "users"), r.named(r.either("name", "route_name"), 255, fmt.Sprintf("Route %d", r.key)), r.text("description", 10_000),
			r.flag("is_template", false), r.since(p.now, "created_at"), r.since(p.now, "updated_at", "created_at"),
		}
	},
}

var stops = step{
	from: []string{"route_properties"}, into: "portal.route_properties", noID: true, with: "routes", by: "route_id",
	columns: []string{"route_id", "property_id", "sequence_order", "estimated_time_minutes", "notes", "created_at", "updated_at"},
	make: func(p *pass, r *row) []any {
		order := r.whole("sequence_order")
		if order == nil {
			order = new(int64(0))
		}
		return []any{
			r.must("route_id", "routes"), r.must("property_id", "locations"), *order, r.whole("estimated_time_minutes"), r.text("notes", 10_000),
			r.since(p.now, "created_at"), r.since(p.now, "updated_at", "created_at"),
		}
	},
	once: &once{
		here: `select route_id || ' ' || property_id, 0 from portal.route_properties`,
		key:  func(v []any) string { return pair(v[0], v[1]) },
	},
}

var routeAssignments = step{
	from: []string{"route_assignments"}, into: "portal.route_assignments", keeps: true,
	columns: []string{
		"route_id", "user_id", "assigned_at", "acceptance_status", "accepted_at", "declined_at", "current_property_id", "current_property_started_at",
		"created_at", "updated_at",
	},
	free: []string{"assigned_at"},
	make: func(p *pass, r *row) []any {
		status, accepted, declined := r.acceptance()
		at, began := r.ref("current_property_id", "locations"), r.at("current_property_started_at")
		if at != nil && began == nil {
			r.change("current_property_id: nobody says since when, now none")
			at = nil
		}
		return []any{
			r.must("route_id", "routes"), r.must("user_id", "users"), r.since(p.now, "assigned_at", "created_at"), status, accepted, declined, at, began,
			r.since(p.now, "created_at", "assigned_at"), r.since(p.now, "updated_at", "created_at", "assigned_at"),
		}
	},
	once: &once{
		here: `select route_id || ' ' || user_id, id from portal.route_assignments`,
		key:  func(v []any) string { return pair(v[0], v[1]) },
	},
}

var history = step{
	from: []string{"assignment_history"}, into: "portal.assignment_history", keeps: true,
	columns: []string{
		"assignment_type", "assignment_id", "user_id", "property_id", "route_id", "action", "action_timestamp", "notes", "created_at", "updated_at",
	},
	free: []string{"action_timestamp"},
	make: func(p *pass, r *row) []any {
		kind := r.choice("assignment_type", "property", "property", "route")
		of := "property_contractors"
		route := r.ref("route_id", "routes")
		if kind == "route" {
			of = "route_assignments"
		} else if route != nil {
			r.change("route_id: that of a property's assignment is none")
			route = nil
		}
		// An assignment that was taken back has its history, and a number that nobody gets.
		id := r.number("assignment_id")
		if here, ok := p.ref(of, id); ok {
			id = here
		}
		action, _ := r.raw("action")
		if r.choice("action", "", "assigned", "accepted", "declined", "started", "completed") == "" {
			r.refused("action: ‹%s› is not known", shown(action))
		}
		return []any{
			kind, id, r.must("user_id", "users"), r.ref("property_id", "locations"), route,
			r.choice("action", "", "assigned", "accepted", "declined", "started", "completed"),
			r.since(p.now, "action_timestamp", "created_at"), r.text("notes", 10_000),
			r.since(p.now, "created_at", "action_timestamp"), r.since(p.now, "updated_at", "created_at", "action_timestamp"),
		}
	},
}

var lists = step{
	from: []string{"property_lists"}, into: "portal.property_lists", keeps: true,
	columns: []string{"name", "user_id", "is_shared", "filters", "created_at", "updated_at"},
	make: func(p *pass, r *row) []any {
		return []any{
			r.named(r.either("name", "list_name"), 255, fmt.Sprintf("List %d", r.key)), r.must("user_id", "users"), r.flag("is_shared", false),
			r.object("filters"), r.since(p.now, "created_at"), r.since(p.now, "updated_at", "created_at"),
		}
	},
}

// object is a JSON object of at most 16 KiB; nil where there is none.
func (r *row) object(column string) any {
	text, ok := r.raw(column)
	if !ok || text == "" || text == "null" {
		return nil
	}
	value := map[string]any{}
	if err := json.Unmarshal([]byte(text), &value); err != nil || len(text) > 8<<10 {
		r.change("%s: no JSON object of at most 8 KiB, now none", column)
		return nil
	}
	return value
}

func listItems(table string) step {
	return step{
		from: []string{table}, into: "portal.property_list_items", noID: true, with: "property_lists", by: "list_id",
		columns: []string{"list_id", "property_id", "added_at"},
		make: func(p *pass, r *row) []any {
			return []any{r.must("list_id", "property_lists"), r.must("property_id", "locations"), r.since(p.now, "added_at", "created_at")}
		},
		once: &once{
			here: `select list_id || ' ' || property_id, 0 from portal.property_list_items`,
			key:  func(v []any) string { return pair(v[0], v[1]) },
		},
	}
}
