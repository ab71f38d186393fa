package reports

import (
	"context"

	"contractor-portal/db"
)

const propertyLogsSQL = chosen + `
select` + columns + sums + `
window sheet as (partition by t.property, t.property_id), line as (sheet order by t.time_in, t.id)
order by t.property, t.property_id, t.time_in, t.id`

var propertyLogs = layout{
	name: named("property_logs"),
	tickets: func(ctx context.Context, tx db.Tx, args db.Args, do func(*ticket) error) error {
		return db.Each(ctx, tx, propertyLogsSQL, args, do)
	},
	title: func(t *ticket) []string { return []string{t.Property} },
	keys:  []column{{heading: "Property", looks: aText, value: site.value}},
	columns: []column{
		date,
		{heading: "Contractor", looks: aText, value: worker.value, longest: worker.longest, atMost: 50},
		equipment,
		begin("Start Time", aClock), end("End Time", aClock), hours,
		used("Bulk Salt (yrd)", bulkSalt), used("Bag Salt", bagSalt), used("Calcium", calcium), notes, status,
	},
	above: 1,
	head: func(s *sheet, _ *request, t *ticket) error {
		return s.row(bold("Property: "+t.Property), none, none, none, none,
			bold("Total Hours: "+t.SheetHours.Fixed(2)), bold("Total Salt: "+t.SheetBulkSalt.Fixed(2)+" yrd"))
	},
}
