package auth

import (
	"context"
	"strconv"

	"contractor-portal/db"
)

// A person is a member whom a proof may mean.
type person struct {
	CustomerID  string `db:"customer_id"`
	CompanyName string `db:"company_name"`
	ID          int64  `db:"id"`
	Status      string `db:"status"`
	Open        bool   `db:"open"` // the company
	Known       bool   `db:"known"`
}

const knownSQL = `
select l.customer_id, c.company_name, l.user_id as id, l.status, tenancy.is_open(c.status, c.trial_ends_at) as open, true as known
from platform.identities i
join platform.logins l on (l.customer_id, l.user_id) = (i.customer_id, i.user_id)
join platform.customers c on c.customer_id = i.customer_id
where (i.provider, i.subject) = (@provider, @subject)
  and (@customer = '' or i.customer_id = @customer)
order by c.company_name, l.user_id`

// An address may be somebody else's some day: who has a sign-on of that provider is known by it alone.
const addressedSQL = `
select l.customer_id, c.company_name, l.user_id as id, l.status, tenancy.is_open(c.status, c.trial_ends_at) as open, false as known
from platform.logins l
join platform.customers c on c.customer_id = l.customer_id
where l.email = @email
  and (@customer = '' or l.customer_id = @customer)
  and not exists (
    select from platform.identities i
    where (i.customer_id, i.user_id) = (l.customer_id, l.user_id)
      and i.provider = @provider
  )
order by l.confirmed_at is null, l.created_at, l.user_id
limit @most`

// mostAddressed is how many companies one address may mean: strangers enter it in companies of their own, too.
const mostAddressed = 20

// proven are the members who have the sign-on, or else those with the address that the provider answers for, in one
// company or in all.
func proven(ctx context.Context, tx db.Tx, p Proof, customer string) ([]person, error) {
	people, err := db.All[person](ctx, tx, knownSQL, db.Args{"provider": p.Provider, "subject": p.Subject, "customer": customer})
	if err != nil || len(people) > 0 || p.address() == "" {
		return people, err
	}
	return db.All[person](ctx, tx, addressedSQL, db.Args{"email": p.address(), "provider": p.Provider, "customer": customer, "most": mostAddressed})
}

// What people may do who have proven who they are.
const (
	unknown = iota
	waits
	comesIn
)

// standing is the best of those that people have. Errors, where they have none: ErrInactive; db.ErrSuspended.
func standing(people []person) (best int, err error) {
	for _, p := range people {
		switch {
		case !p.Open:
			if err == nil {
				err = db.ErrSuspended
			}
		case p.Status == "active":
			best = comesIn
		case p.Status == "pending":
			best = max(best, waits)
		default:
			err = ErrInactive
		}
	}
	if best != unknown {
		err = nil
	}
	return best, err
}

const linkSQL = `
insert into platform.identities (customer_id, user_id, provider, subject, email, email_verified)
values (@customer, @user, @provider, @subject, nullif(@email, ''), @verified)
on conflict (provider, subject, customer_id) do nothing`

const whoseSQL = `
select i.user_id
from platform.identities i
where (i.provider, i.subject, i.customer_id) = (@provider, @subject, @customer)`

// The provider answers for the address that the person logs in with.
const confirmAddressSQL = `
update platform.logins
set confirmed_at = coalesce(confirmed_at, now())
where user_id = @user
  and email = @email`

// link notes that a member has a sign-on, in a unit of work of a guest of the company. Errors: ErrTaken.
func link(ctx context.Context, tx db.Tx, customer string, member int64, p Proof) error {
	n, err := db.Exec(ctx, tx, linkSQL, db.Args{
		"customer": customer, "user": member, "provider": p.Provider, "subject": p.Subject, "email": p.Email, "verified": p.Verified,
	})
	if err != nil {
		return err
	}
	if n == 0 {
		whose, err := db.Value[int64](ctx, tx, whoseSQL, db.Args{"provider": p.Provider, "subject": p.Subject, "customer": customer})
		if err == nil && whose != member {
			err = ErrTaken
		}
		return err
	}
	if p.address() != "" {
		if _, err := db.Exec(ctx, tx, confirmAddressSQL, db.Args{"user": member, "email": p.address()}); err != nil {
			return err
		}
	}
	return Record(ctx, tx, Deed{Action: "identity.linked", ObjectType: "user", ObjectID: strconv.FormatInt(member, 10), Detail: map[string]any{"provider": p.Provider}})
}

const stillActiveSQL = `
select user_id
from platform.logins
where user_id = @user
  and status = 'active'
for share`

// linkTo links the sign-on with the member who began the trip. Errors: ErrTaken; ErrInactive; db.ErrSuspended.
func (a *Auth) linkTo(ctx context.Context, t Trip, p Proof) error {
	err := a.db.Auth(ctx, guest(t.customer), func(ctx context.Context, tx db.Tx) error {
		if _, err := db.Value[int64](ctx, tx, stillActiveSQL, db.Args{"user": t.user}); err != nil {
			return err
		}
		return link(ctx, tx, t.customer, t.user, p)
	})
	if isNotFound(err) {
		return ErrInactive
	}
	return err
}
