package auth

import (
	"context"
	"time"

	"contractor-portal/db"
)

// MaxSwitch is how long an operator may act inside a customer at most, before he has to switch again.
const MaxSwitch = time.Hour

// It is over with its parent at the latest, which is locked, so that it does not end unseen.
const switchSQL = `
insert into platform.sessions (customer_id, role, operator_id, parent_id, status, expires_at)
select @customer, 'Admin', s.operator_id, s.id, s.status, least(now() + make_interval(secs => @lifetime), s.expires_at)
from platform.sessions s
where s.id = @session
  and s.revoked_at is null
for share of s
returning id::text, expires_at - now() as lifetime`

// SwitchInto opens a session in which the operator acts inside a customer, with an Admin's rights, until it expires
// or the operator's own ends, and returns its token. It cannot be refreshed. Whether the customer may be entered is
// decided at each entry; the caller of SwitchInto records that it was made. Errors: db.ErrNotFound where the
// operator's session has ended meanwhile.
func (a *Auth) SwitchInto(ctx context.Context, tx db.Tx, p *Principal, customerID string) (Tokens, error) {
	opened, err := db.One[struct {
		ID       string        `db:"id"`
		Lifetime time.Duration `db:"lifetime"`
	}](ctx, tx, switchSQL, db.Args{"customer": customerID, "session": p.sessionID, "lifetime": a.cfg.SwitchLifetime.Seconds()})
	if err != nil {
		return Tokens{}, err
	}
	acting := *p
	acting.customerID, acting.role, acting.sessionID = customerID, Admin, opened.ID
	return a.token(&acting, opened.Lifetime)
}

const switchBackSQL = `
update platform.sessions
set revoked_at = now()
where id = @session
  and revoked_at is null
returning parent_id::text`

// SwitchBack ends the session of a switch and returns a token of the operator's own.
func (a *Auth) SwitchBack(ctx context.Context, tx db.Tx, p *Principal) (Tokens, error) {
	parent, err := db.Value[string](ctx, tx, switchBackSQL, db.Args{"session": p.sessionID})
	if err != nil {
		return Tokens{}, err
	}
	outside := *p
	outside.customerID, outside.role, outside.sessionID = "", SuperAdmin, parent
	return a.token(&outside, a.cfg.AccessLifetime)
}

// token is an access token without a refresh token.
func (a *Auth) token(p *Principal, lifetime time.Duration) (t Tokens, err error) {
	t.ExpiresIn = lifetime
	t.Access, err = a.keys.issue(p, lifetime)
	return t, err
}
