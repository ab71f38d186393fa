package connect

import (
	"context"
	"errors"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/vault"
)

const (
	// claimTime is how long one may take to refresh tokens, before another tries.
	claimTime = 20 * time.Second
	// patience is how long others wait for him.
	patience = 10 * time.Second
)

// Token returns an access token that is good for a while. A token that is soon over is refreshed, by one caller at a time:
// a provider may take a refresh token once only. Errors: 404, not connected; 401, the provider takes the connection no more;
// those of package outbound.
func (c *Connection) Token(ctx context.Context, units Units) (access string, err error) {
	t, err := c.fresh(ctx, units, "")
	return t.Access, err
}

// Another is Token after the provider has refused an access token before its time.
func (c *Connection) Another(ctx context.Context, units Units, refused string) (access string, err error) {
	t, err := c.fresh(ctx, units, refused)
	return t.Access, err
}

func (c *Connection) fresh(ctx context.Context, units Units, refused string) (t Tokens, err error) {
	for deadline := time.Now().Add(patience); ; {
		var row Row
		var cfg *oauth2.Config
		err := units.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
			cfg, row, err = c.find(ctx, tx)
			return err
		})
		if err != nil {
			return t, err
		}
		if t, err = c.open(ctx, row); err != nil || t.Access != refused && row.ExpiresAt.After(endpoint.Now(ctx).Add(c.Early)) {
			return t, err
		}
		var mine bool
		err = units.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
			mine, err = c.store.Claim(ctx, tx, row.ExpiresAt, endpoint.Now(ctx).Add(claimTime))
			return err
		})
		if err != nil {
			return t, err
		}
		if mine {
			return c.refresh(ctx, units, cfg, t)
		}
		if time.Now().After(deadline) {
			return t, endpoint.Unavailable(c.Name + " is being asked for a new token").After(time.Second)
		}
		select {
		case <-ctx.Done():
			return t, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// refresh changes the refresh token for new tokens. Who holds the claim does it.
func (c *Connection) refresh(ctx context.Context, units Units, cfg *oauth2.Config, t Tokens) (fresh Tokens, err error) {
	token, err := cfg.TokenSource(c.through(ctx), &oauth2.Token{RefreshToken: t.Refresh}).Token()
	if refused := (*oauth2.RetrieveError)(nil); errors.As(err, &refused) && refusesTokens(refused) {
		return fresh, errors.Join(c.Broken(), units.Write(context.WithoutCancel(ctx), c.store.Break))
	}
	if err != nil {
		// The claim goes by itself.
		return fresh, c.refused(err, "the connection")
	}
	fresh = tokens(token)
	row, err := c.seal(ctx, fresh)
	if err != nil {
		return fresh, err
	}
	// What the provider has changed must be kept, whether or not somebody still waits for it.
	err = units.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx db.Tx) error { return c.store.Renew(ctx, tx, row) })
	return fresh, err
}

// refusesTokens tells whether a refusal is of the tokens. One of the portal itself breaks no connection: it may have a
// wrong secret for a while.
func refusesTokens(r *oauth2.RetrieveError) bool {
	return r.ErrorCode == "invalid_grant" || r.Response.StatusCode == http.StatusUnauthorized && r.ErrorCode != "invalid_client"
}

// Broken is the error of a connection that the provider takes no more.
func (c *Connection) Broken() error {
	return endpoint.Unauthenticated(c.Name + " takes this connection no more: connect again")
}

// tokens are those of an answer; without a time it is an hour.
func tokens(t *oauth2.Token) Tokens {
	until := t.Expiry
	if until.IsZero() {
		until = time.Now().Add(time.Hour)
	}
	return Tokens{Access: t.AccessToken, Refresh: t.RefreshToken, ExpiresAt: until}
}

// through has the OAuth library call by package outbound.
func (c *Connection) through(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, c.calls.Client)
}

// refused says that the provider refused something, without its words: they may quote what is secret.
func (c *Connection) refused(err error, what string) error {
	if answer := (*oauth2.RetrieveError)(nil); errors.As(err, &answer) && answer.Response.StatusCode < http.StatusInternalServerError {
		return endpoint.Invalid(c.Name + " refuses " + what + ": begin the connection again")
	}
	return c.calls.Failed(err)
}

func (c *Connection) place(ctx context.Context, column string) vault.Place {
	return vault.Place{Customer: endpoint.Caller(ctx).CustomerID(), Table: c.Table, Column: column}
}

func (c *Connection) seal(ctx context.Context, t Tokens) (r Row, err error) {
	r.ExpiresAt = t.ExpiresAt
	if r.Access, err = c.cfg.Vault.Seal(c.place(ctx, "access_token_ciphertext"), t.Access); err == nil {
		r.Refresh, err = c.cfg.Vault.Seal(c.place(ctx, "refresh_token_ciphertext"), t.Refresh)
	}
	return r, err
}

func (c *Connection) open(ctx context.Context, r Row) (t Tokens, err error) {
	t.ExpiresAt = r.ExpiresAt
	if t.Access, err = c.cfg.Vault.Open(c.place(ctx, "access_token_ciphertext"), r.Access); err == nil {
		t.Refresh, err = c.cfg.Vault.Open(c.place(ctx, "refresh_token_ciphertext"), r.Refresh)
	}
	return t, err
}
