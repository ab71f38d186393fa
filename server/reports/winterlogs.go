package reports

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// All stand on one sheet, whose sums are those of the summary.
const winterLogsSQL = chosen + `
select` + columns + `,
  false as opens, 0::numeric as sheet_hours, 0::numeric as sheet_bulk_salt, 0::numeric as sheet_amount, 0::bigint as sheet_unpriced
from t
order by t.time_in desc, t.id desc`

func quantity(heading string, of func(*ticket) field.Decimal) column {
	return column{heading: heading, looks: aNumber, value: func(t *ticket) any { return of(t) }}
}

var winterLogs = layout{
	name: named("winter_logs"),
	tickets: func(ctx context.Context, tx db.Tx, args db.Args, do func(*ticket) error) error {
		return db.Each(ctx, tx, winterLogsSQL, args, do)
	},
	title: func(*ticket) []string { return []string{"Winter Logs"} },
	columns: []column{
		date,
		{heading: "Property", looks: aText, value: site.value, longest: site.longest, atMost: 50},
		contract, worker, equipment,
		begin("Time In", aMoment), end("Time Out", aMoment), hours,
		quantity("Bulk Salt (yards)", bulkSalt), quantity("Bag Salt (bags)", bagSalt), quantity("Calcium Chloride (bags)", calcium),
		{heading: "Customer Provided", looks: aText, value: func(t *ticket) any {
			if t.CustomerProvided {
				return "Yes"
			}
			return "No"
		}, longest: func(*summary) int { return len("Yes") }, atMost: 50},
		notes,
		{heading: "Winter Event", looks: aText, value: func(t *ticket) any { return t.Event }, longest: func(s *summary) int { return s.Event }, atMost: 50},
		status,
	},
	foot: func(s *sheet, r *request, _ *ticket) error {
		s.skip(1)
		return s.row(bold("TOTALS"), bold(endpoint.Count(r.Tickets, "log", "logs")), none, none, none, none, none,
			number(r.Hours, aBoldNumber), number(r.BulkSalt, aBoldNumber), number(r.BagSalt, aBoldNumber), number(r.Calcium, aBoldNumber))
	},
}
