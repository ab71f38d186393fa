package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/jobs"
)

// A Carrier hands the messages of a channel to a provider.
type Carrier interface {
	// Open begins a round of one customer: it looks for the account and connects. Its error is that of the first message,
	// and ends the round.
	Open(ctx context.Context, j *jobs.Job) (Round, error)
}

// A Round sends messages one after the other, in the time that ctx gives.
type Round interface {
	// Send hands one message over. The id is its own and stays the same for all tries. An error is one of jobs.Retry or
	// jobs.GiveUp.
	Send(ctx context.Context, id int64, content []byte) (providerID string, err error)
	Close() error
}

// A Settler is a Carrier whose channel has a table of its own that notes what becomes of a message.
type Settler interface {
	// Settle runs in the transaction that marks the message.
	Settle(ctx context.Context, tx db.Tx, reference int64, o Outcome) error
}

// An Outcome is what became of one try.
type Outcome struct {
	ProviderID string    // of a message that was taken
	Failure    jobs.Code // why not; empty: it was taken
	Final      bool      // it will not be tried again
	Err        error     // the error of Open or Send, for what the channel knows of it; nothing else of it is stored
}

const (
	// perRound is how many messages one customer sends before others have their turn.
	perRound = 50
	// roundTime ends a round of a slow provider.
	roundTime = 30 * time.Second
	// pause is between rounds where the provider or the account is at fault, and not one message.
	pause = 15 * time.Second
)

// Carry has a carrier take the messages of a channel.
func (o *Outbox) Carry(channel Channel, c Carrier) {
	d := &drain{Outbox: o, channel: channel, carrier: c}
	o.workers.Handle(drains[channel], d.run)
}

type drain struct {
	*Outbox
	channel Channel
	carrier Carrier
}

type claimed struct {
	ID        int64  `db:"id"`
	Name      string `db:"name"`
	Sealed    []byte `db:"message_ciphertext"`
	Reference int64  `db:"reference"`
	Attempts  int    `db:"attempts"`
	Last      bool   `db:"last"`
}

// busySQL tells whether another drain of this customer and channel has a message under way.
const busySQL = `
select exists (select from outbox o where o.channel = @channel and o.status = 'sending' and o.claimed_until > clock_timestamp())`

// claimSQL takes the message that is due first. One whose time is over was cut off with its server.
const claimSQL = `
update outbox o
set status = 'sending', attempts = o.attempts + 1, claimed_until = clock_timestamp() + make_interval(secs => @seconds)
where o.id = (
  select due.id
  from outbox due
  where due.channel = @channel
    and (due.status = 'queued' and due.next_try_at <= clock_timestamp() or due.status = 'sending' and due.claimed_until <= clock_timestamp())
  order by due.next_try_at, due.id
  limit 1
  for update skip locked)
returning o.id, o.message_name::text as name, o.message_ciphertext, coalesce(o.reference, 0) as reference, o.attempts,
  o.attempts >= o.max_attempts or clock_timestamp() > o.created_at + interval '24 hours' as last`

// nextSQL is when the next message is due.
const nextSQL = `
select min(case o.status when 'sending' then o.claimed_until else o.next_try_at end)
from outbox o
where o.channel = @channel and o.status in ('queued', 'sending')`

// run sends up to perRound messages, and then queues behind the drains of others.
func (d *drain) run(ctx context.Context, j *jobs.Job) error {
	var busy bool
	err := j.Do(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		busy, err = db.Value[bool](ctx, tx, busySQL, db.Args{"channel": d.channel})
		return err
	})
	if err != nil {
		return err
	}
	if busy {
		return jobs.Later(time.Second)
	}
	notBefore, err := d.round(ctx, j)
	if err != nil {
		return err
	}
	return j.Do(ctx, func(ctx context.Context, tx db.Tx) error {
		next, err := db.Value[*time.Time](ctx, tx, nextSQL, db.Args{"channel": d.channel})
		if err != nil || next == nil {
			return err
		}
		if next.Before(notBefore) {
			next = &notBefore
		}
		return jobs.Enqueue(ctx, tx, drains[d.channel], jobs.Options{Single: waiting, At: *next})
	})
}

// round sends, and says before when there is no use in the next round.
func (d *drain) round(ctx context.Context, j *jobs.Job) (notBefore time.Time, err error) {
	var round Round
	defer func() {
		if round != nil {
			_ = round.Close() // what was handed over was answered
		}
	}()
	for begun, n := time.Now(), 0; n < perRound && time.Since(begun) < roundTime; n++ {
		m, err := d.claim(ctx, j)
		if errors.Is(err, db.ErrNotFound) {
			return notBefore, nil
		}
		if err != nil {
			return notBefore, err
		}
		sent, err := d.send(ctx, j, m, &round)
		if err := d.settle(ctx, j, m, sent, err); err != nil {
			return notBefore, err
		}
		if code, _ := jobs.Failure(err); err != nil && (round == nil || everybodys[code]) {
			return time.Now().Add(pause), nil
		}
	}
	return notBefore, nil
}

// everybodys are the failures that the next message would have as well.
var everybodys = map[jobs.Code]bool{
	jobs.NotConfigured: true, jobs.BadAccount: true, jobs.Unreachable: true, jobs.Throttled: true, jobs.Interrupted: true,
}

func (d *drain) claim(ctx context.Context, j *jobs.Job) (m claimed, err error) {
	// A second more than the send has: what is settled in time is nobody else's.
	args := db.Args{"channel": d.channel, "seconds": d.sendTime.Seconds() + 1}
	err = j.Do(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		m, err = db.One[claimed](ctx, tx, claimSQL, args)
		return err
	})
	return m, err
}

func (d *drain) send(ctx context.Context, j *jobs.Job, m claimed, round *Round) (providerID string, err error) {
	ctx, cancel := context.WithTimeout(ctx, d.sendTime)
	defer cancel()
	if *round == nil {
		if *round, err = d.carrier.Open(ctx, j); err != nil {
			*round = nil
			return "", err
		}
	}
	at := placed{Customer: endpoint.Caller(ctx).CustomerID(), Name: m.Name}
	text, err := d.vault.Open(at.place(), m.Sealed)
	if err != nil {
		return "", jobs.GiveUp(jobs.Internal, fmt.Errorf("opening message %d: %w", m.ID, err))
	}
	return (*round).Send(ctx, m.ID, []byte(text))
}

const settleSQL = `
update outbox o
set status = @status, provider_id = nullif(left(@provider, 255), ''), failure = nullif(@failure, ''), claimed_until = null,
  next_try_at = case @status when 'queued' then now() + make_interval(secs => @seconds) else o.next_try_at end,
  finished_at = case when @status <> 'queued' then now() end,
  message_ciphertext = case @status when 'queued' then o.message_ciphertext end
where o.id = @id and o.status = 'sending' and o.attempts = @attempts`

// settle notes what became of a try, unless its time was over and another one has begun.
func (d *drain) settle(ctx context.Context, j *jobs.Job, m claimed, providerID string, failed error) error {
	// A server that stops has still to say what it has sent.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	o, status := Outcome{ProviderID: providerID, Err: failed}, "sent"
	if failed != nil {
		if o.Failure, o.Final = jobs.Failure(failed); !o.Final && m.Last {
			o.Failure, o.Final = jobs.TooOld, true
		}
		status = "failed"
		if !o.Final {
			status = "queued"
		}
	}
	args := db.Args{
		"id": m.ID, "attempts": m.Attempts, "status": status, "provider": providerID, "failure": o.Failure,
		"seconds": jobs.Backoff(m.Attempts).Seconds(),
	}
	return j.Do(ctx, func(ctx context.Context, tx db.Tx) error {
		n, err := db.Exec(ctx, tx, settleSQL, args)
		if s, ok := d.carrier.(Settler); ok && err == nil && n == 1 && m.Reference != 0 {
			return s.Settle(ctx, tx, m.Reference, o)
		}
		return err
	})
}
