package cli

import (
	"context"
	"errors"
)

type workCommand struct{}

// Run works jobs and serves nothing, until it is stopped.
func (workCommand) Run(ctx context.Context, cfg config) error {
	if cfg.Workers == 0 {
		return errors.New("PORTAL_WORKERS is 0: this process would work nothing")
	}
	keys, err := cfg.Keys.read()
	if err := errors.Join(cfg.complete(), err); err != nil {
		return err
	}
	p, err := open(ctx, cfg, cfg.Roles, keys)
	if err != nil {
		return err
	}
	defer p.db.Close()
	stop, err := p.serveMetrics(ctx, cfg)
	if err != nil {
		return err
	}
	defer stop()
	if err := p.workers.Start(ctx); err != nil {
		return err
	}
	say("working jobs")
	<-ctx.Done()
	return stopWorking(ctx, p.workers)
}
