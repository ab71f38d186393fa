package db

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// text is SQL that was written into the program: only an untyped constant converts to it from
// outside of this package, so a statement built from data does not compile.
type text string

// Args are the values of a statement's @names. A name without a value, or a value without a name, is
// an error.
type Args map[string]any

// Struct takes a statement's @names from the fields of a struct that have a tag db, those of embedded
// structs among them.
func Struct(v any) Args {
	args := Args{}
	value := reflect.Indirect(reflect.ValueOf(v))
	for _, f := range reflect.VisibleFields(value.Type()) {
		if name := f.Tag.Get("db"); name != "" && name != "-" && !f.Anonymous {
			args[name] = value.FieldByIndex(f.Index).Interface()
		}
	}
	return args
}

// All returns every row as a T, by column name. No rows: an empty slice.
func All[T any](ctx context.Context, tx Tx, sql text, args ...any) ([]T, error) {
	var all []T
	err := tx.u.run(ctx, string(sql), named(args), func(rows pgx.Rows) (err error) {
		all, err = pgx.CollectRows(rows, pgx.RowToStructByName[T])
		return err
	})
	return all, err
}

// One returns the single row as a T, by column name. No row: ErrNotFound.
func One[T any](ctx context.Context, tx Tx, sql text, args ...any) (one T, err error) {
	err = tx.u.run(ctx, string(sql), named(args), func(rows pgx.Rows) (err error) {
		one, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[T])
		return err
	})
	return one, err
}

// Value returns the single column of the single row. No row: ErrNotFound.
func Value[T any](ctx context.Context, tx Tx, sql text, args ...any) (value T, err error) {
	err = tx.u.run(ctx, string(sql), named(args), func(rows pgx.Rows) (err error) {
		value, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
		return err
	})
	return value, err
}

// Page returns the rows as Ts, and the value of the last column of the statement, which must be how many
// rows there are without limit and offset: count(*) over (), or a count apart where there are many. The
// count is -1 where an offset beyond the end left no row to carry it.
func Page[T any](ctx context.Context, tx Tx, sql text, args ...any) (page []T, total int64, err error) {
	total = -1
	err = tx.u.run(ctx, string(sql), named(args), func(rows pgx.Rows) (err error) {
		page, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (T, error) {
			return pgx.RowToStructByName[T](counted{row, &total})
		})
		return err
	})
	return page, total, err
}

// batch is how many rows of Each travel at a time, and spell how many of them are worked on without a rest: so few that it
// takes some milliseconds.
const batch, spell = 2000, 200

// Each hands every row as a T, by column name, to do, which may stop by an error. The rows come in batches by a cursor, so
// that no more of them than one batch are in memory, and each batch has its own time-out. While other customers come, each
// spell is followed by a rest of a quarter of what it took, so that a long report leaves them room. It takes a Snapshot or a
// Write: elsewhere the cursor would end with its statement.
func Each[T any](ctx context.Context, tx Tx, sql text, args Args, do func(*T) error) error {
	if !tx.u.snapshot && !tx.u.write {
		return errNoCursor
	}
	// Drivers and poolers remember what a statement returns: a name of its own keeps the rows of two statements apart.
	cursor := fmt.Sprintf("rows_%08x", crc32.ChecksumIEEE([]byte(sql)))
	ignore := func(rows pgx.Rows) error { rows.Close(); return rows.Err() }
	if err := tx.u.run(ctx, "declare "+cursor+" no scroll cursor for "+string(sql), named([]any{args}), ignore); err != nil {
		return err
	}
	var page []T
	collect := func(rows pgx.Rows) (err error) {
		page, err = pgx.AppendRows(page[:0], rows, pgx.RowToStructByName[T])
		return err
	}
	for more := true; more; more = len(page) == batch {
		began := time.Now()
		if err := tx.u.run(ctx, fmt.Sprintf("fetch %d from %s", batch, cursor), nil, collect); err != nil {
			return err
		}
		for i := range page {
			if err := do(&page[i]); err != nil {
				return err
			}
			if (i+1)%spell == 0 || i == len(page)-1 {
				if err := tx.u.rest(ctx, time.Since(began)); err != nil {
					return err
				}
				began = time.Now()
			}
		}
	}
	return tx.u.run(ctx, "close "+cursor, nil, ignore)
}

// rest lets the processors to other customers after some work, where they come. Who may hold locks does not rest.
func (u *unit) rest(ctx context.Context, worked time.Duration) error {
	if u.pace == nil || u.write {
		return nil
	}
	pause := u.pace(worked)
	if pause == 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return translate(ctx, ctx.Err())
	case <-time.After(pause):
		return nil
	}
}

var errNoCursor = errors.New("rows are read one by one in a unit of work that has no transaction")

// Exec runs a statement and returns how many rows it touched.
func Exec(ctx context.Context, tx Tx, sql text, args ...any) (touched int64, err error) {
	err = tx.u.run(ctx, string(sql), named(args), func(rows pgx.Rows) error {
		rows.Close()
		touched = rows.CommandTag().RowsAffected()
		return rows.Err()
	})
	return touched, err
}

// Touch runs a statement that must touch a row. None: ErrNotFound.
func Touch(ctx context.Context, tx Tx, sql text, args ...any) error {
	touched, err := Exec(ctx, tx, sql, args...)
	if err == nil && touched == 0 {
		return ErrNotFound
	}
	return err
}

func named(args []any) []any {
	if len(args) == 1 {
		if values, ok := args[0].(Args); ok {
			return []any{pgx.StrictNamedArgs(values)}
		}
	}
	return args
}

// counted is a row whose last column is the total.
type counted struct {
	pgx.CollectableRow
	total *int64
}

func (r counted) FieldDescriptions() []pgconn.FieldDescription {
	columns := r.CollectableRow.FieldDescriptions()
	return columns[:len(columns)-1]
}

func (r counted) Scan(dest ...any) error {
	if err := r.CollectableRow.Scan(append(dest, r.total)...); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	return nil
}
