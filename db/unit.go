package db

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Read runs fn inside the member's customer, READ ONLY. Each statement travels in one round trip
// together with its own entry and sees its own snapshot.
//
// A unit of work that runs no statement still enters, so that its caller is checked. The connection
// goes back to the pool in every case; one whose state is not known is closed instead.
func (d *DB) Read(ctx context.Context, m Member, fn func(context.Context, Tx) error) error {
	return d.admitted(ctx, m, &unit{entry: m.Entry()}, fn)
}

// Write runs fn inside the member's customer in one transaction: BEGIN, the entry and the first
// statement travel in one round trip; it commits when fn returns nil, before Write returns.
func (d *DB) Write(ctx context.Context, m Member, fn func(context.Context, Tx) error) error {
	return d.admitted(ctx, m, &unit{write: true, entry: m.Entry()}, fn)
}

// Snapshot is Read in one transaction, whose statements all see the same picture and enter once. Each statement has
// its own time-out, so that what is long may be read piece by piece (Each).
func (d *DB) Snapshot(ctx context.Context, m Member, fn func(context.Context, Tx) error) error {
	return d.admitted(ctx, m, &unit{snapshot: true, entry: m.Entry()}, fn)
}

// Auth runs fn in one transaction on the log-in pool, before a customer is known. With a guest it
// enters that one's customer; a nil guest enters nothing, and tenant tables are empty.
func (d *DB) Auth(ctx context.Context, g Guest, fn func(context.Context, Tx) error) error {
	u := &unit{write: true}
	if g != nil {
		u.entry = g.GuestEntry()
	}
	return d.work(ctx, d.auth, u, fn)
}

// Job runs fn inside the customer of a claimed job, in one transaction on the workers' pool.
func (d *DB) Job(ctx context.Context, j Job, fn func(context.Context, Tx) error) error {
	return d.work(ctx, d.worker, &unit{write: true, entry: j.JobEntry()}, fn)
}

// JobSnapshot is Job READ ONLY, in one transaction whose statements all see the same picture, as those of a Snapshot do.
func (d *DB) JobSnapshot(ctx context.Context, j Job, fn func(context.Context, Tx) error) error {
	return d.work(ctx, d.worker, &unit{snapshot: true, entry: j.JobEntry()}, fn)
}

// Worker runs fn in one transaction on the workers' pool, outside of any customer.
func (d *DB) Worker(ctx context.Context, fn func(context.Context, Tx) error) error {
	return d.work(ctx, d.worker, &unit{write: true}, fn)
}

// Webhook runs fn in one transaction on the log-in pool, inside the customer that was called.
func (d *DB) Webhook(ctx context.Context, w Webhook, fn func(context.Context, Tx) error) error {
	return d.work(ctx, d.auth, &unit{write: true, entry: w.WebhookEntry()}, fn)
}

// PlatformRead runs fn for an operator outside of any customer, READ ONLY.
func (d *DB) PlatformRead(ctx context.Context, o Operator, fn func(context.Context, Tx) error) error {
	return d.work(ctx, d.platform, &unit{entry: o.OperatorEntry()}, fn)
}

// PlatformWrite runs fn for an operator outside of any customer, in one transaction.
func (d *DB) PlatformWrite(ctx context.Context, o Operator, fn func(context.Context, Tx) error) error {
	return d.work(ctx, d.platform, &unit{write: true, entry: o.OperatorEntry()}, fn)
}

// A Tx is the running unit of work, handed to its function. It has no Commit and no connection: what
// can be done with it is All, One, Value, Page, Each and Exec. It must not outlive the function, nor be
// shared between goroutines.
type Tx struct{ u *unit }

// Adopt makes a Tx of a transaction of the installer, which is outside of any customer and commits by
// itself. It is for the command line, whose user has the whole database anyway.
func Adopt(tx pgx.Tx) Tx { return Tx{&unit{via: tx, begun: true, clock: &clock{time.UTC}}} }

type unit struct {
	pool    *pool
	timeout time.Duration // of the wait for a connection; 0: the pool's
	write   bool
	entry   Entry // zero: enters nothing

	snapshot bool // reads in one transaction

	pace func(worked time.Duration) time.Duration // how long to let the processors to others; nil: not at all

	conn     *pgxpool.Conn
	via      sender // the connection, or an adopted transaction
	begun    bool   // an explicit transaction is open
	verified bool   // at least one entry was accepted
	over     bool
	clock    *clock // of the connection
}

type sender interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// admitted works on the tenants' pool, where no customer takes more than its share.
func (d *DB) admitted(ctx context.Context, m Member, u *unit, fn func(context.Context, Tx) error) error {
	stay, err := d.admission.admit(ctx, m.CustomerID())
	if err != nil {
		d.refusals.count(err)
		return err
	}
	defer d.admission.leave(stay)
	u.pace = func(worked time.Duration) time.Duration { return d.admission.pace(stay, worked) }
	return d.work(ctx, d.app, u, fn)
}

// work runs fn in a unit of work, and once more where that did nothing and the reason has gone (again).
func (d *DB) work(ctx context.Context, pool *pool, u *unit, fn func(context.Context, Tx) error) error {
	u.pool, u.timeout = pool, cmp.Or(u.timeout, d.acquireTimeout)
	second := *u
	err := closed(ctx, pool, u.work(ctx, fn))
	if u.again(ctx, err) {
		err = closed(ctx, pool, second.work(ctx, fn))
	}
	d.refusals.count(err)
	var r *Refusal
	if errors.As(err, &r) && u.lost(r) {
		r.Kind = ErrBusy // what was asked for contradicts nothing
	}
	return err
}

const openSQL = `select has_schema_privilege('platform', 'usage')`

// closed tells an error that comes of the schemas being shut, as they are below the newest version, from a bug. Who
// was refused a schema is told so, or, where the search path led there, that there is no such table or function.
func closed(ctx context.Context, pool *pool, err error) error {
	var r *Refusal
	if ctx.Err() != nil || !errors.As(err, &r) || !r.unseen() {
		return err
	}
	var open bool
	if pool.QueryRow(ctx, openSQL).Scan(&open) == nil && !open {
		return &Refusal{Kind: ErrClosed, cause: r.cause}
	}
	return err
}

func (u *unit) work(ctx context.Context, fn func(context.Context, Tx) error) (err error) {
	if err := u.acquire(ctx); err != nil {
		return err
	}
	done := false
	defer func() {
		u.over = true
		if !done { // fn panicked
			u.abandon(ctx)
		}
		u.conn.Release()
	}()

	err = fn(context.WithValue(ctx, insideKey{}, true), Tx{u})
	if err == nil {
		err = u.finish(ctx)
	}
	if err != nil {
		u.rollback(ctx)
	}
	done = true
	return err
}

type insideKey struct{}

// Inside tells whether ctx is that of a running unit of work, in which nothing may be waited for but the database.
func Inside(ctx context.Context) bool { return ctx.Value(insideKey{}) != nil }

// again tells whether a unit of work that failed may be done once more, from its beginning. All that it did has
// been taken back, and its function waits for nothing but the database: a read that lost against a concurrent change or
// the replay of a standby; whatever met a plan from before a migration, which the other connections have too; what a
// wall or a door refused, since the person may have changed after he entered, which the second entry then says; and what
// was not there, since a migration may have shut the schemas and opened them since.
func (u *unit) again(ctx context.Context, err error) bool {
	var r *Refusal
	if ctx.Err() != nil || !errors.As(err, &r) {
		return false
	}
	if r.stalePlan() {
		return true
	}
	if errors.Is(r.Kind, ErrClosed) {
		return false
	}
	return r.unseen() || u.lost(r)
}

// lost tells whether a read lost against a concurrent change, or against the replay of a standby.
func (u *unit) lost(r *Refusal) bool {
	return !u.write && (r.Code() == "40001" || r.Code() == "40P01")
}

func (u *unit) acquire(ctx context.Context) error {
	wait, cancel := context.WithTimeout(ctx, u.timeout)
	defer cancel()
	conn, err := u.pool.Acquire(wait)
	if err == nil {
		u.conn, u.via, u.clock = conn, conn, clockOf(conn.Conn())
		u.clock.zone = time.UTC // not that of whom it served before
		return nil
	}
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) && !connectionLost(err) {
		return &Refusal{Kind: ErrBusy, cause: err}
	}
	if ctx.Err() == nil {
		return &Refusal{Kind: ErrDown, cause: err}
	}
	return translate(ctx, err)
}

// diedIdle is within what time a connection breaks that was dead before it was used. One that breaks
// later was at work; whoever ended that meant it.
const diedIdle = time.Second

var errOver = errors.New("a unit of work was used after its end")

// run sends one statement, with whatever must precede it, in one round trip and hands its rows to
// collect.
func (u *unit) run(ctx context.Context, sql string, args []any, collect func(pgx.Rows) error) error {
	if u.over {
		return errOver
	}
	start := time.Now()
	err := u.send(ctx, sql, args, collect)
	if err != nil && !u.verified && !u.begun && connectionLost(err) && ctx.Err() == nil && time.Since(start) < diedIdle {
		// The pooled connection had died, and the others with it, as after a restart. Nothing can have
		// been committed: retry once, on a fresh one.
		u.abandon(ctx)
		u.pool.empty(u.conn.Conn())
		u.conn.Release()
		if err = u.acquire(ctx); err != nil {
			u.conn = closedConn
			return err
		}
		err = u.send(ctx, sql, args, collect)
	}
	return u.refused(ctx, err)
}

// refused translates an error. What says that the other connections of the pool are as useless drops them: they died
// together, as in a failover; they have plans from before a migration; or their server, on which nothing can be written any
// more, was the primary once, and the next ones look for that of now.
func (u *unit) refused(ctx context.Context, err error) error {
	err = translate(ctx, err)
	var r *Refusal
	if u.pool == nil || !errors.As(err, &r) {
		return err
	}
	former := u.write && r.Code() == "25006"
	if former {
		r.Kind = ErrDown
	}
	if former && !u.pool.standby || r.stalePlan() || !former && errors.Is(r.Kind, ErrDown) {
		u.pool.empty(u.conn.Conn())
	}
	return err
}

// closedConn stands for a connection that could not be had again; releasing it does nothing.
var closedConn = &pgxpool.Conn{}

func (u *unit) send(ctx context.Context, sql string, args []any, collect func(pgx.Rows) error) (err error) {
	batch := &pgx.Batch{}
	begin := (u.write || u.snapshot) && !u.begun
	enter := u.enters() && !u.begun
	if begin {
		batch.Queue(u.opening())
	}
	if enter {
		if u.write {
			batch.Queue(u.entry.write, u.entry.args...)
		} else {
			batch.Queue(u.entry.read, u.entry.args...)
		}
	}
	if sql != "" {
		batch.Queue(sql, args...)
	}

	results := u.via.SendBatch(ctx, batch)
	defer func() {
		if closeErr := results.Close(); err == nil {
			err = closeErr
		}
	}()
	if begin {
		if _, err := results.Exec(); err != nil {
			return err
		}
		u.begun = true
	}
	if enter {
		var zone *string
		// An operator's answers no zone.
		if err := results.QueryRow().Scan(&zone); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		u.verified = true
		if err := u.clock.set(zone); err != nil {
			return err
		}
	}
	if sql == "" {
		return nil
	}
	rows, err := results.Query()
	if err != nil {
		return err
	}
	return collect(rows)
}

func (u *unit) enters() bool { return u.entry.args != nil }

// opening begins the transaction of a unit of work.
func (u *unit) opening() string {
	if u.snapshot {
		return "begin isolation level repeatable read, read only"
	}
	return "begin"
}

// verify has the entry checked, where no statement has brought it.
func (u *unit) verify(ctx context.Context) error {
	if !u.enters() || u.verified {
		return nil
	}
	return u.run(ctx, "", nil, nil)
}

// finish commits what was begun; even a unit of work without a statement has entered then.
func (u *unit) finish(ctx context.Context) error {
	if err := u.verify(ctx); err != nil {
		return err
	}
	if !u.begun {
		return nil
	}
	tag, err := u.conn.Exec(ctx, "commit")
	if err != nil {
		return translate(ctx, err)
	}
	if tag.String() != "COMMIT" {
		return errors.New("the transaction had failed before its end, and its error was ignored")
	}
	u.begun = false
	return nil
}

// rollback leaves a clean connection or a closed one.
func (u *unit) rollback(ctx context.Context) {
	if u.conn == closedConn {
		return
	}
	if ctx.Err() != nil {
		u.abandon(ctx)
		return
	}
	if !u.begun || u.conn.Conn().IsClosed() {
		return
	}
	if _, err := u.conn.Exec(ctx, "rollback"); err != nil {
		u.abandon(ctx)
	}
}

// abandon closes the connection; PostgreSQL rolls back by itself.
func (u *unit) abandon(ctx context.Context) {
	if u.conn == closedConn {
		return
	}
	// The caller's context may be over; the good-bye must go out.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = u.conn.Conn().Close(ctx)
}
