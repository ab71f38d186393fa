package reports

import (
	"cmp"
	"context"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
)

const fieldServiceSQL = chosen + `
select` + columns + sums + `
window sheet as (partition by t.property, t.property_id, t.equipment), line as (sheet order by t.time_in, t.id)
order by t.property, t.property_id, t.equipment, t.time_in, t.id`

func fieldService(weather Weather) layout {
	l := fieldServiceLayout
	l.ask = func(ctx context.Context, work endpoint.Work, in *exportRequest) error {
		return askWeather(ctx, work, in, weather)
	}
	return l
}

var fieldServiceLayout = layout{
	name:    named("field_service_reports"),
	byEvent: true,
	tickets: func(ctx context.Context, tx db.Tx, args db.Args, do func(*ticket) error) error {
		return db.Each(ctx, tx, fieldServiceSQL, args, do)
	},
	title: func(t *ticket) []string { return []string{t.Property, cmp.Or(t.Equipment, unspecified)} },
	keys: []column{
		{heading: "Property Name", looks: aText, value: site.value},
		{heading: "Address", looks: aText, value: func(t *ticket) any { return t.Address }},
		{heading: "Equipment Used", looks: aText, value: equipment.value},
	},
	columns: []column{
		// As wide as the words above it.
		{heading: "Date", looks: aDate, value: date.value, longest: func(*summary) int { return len("Date of Service") }, atMost: 18},
		orMissing(begin("Time In", aTwelveClock), "Missing"), orMissing(end("Time Out", aTwelveClock), "Incomplete ticket"),
		{heading: "Total Hours", looks: aNumber, value: hours.value},
		contract,
		{heading: "Worker Name", looks: aText, value: worker.value, longest: worker.longest, atMost: 50},
		{heading: "Service Performed", looks: aText, value: func(*ticket) any { return "Snow Removal" }, longest: func(*summary) int { return 0 }, atMost: 50},
		notes,
	},
	above: 15,
	head:  fieldServiceHead,
	foot: func(s *sheet, r *request, t *ticket) error {
		if err := s.row(none, bold("TOTAL:"), number(t.SheetHours, aBoldNumber)); err != nil {
			return err
		}
		s.skip(2)
		if err := s.row(section("24-Hour Weather Report")); err != nil {
			return err
		}
		return weatherRows(s, r.weather[t.begun()])
	},
}

// orMissing says in words what an unfinished ticket lacks.
func orMissing(c column, words string) column {
	of := c.value
	c.value = func(t *ticket) any {
		if at := of(t); !isNothing(at) {
			return at
		}
		return words
	}
	return c
}

func fieldServiceHead(s *sheet, r *request, t *ticket) error {
	if err := s.title(r.Company, 6); err != nil {
		return err
	}
	s.skip(4)
	rows := [][]cell{
		{section("Property Information")},
		{bold("Property Name"), text(t.Property)},
		{bold("Address"), text(t.Address)},
		{bold("Date of Service"), text(r.service(t))},
		{bold("Service Window"), text("Snow Event Response")},
		{bold("Area Manager"), text(t.AreaManager)},
		{},
		{bold("Equipment Used"), text(cmp.Or(t.Equipment, unspecified))},
	}
	for _, row := range rows {
		if err := s.row(row...); err != nil {
			return err
		}
	}
	return nil
}

// service says when the work of a report was done.
func (r *request) service(t *ticket) string {
	switch {
	case r.WinterEventID != 0:
		return "Event: " + t.Event
	case r.StartDate != "" && r.EndDate != "":
		return string(r.StartDate) + " to " + string(r.EndDate)
	case r.StartDate != "":
		return "from " + string(r.StartDate)
	case r.EndDate != "":
		return "to " + string(r.EndDate)
	}
	return "All Time"
}
