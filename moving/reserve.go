package moving

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db/install"
)

// A Range is the least and the greatest id of a table's rows.
type Range struct {
	Least    int64 `json:"least"`
	Greatest int64 `json:"greatest"`
}

// Taken says of each table which ids of a Range somebody has, as PostgreSQL writes an int8multirange.
type Taken map[string]Multirange

// A Multirange is a set of whole numbers, {[1,5),[7,9)}; empty: none.
type Multirange string

// Reserve sees to it that rows can keep their ids: from now on nobody is given an id within the ranges, and what it returns
// are those that somebody has (Look).
func Reserve(ctx context.Context, url string, ranges map[string]Range) (Taken, error) {
	for table, r := range ranges {
		if err := lift(ctx, url, Table{Name: table}, r.Greatest); err != nil {
			return nil, fmt.Errorf("%s: %w", table, err)
		}
	}
	return Look(ctx, url, ranges)
}

// Look tells which ids within the ranges somebody has. It sees the rows of all customers, and holds nothing up but writes
// to one table at a time, while it looks at that table's ids.
func Look(ctx context.Context, url string, ranges map[string]Range) (Taken, error) {
	taken := Taken{}
	for table, r := range ranges {
		err := install.Transaction(ctx, url, func(ctx context.Context, tx pgx.Tx) (err error) {
			taken[table], err = takenIDs(ctx, tx, Table{Name: table}, r)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", table, err)
		}
	}
	return taken, nil
}

// lift moves a table's sequence to the end of a range.
func lift(ctx context.Context, url string, t Table, to int64) error {
	return install.Begin(ctx, url, pgx.TxOptions{}, func(ctx context.Context, tx pgx.Tx) error {
		var sequence string
		if err := tx.QueryRow(ctx, `select pg_get_serial_sequence($1, 'id')`, t.identifier()).Scan(&sequence); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, fmt.Sprintf("select setval($1, $2) from %s where not is_called or last_value < $2", sequence), sequence, to)
		return err
	})
}

func takenIDs(ctx context.Context, tx pgx.Tx, t Table, r Range) (set Multirange, err error) {
	// Waits for those who drew an id before the sequence moved, and have not committed.
	if _, err := tx.Exec(ctx, "lock table "+t.identifier()+" in share mode"); err != nil {
		return "", err
	}
	sql := fmt.Sprintf(`select coalesce(range_agg(int8range(id, id, '[]'))::text, '') from %s where id between $1 and $2`, t.identifier())
	err = tx.QueryRow(ctx, sql, r.Least, r.Greatest).Scan(&set)
	return set, err
}
