package legacy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"contractor-portal/moving"
)

// A pass is the import of one customer.
type pass struct {
	*importer
	owner
	out     *Customer
	tx      pgx.Tx
	landing *moving.Landing
	ids     map[string]*ids  // of each table of the source, by the first of its names
	seen    map[string]int64 // what must be there once, in the table at hand: whose it is

	storms  []storm          // to which work belongs
	newest  map[string]int64 // of several rows of which one may stay as it is, that one
	goods   map[int64]string // names of products, by their keys
	open    map[int64]bool   // tickets
	started map[string]bool  // stages that are there
	settle  func() error     // waits until the transaction may be used
}

// A step brings the rows of one table of the source into one of ours.
type step struct {
	from    []string // names that the table may have; the first is what it is known by
	into    string
	columns []string // that are written, without the id
	keeps   bool     // the ids of the source are the ids here, where nobody has them
	noID    bool     // the rows have no id here
	whole   bool     // rows refer to later ones: they go in at once
	silent  bool     // the same rows again, for another table
	// with is a table with whose rows these come, by the column that names it: they are not looked at once it is here.
	with, by string
	free     []string // columns that may differ from the source without being told
	before   func(context.Context, *pass) error
	make     func(*pass, *row) []any
	once     *once
}

// once says what may be there once: a key of each row, and those of the rows that are here.
type once struct {
	here string // selects the key and the id of each row here
	key  func([]any) string
}

// batch is how many rows go into PostgreSQL at a time.
const batch = 10_000

// first is the table that is there of several names for it.
func (s *source) first(names []string) *table {
	for _, n := range names {
		if t := s.tables[n]; t != nil {
			return t
		}
	}
	return nil
}

// take takes a step.
func (p *pass) take(ctx context.Context, s *step) error {
	t := p.source.first(s.from)
	if t == nil {
		return nil
	}
	owners, some := p.source.of(t, p.owner, p.alone)
	if !some {
		return nil
	}
	w := &taking{pass: p, step: s, out: &Table{Name: t.name, Into: s.into}}
	if err := p.know(ctx, s); err != nil {
		return err
	}
	if s.before != nil {
		if err := s.before(ctx, p); err != nil {
			return err
		}
	}
	if s.once != nil {
		if err := p.lookHere(ctx, s.once.here); err != nil {
			return err
		}
	}
	count, err := p.source.count(ctx, t, owners)
	if err != nil {
		return err
	}
	if !s.silent {
		p.out.Tables = append(p.out.Tables, w.out)
		p.Progress.Table(t.name, count)
	}
	if sumsSQL[s.into] != "" {
		if w.there, err = p.sumsHere(ctx, s.into); err != nil {
			return err
		}
		w.came = map[int64]work{}
	}
	r := &row{table: t, zone: p.Zone, refs: p.ref}
	p.settle = w.settle
	if err := p.source.rows(ctx, t, owners, func(v []sql.RawBytes) error { return w.row(ctx, r, v) }); err != nil {
		return errors.Join(err, w.settle())
	}
	if err := w.flush(ctx, true); err != nil {
		return err
	}
	if len(w.came) > 0 {
		if err := p.balance(ctx, s.into, w.there, w.came); err != nil {
			return err
		}
	}
	if !s.silent {
		p.Progress.Done()
	}
	if !s.silent && count > 0 {
		p.checked("rows of "+t.name, w.out.Read == count && w.out.Read == w.out.Written+w.out.Refused+w.out.Doubled+w.out.Before,
			fmt.Sprintf("%d in the source, %d read, %d written", count, w.out.Read, w.out.Written))
	}
	return nil
}

// ref is what a row of a table has become here.
func (p *pass) ref(table string, key int64) (int64, bool) {
	n, ok := p.ids[table]
	if !ok {
		return 0, false
	}
	return n.of(key)
}

// know reads which rows of a table have come before.
func (p *pass) know(ctx context.Context, s *step) error {
	if s.noID || p.ids[s.from[0]] != nil {
		return nil
	}
	n := &ids{keep: s.keeps, taken: p.taken[s.into], same: map[int64]int64{}, pending: map[int64]int64{}}
	p.ids[s.from[0]] = n
	n.draws = func() (int64, error) { return p.draw(context.WithoutCancel(ctx), s.into) }
	return p.landing.AsMover(ctx, func() error {
		rows, _ := p.tx.Query(ctx, `select first_key, first_key + keys - 1, first_id from portal.imported_rows where source_table = $1 order by first_key`, s.from[0])
		all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r run, err error) { return r, row.Scan(&r.first, &r.last, &r.id) })
		n.before = all
		return err
	})
}

// lookHere reads what is here of that which may be there once.
func (p *pass) lookHere(ctx context.Context, query string) error {
	p.seen = map[string]int64{}
	return p.landing.AsMover(ctx, func() error {
		rows, _ := p.tx.Query(ctx, query)
		var key string
		var id int64
		_, err := pgx.ForEachRow(rows, []any{&key, &id}, func() error { p.seen[key] = id; return nil })
		return err
	})
}

// draw is an id that nobody has. A try draws none: it takes numbers that nobody will see.
func (p *pass) draw(ctx context.Context, table string) (id int64, err error) {
	if err := p.settle(); err != nil {
		return 0, err
	}
	if p.DryRun {
		return p.imagined(ctx, table)
	}
	err = p.tx.QueryRow(ctx, `select nextval(pg_get_serial_sequence($1, 'id'))`, table).Scan(&id)
	return id, err
}

func (p *pass) imagined(ctx context.Context, table string) (id int64, err error) {
	if p.tried[table] == 0 {
		// Beyond what is here, and what the source brings.
		sql := `select greatest(coalesce(pg_sequence_last_value(pg_get_serial_sequence($1, 'id')::regclass), 0), $2::bigint)`
		if err := p.tx.QueryRow(ctx, sql, table, p.greatest[table]).Scan(&id); err != nil {
			return 0, err
		}
		p.tried[table] = id
	}
	p.tried[table]++
	return p.tried[table], nil
}

// remember keeps which rows have come, for the next import.
func (p *pass) remember(ctx context.Context) error {
	const table = "portal.imported_rows"
	var rows [][]any
	for _, name := range slices.Sorted(maps.Keys(p.ids)) {
		for _, r := range p.ids[name].now {
			rows = append(rows, []any{name, r.first, r.last - r.first + 1, r.id})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	columns := []string{"source_table", "first_key", "keys", "first_id"}
	if err := p.landing.Stage(ctx, table); err != nil {
		return err
	}
	if _, err := p.landing.Copy(ctx, table, columns, pgx.CopyFromRows(rows)); err != nil {
		return err
	}
	_, err := p.landing.Insert(ctx, table, columns...)
	return err
}
