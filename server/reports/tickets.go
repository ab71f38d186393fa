package reports

import (
	"context"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/field"
)

// A ticket is a winter log as exports show it, with the sums of the sheet that it stands on. Texts that are not known
// are empty.
type ticket struct {
	PropertyID       int64          `db:"property_id"`
	Property         string         `db:"property"`
	Address          string         `db:"address"`
	AreaManager      string         `db:"area_manager"`
	Contractor       string         `db:"contractor"`
	Worker           string         `db:"worker"`
	Equipment        string         `db:"equipment"`
	TimeIn           *field.Time    `db:"time_in"`
	TimeOut          *field.Time    `db:"time_out"` // nil: it is open
	Minutes          int64          `db:"minutes"`
	Hours            field.Decimal  `db:"hours"`
	BulkSalt         field.Decimal  `db:"bulk_salt"`
	BagSalt          field.Decimal  `db:"bag_salt"`
	Calcium          field.Decimal  `db:"calcium"`
	CustomerProvided bool           `db:"customer_provided"`
	Notes            string         `db:"notes"`
	Event            string         `db:"event"`
	Rate             *field.Decimal `db:"rate"`   // of an hour; nil: there is none
	Amount           *field.Decimal `db:"amount"` // nil: there is no rate

	Opens         bool          `db:"opens"` // it is the first of a sheet
	SheetHours    field.Decimal `db:"sheet_hours"`
	SheetBulkSalt field.Decimal `db:"sheet_bulk_salt"`
	SheetAmount   field.Decimal `db:"sheet_amount"`
	SheetUnpriced int64         `db:"sheet_unpriced"` // closed tickets without a rate
}

// chosen are the tickets of an export. Who is not of the office gets his own. @days are midnights of the company, so
// that PostgreSQL compares instants and knows no zone.
const chosen = `
with t as (
  select l.id, l.property_id, p.name as property, p.address, p.latitude, p.longitude, coalesce(p.area_manager, '') as area_manager,
    l.contractor_id, coalesce(l.contractor_name, '') as contractor,
    coalesce(nullif(l.worker_name, ''), l.contractor_name, '') as worker, coalesce(l.equipment, '') as equipment,
    l.time_in, l.time_out, extract(epoch from l.time_out - l.time_in) as seconds,
    l.bulk_salt_qty, l.bag_salt_qty, l.calcium_chloride_qty, l.customer_provided, coalesce(l.notes, '') as notes,
    coalesce(e.event_name, '') as event, r.hourly_rate,
    round(extract(epoch from l.time_out - l.time_in) * r.hourly_rate / 3600, 2) as amount,
    width_bucket(l.time_in, @days::timestamptz[]) as day
  from winter_ops_logs l
  join locations p on (p.customer_id, p.id) = (l.customer_id, l.property_id)
  left join winter_events e on (e.customer_id, e.id) = (l.customer_id, l.winter_event_id)
  left join equipment_rates r on (r.customer_id, r.equipment_name) = (l.customer_id, l.equipment)
  where` + chosenWinter + `
    and ((select tenancy.role()) in ('Admin', 'Manager') or (select tenancy.user_id()) in (l.user_id, l.contractor_id))
)`

// columns are those of a ticket over t, but for what its sheet adds.
const columns = `
  t.property_id, t.property, t.address, t.area_manager, t.contractor, t.worker, t.equipment, t.time_in, t.time_out,
  coalesce(floor(t.seconds / 60), 0)::bigint as minutes, coalesce(round(t.seconds / 3600, 2), 0) as hours,
  t.bulk_salt_qty as bulk_salt, t.bag_salt_qty as bag_salt, t.calcium_chloride_qty as calcium,
  t.customer_provided, t.notes, t.event, t.hourly_rate as rate, t.amount`

// sums are those of the sheet, of the window sheet; rows says the order within it.
const sums = `,
  row_number() over line = 1 as opens,
  coalesce(round(sum(t.seconds) over sheet / 3600, 2), 0) as sheet_hours,
  sum(t.bulk_salt_qty) over sheet as sheet_bulk_salt,
  coalesce(sum(t.amount) over sheet, 0) as sheet_amount,
  count(*) filter (where t.hourly_rate is null and t.time_out is not null) over sheet as sheet_unpriced
from t`

// A summary is of all tickets of an export: it says whether there are any, and how wide their columns are.
type summary struct {
	Tickets    int64         `db:"tickets"`
	First      *field.Time   `db:"first"`
	Last       *field.Time   `db:"last"`
	Hours      field.Decimal `db:"hours"`
	BulkSalt   field.Decimal `db:"bulk_salt"`
	BagSalt    field.Decimal `db:"bag_salt"`
	Calcium    field.Decimal `db:"calcium"`
	Property   int           `db:"property"`
	Contractor int           `db:"contractor"`
	Worker     int           `db:"worker"`
	Equipment  int           `db:"equipment"`
	Notes      int           `db:"notes"`
	Event      int           `db:"event"`
	Company    string        `db:"company"`
}

const summarySQL = chosen + `
select count(*) as tickets, min(t.time_in) as first, max(t.time_in) as last,
  coalesce(round(sum(t.seconds) / 3600, 2), 0) as hours,
  coalesce(sum(t.bulk_salt_qty), 0) as bulk_salt, coalesce(sum(t.bag_salt_qty), 0) as bag_salt,
  coalesce(sum(t.calcium_chloride_qty), 0) as calcium,
  coalesce(max(char_length(t.property)), 0) as property, coalesce(max(char_length(t.contractor)), 0) as contractor,
  coalesce(max(char_length(t.worker)), 0) as worker, coalesce(max(char_length(t.equipment)), 0) as equipment,
  coalesce(max(char_length(t.notes)), 0) as notes, coalesce(max(char_length(t.event)), 0) as event,
  (select c.company_name from platform.customers c) as company
from t
where (not @dated or t.time_in is not null)`

// summed asks for the summary, and makes of args those of the tickets.
func summed(ctx context.Context, tx db.Tx, args db.Args, dated bool) (s summary, zone *time.Location, err error) {
	args["days"], args["dated"] = []time.Time{}, dated
	if s, err = db.One[summary](ctx, tx, summarySQL, args); err != nil {
		return s, nil, err
	}
	zone, err = tx.Zone(ctx)
	if dated && s.First != nil {
		args["days"] = field.Midnights(s.First.Time, s.Last.Time, zone)
	}
	delete(args, "dated")
	return s, zone, err
}
