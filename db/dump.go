package db

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A Relation is a table, and what of it is read; the names are those of the catalogue.
type Relation struct {
	Schema, Name string
	Columns      []string
	Key          []string // the order of the rows
}

// Dump hands every row of a table to do, as a JSON object of one line whose times are in UTC; do must not keep it. The
// names are quoted, so that a statement is built from the catalogue and from nothing else. Like Each it takes a Snapshot
// or a Write, and keeps one batch of rows in memory.
func Dump(ctx context.Context, tx Tx, r Relation, do func(row []byte) error) error {
	if !tx.u.snapshot && !tx.u.write && tx.u.pool != nil {
		return errNoCursor
	}
	ignore := func(rows pgx.Rows) error { rows.Close(); return rows.Err() }
	if err := tx.u.run(ctx, "set local timezone to 'UTC'", nil, ignore); err != nil {
		return err
	}
	if err := tx.u.run(ctx, "declare dump no scroll cursor for "+r.sql(), nil, ignore); err != nil {
		return err
	}
	for more := true; more; {
		n := 0
		err := tx.u.run(ctx, fmt.Sprintf("fetch %d from dump", batch), nil, func(rows pgx.Rows) error {
			defer rows.Close()
			for ; rows.Next(); n++ {
				if err := do(rows.RawValues()[0]); err != nil {
					return err
				}
			}
			return rows.Err()
		})
		if err != nil {
			return err
		}
		more = n == batch
	}
	return tx.u.run(ctx, "close dump", nil, ignore)
}

func (r Relation) sql() string {
	rows := "select " + quoted(r.Columns) + " from " + pgx.Identifier{r.Schema, r.Name}.Sanitize()
	if len(r.Key) > 0 {
		rows += " order by " + quoted(r.Key)
	}
	return "select pg_catalog.row_to_json(r)::text from (" + rows + ") as r"
}

func quoted(names []string) string {
	all := make([]string, len(names))
	for i, n := range names {
		all[i] = pgx.Identifier{n}.Sanitize()
	}
	return strings.Join(all, ", ")
}
