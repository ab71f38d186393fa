package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"contractor-portal/db"
	"contractor-portal/db/embedded"
	"contractor-portal/server/auth"
	"contractor-portal/server/vault"
)

// A key of the vault goes through four commands: add, promote when every server reports it (/readyz), reseal, retire.

type keysAdd struct{ target }

// Run adds a key that opens and does not seal yet, or makes the vault's first one.
func (c keysAdd) Run(cfg config) error { return c.changeVault(cfg, addKey) }

func addKey(keys []byte) (json.RawMessage, string, error) {
	if len(keys) == 0 {
		first, err := vault.NewKeyset()
		return first, "the vault has its first key", err
	}
	with, id, err := vault.Add(keys)
	return with, fmt.Sprintf("key %d is added; when /readyz of every server lists it: portal keys promote %d", id, id), err
}

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

// secrets are the server's, and where they are kept.
func (t target) secrets(cfg config) (keyStore, *auth.Keys, error) {
	store := cfg.Keys
	if !store.named() {
		dir, err := embedded.DataDir(t.Data)
		if err != nil {
			return store, nil, err
		}
		store = keysIn(dir)
	}
	keys, err := store.read()
	return store, keys, err
}

// changeVault puts another keyset of the vault into the server's secrets, and says what is to be done next.
func (t target) changeVault(cfg config, by func(keys []byte) (json.RawMessage, string, error)) error {
	store, keys, err := t.secrets(cfg)
	if err != nil {
		return err
	}
	keyset, next, err := by(keys.Vault())
	if err != nil {
		return err
	}
	text, err := keys.WithVault(keyset)
	if err != nil {
		return err
	}
	if err := store.keep(text); err != nil {
		return err
	}
	say(next)
	return nil
}

// keep saves secrets in their file, or prints them where they come from the environment.
func (s keyStore) keep(text []byte) error {
	if s.File != "" {
		return auth.SaveKeys(s.File, text)
	}
	fmt.Println(string(text))
	fmt.Fprintln(os.Stderr, "Set this as PORTAL_KEYS and restart the servers one by one; the previous key stays valid.")
	return nil
}

// newKeys makes fresh secrets, with a vault.
func newKeys() ([]byte, error) {
	text, err := auth.NewKeys()
	if err != nil {
		return nil, err
	}
	keys, err := auth.ParseKeys(string(text))
	if err != nil {
		return nil, err
	}
	keyset, err := vault.NewKeyset()
	if err != nil {
		return nil, err
	}
	return keys.WithVault(keyset)
}
