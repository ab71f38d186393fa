package quickbooks

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// A pair is what one invoice is of.
type pair struct{ property, event int64 }

// A subject is what a pair is called, and what else is known of it. What is absent has no name.
type subject struct {
	Property *string `db:"property"`
	Address  *string `db:"address"`
	Event    *string `db:"event"`
	Open     int64   `db:"open"` // tickets
	DueDays  int     `db:"due_days"`
	Item     string  `db:"item"`
}

// A company's own: quickbooks_due_days, and quickbooks_item_id, the product or service at QuickBooks that is on its lines.
const subjectSQL = `
select (select p.name from locations p where p.id = @property) as property,
  (select p.address from locations p where p.id = @property) as address,
  (select e.event_name from winter_events e where e.id = @event) as event,
  (select count(*) from winter_ops_logs l where l.property_id = @property and l.winter_event_id = @event and l.status = 'open') as open,
  coalesce((select s.value::int from admin_settings s where s.setting = 'quickbooks_due_days' and s.value ~ '^[0-9]{1,3}$'), 30) as due_days,
  coalesce((select s.value from admin_settings s where s.setting = 'quickbooks_item_id' and s.value ~ '^[0-9]{1,30}$'), '1') as item`

// A line is what one piece of equipment costs.
type line struct {
	Equipment string         `db:"equipment"`
	Times     int64          `db:"times"`
	Hourly    bool           `db:"hourly"`
	RateName  string         `db:"rate_name"` // empty: no rate is for such equipment
	Rate      *field.Decimal `db:"rate"`
	Hours     field.Decimal  `db:"hours"`
	Quantity  *field.Decimal `db:"quantity"` // times the rate it is the amount
	Amount    *field.Decimal `db:"amount"`
	Total     *field.Decimal `db:"total"` // of all lines
	TooMuch   bool           `db:"too_much"`
}

// An amount is rounded once, at its end, as in all that the portal says of costs. Hours that would give another amount when
// they are rounded are no quantity. A rate of 0 is one that nobody has given; the company's quickbooks_hourly_rate is in its place.
const linesSQL = `
with work as (
  select l.customer_id, l.property_id, btrim(coalesce(l.equipment, '')) as equipment, count(*) as times,
    sum(extract(epoch from l.time_out - l.time_in)) as seconds
  from winter_ops_logs l
  where l.property_id = @property and l.winter_event_id = @event and l.status = 'closed'
  group by l.customer_id, l.property_id, btrim(coalesce(l.equipment, ''))
), rated as (
  select w.equipment, w.times, w.seconds, p.billing_type = 'hourly' as hourly, n.rate_name,
    case n.rate_name
      when 'hourly_rate' then coalesce(nullif(r.hourly_rate, 0),
        (select s.value::numeric from admin_settings s where s.setting = 'quickbooks_hourly_rate' and s.value ~ '^[0-9]{1,6}([.][0-9]{1,2})?$'))
      when 'sidewalk_deice_rate' then p.sidewalk_deice_rate
      when 'sidewalk_snow_rate' then p.sidewalk_snow_rate
      when 'plow_rate' then p.plow_rate
      when 'salt_rate' then p.salt_rate
    end as rate
  from work w
  join locations p on (p.customer_id, p.id) = (w.customer_id, w.property_id)
  left join equipment_rates r on (r.customer_id, r.equipment_name) = (w.customer_id, w.equipment)
  cross join lateral (
    select case
      when p.billing_type = 'hourly' then 'hourly_rate'
      when w.equipment ~* 'sidewalk' and w.equipment ~* 'de-?ic|salt' then 'sidewalk_deice_rate'
      when w.equipment ~* 'sidewalk' then 'sidewalk_snow_rate'
      when w.equipment ~* 'plow' then 'plow_rate'
      when w.equipment ~* 'salt' then 'salt_rate'
      else ''
    end as rate_name) n
), priced as (
  select d.equipment, d.times, d.seconds, d.hourly, d.rate_name, d.rate,
    round(case when d.hourly then d.seconds / 3600 else d.times end, 5) as counted,
    round(case when d.hourly then d.seconds * d.rate / 3600 else d.times * d.rate end, 2) as amount
  from rated d
)
select p.equipment, p.times, p.hourly, p.rate_name, p.rate, round(p.seconds / 3600, 2) as hours,
  case when round(p.counted * p.rate, 2) = p.amount then trim_scale(p.counted) end as quantity, p.amount,
  sum(p.amount) over () as total, coalesce(sum(p.amount) over () > 99999999.99, false) as too_much
from priced p
order by p.equipment`

// A draft is an invoice as it can be made now.
type draft struct {
	request bookRequest
	total   field.Decimal
}

// drafted drafts the invoice of a pair. Errors: 404; 400 where there is nothing to bill or work goes on; 422 where a rate is
// missing, which it names.
func drafted(ctx context.Context, tx db.Tx, of pair) (d draft, err error) {
	args := db.Args{"property": of.property, "event": of.event}
	s, err := db.One[subject](ctx, tx, subjectSQL, args)
	if err != nil {
		return d, err
	}
	lines, err := db.All[line](ctx, tx, linesSQL, args)
	if err != nil {
		return d, err
	}
	zone, err := tx.Zone(ctx)
	if err != nil {
		return d, err
	}
	if err := s.billable(lines); err != nil {
		return d, err
	}
	d.total = *lines[0].Total
	d.request, err = s.written(lines, endpoint.Now(ctx).In(zone))
	return d, err
}

func (s subject) billable(lines []line) error {
	switch {
	case s.Property == nil:
		return endpoint.NotFound("property")
	case s.Event == nil:
		return endpoint.NotFound("winter event")
	case s.Open > 0:
		return endpoint.Invalid("work goes on: close the property's " + endpoint.Count(s.Open, "open ticket", "open tickets") + " of this event first")
	case len(lines) == 0:
		return endpoint.Invalid("there is no closed log of this property in this event")
	}
	for _, l := range lines {
		if err := l.priced(); err != nil {
			return err
		}
	}
	if lines[0].TooMuch {
		return unprocessable("the sum is more than 99,999,999.99: look at the hours and the rates")
	}
	return nil
}

func (l line) priced() error {
	switch {
	case l.Rate != nil:
		return nil
	case l.Equipment == "":
		return unprocessable("a log has no equipment, and so no rate: say in it what was used")
	case l.RateName == "":
		return unprocessable(fmt.Sprintf("no rate of the property is for %q, which is charged per occurrence: its name says neither sidewalk, plow nor salt", l.Equipment))
	case l.Hourly:
		return unprocessable(fmt.Sprintf("the equipment %q has no hourly rate: give it one under equipment rates", l.Equipment))
	}
	return unprocessable(fmt.Sprintf("the property has no %s, by which %q is charged per occurrence", l.RateName, l.Equipment))
}

func unprocessable(detail string) error { return endpoint.InvalidFields(detail, nil) }

// What QuickBooks is asked to make, but for whom and the note, which are known when it is sent.
type (
	bookRequest struct {
		TxnDate, DueDate string
		Line             json.RawMessage // of bookLines, as it was written once
		CustomerRef      bookRef
		PrivateNote      string `json:",omitempty"`
	}
	bookLine struct {
		Amount              field.Decimal
		DetailType          string
		Description         string
		SalesItemLineDetail bookDetail
	}
	bookDetail struct {
		ItemRef   bookRef
		Qty       *field.Decimal `json:",omitempty"`
		UnitPrice *field.Decimal `json:",omitempty"`
	}
	bookRef struct {
		Value string `json:"value"`
	}
)

func (s subject) written(lines []line, today time.Time) (r bookRequest, err error) {
	r = bookRequest{TxnDate: today.Format(time.DateOnly), DueDate: today.AddDate(0, 0, s.DueDays).Format(time.DateOnly)}
	all := make([]bookLine, len(lines))
	for i, l := range lines {
		d := bookDetail{ItemRef: bookRef{s.Item}}
		if l.Quantity != nil {
			d.Qty, d.UnitPrice = l.Quantity, l.Rate
		}
		all[i] = bookLine{*l.Amount, "SalesItemLineDetail", l.described(*s.Event), d}
	}
	r.Line, err = json.Marshal(all)
	return r, err
}

// described says what a line is of; event and equipment may have 255 characters each.
func (l line) described(event string) string {
	counted := endpoint.Count(l.Times, "time", "times")
	if l.Hourly {
		counted = l.Hours.Fixed(2) + " hours"
	}
	return fmt.Sprintf("%s – %s (%s)", event, l.Equipment, counted)
}
