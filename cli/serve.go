package cli

import (
	"context"
	"errors"
)

type serveCommand struct {
	Listen string `default:"127.0.0.1:8080" env:"PORTAL_LISTEN" help:"Address to serve on."`
}

// Run refuses to start with an unsafe role, another schema version, or an error of the audit.
func (c serveCommand) Run(ctx context.Context, cfg config) error {
	keys, err := cfg.Keys.read()
	if err := errors.Join(cfg.complete(), err); err != nil {
		return err
	}
	at, err := openFront(ctx, c.Listen, cfg.OldPages)
	if err != nil {
		return err
	}
	return serve(ctx, cfg, cfg.Roles, keys, at, func() {})
}
