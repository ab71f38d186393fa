package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"net/netip"
	"strings"
	"time"

	"contractor-portal/db"
)

// A SignUp is a stranger's request for an account. The company is named by the token of an invitation
// link, by its subdomain or by its id; the first that is given counts, and there is no default.
type SignUp struct {
	Email      string // in lower case
	Password   string
	Invitation string
	Subdomain  string
	CustomerID string
	Address    netip.Addr // where the request came from; may be invalid
}

// ErrCompany means that there is no such company, or that it is closed.
var ErrCompany = errors.New("there is no such company, or it takes no requests")

// SignUp counts the request, finds the company, hashes the password and runs add as a guest of the
// company: all that a stranger can do there is what portal_auth is granted. A request that succeeds
// takes a fixed time, so that its duration does not tell whether add knew the e-mail already. Errors:
// *TooManyError; ErrCompany; ErrPasswordLength; those of add.
func (a *Auth) SignUp(ctx context.Context, s SignUp, add func(ctx context.Context, tx db.Tx, hash string) error) error {
	start := time.Now()
	var company string
	err := a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) (err error) {
		quota := quota{"requested", a.cfg.SignUps, a.cfg.SignUps}
		if _, err := a.count(ctx, tx, quota, s.Email, s.Address); err != nil {
			return err
		}
		company, err = s.company(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	hash, err := HashPassword(ctx, s.Password)
	if err != nil {
		return err
	}
	err = a.db.Auth(ctx, guest{keys: a.keys, customerID: company}, func(ctx context.Context, tx db.Tx) error {
		return add(ctx, tx, hash)
	})
	if errors.Is(err, db.ErrSuspended) {
		return ErrCompany
	}
	if err == nil {
		a.wait(ctx, start)
	}
	return err
}

const companySQL = `
select c.customer_id
from platform.customers c
where c.subdomain = @subdomain
union all
select c.customer_id
from platform.customers c
where c.customer_id = @customer`

// company is the id of the company that the request names. Whether it is open is found at the entry.
func (s SignUp) company(ctx context.Context, tx db.Tx) (id string, err error) {
	if s.Invitation != "" {
		var i Invitation
		secret, decodeErr := base64.RawURLEncoding.DecodeString(strings.TrimSpace(s.Invitation))
		if decodeErr != nil {
			return "", ErrCompany
		}
		i, err = db.One[Invitation](ctx, tx, invitationSQL, db.Args{"hash": invitationHash(secret)})
		id = i.CustomerID
	} else {
		subdomain, customer := strings.ToLower(strings.TrimSpace(s.Subdomain)), strings.ToUpper(strings.TrimSpace(s.CustomerID))
		if subdomain != "" {
			customer = ""
		}
		id, err = db.Value[string](ctx, tx, companySQL, db.Args{"subdomain": subdomain, "customer": customer})
	}
	if isNotFound(err) {
		return "", ErrCompany
	}
	return id, err
}
