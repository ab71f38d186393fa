// Package install brings a database to the newest schema: roles and context functions, migrations,
// walls and grants, and the audit, which has the last word. It knows no table; what it installs is
// handed to it.
package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/tern/v2/migrate"
)

// A Script is SQL of one file, which may hold many statements.
type Script struct{ Name, SQL string }

// A Source is what there is to install.
type Source struct {
	Before     []Script // what tables need to exist
	Migrations fs.FS    // tern's files, NNN_verb_noun.sql
	After      []Script // what needs tables to exist
	Close      Script   // shuts the schemas below the newest version
}

// Options are the circumstances of one installation.
type Options struct {
	URL   string        // the installer's connection: a superuser, or the database's owner with CREATEROLE
	Wait  time.Duration // for another installer to end; 0: one minute
	Roles []string      // connection URLs of the API's roles, which get log-in with the passwords in them
	Say   func(string)  // one line of progress or of warning

	installing bool // the session changes the schema
}

// Status is where a database stands.
type Status struct {
	Version, Newest int32
	Superuser       bool
}

const versionTable = "tenancy.schema_version"

// lockKey is the advisory lock of installers, any constant that nobody else uses.
const lockKey = 7_204_815_553_021

type installer struct {
	Options
	source    Source
	conn      *pgx.Conn
	superuser bool
}

// Up installs everything in order: before, migrations, after, audit. After and audit are one transaction: an
// error-level finding rolls it back and is the error.
func Up(ctx context.Context, source Source, o Options) error {
	return with(ctx, source, o, func(in *installer, m *migrate.Migrator) error {
		return in.to(ctx, m, newest(m))
	})
}

// To brings the schema to one version. Below the newest one, nothing is served: the schemas are shut
// until Up.
func To(ctx context.Context, source Source, o Options, version int32) error {
	return with(ctx, source, o, func(in *installer, m *migrate.Migrator) error {
		return in.to(ctx, m, version)
	})
}

// Down takes the newest of the versions there back.
func Down(ctx context.Context, source Source, o Options) error {
	return with(ctx, source, o, func(in *installer, m *migrate.Migrator) error {
		version, err := m.GetCurrentVersion(ctx)
		if err != nil {
			return err
		}
		if version == 0 {
			return errors.New("the schema is at version 0; there is nothing to take back")
		}
		return in.to(ctx, m, version-1)
	})
}

// Read tells where a database stands, and changes nothing.
func Read(ctx context.Context, source Source, o Options) (s Status, err error) {
	if s.Newest, err = Newest(source.Migrations); err != nil {
		return s, err
	}
	in, err := connect(ctx, source, o)
	if err != nil {
		return s, err
	}
	defer in.close(ctx)
	s.Superuser = in.superuser
	var there bool
	if err := in.conn.QueryRow(ctx, `select to_regclass($1) is not null`, versionTable).Scan(&there); err != nil || !there {
		return s, err
	}
	err = in.conn.QueryRow(ctx, `select version from `+versionTable).Scan(&s.Version)
	return s, err
}

// Transaction runs fn with the sight of a migration: all rows of all customers. It is for what is done
// to a whole database from outside of any customer.
func Transaction(ctx context.Context, url string, fn func(context.Context, pgx.Tx) error) error {
	in, err := connect(ctx, Source{}, Options{URL: url})
	if err != nil {
		return err
	}
	defer in.close(ctx)
	return pgx.BeginFunc(ctx, in.conn, func(tx pgx.Tx) error {
		if in.superuser {
			return fn(ctx, tx)
		}
		if err := in.force(ctx, false); err != nil {
			return err
		}
		if err := fn(ctx, tx); err != nil {
			return err
		}
		return in.force(ctx, true)
	})
}

// Begin runs fn in a transaction of the installer that sees no more than the walls let it: nothing, until it becomes a role
// that may.
func Begin(ctx context.Context, url string, o pgx.TxOptions, fn func(context.Context, pgx.Tx) error) error {
	in, err := connect(ctx, Source{}, Options{URL: url})
	if err != nil {
		return err
	}
	defer in.close(ctx)
	return pgx.BeginTxFunc(ctx, in.conn, o, func(tx pgx.Tx) error { return fn(ctx, tx) })
}

func newest(m *migrate.Migrator) int32 { return int32(len(m.Migrations)) } //nolint:gosec // a count of files

func with(ctx context.Context, source Source, o Options, fn func(*installer, *migrate.Migrator) error) error {
	if _, err := Newest(source.Migrations); err != nil {
		return err
	}
	o.installing = true
	in, err := connect(ctx, source, o)
	if err != nil {
		return err
	}
	defer in.close(ctx)
	if err := in.lock(ctx); err != nil {
		return err
	}

	if err := in.transaction(ctx, source.Before); err != nil {
		return err
	}
	if err := in.queue(ctx); err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	m, err := migrate.NewMigrator(ctx, in.conn, versionTable)
	if err != nil {
		return err
	}
	if err := m.LoadMigrations(source.Migrations); err != nil {
		return err
	}
	m.OnStart = func(n int32, name, direction, _ string) { in.Say(fmt.Sprintf("migration %s %s", name, direction)) }
	return fn(in, m)
}

func connect(ctx context.Context, source Source, o Options) (*installer, error) {
	if o.Say == nil {
		o.Say = func(string) {}
	}
	if o.Wait == 0 {
		o.Wait = time.Minute
	}
	cfg, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return nil, errors.New("the installer's connection URL cannot be read")
	}
	// Start-up parameters, because tern resets what is set later.
	cfg.RuntimeParams["application_name"] = "portal migrate"
	if o.installing {
		cfg.RuntimeParams["tenancy.installing"] = "on"
	}
	cfg.RuntimeParams["lock_timeout"] = "30s"
	cfg.RuntimeParams["statement_timeout"] = "0"
	// PostgreSQL prints names as they must be written on the path: what policies/ compares is written whole.
	cfg.RuntimeParams["search_path"] = "pg_catalog, pg_temp"
	// What policies/ has to say it says as a warning; "already exists, skipping" is a notice.
	cfg.RuntimeParams["client_min_messages"] = "warning"
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { o.Say(n.Message) }
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("the installer cannot connect to database %s at %s:%d as %s: %w", cfg.Database, cfg.Host, cfg.Port, cfg.User, reason(err))
	}
	in := &installer{Options: o, source: source, conn: conn}
	if err := conn.QueryRow(ctx, `select rolsuper from pg_roles where rolname = current_user`).Scan(&in.superuser); err != nil {
		in.close(ctx)
		return nil, err
	}
	return in, nil
}

func reason(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return fmt.Errorf("%s (%s)", pg.Message, pg.Code)
	}
	return errors.Unwrap(err)
}

func (in *installer) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = in.conn.Close(ctx)
}

// lock waits, with a bound, for another installer to end. The lock goes with the connection.
func (in *installer) lock(ctx context.Context) error {
	deadline := time.Now().Add(in.Wait)
	for told := false; ; told = true {
		var ours bool
		if err := in.conn.QueryRow(ctx, `select pg_catalog.pg_try_advisory_lock($1::bigint)`, lockKey).Scan(&ours); err != nil {
			return err
		}
		if ours {
			return nil
		}
		if !told {
			in.Say(fmt.Sprintf("another portal migrate is at work; waiting up to %s", in.Wait))
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("another portal migrate has been at work for %s; nothing was changed", in.Wait)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// to migrates to one version; at the newest one it installs what comes after.
func (in *installer) to(ctx context.Context, m *migrate.Migrator, version int32) error {
	current, err := m.GetCurrentVersion(ctx)
	if err != nil {
		return err
	}
	if version < newest(m) {
		if err := in.transaction(ctx, []Script{in.source.Close}); err != nil {
			return err
		}
	}
	if current != version {
		if err := in.migrate(ctx, m, version); err != nil {
			return err
		}
	}
	if version < newest(m) {
		in.Say(fmt.Sprintf("schema is at version %d of %d; the API's roles are locked out until portal migrate up", version, newest(m)))
		return nil
	}
	return in.after(ctx)
}

// unforced lets migrations see all rows. A superuser does anyway; for another installer, which owns
// the tables through portal_owner, FORCE is lifted meanwhile, and put back whatever happens. Nobody
// else is let in by that: the roles of the API own nothing.
func (in *installer) unforced(ctx context.Context, migrations func() error) (err error) {
	if !in.superuser {
		if err := in.force(ctx, false); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, in.forceAgain(context.WithoutCancel(ctx))) }()
	}
	return migrations()
}

func (in *installer) migrate(ctx context.Context, m *migrate.Migrator, version int32) error {
	err := in.unforced(ctx, func() error { return m.MigrateTo(ctx, version) })
	var pg migrate.MigrationPgError
	if errors.As(err, &pg) {
		return fmt.Errorf("migration %s: %w%s", pg.MigrationName, at(pg.Sql, pg.PgError), remedies[pg.Code])
	}
	return err
}

// forceAgain puts FORCE back. Where the connection is gone (Ctrl-C), the lock is too: then it queues
// like any other installer, not to wall off a migration of another one.
func (in *installer) forceAgain(ctx context.Context) error {
	if !in.conn.IsClosed() {
		return in.force(ctx, true)
	}
	again, err := connect(ctx, in.source, in.Options)
	if err != nil {
		return err
	}
	defer again.close(ctx)
	if err := again.lock(ctx); err != nil {
		return err
	}
	return again.force(ctx, true)
}

const forcedTablesSQL = `
select c.oid::regclass::text
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('portal', 'platform', 'jobs') and c.relkind in ('r', 'p') and c.relrowsecurity and c.relforcerowsecurity <> $1`

func (in *installer) force(ctx context.Context, on bool) error {
	rows, _ := in.conn.Query(ctx, forcedTablesSQL, on)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	word := "no force"
	if on {
		word = "force"
	}
	for _, t := range tables {
		if _, err := in.conn.Exec(ctx, "alter table "+t+" "+word+" row level security"); err != nil {
			return err
		}
	}
	return nil
}

// transaction runs scripts, all or none.
func (in *installer) transaction(ctx context.Context, scripts []Script) error {
	return pgx.BeginFunc(ctx, in.conn, func(pgx.Tx) error {
		return in.run(ctx, scripts)
	})
}

func (in *installer) run(ctx context.Context, scripts []Script) error {
	for _, s := range scripts {
		if _, err := in.conn.PgConn().Exec(ctx, s.SQL).ReadAll(); err != nil {
			return fmt.Errorf("%s: %w", s.Name, at(s.SQL, err))
		}
	}
	return nil
}

// at adds the line of a script to PostgreSQL's error.
func at(sql string, err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	if strings.HasPrefix(pg.Code, "TN") && pg.Hint != "" { // policies/ says what to do; where in there is no help
		return errors.New(pg.Message + "; " + pg.Hint)
	}
	text := pg.Message + " (" + pg.Code + ")"
	if pg.Position > 0 && int(pg.Position) <= len(sql) {
		text = fmt.Sprintf("line %d: %s", 1+strings.Count(sql[:pg.Position-1], "\n"), text)
	}
	for _, more := range []string{pg.Detail, pg.Where} {
		if more != "" {
			text += "; " + more
		}
	}
	return errors.New(text)
}
