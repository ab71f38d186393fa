package auth

import (
	"context"
	"errors"
	"net/netip"
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
}

const lockAttemptsSQL = `
select pg_advisory_xact_lock(hashtextextended('login:' || @email, 0)) is null
  or pg_advisory_xact_lock(hashtextextended('address:' || coalesce(@address::inet::text, ''), 0)) is null`

const countAttemptsSQL = `
select
  count(*) filter (where email = @email) as by_email,
  count(*) filter (where address = @address::inet) as by_address
from platform.login_attempts
where (email = @email or address = @address::inet)
  and outcome = @outcome
  and at > now() - make_interval(secs => @window)`

const addAttemptSQL = `
insert into platform.login_attempts (email, address, outcome)
values (@email, @address::inet, @outcome)
returning id`

const candidatesSQL = `
select l.customer_id, c.company_name, l.user_id as id, l.role, l.email,
  l.status = 'active' and tenancy.is_open(c.status, c.trial_ends_at) as admitted,
  l.password_hash, l.password_set_at
from platform.logins l
join platform.customers c on c.customer_id = l.customer_id
where l.email = @email
  and l.password_hash is not null
  and (@customer = '' or l.customer_id = @customer)
order by l.confirmed_at is null, l.created_at, l.user_id
limit @candidates`

const operatorCandidateSQL = `
select '' as customer_id, 'the platform' as company_name, o.id, 'Super Admin' as role, o.email,
  o.status = 'active' as admitted, o.password_hash, o.password_set_at
from platform.operators o
where o.email = @email
  and o.password_hash is not null
  and @customer in ('', 'PLATFORM')`

// Login verifies the credentials and opens a session. Errors: ErrRefused, whatever the reason, after
// the same time; *TooManyError; *SeveralError where the password fits in several companies.
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

	attempt, accounts, err := a.candidates(ctx, c)
	if err != nil {
		return t, err
	}
	fitting, err := fitting(ctx, accounts, c.Password)
	if err != nil {
		return t, err
	}
	switch len(fitting) {
	case 0:
		return t, ErrRefused
	case 1:
		return a.admit(ctx, fitting[0], c.Password, attempt)
	}
	several := &SeveralError{}
	for _, f := range fitting {
		id := f.CustomerID
		if id == "" {
			id = PlatformID
		}
		several.Companies = append(several.Companies, Company{CustomerID: id, CompanyName: f.CompanyName})
	}
	return t, errors.Join(several, a.forgive(ctx, attempt))
}

// candidates counts the attempt as refused until it is admitted, so that tries made at the same time
// are limited too, and returns the accounts that may be meant. Nothing is hashed while a connection is
// held.
func (a *Auth) candidates(ctx context.Context, c Credentials) (attempt int64, accounts []candidate, err error) {
	err = a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) (err error) {
		if attempt, err = a.count(ctx, tx, a.logIns(), c.Email, c.Address); err != nil {
			return err
		}
		accounts, err = db.All[candidate](ctx, tx, candidatesSQL, db.Args{"email": c.Email, "customer": c.CustomerID, "candidates": maxCandidates})
		if err != nil {
			return err
		}
		operators, err := db.All[candidate](ctx, tx, operatorCandidateSQL, db.Args{"email": c.Email, "customer": c.CustomerID})
		accounts = append(accounts, operators...)
		return err
	})
	return attempt, accounts, err
}

// A quota is how many attempts with one outcome there may be in the window; negative: any number.
type quota struct {
	outcome            string
	byEmail, byAddress int
}

func (a *Auth) logIns() quota { return quota{"refused", a.cfg.Attempts, a.cfg.AddressAttempts} }

// count adds an attempt, if the quota allows one more. address may be invalid: not known.
func (a *Auth) count(ctx context.Context, tx db.Tx, q quota, email string, address netip.Addr) (attempt int64, err error) {
	var from *string
	if address.IsValid() {
		s := address.Unmap().String()
		from = &s
	}
	if q.byEmail >= 0 {
		if err := a.limit(ctx, tx, q, email, from); err != nil {
			return 0, err
		}
	}
	return db.Value[int64](ctx, tx, addAttemptSQL, db.Args{"email": email, "address": from, "outcome": q.outcome})
}

func (a *Auth) limit(ctx context.Context, tx db.Tx, q quota, email string, address *string) error {
	who := db.Args{"email": email, "address": address}
	if _, err := db.Exec(ctx, tx, lockAttemptsSQL, who); err != nil {
		return err
	}
	who["window"], who["outcome"] = a.cfg.Window.Seconds(), q.outcome
	n, err := db.One[struct {
		ByEmail   int `db:"by_email"`
		ByAddress int `db:"by_address"`
	}](ctx, tx, countAttemptsSQL, who)
	if err == nil && (n.ByEmail >= q.byEmail || n.ByAddress >= q.byAddress) {
		return &TooManyError{RetryAfter: a.cfg.Window}
	}
	return err
}

// fitting returns the accounts that the password opens. Without any account one verification is made
// all the same.
func fitting(ctx context.Context, accounts []candidate, password string) (fitting []candidate, err error) {
	if len(accounts) == 0 {
		_, err := verifyPassword(ctx, noPassword, password)
		return nil, err
	}
	for _, account := range accounts {
		ok, err := verifyPassword(ctx, account.PasswordHash, password)
		if err != nil {
			return nil, err
		}
		if ok && account.Admitted {
			fitting = append(fitting, account)
		}
	}
	return fitting, nil
}

const admitAttemptSQL = `update platform.login_attempts set outcome = 'admitted' where id = @attempt`

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
func (a *Auth) admit(ctx context.Context, account candidate, password string, attempt int64) (t Tokens, err error) {
	p := &Principal{keys: a.keys, customerID: account.CustomerID, role: account.Role, email: account.Email}
	var newHash string
	if outdated(account.PasswordHash) {
		if newHash, err = hashAny(ctx, password); err != nil {
			return t, err
		}
	}
	var g db.Guest
	if account.CustomerID == "" {
		p.operatorID = account.ID
	} else {
		p.userID = account.ID
		g = guest{keys: a.keys, customerID: account.CustomerID}
	}
	err = a.db.Auth(ctx, g, func(ctx context.Context, tx db.Tx) (err error) {
		if _, err := db.Exec(ctx, tx, admitAttemptSQL, db.Args{"attempt": attempt}); err != nil {
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
	t.Access, err = p.issue(a.cfg.AccessLifetime)
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

// forgive takes an attempt whose password was right out of the count.
func (a *Auth) forgive(ctx context.Context, attempt int64) error {
	return a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) error {
		_, err := db.Exec(ctx, tx, admitAttemptSQL, db.Args{"attempt": attempt})
		return err
	})
}

const setPasswordSQL = `
update platform.logins
set password_hash = @hash, password_set_at = clock_timestamp()
where user_id = @user`

// SetPassword stores the hash of a member's new password (HashPassword). It is the one place that does.
// PostgreSQL ends the person's sessions with it, except the one that acts. Errors: db.ErrNotFound where
// the customer has no such member.
func SetPassword(ctx context.Context, tx db.Tx, user int64, hash string) error {
	return db.Touch(ctx, tx, setPasswordSQL, db.Args{"user": user, "hash": hash})
}
