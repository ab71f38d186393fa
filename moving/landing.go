package moving

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"contractor-portal/db"
)

// A Landing brings rows of one customer in, in one transaction of the installer. Rows of a table arrive in its stage, a
// temporary table without constraints, and go from there into the table, behind the wall.
type Landing struct {
	tx       pgx.Tx
	taken    Taken
	tables   map[string]Table
	order    []string
	remapped map[string]bool
}

// movingIDs is the temporary table of the rows whose id is another one here: table_name, old, new.
const movingIDs = "pg_temp.moving_ids"

const createIDs = `
create temporary table moving_ids (table_name text, old bigint, new bigint not null, primary key (table_name, old)) on commit drop;
grant select on pg_temp.moving_ids to portal_mover`

// Open begins a landing in tx, a transaction of the installer (install.Begin). The customer may be there or not.
func Open(ctx context.Context, tx pgx.Tx, customer string, taken Taken) (*Landing, error) {
	if err := EnterCustomer(ctx, tx, customer); err != nil {
		return nil, err
	}
	l := &Landing{tx: tx, taken: taken, tables: map[string]Table{}, remapped: map[string]bool{}}
	err := l.AsMover(ctx, func() error {
		said, err := db.One[registers](ctx, db.Adopt(tx), registersSQL)
		if err != nil {
			return err
		}
		tables, err := allTables(ctx, db.Adopt(tx), said)
		for _, t := range tables {
			l.tables[t.Name] = t
		}
		l.order = names(said.moved(tables))
		return err
	})
	if err != nil {
		return nil, err
	}
	_, err = tx.Conn().PgConn().Exec(ctx, createIDs).ReadAll()
	return l, err
}

// EnterCustomer sets the customer of the transaction, for the roles that walls hold.
func EnterCustomer(ctx context.Context, tx pgx.Tx, customer string) error {
	_, err := tx.Exec(ctx, `select pg_catalog.set_config('app.customer_id', $1, true)`, customer)
	return err
}

// AsMover runs fn as portal_mover, which sees and writes the rows of the one customer. An error ends the transaction.
func (l *Landing) AsMover(ctx context.Context, fn func() error) error { return asMover(ctx, l.tx, fn) }

func asMover(ctx context.Context, tx pgx.Tx, fn func() error) error {
	if _, err := tx.Exec(ctx, `set local role portal_mover`); err != nil {
		return err
	}
	if err := fn(); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `reset role`)
	return err
}

// Tables are the names of the tables that move, in the order in which their rows must be inserted. Others may be landed in,
// too.
func (l *Landing) Tables() []string { return l.order }

func (l *Landing) table(name string) (Table, error) {
	t, ok := l.tables[name]
	if !ok {
		return t, fmt.Errorf("no rows are moved into %s", name)
	}
	return t, nil
}

// Stage makes the table in which rows arrive.
func (l *Landing) Stage(ctx context.Context, table string) error {
	t, err := l.table(table)
	if err != nil {
		return err
	}
	sql := fmt.Sprintf("create temporary table %s on commit drop as select %s from %s with no data",
		t.stage().Sanitize(), columns("", t.Columns), t.identifier())
	if _, err := l.tx.Exec(ctx, sql); err != nil {
		return err
	}
	_, err = l.tx.Exec(ctx, fmt.Sprintf("grant select on %s to portal_mover", t.stage().Sanitize()))
	return err
}

// Staged is the stage of a table as a statement names it, for whoever looks at or changes what has arrived.
func (l *Landing) Staged(table string) string { return l.tables[table].stage().Sanitize() }

// Copy brings rows into the stage of a table. What is not among columns is null; an id that is null is drawn by Insert.
func (l *Landing) Copy(ctx context.Context, table string, columns []string, rows pgx.CopyFromSource) (int64, error) {
	t, err := l.table(table)
	if err != nil {
		return 0, err
	}
	return l.tx.CopyFrom(ctx, t.stage(), columns, rows)
}

// Insert takes what is in the stage of a table, or of it the columns that are named, into the table, and empties the stage.
// An id that nobody has is kept, another is drawn, and references follow. It returns how many rows came in.
func (l *Landing) Insert(ctx context.Context, table string, only ...string) (n int64, err error) {
	t, err := l.table(table)
	if err != nil {
		return 0, err
	}
	if only != nil {
		t.Columns = slices.DeleteFunc(slices.Clone(t.Columns), func(c string) bool { return !slices.Contains(only, c) })
	}
	if t.HasID {
		if err := l.assign(ctx, t); err != nil {
			return 0, err
		}
	}
	blocks, step, err := l.blocks(ctx, t)
	if err != nil {
		return 0, err
	}
	sql := l.insertSQL(t)
	// Only a join has a plan to choose.
	if strings.Contains(sql, "left join") {
		if _, err := l.tx.Exec(ctx, "analyze "+t.stage().Sanitize()); err != nil {
			return 0, err
		}
	}
	err = l.AsMover(ctx, func() error {
		for from := int64(0); from < blocks; from += step {
			tag, err := l.tx.Exec(ctx, sql, fmt.Sprintf("(%d,0)", from), fmt.Sprintf("(%d,0)", from+step))
			if err != nil {
				return refusedRow(t, err)
			}
			n += tag.RowsAffected()
		}
		return nil
	})
	if err == nil {
		_, err = l.tx.Exec(ctx, "truncate "+t.stage().Sanitize())
	}
	return n, err
}

// blocksAtOnce are about 30,000 rows: PostgreSQL keeps what a statement has still to check in memory.
const blocksAtOnce = 500

func (l *Landing) blocks(ctx context.Context, t Table) (blocks, step int64, err error) {
	err = l.tx.QueryRow(ctx, `select pg_relation_size($1::text::regclass) / current_setting('block_size')::int`, t.stage().Sanitize()).Scan(&blocks)
	if t.refersToItself() {
		return blocks, max(blocks, 1), err
	}
	return blocks, blocksAtOnce, err
}

// assign draws an id for each row that has none, or one that somebody has here.
func (l *Landing) assign(ctx context.Context, t Table) error {
	stage := t.stage().Sanitize()
	if _, err := l.tx.Exec(ctx, fmt.Sprintf("update %s set id = nextval(pg_get_serial_sequence($1, 'id')) where id is null", stage), t.identifier()); err != nil {
		return err
	}
	if taken := l.taken[t.Name]; taken != "" {
		sql := fmt.Sprintf(`
insert into pg_temp.moving_ids (table_name, old, new)
select $1, s.id, nextval(pg_get_serial_sequence($2, 'id'))
from %s s
where s.id <@ (select $3::text::int8multirange)
on conflict do nothing`, stage)
		if _, err := l.tx.Exec(ctx, sql, t.Name, t.identifier(), string(taken)); err != nil {
			return err
		}
	}
	var any bool
	err := l.tx.QueryRow(ctx, `select exists (select from pg_temp.moving_ids where table_name = $1)`, t.Name).Scan(&any)
	l.remapped[t.Name] = any
	return err
}

// insertSQL takes the rows of some blocks of the stage; joins look ids up where a table has rows with another one.
func (l *Landing) insertSQL(t Table) string {
	values := map[string]string{}
	for _, c := range t.Columns {
		values[c] = "s." + quoted(c)
	}
	var joins strings.Builder
	look := func(column, target, condition string) {
		if !l.remapped[target] {
			return
		}
		m := fmt.Sprintf("m%d", strings.Count(joins.String(), "left join"))
		fmt.Fprintf(&joins, "\nleft join pg_temp.moving_ids %s on %s.table_name = '%s' and %s.old = s.%s and %s", m, m, target, m, quoted(column), condition)
		values[column] = fmt.Sprintf("coalesce(%s.new, %s)", m, values[column])
	}
	if t.HasID {
		look("id", t.Name, "true")
	}
	for _, r := range t.References {
		if _, ok := values[r.Column]; ok {
			look(r.Column, r.Target, r.Condition)
		}
	}
	into, from := columns("", t.Columns), make([]string, len(t.Columns))
	for i, c := range t.Columns {
		from[i] = values[c]
	}
	if t.NamesCustomer {
		into, from = "customer_id, "+into, append([]string{"tenancy.customer_id()"}, from...)
	}
	overriding := ""
	if t.HasID {
		overriding = " overriding system value"
	}
	return fmt.Sprintf("insert into %s (%s)%s\nselect %s\nfrom %s s%s\nwhere s.ctid >= $1::text::tid and s.ctid < $2::text::tid",
		t.identifier(), into, overriding, strings.Join(from, ", "), t.stage().Sanitize(), joins.String())
}

func columns(of string, all []string) string {
	quoteds := make([]string, len(all))
	for i, c := range all {
		quoteds[i] = of + quoted(c)
	}
	return strings.Join(quoteds, ", ")
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

// refusedRow names the table and the rule, and no value of the row.
func refusedRow(t Table, err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	if pg.ConstraintName != "" {
		return fmt.Errorf("%s: a row breaks %q (%s)", t.Name, pg.ConstraintName, pg.Code)
	}
	return fmt.Errorf("%s: %s (%s)", t.Name, pg.Message, pg.Code)
}
