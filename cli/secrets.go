package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"

	"contractor-portal/server/auth"
)

// A secret does not print.
type secret string

func (secret) String() string       { return "***" }
func (secret) GoString() string     { return "***" }
func (secret) LogValue() slog.Value { return slog.StringValue("***") }

// keys reads the server's secrets from the one place that is set.
func (c *config) keys() (*auth.Keys, error) {
	switch {
	case c.Keys != "" && c.KeysFile != "":
		return nil, errors.New("both PORTAL_KEYS and PORTAL_KEYS_FILE are set; which one counts?")
	case c.Keys != "":
		return auth.ParseKeys(string(c.Keys))
	case c.KeysFile != "":
		return auth.LoadKeys(c.KeysFile)
	}
	return nil, errors.New("not set in the environment: PORTAL_KEYS or PORTAL_KEYS_FILE (portal keys new makes them)")
}

func newPassword(ctx context.Context) (password, hash string, err error) {
	password = rand.Text()[:16]
	hash, err = auth.HashPassword(ctx, password)
	return password, hash, err
}
