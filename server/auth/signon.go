package auth

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/netip"
	"time"

	"contractor-portal/db"
)

// What somebody who signs on is refused for.
var (
	// ErrTravel says nothing about the reason: no such state, or used, or over, or of another browser or provider.
	ErrTravel = errors.New("this was not begun in this browser, or more than five minutes ago, or is done already: begin again")
	// ErrCode is ErrTravel of a one-time code.
	ErrCode = errors.New("the code is not valid: it works once, for a minute, in the browser that got it; sign on again")
	// ErrInactive is for a person who is suspended.
	ErrInactive = errors.New("the account is suspended; ask an Admin of the company")
	// ErrNoCompany is for a person whom nobody knows, and who has named no company.
	ErrNoCompany = errors.New("nobody here is known by this sign-on")
	// ErrTaken is for a sign-on that another person of the company has.
	ErrTaken = errors.New("another person of the company has this sign-on")
	// ErrSignOnOnly is for a right password where the company takes none.
	ErrSignOnOnly = errors.New("the company takes no passwords; sign on with Google or Microsoft")
)

// A Proof is whom a provider has proven somebody to be.
type Proof struct {
	Provider string
	Subject  string // the provider's name for the person, for ever
	Email    string // in lower case; may be empty
	Verified bool   // the provider answers for the address
	Name     string
	Picture  string
}

// address is the e-mail where it proves anything.
func (p Proof) address() string {
	if p.Verified {
		return p.Email
	}
	return ""
}

// A Trip is the way to a provider and back. Verifier and nonce are made from what the browser keeps and the database does
// not know: with a copy of the database nobody completes a sign-on.
type Trip struct {
	Provider, State, Cookie string

	customer string // that was named
	user     int64  // who links, or 0
}

// Verifier is PKCE's.
func (t Trip) Verifier() string { return t.derive("verifier") }

// Nonce goes with the person, and comes back in the provider's token.
func (t Trip) Nonce() string { return t.derive("nonce") }

func (t Trip) derive(what string) string {
	mac := hmac.New(sha256.New, []byte(t.Cookie))
	mac.Write([]byte(what + " " + t.Provider + " " + t.State))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

const departSQL = `
insert into platform.login_states (state, purpose, customer_id, user_id, browser_hash, expires_at)
values (@state, @purpose, nullif(@customer, ''), nullif(@user::bigint, 0), @browser, now() + interval '5 minutes')`

// Depart begins a sign-on. A company may be named as in a sign-up. Errors: ErrCompany; *TooManyError.
func (a *Auth) Depart(ctx context.Context, provider string, s SignUp) (Trip, error) {
	return a.depart(ctx, provider, 0, s.Address, func(ctx context.Context, tx db.Tx) (string, error) {
		if s.Invitation+s.Subdomain+s.CustomerID == "" {
			return "", nil
		}
		c, err := s.company(ctx, tx)
		return c.CustomerID, err
	})
}

// DepartToLink begins to link a sign-on with a member, whom the caller has had admitted.
func (a *Auth) DepartToLink(ctx context.Context, provider string, p *Principal, from netip.Addr) (Trip, error) {
	return a.depart(ctx, provider, p.userID, from, func(context.Context, db.Tx) (string, error) { return p.customerID, nil })
}

func (a *Auth) depart(ctx context.Context, provider string, user int64, from netip.Addr, company func(context.Context, db.Tx) (string, error)) (t Trip, err error) {
	b := NewBrowser()
	t = Trip{Provider: provider, State: b.State(), Cookie: b.Cookie(), user: user}
	err = a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) (err error) {
		if err := a.admits(ctx, tx, signer(from)); err != nil {
			return err
		}
		if t.customer, err = company(ctx, tx); err != nil {
			return err
		}
		_, err = db.Exec(ctx, tx, departSQL, db.Args{"state": hashed(t.State), "purpose": provider, "customer": t.customer, "user": user, "browser": sum(t.Cookie)})
		return err
	})
	return t, err
}

// signer is who tries to sign on: nobody says as whom, so his network counts.
func signer(from netip.Addr) guesser {
	network := Network(from)
	return guesser{Email: "sign-on from " + network, Network: network}
}

const returnSQL = `
delete from platform.login_states
where (state, purpose, browser_hash) = (@state, @purpose, @browser)
  and expires_at > now()
returning coalesce(customer_id, '') as customer_id, coalesce(user_id, 0) as user_id`

// Return uses up the state of a trip. Of two who come with one, the second finds none. Errors: ErrTravel; *TooManyError.
func (a *Auth) Return(ctx context.Context, provider, state, cookie string, from netip.Addr) (Trip, error) {
	t := Trip{Provider: provider, State: state, Cookie: cookie}
	err := a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) error {
		if err := a.admits(ctx, tx, signer(from)); err != nil {
			return err
		}
		row, err := db.One[struct {
			CustomerID string `db:"customer_id"`
			UserID     int64  `db:"user_id"`
		}](ctx, tx, returnSQL, db.Args{"state": hashed(state), "purpose": provider, "browser": sum(cookie)})
		t.customer, t.user = row.CustomerID, row.UserID
		return err
	})
	if isNotFound(err) {
		return t, ErrTravel
	}
	return t, err
}

// Disproved counts a sign-on that the provider did not confirm, as a wrong password is.
func (a *Auth) Disproved(ctx context.Context, from netip.Addr) error {
	return a.record(ctx, signer(from), refused)
}

// An Arrival is what came of a sign-on.
type Arrival struct {
	Linked  bool   // the member of the trip has this sign-on now
	Waiting bool   // for an Admin's approval
	Code    string // else: what the browser fetches tokens for
	Cookie  string // by which it is known then
}

// A Newcomer makes a pending member of a stranger, in a unit of work of a guest; 0 where the company has a person with
// that e-mail, which is nobody's business.
type Newcomer func(ctx context.Context, tx db.Tx, p Proof) (member int64, err error)

// codeLifetime is how long a browser may take to fetch its tokens.
const codeLifetime = time.Minute

const giveCodeSQL = `
insert into platform.login_states (state, purpose, customer_id, provider, subject, email, browser_hash, expires_at)
values (@state, 'signed_on', nullif(@customer, ''), @provider, @subject, nullif(@email, ''), @browser, now() + make_interval(secs => @lifetime))`

// Arrive ends a trip with what the provider has proven. Errors: ErrInactive, ErrNoCompany, ErrTaken; *TooManyError;
// db.ErrSuspended where the company is closed; those of add.
func (a *Auth) Arrive(ctx context.Context, t Trip, p Proof, from netip.Addr, add Newcomer) (out Arrival, err error) {
	if t.user != 0 {
		return Arrival{Linked: true}, a.linkTo(ctx, t, p)
	}
	var people []person
	err = a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) (err error) {
		people, err = proven(ctx, tx, p, t.customer)
		return err
	})
	if err != nil {
		return out, err
	}
	state, err := standing(people)
	switch {
	case err != nil:
		return out, err
	case state == unknown:
		return Arrival{Waiting: true}, a.welcome(ctx, t, p, from, add)
	case state == waits:
		return Arrival{Waiting: true}, nil
	}
	b := NewBrowser()
	out = Arrival{Code: b.State(), Cookie: b.Cookie()}
	return out, a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) error {
		_, err := db.Exec(ctx, tx, giveCodeSQL, db.Args{
			"state": hashed(out.Code), "customer": t.customer, "provider": p.Provider, "subject": p.Subject, "email": p.address(),
			"browser": sum(out.Cookie), "lifetime": codeLifetime.Seconds(),
		})
		return err
	})
}

// welcome has a stranger ask the company that he named for an account.
func (a *Auth) welcome(ctx context.Context, t Trip, p Proof, from netip.Addr, add Newcomer) error {
	if t.customer == "" {
		return ErrNoCompany
	}
	g := signer(from)
	g.Email = cmp.Or(p.Email, g.Email)
	err := a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) error { return a.countRequest(ctx, tx, g) })
	if err != nil {
		return err
	}
	return a.db.Auth(ctx, guest(t.customer), func(ctx context.Context, tx db.Tx) error {
		member, err := add(ctx, tx, p)
		if err != nil || member == 0 {
			return err
		}
		return link(ctx, tx, t.customer, member, p)
	})
}
