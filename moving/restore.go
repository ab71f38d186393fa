package moving

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db"
	"contractor-portal/db/install"
	"contractor-portal/server/auth"
)

// RestoreOptions say how an archive is brought in.
type RestoreOptions struct {
	// As is the customer that it becomes; empty: the one that it was.
	As string
	// Secrets: Open opens those of the archive. Nil refuses an archive that has any.
	Secrets *Secrets
	// Then is run at the end, as whoever moves the customer, before it is there; nil: nothing.
	Then func(ctx context.Context, tx db.Tx) error
	// Deed is entered in the customer's audit log; nil: nothing.
	Deed *auth.Deed
	// Progress is told of each table that is done; nil: nobody.
	Progress func(table string, rows int64)
}

// A Restored says what came in.
type Restored struct {
	Customer string
	Rows     map[string]int64 // by table
	Renamed  int64            // rows that have another id here
	// Notes are sentences on what is not as it was.
	Notes []string
}

// A restorer is one run of Restore.
type restorer struct {
	RestoreOptions
	dir string
	m   Manifest
	l   *Landing
	tx  pgx.Tx
	Restored
}

// Restore brings an archive in, all of it or nothing, as a customer that is not there yet. Ids are kept where nobody has
// them, and so are times; people log in anew, and by the password that the archive has of them, if it has any.
func Restore(ctx context.Context, url, dir string, o RestoreOptions) (Restored, error) {
	m, err := ReadManifest(dir)
	if err != nil {
		return Restored{}, err
	}
	if len(m.SecretsFor) > 0 && o.Secrets == nil {
		return Restored{}, errors.New("the archive has secrets, and nothing was named that opens them")
	}
	if o.As == "" {
		o.As = m.Customer
	}
	r := &restorer{RestoreOptions: o, dir: dir, m: m, Restored: Restored{Customer: o.As, Rows: map[string]int64{}}}
	subdomain, err := r.look(ctx, url)
	if err != nil {
		return r.Restored, err
	}
	taken, err := Reserve(ctx, url, m.ranges())
	if err != nil {
		return r.Restored, err
	}
	err = install.Begin(ctx, url, pgx.TxOptions{}, func(ctx context.Context, tx pgx.Tx) error {
		if r.l, err = Open(ctx, tx, o.As, taken); err != nil {
			return err
		}
		r.tx = tx
		return r.all(ctx, subdomain)
	})
	return r.Restored, err
}

const presentSQL = `
select
  (select version from tenancy.schema_version) as version,
  exists (select from platform.customers where customer_id = @customer) as present`

// look compares the database with the archive, and returns the subdomains that are taken.
func (r *restorer) look(ctx context.Context, url string) (subdomains []string, err error) {
	err = install.Transaction(ctx, url, func(ctx context.Context, tx pgx.Tx) error {
		type present struct {
			Version int32 `db:"version"`
			Present bool  `db:"present"`
		}
		here, err := db.One[present](ctx, db.Adopt(tx), presentSQL, db.Args{"customer": r.As})
		switch {
		case err != nil:
			return err
		case here.Present:
			return fmt.Errorf("customer %s is here already; erase it first, or restore as another one (--as)", r.As)
		case here.Version < r.m.Schema:
			return fmt.Errorf("the archive is of version %d of the schema, and this database is at %d: migrate it first", r.m.Schema, here.Version)
		}
		rows, _ := tx.Query(ctx, `select subdomain from platform.customers where subdomain is not null`)
		subdomains, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return subdomains, err
}

func (r *restorer) all(ctx context.Context, subdomains []string) error {
	for _, f := range r.m.Tables {
		if !slices.Contains(r.l.Tables(), f.Table) {
			return fmt.Errorf("the archive has a table %s, which has no place here", f.Table)
		}
	}
	for _, name := range r.l.Tables() {
		f, ok := r.m.file(name)
		if !ok {
			continue
		}
		change := r.changer(ctx, r.l.tables[name], subdomains)
		n, err := r.table(ctx, f, change)
		if err != nil {
			return err
		}
		r.Rows[name] = n
		if r.Progress != nil {
			r.Progress(name, n)
		}
	}
	if err := r.tx.QueryRow(ctx, "select count(*) from "+movingIDs+" where new <> old").Scan(&r.Renamed); err != nil {
		return err
	}
	return r.l.AsMover(ctx, func() error {
		if r.Then != nil {
			if err := r.Then(ctx, db.Adopt(r.tx)); err != nil {
				return err
			}
		}
		if r.Deed == nil {
			return nil
		}
		return auth.Record(ctx, db.Adopt(r.tx), *r.Deed)
	})
}

// changer is what happens to each row of a table before it is written; nil: nothing.
func (r *restorer) changer(ctx context.Context, t Table, subdomains []string) func(map[string]any) error {
	secret := len(t.Secrets) > 0 && len(r.m.SecretsFor) > 0
	if !secret && !t.NamesCustomer {
		return nil
	}
	return func(row map[string]any) error {
		if secret {
			if err := r.Secrets.unpack(r.m.Customer, r.As, t, row, func(old json.Number) (json.Number, error) { return r.user(ctx, t, old) }); err != nil {
				return err
			}
		}
		if s, ok := row["subdomain"].(string); ok && t.NamesCustomer && slices.Contains(subdomains, s) {
			row["subdomain"] = nil
			r.Notes = append(r.Notes, fmt.Sprintf("the subdomain %s is another customer's here; an operator gives a new one", s))
		}
		return nil
	}
}

// user is the id that a person has here; people come before what they own.
func (r *restorer) user(ctx context.Context, t Table, old json.Number) (json.Number, error) {
	i := slices.IndexFunc(t.References, func(ref Reference) bool { return ref.Column == "user_id" })
	if i < 0 {
		return old, nil
	}
	var id json.Number
	err := r.tx.QueryRow(ctx, "select coalesce((select new from "+movingIDs+" where table_name = $1 and old = $2::text::bigint), $2::text::bigint)::text",
		t.References[i].Target, old.String()).Scan((*string)(&id))
	return id, err
}

func (r *restorer) table(ctx context.Context, f File, change func(map[string]any) error) (int64, error) {
	file, err := os.Open(filepath.Join(r.dir, f.name())) //nolint:gosec // named by the manifest, which was checked
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }()
	if err := r.l.Stage(ctx, f.Table); err != nil {
		return 0, err
	}
	lines := &jsonLines{r: bufio.NewReaderSize(file, 1<<20), change: change}
	for !lines.over {
		if err := r.l.copyJSON(ctx, f, lines); err != nil {
			return 0, err
		}
	}
	n, err := r.l.Insert(ctx, f.Table, f.Columns...)
	if err == nil && n != f.Rows {
		err = fmt.Errorf("%s: %d rows came in, and the archive has %d", f.Table, n, f.Rows)
	}
	return n, err
}

// jsonLines are the lines of a file, some thousands at a time, for pgx to copy. A change may need the connection, so that
// rows that are changed are read before they are copied.
type jsonLines struct {
	r      *bufio.Reader
	change func(map[string]any) error
	over   bool
}

const linesAtOnce = 20_000

func (j *jsonLines) next() ([]byte, error) {
	line, err := j.r.ReadBytes('\n')
	if errors.Is(err, io.EOF) && len(line) == 0 {
		j.over = true
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if j.change == nil {
		return line, nil
	}
	return decoded(line, j.change)
}

// copyJSON brings some of the lines into the stage of their table. A column that the archive does not have is null.
func (l *Landing) copyJSON(ctx context.Context, f File, lines *jsonLines) error {
	t, err := l.table(f.Table)
	if err != nil {
		return err
	}
	for _, c := range f.Columns {
		if !slices.Contains(t.Columns, c) {
			return fmt.Errorf("the archive has a column %s.%s, which has no place here", f.Table, c)
		}
	}
	if _, err := l.tx.Exec(ctx, `create temporary table if not exists moving_lines (line jsonb) on commit drop`); err != nil {
		return err
	}
	var rows [][]any
	for n := 0; n < linesAtOnce && !lines.over; n++ {
		line, err := lines.next()
		if err != nil {
			return fmt.Errorf("%s: %w", f.Table, err)
		}
		if line != nil {
			rows = append(rows, []any{json.RawMessage(line)})
		}
	}
	if _, err := l.tx.CopyFrom(ctx, pgx.Identifier{"pg_temp", "moving_lines"}, []string{"line"}, pgx.CopyFromRows(rows)); err != nil {
		return refusedRow(t, err)
	}
	stage := t.stage().Sanitize()
	sql := fmt.Sprintf("insert into %[1]s (%[2]s) select %[3]s from pg_temp.moving_lines l, jsonb_populate_record(null::%[1]s, l.line) r",
		stage, columns("", f.Columns), columns("r.", f.Columns))
	if _, err := l.tx.Exec(ctx, sql); err != nil {
		return refusedRow(t, err)
	}
	_, err = l.tx.Exec(ctx, `truncate pg_temp.moving_lines`)
	return err
}
