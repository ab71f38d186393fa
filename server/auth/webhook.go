package auth

import (
	"context"
	"errors"

	"contractor-portal/db"
)

// ErrSignature means that a call was not signed with the token of the company that it is for. A number that is nobody's,
// and a company that is closed, are answered alike: who calls without a signature learns nothing.
var ErrSignature = errors.New("the call is not signed by the provider")

// Webhook runs fn in one transaction inside the company that a receiving number belongs to, for its provider. Before fn
// runs, isSigned verifies there that it is the provider that calls. Errors: ErrSignature; those of isSigned and fn.
func (a *Auth) Webhook(ctx context.Context, number string, isSigned func(context.Context, db.Tx) (bool, error), fn func(context.Context, db.Tx) error) error {
	err := a.db.Webhook(ctx, webhook(number), func(ctx context.Context, tx db.Tx) error {
		signed, err := isSigned(ctx, tx)
		if err == nil && !signed {
			err = ErrSignature
		}
		if err != nil {
			return err
		}
		return fn(ctx, tx)
	})
	if errors.Is(err, db.ErrSuspended) {
		return ErrSignature
	}
	return err
}
