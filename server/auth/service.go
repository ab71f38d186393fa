package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"contractor-portal/db"
)

// ServiceLifetime is how long a service may work before it has to show its key again.
const ServiceLifetime = 15 * time.Minute

// ErrServiceKey says nothing about the reason: the key is unknown or revoked, or its secret another.
var ErrServiceKey = errors.New("client_id or client_secret is not right, or the key was revoked")

// secretPrefix lets a secret that got into the open be found there.
const secretPrefix = "portal_sk_"

// NewServiceKey makes the secret of a service's key, and the hash that is stored of it.
func NewServiceKey() (secret string, hash []byte, err error) {
	var random [32]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", nil, err
	}
	secret = secretPrefix + base64.RawURLEncoding.EncodeToString(random[:])
	return secret, serviceHash(secret), nil
}

func serviceHash(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// ClientID is how a service names its key.
func ClientID(customerID string, id int64) string { return fmt.Sprintf("%s-%d", customerID, id) }

type serviceKey struct {
	CustomerID string   `db:"customer_id"`
	ID         int64    `db:"id"`
	Name       string   `db:"name"`
	Scopes     []string `db:"scopes"`
}

const serviceKeySQL = `
select t.customer_id, t.id, t.name, t.scopes
from platform.service_tokens t
where t.token_hash = @hash
  and t.revoked_at is null`

// Whoever revokes the key meanwhile waits for the row, and then ends the new session too; or has it first, and this finds
// it revoked.
const useServiceKeySQL = `
update platform.service_tokens
set last_used_at = now()
where id = @id
  and token_hash = @hash
  and revoked_at is null`

const openServiceSQL = `
insert into platform.sessions (customer_id, service_token_id, role, status, expires_at)
values (@customer, @id, 'Service', 'active', now() + make_interval(secs => @lifetime))
returning id::text`

// ServiceToken opens a session of the service whose key is shown, and returns its token, which cannot be refreshed, with
// the scopes that it has. Errors: ErrServiceKey; db.ErrSuspended where the company is closed.
func (a *Auth) ServiceToken(ctx context.Context, clientID, secret string) (t Tokens, scopes []string, err error) {
	args := db.Args{"hash": serviceHash(strings.TrimSpace(secret))}
	var key serviceKey
	err = a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) (err error) {
		key, err = db.One[serviceKey](ctx, tx, serviceKeySQL, args)
		return err
	})
	if isNotFound(err) || err == nil && strings.TrimSpace(clientID) != ClientID(key.CustomerID, key.ID) {
		return t, nil, ErrServiceKey
	}
	if err != nil {
		return t, nil, err
	}
	p := &Principal{customerID: key.CustomerID, serviceID: key.ID, scopes: key.Scopes, role: Service, name: key.Name}
	err = a.db.Auth(ctx, guest(key.CustomerID), func(ctx context.Context, tx db.Tx) (err error) {
		args["id"] = key.ID
		if err := db.Touch(ctx, tx, useServiceKeySQL, args); err != nil {
			return err
		}
		p.sessionID, err = db.Value[string](ctx, tx, openServiceSQL, db.Args{
			"customer": key.CustomerID, "id": key.ID, "lifetime": ServiceLifetime.Seconds(),
		})
		return err
	})
	if isNotFound(err) {
		return t, nil, ErrServiceKey // revoked since it was looked up
	}
	if err != nil {
		return t, nil, err
	}
	t, err = a.token(p, ServiceLifetime)
	return t, key.Scopes, err
}
