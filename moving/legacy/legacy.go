// Package legacy brings the MySQL database of the old portal in: whatever tables and columns it has, of any generation, each
// customer in one transaction and behind its wall.
//
// A row keeps its id where nobody has it, and what was imported is remembered, so that a second import of the same database
// adds what is new there and touches nothing else: what people have changed here stays.
package legacy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db"
	"contractor-portal/db/audit"
	"contractor-portal/db/install"
	"contractor-portal/moving"
	"contractor-portal/server/vault"
)

// Options are the circumstances of one import.
type Options struct {
	From string // of go-sql-driver/mysql: user:password@tcp(host:3306)/database
	URL  string // the installer's connection to the portal's database
	// Into is the customer of rows that name none: LEGACY001.
	Into string
	// Company is the name of that customer where it is made and the source does not say it.
	Company string
	// Zone is where the business is: what its DATETIMEs mean.
	Zone *time.Location
	// BackDoors are e-mails of accounts that the old portal had for its makers. They are not imported.
	BackDoors []string
	DryRun    bool
	Folder    string       // for the report's files; empty: none are written
	Vault     *vault.Vault // seals secrets; nil: they are refused
	Progress  Progress
	// Record makes the entry in a customer's audit log.
	Record func(ctx context.Context, tx db.Tx, customer string, detail map[string]any) error
}

// A Progress is told how far a table is.
type Progress interface {
	Table(name string, rows int64)
	Rows(n int64)
	Done()
}

type importer struct {
	Options
	source *source
	now    time.Time
	alone  bool // all rows are of one customer
	taken  map[string]runs
	// greatest are the greatest ids of the source, and tried what a try pretended to draw beyond them.
	greatest, tried map[string]int64
	folder          *folder
	report          *Report
}

// Import imports all customers of a source. Its report is there even where it fails: customers before the one that failed
// have stayed, and are as if imported before when it is repeated.
func Import(ctx context.Context, o Options) (report *Report, err error) {
	s, err := open(ctx, o.From)
	if err != nil {
		return nil, err
	}
	defer s.close()
	in := &importer{Options: o, source: s, now: time.Now().Truncate(time.Microsecond), report: &Report{Source: s.name, DryRun: o.DryRun}}
	if in.folder, err = openFolder(o.Folder); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.folder.finish(in.report)) }()
	return in.report, in.run(ctx)
}

func (in *importer) run(ctx context.Context) error {
	says, err := in.source.owned(ctx)
	if err != nil {
		return err
	}
	customers := customersOf(says, in.Into)
	in.alone = len(customers) == 1
	if err := in.reserve(ctx); err != nil {
		return err
	}
	for _, c := range customers {
		if err := in.customer(ctx, c); err != nil {
			return fmt.Errorf("customer %s: %w", c.id, err)
		}
		if in.report.Failed() {
			return fmt.Errorf("customer %s: a check has failed, and nothing of it has stayed", c.id)
		}
	}
	if len(in.BackDoors) == 0 {
		in.report.Remarks = append(in.report.Remarks,
			"No account was named as the old portal's back door (--back-door): see to it that none of those imported is one.")
	}
	return in.archive(ctx)
}

// reserve sees to it that nobody is given an id of the source while it is imported, and learns which are taken. A try looks
// and moves nothing.
func (in *importer) reserve(ctx context.Context) error {
	ranges, err := in.ranges(ctx)
	if err != nil {
		return err
	}
	ask := moving.Reserve
	if in.DryRun {
		ask = moving.Look
	}
	taken, err := ask(ctx, in.URL, ranges)
	if err != nil {
		return err
	}
	in.taken, in.greatest, in.tried = map[string]runs{}, map[string]int64{}, map[string]int64{}
	for table, r := range ranges {
		in.greatest[table] = r.Greatest
	}
	for table, set := range taken {
		if in.taken[table], err = parseMultirange(string(set)); err != nil {
			return err
		}
	}
	return nil
}

func (in *importer) ranges(ctx context.Context) (map[string]moving.Range, error) {
	ranges := map[string]moving.Range{}
	for _, s := range steps {
		t := in.source.first(s.from)
		if !s.keeps || t == nil || !t.hasKey() {
			continue
		}
		var least, greatest int64
		query := "select coalesce(min(id), 0), coalesce(max(id), 0) from " + quoted(t.name)
		if err := in.source.conn.QueryRowContext(ctx, query).Scan(&least, &greatest); err != nil {
			return nil, fmt.Errorf("MySQL: %w", err)
		}
		if greatest > 0 {
			ranges[s.into] = moving.Range{Least: max(least, 1), Greatest: greatest}
		}
	}
	return ranges, nil
}

// errTried ends the transaction of a try.
var errTried = errors.New("a try")

func (in *importer) customer(ctx context.Context, c owner) (err error) {
	in.report.Customers = append(in.report.Customers, Customer{ID: c.id, Replaced: c.replaced})
	p := &pass{importer: in, owner: c, out: &in.report.Customers[len(in.report.Customers)-1], ids: map[string]*ids{}, seen: map[string]int64{}, started: map[string]bool{}, settle: func() error { return nil }}
	numbers, err := in.customerNumber(ctx)
	if err != nil {
		return err
	}
	err = install.Begin(ctx, in.URL, pgx.TxOptions{}, func(ctx context.Context, tx pgx.Tx) error {
		if err := p.bring(ctx, tx); err != nil {
			return err
		}
		if in.DryRun || slices.ContainsFunc(p.out.Checks, func(k Check) bool { return !k.OK }) {
			return errTried
		}
		return nil
	})
	if errors.Is(err, errTried) {
		return in.putBack(ctx, numbers)
	}
	return err
}

// customerNumber is how far customers are counted; a try that made one gives its number back.
func (in *importer) customerNumber(ctx context.Context) (n int64, err error) {
	err = install.Begin(ctx, in.URL, pgx.TxOptions{}, func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select coalesce(pg_sequence_last_value(pg_get_serial_sequence('platform.customers', 'id')::regclass), 0)`).Scan(&n)
	})
	return n, err
}

func (in *importer) putBack(ctx context.Context, n int64) error {
	return install.Begin(ctx, in.URL, pgx.TxOptions{}, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
select setval(s.name, greatest($1, 1), $1 > 0)
from pg_get_serial_sequence('platform.customers', 'id') as s (name)
where pg_sequence_last_value(s.name::regclass) = $1 + 1`, n)
		return err
	})
}

// bring brings all that is one customer's, and asks whether it is whole.
func (p *pass) bring(ctx context.Context, tx pgx.Tx) (err error) {
	p.tx = tx
	if p.landing, err = moving.Open(ctx, tx, p.id, nil); err != nil {
		return err
	}
	if err := p.enter(ctx); err != nil {
		return err
	}
	for i := range steps {
		if err := p.take(ctx, &steps[i]); err != nil {
			return fmt.Errorf("%s: %w", steps[i].from[0], err)
		}
	}
	if err := p.remember(ctx); err != nil {
		return err
	}
	if err := p.raise(ctx); err != nil {
		return err
	}
	if err := p.check(ctx); err != nil {
		return err
	}
	if p.DryRun || p.Record == nil || p.written() == 0 && !p.out.Made {
		return nil
	}
	return p.Record(ctx, db.Adopt(tx), p.id, map[string]any{"source": p.source.name, "rows": p.written()})
}

func (p *pass) written() (n int64) {
	for _, t := range p.out.Tables {
		n += t.Written
	}
	return n
}

// audited asks the audit of the database, inside the transaction.
func (p *pass) audited(ctx context.Context) error {
	found, err := audit.Findings(ctx, p.tx)
	if err != nil {
		return err
	}
	var errors []string
	for _, f := range found {
		if f.Severity == audit.Error {
			errors = append(errors, f.String())
		}
	}
	p.checked("the audit", len(errors) == 0, cmp.Or(strings.Join(errors, "; "), "no finding of level error"))
	return nil
}
