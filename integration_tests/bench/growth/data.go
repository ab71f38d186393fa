package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// What each customer has. It is the same in every set: what grows is what the others have.
const (
	properties = 60
	people     = 8
	events     = 10
	logs       = 1000
)

const each = "%d people, %d properties with 2 assignments each, %d winter events, %d winter logs"

func numbers(customers int) *strings.Replacer {
	return strings.NewReplacer("@customers", strconv.Itoa(customers), "@people", strconv.Itoa(people),
		"@properties", strconv.Itoa(properties), "@events", strconv.Itoa(events), "@logs", strconv.Itoa(logs))
}

// adminOf is the e-mail of the n-th customer's Admin, as the statements below make it.
func adminOf(n int) string { return fmt.Sprintf("person0@grow%d.example", n) }

// Row n is of customer n modulo their number: the customers' rows alternate in each table, as they do
// where customers work side by side, and a customer's rows lie on ever more pages the more customers
// there are, and from some fifty customers on each on a page of its own. With a warm cache that costs a
// board of 50 about 0.1 ms, which is part of what is measured.
const dataSQL = `
insert into platform.customers (customer_id, company_name, max_users, max_properties)
select 'GROW' || lpad(c::text, 5, '0'), 'Company ' || c, 1000, 100000
from generate_series(0, @customers - 1) as c;

insert into portal.users (customer_id, id, name, email, role, status) overriding system value
select 'GROW' || lpad((n % @customers)::text, 5, '0'), n + 1, 'Person ' || n / @customers,
  'person' || n / @customers || '@grow' || n % @customers || '.example',
  case when n < @customers then 'Admin' else 'Contractor' end, 'active'
from generate_series(0, @customers * @people - 1) as n;

insert into portal.locations (customer_id, id, name, address, sqft, area_manager, plow, salt) overriding system value
select 'GROW' || lpad((n % @customers)::text, 5, '0'), n + 1, 'Property ' || n / @customers,
  n / @customers || ' Long Street, Springfield, NY 14201', 1000, 'Pat Doyle', true, n % 2 = 0
from generate_series(0, @customers * @properties - 1) as n;

insert into portal.property_contractors (customer_id, property_id, contractor_id, is_primary)
select 'GROW' || lpad((n % @customers)::text, 5, '0'), n + 1, n % @customers + @customers * k + 1, k = 1
from generate_series(1, 2) as k, generate_series(0, @customers * @properties - 1) as n
order by k, n;

insert into portal.winter_events (customer_id, id, event_name, start_date, end_date, status) overriding system value
select 'GROW' || lpad((n % @customers)::text, 5, '0'), n + 1, 'Storm ' || n / @customers, at, at + interval '4 days', 'completed'
from generate_series(0, @customers * @events - 1) as n,
  lateral (select timestamptz '2025-11-01 00:00Z' + n / @customers * interval '100 hours') as t (at);
`

const logsSQL = `
insert into portal.winter_ops_logs (customer_id, id, property_id, contractor_id, contractor_name, user_id, worker_name, equipment,
  time_in, time_out, status, bulk_salt_qty, notes, winter_event_id) overriding system value
select 'GROW' || lpad((n % @customers)::text, 5, '0'), n + 1,
  n % @customers + @customers * (n / @customers % @properties) + 1,
  n % @customers + @customers * (n / @customers % @people) + 1, 'Person ' || n / @customers % @people,
  n % @customers + 1, 'Crew', 'Truck with plow',
  at, at + interval '50 minutes', 'closed', 1.5, 'Plowed, and salted the walks.',
  n % @customers + @customers * (n / @customers / (@logs / @events)) + 1
from generate_series(0, @customers * @logs - 1) as n,
  lateral (select timestamptz '2025-11-01 00:00Z' + n / @customers * interval '1 hour') as t (at)`

// Keys to other tables and the indexes of the logs, which are made again when all rows are there: checked
// and sorted in row by row they would take most of the time.
const setAsideSQL = `
select format('alter table %s drop constraint %I', conrelid::regclass, conname) as undo,
  format('alter table %s add constraint %I %s not valid', conrelid::regclass, conname, pg_get_constraintdef(oid)) as redo,
  format('alter table %s validate constraint %I', conrelid::regclass, conname) as check
from pg_constraint
where conrelid = 'portal.winter_ops_logs'::regclass and contype = 'f'
union all
select format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid), ''
from pg_index
where indrelid = 'portal.winter_ops_logs'::regclass and not indisprimary`

// What stands for the logs' keys and indexes must be the same before and after.
const standsSQL = `
select string_agg(d, e'\n' order by d)
from (
  select pg_get_constraintdef(oid) || convalidated from pg_constraint where conrelid = 'portal.winter_ops_logs'::regclass
  union all
  select pg_get_indexdef(indexrelid) || indisvalid from pg_index where indrelid = 'portal.winter_ops_logs'::regclass
) as s (d)`

// Nothing is missing, nor what the triggers make of the rows: the logins and the counts.
const wholeSQL = `
select (select count(*) from platform.customers) = @customers
  and (select count(*) from platform.logins) = @customers * @people
  and (select count(*) from platform.usage where (users, properties) = (@people, @properties)) = @customers
  and (select count(*) from portal.property_contractors) = @customers * @properties * 2
  and (select count(*) from portal.winter_ops_logs) = @customers * @logs`

const sizesSQL = `
select pg_database_size(current_database()), pg_table_size('portal.winter_ops_logs'), pg_indexes_size('portal.winter_ops_logs')`

// load makes the set's data in an installed database.
func (set *dataSet) load(ctx context.Context, conn *pgx.Conn) error {
	numbers := numbers(set.Customers)
	if _, err := conn.Exec(ctx, numbers.Replace(dataSQL)); err != nil {
		return err
	}
	var before, after string
	if err := conn.QueryRow(ctx, standsSQL).Scan(&before); err != nil {
		return err
	}
	if err := loadLogs(ctx, conn, numbers.Replace(logsSQL)); err != nil {
		return err
	}
	if err := conn.QueryRow(ctx, standsSQL).Scan(&after); err != nil {
		return err
	}
	if before != after {
		return fmt.Errorf("the logs' keys and indexes were\n%s\nand are\n%s", before, after)
	}
	if _, err := conn.Exec(ctx, "vacuum analyze"); err != nil {
		return err
	}
	var whole bool
	if err := conn.QueryRow(ctx, numbers.Replace(wholeSQL)).Scan(&whole); err != nil {
		return err
	}
	if !whole {
		return errors.New("the data is not whole")
	}
	return conn.QueryRow(ctx, sizesSQL).Scan(&set.Database, &set.LogTable, &set.LogIndexes)
}

func loadLogs(ctx context.Context, conn *pgx.Conn, insert string) error {
	rows, _ := conn.Query(ctx, setAsideSQL)
	aside, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Undo, Redo, Check string }])
	if err != nil {
		return err
	}
	var undo, redo, check []string
	for _, a := range aside {
		undo, redo, check = append(undo, a.Undo), append(redo, a.Redo), append(check, a.Check)
	}
	for _, steps := range [][]string{undo, {insert}, redo, check} {
		for _, step := range steps {
			if _, err := conn.Exec(ctx, step); err != nil {
				return fmt.Errorf("%s: %w", step, err)
			}
		}
	}
	return nil
}
