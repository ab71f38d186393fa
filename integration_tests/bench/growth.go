package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// What `task bench:growth` gives each customer. It is the same in every set: what grows is what the
// others have.
const (
	grownProperties = 60
	grownPeople     = 8
	grownLogs       = 1000
	growthGoal      = 1.15 // of the medians, against the smallest set
)

// The rows of the customers alternate in each table, as they do where customers work side by side: a
// customer's rows lie on ever more pages the more customers there are, up to one page each.
const grownSQL = `
insert into platform.customers (customer_id, company_name, max_users, max_properties)
select 'GROW' || lpad(c::text, 5, '0'), 'Company ' || c, 1000, 100000
from generate_series(0, @customers - 1) as c;

insert into portal.users (customer_id, id, name, email, role, status) overriding system value
select 'GROW' || lpad((n % @customers)::text, 5, '0'), n + 1, 'Person ' || n / @customers,
  'person' || n / @customers || '@grow' || n % @customers || '.example',
  case when n < @customers then 'Admin' else 'Contractor' end, 'active'
from generate_series(0, @customers * @people - 1) as n
order by n;

insert into portal.locations (customer_id, id, name, address, sqft, area_manager, plow, salt) overriding system value
select 'GROW' || lpad((n % @customers)::text, 5, '0'), n + 1, 'Property ' || n / @customers,
  n / @customers || ' Long Street, Springfield, NY 14201', 1000, 'Pat Doyle', true, n % 2 = 0
from generate_series(0, @customers * @properties - 1) as n
order by n;

insert into portal.property_contractors (customer_id, property_id, contractor_id, is_primary)
select 'GROW' || lpad((n % @customers)::text, 5, '0'), n + 1, n % @customers + @customers * k + 1, k = 1
from generate_series(0, @customers * @properties - 1) as n, generate_series(1, 2) as k
order by n;
`

const grownLogsSQL = `
insert into portal.winter_ops_logs (customer_id, id, property_id, contractor_id, contractor_name, user_id, worker_name, equipment,
  time_in, time_out, status, bulk_salt_qty, notes) overriding system value
select 'GROW' || lpad((n % @customers)::text, 5, '0'), n + 1,
  n % @customers + @customers * (n / @customers % @properties) + 1,
  n % @customers + @customers * (n / @customers % @people) + 1, 'Person ' || n / @customers % @people,
  n % @customers + 1, 'Crew', 'Truck with plow',
  at, at + interval '50 minutes', 'closed', 1.5, 'Plowed, and salted the walks.'
from generate_series(0, @customers::bigint * @logs - 1) as n,
  lateral (select timestamptz '2025-11-01 00:00Z' + n / @customers * interval '1 hour') as t (at)
order by n;
`

// setAside are the keys to other tables and the indexes of the logs, which are made again when all rows
// are there.
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

// A grown is one set of data: the measured customer among so many.
type grown struct {
	Customers int                `json:"customers"`
	Logs      int64              `json:"logs"`
	Bytes     int64              `json:"database_bytes"`
	Seconds   float64            `json:"load_seconds"`
	Resident  int                `json:"server_resident_mb"`
	Peak      int                `json:"server_peak_mb"`
	P50       map[string]float64 `json:"p50_us"`
	P95       map[string]float64 `json:"p95_us"`
	Ratio     map[string]float64 `json:"p50_to_the_smallest"`
}

var grownOperations = []operation{
	operations[1],
	operations[2],
	{key: "logs", name: "winter logs, 50", method: "GET", path: "/winter-logs/?limit=50"},
}

// growth measures one customer's reads in databases that differ in how many other customers there are.
// It fails where the goal is missed.
func growth(ctx context.Context, o options) (err error) {
	// The load is thrown away with the machine it fails on.
	s, err := newStage(ctx, o.dsn, variants[:1], map[string]string{
		"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off",
		"max_wal_size": "8GB", "maintenance_work_mem": "1GB", "shared_buffers": "1GB",
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()

	var sets []*grown
	var clients []*client
	for _, size := range strings.Split(o.sizes, ",") {
		n, err := strconv.Atoi(size)
		if err != nil || n < 2 || n > 99999 {
			return fmt.Errorf("%q is no number of customers", size)
		}
		set := &grown{Customers: n, P50: map[string]float64{}, P95: map[string]float64{}, Ratio: map[string]float64{}}
		c, stop, err := s.grow(ctx, set)
		if err != nil {
			return fmt.Errorf("%d customers: %w", n, err)
		}
		defer func() { err = errors.Join(err, stop()) }()
		sets, clients = append(sets, set), append(clients, c)
	}
	for _, op := range grownOperations {
		fmt.Printf("measuring: %s\n", op.name)
		times, err := latencies(ctx, clients, op, o.rounds, o.calls)
		if err != nil {
			return err
		}
		for i, set := range sets {
			set.P50[op.key], set.P95[op.key] = micros(percentile(times[i], 50)), micros(percentile(times[i], 95))
			set.Ratio[op.key] = set.P50[op.key] / sets[0].P50[op.key]
		}
	}
	for i, set := range sets {
		if set.Resident, set.Peak, err = memory(clients[i].process); err != nil {
			return err
		}
	}
	b, err := json.MarshalIndent(sets, "", "  ")
	if err == nil {
		err = os.WriteFile(o.json, append(b, '\n'), 0o600)
	}
	return errors.Join(err, printGrowth(os.Stdout, sets))
}

// grow makes a database with the set's data, and starts a server on it.
func (s *stage) grow(ctx context.Context, set *grown) (*client, func() error, error) {
	began := time.Now()
	name := fmt.Sprintf("growth_%d", set.Customers)
	if err := s.exec(ctx, "create database "+name); err != nil {
		return nil, nil, err
	}
	one, u := *s, *s.super
	u.Path = "/" + name
	one.super, one.token = &u, ""
	if err := one.install(); err != nil {
		return nil, nil, err
	}
	number := set.Customers / 2
	err := one.fill(ctx, fmt.Sprintf("GROW%05d", number), fmt.Sprintf("person0@grow%d.example", number), set.load)
	if err != nil {
		return nil, nil, err
	}
	set.Seconds = time.Since(began).Seconds()
	fmt.Printf("%d customers and %d logs: %d MB, loaded in %.0f s\n", set.Customers, set.Logs, set.Bytes>>20, set.Seconds)
	c, stop, err := one.serve(ctx, variants[0], u.Host)
	if err != nil {
		return nil, nil, err
	}
	return c, func() error {
		return errors.Join(stop(), s.exec(context.WithoutCancel(ctx), "drop database "+name+" with (force)"))
	}, nil
}

// exec runs a statement outside of any transaction, as the superuser.
func (s *stage) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.super.String())
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is lost with it
	_, err = conn.Exec(ctx, sql)
	return err
}

// load is the whole load of a set. Keys and indexes of the logs come last: checked row by row they would
// take most of the time.
func (set *grown) load(ctx context.Context, conn *pgx.Conn) error {
	numbers := strings.NewReplacer("@customers", strconv.Itoa(set.Customers), "@people", strconv.Itoa(grownPeople),
		"@properties", strconv.Itoa(grownProperties), "@logs", strconv.Itoa(grownLogs))
	if _, err := conn.Exec(ctx, numbers.Replace(grownSQL)); err != nil {
		return err
	}
	var before, after string
	if err := conn.QueryRow(ctx, standsSQL).Scan(&before); err != nil {
		return err
	}
	rows, _ := conn.Query(ctx, setAsideSQL)
	aside, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Undo, Redo, Check string }])
	if err != nil {
		return err
	}
	var steps []string
	for _, a := range aside {
		steps = append(steps, a.Undo)
	}
	steps = append(steps, numbers.Replace(grownLogsSQL))
	for _, a := range aside {
		steps = append(steps, a.Redo)
	}
	for _, a := range aside {
		steps = append(steps, a.Check)
	}
	for _, step := range steps {
		if _, err := conn.Exec(ctx, step); err != nil {
			return fmt.Errorf("%s: %w", step, err)
		}
	}
	if err := conn.QueryRow(ctx, standsSQL).Scan(&after); err != nil {
		return err
	}
	if before != after {
		return fmt.Errorf("the logs' keys and indexes were\n%s\nand are\n%s", before, after)
	}
	return conn.QueryRow(ctx, "select count(*), pg_database_size(current_database()) from portal.winter_ops_logs").Scan(&set.Logs, &set.Bytes)
}

// memory of a process in MB: resident now, and at its peak; zeros where the system does not tell.
func memory(process int) (resident, peak int, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
	if errors.Is(err, os.ErrNotExist) {
		return 0, 0, nil
	}
	for line := range strings.Lines(string(text)) {
		var kilobytes int
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kilobytes); err == nil {
			resident = kilobytes >> 10
		}
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); err == nil {
			peak = kilobytes >> 10
		}
	}
	return resident, peak, err
}

func printGrowth(w io.Writer, sets []*grown) error {
	fmt.Fprintf(w, "\neach customer: %d people, %d properties, %d logs; ratios against the smallest set; memory of the server: now, peak\n\n",
		grownPeople, grownProperties, grownLogs)
	fmt.Fprint(w, "customers      logs  database")
	for _, op := range grownOperations {
		fmt.Fprintf(w, "   %-15s p50, p95 µs, ratio", op.name)
	}
	fmt.Fprintln(w, "   server")
	worst := 0.0
	for _, set := range sets {
		fmt.Fprintf(w, "%9d %9d %6d MB", set.Customers, set.Logs, set.Bytes>>20)
		for _, op := range grownOperations {
			fmt.Fprintf(w, "   %17.0f %7.0f %13.2f", set.P50[op.key], set.P95[op.key], set.Ratio[op.key])
			worst = max(worst, set.Ratio[op.key])
		}
		fmt.Fprintf(w, "   %d, %d MB\n", set.Resident, set.Peak)
	}
	fmt.Fprintf(w, "\nthe largest ratio: %.2f (goal: at most %.2f)\n", worst, growthGoal)
	if worst > growthGoal {
		return errors.New("the goal is missed")
	}
	return nil
}
