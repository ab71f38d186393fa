package legacy

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// work is how much was done at a property: logs, hundredths of quantities and microseconds.
type work struct{ logs, bulk, bags, calcium, micros int64 }

func (w work) plus(o work) work {
	return work{w.logs + o.logs, w.bulk + o.bulk, w.bags + o.bags, w.calcium + o.calcium, w.micros + o.micros}
}

// began reads when work began and ended. Work that ended before it began took no time: how long is not known.
func (r *row) began() (in, out *time.Time) {
	in, out = r.at("time_in"), r.at("time_out")
	if in == nil && out != nil {
		r.change("time_in: none, now time_out")
		in = out
	}
	if in != nil && out != nil && out.Before(*in) {
		if zone := r.local(in, out); zone != nil {
			return in, zone
		}
		r.change("time_out: before time_in, now the same; a note says it")
		out = in
	}
	return in, out
}

// local is the second of two equal hours in autumn, where that is what time_out has to mean.
func (r *row) local(in, out *time.Time) *time.Time {
	later := out.Add(time.Hour)
	if r.table.kind("time_out") == "timestamp" || later.Before(*in) || later.In(r.zone).Format(time.DateTime) != out.In(r.zone).Format(time.DateTime) {
		return nil
	}
	return &later
}

// noted is the note of a log, with what its time_out was where that could not be.
func (r *row) noted(most int) *string {
	note := r.text("notes", most)
	in, _ := r.raw("time_in")
	out, ok := r.raw("time_out")
	if !ok || in == "" || out >= in || strings.HasPrefix(out, "0000") {
		return note
	}
	said := "Imported: time_out was " + out + ", before time_in."
	if note == nil {
		return &said
	}
	return r.cut("notes", *note+"\n"+said, most)
}

var logs = step{
	from: []string{"winter_ops_logs"}, into: "portal.winter_ops_logs", keeps: true,
	columns: []string{
		"property_id", "contractor_id", "contractor_name", "user_id", "worker_name", "equipment", "time_in", "time_out", "status", "bulk_salt_qty",
		"bag_salt_qty", "calcium_chloride_qty", "customer_provided", "notes", "winter_event_id", "event_assigned_manually", "route_id", "route_sequence",
		"route_status", "estimated_minutes", "created_at", "updated_at",
	},
	// Which storm work belongs to is found anew when one changes.
	free:   []string{"winter_event_id", "event_assigned_manually"},
	before: findOpenTickets,
	make:   winterLog,
}

// findOpenTickets says which of several open tickets of a worker at a property stays open: the newest, unless one was opened
// here.
func findOpenTickets(ctx context.Context, p *pass) error {
	if err := readStorms(ctx, p); err != nil {
		return err
	}
	p.newest = map[string]int64{}
	t := p.source.tables["winter_ops_logs"]
	if !t.has("time_out") {
		return nil
	}
	owners, _ := p.source.of(t, p.owner, p.alone)
	owners.where = strings.Join(slicesOf(owners.where, "t.time_out is null"), " and ")
	r := &row{table: t, zone: p.Zone, refs: p.ref}
	err := p.source.rows(ctx, t, owners, func(v []sql.RawBytes) error {
		r.values, r.notes, r.refuse = v, r.notes[:0], ""
		r.key = r.number("id")
		if key := r.ticket(); key != "" {
			p.newest[key] = max(p.newest[key], r.key)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = p.lookHere(ctx, `
select concat_ws(' ', property_id, coalesce(contractor_id, user_id), lower(coalesce(worker_name, ''))), id
from portal.winter_ops_logs
where status = 'open' and coalesce(contractor_id, user_id) is not null`)
	if err == nil {
		p.yield("winter_ops_logs")
	}
	return err
}

// slicesOf are the conditions that there are.
func slicesOf(conditions ...string) (all []string) {
	for _, c := range conditions {
		if c != "" {
			all = append(all, c)
		}
	}
	return all
}

// ticket is what of open tickets there may be once; empty where there may be several.
func (r *row) ticket() string {
	property, ok := r.refs("locations", r.number("property_id"))
	who := r.ref("contractor_id", "users")
	if who == nil {
		who = r.ref("user_id", "users")
	}
	if !ok || who == nil {
		return ""
	}
	return fmt.Sprintf("%d %d %s", property, *who, strings.ToLower(stringOr(r.said(r.either("worker_name", "subcontractor_name")))))
}

func winterLog(p *pass, r *row) []any {
	property := r.must("property_id", "locations")
	in, out := r.began()
	note := r.noted(10_000)
	queue := r.queue()
	if in == nil && (queue == nil || *queue != "queued") {
		if in = r.at("created_at"); in == nil {
			r.refused("time_in: none")
			return nil
		}
		r.change("time_in: none, now when it was made")
	}
	status := "open"
	if out != nil {
		status = "closed"
	} else if newest, one := p.newest[r.ticketOf(p)]; one && newest != r.key {
		r.change("time_out: a newer ticket of the same worker is open there, so this one is closed without time")
		status, out = "closed", in
	}
	if said, ok := r.raw("status"); ok && !strings.EqualFold(said, status) {
		r.change("status: ‹%s›, but by its time_out it is %s", shown(said), status)
	}
	event, byHand := p.eventOf(r, in)
	w := work{1, r.quantity("bulk_salt_qty"), r.quantity("bag_salt_qty"), r.quantity("calcium_chloride_qty"), between(in, out)}
	if in == nil && out == nil && status == "closed" {
		r.refused("time_in: none")
	}
	p.counted(r, property, w)
	return []any{
		property, r.ref("contractor_id", "users"), r.said("contractor_name"), r.ref("user_id", "users"),
		r.said(r.either("worker_name", "subcontractor_name")), r.said("equipment"), in, out, status,
		decimal(w.bulk, 2), decimal(w.bags, 2), decimal(w.calcium, 2), r.flag("customer_provided", false), note, event, byHand,
		r.ref("route_id", "routes"), r.whole("route_sequence"), queue, r.whole("estimated_minutes"),
		r.since(p.now, "created_at", "time_in"), r.since(p.now, "updated_at", "created_at", "time_in"),
	}
}

// ticketOf is ticket where somebody has asked already which stay open, and costs nothing where the ticket is closed.
func (r *row) ticketOf(p *pass) string {
	if len(p.newest) == 0 {
		return ""
	}
	kept := len(r.notes)
	key := r.ticket()
	r.notes = r.notes[:kept]
	return key
}

func (r *row) queue() *string {
	text, _ := r.raw("route_status")
	if text == "" {
		return nil
	}
	word := r.choice("route_status", "", "queued", "active", "complete")
	if word == "" {
		return nil
	}
	return &word
}

// eventOf is the storm that work belongs to. One that the rule would not have found was chosen by somebody.
func (p *pass) eventOf(r *row, in *time.Time) (event *int64, byHand bool) {
	event = r.ref("winter_event_id", "winter_events")
	if in == nil {
		return event, false
	}
	found := p.during(*in)
	if event == nil {
		if found != nil {
			r.fill("winter_event_id: none, now that in whose time it began")
		}
		return found, false
	}
	return event, found == nil || *found != *event
}

func between(in, out *time.Time) int64 {
	if in == nil || out == nil {
		return 0
	}
	return out.Sub(*in).Microseconds()
}

// counted remembers how much a row adds to its property, for when it is taken.
func (p *pass) counted(r *row, property int64, w work) { r.property, r.work = property, w }

var greenLogs = step{
	from: []string{"green_services_logs"}, into: "portal.green_services_logs", keeps: true, columns: greenColumns,
	make: func(p *pass, r *row) []any {
		in, out := r.began()
		return p.green(r, in, out, r.quantity("quantity_used"), r.line("products_used", 255))
	},
}

var greenColumns = []string{
	"property_id", "contractor_id", "contractor_name", "user_id", "worker_name", "time_in", "time_out", "service_type", "products_used",
	"quantity_used", "notes", "created_at", "updated_at",
}

func (p *pass) green(r *row, in, out *time.Time, quantity int64, products *string) []any {
	property := r.must("property_id", "locations")
	if in == nil {
		r.refused("time_in: none")
		return nil
	}
	if out == nil {
		r.change("time_out: none, now time_in")
		out = in
	}
	contractor := r.said("contractor_name")
	worker := r.said(r.either("worker_name", "subcontractor_name"))
	if worker == nil {
		if worker = contractor; worker == nil {
			worker = new("Unknown")
		}
		r.change("worker_name: none, now ‹%s›", shown(*worker))
	}
	p.counted(r, property, work{logs: 1, bulk: quantity, micros: between(in, out)})
	return []any{
		property, r.ref("contractor_id", "users"), contractor, r.ref("user_id", "users"), *worker, *in, *out, r.named("service_type", 100, "Labor"),
		products, decimal(quantity, 2), r.noted(10_000), r.since(*in, "created_at"), r.since(*in, "updated_at", "created_at"),
	}
}

// greenServices is the table of the first generation, with a date and two times of the day, and a product's number.
var greenServices = step{
	from: []string{"green_services"}, into: "portal.green_services_logs", columns: greenColumns,
	before: func(ctx context.Context, p *pass) error {
		p.goods = map[int64]string{}
		if p.source.tables["landscape_products"] == nil {
			return nil
		}
		return p.scan(ctx, "landscape_products", func(r *row) { p.goods[r.key] = stringOr(r.line("name", 255)) })
	},
	make: func(p *pass, r *row) []any {
		in, out := r.onDay("time_in", "start_time"), r.onDay("time_out", "end_time")
		if in != nil && out != nil && out.Before(*in) {
			r.change("time_out: before time_in, now the same; a note says it")
			out = in
		}
		var products *string
		if key := r.number("product_id"); key != 0 {
			if name := p.goods[key]; name != "" {
				products = &name
			} else {
				r.change("product_id: ‹%d› is none of the products, now none", key)
			}
		}
		return p.green(r, in, out, r.quantity("product_quantity"), products)
	},
}

// onDay is a time of the day in one of some columns, on the day of the row.
func (r *row) onDay(columns ...string) *time.Time {
	column := r.either(columns...)
	if kind := r.table.kind(column); kind == "datetime" || kind == "timestamp" {
		return r.at(column)
	}
	day := r.either("date", "service_date", "work_date")
	date, _ := r.raw(day)
	clock, _ := r.raw(column)
	if date == "" || strings.HasPrefix(date, "0000") {
		return nil
	}
	if clock == "" {
		clock = "00:00:00"
	}
	moment, err := time.Parse(time.DateOnly, date[:min(len(date), 10)])
	if err != nil {
		return nil
	}
	return r.moment(column, moment.Format(time.DateOnly)+" "+clock, r.zone)
}
