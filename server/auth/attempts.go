package auth

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"contractor-portal/db"
)

// A guesser is who tries passwords of one e-mail: a stranger, known by the network that he calls from, or a device that
// has logged in before. What strangers guess does not count against a device.
type guesser struct {
	Email   string  `db:"email"`
	Network string  `db:"network"` // "": not known
	Device  *string `db:"device"`  // the session that the device had; nil: a stranger
	shown   string  // by the device: what nobody else has
}

// Network is what counts as one address: of IPv6 the /64, all of which is one customer's of a provider.
func Network(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	switch {
	case !a.IsValid():
		return ""
	case a.Is6():
		return netip.PrefixFrom(a, 64).Masked().String()
	}
	return a.String()
}

// lines lets those who stand in the same one come in one after the other, in the order in which they came.
type lines struct {
	mu    sync.Mutex
	named map[string]*line
}

type line struct {
	door   chan struct{}
	people int
}

// stand waits in a line; the caller leaves it.
func (l *lines) stand(ctx context.Context, name string) (leave func(), err error) {
	l.mu.Lock()
	own := l.named[name]
	if own == nil {
		own = &line{door: make(chan struct{}, 1)}
		l.named[name] = own
	}
	own.people++
	l.mu.Unlock()

	giveBack, err := take(ctx, own.door)
	leave = func() {
		if err == nil {
			giveBack()
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if own.people--; own.people == 0 {
			delete(l.named, name)
		}
	}
	if err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

// queue waits for the guesser's turn. Strangers of one network come one after the other, and so do those who try one
// e-mail; then they leave a place at the hashes, and connections, to the devices, which wait for themselves alone.
// Since nobody else has the turn, what is counted in it is what there is, on this server; a right password is in no
// count before it is known to be one.
func (a *Auth) queue(ctx context.Context, g guesser) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, lineTime)
	defer cancel()
	waits := []func() (func(), error){
		func() (func(), error) { return a.lines.stand(ctx, "network "+g.Network) },
		func() (func(), error) { return a.lines.stand(ctx, "e-mail "+g.Email) },
		func() (func(), error) { return take(ctx, strangers) },
	}
	if g.Device != nil {
		waits = []func() (func(), error){func() (func(), error) { return a.lines.stand(ctx, "device "+g.shown) }}
	}
	var places []func()
	leave = func() {
		for _, giveBack := range slices.Backward(places) {
			giveBack()
		}
	}
	for _, wait := range waits {
		place, err := wait()
		if err != nil {
			leave()
			if errors.Is(err, context.DeadlineExceeded) {
				err = &TooManyError{RetryAfter: lineTime}
			}
			return nil, err
		}
		places = append(places, place)
	}
	return leave, nil
}

// lineTime is how long somebody waits for a turn, and is then told to stay away.
const lineTime = 20 * time.Second

const countGuessesSQL = `
select
  count(*) filter (
    where outcome = 'refused'
      and at > now() - make_interval(secs => @window)
      and (@device::uuid is not null or address is not distinct from nullif(@network, '')::inet)) as here,
  count(*) as today,
  (
    select count(*)
    from platform.login_attempts
    where address = nullif(@network, '')::inet
      and device is null
      and outcome = 'refused'
      and at > now() - make_interval(secs => @window)
  ) as of_network
from platform.login_attempts
where email = @email
  and device is not distinct from @device::uuid
  and outcome in ('refused', 'partly')
  and at > now() - interval '1 day'`

// admits is a *TooManyError where the guesser has guessed wrong too often.
func (a *Auth) admits(ctx context.Context, tx db.Tx, g guesser) error {
	if a.cfg.Attempts < 0 {
		return nil
	}
	args := db.Struct(g)
	args["window"] = a.cfg.Window.Seconds()
	n, err := db.One[struct {
		Here      int `db:"here"`
		Today     int `db:"today"`
		OfNetwork int `db:"of_network"`
	}](ctx, tx, countGuessesSQL, args)
	switch {
	case err != nil:
		return err
	case n.Today >= a.cfg.DayAttempts:
		return &TooManyError{RetryAfter: day}
	case n.Here >= a.cfg.Attempts || g.Device == nil && n.OfNetwork >= a.cfg.AddressAttempts:
		return &TooManyError{RetryAfter: a.cfg.Window}
	}
	return nil
}

const day = 24 * time.Hour

// What came of a try. Whoever has an account with that e-mail in a company of his own can choose its password, and so
// try what he wants on the others: what fits one account alone is a guess at the rest.
const (
	refused   = "refused"
	admitted  = "admitted"
	partly    = "partly" // admitted, by some of the accounts that were compared
	requested = "requested"
)

const addAttemptSQL = `
insert into platform.login_attempts (email, address, device, outcome)
values (@email, nullif(@network, '')::inet, @device::uuid, @outcome)`

func addAttempt(ctx context.Context, tx db.Tx, g guesser, outcome string) error {
	args := db.Struct(g)
	args["outcome"] = outcome
	_, err := db.Exec(ctx, tx, addAttemptSQL, args)
	return err
}

// recordTime is how long a guess is waited for to be on record, whoever waits for its answer.
const recordTime = 5 * time.Second

// record counts what came of a try, also where its client went away as soon as the password was compared.
func (a *Auth) record(ctx context.Context, g guesser, outcome string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	return a.db.Auth(ctx, nil, func(ctx context.Context, tx db.Tx) error { return addAttempt(ctx, tx, g, outcome) })
}

const countRequestsSQL = `
select
  count(*) filter (where email = @email) as of_email,
  count(*) filter (where address = nullif(@network, '')::inet) as of_network
from platform.login_attempts
where (email = @email or address = nullif(@network, '')::inet)
  and outcome = 'requested'
  and at > now() - make_interval(secs => @window)`

// countRequest adds a request for an account, if there may be one more.
func (a *Auth) countRequest(ctx context.Context, tx db.Tx, g guesser) error {
	if a.cfg.SignUps < 0 {
		return addAttempt(ctx, tx, g, requested)
	}
	n, err := db.One[struct {
		OfEmail   int `db:"of_email"`
		OfNetwork int `db:"of_network"`
	}](ctx, tx, countRequestsSQL, db.Args{"email": g.Email, "network": g.Network, "window": a.cfg.Window.Seconds()})
	if err != nil {
		return err
	}
	if n.OfEmail >= a.cfg.SignUps || n.OfNetwork >= a.cfg.SignUps {
		return &TooManyError{RetryAfter: a.cfg.Window}
	}
	return addAttempt(ctx, tx, g, requested)
}
