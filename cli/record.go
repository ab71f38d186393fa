package cli

import (
	"context"
	"os/user"

	"contractor-portal/db"
	"contractor-portal/server/auth"
)

// record makes an entry in the audit log. Nobody is logged in at the command line; the entry says so, and
// who sat at it.
func record(ctx context.Context, tx db.Tx, d auth.Deed) error {
	d.Detail = atCommandLine(d.Detail)
	return auth.RecordOnPlatform(ctx, tx, d)
}

// atCommandLine adds to a deed's detail who sat there.
func atCommandLine(detail map[string]any) map[string]any {
	if detail == nil {
		detail = map[string]any{}
	}
	detail["by"] = "command line"
	if u, err := user.Current(); err == nil {
		detail["os_user"] = u.Username
	}
	return detail
}

// change is a transaction that writes to a customer, with an entry in that one's audit log.
func (t target) change(ctx context.Context, cfg config, fn func(context.Context, db.Tx) (auth.Deed, error)) error {
	return t.transaction(ctx, cfg, func(ctx context.Context, tx db.Tx) error {
		d, err := fn(ctx, tx)
		if err != nil {
			return err
		}
		d.ObjectType, d.CustomerID = "customer", d.ObjectID
		return record(ctx, tx, d)
	})
}
