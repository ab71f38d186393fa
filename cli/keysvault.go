package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"contractor-portal/db"
	"contractor-portal/server/vault"
)

// A key of the vault goes through four commands: add, promote when every server reports it (/readyz), reseal, retire.

type keysAdd struct{ target }

// Run adds a key that opens and does not seal yet, or makes the vault's first one.
func (c keysAdd) Run(cfg config) error { return c.changeVault(cfg, addKey) }

type keysPromote struct {
	target
	ID uint32 `arg:"" help:"The key, as /readyz names it."`
}

// Run makes another key the one that seals.
func (c keysPromote) Run(cfg config) error {
	return c.changeVault(cfg, func(keys []byte) (json.RawMessage, string, error) {
		with, err := vault.Promote(keys, c.ID)
		return with, fmt.Sprintf("key %d seals from now on; when /readyz of every server says so: portal keys reseal", c.ID), err
	})
}

type keysReseal struct{ target }

// Run seals anew what older keys have sealed, a hundred values at a time, while servers run.
func (c keysReseal) Run(ctx context.Context, cfg config) error {
	_, keys, err := c.secrets(cfg)
	if err != nil {
		return err
	}
	v, r := vault.New(keys.Vault), vault.Resealing{}
	for !r.Done {
		if err := c.transaction(ctx, cfg, func(ctx context.Context, tx db.Tx) error { return r.Next(ctx, tx, v) }); err != nil {
			return err
		}
	}
	say(fmt.Sprintf("%d values are sealed anew", r.Resealed))
	if len(r.Unopened) > 0 {
		return errors.New("some do not open, and must be stored again or deleted:\n  " + strings.Join(r.Unopened, "\n  "))
	}
	return nil
}

type keysRetire struct {
	target
	ID uint32 `arg:"" help:"The key, as /readyz names it."`
}

// Run takes a key away with which nothing is sealed any more.
func (c keysRetire) Run(ctx context.Context, cfg config) error {
	var held int64
	err := c.transaction(ctx, cfg, func(ctx context.Context, tx db.Tx) (err error) {
		held, err = vault.Held(ctx, tx, c.ID)
		return err
	})
	if err != nil {
		return err
	}
	if held > 0 {
		return fmt.Errorf("key %d has sealed %d values that are there; portal keys reseal seals them anew", c.ID, held)
	}
	return c.changeVault(cfg, func(keys []byte) (json.RawMessage, string, error) {
		without, err := vault.Retire(keys, c.ID)
		return without, fmt.Sprintf("key %d is gone; a backup from before needs it to be read", c.ID), err
	})
}
