package auth

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strconv"

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

// Role and status are those of now: the person's row is locked.
const openSessionSQL = `
insert into platform.sessions (customer_id, user_id, role, operator_id, status, family_hash, refresh_hash, expires_at)
select person.*, @family, @secret, now() + make_interval(secs => @lifetime)
from (
  select l.customer_id, l.user_id, l.role, null::bigint as operator_id, l.status
  from platform.logins l
  where (l.customer_id, l.user_id) = (@customer, @user)
  union all
  select null, null, null, o.id, o.status
  from platform.operators o
  where o.id = @operator
) as person
returning id::text, coalesce(role, 'Super Admin') as role`

// openSession makes the session of a log-in, puts its id and the person's role into the principal, and returns the
// refresh token. Whoever calls it has locked the person's login.
func (a *Auth) openSession(ctx context.Context, tx db.Tx, p *Principal) (string, error) {
	var r refreshToken
	if _, err := rand.Read(r.family[:]); err != nil {
		return "", err
	}
	if _, err := rand.Read(r.secret[:]); err != nil {
		return "", err
	}
	opened, err := db.One[struct {
		ID   string `db:"id"`
		Role string `db:"role"`
	}](ctx, tx, openSessionSQL, db.Args{
		"customer": p.customerID, "user": p.userID, "operator": p.operatorID,
		"family": r.familyHash(), "secret": r.secretHash(), "lifetime": a.cfg.SessionLifetime.Seconds(),
	})
	if err != nil {
		return "", err
	}
	p.sessionID, p.role = opened.ID, opened.Role
	if r.session, err = uuid.Parse(opened.ID); err != nil {
		return "", err
	}
	return r.String(), nil
}

type session struct {
	CustomerID   string `db:"customer_id"`
	UserID       int64  `db:"user_id"`
	OperatorID   int64  `db:"operator_id"`
	Role         string `db:"role"`
	Email        string `db:"email"`
	Name         string `db:"name"`
	Live         bool   `db:"live"`
	Fresh        bool   `db:"fresh"` // its last refresh was a moment ago
	RefreshHash  []byte `db:"refresh_hash"`
	PreviousHash []byte `db:"previous_hash"`
}

type family struct {
	CustomerID string `db:"customer_id"`
	FamilyHash []byte `db:"family_hash"`
}

const familySQL = `select coalesce(customer_id, '') as customer_id, family_hash from platform.sessions where id = @id`

// The row is locked: of two refreshes with one token the second is a repeat. It is the only row that is, so whoever
// changes a person, and ends his sessions last, never waits for one who waits for him.
const sessionSQL = `
select coalesce(s.customer_id, '') as customer_id, coalesce(s.user_id, 0) as user_id, coalesce(s.operator_id, 0) as operator_id,
  coalesce(l.role, 'Super Admin') as role,
  coalesce(l.email, o.email) as email,
  coalesce(u.name, o.name, '') as name,
  s.revoked_at is null and s.expires_at > now() and coalesce(l.status, o.status) = 'active' as live,
  s.refreshed_at > now() - interval '10 seconds' as fresh,
  s.refresh_hash, s.previous_hash
from platform.sessions s
left join platform.logins l on (l.customer_id, l.user_id) = (s.customer_id, s.user_id)
left join portal.users u on (u.customer_id, u.id) = (s.customer_id, s.user_id)
left join platform.operators o on o.id = s.operator_id
where s.id = @id
for update of s`

const rotateSQL = `
update platform.sessions
set refresh_hash = @secret, previous_hash = @previous, refreshed_at = now()
where id = @id`

// Whoever leaves by the session of a switch leaves altogether.
const revokeSQL = `
update platform.sessions
set revoked_at = now()
where id = (select coalesce(s.parent_id, s.id) from platform.sessions s where s.id = @id)
  and revoked_at is null`

// Refresh changes a refresh token for new tokens, in one unit of work. A token that was used before ends its
// session, for whoever holds the newer one too, and leaves an entry in the audit log; only the last one may come a
// second time within ten seconds, because its answer was lost. Errors: ErrToken; db.ErrSuspended where the company
// is closed.
func (a *Auth) Refresh(ctx context.Context, text string) (t Tokens, err error) {
	old, ok := parseRefresh(text)
	if !ok {
		return t, ErrToken
	}
	next := old
	if _, err := rand.Read(next.secret[:]); err != nil {
		return t, err
	}
	g, err := a.guestOf(ctx, old)
	if err != nil {
		return t, err
	}
	var s session
	var refused error
	err = a.db.Auth(ctx, g, func(ctx context.Context, tx db.Tx) (err error) {
		if s, err = db.One[session](ctx, tx, sessionSQL, db.Args{"id": old.session.String()}); err != nil {
			return err
		}
		refused, err = s.rotate(ctx, tx, old, next)
		return err
	})
	if err != nil || refused != nil {
		return t, cmp.Or(err, refused)
	}
	p := &Principal{
		customerID: s.CustomerID, userID: s.UserID, operatorID: s.OperatorID,
		role: s.Role, email: s.Email, name: s.Name, sessionID: old.session.String(),
	}
	t = Tokens{Refresh: next.String(), ExpiresIn: a.cfg.AccessLifetime}
	t.Access, err = a.keys.issue(p, a.cfg.AccessLifetime)
	return t, err
}

// guestOf looks up which customer a refresh enters; none for an operator's. Who does not know the family learns
// nothing.
func (a *Auth) guestOf(ctx context.Context, r refreshToken) (g db.Guest, err error) {
	var of family
	err = a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) (err error) {
		of, err = db.One[family](ctx, tx, familySQL, db.Args{"id": r.session.String()})
		return err
	})
	if isNotFound(err) || err == nil && subtle.ConstantTimeCompare(of.FamilyHash, r.familyHash()) == 0 {
		return nil, ErrToken
	}
	if of.CustomerID != "" {
		g = guest(of.CustomerID)
	}
	return g, err
}

// rotate puts the next secret in the place of the one that was shown, or ends the session.
func (s session) rotate(ctx context.Context, tx db.Tx, old, next refreshToken) (refused, err error) {
	args := db.Args{"id": old.session.String(), "secret": next.secretHash(), "previous": s.RefreshHash}
	shows := func(hash []byte) bool { return subtle.ConstantTimeCompare(hash, old.secretHash()) == 1 }
	switch {
	case !s.Live:
		return ErrToken, nil
	case shows(s.RefreshHash):
	case s.Fresh && shows(s.PreviousHash):
		args["previous"] = nil // not a third time
	default:
		if _, err := db.Exec(ctx, tx, revokeSQL, db.Args{"id": old.session.String()}); err != nil {
			return nil, err
		}
		return ErrToken, Record(ctx, tx, s.reused())
	}
	return nil, db.Touch(ctx, tx, rotateSQL, args)
}

// reused is what the audit log says of a token that came again.
func (s session) reused() Deed {
	d := Deed{Action: "refresh_token.reused", ObjectType: "user", ObjectID: strconv.FormatInt(s.UserID, 10)}
	if s.OperatorID != 0 {
		d.ObjectType, d.ObjectID = "operator", strconv.FormatInt(s.OperatorID, 10)
	}
	return d
}

// Logout ends the caller's session, and the switches made in it: its access and refresh tokens are over from the next statement on.
func (a *Auth) Logout(ctx context.Context, p *Principal) error {
	return a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) error {
		_, err := db.Exec(ctx, tx, revokeSQL, db.Args{"id": p.sessionID})
		return err
	})
}
