package reports

import (
	"cmp"
	"context"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// Who has another name now is billed by the name that he had then.
const billingSQL = chosen + `
select` + columns + sums + `
window sheet as (partition by t.contractor, t.contractor_id), line as (sheet order by t.time_in, t.id)
order by t.contractor, t.contractor_id, t.time_in, t.id`

var billing = layout{
	name: func(f *Filter) string {
		return "billing_report_" + cmp.Or(plain(string(f.ContractorName)), "all_contractors")
	},
	tickets: func(ctx context.Context, tx db.Tx, args db.Args, do func(*ticket) error) error {
		return db.Each(ctx, tx, billingSQL, args, do)
	},
	title: func(t *ticket) []string { return []string{t.Contractor} },
	keys:  []column{contract},
	columns: []column{
		date, begin("Start Time", aLongClock), end("End Time", aLongClock), minutes,
		{heading: "HR $", looks: aMoney, value: func(t *ticket) any { return known(t.Amount) }},
		site, used("Qty Salt (yrd)", bulkSalt),
		{heading: "Equipment", looks: aText, value: equipment.value, longest: equipment.longest, atMost: 30},
		{heading: "Rate $", looks: aMoney, value: func(t *ticket) any { return known(t.Rate) }},
		{heading: "Status", looks: aText, value: func(t *ticket) any { return t.billed() }, longest: func(*summary) int { return len(noRate) }, atMost: 30},
	},
	above: 2,
	head: func(s *sheet, _ *request, t *ticket) error {
		return s.row(bold(cmp.Or(t.Contractor, unspecified)))
	},
	foot: func(s *sheet, _ *request, t *ticket) error {
		s.skip(1)
		if err := s.row(bold("Total Hours:"), number(t.SheetHours, aBoldNumber)); err != nil {
			return err
		}
		if err := s.row(bold("Total $:"), none, none, none, number(t.SheetAmount, aBoldMoney)); err != nil || t.SheetUnpriced == 0 {
			return err
		}
		return s.row(bold("Without a rate, and not in the total: " + endpoint.Count(t.SheetUnpriced, "line", "lines")))
	},
}

const noRate = "no rate of this equipment"

// billed is what is to be said of a line of a bill.
func (t *ticket) billed() string {
	if s := t.status(); s != "" || t.Rate != nil {
		return s
	}
	if t.Equipment == "" {
		return "no equipment, so no rate"
	}
	return noRate
}

// known is a number, or nothing.
func known(d *field.Decimal) any {
	if d == nil {
		return nil
	}
	return *d
}
