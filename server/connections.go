package server

import (
	"context"

	"contractor-portal/db"
	"contractor-portal/server/connect"
	"contractor-portal/server/outbound"
	"contractor-portal/server/settings"
)

// connections are what the systems have in common with which a company connects. The portal is an app there by two keys, which
// are the company's own, or the operator's.
func connections(cfg Config, keys *settings.Keys) connect.Config {
	if cfg.Outbound == nil {
		cfg.Outbound = outbound.New(outbound.Config{})
	}
	return connect.Config{
		Vault: cfg.Vault, Calls: cfg.Outbound,
		Client: func(ctx context.Context, tx db.Tx, purpose string) (c connect.Client, err error) {
			account, _, err := keys.Account(ctx, tx, purpose+"_client_id", purpose+"_client_secret")
			if len(account) == 2 {
				c.ID, c.Secret = account[0], account[1]
			}
			return c, err
		},
	}
}
