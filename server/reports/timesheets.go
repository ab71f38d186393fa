package reports

import (
	"cmp"
	"context"

	"contractor-portal/db"
)

const timesheetsSQL = chosen + `
select` + columns + sums + `
where t.time_in is not null
window sheet as (partition by t.worker, t.contractor_id, t.day), line as (sheet order by t.time_in, t.id)
order by t.worker, t.contractor_id, t.day, t.time_in, t.id`

var timesheets = layout{
	name:  named("contractor_timesheets"),
	dated: true,
	tickets: func(ctx context.Context, tx db.Tx, args db.Args, do func(*ticket) error) error {
		return db.Each(ctx, tx, timesheetsSQL, args, do)
	},
	title: func(t *ticket) []string {
		return []string{t.TimeIn.Format("01022006") + "_" + cmp.Or(t.Worker, unspecified)}
	},
	keys: []column{worker, date},
	columns: []column{
		begin("Start Time", aShortClock), end("End Time", aShortClock), minutes,
		{heading: "HRS", looks: aNumber, value: hours.value},
		site, equipment, used("Qty Salt (yrd)", bulkSalt), status,
	},
	above: 1,
	head: func(s *sheet, _ *request, t *ticket) error {
		return s.row(bold("Contractor:"), bold(cmp.Or(t.Worker, unspecified)), none, none, none, bold("Total Time: "+t.SheetHours.Fixed(2)+" hrs"))
	},
}
