package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"contractor-portal/db/embedded"
	"contractor-portal/server/auth"
	"contractor-portal/server/vault"
)

// A secret does not print.
type secret string

func (secret) String() string       { return "***" }
func (secret) GoString() string     { return "***" }
func (secret) LogValue() slog.Value { return slog.StringValue("***") }

// A keyStore is the one place where the server's secrets are: a text, or a file.
type keyStore struct {
	Text secret `env:"PORTAL_KEYS"`      // what `portal keys new` prints
	File string `env:"PORTAL_KEYS_FILE"` // or the file that holds it
}

// keysIn is where `portal up` keeps the secrets that it makes.
func keysIn(dir string) keyStore { return keyStore{File: filepath.Join(dir, "keys.json")} }

func (s keyStore) named() bool { return s != keyStore{} }

func (s keyStore) read() (*auth.Keys, error) {
	switch {
	case s.Text != "" && s.File != "":
		return nil, errors.New("both PORTAL_KEYS and PORTAL_KEYS_FILE are set; which one counts?")
	case s.Text != "":
		return auth.ParseKeys(string(s.Text))
	case s.File != "":
		return auth.LoadKeys(s.File)
	}
	return nil, errors.New("not set in the environment: PORTAL_KEYS or PORTAL_KEYS_FILE (portal keys new makes them)")
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

// addKey adds a key to a vault's keyset that opens and does not seal yet, or makes the first one.
func addKey(keys []byte) (json.RawMessage, string, error) {
	if len(keys) == 0 {
		first, err := vault.NewKeyset()
		return first, "the vault has its first key", err
	}
	with, id, err := vault.Add(keys)
	return with, fmt.Sprintf("key %d is added; when /readyz of every server lists it: portal keys promote %d", id, id), err
}

func newPassword(ctx context.Context) (password, hash string, err error) {
	password = rand.Text()[:16]
	p, err := auth.HashPassword(ctx, password)
	return password, p.Hash, err
}
