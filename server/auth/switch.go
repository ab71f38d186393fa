package auth

import "time"

// MaxSwitch is how long an operator may act inside a customer at most, before he has to switch again.
const MaxSwitch = time.Hour

// SwitchInto returns a token with which the operator acts inside a customer, with an Admin's rights,
// until it expires. It belongs to his session and cannot be refreshed. Whether the customer may be
// entered is decided at each entry; the caller of SwitchInto records that it was made.
func (a *Auth) SwitchInto(p *Principal, customerID string) (Tokens, error) {
	acting := *p
	acting.customerID, acting.role = customerID, Admin
	return acting.tokens(a.cfg.SwitchLifetime)
}

// SwitchBack returns the operator's own token again, of the same session.
func (a *Auth) SwitchBack(p *Principal) (Tokens, error) {
	outside := *p
	outside.customerID, outside.role = "", SuperAdmin
	return outside.tokens(a.cfg.AccessLifetime)
}

// tokens is an access token without a refresh token.
func (p *Principal) tokens(lifetime time.Duration) (t Tokens, err error) {
	t.ExpiresIn = lifetime
	t.Access, err = p.issue(lifetime)
	return t, err
}
