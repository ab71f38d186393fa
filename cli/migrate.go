package cli

import (
	"context"
	"fmt"

	"contractor-portal/db/install"
	"contractor-portal/schema"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" default:"1" help:"To the newest version, with walls, grants and audit."`
	Down   migrateDown   `cmd:"" help:"Take the newest migration back."`
	To     migrateTo     `cmd:"" help:"To one version. Below the newest one the API is locked out."`
	Status migrateStatus `cmd:"" help:"Say which version the database has."`
}

type migrateUp struct{ target }

func (c migrateUp) Run(ctx context.Context, cfg config) error {
	o, err := c.options(cfg)
	if err != nil {
		return err
	}
	if err := install.Up(ctx, schema.Source(), o); err != nil {
		return err
	}
	say(fmt.Sprintf("the schema is at version %d, the audit is clean of errors", schema.Version()))
	return nil
}

type migrateDown struct{ target }

func (c migrateDown) Run(ctx context.Context, cfg config) error {
	o, err := c.options(cfg)
	if err != nil {
		return err
	}
	return install.Down(ctx, schema.Source(), o)
}

type migrateTo struct {
	target
	Version int32 `arg:"" help:"The number of the last migration to stand."`
}

func (c migrateTo) Run(ctx context.Context, cfg config) error {
	o, err := c.options(cfg)
	if err != nil {
		return err
	}
	return install.To(ctx, schema.Source(), o, c.Version)
}

type migrateStatus struct{ target }

func (c migrateStatus) Run(ctx context.Context, cfg config) error {
	o, err := c.options(cfg)
	if err != nil {
		return err
	}
	s, err := install.Read(ctx, schema.Source(), o)
	if err != nil {
		return err
	}
	fmt.Printf("version %d of %d\n", s.Version, s.Newest)
	return nil
}

// options are those of an installation.
func (t target) options(cfg config) (o install.Options, err error) {
	o = install.Options{Roles: cfg.Roles.given(), Say: say}
	o.URL, err = t.url(cfg)
	return o, err
}
