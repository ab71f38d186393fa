package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"contractor-portal/db"
)

// InvitationLifetime is how long an invitation can be accepted.
const InvitationLifetime = 7 * 24 * time.Hour

// ErrInvitation says nothing about the reason: the invitation is unknown, expired, withdrawn or used.
var ErrInvitation = errors.New("the invitation is not valid; it may have expired, or been used or withdrawn")

// NewInvitation makes the secret of an invitation, and the hash that is stored of it. Only who is
// invited ever sees the token; it cannot be had from the database.
func NewInvitation() (token string, hash []byte, err error) {
	var secret [32]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return "", nil, err
	}
	return base64.RawURLEncoding.EncodeToString(secret[:]), invitationHash(secret[:]), nil
}

func invitationHash(secret []byte) []byte {
	h := sha256.Sum256(secret)
	return h[:]
}

// An Invitation is what a customer, or an operator, said of the person who is invited.
type Invitation struct {
	CustomerID string `db:"customer_id"`
	ID         int64  `db:"id"`
	Email      string `db:"email"`
	Name       string `db:"name"` // may be empty
	Role       string `db:"role"`
	ByOperator bool   `db:"by_operator"`
	SignOnOnly bool   `db:"sign_on_only"` // the company takes no passwords
}

const invitationSQL = `
select i.customer_id, i.id, i.email, coalesce(i.name, '') as name, i.role, i.invited_by_operator is not null as by_operator, c.sign_on_only
from platform.invitations i
join platform.customers c on c.customer_id = i.customer_id
where i.token_hash = @hash
  and i.accepted_at is null
  and i.revoked_at is null
  and i.expires_at > now()`

// A Join makes an active member of the person who was invited, in a unit of work of a guest.
type Join func(ctx context.Context, tx db.Tx, i Invitation) (member int64, err error)

// Invited runs fn as a guest of the company that a token invites into. Errors: ErrInvitation; db.ErrSuspended where the
// company is closed; those of fn.
func (a *Auth) Invited(ctx context.Context, token string, fn func(ctx context.Context, tx db.Tx) error) error {
	i, err := a.invitation(ctx, token)
	if err != nil {
		return err
	}
	return a.db.Auth(ctx, guest(i.CustomerID), fn)
}

// invitation is what a token stands for.
func (a *Auth) invitation(ctx context.Context, token string) (i Invitation, err error) {
	secret, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(token))
	if err != nil {
		return i, ErrInvitation
	}
	err = a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) (err error) {
		i, err = db.One[Invitation](ctx, tx, invitationSQL, db.Args{"hash": invitationHash(secret)})
		return err
	})
	if isNotFound(err) {
		return i, ErrInvitation
	}
	return i, err
}

// AcceptInvitation has the person who was invited join with that password, and logs in. Errors:
// ErrInvitation; ErrSignOnOnly; *PasswordError; db.ErrSuspended where the company is closed; those of join.
// The invitation then stays.
func (a *Auth) AcceptInvitation(ctx context.Context, token, password string, join Join) (t Tokens, err error) {
	i, err := a.invitation(ctx, token)
	if err != nil {
		return t, err
	}
	if i.SignOnOnly {
		return t, ErrSignOnOnly
	}
	// A hash is dear: it is made only for who holds an invitation, and no connection waits for it.
	chosen, err := HashPassword(ctx, password)
	if err != nil {
		return t, err
	}
	p := &Principal{customerID: i.CustomerID, role: i.Role, email: i.Email, name: i.Name}
	err = a.db.Auth(ctx, guest(i.CustomerID), func(ctx context.Context, tx db.Tx) (err error) {
		if p.userID, err = accept(ctx, tx, i, chosen, join); err != nil {
			return err
		}
		t.Refresh, err = a.openSession(ctx, tx, p)
		return err
	})
	if isNotFound(err) {
		return t, ErrInvitation // used or withdrawn since it was looked up
	}
	if err != nil {
		return t, err
	}
	t.ExpiresIn = a.cfg.AccessLifetime
	t.Access, err = a.keys.issue(p, a.cfg.AccessLifetime)
	return t, err
}

// The row is locked by whoever comes first; the second finds it used.
const useInvitationSQL = `
update platform.invitations
set accepted_at = now()
where id = @id
  and accepted_at is null
  and revoked_at is null
  and expires_at > now()`

const confirmSQL = `update platform.logins set confirmed_at = now() where user_id = @user`

// accept uses the invitation up and makes the member. The link is in the hands of whoever made it: only an operator, who
// answers for the address, confirms one by it. An Admin could accept it himself, and then come before the accounts that
// the owner of the address has elsewhere.
func accept(ctx context.Context, tx db.Tx, i Invitation, chosen Password, join Join) (member int64, err error) {
	if err := db.Touch(ctx, tx, useInvitationSQL, db.Args{"id": i.ID}); err != nil {
		return 0, err
	}
	member, err = join(ctx, tx, i)
	if err != nil {
		return 0, err
	}
	if err := SetPassword(ctx, tx, member, chosen); err != nil {
		return 0, err
	}
	if i.ByOperator {
		if err := db.Touch(ctx, tx, confirmSQL, db.Args{"user": member}); err != nil {
			return 0, err
		}
	}
	return member, Record(ctx, tx, Deed{
		Action: "invitation.accepted", ObjectType: "user", ObjectID: strconv.FormatInt(member, 10),
		Detail: map[string]any{"invitation_id": i.ID, "role": i.Role},
	})
}
