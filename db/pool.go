// Package db owns the connections to PostgreSQL and the tenant that each unit of work enters. It
// knows no table and no HTTP.
//
// There is no way around a unit of work: the pools are not exported, a Tx cannot commit, and the SQL
// it takes is constant text. A unit of work of a customer begins with an entry (Member, Guest, Operator),
// which only package auth makes and PostgreSQL verifies.
package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// Config says where the database is. The URLs name the roles portal_app, portal_auth,
// portal_platform and portal_worker; a DBA may add what pgx understands, such as default_query_exec_mode=cache_describe
// behind PgBouncer.
type Config struct {
	App, Auth, Platform string        // connection URLs
	Worker              string        // and of the workers; empty: this process works no jobs
	AppConns            int32         // size of the tenants' pool; 0: 10
	CustomerConns       int32         // how many of them one customer may hold at once; 0: half, and one at least
	CustomerStarts      int32         // units of work of one customer that may be in their first 50 ms at once; 0: half of the processors, and one at least
	CustomerLine        int           // units of work of one customer that wait, before ErrCrowded; 0: 256
	AuthConns           int32         // size of the log-in pool; 0: 4
	PlatformConns       int32         // size of the operators' pool; 0: 2
	WorkerConns         int32         // size of the workers' pool; 0: 12
	AcquireTimeout      time.Duration // wait for a connection before ErrCrowded or ErrBusy; 0: 5 s
	MaxLag              time.Duration // how long a standby that App is read from may take for what it has received; 0: 1 s
}

func (c Config) withDefaults() Config {
	c.AppConns = cmp.Or(c.AppConns, 10)
	c.CustomerConns = min(cmp.Or(c.CustomerConns, max(1, c.AppConns/2)), c.AppConns)
	c.CustomerStarts = cmp.Or(c.CustomerStarts, max(1, int32(runtime.GOMAXPROCS(0)/2))) //nolint:gosec // few
	c.CustomerLine = cmp.Or(c.CustomerLine, 256)
	c.AuthConns = cmp.Or(c.AuthConns, 4)
	c.PlatformConns = cmp.Or(c.PlatformConns, 2)
	c.WorkerConns = cmp.Or(c.WorkerConns, 12)
	c.AcquireTimeout = cmp.Or(c.AcquireTimeout, 5*time.Second)
	c.MaxLag = cmp.Or(c.MaxLag, time.Second)
	return c
}

// DB is the way to the database. It is safe for concurrent use.
type DB struct {
	app, auth, platform, worker *pool
	watch                       *pool      // asks how the database is that app reads: auth, or where that is a standby one of its own
	admission                   *admission // to app
	acquireTimeout, maxLag      time.Duration
	refusals                    refusals
}

// A pool is the connections of one role.
type pool struct {
	*pgxpool.Pool
	standby    bool         // its URL prefers one: a write that comes there has taken the wrong way
	generation atomic.Int64 // of the connections that are made now
}

// generationKey finds a connection's generation in its CustomData.
const generationKey = "generation"

// empty drops all connections, where c is one that was made since that was done last: of many that find theirs dead at the
// same time one does it, and what was connected meanwhile stays.
func (p *pool) empty(c *pgx.Conn) {
	of := c.PgConn().CustomData()[generationKey].(int64)
	if p.generation.CompareAndSwap(of, of+1) {
		p.Reset()
	}
}

// ofStandby finds in a connection URL, in either of its forms, that a standby is wanted.
var ofStandby = regexp.MustCompile(`\btarget_session_attrs\s*=\s*'?(prefer-)?standby\b`)

// Open connects the pools. It refuses a role that is a superuser, bypasses row security, owns a
// table or can become a role that does.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	if min(cfg.AppConns, cfg.AuthConns, cfg.PlatformConns, cfg.WorkerConns, cfg.CustomerConns, cfg.CustomerStarts) < 0 {
		return nil, errors.New("a number of connections or of starts is negative")
	}
	cfg = cfg.withDefaults()
	d := &DB{admission: newAdmission(cfg), acquireTimeout: cfg.AcquireTimeout, maxLag: cfg.MaxLag}
	watched := ""
	if ofStandby.MatchString(cfg.App) {
		watched = cfg.App
	}
	for _, p := range []struct {
		pool  **pool
		role  string
		url   string
		conns int32
	}{
		{&d.app, "portal_app", cfg.App, cfg.AppConns},
		{&d.auth, "portal_auth", cfg.Auth, cfg.AuthConns},
		{&d.platform, "portal_platform", cfg.Platform, cfg.PlatformConns},
		{&d.worker, "portal_worker", cfg.Worker, cfg.WorkerConns},
		{&d.watch, "portal_app", watched, 1},
	} {
		if p.url == "" && (p.pool == &d.worker || p.pool == &d.watch) {
			continue
		}
		pool, err := open(ctx, p.url, p.conns)
		if err == nil {
			*p.pool = pool
			err = refuseUnsafeRole(ctx, pool, p.role)
		}
		if err != nil {
			d.Close()
			return nil, fmt.Errorf("pool of %s: %w", p.role, err)
		}
	}
	if d.watch == nil {
		d.watch = d.auth
	}
	return d, nil
}

// Queue is the driver of the job queue, on the workers' pool.
func (d *DB) Queue() *riverpgxv5.Driver { return riverpgxv5.New(d.worker.Pool) }

// Close closes the pools and waits for borrowed connections to come back.
func (d *DB) Close() {
	for _, p := range []*pool{d.app, d.auth, d.platform, d.worker, d.watch} {
		if p != nil {
			p.Close()
		}
	}
}

func open(ctx context.Context, url string, conns int32) (*pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("the connection URL cannot be read") // the parser's text may quote the password
	}
	if cfg.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol { //nolint:forbidigo // the one place that refuses it
		return nil, errors.New("default_query_exec_mode=simple_protocol is refused: it admits stacked statements")
	}
	cfg.MaxConns = conns
	// A ping would be a second round trip. A connection that turns out to be broken is retried once.
	cfg.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	cfg.ConnConfig.ConnectTimeout = 5 * time.Second
	cfg.ConnConfig.RuntimeParams["application_name"] = "portal"
	p := &pool{standby: ofStandby.MatchString(url)}
	cfg.AfterConnect = func(_ context.Context, c *pgx.Conn) error {
		registerZonedTimes(c)
		c.PgConn().CustomData()[generationKey] = p.generation.Load()
		return nil
	}
	p.Pool, err = pgxpool.NewWithConfig(ctx, cfg)
	return p, err
}

// The unsafe roles are told from the catalogue, not from the audit: a database without our schema has
// roles too. Owning is looked for in all schemas of the database.
const unsafeRoleSQL = `
select current_user::text as role, r.rolsuper, r.rolbypassrls,
  exists (select from pg_class c where pg_has_role(current_user, c.relowner, 'member') and c.relkind in ('r', 'p')) as owns,
  exists (
    select from pg_roles up
    where pg_has_role(current_user, up.oid, 'member') and (up.rolsuper or up.rolbypassrls)) as becomes
from pg_roles r
where r.rolname = current_user`

func refuseUnsafeRole(ctx context.Context, pool *pool, want string) error {
	var role string
	var super, bypass, owns, becomes bool
	if err := pool.QueryRow(ctx, unsafeRoleSQL).Scan(&role, &super, &bypass, &owns, &becomes); err != nil {
		return startError(err)
	}
	switch {
	case super:
		return fmt.Errorf("role %s is a superuser: row security does not hold for it", role)
	case bypass:
		return fmt.Errorf("role %s bypasses row security", role)
	case becomes:
		return fmt.Errorf("role %s can become a role that bypasses row security", role)
	case owns:
		return fmt.Errorf("role %s owns a table, or can become a role that does", role)
	case role != want:
		return fmt.Errorf("role %s connects where %s is expected", role, want)
	}
	return nil
}

// startError names what an operator can mend, without the URL.
func startError(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return fmt.Errorf("%s (%s)", pg.Message, pg.Code)
	}
	return &Refusal{Kind: ErrDown, cause: err}
}

// State is what the installer left behind.
type State struct {
	SchemaVersion int32 `db:"schema_version"` // the newest migration that ran
	Errors        int64 `db:"errors"`         // error-level findings of the audit
}

const stateSQL = `select coalesce(schema_version, 0) as schema_version, errors from tenancy.state()`

// State asks the database for its schema version and the number of error-level findings.
func (d *DB) State(ctx context.Context) (s State, err error) {
	err = d.work(ctx, d.watch, &unit{timeout: time.Minute}, func(ctx context.Context, tx Tx) (err error) {
		s, err = One[State](ctx, tx, stateSQL)
		return err
	})
	return s, err
}

// A replay is how far a standby is, in bytes of the log. On a primary it is at its end.
type replay struct {
	Receiving bool  `db:"receiving"` // from a primary, or another standby
	Received  int64 `db:"received"`
	Replayed  int64 `db:"replayed"`
}

const (
	replaySQL = `select receiving, received, replayed from tenancy.replay()`
	aliveSQL  = `select true`
)

// Lags tells whether the standby that the tenants' pool reads from is behind its primary: what it has received takes longer
// than it may to be seen, or it receives nothing though a primary can be reached. Where none can, nobody writes anything
// that could be missing, and an idle primary leaves nothing to be behind with.
func (d *DB) Lags(ctx context.Context) (bool, error) {
	if !d.watch.standby {
		return false, nil
	}
	end := time.Now().Add(d.maxLag)
	r, err := d.replay(ctx)
	if err == nil && !r.Receiving {
		ctx, cancel := context.WithDeadline(ctx, end)
		defer cancel()
		return d.work(ctx, d.auth, &unit{}, func(ctx context.Context, tx Tx) error {
			_, err := Value[bool](ctx, tx, aliveSQL)
			return err
		}) == nil, nil
	}
	for upTo := r.Received; err == nil && r.Replayed < upTo; r, err = d.replay(ctx) {
		if time.Now().After(end) {
			return true, nil
		}
		time.Sleep(d.maxLag / 20)
	}
	return false, err
}

// Behind is how many bytes of the log the standby that the tenants' pool reads from has received and does not show yet; ok is
// false where it reads from none, or does not hear of it.
func (d *DB) Behind(ctx context.Context) (bytes int64, ok bool) {
	if !d.watch.standby {
		return 0, false
	}
	r, err := d.replay(ctx)
	return r.Received - r.Replayed, err == nil
}

func (d *DB) replay(ctx context.Context) (r replay, err error) {
	err = d.work(ctx, d.watch, &unit{}, func(ctx context.Context, tx Tx) (err error) {
		r, err = One[replay](ctx, tx, replaySQL)
		return err
	})
	return r, err
}

// connectionLost tells whether err means that the connection is gone rather than that PostgreSQL
// refused something.
func connectionLost(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return errors.Is(kinds[pg.Code], ErrDown)
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
