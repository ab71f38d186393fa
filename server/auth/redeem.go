package auth

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"contractor-portal/db"
)

// A Redemption is a browser that fetches its tokens.
type Redemption struct {
	Code       string
	Cookie     string
	CustomerID string // empty, or the one company meant
	Address    netip.Addr
}

const codeSQL = `
select coalesce(customer_id, '') as customer_id, provider, subject, coalesce(email, '') as email
from platform.login_states
where (state, purpose, browser_hash) = (@state, 'signed_on', @browser)
  and expires_at > now()`

const useCodeSQL = `
delete from platform.login_states
where (state, purpose, browser_hash) = (@state, 'signed_on', @browser)
  and expires_at > now()`

func (r Redemption) args() db.Args {
	return db.Args{"state": hashed(r.Code), "browser": sum(r.Cookie)}
}

// Redeem changes the code of a sign-on for tokens, once. A person of several companies names one; the code holds until
// then. Errors: ErrCode; *SeveralError; *TooManyError; ErrInactive and db.ErrSuspended where that became so meanwhile.
func (a *Auth) Redeem(ctx context.Context, r Redemption) (t Tokens, err error) {
	var of Proof
	var people []person
	err = a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) error {
		if err := a.admits(ctx, tx, signer(r.Address)); err != nil {
			return err
		}
		row, err := db.One[struct {
			CustomerID string `db:"customer_id"`
			Provider   string `db:"provider"`
			Subject    string `db:"subject"`
			Email      string `db:"email"`
		}](ctx, tx, codeSQL, r.args())
		if err != nil {
			return err
		}
		of = Proof{Provider: row.Provider, Subject: row.Subject, Email: row.Email, Verified: row.Email != ""}
		people, err = proven(ctx, tx, of, row.CustomerID)
		return err
	})
	if isNotFound(err) {
		return t, errors.Join(ErrCode, a.record(ctx, signer(r.Address), refused))
	}
	if err != nil {
		return t, err
	}
	one, err := choosePerson(people, strings.ToUpper(strings.TrimSpace(r.CustomerID)))
	if err != nil {
		return t, err
	}
	return a.admitPerson(ctx, r, of, one)
}

// choosePerson is the one who comes in, in the company that was named.
func choosePerson(people []person, customer string) (person, error) {
	var fitting []person
	for _, p := range people {
		if p.Open && p.Status == "active" && (customer == "" || p.CustomerID == customer) {
			fitting = append(fitting, p)
		}
	}
	switch len(fitting) {
	case 0:
		return person{}, ErrCode
	case 1:
		return fitting[0], nil
	}
	several := &SeveralError{}
	for _, p := range fitting {
		several.Companies = append(several.Companies, Company{CustomerID: p.CustomerID, CompanyName: p.CompanyName})
	}
	return person{}, several
}

const activeLoginSQL = `
select email, role
from platform.logins
where user_id = @user
  and status = 'active'
for share`

// admitPerson uses the code up, links what was proven by its address, and opens a session, as admit does.
func (a *Auth) admitPerson(ctx context.Context, r Redemption, of Proof, one person) (t Tokens, err error) {
	p := &Principal{customerID: one.CustomerID, userID: one.ID}
	err = a.db.Auth(ctx, guest(one.CustomerID), func(ctx context.Context, tx db.Tx) (err error) {
		if err := db.Touch(ctx, tx, useCodeSQL, r.args()); err != nil {
			return err
		}
		if err := addAttempt(ctx, tx, signer(r.Address), admitted); err != nil {
			return err
		}
		if p.name, err = db.Value[string](ctx, tx, memberNameSQL, db.Args{"id": one.ID}); err != nil {
			return err
		}
		login, err := db.One[struct {
			Email string `db:"email"`
			Role  string `db:"role"`
		}](ctx, tx, activeLoginSQL, db.Args{"user": one.ID})
		if err != nil {
			return err
		}
		p.email, p.role = login.Email, login.Role
		if err := of.stillMeans(ctx, tx, one, login.Email); err != nil {
			return err
		}
		if t.Refresh, err = a.openSession(ctx, tx, p); err != nil {
			return err
		}
		return Record(ctx, tx, Deed{Action: "user.signed_on", ObjectType: "user", ObjectID: strconv.FormatInt(one.ID, 10), Detail: map[string]any{"provider": of.Provider}})
	})
	if isNotFound(err) || errors.Is(err, ErrTaken) {
		return t, ErrCode // used, or not active, or unlinked, since it was looked up
	}
	if err != nil {
		return t, err
	}
	return a.issued(p, t)
}

// stillMeans is nil where the proof means this member still: he has the sign-on, or gets it by the address that he logs
// in with. Errors: db.ErrNotFound; ErrTaken.
func (p Proof) stillMeans(ctx context.Context, tx db.Tx, one person, email string) error {
	if !one.Known && email == p.address() {
		return link(ctx, tx, one.CustomerID, one.ID, p)
	}
	whose, err := db.Value[int64](ctx, tx, whoseSQL, db.Args{"provider": p.Provider, "subject": p.Subject, "customer": one.CustomerID})
	if err == nil && whose != one.ID {
		err = ErrTaken
	}
	return err
}

// issued completes tokens by an access token.
func (a *Auth) issued(p *Principal, t Tokens) (_ Tokens, err error) {
	t.ExpiresIn = a.cfg.AccessLifetime
	t.Access, err = a.keys.issue(p, a.cfg.AccessLifetime)
	return t, err
}
