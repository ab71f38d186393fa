package install

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// logins lets the roles of the API log in with the passwords of their URLs. A role whose password is
// right already is left alone.
func (in *installer) logins(ctx context.Context) error {
	for _, url := range in.Roles {
		cfg, err := pgx.ParseConfig(url)
		if err != nil {
			return errors.New("a connection URL of the API's roles cannot be read")
		}
		cfg.RuntimeParams["application_name"] = "portal migrate"
		if conn, err := pgx.ConnectConfig(ctx, cfg); err == nil {
			if err := conn.Close(ctx); err != nil {
				return err
			}
			continue
		}
		if cfg.Password == "" {
			return fmt.Errorf("the connection URL of %s has no password", cfg.User)
		}
		verifier, err := scramVerifier(cfg.Password)
		if err != nil {
			return err
		}
		// The verifier is of [A-Za-z0-9+/=$:-] only, so it stands between quotes as it is.
		_, err = in.conn.Exec(ctx, "alter role "+pgx.Identifier{cfg.User}.Sanitize()+" login password '"+verifier+"'")
		if err != nil {
			return fmt.Errorf("password of %s: %w", cfg.User, at("", err))
		}
	}
	return nil
}

// scramVerifier makes what PostgreSQL stores of a password (RFC 5803), so that the password itself
// never travels nor lands in a server's log.
func scramVerifier(password string) (string, error) {
	const iterations = 4096
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return "", err
	}
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	stored := sha256.Sum256(mac(salted, "Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, b64(salt), b64(stored[:]), b64(mac(salted, "Server Key"))), nil
}
