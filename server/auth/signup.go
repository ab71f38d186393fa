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
	Name       string
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
// *TooManyError; ErrCompany; *PasswordError; those of add.
func (a *Auth) SignUp(ctx context.Context, s SignUp, add func(ctx context.Context, tx db.Tx, p Password) error) error {
	start := time.Now()
	company, password, err := a.prepare(ctx, s)
	if err != nil {
		return err
	}
	err = a.db.Auth(ctx, guest(company), func(ctx context.Context, tx db.Tx) error {
		return add(ctx, tx, password)
	})
	if errors.Is(err, db.ErrSuspended) {
		return ErrCompany
	}
	if err == nil {
		a.wait(ctx, start)
	}
	return err
}

// prepare does what a stranger has to wait in line for. A password that nobody of that name may have is refused here,
// whether the company knows the e-mail or not.
func (a *Auth) prepare(ctx context.Context, s SignUp) (company string, p Password, err error) {
	stranger := guesser{Email: s.Email, Network: Network(s.Address)}
	leave, err := a.queue(ctx, stranger)
	if err != nil {
		return "", p, err
	}
	defer leave()
	var named Company
	err = a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) (err error) {
		if err := a.countRequest(ctx, tx, stranger); err != nil {
			return err
		}
		named, err = s.company(ctx, tx)
		return err
	})
	if err == nil {
		p, err = HashPassword(ctx, s.Password)
	}
	if err == nil {
		err = owner{Email: s.Email, Name: s.Name, Company: named.CompanyName}.refuses(p)
	}
	return named.CustomerID, p, err
}

const companySQL = `
select c.customer_id, c.company_name
from platform.customers c
where c.subdomain = @subdomain
union all
select c.customer_id, c.company_name
from platform.customers c
where c.customer_id = @customer`

// company is the one that the request names. Whether it is open is found at the entry.
func (s SignUp) company(ctx context.Context, tx db.Tx) (c Company, err error) {
	subdomain, customer := strings.ToLower(strings.TrimSpace(s.Subdomain)), strings.ToUpper(strings.TrimSpace(s.CustomerID))
	if subdomain != "" {
		customer = ""
	}
	if s.Invitation != "" {
		secret, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(s.Invitation))
		if err != nil {
			return c, ErrCompany
		}
		i, err := db.One[Invitation](ctx, tx, invitationSQL, db.Args{"hash": invitationHash(secret)})
		if isNotFound(err) {
			return c, ErrCompany
		}
		if err != nil {
			return c, err
		}
		subdomain, customer = "", i.CustomerID
	}
	c, err = db.One[Company](ctx, tx, companySQL, db.Args{"subdomain": subdomain, "customer": customer})
	if isNotFound(err) {
		return c, ErrCompany
	}
	return c, err
}
