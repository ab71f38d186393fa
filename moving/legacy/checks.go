package legacy

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// steps are what is taken, in the order in which rows name each other.
var steps = []step{
	people, logins, requests, requestLogins, identities, places, rates, products("winter_products"), products("landscape_products"), settings,
	events, assignments, routes, stops, routeAssignments, history, lists, listItems("property_list_items"), listItems("property_lists_properties"),
	logs, checkins, greenLogs, greenServices, conversations, messages, preferences, apiKeys,
	jobberConnection, jobberClients, jobberProperties, jobberSyncs, booksConnection, booksCustomers, invoices,
}

func (p *pass) checked(name string, ok bool, detail string) {
	p.out.Checks = append(p.out.Checks, Check{name, ok, detail})
}

// check asks what must be so before the customer stays.
func (p *pass) check(ctx context.Context) error {
	if err := p.references(ctx); err != nil {
		return err
	}
	return p.audited(ctx)
}

// sumsSQL is the work at each property that the customer has of a table.
var sumsSQL = map[string]string{
	"portal.winter_ops_logs": `
select property_id, count(*), (sum(bulk_salt_qty) * 100)::bigint, (sum(bag_salt_qty) * 100)::bigint, (sum(calcium_chloride_qty) * 100)::bigint,
  (coalesce(sum(extract(epoch from time_out - time_in)), 0) * 1000000)::bigint
from portal.winter_ops_logs
group by property_id`,
	"portal.green_services_logs": `
select property_id, count(*), (sum(quantity_used) * 100)::bigint, 0::bigint, 0::bigint,
  (coalesce(sum(extract(epoch from time_out - time_in)), 0) * 1000000)::bigint
from portal.green_services_logs
group by property_id`,
}

// sumsHere adds up the work that is in a table.
func (p *pass) sumsHere(ctx context.Context, table string) (sums map[int64]work, err error) {
	sums = map[int64]work{}
	err = p.landing.AsMover(ctx, func() error {
		rows, _ := p.tx.Query(ctx, sumsSQL[table])
		var property int64
		var w work
		_, err := pgx.ForEachRow(rows, []any{&property, &w.logs, &w.bulk, &w.bags, &w.calcium, &w.micros}, func() error {
			sums[property] = w
			return nil
		})
		return err
	})
	return sums, err
}

// balance compares the work that came into a table with what was to come.
func (p *pass) balance(ctx context.Context, table string, before, came map[int64]work) error {
	after, err := p.sumsHere(ctx, table)
	if err != nil {
		return err
	}
	var total work
	unequal := 0
	for property, w := range came {
		total = total.plus(w)
		if after[property] != before[property].plus(w) {
			unequal++
		}
	}
	detail := fmt.Sprintf("%d properties, %d logs, %s hours, quantities %s, %s, %s", len(came), total.logs, hours(total.micros),
		hundredths(total.bulk), hundredths(total.bags), hundredths(total.calcium))
	if unequal > 0 {
		detail = fmt.Sprintf("%d properties have other sums than in the source", unequal)
	}
	p.checked("hours and quantities of "+table, unequal == 0, detail)
	return nil
}

func hundredths(n int64) string { return fmt.Sprintf("%d.%02d", n/100, n%100) }

func hours(micros int64) string { return hundredths((micros*100 + 1_800_000_000) / 3_600_000_000) }

const referencesSQL = `select conrelid::regclass || ': ' || conname from pg_constraint where contype = 'f' and connamespace = 'portal'::regnamespace and not convalidated`

// references asks whether every reference within the customer has been looked at: PostgreSQL refuses one that leads out of it.
func (p *pass) references(ctx context.Context) error {
	if _, err := p.tx.Exec(ctx, "set constraints all immediate"); err != nil {
		return err
	}
	rows, _ := p.tx.Query(ctx, referencesSQL)
	open, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	p.checked("references", len(open) == 0, fmt.Sprintf("every row is of %s, and so is what it names", p.id))
	return nil
}
