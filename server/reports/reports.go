// Package reports sums what the logs say, on screen and in workbooks that a bookkeeper takes as they are. It writes
// nothing. Sums are SQL's, exact to the cell; a day is the company's; what is shown together is one picture.
package reports

import (
	"context"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// Routes registers the operations of this package.
func Routes(api endpoint.API, weather Weather) {
	office := endpoint.Only(auth.Admin, auth.Manager)
	endpoint.Report(api, "/report/by-product/", "reportByProduct", "What was used up, of each product", byProduct, office)
	endpoint.Report(api, "/report/by-property/", "reportByProperty", "Logs, hours and material of each property", byProperty, office)
	endpoint.Report(api, "/report/by-user/", "reportByUser", "Logs, hours and material of each person who entered them", byUser, office)
	export(api, "/export/contractor-timesheets/", "exportTimesheets", "Timesheets: a sheet for each worker and day", timesheets, endpoint.Members,
		"Field roles get what they entered or are the contractor of.")
	export(api, "/export/property-logs/", "exportPropertyLogs", "Winter logs of each property: a sheet for each", propertyLogs, office, "")
	export(api, "/export/billing-report/", "exportBilling", "What winter work costs: a sheet for each contractor", billing, office,
		"A line costs its hours at the rate that its equipment has today, to the cent, and the total is the sum of the lines. "+
			"A line whose equipment has no rate says so and costs nothing; the end of the sheet counts them.")
	export(api, "/export/winter-logs/", "exportWinterLogs", "All winter logs: one sheet, the newest first", winterLogs, office, "")
	export(api, "/export/field-service-reports/", "exportFieldService", "What was done where: a sheet for each property and equipment", fieldService(weather), office,
		"With winter_event_id the dates do not count. Each sheet ends with the weather of the hour in which its first ticket began, or says why it is not known.")
}

// A Filter says which logs count. Several parts must all be met. Landscape work has neither equipment nor an event:
// where one of them is asked for, there is none.
type Filter struct {
	StartDate      field.Date `json:"start_date,omitempty" doc:"First local date of the time in."`
	EndDate        field.Date `json:"end_date,omitempty" doc:"Last local date of the time in, itself included."`
	PropertyID     int64      `json:"property_id,omitempty" db:"property_id" ref:"locations" minimum:"0" doc:"The property."`
	UserID         int64      `json:"user_id,omitempty" db:"user_id" ref:"users" minimum:"0" doc:"Who entered it."`
	ContractorName field.Line `json:"contractor_name,omitempty" db:"contractor_name" maxLength:"255" doc:"Exactly this one."`
	Equipment      field.Line `json:"equipment,omitempty" db:"equipment" maxLength:"255" doc:"Exactly this one."`
	WinterEventID  int64      `json:"winter_event_id,omitempty" db:"winter_event_id" ref:"winter_events" minimum:"0" doc:"The winter event."`
}

// A reportRequest is the input of a report.
type reportRequest struct {
	Body Filter
}

// args are the values of the statements that filter by @names.
func (f *Filter) args(ctx context.Context, tx db.Tx) (db.Args, error) {
	begin, end, err := field.Days(ctx, tx, f.StartDate, f.EndDate)
	if err == nil && begin != nil && end != nil {
		last := end.Add(-time.Nanosecond)
		err = endpoint.InOrder("start_date", *begin, "end_date", &last)
	}
	args := db.Struct(f)
	args["begin"], args["end"] = begin, end
	return args, err
}

// chosenWinter are the winter logs that a filter asks for.
const chosenWinter = `
    (@begin::timestamptz is null or l.time_in >= @begin)
    and (@end::timestamptz is null or l.time_in < @end)
    and (@property_id::bigint = 0 or l.property_id = @property_id)
    and (@user_id::bigint = 0 or l.user_id = @user_id)
    and (@contractor_name = '' or l.contractor_name = @contractor_name)
    and (@equipment = '' or l.equipment = @equipment)
    and (@winter_event_id::bigint = 0 or l.winter_event_id = @winter_event_id)`

// both are the logs of both kinds, in rows of one form: what is summed over them is never multiplied. A queued stop of a
// route is no log yet. An open ticket has no hours, but what it says was used was used.
const both = `
with logs as (
  select l.customer_id, l.property_id, l.user_id, coalesce(nullif(l.worker_name, ''), l.contractor_name) as worker,
    (l.time_out is not null)::int as winter, (l.time_out is null)::int as open, 0 as green,
    extract(epoch from l.time_out - l.time_in) as winter_seconds, null::numeric as green_seconds,
    l.bulk_salt_qty, l.bag_salt_qty, l.calcium_chloride_qty, null::text as product, 0::numeric as product_qty
  from winter_ops_logs l
  where l.time_in is not null and` + chosenWinter + `
  union all
  select l.customer_id, l.property_id, l.user_id, coalesce(nullif(l.worker_name, ''), l.contractor_name),
    0, 0, 1,
    null, extract(epoch from l.time_out - l.time_in),
    0, 0, 0, nullif(l.products_used, ''), l.quantity_used
  from green_services_logs l
  where (@begin::timestamptz is null or l.time_in >= @begin)
    and (@end::timestamptz is null or l.time_in < @end)
    and (@property_id::bigint = 0 or l.property_id = @property_id)
    and (@user_id::bigint = 0 or l.user_id = @user_id)
    and (@contractor_name = '' or l.contractor_name = @contractor_name)
    and @equipment = ''
    and @winter_event_id::bigint = 0
)`

// A ProductTotal is how much was used of a product.
type ProductTotal struct {
	ProductName string        `json:"product_name" db:"product_name" doc:"Bulk Salt, Bag Salt or Calcium Chloride of winter logs, or what green logs call it."`
	TotalUsed   field.Decimal `json:"total_used" db:"total_used"`
	Unit        *string       `json:"unit" db:"unit" nullable:"true" doc:"Of winter material yards or bags; else what the list of landscape products says."`
}

const byProductSQL = both + `
select u.product_name, sum(u.used) as total_used,
  coalesce(u.unit, (select min(p.unit) from landscape_products p where p.name = u.product_name)) as unit
from logs l
cross join lateral (values
  ('Bulk Salt', l.bulk_salt_qty, 'yards'),
  ('Bag Salt', l.bag_salt_qty, 'bags'),
  ('Calcium Chloride', l.calcium_chloride_qty, 'bags'),
  (l.product, l.product_qty, null)
) u (product_name, used, unit)
where u.product_name is not null
group by u.product_name, u.unit
having sum(u.used) > 0
order by total_used desc, u.product_name, u.unit`

func byProduct(ctx context.Context, tx db.Tx, in *reportRequest) ([]ProductTotal, error) {
	args, err := in.Body.args(ctx, tx)
	if err != nil {
		return nil, err
	}
	return db.All[ProductTotal](ctx, tx, byProductSQL, args)
}

// Totals are the sums of some logs, each kind apart.
type Totals struct {
	WinterLogs        int64         `json:"winter_logs" db:"winter_logs" ref:"-" doc:"Closed tickets."`
	OpenTickets       int64         `json:"open_tickets" db:"open_tickets" ref:"-" doc:"Tickets without an end. They have no hours; their material counts."`
	GreenLogs         int64         `json:"green_logs" db:"green_logs" ref:"-"`
	WinterHours       field.Decimal `json:"winter_hours" db:"winter_hours"`
	GreenHours        field.Decimal `json:"green_hours" db:"green_hours"`
	BulkSalt          field.Decimal `json:"bulk_salt" db:"bulk_salt" doc:"Cubic yards."`
	BagSalt           field.Decimal `json:"bag_salt" db:"bag_salt" doc:"Bags."`
	CalciumChloride   field.Decimal `json:"calcium_chloride" db:"calcium_chloride" doc:"Bags."`
	GreenProductsUsed field.Decimal `json:"green_products_used" db:"green_products_used" doc:"Of all products together, each in its unit."`
}

// totals are the columns of Totals over l.
const totals = `
  sum(l.winter) as winter_logs, sum(l.open) as open_tickets, sum(l.green) as green_logs,
  round(coalesce(sum(l.winter_seconds), 0) / 3600, 2) as winter_hours,
  round(coalesce(sum(l.green_seconds), 0) / 3600, 2) as green_hours,
  sum(l.bulk_salt_qty) as bulk_salt, sum(l.bag_salt_qty) as bag_salt,
  sum(l.calcium_chloride_qty) as calcium_chloride, sum(l.product_qty) as green_products_used`

// PropertyTotals are the sums of a property.
type PropertyTotals struct {
	PropertyID int64  `json:"property_id" db:"property_id"`
	Property   string `json:"property" db:"property"`
	Totals
}

const byPropertySQL = both + `
select p.id as property_id, p.name as property,` + totals + `
from logs l
join locations p on (p.customer_id, p.id) = (l.customer_id, l.property_id)
group by p.id, p.name
order by p.name, p.id`

func byProperty(ctx context.Context, tx db.Tx, in *reportRequest) ([]PropertyTotals, error) {
	args, err := in.Body.args(ctx, tx)
	if err != nil {
		return nil, err
	}
	return db.All[PropertyTotals](ctx, tx, byPropertySQL, args)
}

// UserTotals are the sums of what a person entered.
type UserTotals struct {
	UserID        *int64 `json:"user_id" db:"user_id" nullable:"true" doc:"Who entered the logs; null where that is not known."`
	Subcontractor string `json:"subcontractor" db:"subcontractor" doc:"The worker whom most of the logs name; without a user_id each worker has a row."`
	Totals
}

// mode() takes the most frequent name, and the first in order where several are.
const byUserSQL = both + `
select l.user_id, coalesce(mode() within group (order by l.worker), '') as subcontractor,` + totals + `
from logs l
group by l.user_id, case when l.user_id is null then l.worker end
order by subcontractor, l.user_id`

func byUser(ctx context.Context, tx db.Tx, in *reportRequest) ([]UserTotals, error) {
	args, err := in.Body.args(ctx, tx)
	if err != nil {
		return nil, err
	}
	return db.All[UserTotals](ctx, tx, byUserSQL, args)
}
