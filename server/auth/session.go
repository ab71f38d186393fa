package auth

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"

	"github.com/google/uuid"

	"contractor-portal/db"
)

// A refresh token is session ‖ family ‖ secret. The family stays, the secret changes with each
// refresh; the database holds a hash of either. Who shows the right family with another secret shows
// a token that was used before, so the session ends. Who does not know the family can end nothing.
type refreshToken struct {
	session uuid.UUID
	family  [16]byte
	secret  [32]byte
}

func (r refreshToken) String() string {
	return base64.RawURLEncoding.EncodeToString(bytes.Join([][]byte{r.session[:], r.family[:], r.secret[:]}, nil))
}

func parseRefresh(text string) (r refreshToken, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) != 64 {
		return r, false
	}
	copy(r.session[:], raw)
	copy(r.family[:], raw[16:])
	copy(r.secret[:], raw[32:])
	return r, true
}

func (r refreshToken) familyHash() []byte { h := sha256.Sum256(r.family[:]); return h[:] }
func (r refreshToken) secretHash() []byte { h := sha256.Sum256(r.secret[:]); return h[:] }

const openSessionSQL = `
insert into platform.sessions (customer_id, user_id, operator_id, family_hash, refresh_hash, expires_at)
values (nullif(@customer, ''), nullif(@user::bigint, 0), nullif(@operator::bigint, 0), @family, @secret, now() + make_interval(secs => @lifetime))
returning id::text`

// openSession makes the session of a log-in, puts its id into the principal, and returns the refresh
// token.
func (a *Auth) openSession(ctx context.Context, tx db.Tx, p *Principal) (string, error) {
	var r refreshToken
	if _, err := rand.Read(r.family[:]); err != nil {
		return "", err
	}
	if _, err := rand.Read(r.secret[:]); err != nil {
		return "", err
	}
	id, err := db.Value[string](ctx, tx, openSessionSQL, db.Args{
		"customer": p.customerID, "user": p.userID, "operator": p.operatorID,
		"family": r.familyHash(), "secret": r.secretHash(), "lifetime": a.cfg.SessionLifetime.Seconds(),
	})
	if err != nil {
		return "", err
	}
	p.sessionID = id
	if r.session, err = uuid.Parse(id); err != nil {
		return "", err
	}
	return r.String(), nil
}

type session struct {
	CustomerID  string `db:"customer_id"`
	UserID      int64  `db:"user_id"`
	OperatorID  int64  `db:"operator_id"`
	Role        string `db:"role"`
	Email       string `db:"email"`
	Live        bool   `db:"live"`
	Open        bool   `db:"open"`
	FamilyHash  []byte `db:"family_hash"`
	RefreshHash []byte `db:"refresh_hash"`
}

// The row is locked: of two refreshes with one token the second is a reuse.
const sessionSQL = `
select coalesce(s.customer_id, '') as customer_id, coalesce(s.user_id, 0) as user_id, coalesce(s.operator_id, 0) as operator_id,
  coalesce(l.role, 'Super Admin') as role,
  coalesce(l.email, o.email) as email,
  s.revoked_at is null and s.expires_at > now() and coalesce(l.status, o.status) = 'active' as live,
  s.customer_id is null or tenancy.is_open(c.status, c.trial_ends_at) as open,
  s.family_hash, s.refresh_hash
from platform.sessions s
left join platform.logins l on (l.customer_id, l.user_id) = (s.customer_id, s.user_id)
left join platform.customers c on c.customer_id = s.customer_id
left join platform.operators o on o.id = s.operator_id
where s.id = @id
for update of s`

const rotateSQL = `update platform.sessions set refresh_hash = @secret, refreshed_at = now() where id = @id`

const revokeSQL = `update platform.sessions set revoked_at = now() where id = @id and revoked_at is null`

// Refresh changes a refresh token for new tokens. A token that was used before ends its session, for
// whoever holds the newer one too. Errors: ErrToken; db.ErrSuspended where the company is closed.
func (a *Auth) Refresh(ctx context.Context, text string) (t Tokens, err error) {
	old, ok := parseRefresh(text)
	if !ok {
		return t, ErrToken
	}
	next := old
	if _, err := rand.Read(next.secret[:]); err != nil {
		return t, err
	}
	var s session
	var refused error
	err = a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) (err error) {
		id := old.session.String()
		if s, err = db.One[session](ctx, tx, sessionSQL, db.Args{"id": id}); err != nil {
			return err
		}
		switch {
		case subtle.ConstantTimeCompare(s.FamilyHash, old.familyHash()) == 0 || !s.Live:
			refused = ErrToken
			return nil
		case subtle.ConstantTimeCompare(s.RefreshHash, old.secretHash()) == 0:
			refused = ErrToken
			_, err = db.Exec(ctx, tx, revokeSQL, db.Args{"id": id})
			return err
		case !s.Open:
			refused = db.ErrSuspended
			return nil
		}
		return db.Touch(ctx, tx, rotateSQL, db.Args{"id": id, "secret": next.secretHash()})
	})
	if refused == nil && isNotFound(err) {
		refused, err = ErrToken, nil
	}
	if err != nil || refused != nil {
		return t, cmp.Or(err, refused)
	}
	p := &Principal{
		keys: a.keys, customerID: s.CustomerID, userID: s.UserID, operatorID: s.OperatorID,
		role: s.Role, email: s.Email, sessionID: old.session.String(),
	}
	if err := a.stamp(ctx, p); err != nil {
		return t, err
	}
	t = Tokens{Refresh: next.String(), ExpiresIn: a.cfg.AccessLifetime}
	t.Access, err = p.issue(a.cfg.AccessLifetime)
	return t, err
}

// stamp notes the time of a refresh and takes the person's present name.
func (a *Auth) stamp(ctx context.Context, p *Principal) error {
	var g db.Guest
	if p.customerID != "" {
		g = guest{keys: a.keys, customerID: p.customerID}
	}
	return a.db.Auth(ctx, g, func(ctx context.Context, tx db.Tx) (err error) {
		if p.userID != 0 {
			p.name, err = db.Value[string](ctx, tx, memberNameSQL, db.Args{"id": p.userID})
		} else {
			p.name, err = db.Value[string](ctx, tx, operatorNameSQL, db.Args{"id": p.operatorID})
		}
		return err
	})
}

// Logout ends the caller's session: its access and refresh tokens are over from the next statement on.
func (a *Auth) Logout(ctx context.Context, p *Principal) error {
	return a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) error {
		_, err := db.Exec(ctx, tx, revokeSQL, db.Args{"id": p.sessionID})
		return err
	})
}
