package harness

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A snapshot is a copy of all rows of a portal, to see what a request changed, and to undo it.
type snapshot struct {
	super    *pgxpool.Pool
	Restores map[string]string // table → statements that put its rows back
	sumsSQL  string
	Sums     sums
}

// sums are a checksum per table and customer; what belongs to none has the customer "".
type sums map[TableOf]string

// A TableOf is a table's rows of one customer.
type TableOf struct{ Table, Customer string }

const tablesSQL = `
select format('%I.%I', n.nspname, c.relname) as name,
  bool_or(a.attname = 'customer_id') as of_customer,
  string_agg(quote_ident(a.attname), ', ' order by a.attnum) filter (where a.attgenerated = '') as columns
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where (n.nspname in ('portal', 'platform') and c.relkind in ('r', 'p') or (n.nspname, c.relname) = ('jobs', 'river_job'))
group by n.nspname, c.relname
order by 1`

// TakeSnapshot copies every table of schemas portal and platform, found in the catalogue, and the jobs.
func TakeSnapshot(t *testing.T, p *Portal) *snapshot {
	t.Helper()
	s := &snapshot{super: p.Super, Restores: map[string]string{}}
	rows, _ := p.Super.Query(t.Context(), tablesSQL)
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByName[struct {
		Name       string `db:"name"`
		OfCustomer bool   `db:"of_customer"`
		Columns    string `db:"columns"`
	}])
	if err != nil {
		t.Fatal(err)
	}
	p.Exec("create schema pristine")
	var selects []string
	for _, table := range tables {
		kept := `pristine."` + table.Name + `"`
		p.Exec("create table " + kept + " as table " + table.Name)
		s.Restores[table.Name] = fmt.Sprintf("delete from %s; insert into %s (%s) overriding system value select %s from %s",
			table.Name, table.Name, table.Columns, table.Columns, kept)
		customer := "''"
		if table.OfCustomer {
			customer = "coalesce(customer_id, '')"
		}
		selects = append(selects, fmt.Sprintf(
			"select '%s' as name, %s as customer, sum(hashtextextended(t::text, 0))::text as sum from %s t group by 2",
			table.Name, customer, table.Name))
	}
	s.sumsSQL = strings.Join(selects, " union all ")
	if s.Sums, err = s.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// Read returns the checksums of the rows that are there now.
func (s *snapshot) Read(ctx context.Context) (sums, error) {
	rows, _ := s.super.Query(ctx, s.sumsSQL)
	now := sums{}
	var at TableOf
	var sum string
	_, err := pgx.ForEachRow(rows, []any{&at.Table, &at.Customer, &sum}, func() error {
		now[at] = sum
		return nil
	})
	return now, err
}

// Changes returns where rows differ from the snapshot.
func (s *snapshot) Changes(ctx context.Context) (all []TableOf, err error) {
	now, err := s.Read(ctx)
	if err != nil {
		return nil, err
	}
	for at, sum := range now {
		if s.Sums[at] != sum {
			all = append(all, at)
		}
	}
	for at := range s.Sums {
		if _, there := now[at]; !there {
			all = append(all, at)
		}
	}
	slices.SortFunc(all, func(a, b TableOf) int { return strings.Compare(a.Table+a.Customer, b.Table+b.Customer) })
	return all, nil
}

// Restore puts back the rows of the tables that changed, past triggers and foreign keys.
func (s *snapshot) Restore(ctx context.Context, changed []TableOf) error {
	if len(changed) == 0 {
		return nil
	}
	return pgx.BeginFunc(ctx, s.super, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "set local session_replication_role = replica"); err != nil {
			return err
		}
		for _, at := range changed {
			if _, err := tx.Exec(ctx, s.Restores[at.Table]); err != nil {
				return fmt.Errorf("restore %s: %w", at.Table, err)
			}
		}
		return nil
	})
}
