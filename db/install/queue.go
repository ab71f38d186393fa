package install

import (
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// QueueSchema is where the job queue has its tables.
const QueueSchema = "jobs"

// queue brings the tables of the job queue to the version of the library, each version in a transaction of its own: one
// adds a value to an enumeration, and a later one uses it. They come before our migrations, which add to them.
func (in *installer) queue(ctx context.Context) error {
	m, err := rivermigrate.New(riverpgxv5.New(nil), &rivermigrate.Config{Schema: QueueSchema, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	there := 0
	err = pgx.BeginFunc(ctx, in.conn, func(tx pgx.Tx) error {
		versions, err := m.ExistingVersionsTx(ctx, tx)
		there = len(versions)
		return err
	})
	all := m.AllVersions()
	if err != nil || there >= len(all) {
		return err
	}
	in.Say("tables of the job queue")
	return in.unforced(ctx, func() error {
		for _, v := range all[there:] {
			err := pgx.BeginFunc(ctx, in.conn, func(tx pgx.Tx) error {
				_, err := m.MigrateTx(ctx, tx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: v.Version}) //nolint:staticcheck // each alone in its transaction, which is what the deprecation warns of
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
