package auth

import (
	"context"
	"strconv"
	"time"

	"contractor-portal/db"
)

const passwordHashSQL = `
select coalesce(
  (select password_hash from platform.logins where user_id = @user),
  (select password_hash from platform.operators where id = @operator),
  '')`

// ChangePassword replaces the caller's own password by write, a unit of work of his, and ends all other sessions of the
// account. The tries with a wrong current password count as guesses of the device that the session is of. Errors: ErrRefused,
// *TooManyError, *PasswordError.
func (a *Auth) ChangePassword(ctx context.Context, p *Principal, current, replacement string, write func(context.Context, func(context.Context, db.Tx) error) error) error {
	start := time.Now()
	fits, err := a.isCurrent(ctx, p, current)
	if err != nil {
		return err
	}
	if !fits {
		a.wait(ctx, start)
		return ErrRefused
	}
	replaced, err := HashPassword(ctx, replacement)
	if err != nil {
		return err
	}
	return write(ctx, func(ctx context.Context, tx db.Tx) error { return replaceHash(ctx, tx, p, replaced) })
}

// isCurrent compares a password with the caller's own, when it is his turn.
func (a *Auth) isCurrent(ctx context.Context, p *Principal, password string) (fits bool, err error) {
	g := guesser{Email: p.email, Device: &p.sessionID, shown: p.sessionID}
	leave, err := a.queue(ctx, g)
	if err != nil {
		return false, err
	}
	defer leave()
	var hash string
	err = a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) (err error) {
		if err = a.admits(ctx, tx, g); err != nil {
			return err
		}
		hash, err = db.Value[string](ctx, tx, passwordHashSQL, db.Args{"user": p.userID, "operator": p.operatorID})
		return err
	})
	if err != nil {
		return false, err
	}
	if fits, _, err = verifyForms(ctx, hash, forms(password)); err != nil || fits {
		return fits, err
	}
	return false, a.record(ctx, g, refused)
}

func replaceHash(ctx context.Context, tx db.Tx, p *Principal, replaced Password) error {
	if !p.Outside() {
		if err := SetPassword(ctx, tx, p.userID, replaced); err != nil {
			return err
		}
		return Record(ctx, tx, Deed{Action: "password.changed", ObjectType: "user", ObjectID: strconv.FormatInt(p.userID, 10)})
	}
	if err := setOperatorPassword(ctx, tx, p.operatorID, replaced); err != nil {
		return err
	}
	return RecordOnPlatform(ctx, tx, Deed{Action: "password.changed", ObjectType: "operator", ObjectID: strconv.FormatInt(p.operatorID, 10)})
}
