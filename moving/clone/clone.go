// Package clone copies customers into another database, where people test and nobody may come to harm: what says who
// somebody is, is replaced by fakes before it leaves the source, and what lets a server reach other companies, or in, stays
// there in any case.
//
// It fails closed: of text, JSON and bytes only what its register names is kept, each with a reason. It moves rows by
// package moving, through the wall, and knows the names of tables in its register alone.
package clone

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db"
	"contractor-portal/db/install"
	"contractor-portal/moving"
	"contractor-portal/server/auth"
)

// Options say what is cloned, and how.
type Options struct {
	From, To  string   // the installers' connections; both databases are of this program's version
	Customers []string // empty: all
	// NewOnly leaves customers alone that are there already, instead of refusing.
	NewOnly bool
	// AsIs keeps people as they are.
	AsIs bool
	// Seed has two clones show the same fakes; empty: a key is drawn, and forgotten. Whoever knows it can try values.
	Seed string
	// PasswordHash is everybody's.
	PasswordHash string
	// Deed makes the entry in a customer's audit log there.
	Deed func(customer string, rows int64) *auth.Deed
	// Say is told of each customer that has come in.
	Say func(line string)
}

// A Cloned is a customer that came in.
type Cloned struct {
	Customer string
	Rows     int64
	Admin    string // the e-mail of an Admin who can log in; empty: there is none
}

// Run clones customers one after the other, all as they were at one moment; each comes in as a whole or not at all.
func Run(ctx context.Context, o Options) (done []Cloned, err error) {
	err = moving.Snapshot(ctx, o.From, func(ctx context.Context, source pgx.Tx) error {
		if err := o.apart(ctx, source); err != nil {
			return err
		}
		customers, err := o.chosen(ctx)
		if err != nil {
			return err
		}
		masks, err := newMasks(ctx, source, o)
		if err != nil {
			return err
		}
		for _, id := range customers {
			c, err := o.one(ctx, source, id, masks)
			if err != nil {
				return fmt.Errorf("customer %s: %w", id, err)
			}
			done = append(done, c)
			o.Say(fmt.Sprintf("customer %s: %d rows", id, c.Rows))
		}
		return nil
	})
	return done, err
}

// apart refuses one database under two URLs: a lock of the source is free in another one.
func (o Options) apart(ctx context.Context, source pgx.Tx) error {
	n, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return err
	}
	if _, err := source.Exec(ctx, `select pg_catalog.pg_advisory_xact_lock($1::bigint)`, n.Int64()); err != nil {
		return err
	}
	return install.Begin(ctx, o.To, pgx.TxOptions{}, func(ctx context.Context, tx pgx.Tx) error {
		var free bool
		err := tx.QueryRow(ctx, `select pg_catalog.pg_try_advisory_xact_lock($1::bigint)`, n.Int64()).Scan(&free)
		if err == nil && !free {
			err = errors.New("both URLs lead to the same database")
		}
		return err
	})
}

const customersSQL = `
select customer_id
from platform.customers
order by id`

func customersOf(ctx context.Context, url string) (ids []string, err error) {
	err = install.Transaction(ctx, url, func(ctx context.Context, tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, customersSQL)
		ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return ids, err
}

// chosen are the customers to be cloned. Nothing is written before it is known that none of them is there.
func (o Options) chosen(ctx context.Context) ([]string, error) {
	all, err := customersOf(ctx, o.From)
	if err != nil {
		return nil, err
	}
	there, err := customersOf(ctx, o.To)
	if err != nil {
		return nil, err
	}
	chosen := all
	if len(o.Customers) > 0 {
		chosen = o.Customers
	}
	for _, id := range chosen {
		if !slices.Contains(all, id) {
			return nil, fmt.Errorf("there is no customer %s", id)
		}
	}
	taken := func(id string) bool { return slices.Contains(there, id) }
	if o.NewOnly {
		return slices.DeleteFunc(slices.Clone(chosen), taken), nil
	}
	if present := slices.DeleteFunc(slices.Clone(chosen), func(id string) bool { return !taken(id) }); len(present) > 0 {
		return nil, fmt.Errorf("there already, and not overwritten: %s", strings.Join(present, ", "))
	}
	return chosen, nil
}

const (
	letInSQL = `
update platform.logins
set password_hash = @hash, password_set_at = now(), confirmed_at = coalesce(confirmed_at, now())`

	adminSQL = `
select email
from platform.logins
where role = 'Admin' and status = 'active'
order by user_id
limit 1`
)

// one clones a customer, by way of a directory that holds its rows as they will be there.
func (o Options) one(ctx context.Context, source pgx.Tx, id string, masks *masks) (c Cloned, err error) {
	dir, err := os.MkdirTemp("", "portal-clone-*")
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	m, err := moving.ExportFrom(ctx, source, id, dir, moving.ExportOptions{LeaveOut: staysBehind, Change: masks.change})
	if err != nil {
		return c, err
	}
	c = Cloned{Customer: id, Rows: m.Rows()}
	_, err = moving.Restore(ctx, o.To, dir, moving.RestoreOptions{
		Deed: o.Deed(id, c.Rows),
		Then: func(ctx context.Context, tx db.Tx) error {
			if _, err := db.Exec(ctx, tx, letInSQL, db.Args{"hash": o.PasswordHash}); err != nil {
				return err
			}
			c.Admin, err = db.Value[string](ctx, tx, adminSQL)
			if errors.Is(err, db.ErrNotFound) {
				return nil
			}
			return err
		},
	})
	return c, err
}
