// Package outbox keeps messages until they are sent. A message is added in the transaction of the change that wants it, so
// that neither is without the other; a job of its customer then hands it to whoever carries its channel.
//
// A message is handed over at least once, and once only but for those under way when a server dies. What it says is sealed
// and erased at its end: it may hold a link that lets its reader in.
package outbox

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/jobs"
	"contractor-portal/server/vault"
)

// A Channel is a way to people or to other programs.
type Channel string

// The channels.
const (
	Mail    Channel = "mail"
	SMS     Channel = "sms"
	Webhook Channel = "webhook"
)

// drains are the jobs that send.
var drains = map[Channel]jobs.Kind{Mail: jobs.DrainMail, SMS: jobs.DrainSMS, Webhook: jobs.DrainWebhooks}

// A Message is what is to be sent.
type Message struct {
	Channel Channel
	// Kind names it in lists, such as invitation; up to 50 characters.
	Kind string
	// Content is handed to the carrier as JSON.
	Content any
	// Reference is the row of the channel's own table that notes what becomes of it (Settler); 0: none.
	Reference int64
	// NotBefore is when it may be sent, such as the end of somebody's quiet hours; zero: at once.
	NotBefore time.Time
	// Tries is how often it is tried; 0: for about a day.
	Tries int
}

// defaultTries take a day, with the pauses of jobs.Backoff.
const defaultTries = 30

// Config is what an outbox is made of.
type Config struct {
	Vault   *vault.Vault
	Workers *jobs.Workers
	// SendTime is the longest that a provider may take for one message; 0: 20 s. One that took longer was cut off, and is
	// handed over again.
	SendTime time.Duration
}

// An Outbox takes messages.
type Outbox struct {
	vault    *vault.Vault
	workers  *jobs.Workers
	sendTime time.Duration
}

// New returns an outbox that nobody carries away yet (Carry).
func New(cfg Config) *Outbox {
	return &Outbox{vault: cfg.Vault, workers: cfg.Workers, sendTime: cmp.Or(cfg.SendTime, 20*time.Second)}
}

type placed struct {
	Customer string `db:"customer_id"`
	Name     string `db:"name"`
}

const placeSQL = `
select tenancy.customer_id() as customer_id, gen_random_uuid()::text as name
from generate_series(1, @messages::int)`

const addSQL = `
insert into portal.outbox (channel, kind, message_name, message_ciphertext, reference, max_attempts, next_try_at)
select m.channel, m.kind, m.name, m.message, nullif(m.reference, 0), m.tries, coalesce(m.at, now())
from unnest(@channels::text[], @kinds::text[], @names::uuid[], @messages::bytea[], @references::bigint[], @tries::int[], @at::timestamptz[])
  with ordinality as m (channel, kind, name, message, reference, tries, at, n)
order by m.n`

// rows are the columns of messages.
type rows struct {
	Channels   []string     `db:"channels"`
	Kinds      []string     `db:"kinds"`
	Names      []string     `db:"names"`
	Messages   [][]byte     `db:"messages"`
	References []int64      `db:"references"`
	Tries      []int        `db:"tries"`
	At         []*time.Time `db:"at"`
}

// Add queues messages in the customer that tx has entered, all of them by as many statements as one.
func (o *Outbox) Add(ctx context.Context, tx db.Tx, messages ...Message) error {
	if len(messages) == 0 {
		return nil
	}
	places, err := db.All[placed](ctx, tx, placeSQL, db.Args{"messages": len(messages)})
	if err != nil {
		return err
	}
	var r rows
	due := map[Channel]time.Time{} // when the first of each channel is
	for i, m := range messages {
		sealed, err := o.seal(places[i], m.Content)
		if err != nil {
			return err
		}
		r.Channels, r.Kinds, r.Names = append(r.Channels, string(m.Channel)), append(r.Kinds, m.Kind), append(r.Names, places[i].Name)
		r.Messages, r.References = append(r.Messages, sealed), append(r.References, m.Reference)
		r.Tries, r.At = append(r.Tries, cmp.Or(m.Tries, defaultTries)), append(r.At, orNull(m.NotBefore))
		if first, some := due[m.Channel]; !some || m.NotBefore.Before(first) {
			due[m.Channel] = m.NotBefore
		}
	}
	if _, err := db.Exec(ctx, tx, addSQL, db.Struct(r)); err != nil {
		return err
	}
	for _, channel := range slices.Sorted(maps.Keys(due)) {
		if err := jobs.Enqueue(ctx, tx, drains[channel], jobs.Options{Single: waiting, At: due[channel]}); err != nil {
			return err
		}
	}
	return nil
}

func (o *Outbox) seal(at placed, content any) ([]byte, error) {
	text, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	sealed, err := o.vault.Seal(at.place(), string(text))
	if err != nil {
		return nil, fmt.Errorf("sealing a message: %w", err)
	}
	return sealed, nil
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// waiting is the key under which one drain of a customer and channel waits.
const waiting = "drain"

func (p placed) place() vault.Place {
	return vault.Place{Customer: p.Customer, Table: "outbox", Column: "message_ciphertext", Name: p.Name}
}
