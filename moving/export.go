package moving

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db"
	"contractor-portal/db/install"
	"contractor-portal/server/vault"
)

// Secrets are sealed anew on their way: what Open opens, Seal seals for whoever has its keys.
type Secrets struct{ Open, Seal *vault.Vault }

// ExportOptions say what an export takes along.
type ExportOptions struct {
	// Secrets: nil leaves passwords, tokens and the keys of other services out.
	Secrets *Secrets
	// LeaveOut are tables that stay behind, each with its reason.
	LeaveOut map[string]string
	// Change is handed every row before it is written, which it may change; nil: nobody.
	Change func(table string, row map[string]any) error
	// Progress is told of each table that is done; nil: nobody.
	Progress func(File)
}

// ExportCustomer writes one customer's rows into a directory, as they were at one moment, by a connection of the installer.
func ExportCustomer(ctx context.Context, url, customer, dir string, o ExportOptions) (m Manifest, err error) {
	err = Snapshot(ctx, url, func(ctx context.Context, tx pgx.Tx) error {
		m, err = ExportFrom(ctx, tx, customer, dir, o)
		return err
	})
	return m, err
}

// Snapshot runs fn in a transaction of the installer that sees one moment, whichever customers are exported from it.
func Snapshot(ctx context.Context, url string, fn func(context.Context, pgx.Tx) error) error {
	return install.Begin(ctx, url, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, fn)
}

// ExportFrom is ExportCustomer within a Snapshot.
func ExportFrom(ctx context.Context, tx pgx.Tx, customer, dir string, o ExportOptions) (m Manifest, err error) {
	if err := EnterCustomer(ctx, tx, customer); err != nil {
		return m, err
	}
	err = asMover(ctx, tx, func() error {
		m, err = Export(ctx, db.Adopt(tx), dir, o)
		return err
	})
	return m, err
}

const exportedSQL = `
select
  tenancy.customer_id() as customer_id,
  (select count(*) from platform.customers) as customers`

type exported struct {
	Customer  string `db:"customer_id"`
	Customers int    `db:"customers"`
}

// Export writes the rows of the customer that tx has entered into a directory that is there and empty: what the role of tx
// may read. The manifest comes last: a directory without one is no archive. The transaction is one snapshot.
func Export(ctx context.Context, tx db.Tx, dir string, o ExportOptions) (Manifest, error) {
	of, err := db.One[exported](ctx, tx, exportedSQL)
	if err != nil {
		return Manifest{}, err
	}
	if of.Customers != 1 {
		return Manifest{}, fmt.Errorf("there is no customer %s", of.Customer)
	}
	said, err := db.One[registers](ctx, tx, registersSQL)
	if err != nil {
		return Manifest{}, err
	}
	m := Manifest{Format: 1, Customer: of.Customer, Schema: said.Version, At: time.Now().UTC().Truncate(time.Second), LeftOut: said.Unmoved}
	if o.Secrets != nil {
		if _, m.SecretsFor, err = o.Secrets.Seal.Keys(); err != nil {
			return m, err
		}
	}
	tables, err := allTables(ctx, tx, said)
	if err != nil {
		return m, err
	}
	for _, t := range said.moved(tables) {
		t, ok := o.exportable(t, m)
		if !ok {
			continue
		}
		f, err := o.table(ctx, tx, of.Customer, t, dir)
		if err != nil {
			return m, fmt.Errorf("%s: %w", t.Name, err)
		}
		m.Tables = append(m.Tables, f)
		if o.Progress != nil {
			o.Progress(f)
		}
	}
	return m, m.write(dir)
}

// exportable is what is taken of a table, if anything; what is not is noted.
func (o ExportOptions) exportable(t Table, m Manifest) (Table, bool) {
	if reason := o.LeaveOut[t.Name]; reason != "" {
		m.LeftOut[t.Name] = reason
		return t, false
	}
	var secrets []string
	if o.Secrets == nil {
		secrets = t.Secrets
	}
	less, ok := t.without(secrets)
	switch {
	case !ok && len(secrets) > 0:
		m.LeftOut[t.Name] = "its rows are secrets"
	case !ok:
		m.LeftOut[t.Name] = "not readable by whoever made the archive"
	default:
		for _, c := range secrets {
			m.LeftOut[t.Name+"."+c] = "a secret"
		}
	}
	return less, ok
}

func (o ExportOptions) table(ctx context.Context, tx db.Tx, customer string, t Table, dir string) (f File, err error) {
	f = File{Table: t.Name, Columns: t.Columns}
	file, err := os.OpenFile(filepath.Join(dir, f.name()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // below dir
	if err != nil {
		return f, err
	}
	defer func() { _ = file.Close() }()
	w := counter{w: bufio.NewWriterSize(file, 1<<20), sum: sha256.New()}
	err = db.Dump(ctx, tx, t.relation(), func(row []byte) error {
		f.Rows++
		if t.HasID {
			f.noteID(row)
		}
		if len(t.Secrets) > 0 {
			if row, err = o.Secrets.pack(customer, t, row); err != nil {
				return err
			}
		}
		if o.Change != nil {
			if row, err = decoded(row, func(values map[string]any) error { return o.Change(t.Name, values) }); err != nil {
				return err
			}
		}
		return w.line(row)
	})
	if err != nil {
		return f, err
	}
	f.Bytes, f.SHA256 = w.n, hex.EncodeToString(w.sum.Sum(nil))
	if err := w.w.Flush(); err != nil {
		return f, err
	}
	return f, file.Close()
}

// noteID widens the range of ids by that of a row, which PostgreSQL prints as its own column.
func (f *File) noteID(row []byte) {
	id, ok := leadingID(row, f.Columns)
	if !ok {
		return
	}
	if f.IDs == nil {
		f.IDs = &Range{id, id}
	}
	f.IDs.Least, f.IDs.Greatest = min(f.IDs.Least, id), max(f.IDs.Greatest, id)
}

// leadingID reads the id of a row; as a rule it is the first column, and no JSON needs to be parsed.
func leadingID(row []byte, columns []string) (int64, bool) {
	if i := slices.Index(columns, "id"); i == 0 {
		digits, ok := bytes.CutPrefix(row, []byte(`{"id":`))
		end := bytes.IndexAny(digits, ",}")
		if ok && end > 0 {
			id, err := strconv.ParseInt(string(digits[:end]), 10, 64)
			return id, err == nil
		}
	}
	var r struct {
		ID int64 `json:"id"`
	}
	err := json.Unmarshal(row, &r)
	return r.ID, err == nil
}

type counter struct {
	w   *bufio.Writer
	sum hash.Hash
	n   int64
}

func (c *counter) line(row []byte) error {
	for _, part := range [][]byte{row, {'\n'}} {
		c.sum.Write(part)
		c.n += int64(len(part))
		if _, err := c.w.Write(part); err != nil {
			return err
		}
	}
	return nil
}
