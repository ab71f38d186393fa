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
	if d.Detail == nil {
		d.Detail = map[string]any{}
	}
	d.Detail["by"] = "command line"
	if u, err := user.Current(); err == nil {
		d.Detail["os_user"] = u.Username
	}
	return auth.RecordOnPlatform(ctx, tx, d)
}
