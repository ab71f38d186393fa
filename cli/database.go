package cli

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"contractor-portal/db"
	"contractor-portal/db/embedded"
	"contractor-portal/db/install"
)

// A target is the database of a command: DATABASE_URL, or else the one that `portal up` runs.
type target struct {
	Data string `default:".portal" help:"Directory of the database that portal up runs, where DATABASE_URL is not set."`
}

func (t target) url(cfg config) (string, error) {
	if cfg.DatabaseURL != "" {
		return string(cfg.DatabaseURL), nil
	}
	url, err := embedded.URLIn(t.Data, "postgres")
	if err != nil {
		return "", fmt.Errorf("DATABASE_URL is not set, and %w", err)
	}
	return url, nil
}

// transaction runs fn as the installer, who sees all customers.
func (t target) transaction(ctx context.Context, cfg config, fn func(context.Context, db.Tx) error) error {
	url, err := t.url(cfg)
	if err != nil {
		return err
	}
	return install.Transaction(ctx, url, func(ctx context.Context, tx pgx.Tx) error { return fn(ctx, db.Adopt(tx)) })
}
