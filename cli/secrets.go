package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"path/filepath"

	"contractor-portal/server/auth"
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

func newPassword(ctx context.Context) (password, hash string, err error) {
	password = rand.Text()[:16]
	p, err := auth.HashPassword(ctx, password)
	return password, p.Hash, err
}
