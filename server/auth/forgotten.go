package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"contractor-portal/db"
)

// ResetLifetime is how long the link of a forgotten password works.
const ResetLifetime = time.Hour

// ErrReset says nothing about the reason: the link is unknown, used or over, or the password, the address or the person
// has changed since it was sent.
var ErrReset = errors.New("the link is not valid: it works once, for an hour, and until the password changes; ask for another")

// A Forgetful is who says that he has forgotten his password.
type Forgetful struct {
	Email      string     // in lower case
	CustomerID string     // empty, or the one company meant
	Address    netip.Addr // where the request came from; may be invalid
}

// A Reminder is what somebody is sent who has forgotten his password.
type Reminder struct {
	Email string
	Token string // empty: the company takes no passwords
}

// Send puts a reminder on its way, in a unit of work of a guest of the company. It waits for nobody.
type Send func(ctx context.Context, tx db.Tx, r Reminder) error

type forgotten struct {
	CustomerID string `db:"customer_id"`
	UserID     int64  `db:"user_id"`
	SignOnOnly bool   `db:"sign_on_only"`
}

// mostLinks is how many links of an account work at the same time: whoever asks for somebody else fills his mailbox no
// further.
const mostLinks = 3

// The order is that of a log-in: strangers who enter an address in companies of their own do not crowd its owner out.
const forgottenSQL = `
select l.customer_id, l.user_id, c.sign_on_only
from platform.logins l
join platform.customers c on c.customer_id = l.customer_id
where l.email = @email
  and l.status = 'active'
  and tenancy.is_open(c.status, c.trial_ends_at)
  and (@customer = '' or l.customer_id = @customer)
  and @links > (
    select count(*)
    from platform.login_states s
    where (s.customer_id, s.user_id) = (l.customer_id, l.user_id)
      and s.purpose = 'forgotten_password'
      and s.expires_at > now()
  )
order by l.confirmed_at is null, l.created_at, l.user_id
limit @candidates`

// Forgot has each account of an address sent a reminder, at most maxCandidates, and says nothing of whether there was one.
// It takes the time of a refusal, in which it looks up and queues; nothing is hashed or sent. Errors: *TooManyError.
func (a *Auth) Forgot(ctx context.Context, f Forgetful, send Send) error {
	defer a.wait(ctx, time.Now()) // after a failure too, which may come from an account that is there
	accounts, err := a.forgotten(ctx, f)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		err := a.db.Auth(ctx, guest(account.CustomerID), func(ctx context.Context, tx db.Tx) error { return account.remind(ctx, tx, f.Email, send) })
		if err != nil && !errors.Is(err, db.ErrSuspended) && !isNotFound(err) { // since it was looked up
			return err
		}
	}
	return nil
}

// forgotten counts the request, when it is its turn, and looks up whom it may mean.
func (a *Auth) forgotten(ctx context.Context, f Forgetful) (accounts []forgotten, err error) {
	stranger := guesser{Email: f.Email, Network: Network(f.Address)}
	leave, err := a.queue(ctx, stranger)
	if err != nil {
		return nil, err
	}
	defer leave()
	err = a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) (err error) {
		if err := a.countRequest(ctx, tx, stranger); err != nil {
			return err
		}
		accounts, err = db.All[forgotten](ctx, tx, forgottenSQL, db.Args{
			"email": f.Email, "customer": strings.ToUpper(strings.TrimSpace(f.CustomerID)), "links": mostLinks, "candidates": maxCandidates,
		})
		return err
	})
	return accounts, err
}

const giveLinkSQL = `
insert into platform.login_states (state, purpose, customer_id, user_id, email, expires_at)
values (@state, 'forgotten_password', @customer, @user, @email, now() + make_interval(secs => @lifetime))`

// remind gives an account a link, of which the database knows a hash, and has it sent.
func (f forgotten) remind(ctx context.Context, tx db.Tx, email string, send Send) error {
	r := Reminder{Email: email}
	if !f.SignOnOnly {
		r.Token = rand.Text()
		_, err := db.Exec(ctx, tx, giveLinkSQL, db.Args{
			"state": hashed(r.Token), "customer": f.CustomerID, "user": f.UserID, "email": email, "lifetime": ResetLifetime.Seconds(),
		})
		if err != nil {
			return err
		}
	}
	if err := send(ctx, tx, r); err != nil {
		return err
	}
	return Record(ctx, tx, f.deed("password.forgotten"))
}

func (f forgotten) deed(action string) Deed {
	return Deed{Action: action, ObjectType: "user", ObjectID: strconv.FormatInt(f.UserID, 10)}
}

// A link is of an account as it was when it was sent.
const linkSentSQL = `
select s.customer_id, s.user_id, c.sign_on_only
from platform.login_states s
join platform.logins l on (l.customer_id, l.user_id, l.email) = (s.customer_id, s.user_id, s.email)
join platform.customers c on c.customer_id = s.customer_id
where (s.state, s.purpose) = (@state, 'forgotten_password')
  and s.expires_at > now()
  and l.status = 'active'
  and coalesce(l.password_set_at < s.created_at, true)`

// Reset has whoever holds a link choose a password. It ends all sessions of the person, and all of his links. Errors:
// ErrReset; ErrSignOnOnly; *PasswordError, after which the link still works; db.ErrSuspended where the company is closed.
//
// It confirms no address: a company whose account sends its mails sees what is in them, and could so come before the
// accounts that the owner of the address has elsewhere.
func (a *Auth) Reset(ctx context.Context, token, password string) error {
	state := hashed(token)
	var f forgotten
	err := a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) (err error) {
		f, err = db.One[forgotten](ctx, tx, linkSentSQL, db.Args{"state": state})
		return err
	})
	if isNotFound(err) {
		return ErrReset
	}
	if err == nil && f.SignOnOnly {
		err = ErrSignOnOnly
	}
	if err != nil {
		return err
	}
	// A hash is dear: it is made only for who holds a link, and no connection waits for it.
	chosen, err := HashPassword(ctx, password)
	if err != nil {
		return err
	}
	err = a.db.Auth(ctx, guest(f.CustomerID), func(ctx context.Context, tx db.Tx) error { return f.reset(ctx, tx, state, chosen) })
	if isNotFound(err) {
		return ErrReset // used, or changed, since it was looked up
	}
	return err
}

// Of two who come with one link, or with two of one account, the second waits here.
const lockLoginSQL = `select user_id from platform.logins where user_id = @user for no key update`

const useLinkSQL = `delete from platform.login_states where (state, purpose) = (@state, 'forgotten_password')`

func (f forgotten) reset(ctx context.Context, tx db.Tx, state string, chosen Password) error {
	if _, err := db.Value[int64](ctx, tx, lockLoginSQL, db.Args{"user": f.UserID}); err != nil {
		return err
	}
	if _, err := db.One[forgotten](ctx, tx, linkSentSQL, db.Args{"state": state}); err != nil {
		return err
	}
	if err := db.Touch(ctx, tx, useLinkSQL, db.Args{"state": state}); err != nil {
		return err
	}
	if err := SetPassword(ctx, tx, f.UserID, chosen); err != nil {
		return err
	}
	return Record(ctx, tx, f.deed("password.reset"))
}
