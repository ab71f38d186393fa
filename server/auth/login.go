package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"contractor-portal/db"
)

// maxCandidates is how many hashes one log-in compares at most. Confirmed addresses come first, then
// the oldest: strangers who enter an address in companies of their own cannot crowd its owner out.
const maxCandidates = 5

// A candidate is an account that the e-mail may mean. For an operator's account customer_id is empty.
type candidate struct {
	CustomerID   string `db:"customer_id"`
	CompanyName  string `db:"company_name"`
	ID           int64  `db:"id"`
	Role         string `db:"role"`
	Email        string `db:"email"`
	Admitted     bool   `db:"admitted"` // person active, customer open
	PasswordHash string `db:"password_hash"`
	// When the password was chosen: a log-in is void where it was changed since it was verified.
	PasswordSetAt *time.Time `db:"password_set_at"`
	Known         bool       `db:"known"`        // to the device that asks
	SignOnOnly    bool       `db:"sign_on_only"` // the company takes no passwords
	Outdated      bool       `db:"-"`            // the hash is to be replaced by a better one
}

// known: the device that asks has been in this account before.
const candidatesSQL = `
select l.customer_id, c.company_name, l.user_id as id, l.role, l.email,
  l.status = 'active' and (tenancy.is_open(c.status, c.trial_ends_at) or c.status = 'moving') as admitted, -- whoever moves is told so
  l.password_hash, l.password_set_at, c.sign_on_only,
  exists (
    select from platform.sessions s
    where s.id = @session::uuid
      and s.family_hash = @family
      and (s.customer_id, s.user_id) = (l.customer_id, l.user_id)
  ) as known
from platform.logins l
join platform.customers c on c.customer_id = l.customer_id
where l.email = @email
  and l.password_hash is not null
  and (@customer = '' or l.customer_id = @customer)
order by known desc, l.confirmed_at is null, l.created_at, l.user_id
limit @candidates`

const operatorCandidateSQL = `
select '' as customer_id, 'the platform' as company_name, o.id, 'Super Admin' as role, o.email,
  o.status = 'active' as admitted, o.password_hash, o.password_set_at, false as sign_on_only,
  exists (
    select from platform.sessions s
    where s.id = @session::uuid
      and s.family_hash = @family
      and s.operator_id = o.id
  ) as known
from platform.operators o
where o.email = @email
  and o.password_hash is not null
  and @customer in ('', 'PLATFORM')`

// Login verifies the credentials and opens a session. Errors: ErrRefused, whatever the reason, after
// the same time; *TooManyError; *SeveralError where the password fits in several companies; ErrSignOnOnly where it fits
// and those companies take none.
func (a *Auth) Login(ctx context.Context, c Credentials) (t Tokens, err error) {
	start := time.Now()
	defer func() {
		if errors.Is(err, ErrRefused) {
			a.wait(ctx, start)
		}
	}()
	c.Email = strings.ToLower(strings.TrimSpace(c.Email))
	c.CustomerID = strings.ToUpper(strings.TrimSpace(c.CustomerID))
	if c.Email == "" || len(c.Email) > 255 {
		return t, ErrRefused
	}
	stranger := guesser{Email: c.Email, Network: Network(c.Address)}
	if shown, ok := parseDevice(c.Device); ok {
		t, err = a.loginFrom(ctx, shown, stranger, c)
		if !errors.Is(err, errStranger) {
			return t, err
		}
	}
	made, err := a.try(ctx, stranger, c, func(accounts []candidate) ([]candidate, error) { return accounts, nil })
	if err != nil {
		return t, err
	}
	return a.enter(ctx, made, c)
}

// A trial is what came of comparing a password with the accounts that it may open.
type trial struct {
	by      guesser
	fitting []candidate
	outcome string
}

// try compares the password with those accounts that choose names, when it is the guesser's turn. Nothing is hashed
// while a connection is held. Whoever names no company, or an unknown one, waits for as many comparisons as are made
// for somebody in many companies.
func (a *Auth) try(ctx context.Context, g guesser, c Credentials, choose func([]candidate) ([]candidate, error)) (t trial, err error) {
	leave, err := a.queue(ctx, g)
	if err != nil {
		return t, err
	}
	defer leave()
	var accounts []candidate
	err = a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) (err error) {
		if accounts, err = candidates(ctx, tx, c); err != nil {
			return err
		}
		if accounts, err = choose(accounts); err != nil {
			return err
		}
		return a.admits(ctx, tx, g)
	})
	if err != nil {
		return t, err
	}
	most := maxCandidates
	if c.CustomerID != "" || g.Device != nil {
		most = 1
	}
	t.by = g
	if t.fitting, t.outcome, err = compare(ctx, accounts, most, forms(c.Password)); err != nil || t.outcome != refused {
		return t, err
	}
	return t, a.record(ctx, g, refused)
}

// enter lets in whom the password fitted.
func (a *Auth) enter(ctx context.Context, t trial, c Credentials) (Tokens, error) {
	fitted := len(t.fitting) > 0
	t.fitting = slices.DeleteFunc(t.fitting, func(c candidate) bool { return c.SignOnOnly })
	switch len(t.fitting) {
	case 0:
		if fitted {
			return Tokens{}, errors.Join(ErrSignOnOnly, a.record(ctx, t.by, t.outcome))
		}
		return Tokens{}, ErrRefused
	case 1:
		return a.admit(ctx, t.fitting[0], c.Password, t)
	}
	several := &SeveralError{}
	for _, f := range t.fitting {
		id := f.CustomerID
		if id == "" {
			id = PlatformID
		}
		several.Companies = append(several.Companies, Company{CustomerID: id, CompanyName: f.CompanyName})
	}
	return Tokens{}, errors.Join(several, a.record(ctx, t.by, t.outcome))
}

// candidates are the accounts that may be meant, at most maxCandidates.
func candidates(ctx context.Context, tx db.Tx, c Credentials) (all []candidate, err error) {
	args := db.Args{"email": c.Email, "customer": c.CustomerID, "session": nil, "family": nil}
	if shown, ok := parseDevice(c.Device); ok {
		args["session"], args["family"] = shown.session.String(), shown.family
	}
	operators, err := db.All[candidate](ctx, tx, operatorCandidateSQL, args)
	if err != nil {
		return nil, err
	}
	args["candidates"] = maxCandidates - len(operators)
	all, err = db.All[candidate](ctx, tx, candidatesSQL, args)
	return append(all, operators...), err
}

// compare returns the accounts that the password opens, and what that means. It makes as many comparisons where there
// are fewer accounts, or none.
func compare(ctx context.Context, accounts []candidate, most int, forms []string) (fitting []candidate, outcome string, err error) {
	missed := 0
	for i := range max(most, len(accounts)) {
		account := candidate{PasswordHash: noPassword}
		if i < len(accounts) {
			account = accounts[i]
		}
		fits, first, err := verifyForms(ctx, account.PasswordHash, forms)
		if err != nil {
			return nil, "", err
		}
		account.Outdated = !first || outdated(account.PasswordHash)
		switch {
		case fits && account.Admitted:
			fitting = append(fitting, account)
		case !fits && i < len(accounts):
			missed++
		}
	}
	switch {
	case len(fitting) == 0:
		return nil, refused, nil
	case missed > 0:
		return fitting, partly, nil
	}
	return fitting, admitted, nil
}

// A log-in holds only if what was verified still stands: who was suspended, or got another password,
// meanwhile does not come in. The row is locked, so the change waits, and then ends the new session too.
const unchangedSQL = `
select user_id
from platform.logins
where user_id = @id
  and status = 'active'
  and password_set_at is not distinct from @set_at
for share`

const operatorUnchangedSQL = `
select id
from platform.operators
where id = @id
  and status = 'active'
  and password_set_at is not distinct from @set_at
for share`

// A better hash of the same password: nobody's session ends by it.
const upgradeSQL = `
update platform.logins
set password_hash = @hash
where user_id = @id
  and status = 'active'
  and password_set_at is not distinct from @set_at`

const upgradeOperatorSQL = `
update platform.operators
set password_hash = @hash
where id = @id
  and status = 'active'
  and password_set_at is not distinct from @set_at`

const memberNameSQL = `
update portal.users set last_login_at = now() where id = @id returning coalesce(name, '')`

const operatorNameSQL = `
update platform.operators set last_login_at = now() where id = @id returning coalesce(name, '')`

// admit opens a session, stamps the log-in, and replaces an old hash.
func (a *Auth) admit(ctx context.Context, account candidate, password string, of trial) (t Tokens, err error) {
	p := &Principal{customerID: account.CustomerID, role: account.Role, email: account.Email}
	var newHash string
	if account.Outdated {
		if newHash, err = hashAny(ctx, forms(password)[0]); err != nil {
			return t, err
		}
	}
	var g db.Guest
	if account.CustomerID == "" {
		p.operatorID = account.ID
	} else {
		p.userID = account.ID
		g = guest(account.CustomerID)
	}
	err = a.db.Auth(ctx, g, func(ctx context.Context, tx db.Tx) (err error) {
		if err := addAttempt(ctx, tx, of.by, of.outcome); err != nil {
			return err
		}
		if p.userID != 0 {
			p.name, err = db.Value[string](ctx, tx, memberNameSQL, db.Args{"id": p.userID})
		} else {
			p.name, err = db.Value[string](ctx, tx, operatorNameSQL, db.Args{"id": p.operatorID})
		}
		if err != nil {
			return err
		}
		// After the stamp: whoever changes a person locks the member first, then the login.
		if err := stillHolds(ctx, tx, account, newHash); err != nil {
			return err
		}
		t.Refresh, err = a.openSession(ctx, tx, p)
		return err
	})
	if errors.Is(err, db.ErrNotFound) || errors.Is(err, db.ErrSuspended) {
		return t, ErrRefused // gone, or closed, since it was looked up
	}
	if err != nil {
		return t, err
	}
	t.ExpiresIn = a.cfg.AccessLifetime
	t.Access, err = a.keys.issue(p, a.cfg.AccessLifetime)
	return t, err
}

// stillHolds locks the account, and returns db.ErrNotFound where it is not what was verified any more.
// It takes the better hash, if there is one.
func stillHolds(ctx context.Context, tx db.Tx, account candidate, better string) (err error) {
	args := db.Args{"id": account.ID, "set_at": account.PasswordSetAt}
	if better != "" {
		args["hash"] = better
		if account.CustomerID == "" {
			return db.Touch(ctx, tx, upgradeOperatorSQL, args)
		}
		return db.Touch(ctx, tx, upgradeSQL, args)
	}
	if account.CustomerID == "" {
		_, err = db.Value[int64](ctx, tx, operatorUnchangedSQL, args)
	} else {
		_, err = db.Value[int64](ctx, tx, unchangedSQL, args)
	}
	return err
}
